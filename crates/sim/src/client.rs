//! Clients: each does one thing after another in one project, on whichever replica is alive, gives
//! up now and then, and writes down what it asked and saw.

mod ask;

use std::collections::BTreeSet;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use peerage::app::Failure;
use peerage::context::{Caller, Context, Credential};
use peerage_core::authz::{OrgRole, Roles};
use peerage_core::error::Refusal;
use peerage_core::id::{ContainerId, OrgId, PeerId, ServiceAccountId};
use peerage_core::provider::Provider;
use tokio::time::timeout;

use crate::dice::Dice;
use crate::linear::Call;
use crate::model::{Atlas, Change, Customer, Made, Op, Place, Shown};
use crate::replica::Life;
use crate::world::{Tenant, World, wait};

/// How long a client waits for an answer.
const PATIENCE: Duration = Duration::from_secs(60);
/// The longest that a client waits before it gives up early.
const IMPATIENCE: Duration = Duration::from_millis(300);

/// What the clients of a project know and saw.
#[derive(Default)]
pub struct Desk {
    /// Where everything is that they were ever told of.
    pub atlas: Atlas,
    /// Containers that they believe to be there.
    containers: Vec<(ContainerId, Place)>,
    /// Peerings that they know of, gone ones as well, in the order in which they came to know.
    peers: Vec<(PeerId, ContainerId)>,
    /// Customers that they used, to use them again.
    customers: Vec<(ContainerId, Customer)>,
    /// What they did and saw.
    pub history: Vec<Call<Op>>,
    networks: u32,
}

impl Desk {
    fn know_container(&mut self, id: ContainerId, place: Place) {
        self.atlas.places.insert(id, place);
        if !self.containers.contains(&(id, place)) {
            self.containers.push((id, place));
        }
    }

    fn know_peer(&mut self, id: PeerId, container: ContainerId) {
        if self.atlas.homes.insert(id, container).is_none() {
            self.peers.push((id, container));
        }
    }
}

/// An owner of an organization.
#[must_use]
pub fn owner(org: OrgId) -> Context {
    let roles = BTreeSet::from([OrgRole::Owner]);
    let roles = Roles { org: Some((org, roles)), groups: std::collections::BTreeMap::new() };
    let credential = Credential::ServiceAccount { id: ServiceAccountId::from_bytes([1; 12]) };
    let caller = Caller { credential, org, roles };
    Context { caller, remote: [127, 0, 0, 1].into() }
}

/// One client.
pub struct Client {
    world: Arc<World>,
    tenant: usize,
    name: String,
    dice: Dice,
}

/// What a call came to, where it is known.
type Answered<T> = Option<Result<T, Failure>>;

impl Client {
    /// The client of that number in a project.
    #[must_use]
    pub fn new(world: Arc<World>, tenant: usize, number: usize) -> Self {
        let stream = u64::try_from(200 + tenant * 16 + number).unwrap_or(0);
        let dice = Dice::new(world.plan.seed, stream);
        Self { world, tenant, name: format!("c{tenant}.{number}"), dice }
    }

    /// Does everything that it has to do.
    pub async fn run(mut self) {
        for _ in 0..self.world.plan.steps {
            let think = self.dice.span(Duration::ZERO, self.world.plan.think);
            wait(think).await;
            self.step().await;
        }
    }

    async fn step(&mut self) {
        let greedy = self.world.plan.greedy;
        let (containers, peers) = {
            let desk = self.desk();
            (desk.containers.len(), desk.peers.len())
        };
        if containers == 0 || (containers < 3 && self.dice.chance(700)) {
            return self.make_container().await;
        }
        if peers == 0 {
            return self.make_peer().await;
        }
        match self.dice.below(if greedy { 40 } else { 100 }) {
            0..35 => self.make_peer().await,
            35..47 => self.list().await,
            47..60 => self.change_peer().await,
            60..75 => self.remove_peer().await,
            75..87 => self.show().await,
            87..91 => self.remove_container().await,
            91..95 => self.list_containers().await,
            _ => self.intrude().await,
        }
    }

