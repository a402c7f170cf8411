//! Which objects are in memory, and how one leaves it and comes back.
//!
//! Only what rests and is kept may sleep, so that what is read back is what it was. Who acts says
//! first what it will look at ([`World::call`]); what sleeps of that is read, and the act happens
//! only once all of it is awake.

use super::World;
use super::restore::{Unreadable, read_link, read_network};
use crate::emulated::object::Tag;

impl World {
    /// Whether an object is there and its bytes are not.
    pub(in crate::emulated) fn sleeps(&self, tag: Tag) -> bool {
        match tag {
            Tag::Ids | Tag::Faults => false,
            Tag::Network(id) => self.asleep.contains(&id),
            Tag::Link(id) => !self.links.contains_key(&id) && self.index.has(id),
        }
    }

    /// An act will look at these objects. Answers those that sleep: whoever wakes them finds them
    /// awake until it releases them.
    pub(in crate::emulated) fn call(&mut self, tags: Vec<Tag>) -> Vec<Tag> {
        let (asleep, awake): (Vec<Tag>, Vec<Tag>) =
            tags.into_iter().partition(|tag| self.sleeps(*tag));
        awake.into_iter().for_each(|tag| self.awake.is_used(tag));
        asleep.iter().for_each(|tag| self.awake.wait(*tag));
        asleep
    }

    /// Wakes an object that somebody called, unless it is awake by now. What was called and slept
    /// has not changed since: to change it has to wake, and then it does not sleep again before it
    /// is released. In a shared world another process may have changed it, or taken it away.
    pub(in crate::emulated) fn wake(
        &mut self,
        name: String,
        bytes: Option<&[u8]>,
    ) -> Result<(), Unreadable> {
        let Some(tag) = Tag::parse(&name) else { return Err(Unreadable(name)) };
        match (tag, bytes) {
            _ if !self.sleeps(tag) => {}
            (tag, None) => self.lose(tag),
            (Tag::Ids | Tag::Faults, Some(_)) => {}
            (Tag::Network(id), Some(bytes)) => {
                let network = read_network(bytes).ok_or(Unreadable(name))?;
                self.place_network(id, network);
            }
            (Tag::Link(id), Some(bytes)) => {
                let link = read_link(bytes).ok_or(Unreadable(name))?;
                self.index.enter(id, &link);
                self.place_link(id, link);
            }
        }
        Ok(())
    }

    /// The act that called these objects is over.
    pub(in crate::emulated) fn release(&mut self, tags: &[Tag]) {
        tags.iter().for_each(|tag| self.awake.release(*tag));
        self.rest();
    }

    /// Puts to sleep what is awake beyond the bound, the least recently used first. What is not
    /// kept or is waited for stays awake, as if it was just used.
    pub(in crate::emulated) fn rest(&mut self) {
        for _ in 0..self.awake.excess() {
            let Some(tag) = self.awake.oldest() else { break };
            let is_kept = !self.changed.contains(&tag) && !self.keeping.contains(&tag);
            if !is_kept || self.awake.is_awaited(tag) {
                self.awake.is_used(tag);
                continue;
            }
            self.awake.leaves(tag);
            match tag {
                Tag::Ids | Tag::Faults => {}
                Tag::Network(id) => {
                    self.networks.remove(&id);
                    self.asleep.insert(id);
                }
                Tag::Link(id) => drop(self.links.remove(&id)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use peerage_core::id::{ContainerId, PeerId};
    use peerage_core::time::Timestamp;

    use super::*;
    use crate::emulated::object::{FORMAT, LinkObject, Names, NetworkObject, NetworkState, Sides};
    use crate::emulated::{CustomerMode, Emulated, EmulatedOptions, MemoryJournal, Pace};

    const CONNECTIONS: u32 = 10_000;
    const AWAKE: usize = 100;

    fn id(number: u32) -> [u8; 12] {
        let mut id = [0; 12];
        id[8..].copy_from_slice(&number.to_be_bytes());
        id
    }

    /// A connection that works, and its network.
    fn put(world: &mut World, number: u32) {
        let network = NetworkObject {
            v: FORMAT,
            names: Names::Aws { vpc: format!("vpc-{number}") },
            state: NetworkState::Ready,
            due: None,
        };
        world.put_network(ContainerId::from_bytes(id(number)), network);
        let pair = serde_json::json!({
            "ours": "ACTIVE", "theirs": "ACTIVE", "operation": null, "refused": false,
        });
        let link = LinkObject {
            v: FORMAT,
            group: "0".repeat(24),
            container: ContainerId::from_bytes(id(number)),
            handshake: 1,
            connection: format!("peering-{number}"),
            customer: format!("gcp/project/{number}"),
            our_block: "10.8.0.0/18".to_owned(),
            planted: None,
            message: None,
            due: None,
            sides: Sides::Gcp(serde_json::from_value(pair).unwrap()),
        };
        world.put_link(PeerId::from_bytes(id(number)), link);
    }

    fn in_memory(clouds: &Emulated) -> usize {
        let world = clouds.lock();
        world.links.len() + world.networks.len()
    }

    #[tokio::test]
    async fn what_rests_is_not_in_memory_beyond_the_bound() {
        let journal = MemoryJournal::new();
        let (pace, customer) = (Pace::instant(), CustomerMode::Manual);
        let options = EmulatedOptions { pace, customer, seed: 1, awake_max: AWAKE };
        let clouds = Emulated::open(Arc::new(journal.clone()), options.clone()).await.unwrap();
        for number in 0..CONNECTIONS {
            put(&mut clouds.lock(), number);
        }
        assert_eq!(in_memory(&clouds), 2 * usize::try_from(CONNECTIONS).unwrap());
        clouds.advance(Timestamp::ZERO).await.unwrap();
        assert_eq!(in_memory(&clouds), AWAKE);
        for number in 0..CONNECTIONS {
            let peering = PeerId::from_bytes(id(number));
            let delete = crate::emulated::CustomerAct::Delete;
            clouds.foretell_act(peering, delete, Timestamp::ZERO).await.unwrap();
            assert!(in_memory(&clouds) <= AWAKE);
        }
        let clouds = Emulated::open(Arc::new(journal), options).await.unwrap();
        assert_eq!(in_memory(&clouds), 0);
    }
}
