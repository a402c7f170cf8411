//! Which connections a network has and how they count, so that no rule has to look through all of
//! them; and what is known of the customers' own networks.
//!
//! A customer's network exists here while a living connection mentions it, with the blocks that
//! those connections tell of: a guess does not outlive its reason.

use std::collections::{BTreeMap, BTreeSet};

use peerage_core::id::PeerId;

use super::object::{LinkObject, our_word};

/// How a connection counts for its two networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    /// A cloud works on it.
    Working,
    /// It waits for the customer.
    Waiting,
    /// It works.
    Active,
    /// Only our half of it is left, and nothing passes.
    Severed,
    /// It came to an end.
    Over,
}

impl Rank {
    /// Those that a network is bound by.
    pub(super) const LIVING: [Self; 4] =
        [Self::Working, Self::Waiting, Self::Active, Self::Severed];
}

/// The connections of every network, ours and the customers'.
#[derive(Debug, Default)]
pub(super) struct Index {
    ranks: BTreeSet<(String, Rank, PeerId)>,
    /// The blocks of a customer's network, and how many connections tell of each.
    blocks: BTreeMap<String, BTreeMap<String, u32>>,
    /// How many connections were looked at.
    #[cfg(test)]
    looks: std::cell::Cell<usize>,
}

impl Index {
    pub(super) fn enter(&mut self, id: PeerId, link: &LinkObject) {
        for word in [our_word(&link.container), link.customer.clone()] {
            self.ranks.insert((word, link.rank(), id));
        }
        if let Some(block) = link.told_block() {
            let blocks = self.blocks.entry(link.customer.clone()).or_default();
            *blocks.entry(block.to_owned()).or_default() += 1;
        }
    }

