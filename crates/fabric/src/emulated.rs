//! AWS, Azure and GCP inside the process: both sides of each peering, with the providers' own
//! states, waits, refusals and expiry.
//!
//! The models are plain data (`world`, `rules`) to which time is an argument; this file puts
//! them behind the fabric port and keeps every change before anybody hears of it. Must not know a
//! clock, a timer or the store.

mod customer;
mod fault;
mod ids;
mod journal;
mod object;
mod pace;
mod rules;
mod world;

use std::sync::{Arc, Mutex as StdMutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use peerage_core::cloud::{
    CallError, Certainty, Link, LinkRequest, Network, NetworkRequest, Remedy, Sighting,
};
use peerage_core::container::ContainerSpec;
use peerage_core::id::PeerId;
use peerage_core::peering::CustomerNetwork;
use peerage_core::provider::Provider;
use peerage_core::time::Timestamp;
use tokio::sync::Mutex;

pub use customer::{CustomerAct, CustomerError, CustomerMode};
pub use fault::{Effect, FAULTS_MAX, Fault, FaultError, Operation};
pub use journal::{Journal, JournalError, Saved};
pub use pace::Pace;

use fault::Struck;
use object::{Cloud, LinkObject, Names, NetworkObject, Status, cloud_of, customer_word};
use world::World;

use crate::port::Fabric;

/// GCP's words when two operations meet.
pub const GCP_BUSY: &str = "There is a peering operation in progress on the local or peer \
     network. Try again later.";

/// Requests that AWS lets one VPC have open.
const AWS_OUTSTANDING_MAX: usize = 25;

/// Connections of one network, by cloud.
const AWS_ACTIVE_MAX: usize = 125;
const AZURE_PEERINGS_MAX: usize = 500;
const GCP_PEERINGS_MAX: usize = 25;

/// How the emulated clouds behave.
#[derive(Clone, Debug)]
pub struct EmulatedOptions {
    /// How long each step takes.
    pub pace: Pace,
    /// What the customer does by itself.
    pub customer: CustomerMode,
    /// Decides the names that are given.
    pub seed: u64,
}

/// The three emulated clouds.
pub struct Emulated {
    world: StdMutex<World>,
    journal: Arc<dyn Journal>,
    /// Up to which change everything is kept; held while something is being kept.
    kept: Mutex<u64>,
}

impl std::fmt::Debug for Emulated {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Emulated")
    }
}

