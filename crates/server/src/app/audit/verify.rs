//! Looks through every trail for what was edited, dropped, put in another order or made up.
//!
//! Needs only a store and the key of the chain, not a running service. Must not change anything.

use std::collections::{BTreeMap, BTreeSet};

use peerage_store::record::{EventRecord, LinkedEvent, TrailHeadRecord, decode};
use peerage_store::{Answer, Entry, Key, ListRequest, Revision, Store, keys};
use serde::{Deserialize, Serialize};

use crate::authn::{ChainKey, Link};

/// Entries of one read.
const PAGE: usize = 500;

/// Findings that are told one by one; more are only counted.
const FINDINGS_MAX: usize = 1000;

/// How far a trail went when somebody wrote it down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// How many events it had.
    pub count: u64,
    /// The link of the last of them.
    pub last: String,
    /// How many more it has that are older than the chain.
    #[serde(default)]
    pub uncovered: u64,
}

/// What is known from somewhere else than the store.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// How far trails went at an earlier time.
    pub trails: BTreeMap<String, End>,
    /// How many events are older than the chain. An event whose link was taken away looks as if
    /// it were one of them, so that nothing in the store can say it.
    pub uncovered: u64,
}

impl From<Report> for Known {
    fn from(report: Report) -> Self {
        Self { trails: report.trails, uncovered: report.uncovered }
    }
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The trail: `group-event/` and a project, or `org-event/` and an organization.
    pub trail: String,
    /// The number of the event, where one is at fault.
    #[serde(default)]
    pub number: Option<u64>,
    /// Its id.
    #[serde(default)]
    pub event: Option<String>,
    /// What is wrong.
    pub what: String,
}

/// What was looked through, and what was found.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Report {
    /// The store's revision that was looked at.
    pub revision: u64,
    /// How many events fit.
    pub events: u64,
    /// How many are older than the chain and are not covered by it.
    pub uncovered: u64,
    /// How far each trail goes: keep it, and compare with it later.
    pub trails: BTreeMap<String, End>,
    /// What is wrong, up to a bound.
    pub findings: Vec<Finding>,
    /// How many things are wrong.
    pub wrong: u64,
}

/// An event as it was found.
struct Found {
    id: String,
    number: u64,
    mac: String,
    body: String,
}

/// Looks through every trail at one revision. Each trail also has to go on from where it is known
/// to have been. `progress` is told how many events were looked at.
///
/// # Errors
/// The store could not be asked.
pub async fn verify(
    store: &dyn Store,
    chain: &ChainKey,
    known: &Known,
    mut progress: impl FnMut(u64),
) -> Answer<Report> {
    let revision = store.revision().await?;
    let mut verifier = Verifier { chain, known, named: BTreeSet::new(), report: Report::default() };
    verifier.report.revision = revision.0;
    let mut heads = read_heads(store, revision, &mut verifier).await?;
    for prefix in keys::all_trails() {
        let mut trail: (String, Vec<Entry>) = (String::new(), Vec::new());
        let mut looked_at = 0;
        let mut request =
            ListRequest { at: Some(revision), limit: PAGE, ..ListRequest::prefix(prefix) };
        loop {
            let page = store.list(request.clone()).await?;
            request.after = page.entries.last().map(|entry| entry.key.clone());
            looked_at += u64::try_from(page.entries.len()).unwrap_or(0);
            for entry in page.entries {
                let name =
                    keys::trail_of(&entry.key).map_or_else(String::new, |it| it.0.to_owned());
                if name != trail.0 {
                    let (name, entries) = std::mem::replace(&mut trail, (name, Vec::new()));
                    verifier.judge(&name, &entries, heads.remove(&name));
                }
                trail.1.push(entry);
            }
            progress(looked_at);
            if !page.more {
                break;
            }
        }
        verifier.judge(&trail.0, &trail.1, heads.remove(&trail.0));
    }
    for (name, head) in heads {
        verifier.judge(&name, &[], Some(head));
    }
    verifier.every_place_has_one(store, revision).await?;
    verifier.every_trail_goes_on();
    verifier.every_uncovered_is_known();
    Ok(verifier.report)
}

