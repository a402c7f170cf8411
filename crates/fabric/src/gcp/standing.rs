//! Where a peering stands, read off our network and the operations on it. Values only: whoever
//! reads them asks nobody.
//!
//! Compute Engine remembers how operations ended, so a half that was refused is known as long as
//! the cloud knows it: it is an answer to the handshake that asked for it and nothing to a later
//! one.

use std::cmp::Reverse;

use peerage_core::cloud::{Link, LinkRequest, LinkStatus};
use peerage_core::peering::CustomerNetwork;

use super::failure::Failure;
use super::seen::{End, Entry, Flags, Kind, SeenNetwork, Work};
use crate::remote::{DriftPolicy, Meaning};
use crate::tags;

/// Our network and the operations on it, the newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scene {
    pub(super) network: SeenNetwork,
    pub(super) works: Vec<Work>,
}

/// How a half has to be, and what is done if it is not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish {
    pub(super) flags: Flags,
    pub(super) drift: DriftPolicy,
}

/// What there is of one peering.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) link: Option<Link>,
    /// The operation that failed in a way that is to be tried again.
    pub(super) trouble: Option<(Work, Failure)>,
}

impl Scene {
    /// What there is of a peering.
    pub(super) fn standing(&self, request: &LinkRequest, wish: Wish) -> Standing {
        let entry = self.entry(request);
        let running =
            |kind: Kind| self.works_of(request).find(|work| work.is_running() && work.kind == kind);
        if let Some(work) = running(Kind::RemovePeering) {
            let handshake = entry.map_or_else(|| handshake(work, request), |(number, _)| number);
            return Standing::of(bare(request, handshake, LinkStatus::Removing));
        }
        if let Some(work) = running(Kind::AddPeering) {
            let number = handshake(work, request);
            if entry.is_none_or(|(other, _)| other == number) {
                return Standing::of(bare(request, number, LinkStatus::Requested));
            }
        }
        let ended = self.works_of(request).find(|work| !work.is_running());
        let trouble = ended.and_then(|work| Some((work.clone(), work.failure()?.clone())));
        match entry {
            Some((number, entry)) => {
                let link = Some(shown(number, entry, wish));
                let adding = |(work, _): &(Work, Failure)| work.kind == Kind::AddPeering;
                Standing { link, trouble: trouble.filter(|trouble| !adding(trouble)) }
            }
            None => absent(request, trouble),
        }
    }

    /// The halves that carry the peering's name, the one that counts first: one that works, then
    /// the handshake's own, then the oldest.
    pub(super) fn entries(&self, request: &LinkRequest) -> Vec<(u32, &Entry)> {
        let own = |entry: &&Entry| entry.name.starts_with(&tags::link_prefix(request.peering));
        let named = self.network.peerings.iter().filter(own);
        let mut entries: Vec<(u32, &Entry)> = named
            .filter_map(|entry| Some((tags::parse_link_name(&entry.name)?.1, entry)))
            .collect();
        entries.sort_by_key(|(number, entry)| {
            (Reverse(entry.active), *number != request.handshake, *number)
        });
        entries
    }

    pub(super) fn entry(&self, request: &LinkRequest) -> Option<(u32, &Entry)> {
        self.entries(request).into_iter().next()
    }

    /// Whether an operation runs on the network's peerings, whoever's.
    pub(super) fn is_busy(&self) -> bool {
        self.works.iter().any(|work| work.is_running() && work.kind.is_peering())
    }

    /// The half of another peering, or of nobody's, that leads to the same network.
    pub(super) fn rival(&self, request: &LinkRequest) -> Option<&Entry> {
        let (peer, prefix) = (peer(&request.customer)?, tags::link_prefix(request.peering));
        let mut entries = self.network.peerings.iter();
        entries.find(|entry| entry.peer == peer && !entry.name.starts_with(&prefix))
    }