impl Emulated {
    /// Takes the world up where `journal` has it.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub async fn open(
        journal: Arc<dyn Journal>,
        options: EmulatedOptions,
    ) -> Result<Self, JournalError> {
        let objects = journal.load().await?;
        let seed = options.seed.wrapping_add(objects.len() as u64);
        let mut world = World::new(options.pace, options.customer, seed);
        for (name, bytes) in objects {
            if !world.restore(&name, &bytes) {
                return Err(JournalError::new(Unreadable(name)));
            }
        }
        Ok(Self { world: StdMutex::new(world), journal, kept: Mutex::new(0) })
    }

    /// When something will happen by itself.
    #[must_use]
    pub fn next_event(&self) -> Option<Timestamp> {
        self.lock().next_event()
    }

    /// Lets everything happen that is due by `now`, and keeps it.
    ///
    /// # Errors
    /// The changes could not be kept; they are kept with the next ones.
    pub async fn advance(&self, now: Timestamp) -> Result<(), JournalError> {
        self.lock().pass(now);
        self.keep().await
    }

    /// Acts as the other party of a peering.
    ///
    /// # Errors
    /// What the customer's own cloud refuses, or that the change could not be kept.
    pub async fn customer(
        &self,
        peering: PeerId,
        act: CustomerAct,
        now: Timestamp,
    ) -> Result<(), CustomerError> {
        {
            let mut world = self.lock();
            world.pass(now);
            customer::act(&mut world, peering, act, now)?;
        }
        self.keep().await.map_err(|error| CustomerError {
            code: "InternalError".to_owned(),
            message: error.to_string(),
        })
    }

    /// The faults that wait.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        self.lock().faults.list()
    }

    /// Plants a fault; answers its number.
    ///
    /// # Errors
    /// There are too many, or it names no provider.
    pub fn add_fault(&self, fault: Fault) -> Result<u64, FaultError> {
        self.lock().faults.plant(fault)
    }

    /// Takes every fault away.
    pub fn clear_faults(&self) {
        self.lock().faults.clear();
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps everything that changed until now. Whoever comes while something is being kept waits
    /// and then finds its own change kept, or keeps everybody's at once.
    async fn keep(&self) -> Result<(), JournalError> {
        let wanted = self.lock().sequence;
        let mut kept = self.kept.lock().await;
        if *kept >= wanted {
            return Ok(());
        }
        let (changes, upto) = self.lock().take_changes();
        let names: Vec<String> = changes.iter().map(|(name, _)| name.clone()).collect();
        match self.journal.save(changes).await {
            Ok(()) => {
                *kept = upto;
                Ok(())
            }
            Err(error) => {
                self.lock().return_changes(names.into_iter());
                Err(error)
            }
        }
    }

    /// Performs one call: what faults leave of it, then everything on disk, then the answer.
    async fn perform<T>(
        &self,
        provider: Provider,
        operation: Operation,
        peering: Option<PeerId>,
        now: Timestamp,
        act: impl FnOnce(&mut World, Option<String>) -> Result<Sighting<T>, CallError> + Send,
    ) -> Result<Sighting<T>, CallError> {
        let (answer, lost) = {
            let mut world = self.lock();
            world.pass(now);
            let peering = peering.map(|id| id.to_string());
            match world.faults.strike(provider, operation, peering.as_deref()) {
                Struck::Instead(error) => return Err(error),
                Struck::No => (act(&mut world, None), None),
                Struck::Refused(message) => (act(&mut world, Some(message)), None),
                Struck::Afterwards(error) => (act(&mut world, None), Some(error)),
            }
        };
        self.keep().await.map_err(|error| CallError {
            certainty: Certainty::Indefinite,
            remedy: Remedy::Retry { after_ms: None },
            code: "InternalError".to_owned(),
            message: error.to_string(),
        })?;
        match lost {
            Some(error) => Err(error),
            None => answer,
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the emulated object {0} cannot be read")]
struct Unreadable(String);

#[async_trait]
impl Fabric for Emulated {
    async fn ensure_network(
        &self,
        request: &NetworkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Network>, CallError> {
        let provider = request.spec.provider();
        self.perform(provider, Operation::EnsureNetwork, None, now, |world, _| {
            if world.network(request.container).is_none_or(|network| network.removing) {
                let names = names(world, &request.spec);
                let due = Some(now.after(world.pace.network).as_millis());
                let network = NetworkObject { v: 1, names, ready: false, removing: false, due };
                world.put_network(request.container, network);
                world.pass(now);
            }
            Ok(network_sighting(world, request))
        })
        .await
    }

    async fn remove_network(
        &self,
        request: &NetworkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Network>, CallError> {
        let provider = request.spec.provider();
        self.perform(provider, Operation::RemoveNetwork, None, now, |world, _| {
            let Some(network) = world.network(request.container).cloned() else {
                return Ok(network_sighting(world, request));
            };
            let word = request.container.to_string();
            if world.links_of(&word).any(|(_, link)| !link.status.is_over()) {
                return Err(retry("DependencyViolation", "The network has peerings."));
            }
            if !network.removing {
                let due = Some(now.after(world.pace.removal).as_millis());
                let next = NetworkObject { ready: false, removing: true, due, ..network };
                world.put_network(request.container, next);
                world.pass(now);
            }
            Ok(network_sighting(world, request))
        })
        .await
    }

    async fn ensure_link(
        &self,
        request: &LinkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Link>, CallError> {
        let (provider, peering) = (request.ours.provider(), request.peering);
        self.perform(provider, Operation::EnsureLink, Some(peering), now, |world, refusal| {
            match world.link(peering).cloned() {
                // A connection that came to an end in an earlier try is only remembered.
                Some(link) if link.handshake != request.handshake && link.status.is_over() => {
                    make_link(world, request, refusal, now)?;
                }
                Some(link) => adopt(world, request, link),
                None => make_link(world, request, refusal, now)?,
            }
            Ok(link_sighting(world, peering))
        })
        .await
    }

    async fn observe_link(
        &self,
        request: &LinkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Link>, CallError> {
        let (provider, peering) = (request.ours.provider(), request.peering);
        self.perform(provider, Operation::ObserveLink, Some(peering), now, |world, _| {
            Ok(link_sighting(world, peering))
        })
        .await
    }

    async fn remove_link(
        &self,
        request: &LinkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Link>, CallError> {
        let (provider, peering) = (request.ours.provider(), request.peering);
        self.perform(provider, Operation::RemoveLink, Some(peering), now, |world, _| {
            match world.link(peering).cloned() {
                None => {}
                // Nothing is left of it but a memory, which no call takes away.
                Some(link) if link.status.is_over() => world.remove_link(peering),
                Some(link) if link.status == Status::Removing => {}
                Some(link) => {
                    busy(world, &link.container, peering)?;
                    let due = Some(now.after(world.pace.removal).as_millis());
                    let next = LinkObject { status: Status::Removing, route: None, due, ..link };
                    world.put_link(peering, next);
                    world.pass(now);
                }
            }
            Ok(link_sighting(world, peering))
        })
        .await
    }
}

fn names(world: &mut World, spec: &ContainerSpec) -> Names {
    let ids = &mut world.ids;
    match spec {
        ContainerSpec::Aws { .. } => Names::Aws { vpc: format!("vpc-{}", ids.hex(17)) },
        ContainerSpec::Azure { .. } => Names::Azure {
            subscription: ids.hex(24),
            vnet: format!("vnet_{}_{}", ids.hex(24), ids.word(8)),
        },
        ContainerSpec::Gcp { .. } => Names::Gcp {
            project: format!("p-{}", ids.word(24)),
            network: format!("nt-{}-{}", ids.hex(24), ids.word(8)),
        },
    }
}

fn network_sighting(world: &World, request: &NetworkRequest) -> Sighting<Network> {
    match world.network(request.container) {
        None => Sighting { found: None, recheck_at: None },
        Some(network) => Sighting {
            found: Some(Network { names: network.names.value(), ready: network.ready }),
            recheck_at: network.due.map(Timestamp::from_millis),
        },
    }
}

fn link_sighting(world: &World, peering: PeerId) -> Sighting<Link> {
    match world.link(peering) {
        None => Sighting { found: None, recheck_at: None },
        Some(link) => Sighting { found: Some(link.value()), recheck_at: link.due() },
    }
}

/// A connection with our tag is there: its route is made to fit, nothing else is touched.
fn adopt(world: &mut World, request: &LinkRequest, link: LinkObject) {
    let CustomerNetwork::Aws(network) = &request.customer else { return };
    let block = Some(network.block.as_str().to_owned());
    if link.handshake == request.handshake && link.customer_block != block {
        let route = if link.status == Status::Active { block.clone() } else { None };
        let next = LinkObject { customer_block: block, route, ..link };
        world.put_link(request.peering, next);
    }
}

fn make_link(
    world: &mut World,
    request: &LinkRequest,
    refusal: Option<String>,
    now: Timestamp,
) -> Result<(), CallError> {
    let container = request.container.to_string();
    let cloud = cloud_of(&request.ours);
    busy(world, &container, request.peering)?;
    quota(world, cloud, &container)?;
    let step = match cloud {
        Cloud::Aws => world.pace.aws_initiating,
        Cloud::Azure => world.pace.azure_connecting,
        Cloud::Gcp => world.pace.gcp_operation,
    };
    let connection = match cloud {
        Cloud::Aws => format!("pcx-{}", world.ids.hex(17)),
        Cloud::Azure | Cloud::Gcp => format!("peering-{}", request.peering),
    };
    let customer_block = match &request.customer {
        CustomerNetwork::Aws(network) => Some(network.block.as_str().to_owned()),
        CustomerNetwork::Azure(_) | CustomerNetwork::Gcp(_) => None,
    };
    let link = LinkObject {
        v: 1,
        group: request.group.to_string(),
        container,
        handshake: request.handshake,
        provider: cloud,
        connection,
        customer: customer_word(&request.customer),
        our_block: request.our_block().as_str().to_owned(),
        customer_block,
        route: None,
        status: Status::Requested,
        message: refusal,
        agreed: false,
        due: Some(now.after(step).as_millis()),
        expires: None,
    };
    world.put_link(request.peering, link);
    world.pass(now);
    Ok(())
}

/// GCP works on one peering of a network at a time.
fn busy(world: &World, container: &str, peering: PeerId) -> Result<(), CallError> {
    let in_progress = world.links_of(container).any(|(other, link)| {
        other != peering
            && link.provider == Cloud::Gcp
            && matches!(link.status, Status::Requested | Status::Removing)
    });
    if in_progress { Err(retry("OPERATION_IN_PROGRESS", GCP_BUSY)) } else { Ok(()) }
}

fn quota(world: &World, cloud: Cloud, container: &str) -> Result<(), CallError> {
    let living = || world.links_of(container).filter(|(_, link)| !link.status.is_over());
    let waiting = |link: &LinkObject| {
        matches!(link.status, Status::Requested | Status::AwaitsCustomer | Status::Finishing)
    };
    let (full, code, message) = match cloud {
        Cloud::Aws => (
            living().count() >= AWS_ACTIVE_MAX
                || living().filter(|(_, link)| waiting(link)).count() >= AWS_OUTSTANDING_MAX,
            "VpcPeeringConnectionLimitExceeded",
            "The VPC has as many peering connections or open requests as it may.",
        ),
        Cloud::Azure => (
            living().count() >= AZURE_PEERINGS_MAX,
            "PeeringsPerVirtualNetworkLimitExceeded",
            "The virtual network has as many peerings as it may.",
        ),
        Cloud::Gcp => (
            living().count() >= GCP_PEERINGS_MAX,
            "QUOTA_EXCEEDED",
            "Quota 'PEERINGS_PER_NETWORK' exceeded.",
        ),
    };
    if !full {
        return Ok(());
    }
    let (code, message) = (code.to_owned(), message.to_owned());
    Err(CallError { certainty: Certainty::Definite, remedy: Remedy::GiveUp, code, message })
}

fn retry(code: &str, message: &str) -> CallError {
    CallError {
        certainty: Certainty::Definite,
        remedy: Remedy::Retry { after_ms: None },
        code: code.to_owned(),
        message: message.to_owned(),
    }
}
