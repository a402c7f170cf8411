//! Ranges of keys: our part of the cluster, entries, and pages of them.

use etcd_client::{GetOptions, KeyValue, ResponseHeader, SortOrder, SortTarget};

use super::cluster::{Cluster, Effect};
use super::error::Refusal;
use crate::lease::LeaseId;
use crate::port::{
    Answer, Entry, ErrorKind, Key, KeyRange, ListRequest, Order, PAGE_BYTES_MAX, PAGE_ENTRIES_MAX,
    Page, PageRoom, Revision, StoreError,
};

/// How many entries are asked for while nothing is known of their size.
const FIRST: usize = 128;

/// Our part of the keys of a cluster.
#[derive(Clone, Debug)]
pub(super) struct Space {
    prefix: Vec<u8>,
}

impl Space {
    pub(super) fn below(prefix: &str) -> Self {
        Self { prefix: format!("{prefix}/").into_bytes() }
    }

    pub(super) fn key(&self, key: &Key) -> Vec<u8> {
        [&self.prefix, key.as_bytes()].concat()
    }

    pub(super) fn range(&self, range: &KeyRange) -> KeyRange {
        let within = |bound: &[u8]| [&self.prefix, bound].concat();
        KeyRange { start: within(&range.start), end: within(&range.end) }
    }

    pub(super) fn own_key(&self, key: &[u8]) -> Answer<Key> {
        match key.strip_prefix(self.prefix.as_slice()) {
            Some(own) => Ok(Key::from(own)),
            None => Err(strange("a key of somebody else")),
        }
    }

    pub(super) fn entry(&self, kv: &KeyValue) -> Answer<Entry> {
        Ok(Entry {
            key: self.own_key(kv.key())?,
            value: kv.value().into(),
            created: own_revision(kv.create_revision()),
            modified: own_revision(kv.mod_revision()),
            version: u64::try_from(kv.version()).unwrap_or(0),
            lease: own_lease(kv.lease()),
        })
    }
}

fn own_lease(lease: i64) -> Option<LeaseId> {
    u64::try_from(lease).ok().filter(|id| *id != 0).map(LeaseId)
}

/// A revision as the port counts it: an empty etcd stands at one, an empty store at zero.
pub(super) fn own_revision(revision: i64) -> Revision {
    Revision(u64::try_from(revision.saturating_sub(1)).unwrap_or(0))
}

/// A revision as etcd counts it.
pub(super) fn wire_revision(revision: Revision) -> i64 {
    i64::try_from(revision.0).unwrap_or(i64::MAX).saturating_add(1)
}

/// The revision that an answer shows.
pub(super) fn revision(header: Option<&ResponseHeader>) -> Answer<Revision> {
    header.map(|header| own_revision(header.revision())).ok_or_else(|| strange("no header"))
}

/// One entry, and the revision at which it was read.
pub(super) async fn get(
    cluster: &Cluster,
    space: &Space,
    key: &Key,
) -> Answer<(Option<Entry>, Revision)> {
    let key = space.key(key);
    let found = cluster
        .call(Effect::Reads, |clients| {
            let key = key.clone();
            async move { clients.kv().get(key, None).await }
        })
        .await;
    let found = found.map_err(|refusal| refusal.into_error(cluster.name()))?;
    let entry = found.kvs().first().map(|kv| space.entry(kv)).transpose()?;
    Ok((entry, revision(found.header())?))
}

/// How many entries there are in a range, and at which revision.
pub(super) async fn count(
    cluster: &Cluster,
    space: &Space,
    range: &KeyRange,
) -> Answer<(u64, Revision)> {
    let range = space.range(range);
    let counted = cluster
        .call(Effect::Reads, |clients| {
            let range = range.clone();
            let options = GetOptions::new().with_range(range.end).with_count_only();
            async move { clients.kv().get(range.start, Some(options)).await }
        })
        .await;
    let counted = counted.map_err(|refusal| refusal.into_error(cluster.name()))?;
    let count = u64::try_from(counted.count()).unwrap_or(0);
    Ok((count, revision(counted.header())?))
}

