//! The regions of Google Cloud, with the block that a network in auto mode has in each.
//!
//! Sources: the list of regions and zones; the table of IPv4 ranges of auto mode VPC networks.

use serde_json::{Value, json};

use super::answer::Call;
use super::links::{last, link};
use super::page;
use super::refusal::Refusal;
use super::world::World;

/// One region.
#[derive(Debug)]
pub(super) struct Region {
    pub(super) name: &'static str,
    /// The block of the subnetwork of an auto mode network.
    pub(super) auto: &'static str,
    /// The last letters of its zones.
    zones: &'static str,
}

const fn region(name: &'static str, auto: &'static str, zones: &'static str) -> Region {
    Region { name, auto, zones }
}

/// The block that holds [`Region::auto`] of all.
pub(super) const AUTO_BLOCK: &str = "10.128.0.0/9";

pub(super) const REGIONS: [Region; 42] = [
    region("africa-south1", "10.218.0.0/20", "abc"),
    region("asia-east1", "10.140.0.0/20", "abc"),
    region("asia-east2", "10.170.0.0/20", "abc"),
    region("asia-northeast1", "10.146.0.0/20", "abc"),
    region("asia-northeast2", "10.174.0.0/20", "abc"),
    region("asia-northeast3", "10.178.0.0/20", "abc"),
    region("asia-south1", "10.160.0.0/20", "abc"),
    region("asia-south2", "10.190.0.0/20", "abc"),
    region("asia-southeast1", "10.148.0.0/20", "abc"),
    region("asia-southeast2", "10.184.0.0/20", "abc"),
    region("australia-southeast1", "10.152.0.0/20", "abc"),
    region("australia-southeast2", "10.192.0.0/20", "abc"),
    region("europe-central2", "10.186.0.0/20", "abc"),
    region("europe-north1", "10.166.0.0/20", "abc"),
    region("europe-north2", "10.226.0.0/20", "abc"),
    region("europe-southwest1", "10.204.0.0/20", "abc"),
    region("europe-west1", "10.132.0.0/20", "bcd"),
    region("europe-west10", "10.214.0.0/20", "abc"),
    region("europe-west12", "10.210.0.0/20", "abc"),
    region("europe-west2", "10.154.0.0/20", "abc"),
    region("europe-west3", "10.156.0.0/20", "abc"),
    region("europe-west4", "10.164.0.0/20", "abc"),
    region("europe-west6", "10.172.0.0/20", "abc"),
    region("europe-west8", "10.198.0.0/20", "abc"),
    region("europe-west9", "10.200.0.0/20", "abc"),
    region("me-central1", "10.212.0.0/20", "abc"),
    region("me-central2", "10.216.0.0/20", "abc"),
    region("me-west1", "10.208.0.0/20", "abc"),
    region("northamerica-northeast1", "10.162.0.0/20", "abc"),
    region("northamerica-northeast2", "10.188.0.0/20", "abc"),
    region("northamerica-south1", "10.224.0.0/20", "abc"),
    region("southamerica-east1", "10.158.0.0/20", "abc"),
    region("southamerica-west1", "10.194.0.0/20", "abc"),
    region("us-central1", "10.128.0.0/20", "abcf"),
    region("us-east1", "10.142.0.0/20", "bcd"),
    region("us-east4", "10.150.0.0/20", "abc"),
    region("us-east5", "10.202.0.0/20", "abc"),
    region("us-south1", "10.206.0.0/20", "abc"),
    region("us-west1", "10.138.0.0/20", "abc"),
    region("us-west2", "10.168.0.0/20", "abc"),
    region("us-west3", "10.180.0.0/20", "abc"),
    region("us-west4", "10.182.0.0/20", "abc"),
];

/// The region of that name, or how Compute Engine says that there is none.
pub(super) fn find(name: &str) -> Result<&'static Region, Refusal> {
    let found = REGIONS.iter().find(|region| region.name == name);
    found.ok_or_else(|| Refusal::invalid("region", name, "Unknown region."))
}

/// `regions.list`.
pub(super) fn list(world: &World, call: &Call) -> Result<Value, Refusal> {
    let project = format!("projects/{}", call.project);
    world.allow(call, "compute.regions.list", &project)?;
    let rows = REGIONS.iter().map(|region| region.body(&call.project)).collect();
    page::list(call, "compute#regionList", &format!("{project}/regions"), rows)
}

/// `regions.get`.
pub(super) fn get(world: &World, call: &Call, name: &str) -> Result<Value, Refusal> {
    let path = format!("projects/{}/regions/{name}", call.project);
    world.allow(call, "compute.regions.get", &path)?;
    let found = REGIONS.iter().find(|region| region.name == last(name));
    found.map(|region| region.body(&call.project)).ok_or_else(|| Refusal::not_found(&path))
}

impl Region {
    fn body(&self, project: &str) -> Value {
        let zone = |letter| link(&format!("projects/{project}/zones/{}-{letter}", self.name));
        let id: u64 = self.name.bytes().fold(1_000, |id, byte| id * 31 % 8_999 + u64::from(byte));
        json!({
            "kind": "compute#region",
            "id": id.to_string(),
            "creationTimestamp": "1969-12-31T16:00:00.000-08:00",
            "name": self.name,
            "description": self.name,
            "status": "UP",
            "zones": self.zones.chars().map(zone).collect::<Vec<_>>(),
            "quotas": [],
            "selfLink": link(&format!("projects/{project}/regions/{}", self.name)),
            "supportsPzs": false,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::gcp::block::Block;

    #[test]
    fn no_two_regions_share_a_name_or_a_block() {
        let all: Block = AUTO_BLOCK.parse().unwrap();
        let names: BTreeSet<_> = REGIONS.iter().map(|region| region.name).collect();
        let blocks: BTreeSet<Block> =
            REGIONS.iter().map(|region| region.auto.parse().unwrap()).collect();
        assert_eq!((names.len(), blocks.len()), (REGIONS.len(), REGIONS.len()));
        assert!(blocks.iter().all(|block| all.contains(*block) && block.prefix_len() == 20));
    }
}
