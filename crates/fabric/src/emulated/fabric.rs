//! The emulated clouds behind the fabric port: each call passes the time, meets the faults that
//! wait for it, happens, and is kept before it is answered.

use async_trait::async_trait;
use peerage_core::cloud::{Call, CallError, Link, LinkRequest, Network, NetworkRequest, Sighting};
use peerage_core::id::PeerId;
use peerage_core::peering::CustomerNetwork;
use peerage_core::provider::Provider;
use peerage_core::time::Timestamp;

use super::answer::{in_doubt, retry};
use super::fault::{Blow, Operation, Planted, Struck, Target};
use super::object::{FORMAT, Fate, LinkObject, Names, NetworkObject, NetworkState, Sides, Tag};
use super::turn::Unacted;
use super::world::World;
use super::{Emulated, aws, azure, gcp};
use crate::port::Fabric;

#[async_trait]
impl Fabric for Emulated {
    async fn ensure_network(
        &self,
        request: &NetworkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Network>, CallError> {
        let operation = Operation::EnsureNetwork;
        self.perform(target_network(request, operation), now, |world, planted| {
            // One that is on its way out is shown as it is: it is made anew once it is gone.
            if world.network(request.container).is_none() {
                let names = Names::give(&request.spec, world.ids());
                let due = now.after(world.pace.network).after(planted.delay);
                let (state, due) = (NetworkState::Creating, Some(due.as_millis()));
                let network = NetworkObject { v: FORMAT, names, state, due };
                world.put_network(request.container, network);
                world.pass(now);
            }
            Ok(network_sighting(world, request))
        })
        .await
    }

    async fn observe_network(
        &self,
        request: &NetworkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Network>, CallError> {
        let target = target_network(request, Operation::ObserveNetwork);
        self.perform(target, now, |world, _| Ok(network_sighting(world, request))).await
    }

    async fn remove_network(
        &self,
        request: &NetworkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Network>, CallError> {
        let operation = Operation::RemoveNetwork;
        self.perform(target_network(request, operation), now, |world, planted| {
            let Some(network) = world.network(request.container).cloned() else {
                return Ok(network_sighting(world, request));
            };
            if network.state != NetworkState::Removing {
                refuse_in_use(world, request, &network)?;
                let due = now.after(world.pace.removal).after(planted.delay);
                let (state, due) = (NetworkState::Removing, Some(due.as_millis()));
                world.put_network(request.container, NetworkObject { state, due, ..network });
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
        let target = target_link(request, Operation::EnsureLink);
        self.perform(target, now, |world, planted| {
            match made(world, request).cloned() {
                Some(link) => adopt(world, request, link),
                None => {
                    refuse_no_network(world, request)?;
                    let link = make(world, request, planted, now)?;
                    world.put_link(request.peering, link);
                    world.pass(now);
                }
            }
            Ok(link_sighting(world, request.peering))
        })
        .await
    }

    async fn observe_link(
        &self,
        request: &LinkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Link>, CallError> {
        let target = target_link(request, Operation::ObserveLink);
        self.perform(target, now, |world, _| Ok(link_sighting(world, request.peering))).await
    }

    async fn remove_link(
        &self,
        request: &LinkRequest,
        now: Timestamp,
    ) -> Result<Sighting<Link>, CallError> {
        let target = target_link(request, Operation::RemoveLink);
        self.perform(target, now, |world, planted| {
            if let Some(link) = world.link(request.peering).cloned() {
                let fate = remove(world, link, &planted, now)?;
                world.settle(request.peering, fate);
                world.pass(now);
            }
            Ok(link_sighting(world, request.peering))
        })
        .await
    }
}

impl Emulated {
    /// Performs one call: what faults leave of it, then everything on disk, then the answer.
    async fn perform<T>(
        &self,
        mut target: CallTarget<'_>,
        now: Timestamp,
        mut act: impl FnMut(&mut World, Planted) -> Result<Sighting<T>, CallError> + Send,
    ) -> Result<Sighting<T>, CallError>
    where
        T: Send,
    {
        let (about, ensures) = (target.about, target.ensures);
        let needs = |world: &World| needs(world, about, ensures);
        let performed = self.act(now, needs, |world| {
            target.target.makes = makes(world, ensures);
            let struck = match world.faults().aimed(&target.target) {
                Some(fault) => world.faults_mut().strike(fault),
                None => Struck::With(Planted::default()),
            };
            match struck {
                Struck::Instead(error) => (Err(error), None),
                Struck::Afterwards(error) => (act(world, Planted::default()), Some(error)),
                Struck::With(planted) => (act(world, planted), None),
            }
        });
        match performed.await {
            Ok((_, Some(lost))) => Err(lost),
            Ok((answer, None)) => answer,
            Err(Unacted::Deposed) => Err(retry("NotTheOwner", Unacted::Deposed.to_string())),
            Err(Unacted::Journal(error)) => Err(in_doubt("InternalError", error.to_string())),
        }
    }
}

impl Emulated {
    /// Which of the planted faults strikes a call that another fabric performs; counts it down.
    ///
    /// # Errors
    /// That could not be kept: the call does not happen.
    pub async fn strike(&self, call: &Call) -> Result<Blow, CallError> {
        let target = match call {
            Call::EnsureNetwork(request) => target_network(request, Operation::EnsureNetwork),
            Call::ObserveNetwork(request) => target_network(request, Operation::ObserveNetwork),
            Call::RemoveNetwork(request) => target_network(request, Operation::RemoveNetwork),
            Call::EnsureLink(request) => target_link(request, Operation::EnsureLink),
            Call::ObserveLink(request) => target_link(request, Operation::ObserveLink),
            Call::RemoveLink(request) => target_link(request, Operation::RemoveLink),
        };
        let makes = matches!(call, Call::EnsureLink(_));
        let target = Target { makes, ..target.target };
        let struck = self.act(
            Timestamp::ZERO,
            |_| Vec::new(),
            |world| match world.faults().aimed(&target) {
                Some(fault) => world.faults_mut().strike(fault),
                None => Struck::With(Planted::default()),
            },
        );
        struck.await.map(Blow::from).map_err(|error| retry("InternalError", error.to_string()))
    }
}

/// A call as faults see it.
struct CallTarget<'a> {
    target: Target,
    /// The object that it is about.
    about: Tag,
    /// The request that may make a connection.
    ensures: Option<&'a LinkRequest>,
}

fn makes(world: &World, ensures: Option<&LinkRequest>) -> bool {
    ensures.is_some_and(|request| made(world, request).is_none())
}

/// What a call looks at: its object and, where a connection is to be made, the one that the two
/// networks have.
fn needs(world: &World, about: Tag, ensures: Option<&LinkRequest>) -> Vec<Tag> {
    let twin = match ensures {
        Some(request) if !world.sleeps(about) && makes(world, ensures) => aws::twin(world, request),
        Some(_) | None => None,
    };
    std::iter::once(about).chain(twin.map(Tag::Link)).collect()
}

fn target_network(request: &NetworkRequest, operation: Operation) -> CallTarget<'static> {
    let (provider, group) = (request.spec.provider(), request.group.to_string());
    let target = Target { provider, operation, group, peering: None, makes: false };
    CallTarget { target, about: Tag::Network(request.container), ensures: None }
}

fn target_link(request: &LinkRequest, operation: Operation) -> CallTarget<'_> {
    let (provider, group) = (request.ours.provider(), request.group.to_string());
    let peering = Some(request.peering.to_string());
    let target = Target { provider, operation, group, peering, makes: false };
    let ensures = (operation == Operation::EnsureLink).then_some(request);
    CallTarget { target, about: Tag::Link(request.peering), ensures }
}

/// The connection that carries the tag. The memory of an older handshake counts as nothing.
fn made<'a>(world: &'a World, request: &LinkRequest) -> Option<&'a LinkObject> {
    let link = world.link(request.peering)?;
    (link.handshake == request.handshake || !link.is_memory()).then_some(link)
}

fn make(
    world: &mut World,
    request: &LinkRequest,
    planted: Planted,
    now: Timestamp,
) -> Result<LinkObject, CallError> {
    match &request.customer {
        CustomerNetwork::Aws(network) => aws::make(world, request, network, planted, now),
        CustomerNetwork::Azure(_) => azure::make(world, request, planted, now),
        CustomerNetwork::Gcp(_) => gcp::make(world, request, planted, now),
    }
}

fn remove(
    world: &World,
    link: LinkObject,
    planted: &Planted,
    now: Timestamp,
) -> Result<Fate, CallError> {
    match link.sides.clone() {
        Sides::Aws(connection) => Ok(aws::remove(world, link, connection, planted, now)),
        Sides::Azure(pair) => azure::remove(world, link, pair, planted, now),
        Sides::Gcp(pair) => gcp::remove(world, link, pair, planted, now),
    }
}

/// A connection with our tag is there: its route is made to fit, nothing else is touched.
fn adopt(world: &mut World, request: &LinkRequest, link: LinkObject) {
    if let (CustomerNetwork::Aws(network), Sides::Aws(connection)) =
        (&request.customer, link.sides.clone())
        && link.handshake == request.handshake
        && !connection.is_memory()
        && !network.block.is_network(&connection.block)
    {
        let due = link.due();
        let connection = connection.routed(network.block.net().to_string());
        world.put_link(request.peering, link.with(Sides::Aws(connection), due));
    }
}

fn refuse_no_network(world: &World, request: &LinkRequest) -> Result<(), CallError> {
    if world.is_ready(request.container) {
        return Ok(());
    }
    let container = request.container;
    let code = match request.ours.provider() {
        Provider::Aws => "InvalidVpcID.NotFound",
        Provider::Azure => "ResourceNotFound",
        Provider::Gcp => "RESOURCE_NOT_FOUND",
    };
    Err(retry(code, format!("There is no network of container {container} that is ready.")))
}

/// A network that has peerings stays.
fn refuse_in_use(
    world: &World,
    request: &NetworkRequest,
    network: &NetworkObject,
) -> Result<(), CallError> {
    if world.index.living(request.container).next().is_none() {
        return Ok(());
    }
    Err(match &network.names {
        Names::Aws { vpc } => {
            let words = format!("The vpc '{vpc}' has dependencies and cannot be deleted.");
            retry("DependencyViolation", words)
        }
        Names::Azure { vnet, .. } => {
            retry("DependencyViolation", format!("The virtual network {vnet} has peerings."))
        }
        Names::Gcp { network, .. } => {
            let words = format!("The network resource '{network}' is already being used.");
            retry("RESOURCE_IN_USE_BY_ANOTHER_RESOURCE", words)
        }
    })
}

fn network_sighting(world: &World, request: &NetworkRequest) -> Sighting<Network> {
    match world.network(request.container) {
        None => Sighting { found: None, recheck_at: None },
        Some(network) => {
            let ready = network.state == NetworkState::Ready;
            Sighting {
                found: Some(Network { names: network.names.value(), ready, drift: None }),
                recheck_at: network.due.map(Timestamp::from_millis),
            }
        }
    }
}

fn link_sighting(world: &World, peering: PeerId) -> Sighting<Link> {
    match world.link(peering) {
        None => Sighting { found: None, recheck_at: None },
        Some(link) => Sighting { found: Some(link.value()), recheck_at: link.due() },
    }
}
