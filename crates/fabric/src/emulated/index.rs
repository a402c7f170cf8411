//! Which connections a network has and how they count, so that no rule has to look through all of
//! them, or at one that sleeps; and what is known of the customers' own networks.
//!
//! A customer's network exists here while a living connection mentions it, with the blocks that
//! those connections tell of: a guess does not outlive its reason.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use peerage_core::id::{ContainerId, PeerId};

use super::object::LinkObject;
use super::row::{Block, Customer, Row};

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

/// The first and the last of all ids.
const IDS: [PeerId; 2] = [PeerId::from_bytes([0; 12]), PeerId::from_bytes([0xff; 12])];

/// The connections of every network, ours and the customers'.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// Every connection there is.
    rows: BTreeMap<PeerId, Row>,
    /// The living ones of our networks.
    ours: BTreeSet<(ContainerId, Rank, PeerId)>,
    /// The living ones of the customers' networks, by the block that counts there.
    theirs: BTreeSet<(Customer, Rank, Block, PeerId)>,
    /// How many connections were looked at.
    #[cfg(test)]
    looks: std::cell::Cell<usize>,
}

impl Index {
    /// The index of all those connections. Made at once, it takes less room than grown.
    pub(super) fn of(rows: Vec<(PeerId, Row)>) -> Self {
        let living = || rows.iter().filter(|(_, row)| row.rank != Rank::Over);
        Self {
            ours: living().map(|(id, row)| (row.container, row.rank, *id)).collect(),
            theirs: living().map(|(id, row)| (row.customer, row.rank, row.block, *id)).collect(),
            rows: rows.into_iter().collect(),
            #[cfg(test)]
            looks: std::cell::Cell::default(),
        }
    }

    /// A connection is there and stands so, whatever was known of it before.
    pub(super) fn enter(&mut self, id: PeerId, link: &LinkObject) {
        let row = Row::of(link);
        if self.rows.get(&id) == Some(&row) {
            return;
        }
        self.leave(id);
        self.rows.insert(id, row);
        if row.rank != Rank::Over {
            self.ours.insert((row.container, row.rank, id));
            self.theirs.insert((row.customer, row.rank, row.block, id));
        }
    }

    /// A connection is gone.
    pub(super) fn leave(&mut self, id: PeerId) {
        if let Some(row) = self.rows.remove(&id) {
            self.ours.remove(&(row.container, row.rank, id));
            self.theirs.remove(&(row.customer, row.rank, row.block, id));
        }
    }

    pub(super) fn has(&self, id: PeerId) -> bool {
        self.rows.contains_key(&id)
    }

    /// The connections of a network of ours that count so, in the order of their ids.
    pub(super) fn ours(
        &self,
        container: ContainerId,
        rank: Rank,
    ) -> impl Iterator<Item = PeerId> + use<'_> {
        let [first, last] = IDS.map(|id| (container, rank, id));
        self.ours.range(first..=last).inspect(|_| self.count_look()).map(|(_, _, id)| *id)
    }

    /// The connections of a customer's network that count so, with the block that counts there: on
    /// AWS the customer's, elsewhere ours.
    pub(super) fn theirs(
        &self,
        customer: Customer,
        rank: Rank,
    ) -> impl Iterator<Item = (Block, PeerId)> + use<'_> {
        let first = (customer, rank, Block::FIRST, IDS[0]);
        let range = self.theirs.range(first..=(customer, rank, Block::LAST, IDS[1]));
        range.inspect(|_| self.count_look()).map(|(_, _, block, id)| (*block, *id))
    }

    /// The living connections of a network of ours.
    pub(super) fn living(&self, container: ContainerId) -> impl Iterator<Item = PeerId> + use<'_> {
        Rank::LIVING.into_iter().flat_map(move |rank| self.ours(container, rank))
    }

    /// The living connection that a network of ours has with a customer's.
    pub(super) fn between(&self, container: ContainerId, customer: Customer) -> Option<PeerId> {
        let leads_there = |id: &PeerId| self.rows.get(id).is_some_and(|it| it.customer == customer);
        self.living(container).find(leads_there)
    }

    /// What is known of the blocks of a customer's network. Each is looked at once for each rank,
    /// however many connections tell of it.
    pub(super) fn blocks(&self, customer: Customer) -> impl Iterator<Item = Block> + use<'_> {
        Rank::LIVING.into_iter().flat_map(move |rank| {
            let mut from = Bound::Included((customer, rank, Block::FIRST, IDS[0]));
            let to = Bound::Included((customer, rank, Block::LAST, IDS[1]));
            std::iter::from_fn(move || {
                let (_, _, block, _) = *self.theirs.range((from, to)).next()?;
                self.count_look();
                from = Bound::Excluded((customer, rank, block, IDS[1]));
                Some(block)
            })
        })
    }

    #[cfg(test)]
    fn count_look(&self) {
        self.looks.set(self.looks.get() + 1);
    }

    #[cfg(not(test))]
    #[expect(clippy::unused_self, reason = "only tests count")]
    fn count_look(&self) {}
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
    use crate::emulated::{
        AWAKE_MAX, CustomerMode, Emulated, EmulatedOptions, MemoryJournal, Pace,
    };

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
            let options = EmulatedOptions { pace, customer, seed: 1, awake_max: AWAKE_MAX };
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
