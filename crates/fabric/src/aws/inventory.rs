//! What carries the tag of this installation, wherever it is configured: every account that a role
//! leads to, every region that is named, or all of them.
//!
//! A role of one project is assumed with that project's external id. For the others nobody asks:
//! the id is that of [`NOBODY`], the project whose id is all zeros, which their trust policies
//! list, too.

use std::collections::BTreeSet;
use std::time::{SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use peerage_core::cloud::CallError;
use peerage_core::id::{ContainerId, GroupId, PeerId};
use peerage_core::provider::Provider;
use peerage_core::time::Timestamp;

use super::client::{Client, Identity};
use super::ec2::Tags;
use super::region::Region;
use super::visit::{Visit, not_now};
use super::{Aws, link, network};
use crate::inventory::{Inventory, Owner, Tagged};
use crate::tags;

/// On whose behalf everything is looked through.
const NOBODY: GroupId = GroupId::from_bytes([0; 12]);

/// The filter that finds what any installation made.
const BY_US: &str = "tag:peerage:installation";

/// One account in one region.
struct Place {
    client: Client,
    who: Identity,
}

impl Place {
    fn name(&self) -> String {
        format!("{} {}", self.who.account, self.client.region())
    }
}

#[async_trait]
impl Inventory for Aws {
    async fn list_tagged(&self) -> Result<Vec<Tagged>, CallError> {
        let mut found = Vec::new();
        for place in self.places().await? {
            let name = place.name();
            let visit = Visit { aws: self, client: place.client, now: wall_clock() };
            found.extend(links(&visit, &name).await?);
            found.extend(networks(&visit, &name).await?);
        }
        Ok(found)
    }

    async fn remove_tagged(&self, tagged: &Tagged) -> Result<bool, CallError> {
        let places = self.places().await?;
        let Some(place) = places.into_iter().find(|place| place.name() == tagged.place) else {
            let words = format!("{} is no place that is configured.", tagged.place);
            return Err(not_now("PlaceNotConfigured", words));
        };
        let visit = Visit { aws: self, client: place.client, now: wall_clock() };
        let removed = match tagged.owner {
            Owner::Link(_) => remove_link(&visit, &tagged.id).await,
            Owner::Network(_) => remove_network(&visit, &tagged.id).await,
        };
        visit.settle(removed)
    }

    async fn whoami(&self) -> Result<Vec<String>, CallError> {
        let places = self.places().await?;
        Ok(places
            .iter()
            .map(|place| format!("{}: {}", place.client.region(), place.who.arn))
            .collect())
    }
}

impl Aws {
    /// Every place once, however many roles lead to it. There can be many: each is asked with a
    /// signature of its own time.
    async fn places(&self) -> Result<Vec<Place>, CallError> {
        let mut places: Vec<Place> = Vec::new();
        let mut seen = BTreeSet::new();
        for group in [NOBODY].into_iter().chain(self.options.projects.keys().copied()) {
            for region in self.regions(group).await? {
                let client = self.client(group, &region);
                let who = client.whoami(wall_clock()).await?;
                let place = Place { client, who };
                if seen.insert(place.name()) {
                    places.push(place);
                }
            }
        }
        Ok(places)
    }

    /// The regions that are configured, or all that the account of a project may use.
    async fn regions(&self, group: GroupId) -> Result<Vec<Region>, CallError> {
        let configured = self.options.regions.keys();
        let names: Vec<String> = match configured.len() {
            0 => self.client(group, &self.home).describe_regions(wall_clock()).await?,
            _ => configured.cloned().collect(),
        };
        Ok(names.iter().filter_map(|name| Region::parse(name).ok()).collect())
    }
}

async fn networks(visit: &Visit<'_>, place: &str) -> Result<Vec<Tagged>, CallError> {
    let found = visit.client.describe_vpcs(&[(BY_US, &[us(visit)])], visit.now).await?;
    let ours = found.into_iter().filter(|vpc| visit.is_ours(&vpc.tags));
    Ok(ours
        .filter_map(|vpc| {
            let owner = Owner::Network(ContainerId::parse(vpc.tags.get(tags::CONTAINER)?).ok()?);
            Some(tagged(owner, &vpc.tags, place, vpc.id))
        })
        .collect())
}

async fn links(visit: &Visit<'_>, place: &str) -> Result<Vec<Tagged>, CallError> {
    let found = visit.client.describe_peerings(&[(BY_US, &[us(visit)])], visit.now).await?;
    let ours = found.into_iter().filter(|one| visit.is_ours(&one.tags) && !one.state.is_over());
    Ok(ours
        .filter_map(|one| {
            let owner = Owner::Link(PeerId::parse(one.tags.get(tags::PEERING)?).ok()?);
            Some(tagged(owner, &one.tags, place, one.id))
        })
        .collect())
}

async fn remove_link(visit: &Visit<'_>, id: &str) -> Result<bool, CallError> {
    let found = visit.client.describe_peering(id, visit.now).await?;
    let Some(connection) = found.filter(|one| visit.is_ours(&one.tags)) else { return Ok(true) };
    let ids = [id].into();
    link::clear_routes(visit, &connection.requester.vpc, &ids, None).await?;
    Ok(link::take_away(visit, &[connection]).await?.is_none())
}

async fn remove_network(visit: &Visit<'_>, id: &str) -> Result<bool, CallError> {
    let found = visit.client.describe_vpcs(&[("vpc-id", &[id])], visit.now).await?;
    let ours = found.into_iter().find(|vpc| vpc.id == id && visit.is_ours(&vpc.tags));
    if let Some(vpc) = ours {
        network::take_away(visit, &vpc).await?;
    }
    Ok(true)
}

fn tagged(owner: Owner, found: &Tags, place: &str, id: String) -> Tagged {
    let group = found.get(tags::GROUP).and_then(|text| GroupId::parse(text).ok());
    Tagged { provider: Provider::Aws, owner, group, place: place.to_owned(), id }
}

fn us<'a>(visit: &'a Visit<'_>) -> &'a str {
    &visit.options().remote.installation
}

/// The time of this machine: whoever lists has no time of its own.
fn wall_clock() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::ZERO.after(since)
}
