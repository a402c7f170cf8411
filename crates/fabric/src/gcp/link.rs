//! Our halves of peerings: `networks.addPeering`, `updatePeering` and `removePeering` on our
//! network. Must not know how networks are made.
//!
//! A half is named after its peering and handshake, and a network has one half of a name and one
//! for each other network: the cloud itself makes none twice. Nothing is waited for inside a call.

use peerage_core::cloud::{Link, LinkRequest, LinkStatus, NetworkNames, Sighting};
use peerage_core::time::Timestamp;

use super::Gcp;
use super::client::EntryPlan;
use super::failure::Failure;
use super::seen::{End, Entry, Kind, SeenNetwork, Work};
use super::stamp::{Stamp, note};
use super::standing::{Scene, Standing, bare, peer, refused};
use crate::remote::Meaning;
use crate::rules::gcp::BUSY;
use crate::tags;

type Seen = Result<Sighting<Link>, Failure>;

impl Gcp {
    pub(super) async fn observe_half(&self, request: &LinkRequest) -> Seen {
        let Some(scene) = self.scene(request).await? else { return Ok(seen(None)) };
        Ok(seen(scene.standing(request, self.wish()).link))
    }

    pub(super) async fn ensure_half(&self, request: &LinkRequest, now: Timestamp) -> Seen {
        let _turn = self.queue.turn(request.container).await?;
        let Some(scene) = self.scene(request).await? else {
            let words = format!("The container {} has no network yet.", request.container);
            return Err(Failure::new(Meaning::NotNow, "resourceNotReady", words));
        };
        let standing = self.told(scene.standing(request, self.wish()))?;
        match standing.link {
            Some(link) => self.amend(&scene, request, link, now).await,
            None => self.add(&scene, request, now).await,
        }
    }

    pub(super) async fn remove_half(&self, request: &LinkRequest, now: Timestamp) -> Seen {
        let _turn = self.queue.turn(request.container).await?;
        let Some(scene) = self.scene(request).await? else { return Ok(seen(None)) };
        let standing = scene.standing(request, self.wish());
        let removal = |(work, _): &(Work, Failure)| work.kind == Kind::RemovePeering;
        let trouble = standing.trouble.filter(removal);
        match self.told(Standing { trouble, ..standing })?.link {
            // What was refused is nowhere but in the cloud's memory.
            None | Some(Link { status: LinkStatus::Refused, .. }) => Ok(seen(None)),
            Some(link) if link.status == LinkStatus::Removing => Ok(seen(Some(link))),
            Some(_) if scene.is_busy() => Err(busy()),
            Some(link) => self.take_away(&scene, request, link, now).await,
        }
    }

    /// Our network and what is done to it. Both are read twice if they contradict each other.
    async fn scene(&self, request: &LinkRequest) -> Result<Option<Scene>, Failure> {
        let Some(network) = self.network_of(request).await? else { return Ok(None) };
        let works = self.client.works_on(&network).await?;
        let scene = Scene { network, works };
        if !scene.is_torn(request) {
            return Ok(Some(scene));
        }
        let network = self.client.network(&scene.network.name).await?;
        Ok(network.map(|network| Scene { network, ..scene }))
    }

    async fn network_of(&self, request: &LinkRequest) -> Result<Option<SeenNetwork>, Failure> {
        let Some(NetworkNames::Gcp { network_name, .. }) = &request.names else {
            return Ok(self.networks_of(request.container).await?.into_iter().next());
        };
        let network = self.client.network(network_name).await?;
        let installation = &self.options.remote.installation;
        Ok(network.filter(|network| network.is_of(installation, request.container)))
    }

    /// Fails with what an operation failed with, once.
    fn told(&self, standing: Standing) -> Result<Standing, Failure> {
        match standing.trouble {
            Some((work, failure)) if self.memory.tell(&work) => Err(failure),
            _ => Ok(standing),
        }
    }

    /// How a request's operation stands as it is answered. What it failed with is told by that.
    fn outcome(&self, work: Work) -> Result<End, Failure> {
        if let Some(failure) = work.failure() {
            self.memory.tell(&work);
            return Err(failure.clone());
        }
        Ok(work.end)
    }

