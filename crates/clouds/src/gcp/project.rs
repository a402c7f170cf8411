//! `projects.get`: every project exists.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::answer::Call;
use super::links::link;
use super::network::NETWORKS_MAX;
use super::refusal::Refusal;
use super::world::World;

/// `projects.get`.
pub(super) fn get(world: &World, call: &Call) -> Result<Value, Refusal> {
    let path = format!("projects/{}", call.project);
    world.allow(call, "compute.projects.get", &path)?;
    let networks = world.networks_of(&call.project).count();
    let number = u64::from(u32::from_be_bytes(front(&call.project)));
    let quota = json!({ "metric": "NETWORKS", "limit": NETWORKS_MAX, "usage": networks });
    Ok(json!({
        "kind": "compute#project",
        "id": number.to_string(),
        "name": call.project,
        "creationTimestamp": "1969-12-31T16:00:00.000-08:00",
        "defaultServiceAccount": format!("{number}-compute@developer.gserviceaccount.com"),
        "defaultNetworkTier": "PREMIUM",
        "xpnProjectStatus": "UNSPECIFIED_XPN_PROJECT_STATUS",
        "quotas": [quota],
        "selfLink": link(&path),
    }))
}

fn front(project: &str) -> [u8; 4] {
    let digest = Sha256::digest(project.as_bytes());
    [digest[0], digest[1], digest[2], digest[3]]
}
