//! The service's networks: one of custom mode for each container, with one subnet in each of its
//! regions. Must not know how peerings are made.
//!
//! A network has no tags: its name begins with the container, its description says whose it is.
//! The name of the next one follows from the one before, so that the cloud itself makes none twice.
//! If there are several all the same, the one that is used counts, or the first by name, and the
//! others go. Nothing is waited for inside a call.

use peerage_core::cloud::{Network, NetworkNames, NetworkRequest, Sighting};
use peerage_core::container::ContainerSpec;
use peerage_core::id::ContainerId;
use peerage_core::time::Timestamp;

use super::Gcp;
use super::client::NetworkPlan;
use super::failure::Failure;
use super::regions::cloud_name;
use super::seen::{End, Kind, Label, SeenNetwork, Work};
use super::stamp::{Stamp, suffix};
use crate::remote::Meaning;
use crate::tags;

type Seen = Result<Sighting<Network>, Failure>;

/// What the last operation that was to make or remove a network says.
enum Last {
    /// It runs, on the network of that name.
    Running(String),
    Failed(Work, Failure),
    /// It was done, to the network of that name.
    Done(String),
    Nothing,
}

/// What the cloud remembers of the making of a container's networks.
struct History {
    last: Last,
    /// The network that was made last.
    made: Option<String>,
}

impl Gcp {
    pub(super) async fn observe_net(&self, request: &NetworkRequest) -> Seen {
        let regions = self.regions(request)?;
        if let Some(network) = self.networks_of(request.container).await?.into_iter().next() {
            return Ok(seen(Some(self.shown(&network, &regions))));
        }
        match self.history(request.container).await?.last {
            Last::Running(name) => Ok(seen(Some(self.unready(&name)))),
            Last::Failed(..) | Last::Done(_) | Last::Nothing => Ok(seen(None)),
        }
    }

    pub(super) async fn ensure_net(&self, request: &NetworkRequest, now: Timestamp) -> Seen {
        let _turn = self.queue.turn(request.container).await?;
        let regions = self.regions(request)?;
        let networks = self.networks_of(request.container).await?;
        let Some((network, others)) = networks.split_first() else {
            return self.make(request, now).await;
        };
        for other in others.iter().filter(|other| other.peerings.is_empty()) {
            self.dismantle(other, Some(now)).await?;
        }
        self.complete(request, network, &regions, now).await?;
        Ok(seen(Some(self.shown(network, &regions))))
    }

    pub(super) async fn remove_net(&self, request: &NetworkRequest, now: Timestamp) -> Seen {
        let _turn = self.queue.turn(request.container).await?;
        let networks = self.networks_of(request.container).await?;
        for network in &networks {
            self.dismantle(network, Some(now)).await?;
        }
        if let Some(network) = networks.first() {
            return Ok(seen(Some(self.unready(&network.name))));
        }
        match self.history(request.container).await?.last {
            Last::Running(name) => Ok(seen(Some(self.unready(&name)))),
            Last::Failed(..) | Last::Done(_) | Last::Nothing => Ok(seen(None)),
        }
    }

    /// The networks of a container that this installation made, the one that counts first.
    pub(super) async fn networks_of(
        &self,
        container: ContainerId,
    ) -> Result<Vec<SeenNetwork>, Failure> {
        let mut networks = self.client.networks(&tags::network_prefix(container)).await?;
        let installation = &self.options.remote.installation;
        networks.retain(|network| network.is_of(installation, container));
        networks.sort_by_key(|network| (network.peerings.is_empty(), network.name.clone()));
        Ok(networks)
    }

