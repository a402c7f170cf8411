//! Subnetworks: what they are and how they are shown, each in its region and all together.

mod change;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use peerage_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

pub(super) use self::change::{
    add, add_to_all_regions, created, delete, deleted, insert, remove_all_of,
};
use super::answer::Call;
use super::block::Block;
use super::links::{NetworkKey, link};
use super::refusal::Refusal;
use super::world::World;
use super::{page, region};
use crate::calendar;

/// One subnetwork.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Subnetwork {
    id: u64,
    created_ms: i64,
    project: String,
    pub(super) region: String,
    name: String,
    description: Option<String>,
    pub(super) network: NetworkKey,
    pub(super) block: Block,
    secondary: Vec<Secondary>,
    private_access: bool,
    /// Whether its network made it itself, in auto mode.
    pub(super) auto: bool,
    /// Whether it is there.
    ready: bool,
}

/// A further range of a subnetwork.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Secondary {
    range_name: String,
    ip_cidr_range: Block,
}

impl Subnetwork {
    pub(super) fn path(&self) -> String {
        path(&self.project, &self.region, &self.name)
    }

    /// All its blocks.
    pub(super) fn blocks(&self) -> impl Iterator<Item = Block> + '_ {
        let secondary = self.secondary.iter().map(|range| range.ip_cidr_range);
        std::iter::once(self.block).chain(secondary)
    }

    fn body(&self) -> Value {
        let mut body = json!({
            "kind": "compute#subnetwork",
            "id": self.id.to_string(),
            "creationTimestamp": calendar::pacific(Timestamp::from_millis(self.created_ms)),
            "name": self.name,
            "network": self.network.link(),
            "ipCidrRange": self.block.to_string(),
            "gatewayAddress": self.block.gateway().to_string(),
            "region": link(&format!("projects/{}/regions/{}", self.project, self.region)),
            "selfLink": link(&self.path()),
            "privateIpGoogleAccess": self.private_access,
            "privateIpv6GoogleAccess": "DISABLE_GOOGLE_ACCESS",
            "purpose": "PRIVATE",
            "stackType": "IPV4_ONLY",
            "allowSubnetCidrRoutesOverlap": false,
            "enableFlowLogs": false,
            "fingerprint": fingerprint(self.id),
        });
        if let Some(description) = &self.description {
            body["description"] = description.as_str().into();
        }
        if !self.secondary.is_empty() {
            body["secondaryIpRanges"] = serde_json::to_value(&self.secondary).unwrap_or_default();
        }
        body
    }
}

/// Base64 of the alphabet for URLs, as every `byte` of the schema; nothing that is served here
/// changes a subnetwork.
fn fingerprint(id: u64) -> String {
    URL_SAFE.encode(id.to_be_bytes())
}

fn path(project: &str, region: &str, name: &str) -> String {
    format!("projects/{project}/regions/{region}/subnetworks/{name}")
}

fn row(project: &str, region: &str, name: &str) -> String {
    format!("{project}/{region}/{name}")
}

/// The subnetworks of a network, those included that are not there yet.
pub(super) fn all_of<'a>(
    world: &'a World,
    network: &'a NetworkKey,
) -> impl Iterator<Item = &'a Subnetwork> + 'a {
    of_project(world, network.project()).filter(move |subnetwork| subnetwork.network == *network)
}

/// The subnetworks of a network that are there.
pub(super) fn of_network<'a>(
    world: &'a World,
    network: &'a NetworkKey,
) -> impl Iterator<Item = &'a Subnetwork> + 'a {
    all_of(world, network).filter(|subnetwork| subnetwork.ready)
}

fn of_project<'a>(world: &'a World, project: &'a str) -> impl Iterator<Item = &'a Subnetwork> + 'a {
    let rows = world.tables.subnetworks.range(format!("{project}/")..);
    rows.map(|(_, subnetwork)| subnetwork)
        .take_while(move |subnetwork| subnetwork.project == project)
}

/// `subnetworks.list`.
pub(super) fn list(world: &World, call: &Call, region: &str) -> Result<Value, Refusal> {
    let project = format!("projects/{}", call.project);
    world.allow(call, "compute.subnetworks.list", &project)?;
    region::find(region)?;
    let rows = of_project(world, &call.project);
    let rows = rows.filter(|subnetwork| subnetwork.ready && subnetwork.region == region);
    let rows = rows.map(Subnetwork::body).collect();
    let path = format!("{project}/regions/{region}/subnetworks");
    page::list(call, "compute#subnetworkList", &path, rows)
}

/// `subnetworks.get`.
pub(super) fn get(world: &World, call: &Call, region: &str, name: &str) -> Result<Value, Refusal> {
    let path = path(&call.project, region, name);
    world.allow(call, "compute.subnetworks.get", &path)?;
    region::find(region)?;
    let found = world.tables.subnetworks.get(&row(&call.project, region, name));
    let found = found.filter(|subnetwork| subnetwork.ready);
    found.map(Subnetwork::body).ok_or_else(|| Refusal::not_found(&path))
}

/// `subnetworks.aggregatedList`: all of a project, by region. Regions without any say so.
pub(super) fn aggregated_list(world: &World, call: &Call) -> Result<Value, Refusal> {
    let project = format!("projects/{}", call.project);
    world.allow(call, "compute.subnetworks.list", &project)?;
    let rows = of_project(world, &call.project).filter(|subnetwork| subnetwork.ready);
    let (rows, next) = page::cut(call, rows.map(Subnetwork::body).collect())?;
    let mut items = Map::new();
    for row in rows {
        let region = super::links::last(row["region"].as_str().unwrap_or("")).to_owned();
        let scope = items.entry(format!("regions/{region}"));
        let scope = scope.or_insert_with(|| json!({ "subnetworks": [] }));
        if let Some(list) = scope["subnetworks"].as_array_mut() {
            list.push(row);
        }
    }
    for region in &region::REGIONS {
        let scope = format!("regions/{}", region.name);
        items.entry(&scope).or_insert_with(|| {
            json!({ "warning": {
                "code": "NO_RESULTS_ON_PAGE",
                "message": format!("There are no results for scope '{scope}' on this page."),
                "data": [{ "key": "scope", "value": scope }],
            }})
        });
    }
    let path = format!("{project}/aggregated/subnetworks");
    let mut body = json!({
        "kind": "compute#subnetworkAggregatedList", "id": path, "selfLink": link(&path),
        "items": items,
    });
    if let Some(next) = next {
        body["nextPageToken"] = next.into();
    }
    Ok(body)
}