/// The newest revision of the cluster, whoever made it.
pub(super) async fn newest(cluster: &Cluster, space: &Space) -> Answer<Revision> {
    // A count of nothing: the cheapest question whose answer is linearizable.
    Ok(count(cluster, space, &KeyRange::below(&Key::from(&[0xff_u8; 8][..]))).await?.1)
}

/// An answer that no etcd gives.
pub(super) fn strange(what: &str) -> StoreError {
    let detail = format!("an answer had {what}");
    StoreError::indefinite(ErrorKind::Corrupt { place: "etcd".to_owned(), detail })
}

/// A page, in as many requests as its entries are large. A refusal is about the revision.
pub(super) async fn list(
    cluster: &Cluster,
    space: &Space,
    request: &ListRequest,
) -> Result<Answer<Page>, Refusal> {
    let wanted = request.limit.min(PAGE_ENTRIES_MAX);
    let mut pages = Pages {
        entries: Vec::new(),
        room: PageRoom::new(wanted),
        bytes: 0,
        range: space.range(&request.range()),
        at: request.at,
    };
    loop {
        let limit = pages.next_limit(wanted);
        let found = ask(cluster, &pages, request.order, limit).await?;
        match pages.take(space, &found, request.order) {
            Err(error) => return Ok(Err(error)),
            Ok(None) => {}
            Ok(Some(more)) => {
                let revision = pages.at.unwrap_or(Revision::ZERO);
                return Ok(Ok(Page { entries: pages.entries, revision, more }));
            }
        }
    }
}

async fn ask(
    cluster: &Cluster,
    pages: &Pages,
    order: Order,
    limit: usize,
) -> Result<etcd_client::GetResponse, Refusal> {
    // Zero is etcd's word for now.
    let at = pages.at.map_or(0, wire_revision);
    let mut options = GetOptions::new()
        .with_range(pages.range.end.clone())
        .with_limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .with_revision(at);
    if order == Order::Descending {
        options = options.with_sort(SortTarget::Key, SortOrder::Descend);
    }
    if pages.range.start >= pages.range.end {
        options = options.with_count_only();
    }
    cluster
        .call(Effect::Reads, |clients| {
            let (start, options) = (pages.range.start.clone(), options.clone());
            async move { clients.kv().get(start, Some(options)).await }
        })
        .await
}

/// A page that is being put together.
struct Pages {
    entries: Vec<Entry>,
    room: PageRoom,
    bytes: usize,
    /// What is still to be listed.
    range: KeyRange,
    at: Option<Revision>,
}

impl Pages {
    /// How many entries to ask for, so that an answer is not much larger than a page.
    fn next_limit(&self, wanted: usize) -> usize {
        let left = wanted - self.entries.len();
        if self.entries.is_empty() {
            return left.min(FIRST);
        }
        let each = (self.bytes / self.entries.len()).max(1);
        let fits = PAGE_BYTES_MAX.saturating_sub(self.bytes) / each;
        left.min(fits.max(1))
    }

    /// Takes an answer; says whether there is more once the page is complete.
    fn take(
        &mut self,
        space: &Space,
        found: &etcd_client::GetResponse,
        order: Order,
    ) -> Answer<Option<bool>> {
        if self.at.is_none() {
            self.at = Some(revision(found.header())?);
        }
        for kv in found.kvs() {
            if self.room.is_full() {
                return Ok(Some(true));
            }
            let entry = space.entry(kv)?;
            self.room.take(&entry);
            self.bytes += entry.bytes();
            self.entries.push(entry);
            match order {
                Order::Ascending => self.range.start = [kv.key(), &[0]].concat(),
                Order::Descending => self.range.end = kv.key().to_vec(),
            }
        }
        if !found.more() || found.kvs().is_empty() {
            return Ok(Some(false));
        }
        Ok(self.room.is_full().then_some(true))
    }
}