    pub(super) fn leave(&mut self, id: PeerId, link: &LinkObject) {
        for word in [our_word(&link.container), link.customer.clone()] {
            self.ranks.remove(&(word, link.rank(), id));
        }
        let Some(block) = link.told_block() else { return };
        let Some(blocks) = self.blocks.get_mut(&link.customer) else { return };
        if let Some(count) = blocks.get_mut(block) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                blocks.remove(block);
            }
        }
        if blocks.is_empty() {
            self.blocks.remove(&link.customer);
        }
    }

    /// The connections of a network that count so, in the order of their ids.
    pub(super) fn ranked<'a>(
        &'a self,
        word: &str,
        rank: Rank,
    ) -> impl Iterator<Item = PeerId> + use<'a> {
        let bound = |bytes| (word.to_owned(), rank, PeerId::from_bytes(bytes));
        let ranked = self.ranks.range(bound([0; 12])..=bound([0xff; 12]));
        ranked.inspect(|_| self.count_look()).map(|(_, _, id)| *id)
    }

    /// The living connections of a network.
    pub(super) fn living<'a>(&'a self, word: &str) -> impl Iterator<Item = PeerId> + use<'a> {
        let word = word.to_owned();
        Rank::LIVING.into_iter().flat_map(move |rank| self.ranked(&word, rank))
    }

    /// Whether a network has at least so many connections of that rank.
    pub(super) fn has_at_least(&self, count: usize, word: &str, rank: Rank) -> bool {
        count == 0 || self.ranked(word, rank).nth(count - 1).is_some()
    }

    #[cfg(test)]
    fn count_look(&self) {
        self.looks.set(self.looks.get() + 1);
    }

    #[cfg(not(test))]
    #[expect(clippy::unused_self, reason = "only tests count")]
    fn count_look(&self) {}

    /// What is known of the blocks of a customer's network.
    pub(super) fn blocks(&self, word: &str) -> impl Iterator<Item = &str> {
        self.blocks.get(word).into_iter().flat_map(|blocks| blocks.keys()).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use peerage_core::cidr::AddressBlock;
    use peerage_core::cloud::{LinkRequest, NetworkRequest};
    use peerage_core::container::ContainerSpec;
    use peerage_core::id::{ContainerId, GroupId};
    use peerage_core::peering::{AwsNetwork, AzureNetwork, CustomerNetwork, GcpNetwork};
    use peerage_core::provider::Provider;
    use peerage_core::region::{AwsRegion, AzureRegion};
    use peerage_core::time::Timestamp;

    use super::*;
    use crate::Fabric;
    use crate::emulated::{CustomerMode, Emulated, EmulatedOptions, MemoryJournal, Pace};

    const CONNECTIONS: u32 = 10_000;

    /// For each connection, however many there are.
    const LOOKS_MAX: usize = 4;
    const CHANGES_MAX: u64 = 10;

    /// All of them to one network of the customer: the worst case of the rules that compare.
    #[tokio::test]
    async fn no_step_looks_through_all_connections() {
        for cloud in Provider::ALL {
            let journal = Arc::new(MemoryJournal::new());
            let (pace, customer) = (Pace::fast(), CustomerMode::Manual);
            let options = EmulatedOptions { pace, customer, seed: 1 };
            let clouds = Emulated::open(journal, options).await.unwrap();
            let mut now = Timestamp::ZERO;
            let mut pass = || {
                now = now.after(Duration::from_secs(1));
                now
            };
            for number in 0..CONNECTIONS {
                let request = request(cloud, number);
                let (group, container) = (request.group, request.container);
                let network = NetworkRequest { group, container, spec: request.ours.clone() };
                clouds.ensure_network(&network, pass()).await.unwrap();
                clouds.ensure_link(&request, pass()).await.unwrap();
            }
            for number in 0..CONNECTIONS {
                clouds.observe_link(&request(cloud, number), pass()).await.unwrap();
                clouds.remove_link(&request(cloud, number), pass()).await.unwrap();
            }
            clouds.advance(pass()).await.unwrap();
            let world = clouds.lock();
            let connections = usize::try_from(CONNECTIONS).unwrap();
            assert_eq!(world.next_event(), None, "{cloud}");
            let looks = world.index.looks.get();
            assert!(looks <= connections * LOOKS_MAX, "{cloud}: {looks} looks");
            let changes = world.sequence;
            assert!(changes <= u64::from(CONNECTIONS) * CHANGES_MAX, "{cloud}: {changes} changes");
        }
    }

    fn request(cloud: Provider, number: u32) -> LinkRequest {
        let mut id = [0; 12];
        id[8..].copy_from_slice(&number.to_be_bytes());
        let block = AddressBlock::parse("10.8.0.0/18").unwrap();
        let theirs = AddressBlock::parse("172.31.0.0/16").unwrap();
        let (ours, customer) = match cloud {
            Provider::Aws => (
                ContainerSpec::Aws { region: AwsRegion::all().next().unwrap(), block },
                CustomerNetwork::Aws(AwsNetwork {
                    account_id: "123456789012".into(),
                    vpc_id: "vpc-1".into(),
                    region: "us-east-1".into(),
                    block: theirs,
                }),
            ),
            Provider::Azure => (
                ContainerSpec::Azure { region: AzureRegion::all().next().unwrap(), block },
                CustomerNetwork::Azure(AzureNetwork {
                    directory_id: "directory".into(),
                    subscription_id: "subscription".into(),
                    resource_group: "group".into(),
                    vnet_name: "vnet".into(),
                }),
            ),
            Provider::Gcp => (
                ContainerSpec::Gcp { regions: Vec::new(), block },
                CustomerNetwork::Gcp(GcpNetwork {
                    project_id: "project".into(),
                    network_name: "network".into(),
                }),
            ),
        };
        LinkRequest {
            group: GroupId::from_bytes(id),
            peering: PeerId::from_bytes(id),
            container: ContainerId::from_bytes(id),
            handshake: 1,
            ours,
            names: None,
            customer,
        }
    }
}
