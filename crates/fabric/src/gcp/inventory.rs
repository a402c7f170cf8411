//! What of ours is in the project: networks that this installation labelled, and our halves of
//! peerings in them.

use async_trait::async_trait;
use peerage_core::cloud::CallError;
use peerage_core::id::{GroupId, PeerId};
use peerage_core::provider::Provider;

use super::Gcp;
use super::failure::Failure;
use super::seen::{End, SeenNetwork};
use crate::inventory::{Inventory, Owner, Tagged};
use crate::remote::Meaning;
use crate::rules::gcp::BUSY;
use crate::tags;

/// How the names of our networks begin.
const NETWORKS: &str = "nt-";

#[async_trait]
impl Inventory for Gcp {
    async fn list_tagged(&self) -> Result<Vec<Tagged>, CallError> {
        let mut tagged = Vec::new();
        for network in self.client.networks(NETWORKS).await? {
            tagged.extend(self.contents(&network));
        }
        Ok(tagged)
    }

    async fn remove_tagged(&self, tagged: &Tagged) -> Result<bool, CallError> {
        if tagged.place != self.place() {
            return Ok(true);
        }
        match tagged.owner {
            Owner::Network(_) => Ok(self.remove_network_named(&tagged.id).await?),
            Owner::Link(_) => Ok(self.remove_half_named(&tagged.id).await?),
        }
    }

    async fn whoami(&self) -> Result<Vec<String>, CallError> {
        let networks = self.client.networks(NETWORKS).await?;
        let ours = networks.iter().filter(|network| self.is_ours(network)).count();
        Ok(vec![format!("{}: {}; {ours} networks of ours", self.place(), self.who)])
    }
}

impl Gcp {
    fn contents(&self, network: &SeenNetwork) -> Vec<Tagged> {
        let container = tags::parse_network_name(&network.name);
        let Some(container) = container.filter(|_| self.is_ours(network)) else {
            return Vec::new();
        };
        let group = network.label.as_ref().and_then(|label| GroupId::parse(&label.group).ok());
        let tagged =
            |owner, id| Tagged { provider: Provider::Gcp, owner, group, place: self.place(), id };
        // Halves before their network: it cannot go before them.
        let halves = network.peerings.iter().filter_map(|entry| {
            let (peering, _): (PeerId, u32) = tags::parse_link_name(&entry.name)?;
            Some(tagged(Owner::Link(peering), format!("{}/{}", network.name, entry.name)))
        });
        let own = tagged(Owner::Network(container), network.name.clone());
        halves.chain([own]).collect()
    }

    fn is_ours(&self, network: &SeenNetwork) -> bool {
        let installation = &self.options.remote.installation;
        network.label.as_ref().is_some_and(|label| label.installation == *installation)
    }

    fn place(&self) -> String {
        format!("project {}", self.options.project)
    }

    /// Whether nothing is left of a network of ours; begins with taking it away otherwise.
    async fn remove_network_named(&self, name: &str) -> Result<bool, Failure> {
        let container = tags::parse_network_name(name).filter(|_| !name.contains('/'));
        let Some(container) = container else { return Ok(true) };
        let _turn = self.queue.turn(container).await?;
        let found = self.client.network(name).await?;
        let Some(network) = found.filter(|network| self.is_ours(network)) else {
            return Ok(true);
        };
        self.dismantle(&network, None).await?;
        Ok(false)
    }

    /// Whether nothing is left of a half of ours; begins with taking it away otherwise.
    async fn remove_half_named(&self, id: &str) -> Result<bool, Failure> {
        let Some((name, half)) = id.split_once('/') else { return Ok(true) };
        let Some(container) = tags::parse_network_name(name) else { return Ok(true) };
        let _turn = self.queue.turn(container).await?;
        let found = self.client.network(name).await?.filter(|network| self.is_ours(network));
        let there = |network: &SeenNetwork| network.peerings.iter().any(|one| one.name == half);
        if !found.as_ref().is_some_and(there) || tags::parse_link_name(half).is_none() {
            return Ok(true);
        }
        match self.client.remove_peering(name, half, None).await {
            Ok(work) => match work.end {
                End::Done => Ok(true),
                End::Running => Ok(false),
                End::Failed(failure) => Err(failure),
            },
            // Ours or another operation runs: either way it is still there.
            Err(failure) if failure.words == BUSY => Ok(false),
            Err(failure) if failure.meaning == Meaning::Missing => Ok(true),
            Err(failure) => Err(failure),
        }
    }
}