    fn tenant(&self) -> &Tenant {
        &self.world.tenants[self.tenant]
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.tenant().desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody who is alive; waits until there is one.
    async fn server(&mut self) -> Arc<Life> {
        loop {
            if let Some(life) = self.dice.pick(&self.world.alive()) {
                return Arc::clone(life);
            }
            wait(Duration::from_millis(100)).await;
        }
    }

    /// Asks; no answer if the replica dies or patience ends first.
    async fn ask<T>(
        &mut self,
        what: &str,
        ask: impl AsyncFnOnce(Arc<Life>) -> Result<T, Failure>,
    ) -> (u64, Answered<T>) {
        let life = self.server().await;
        let gives_up = self.dice.chance(self.world.plan.rates.gives_up) && self.world.is_rough();
        let patience = if gives_up { self.dice.span(Duration::ZERO, IMPATIENCE) } else { PATIENCE };
        let invoked = self.world.tick();
        let wire = Arc::clone(&life.wire);
        let answer = tokio::select! {
            biased;
            () = wire.died() => None,
            answer = timeout(patience, ask(life)) => answer.ok(),
        };
        let name = &self.name;
        self.world.note(|| {
            let end = match &answer {
                None => "no answer".to_owned(),
                Some(Ok(_)) => "done".to_owned(),
                Some(Err(failure)) => format!("{failure}"),
            };
            format!("{name} asks {wire} for {what}: {end}")
        });
        self.world.count(match &answer {
            None => "requests without an answer",
            Some(Ok(_)) => "requests done",
            Some(Err(Failure::Refused(_))) => "requests refused",
            Some(Err(_)) => "requests that failed",
        });
        if let Some(Err(Failure::Internal(why))) = &answer {
            self.world.accuse(format!("{name} was told of a fault of ours: {why}"));
        }
        (invoked, answer)
    }

    fn saw(&mut self, op: Op, invoked: u64) {
        let returned = Some(self.world.tick());
        self.desk().history.push(Call { op, invoked, returned });
    }

    fn may_have(&mut self, op: Op, invoked: u64) {
        self.desk().history.push(Call { op, invoked, returned: None });
    }

    async fn make_container(&mut self) {
        let provider = *self.dice.pick(&Provider::ALL).unwrap_or(&Provider::Aws);
        let region = u8::try_from(self.dice.below(3)).unwrap_or(0);
        let region = if provider == Provider::Gcp { 0 } else { region };
        let place = Place { provider, region };
        let (owner, group) = (self.tenant().owner.clone(), self.tenant().group);
        let what = format!("a container in {provider} {region}");
        let (invoked, answer) = self
            .ask(&what, async |life| {
                life.app.create_container(&owner, group, ask::container(place)).await
            })
            .await;
        match answer {
            Some(Ok(container)) => {
                self.desk().know_container(container.id, place);
                self.saw(Op::MakeContainer { place, made: Made::Id(container.id) }, invoked);
            }
            Some(Err(Failure::Refused(Refusal::ContainerExists { container, .. }))) => {
                self.saw(Op::MakeContainer { place, made: Made::Taken }, invoked);
                self.desk().know_container(container, place);
            }
            Some(Err(Failure::Refused(refusal))) => self.unexpected(&what, &refusal),
            Some(Err(_)) | None => {
                self.may_have(Op::MakeContainer { place, made: Made::Unknown }, invoked);
            }
        }
    }

    async fn remove_container(&mut self) {
        let known = self.desk().containers.clone();
        let Some((id, _)) = self.dice.pick(&known).copied() else { return };
        let (owner, group) = (self.tenant().owner.clone(), self.tenant().group);
        let what = format!("the end of container {id}");
        let (invoked, answer) =
            self.ask(&what, async |life| life.app.delete_container(&owner, group, id).await).await;
        match answer {
            Some(Ok(())) => {
                self.desk().containers.retain(|(known, _)| *known != id);
                self.saw(Op::RemoveContainer(id), invoked);
            }
            Some(Err(Failure::Refused(_))) => {}
            Some(Err(_)) | None => self.may_have(Op::RemoveContainer(id), invoked),
        }
    }

    /// Looks at all containers of the project.
    pub async fn list_containers(&mut self) {
        let (owner, group) = (self.tenant().owner.clone(), self.tenant().group);
        let (invoked, answer) = self
            .ask("all containers", async |life| life.app.list_containers(&owner, group).await)
            .await;
        let Some(Ok(containers)) = answer else { return };
        if let Some(foreign) = containers.iter().find(|it| it.group != group) {
            self.world.accuse(format!("a list shows {} of project {}", foreign.id, foreign.group));
            return;
        }
        let seen: Vec<(ContainerId, Place)> =
            containers.iter().filter_map(|it| Some((it.id, ask::place(it)?))).collect();
        for (id, place) in &seen {
            self.desk().know_container(*id, *place);
        }
        self.saw(Op::ListContainers(seen), invoked);
    }

    /// A container to be in, and a customer: a new one, or one that was used before.
    fn choose(&mut self) -> Option<(ContainerId, Place, Customer)> {
        let containers = self.desk().containers.clone();
        let (container, place) = *self.dice.pick(&containers)?;
        let before: Vec<Customer> = {
            let desk = self.desk();
            let here = desk.customers.iter().filter(|(home, _)| *home == container);
            here.map(|(_, customer)| *customer).collect()
        };
        if self.dice.chance(2_500)
            && let Some(customer) = self.dice.pick(&before)
        {
            return Some((container, place, *customer));
        }
        let mut desk = self.desk();
        desk.networks += 1;
        let customer = Customer { network: desk.networks, version: 0, route: desk.networks };
        desk.customers.push((container, customer));
        Some((container, place, customer))
    }

    async fn make_peer(&mut self) {
        let Some((container, place, customer)) = self.choose() else { return };
        let (owner, group) = (self.tenant().owner.clone(), self.tenant().group);
        let network = ask::customer(place.provider, customer);
        let what = format!("a peering with network {}", customer.network);
        let (invoked, answer) = self
            .ask(&what, async |life| {
                life.app.create_peering(&owner, group, container, network).await
            })
            .await;
        let op = |made| Op::MakePeer { container, customer, made };
        match answer {
            Some(Ok(peering)) => {
                self.desk().know_peer(peering.id, container);
                self.saw(op(Made::Id(peering.id)), invoked);
            }
            Some(Err(Failure::Refused(Refusal::PeerExists(_)))) => {
                self.saw(op(Made::Taken), invoked);
            }
            Some(Err(Failure::Refused(refusal))) => self.unexpected(&what, &refusal),
            Some(Err(_)) | None => self.may_have(op(Made::Unknown), invoked),
        }
    }

    async fn change_peer(&mut self) {
        let Some((id, container)) = self.known_peer() else { return };
        let place = self.desk().atlas.places.get(&container).copied();
        let Some(place) = place else { return };
        let fresh = {
            let mut desk = self.desk();
            desk.networks += 1;
            desk.networks
        };
        let change = if place.provider == Provider::Aws && self.dice.chance(5_000) {
            Change::Route(fresh)
        } else {
            Change::Version(fresh)
        };
        let (owner, group) = (self.tenant().owner.clone(), self.tenant().group);
        let network = self.network_of(id);
        let Some(network) = network else { return };
        let what = format!("a change of peering {id}");
        let update = ask::update(place.provider, network, change);
        let (invoked, answer) = self
            .ask(&what, async |life| life.app.update_peering(&owner, group, id, &update).await)
            .await;
        match answer {
            Some(Ok(_)) => self.saw(Op::ChangePeer { id, change }, invoked),
            Some(Err(Failure::Refused(Refusal::PeerNotFound { .. }))) => {
                self.saw(Op::Missing(id), invoked);
            }
            Some(Err(Failure::Refused(_))) => {}
            Some(Err(_)) | None => self.may_have(Op::ChangePeer { id, change }, invoked),
        }
    }

    /// Which network of a customer a peering was made with.
    fn network_of(&self, id: PeerId) -> Option<u32> {
        self.desk().history.iter().find_map(|call| match &call.op {
            Op::MakePeer { customer, made: Made::Id(made), .. } if *made == id => {
                Some(customer.network)
            }
            Op::Show(shown) if shown.id == id => Some(shown.customer.network),
            Op::List(_, listed) => {
                listed.iter().find(|it| it.id == id).map(|it| it.customer.network)
            }
            _ => None,
        })
    }

    async fn remove_peer(&mut self) {
        if let Some((id, _)) = self.known_peer() {
            self.remove(id).await;
        }
    }

    /// A peering that some client of the project knows of, gone or not.
    fn known_peer(&mut self) -> Option<(PeerId, ContainerId)> {
        let known = self.desk().peers.clone();
        self.dice.pick(&known).copied()
    }

    /// Asks for the end of a peering.
    pub async fn remove(&mut self, id: PeerId) {
        let (owner, group) = (self.tenant().owner.clone(), self.tenant().group);
        let what = format!("the end of peering {id}");
        let (invoked, answer) =
            self.ask(&what, async |life| life.app.delete_peering(&owner, group, id).await).await;
        match answer {
            Some(Ok(())) => self.saw(Op::RemovePeer(id), invoked),
            Some(Err(Failure::Refused(Refusal::PeerNotFound { .. }))) => {
                self.saw(Op::Missing(id), invoked);
            }
            Some(Err(Failure::Refused(Refusal::PeerDeletionRequested(_)))) => {
                self.saw(Op::AlreadyLeaving(id), invoked);
            }
            Some(Err(Failure::Refused(refusal))) => self.unexpected(&what, &refusal),
            Some(Err(_)) | None => self.may_have(Op::RemovePeer(id), invoked),
        }
    }

    async fn show(&mut self) {
        let Some((id, _)) = self.known_peer() else { return };
        let (owner, group) = (self.tenant().owner.clone(), self.tenant().group);
        let what = format!("peering {id}");
        let (invoked, answer) =
            self.ask(&what, async |life| life.app.get_peering(&owner, group, id).await).await;
        match answer {
            Some(Ok(peering)) => match ask::shown(&peering) {
                Some(shown) => self.saw(Op::Show(shown), invoked),
                None => self.world.accuse(format!("nobody made peering {id} so: {peering:?}")),
            },
            Some(Err(Failure::Refused(Refusal::PeerNotFound { .. }))) => {
                self.saw(Op::Missing(id), invoked);
            }
            Some(Err(Failure::Refused(refusal))) => self.unexpected(&what, &refusal),
            Some(Err(_)) | None => {}
        }
    }

    async fn list(&mut self) {
        let provider = *self.dice.pick(&Provider::ALL).unwrap_or(&Provider::Aws);
        self.list_of(provider).await;
    }

    /// Looks at all peerings of one cloud.
    pub async fn list_of(&mut self, provider: Provider) {
        let (owner, group) = (self.tenant().owner.clone(), self.tenant().group);
        let what = format!("all peerings on {provider}");
        let (invoked, answer) = self
            .ask(&what, async |life| life.app.list_peerings(&owner, group, provider).await)
            .await;
        let Some(Ok(peerings)) = answer else { return };
        if let Some(foreign) = peerings.iter().find(|it| it.group != group) {
            self.world.accuse(format!("a list shows {} of project {}", foreign.id, foreign.group));
            return;
        }
        let seen: Option<Vec<Shown>> = peerings.iter().map(ask::shown).collect();
        let Some(seen) = seen else {
            self.world.accuse(format!("a list shows what nobody made: {peerings:?}"));
            return;
        };
        for shown in &seen {
            self.desk().know_peer(shown.id, shown.container);
        }
        self.saw(Op::List(provider, seen), invoked);
    }

    /// Reaches for what belongs to somebody else: it must look as if it were not there.
    async fn intrude(&mut self) {
        let other = (self.tenant + 1) % self.world.tenants.len();
        if other == self.tenant {
            return;
        }
        let world = Arc::clone(&self.world);
        let (victim, own) = (&world.tenants[other], self.tenant());
        let (owner, own_group) = (own.owner.clone(), own.group);
        let desk = victim.desk.lock().unwrap_or_else(PoisonError::into_inner).peers.clone();
        let Some((id, _)) = self.dice.pick(&desk).copied() else { return };
        let through_own = self.dice.chance(5_000);
        let group = if through_own { own_group } else { victim.group };
        let deletes = self.dice.chance(5_000);
        let (_, answer) = self
            .ask("what is not its own", async |life| {
                if deletes {
                    life.app.delete_peering(&owner, group, id).await
                } else {
                    life.app.get_peering(&owner, group, id).await.map(drop)
                }
            })
            .await;
        match answer {
            Some(Err(Failure::Refused(Refusal::PeerNotFound { .. }))) if through_own => {}
            Some(Err(Failure::Refused(Refusal::GroupNotFound(_)))) if !through_own => {}
            Some(Err(Failure::Unavailable { .. })) | None => {}
            Some(other) => {
                self.world.accuse(format!("{} got at peering {id}: {other:?}", self.name));
            }
        }
    }

    /// A refusal that a client who does nothing wrong meets only for a reason.
    fn unexpected(&self, what: &str, refusal: &Refusal) {
        match refusal {
            Refusal::PeerMaximum { .. } => self.world.count("refused for their number"),
            // Its container went meanwhile; its block is used by a network that was changed.
            Refusal::ContainerNotFound(_) | Refusal::OverlapsPeer { .. } => {}
            other => self.world.accuse(format!("{} was refused {what}: {other:?}", self.name)),
        }
    }
}