    async fn add(&self, scene: &Scene, request: &LinkRequest, now: Timestamp) -> Seen {
        let Some(peer) = peer(&request.customer) else {
            let words = "The customer's network is none of GCP.";
            return Err(Failure::new(Meaning::Refused, "invalid", words));
        };
        if scene.is_busy() {
            return Err(busy());
        }
        if let Some(rival) = scene.rival(request) {
            let words = format!(
                "There is already a peering ({}) with the same network. Select another network.",
                rival.name
            );
            return Err(Failure::new(Meaning::NotNow, "badRequest", words));
        }
        let name = tags::link_name(request.peering, request.handshake);
        let (network, flags) = (scene.network.name.as_str(), self.wish().flags);
        let id = stamp(request).seal("addPeering", now);
        let plan = EntryPlan { network, name: &name, peer: &peer, flags };
        let work = self.client.add_peering(plan, id).await?;
        match self.outcome(work) {
            Ok(End::Running) => {
                Ok(seen(Some(bare(request, request.handshake, LinkStatus::Requested))))
            }
            Ok(_) => self.observe_half(request).await,
            Err(failure) if failure.meaning == Meaning::Refused => {
                Ok(seen(Some(refused(request, failure))))
            }
            Err(failure) => Err(failure),
        }
    }

    /// Puts right what differs, and takes away what is there beside the half that counts.
    async fn amend(
        &self,
        scene: &Scene,
        request: &LinkRequest,
        link: Link,
        now: Timestamp,
    ) -> Seen {
        if scene.is_busy() {
            return Ok(seen(Some(link)));
        }
        let entries = scene.entries(request);
        let Some(((_, counts), others)) = entries.split_first() else {
            return Ok(seen(Some(link)));
        };
        let done = if link.needs_repair() {
            self.update(scene, request, counts, now).await?
        } else if let Some((_, other)) = others.iter().find(|(_, other)| !other.active) {
            self.remove(scene, request, other, now).await?
        } else {
            return Ok(seen(Some(link)));
        };
        match self.outcome(done)? {
            End::Running => Ok(seen(Some(link))),
            End::Done | End::Failed(_) => self.observe_half(request).await,
        }
    }

    async fn update(
        &self,
        scene: &Scene,
        request: &LinkRequest,
        entry: &Entry,
        now: Timestamp,
    ) -> Result<Work, Failure> {
        let (network, flags) = (&scene.network.name, self.wish().flags);
        let id = stamp(request).seal("updatePeering", now);
        self.client.update_peering(network, entry, flags, id).await
    }

    async fn remove(
        &self,
        scene: &Scene,
        request: &LinkRequest,
        entry: &Entry,
        now: Timestamp,
    ) -> Result<Work, Failure> {
        let made_by = tags::parse_link_name(&entry.name).map_or(0, |(_, number)| number);
        let stamp = Stamp { note: note(made_by), ..stamp(request) };
        let id = stamp.seal("removePeering", now);
        self.client.remove_peering(&scene.network.name, &entry.name, Some(id)).await
    }

    async fn take_away(
        &self,
        scene: &Scene,
        request: &LinkRequest,
        link: Link,
        now: Timestamp,
    ) -> Seen {
        let entries = scene.entries(request);
        // The ones that count for less first: what works works until it is its turn.
        let Some((number, entry)) = entries.last() else { return Ok(seen(Some(link))) };
        let going = bare(request, *number, LinkStatus::Removing);
        match self.remove(scene, request, entry, now).await.and_then(|work| self.outcome(work)) {
            Ok(End::Running) => Ok(seen(Some(going))),
            Ok(_) => self.observe_half(request).await,
            // Somebody else took it away in between.
            Err(failure) if failure.meaning == Meaning::Missing => self.observe_half(request).await,
            Err(failure) => Err(failure),
        }
    }
}

fn stamp(request: &LinkRequest) -> Stamp {
    Stamp { owner: *request.peering.as_bytes(), note: note(request.handshake) }
}

fn busy() -> Failure {
    Failure::new(Meaning::NotNow, "badRequest", BUSY)
}

fn seen(found: Option<Link>) -> Sighting<Link> {
    Sighting { found, recheck_at: None }
}