    /// Takes away a network that nothing is peered with, step by step: its subnets, then itself.
    /// `now`: when it is asked for; without it the request carries no id.
    ///
    /// # Errors
    /// It is in use; then nothing of it was touched.
    pub(super) async fn dismantle(
        &self,
        network: &SeenNetwork,
        now: Option<Timestamp>,
    ) -> Result<(), Failure> {
        if let Some(user) = in_use(network) {
            let words = format!(
                "The network resource '{}' is already being used by '{user}'",
                network.name
            );
            return Err(Failure::new(Meaning::NotNow, "resourceInUseByAnotherResource", words));
        }
        if !network.subnets.is_empty() {
            for (region, name) in &network.subnets {
                self.remove_subnet(region, name).await?;
            }
            return Ok(());
        }
        match last(&self.client.works_on(network).await?, Kind::Delete) {
            Last::Running(_) => return Ok(()),
            Last::Failed(work, failure) if self.memory.tell(&work) => return Err(failure),
            Last::Failed(..) | Last::Done(_) | Last::Nothing => {}
        }
        let owner = tags::parse_network_name(&network.name);
        let id = owner.zip(now).map(|(container, now)| stamp(container).seal("delete", now));
        match self.client.delete_network(&network.name, id).await {
            Ok(work) => match work.failure() {
                Some(failure) if self.memory.tell(&work) => Err(failure.clone()),
                _ => Ok(()),
            },
            Err(failure) if is_passing(&failure) || failure.meaning == Meaning::Missing => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    async fn make(&self, request: &NetworkRequest, now: Timestamp) -> Seen {
        let history = self.history(request.container).await?;
        match history.last {
            Last::Running(name) => return Ok(seen(Some(self.unready(&name)))),
            Last::Failed(work, failure) if self.memory.tell(&work) => return Err(failure),
            // It came to be after the networks were listed, or it is gone.
            Last::Done(name) if self.is_there(&name, request.container).await? => {
                return Ok(seen(Some(self.unready(&name))));
            }
            Last::Failed(..) | Last::Done(_) | Last::Nothing => {}
        }
        let installation = &self.options.remote.installation;
        let owner = request.container.as_bytes();
        let prefix = tags::network_prefix(request.container);
        let name = format!("{prefix}{}", suffix(installation, owner, history.made.as_deref()));
        let label = Label::new(installation, request.group, request.container);
        let plan = NetworkPlan { name: &name, description: &label.written() };
        let id = stamp(request.container).seal("insert", now);
        let work = self.client.insert_network(plan, id).await?;
        match work.failure() {
            None => Ok(seen(Some(self.unready(&name)))),
            Some(failure) => {
                self.memory.tell(&work);
                Err(failure.clone())
            }
        }
    }

    /// Whether a network of ours is there.
    async fn is_there(&self, name: &str, container: ContainerId) -> Result<bool, Failure> {
        let installation = &self.options.remote.installation;
        let found = self.client.network(name).await?;
        Ok(found.is_some_and(|network| network.is_of(installation, container)))
    }

    async fn history(&self, container: ContainerId) -> Result<History, Failure> {
        let mut works = self.client.insertions().await?;
        let prefix = tags::network_prefix(container);
        works.retain(|work| work.target.starts_with(&prefix));
        let made = works.iter().find(|work| work.kind == Kind::Insert && work.end == End::Done);
        let made = made.map(|work| work.target.clone());
        Ok(History { last: last(&works, Kind::Insert), made })
    }

    /// What GCP calls the regions that the network has a subnet in.
    pub(super) fn regions(&self, request: &NetworkRequest) -> Result<Vec<&'static str>, Failure> {
        let ContainerSpec::Gcp { regions, .. } = &request.spec else {
            return Err(Failure::new(Meaning::Refused, "invalid", "The container is not of GCP."));
        };
        let chosen = if regions.is_empty() { &self.options.regions } else { regions };
        let mut names = Vec::with_capacity(chosen.len());
        for region in chosen {
            let name = cloud_name(*region).ok_or_else(|| {
                Failure::new(Meaning::Refused, "invalid", format!("GCP has no region {region}."))
            })?;
            if !names.contains(&name) {
                names.push(name);
            }
        }
        Ok(names)
    }

    /// A network with peerings was ready once: what it lacks, somebody took away.
    fn shown(&self, network: &SeenNetwork, regions: &[&str]) -> Network {
        let mut lacks = missing(network, regions);
        lacks.retain(|region| !self.memory.is_full(region, &network.name));
        let was_ready = !network.peerings.is_empty();
        let drift = (was_ready && !lacks.is_empty()).then(|| {
            let words = format!("{} has no subnet in {}", network.name, lacks.join(", "));
            self.options.remote.drift.drift(words)
        });
        let ready = was_ready || lacks.is_empty();
        Network { ready, drift, ..self.unready(&network.name) }
    }

    fn unready(&self, name: &str) -> Network {
        let (project_id, network_name) = (self.options.project.clone(), name.to_owned());
        let names = NetworkNames::Gcp { project_id, network_name };
        Network { names, ready: false, drift: None }
    }
}

/// The regions in which a network lacks its subnet.
pub(super) fn missing<'a>(network: &SeenNetwork, regions: &[&'a str]) -> Vec<&'a str> {
    regions.iter().copied().filter(|region| !network.has_subnet(region)).collect()
}

/// Whether something passes by itself: the cloud works on the very thing.
pub(super) fn is_passing(failure: &Failure) -> bool {
    matches!(failure.code.as_str(), "resourceNotReady" | "RESOURCE_NOT_READY")
}

pub(super) fn stamp(container: ContainerId) -> Stamp {
    Stamp { owner: *container.as_bytes(), note: 0 }
}

/// What keeps a network from being taken away: a peering, or a subnet that we did not make.
fn in_use(network: &SeenNetwork) -> Option<&str> {
    let peering = network.peerings.first().map(|entry| entry.name.as_str());
    let foreign = || network.subnets.iter().find(|(_, name)| *name != network.name);
    peering.or_else(|| foreign().map(|(_, name)| name.as_str()))
}

fn last(works: &[Work], kind: Kind) -> Last {
    let Some(work) = works.iter().find(|work| work.kind == kind) else { return Last::Nothing };
    match &work.end {
        End::Running => Last::Running(work.target.clone()),
        End::Done => Last::Done(work.target.clone()),
        End::Failed(failure) => Last::Failed(work.clone(), failure.clone()),
    }
}

fn seen(found: Option<Network>) -> Sighting<Network> {
    Sighting { found, recheck_at: None }
}
