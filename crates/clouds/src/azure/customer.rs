//! The customer: what it does by itself when the service was refused at its network, and what it is
//! told to do. Azure has no request that could be accepted or rejected: the customer gives the
//! service's principal a role on its network, or does not.
//!
//! Source: MongoDB Atlas's recipe for Azure: a custom role of four actions, assignable at the one
//! network, given to the service's principal there.

use peerage_core::id::PeerId;
use peerage_fabric::emulated::{CustomerAct, CustomerError, CustomerMode};
use peerage_fabric::tags::parse_link_name;

use super::access::{self, PEER};
use super::bearer::{Caller, auxiliaries};
use super::call::Call;
use super::object::{
    Assignment, Attempt, CustomerAnswer, Flags, Peering, PeeringState, Permissions, Principal,
    Provisioning, Role,
};
use super::peerings;
use super::place::NetworkId;
use super::world::{World, agrees};
use super::{SERVICE_SUBSCRIPTION, SERVICE_TENANT};

/// The actions of Atlas's role.
pub(super) const ROLE_ACTIONS: [&str; 4] = [
    "Microsoft.Network/virtualNetworks/virtualNetworkPeerings/read",
    "Microsoft.Network/virtualNetworks/virtualNetworkPeerings/write",
    "Microsoft.Network/virtualNetworks/virtualNetworkPeerings/delete",
    PEER,
];

const WRITE: &str = ROLE_ACTIONS[1];

/// Names of peerings that an attempt remembers, and attempts that the world does.
const NAMES_MAX: usize = 32;
const ATTEMPTS_MAX: usize = 10_000;

/// The service was refused at the customer's network, about a peering of that name if it had one.
pub(super) fn note_attempt(call: &mut Call<'_>, network: &NetworkId, name: &str) {
    let tenant = call.world.tenant_of(&network.subscription);
    let (key, is_full) = (network.key(), call.world.attempts.len() >= ATTEMPTS_MAX);
    let before = call.world.attempts.get(&key).cloned();
    if tenant == SERVICE_TENANT || (is_full && before.is_none()) {
        return;
    }
    let Some(client) = service_of(call) else { return };
    let principal = call.world.principal(&tenant, &client);
    let mut attempt = before.clone().unwrap_or_else(|| Attempt {
        network: network.clone(),
        names: Vec::new(),
        principal: principal.clone(),
        answer: CustomerAnswer::Silent,
        due: None,
    });
    attempt.principal = principal;
    if !name.is_empty() && !attempt.names.iter().any(|one| one == name) {
        attempt.names.push(name.to_owned());
        let excess = attempt.names.len().saturating_sub(NAMES_MAX);
        attempt.names.drain(..excess);
    }
    let is_silent = attempt.answer == CustomerAnswer::Silent && attempt.due.is_none();
    if is_silent && agrees(call.options.customer) {
        let due = call.world.now().after(call.options.pace.customer).as_millis();
        attempt.due = Some(due);
        call.world.expect_answer(&key, due);
    }
    if before.as_ref() != Some(&attempt) {
        call.world.attempts.put(key, attempt);
    }
}

/// The service's application, if it calls or its token comes along.
fn service_of(call: &Call<'_>) -> Option<String> {
    let own = match &call.caller {
        Caller::Administrator => None,
        Caller::Application(principal) => Some(principal.clone()),
    };
    let all = own.into_iter().chain(auxiliaries(call));
    let mut services = all.filter(|one| access::is_service(call.world, one));
    services.next().map(|one| one.client)
}

/// The time has come at which the customer answers by itself.
pub(super) fn answer_attempt(world: &mut World, key: &str, mode: CustomerMode) {
    let Some(attempt) = world.attempts.edit(key) else { return };
    attempt.due = None;
    if attempt.answer != CustomerAnswer::Silent || !agrees(mode) {
        return;
    }
    attempt.answer = CustomerAnswer::Granted;
    let (network, principal) = (attempt.network.clone(), attempt.principal.clone());
    if access::giving(world, &principal, PEER, &network.path()).is_empty() {
        grant(world, &network, &principal);
    }
}

/// The customer is told to act on a peering.
pub(super) fn act(
    world: &mut World,
    peering: PeerId,
    act: CustomerAct,
) -> Result<(), CustomerError> {
    let pending = Pending::find(world, peering).ok_or_else(|| {
        let words = format!("The customer's cloud knows of no connection for peering {peering}.");
        CustomerError::new("NotFound", words)
    })?;
    match act {
        CustomerAct::Accept => pending.accept(world),
        CustomerAct::Reject => pending.reject(world),
        CustomerAct::Delete => pending.delete(world),
    }
}

/// What the customer finds about a peering.
struct Pending {
    /// The customer's network.
    network: NetworkId,
    /// The service's principal there, if it ever came.
    principal: Option<Principal>,
    /// The object in the service's network, by its key.
    ours: Option<String>,
    /// The object in the customer's network, by its key.
    theirs: Option<String>,
    name: String,
}

