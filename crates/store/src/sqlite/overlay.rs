//! What is committed and lies in the log only: the table of what is gets it later, in the order of
//! keys and once for many changes of one key, which costs a fraction of writing each change into
//! its own place of the tree.
//!
//! There are two generations: one that takes what is committed, and one that is being moved into
//! the table and no longer changes. Whoever reads looks here first; a reader that pins the table
//! while it holds this lock sees both as they are at one revision, because what is moved is
//! forgotten here only after it is committed there.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use rusqlite::Connection;

use super::past;
use crate::lease::LeaseId;
use crate::port::{Entry, Key, KeyRange, Order, Revision, WatchBatch, WatchEvent};

/// What an entry takes beside its key and value, roughly.
const ENTRY: usize = 128;

/// An entry as it is, or that there is none.
pub(super) type State = Option<Entry>;

/// See the head of this file.
#[derive(Debug)]
pub(super) struct Overlay {
    generations: RwLock<Generations>,
    /// How much is gathered before it is moved, in bytes.
    most: usize,
}

#[derive(Debug, Default)]
struct Generations {
    revision: Revision,
    active: Generation,
    frozen: Generation,
}

#[derive(Debug, Default)]
struct Generation {
    entries: BTreeMap<Key, State>,
    bytes: usize,
    /// The last transaction that is in it.
    up_to: Revision,
}

/// What is to be moved next.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) entries: Vec<(Key, State)>,
    /// Where the next step begins; `None` after the last one.
    pub(super) after: Option<Key>,
    /// Up to where the table has everything after this step, if it is the last.
    pub(super) applied: Option<Revision>,
}

/// The overlay as it stands while this is held.
pub(super) struct Reading<'a>(RwLockReadGuard<'a, Generations>);

impl Overlay {
    /// An empty one, which gathers so many bytes.
    pub(super) fn new(most: usize) -> Self {
        Self { generations: RwLock::default(), most }
    }

    /// Takes what the log of a file has after `applied`, in place of what there was.
    pub(super) fn load(&self, connection: &Connection, applied: Revision) -> rusqlite::Result<()> {
        let mut loaded = Generations { revision: applied, ..Generations::default() };
        past::replay(connection, applied, |batch| loaded.take(&batch))?;
        *self.write() = loaded;
        Ok(())
    }

    /// What is known of a key here.
    pub(super) fn get(&self, key: &Key) -> Option<State> {
        self.read().get(key)
    }