async fn read_heads(
    store: &dyn Store,
    revision: Revision,
    verifier: &mut Verifier<'_>,
) -> Answer<BTreeMap<String, TrailHeadRecord>> {
    let mut heads = BTreeMap::new();
    let prefix = keys::all_trail_heads();
    for entry in everything(store, &prefix, revision).await? {
        let name = String::from_utf8_lossy(&entry.key.as_bytes()[prefix.as_bytes().len()..]);
        match decode::<TrailHeadRecord>(entry.value.as_bytes()) {
            Ok(head) => drop(heads.insert(name.into_owned(), head)),
            Err(_) => verifier.wrong(&name, None, None, "its end cannot be read"),
        }
    }
    Ok(heads)
}

async fn everything(store: &dyn Store, prefix: &Key, at: Revision) -> Answer<Vec<Entry>> {
    let mut found = Vec::new();
    let mut request =
        ListRequest { at: Some(at), limit: PAGE, ..ListRequest::prefix(prefix.clone()) };
    loop {
        let page = store.list(request.clone()).await?;
        request.after = page.entries.last().map(|entry| entry.key.clone());
        found.extend(page.entries);
        if !page.more {
            return Ok(found);
        }
    }
}

struct Verifier<'a> {
    chain: &'a ChainKey,
    known: &'a Known,
    /// The trails of projects that the trails of organizations tell of.
    named: BTreeSet<String>,
    report: Report,
}