impl Pending {
    fn find(world: &World, peering: PeerId) -> Option<Self> {
        let handshake = |name: &str| {
            parse_link_name(name).filter(|(one, _)| *one == peering).map(|(_, number)| number)
        };
        let objects = world.peerings.iter().filter_map(|(key, one)| {
            let is_ours = one.network.subscription.eq_ignore_ascii_case(SERVICE_SUBSCRIPTION);
            let network = if is_ours { &one.remote } else { &one.network };
            Some((handshake(&one.name)?, u8::from(is_ours), key, one, network))
        });
        let last = objects.max_by_key(|(number, is_ours, ..)| (*number, *is_ours));
        let (network, name, ours) = match last {
            Some((_, is_ours, key, one, network)) => {
                (network.clone(), one.name.clone(), (is_ours == 1).then(|| key.clone()))
            }
            None => {
                let attempts = world.attempts.iter().flat_map(|(_, attempt)| {
                    let names = attempt.names.iter();
                    names.filter_map(move |name| Some((handshake(name)?, attempt, name)))
                });
                let (_, attempt, name) = attempts.max_by_key(|(number, ..)| *number)?;
                (attempt.network.clone(), name.clone(), None)
            }
        };
        let reverse = ours.as_ref().and_then(|key| world.reverse(world.peerings.get(key)?));
        let named = world.peerings.get(&network.child(&name));
        let theirs = reverse.or(named).map(|one| one.network.child(&one.name));
        let attempt = world.attempts.get(&network.key());
        let tenant = world.tenant_of(&network.subscription);
        let known = world.principals.iter().map(|(_, one)| one);
        let mut known = known.filter(|one| one.tenant == tenant && access::is_service(world, one));
        let principal = attempt.map(|one| one.principal.clone()).or_else(|| known.next().cloned());
        Some(Self { network, principal, ours, theirs, name })
    }

    fn accept(self, world: &mut World) -> Result<(), CustomerError> {
        let Some(principal) = &self.principal else {
            let words = "The service has no principal in the customer's directory yet.";
            return Err(CustomerError::new("PrincipalNotFound", words));
        };
        let path = self.network.path();
        if access::giving(world, principal, PEER, &path).is_empty() {
            self.remember(world, CustomerAnswer::Granted);
            grant(world, &self.network, principal);
            return Ok(());
        }
        let may_write = !access::giving(world, principal, WRITE, &path).is_empty();
        match (self.theirs.is_some(), may_write, &self.ours) {
            (false, false, Some(ours)) => make_half(world, ours, &self.name),
            _ => Err(CustomerError::new(
                "RoleAssignmentExists",
                "The role assignment already exists.",
            )),
        }
    }

    fn reject(self, world: &mut World) -> Result<(), CustomerError> {
        let state = self.theirs.as_ref().and_then(|key| world.peerings.get(key));
        if state.is_some_and(|one| one.state == PeeringState::Connected) {
            let words = format!("The peering {} is connected: it can only be deleted.", self.name);
            return Err(CustomerError::new("Conflict", words));
        }
        if let Some(principal) = &self.principal {
            let scope = self.network.path();
            let given = world.assignments.names_of(|one| {
                one.principal == principal.object && one.scope.eq_ignore_ascii_case(&scope)
            });
            for name in given {
                world.assignments.remove(&name);
            }
        }
        self.remember(world, CustomerAnswer::Denied);
        Ok(())
    }

    fn delete(self, world: &mut World) -> Result<(), CustomerError> {
        let Some(theirs) = &self.theirs else {
            let words = format!("The customer's virtual network has no peering {}.", self.name);
            return Err(CustomerError::new("ResourceNotFound", words));
        };
        let network = world.network(&self.network);
        if network.is_some_and(|one| one.operation.is_some()) {
            let words = "Another operation on this or dependent resource is in progress.";
            return Err(CustomerError::new("AnotherOperationInProgress", words));
        }
        peerings::gone(world, theirs);
        Ok(())
    }

    fn remember(&self, world: &mut World, answer: CustomerAnswer) {
        if let Some(attempt) = world.attempts.edit(&self.network.key()) {
            attempt.answer = answer;
        } else if let Some(principal) = self.principal.clone() {
            let (network, names) = (self.network.clone(), vec![self.name.clone()]);
            let attempt = Attempt { network, names, principal, answer, due: None };
            world.attempts.put(self.network.key(), attempt);
        }
    }
}

/// Gives the service's principal Atlas's role on the customer's network.
fn grant(world: &mut World, network: &NetworkId, principal: &Principal) {
    let scope = network.path();
    let (role, assignment) = (world.ids.guid(), world.ids.guid());
    let actions = ROLE_ACTIONS.map(str::to_owned).to_vec();
    let definition = Role {
        name: format!("Peering/{}/{}/{}", network.subscription, network.group, network.name),
        description: "Lets the database service peer with this virtual network.".to_owned(),
        permissions: vec![Permissions { actions, ..Permissions::default() }],
        assignable_scopes: vec![scope.clone()],
    };
    let given = Assignment {
        scope,
        principal: principal.object.clone(),
        principal_type: "ServicePrincipal".to_owned(),
        role: role.clone(),
        created: world.now().as_millis(),
        lag: 0,
    };
    world.roles.put(role, definition);
    world.assignments.put(assignment, given);
}

/// The customer makes its half itself: its role lets the service refer to its network, not more.
fn make_half(world: &mut World, ours: &str, name: &str) -> Result<(), CustomerError> {
    let not_found = || CustomerError::new("NotFound", "The virtual network is not there.");
    let ours = world.peerings.get(ours).ok_or_else(not_found)?.clone();
    let remote = world.network(&ours.network).ok_or_else(not_found)?;
    let (remote_id, remote_prefixes) = (remote.id.clone(), remote.prefixes.clone());
    let network = world.network(&ours.remote).ok_or_else(not_found)?.id.clone();
    if ours.state == PeeringState::Disconnected {
        let words = "The service's side is disconnected: it has to be made anew first.";
        return Err(CustomerError::new("RemotePeeringIsDisconnected", words));
    }
    let half = Peering {
        network: network.clone(),
        name: name.to_owned(),
        guid: world.ids.guid(),
        etag: world.ids.etag(),
        remote: remote_id,
        state: PeeringState::Initiated,
        provisioning: Provisioning::Succeeded,
        flags: Flags::default(),
        remote_prefixes,
    };
    let key = network.child(name);
    world.peerings.put(key.clone(), half);
    peerings::made(world, &key);
    Ok(())
}