    pub(super) fn read(&self) -> Reading<'_> {
        Reading(self.generations.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Shows what was committed.
    pub(super) fn publish(&self, told: &[WatchBatch]) {
        let mut state = self.write();
        told.iter().for_each(|batch| state.take(batch));
    }

    /// Whether anything waits to be moved.
    pub(super) fn is_empty(&self) -> bool {
        let state = self.read().0;
        state.active.entries.is_empty() && state.frozen.entries.is_empty()
    }

    /// Whether so much waits that it is time to move it.
    pub(super) fn is_full(&self) -> bool {
        self.read().0.active.bytes >= self.most
    }

    pub(super) fn is_moving(&self) -> bool {
        !self.read().0.frozen.entries.is_empty()
    }

    /// Begins to move what was gathered, unless something is being moved.
    pub(super) fn freeze(&self) {
        let mut state = self.write();
        if state.frozen.entries.is_empty() {
            state.frozen = std::mem::take(&mut state.active);
        }
    }

    /// The next entries to be moved; `None` if nothing is being moved. What was overwritten since
    /// is left to the next generation.
    pub(super) fn step(&self, after: Option<&Key>, most: usize) -> Option<Step> {
        let Generations { active, frozen, .. } = &*self.read().0;
        if frozen.entries.is_empty() {
            return None;
        }
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut rest = frozen.entries.range::<Key, _>((from, Bound::Unbounded)).peekable();
        let (mut entries, mut last) = (Vec::new(), None);
        while entries.len() < most
            && let Some((key, state)) = rest.next()
        {
            if !active.entries.contains_key(key) {
                entries.push((key.clone(), state.clone()));
            }
            last = Some(key.clone());
        }
        Some(match rest.peek() {
            Some(_) => Step { entries, after: last, applied: None },
            None => Step { entries, after: None, applied: Some(frozen.up_to) },
        })
    }

    /// What was being moved is in the table.
    pub(super) fn moved(&self) {
        let moved = std::mem::take(&mut self.write().frozen);
        // Large, and nobody need wait for its end.
        drop(moved);
    }

    /// Keys that may be under a lease.
    pub(super) fn under(&self, lease: LeaseId) -> Vec<Key> {
        let state = self.read().0;
        let all = state.active.entries.iter().chain(&state.frozen.entries);
        let held = |state: &State| state.as_ref().is_some_and(|entry| entry.lease == Some(lease));
        all.filter(|(_, state)| held(state)).map(|(key, _)| key.clone()).collect()
    }

    fn write(&self) -> RwLockWriteGuard<'_, Generations> {
        self.generations.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reading<'_> {
    /// The last transaction that everybody may see.
    pub(super) fn revision(&self) -> Revision {
        self.0.revision
    }

    pub(super) fn get(&self, key: &Key) -> Option<State> {
        let Generations { active, frozen, .. } = &*self.0;
        active.entries.get(key).or_else(|| frozen.entries.get(key)).cloned()
    }

    /// What is known of a range, in an order: no more than a page of so many entries can need.
    pub(super) fn slice(&self, range: &KeyRange, order: Order, page: usize) -> Vec<(Key, State)> {
        if range.start >= range.end {
            return Vec::new();
        }
        let bounds = || {
            let (start, end) = (range.start.as_slice(), range.end.as_slice());
            (Bound::Included(start), Bound::Excluded(end))
        };
        let Generations { active, frozen, .. } = &*self.0;
        let newer = active.entries.range::<[u8], _>(bounds());
        let older = frozen.entries.range::<[u8], _>(bounds());
        match order {
            Order::Ascending => merged(newer, older, page, |one, other| one < other),
            Order::Descending => merged(newer.rev(), older.rev(), page, |one, other| one > other),
        }
    }
}

/// The newer of two generations over the older, up to one living entry more than a page.
fn merged<'a>(
    newer: impl Iterator<Item = (&'a Key, &'a State)>,
    older: impl Iterator<Item = (&'a Key, &'a State)>,
    page: usize,
    is_before: impl Fn(&Key, &Key) -> bool,
) -> Vec<(Key, State)> {
    let (mut newer, mut older) = (newer.peekable(), older.peekable());
    let (mut found, mut living) = (Vec::new(), 0);
    while living <= page {
        let next = match (newer.peek(), older.peek()) {
            (Some((one, _)), Some((other, _))) if is_before(other, one) => older.next(),
            (Some((one, _)), Some((other, _))) => {
                if one == other {
                    older.next();
                }
                newer.next()
            }
            (Some(_), None) => newer.next(),
            (None, _) => older.next(),
        };
        let Some((key, state)) = next else { break };
        living += usize::from(state.is_some());
        found.push((key.clone(), state.clone()));
    }
    found
}

impl Generations {
    fn take(&mut self, batch: &WatchBatch) {
        self.revision = batch.revision;
        self.active.up_to = batch.revision;
        for event in &batch.events {
            let (key, state) = match event {
                WatchEvent::Put(entry) => (entry.key.clone(), Some(entry.clone())),
                WatchEvent::Deleted(key) => (key.clone(), None),
            };
            self.active.bytes += cost(&key, &state);
            if let Some(before) = self.active.entries.insert(key.clone(), state) {
                self.active.bytes -= cost(&key, &before);
            }
        }
    }
}

/// The bytes that an entry takes, roughly.
fn cost(key: &Key, state: &State) -> usize {
    key.as_bytes().len() + ENTRY + state.as_ref().map_or(0, |entry| entry.value.as_bytes().len())
}
