//! Commits a change together with its events, each linked to the one before it in its trail: the
//! order of a trail is the order in which its changes happened.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use peerage_core::id::OrgId;
use peerage_store::record::{EventLink, EventRecord, TrailHeadRecord, encode};
use peerage_store::{Entry, Key, Precondition, Txn, Write, keys};
use tokio::sync::MutexGuard;

use super::{difference, place};
use crate::app::change::{Change, Tried, damaged, stored, unavailable};
use crate::app::{ATTEMPTS_MAX, App, Failure};
use crate::authn::Link;

/// A trail as it was read, and how it goes on.
struct Trail {
    name: String,
    read: Option<Entry>,
    count: u64,
    last: Link,
}

impl App {
    /// Commits a change that has events. Only the end of the trails is read anew when somebody
    /// else wrote an event first; what was decided is decided still.
    pub(in crate::app) async fn commit_told(&self, change: Change) -> Result<Tried, Failure> {
        let mut trails: BTreeSet<String> = BTreeSet::new();
        for event in &change.events {
            trails.insert(trail_name(event)?);
        }
        let _turns = self.turns(&trails).await;
        for _ in 0..ATTEMPTS_MAX {
            let decided = change.preconditions.len();
            match self.commit_txn(self.linked(&change, &trails).await?).await? {
                Tried::Lost(failed) if failed >= decided => {}
                tried => return Ok(tried),
            }
        }
        Err(Failure::Unavailable {
            reason: "too many events of the same place at one time",
            retry_after: Duration::from_secs(1),
        })
    }

    /// Whether the end of an organization's trail was written under the key of this process, or
    /// there is none.
    pub(in crate::app) async fn is_keeper_of(&self, org: OrgId) -> Result<bool, Failure> {
        let events = keys::org_events(org);
        let name = String::from_utf8_lossy(events.as_bytes());
        let name = name.trim_end_matches('/');
        let Some(head) = self.read::<TrailHeadRecord>(&keys::trail_head(name)).await? else {
            return Ok(true);
        };
        let TrailHeadRecord { count, last, mac } = head.value;
        let (last, mac) = (Link::from_hex(&last), Link::from_hex(&mac));
        let ours = last.map(|last| self.security.chain.head(name, count, last));
        Ok(ours.is_some() && ours == mac)
    }

    /// One writer of a trail at a time, in an order in which no two wait for each other.
    async fn turns(&self, trails: &BTreeSet<String>) -> Vec<MutexGuard<'_, ()>> {
        let place = |name: &String| {
            let sum =
                name.bytes().fold(0_usize, |sum, byte| sum.wrapping_mul(31) + usize::from(byte));
            sum % self.trails.len()
        };
        let places: BTreeSet<usize> = trails.iter().map(place).collect();
        let mut turns = Vec::with_capacity(places.len());
        for place in places {
            turns.push(self.trails[place].lock().await);
        }
        turns
    }

    /// The transaction: what was decided, and then the events at the ends of their trails.
    async fn linked(&self, change: &Change, trails: &BTreeSet<String>) -> Result<Txn, Failure> {
        let heads = trails.iter().map(|name| keys::trail_head(name));
        let wanted: Vec<Key> =
            difference::objects(&change.writes).into_iter().chain(heads).collect();
        let snapshot = self.store.get_many(&wanted).await.map_err(|error| unavailable(&error))?;
        let found: BTreeMap<Key, Entry> = snapshot
            .entries
            .into_iter()
            .flatten()
            .map(|entry| (entry.key.clone(), entry))
            .collect();
        let changes = difference::changes(&found, &change.writes);
        let mut txn =
            Txn { preconditions: change.preconditions.clone(), writes: change.writes.clone() };
        for name in trails {
            let mut trail = Trail::read(name, found.get(&keys::trail_head(name)))?;
            for event in &change.events {
                if trail_name(event)? == *name {
                    let mut event = event.clone();
                    event.changes.extend_from_slice(&changes);
                    txn.writes.push(self.append(&mut trail, &event)?);
                }
            }
            self.conclude(&mut txn, trail)?;
        }
        Ok(txn)
    }

    fn append(&self, trail: &mut Trail, event: &EventRecord) -> Result<Write, Failure> {
        let body = event.body().map_err(|error| damaged(&error))?;
        trail.count += 1;
        let chain = &self.security.chain;
        trail.last = chain.link(&trail.name, trail.count, trail.last, body.get().as_bytes());
        let link = EventLink { number: trail.count, mac: trail.last.to_hex() };
        let bytes = EventRecord::seal(&body, &link).map_err(|error| damaged(&error))?;
        Ok(Write::put(place(event), bytes))
    }

    /// Puts the new end of a trail into a transaction, if the old one is still its end.
    fn conclude(&self, txn: &mut Txn, trail: Trail) -> Result<(), Failure> {
        let key = keys::trail_head(&trail.name);
        txn.preconditions.push(match &trail.read {
            Some(entry) => Precondition::ModifiedAt(key.clone(), entry.modified),
            None => Precondition::Absent(key.clone()),
        });
        let mac = self.security.chain.head(&trail.name, trail.count, trail.last).to_hex();
        let head = TrailHeadRecord { count: trail.count, last: trail.last.to_hex(), mac };
        let bytes = encode(&head).map_err(|error| damaged(&error))?;
        txn.writes.push(Write::put(key, bytes));
        Ok(())
    }
}

impl Trail {
    fn read(name: &str, entry: Option<&Entry>) -> Result<Self, Failure> {
        let (name, read) = (name.to_owned(), entry.cloned());
        let Some(entry) = entry else {
            return Ok(Self { name, read, count: 0, last: Link::START });
        };
        let head = stored::<TrailHeadRecord>(entry)?.value;
        let unreadable = Failure::Internal("the end of an audit trail cannot be read");
        let last = Link::from_hex(&head.last).ok_or(unreadable)?;
        Ok(Self { name, read, count: head.count, last })
    }
}

/// The name of the trail that an event belongs to.
fn trail_name(event: &EventRecord) -> Result<String, Failure> {
    let key = place(event);
    let name = keys::trail_of(&key).map(|(name, _)| name.to_owned());
    name.ok_or(Failure::Internal("an event that belongs nowhere"))
}