    /// Whether the network was read before its last operation for this peering ended: the two say
    /// different things.
    pub(super) fn is_torn(&self, request: &LinkRequest) -> bool {
        let last = self.works_of(request).find(|work| work.kind != Kind::UpdatePeering);
        let Some(Work { kind, end: End::Done, .. }) = last else { return false };
        match self.entry(request) {
            Some(_) => *kind == Kind::RemovePeering,
            None => *kind == Kind::AddPeering,
        }
    }

    /// The operations on its peerings that were asked for on this peering's behalf.
    fn works_of<'a>(&'a self, request: &'a LinkRequest) -> impl Iterator<Item = &'a Work> {
        let owner = request.peering.as_bytes();
        self.works.iter().filter(move |work| {
            work.kind.is_peering() && work.stamp.is_some_and(|stamp| stamp.owner == *owner)
        })
    }
}

impl Standing {
    fn of(link: Link) -> Self {
        Self { link: Some(link), trouble: None }
    }
}

/// Nothing is there, but for what the cloud remembers.
fn absent(request: &LinkRequest, trouble: Option<(Work, Failure)>) -> Standing {
    let Some((work, failure)) = trouble else { return Standing::default() };
    if work.kind != Kind::AddPeering || handshake(&work, request) != request.handshake {
        return Standing::default();
    }
    if failure.meaning != Meaning::Refused {
        return Standing { link: None, trouble: Some((work, failure)) };
    }
    Standing::of(refused(request, failure))
}

/// A half that the cloud refused, in its words.
pub(super) fn refused(request: &LinkRequest, failure: Failure) -> Link {
    let link = bare(request, request.handshake, LinkStatus::Refused);
    Link { message: Some(failure.words), ..link }
}

/// A half that is there.
fn shown(handshake: u32, entry: &Entry, wish: Wish) -> Link {
    let drift = (entry.flags != wish.flags).then(|| wish.drift.drift(difference(entry, wish)));
    let repaired = drift.as_ref().is_some_and(|drift| drift.repair);
    let status = match entry.active {
        true if repaired => LinkStatus::Finishing,
        true => LinkStatus::Active,
        false => LinkStatus::AwaitsCustomer,
    };
    Link {
        handshake,
        connection_id: entry.name.clone(),
        status,
        route: None,
        message: entry.details.clone(),
        drift,
    }
}

fn difference(entry: &Entry, wish: Wish) -> String {
    let Flags { subnets, import, export } = entry.flags;
    let rows = [
        ("exchangeSubnetRoutes", subnets, wish.flags.subnets),
        ("importCustomRoutes", import, wish.flags.import),
        ("exportCustomRoutes", export, wish.flags.export),
    ];
    let differs = rows.into_iter().filter(|(_, is, should)| is != should);
    let words = differs.map(|(name, is, should)| format!("{name} is {is} and should be {should}"));
    format!("{}: {}", entry.name, words.collect::<Vec<_>>().join(", "))
}

/// A connection of which only the operation is to be seen.
pub(super) fn bare(request: &LinkRequest, handshake: u32, status: LinkStatus) -> Link {
    Link {
        handshake,
        connection_id: tags::link_name(request.peering, handshake),
        status,
        route: None,
        message: None,
        drift: None,
    }
}

fn handshake(work: &Work, request: &LinkRequest) -> u32 {
    work.stamp.map_or(request.handshake, |stamp| stamp.handshake(request.handshake))
}

/// How our half names the customer's network; `None` if that is none of GCP.
pub(super) fn peer(customer: &CustomerNetwork) -> Option<String> {
    let CustomerNetwork::Gcp(network) = customer else { return None };
    let fits = |text: &str| {
        !text.is_empty()
            && text.len() <= 128
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.:_".contains(&byte))
    };
    let known = fits(&network.project_id) && fits(&network.network_name);
    let (project, name) = (&network.project_id, &network.network_name);
    known.then(|| format!("projects/{project}/global/networks/{name}"))
}

#[cfg(test)]
mod tests;