impl Verifier<'_> {
    fn wrong(&mut self, trail: &str, number: Option<u64>, event: Option<&str>, what: &str) {
        self.report.wrong += 1;
        if self.report.findings.len() < FINDINGS_MAX {
            let (trail, what) = (trail.to_owned(), what.to_owned());
            let event = event.map(str::to_owned);
            self.report.findings.push(Finding { trail, number, event, what });
        }
    }

    /// Judges one trail.
    fn judge(&mut self, trail: &str, entries: &[Entry], head: Option<TrailHeadRecord>) {
        if trail.is_empty() {
            return;
        }
        let (mut events, uncovered) = self.read(trail, entries);
        events.sort_by(|one, other| (one.number, &one.id).cmp(&(other.number, &other.id)));
        let end = End { uncovered, ..self.walk(trail, &events) };
        self.report.uncovered += uncovered;
        self.report.trails.insert(trail.to_owned(), end.clone());
        match head {
            None if events.is_empty() => {}
            None => self.wrong(trail, None, None, "its end is missing"),
            Some(head) => self.check_end(trail, end, &head),
        }
        if let Some(then) = self.known.trails.get(trail) {
            if then.uncovered != uncovered {
                let what =
                    format!("{uncovered} of its events have no link, and then {}", then.uncovered);
                self.wrong(trail, None, None, &what);
            }
            let still = events.iter().find(|event| event.number == then.count);
            if still.is_none_or(|event| event.mac != then.last) && then.count > 0 {
                let number = Some(then.count);
                self.wrong(trail, number, None, "it does not go on from where it was then");
            }
        }
    }

    /// Reads the events of a trail. Those from before the chain are counted; they come before the
    /// first that is linked.
    fn read(&mut self, trail: &str, entries: &[Entry]) -> (Vec<Found>, u64) {
        let (mut found, mut uncovered) = (Vec::new(), 0);
        let (mut unlinked, mut first) = (Vec::new(), None);
        for entry in entries {
            let id = keys::trail_of(&entry.key).map_or("", |(_, id)| id);
            let Ok(linked) = LinkedEvent::read(entry.value.as_bytes()) else {
                self.wrong(trail, None, Some(id), "it cannot be read");
                continue;
            };
            let body = linked.body.to_owned();
            let event: Option<EventRecord> = serde_json::from_str(&body).ok();
            if event.as_ref().is_none_or(|event| event.id.to_string() != id) {
                self.wrong(trail, None, Some(id), "it is kept under another event's key");
            }
            match linked.link() {
                Some(link) => {
                    event.iter().for_each(|event| self.note_projects(event));
                    let (number, mac) = (link.number, link.mac);
                    first = Some(first.map_or(entry.created, |it: Revision| it.min(entry.created)));
                    found.push(Found { id: id.to_owned(), number, mac, body });
                }
                None => unlinked.push((id.to_owned(), entry.created)),
            }
        }
        for (id, created) in unlinked {
            if first.is_some_and(|first| created > first) {
                self.wrong(trail, None, Some(&id), "it has no link, and is younger than the chain");
            } else {
                uncovered += 1;
            }
        }
        (found, uncovered)
    }

    /// The trail of an organization says which projects were ever made in it.
    fn note_projects(&mut self, event: &EventRecord) {
        let objects = event.changes.iter().filter(|_| event.group.is_none());
        let ids = objects.filter_map(|change| change.object.strip_prefix("group/"));
        let trails = ids.filter(|id| !id.contains('/')).map(|id| format!("group-event/{id}"));
        self.named.extend(trails);
    }

    /// Follows the links; answers how far they go.
    fn walk(&mut self, trail: &str, events: &[Found]) -> End {
        let (mut count, mut last) = (0, Link::START);
        for event in events {
            let (number, id) = (Some(event.number), Some(event.id.as_str()));
            if event.number <= count {
                self.wrong(trail, number, id, "another event has its number");
                continue;
            }
            let gap = event.number - count - 1;
            if gap > 0 {
                let what = format!("{gap} events before it are missing");
                self.wrong(trail, number, id, &what);
            }
            let kept = Link::from_hex(&event.mac);
            let fits = self.chain.link(trail, event.number, last, event.body.as_bytes());
            if kept == Some(fits) {
                self.report.events += 1;
            } else if gap == 0 {
                self.wrong(trail, number, id, "it was changed, or was not written in this place");
            }
            (count, last) = (event.number, kept.unwrap_or(fits));
        }
        End { count, last: last.to_hex(), uncovered: 0 }
    }

    fn check_end(&mut self, trail: &str, end: End, head: &TrailHeadRecord) {
        let last = Link::from_hex(&head.last);
        let known = last.map(|last| self.chain.head(trail, head.count, last));
        if known.is_none() || known != Link::from_hex(&head.mac) {
            self.wrong(trail, None, None, "its end was changed");
        } else if head.count > end.count {
            let what = format!("its last {} events are missing", head.count - end.count);
            self.wrong(trail, Some(head.count), None, &what);
        } else if head.count < end.count {
            let number = Some(head.count + 1);
            self.wrong(trail, number, None, "events follow what was its last, or its end is old");
        } else if head.last != end.last {
            self.wrong(trail, Some(end.count), None, "its last event is another one");
        }
    }

    /// Every project and organization began with an event, those that are gone as well.
    async fn every_place_has_one(&mut self, store: &dyn Store, at: Revision) -> Answer<()> {
        for (places, trails) in [(keys::groups(), "group-event"), (keys::orgs(), "org-event")] {
            for entry in everything(store, &places, at).await? {
                let id = &entry.key.as_bytes()[places.as_bytes().len()..];
                let trail = format!("{trails}/{}", String::from_utf8_lossy(id));
                if !self.report.trails.contains_key(&trail) {
                    self.wrong(&trail, None, None, "it is missing, and its place is there");
                }
                self.named.remove(&trail);
            }
        }
        for trail in std::mem::take(&mut self.named) {
            if !self.report.trails.contains_key(&trail) {
                self.wrong(&trail, None, None, "it is missing, and its organization tells of it");
            }
        }
        Ok(())
    }

    fn every_trail_goes_on(&mut self) {
        let known = self.known;
        for trail in known.trails.keys() {
            if !self.report.trails.contains_key(trail) {
                self.wrong(trail, None, None, "it was there then, and is missing");
            }
        }
    }

    /// Whoever takes the links of a whole trail away must not have it pass for an old one.
    fn every_uncovered_is_known(&mut self) {
        let (known, found) = (self.known.uncovered, self.report.uncovered);
        if known == found {
            return;
        }
        if found < known {
            let what = format!("{found} events in all are older than the chain, {known} are known");
            self.wrong("all trails", None, None, &what);
        }
        let with = self.report.trails.iter().filter(|(_, end)| end.uncovered > 0);
        let with: Vec<_> = with.map(|(trail, end)| (trail.clone(), end.uncovered)).collect();
        for (trail, count) in with {
            let what = format!("{count} of its events have no link; {known} in all are known of");
            self.wrong(&trail, None, None, &what);
        }
    }
}
