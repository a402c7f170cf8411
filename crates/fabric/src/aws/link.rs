//! Our side of a peering: the connection that carries its tags, and the routes of our VPC through
//! it. While it works it is tended: routes, then the DNS option, then a mark that there were
//! routes, so that what is missing later is drift, and what is missing before is work.

mod choice;
mod making;
mod removal;
mod routing;

use peerage_core::cidr::AddressBlock;
use peerage_core::cloud::{CallError, Link, LinkRequest, LinkStatus, Sighting};
use peerage_core::peering::{AwsNetwork, CustomerNetwork};

use self::choice::Choice;
use self::routing::Routing;
use super::ec2::{Dns, PeeringConnection, State};
use super::options::DnsPolicy;
use super::recent::{About, DNS_REFUSED};
use super::visit::{Flaws, Visit, not_now};
use crate::remote::{DriftPolicy, Meaning};
use crate::tags;

pub(super) use self::removal::{clear_routes, remove, take_away};

/// On a connection through which there were routes once: the block that they were for.
const ROUTED: &str = "peerage:routed";

/// On a connection that we gave up ourselves, with its handshake: its end is nobody else's doing.
const RELEASED: &str = "peerage:released";

/// EC2 as the requester of one connection sees it, and what is asked of it.
struct Tended<'a> {
    connection: PeeringConnection,
    /// Others of the same peering that should not be, living or not.
    doubles: Vec<PeeringConnection>,
    customer: &'a AwsNetwork,
}

pub(super) async fn ensure(
    visit: &Visit<'_>,
    request: &LinkRequest,
) -> Result<Sighting<Link>, CallError> {
    let customer = customer(request)?;
    match choice::choose(visit, request).await? {
        Choice::Living { connection, doubles } => {
            removal::remove_doubles(visit, &doubles).await?;
            let tended = Tended { connection, doubles, customer };
            tended.ensure(visit, request).await.map(sighting)
        }
        Choice::Memory(connection) => Ok(sighting(as_it_is(&connection))),
        Choice::Nothing => {
            let made = making::make(visit, request, customer).await?;
            Ok(sighting(as_it_is(&made)))
        }
    }
}

pub(super) async fn observe(
    visit: &Visit<'_>,
    request: &LinkRequest,
) -> Result<Sighting<Link>, CallError> {
    let customer = customer(request)?;
    match choice::choose(visit, request).await? {
        Choice::Living { connection, doubles } => {
            let tended = Tended { connection, doubles, customer };
            tended.observe(visit, request).await.map(sighting)
        }
        Choice::Memory(connection) => Ok(sighting(as_it_is(&connection))),
        Choice::Nothing => Ok(Sighting { found: None, recheck_at: None }),
    }
}

impl Tended<'_> {
    /// Routes first, then names: traffic needs only the first.
    async fn ensure(&self, visit: &Visit<'_>, request: &LinkRequest) -> Result<Link, CallError> {
        if self.connection.state != State::Active {
            return Ok(as_it_is(&self.connection));
        }
        let routing = self.routing(visit).await?;
        if !is_current(&self.connection, request) {
            return Ok(self.left_alone(&routing));
        }
        let mut flaws = Flaws::default();
        let policy = visit.options().remote.drift;
        if self.is_marked() && policy == DriftPolicy::Report {
            routing.tell(policy, &mut flaws);
            self.tell_dns(visit, policy, &mut flaws);
            let route = routing.route();
            return Ok(Link { route, drift: flaws.drift(), ..as_it_is(&self.connection) });
        }
        routing.complete(visit).await?;
        self.ensure_dns(visit, &mut flaws).await?;
        if !self.is_marked() {
            let mark = [(ROUTED, self.block())];
            visit.client.create_tags(&self.connection.id, &mark, visit.now).await?;
        }
        let route = Some(self.block());
        Ok(Link { route, drift: flaws.drift(), ..as_it_is(&self.connection) })
    }

    async fn observe(&self, visit: &Visit<'_>, request: &LinkRequest) -> Result<Link, CallError> {
        if self.connection.state != State::Active {
            return Ok(as_it_is(&self.connection));
        }
        let routing = self.routing(visit).await?;
        if !is_current(&self.connection, request) {
            return Ok(self.left_alone(&routing));
        }
        let policy = visit.options().remote.drift;
        let mut flaws = Flaws::default();
        let stays = |double: &&PeeringConnection| {
            !double.state.is_over() && double.state != State::Deleting
        };
        for double in self.doubles.iter().filter(stays) {
            let words = format!("{} is a double of {}", double.id, self.connection.id);
            flaws.put(DriftPolicy::Repair, words);
        }
        let route = routing.route();
        let is_marked = self.is_marked();
        // Routes for another block are old ones that the owner has changed: the caller compares.
        let is_old = !is_marked && route.as_ref().is_some_and(|route| *route != self.block());
        if !is_old {
            routing.tell(if is_marked { policy } else { DriftPolicy::Repair }, &mut flaws);
        }
        let unfinished = routing.is_unfinished() && !is_old;
        self.tell_dns(visit, policy, &mut flaws);
        let drift = flaws.drift();
        let repair = drift.as_ref().is_some_and(|drift| drift.repair);
        let status = if unfinished && repair { LinkStatus::Finishing } else { LinkStatus::Active };
        Ok(Link { status, route, drift, ..as_it_is(&self.connection) })
    }

    /// One of another handshake: what its routes should be is nobody's question any longer.
    fn left_alone(&self, routing: &Routing) -> Link {
        Link { route: routing.route(), ..as_it_is(&self.connection) }
    }

    async fn routing(&self, visit: &Visit<'_>) -> Result<Routing, CallError> {
        let vpc = &self.connection.requester.vpc;
        let tables = visit.client.describe_route_tables(vpc, visit.now).await?;
        let doubles = self.doubles.iter().map(|double| double.id.clone()).collect();
        Ok(Routing::new(tables, &self.connection, doubles, self.block()))
    }

    /// Whether our routes were there once, for this very block.
    fn is_marked(&self) -> bool {
        self.connection.tags.get(ROUTED).is_some_and(|block| *block == self.block())
    }

    fn block(&self) -> String {
        block_text(&self.customer.block)
    }

    /// Without names the connection works all the same: what EC2 refuses is only told. It refuses
    /// it while the customer's VPC has its own names switched off, which only the customer changes.
    async fn ensure_dns(&self, visit: &Visit<'_>, flaws: &mut Flaws) -> Result<(), CallError> {
        let wants = visit.options().dns == DnsPolicy::On;
        if !wants || self.connection.requester_dns == Some(Dns::On) {
            return Ok(());
        }
        let about = About::Dns(self.connection.id.clone());
        match visit.client.enable_requester_dns(&self.connection.id, visit.now).await {
            Ok(()) => visit.aws.recent.forget(&about),
            Err(error) if is_refusal(&error) => {
                let until = visit.now.after(DNS_REFUSED);
                visit.aws.recent.put(about, error.message.clone(), until);
                flaws.put(DriftPolicy::Report, self.dns_words(&error.message));
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn tell_dns(&self, visit: &Visit<'_>, policy: DriftPolicy, flaws: &mut Flaws) {
        let wants = visit.options().dns == DnsPolicy::On;
        if !wants || self.connection.requester_dns != Some(Dns::Off) {
            return;
        }
        let about = About::Dns(self.connection.id.clone());
        match visit.aws.recent.get(&about, visit.now) {
            Some(refusal) => flaws.put(DriftPolicy::Report, self.dns_words(&refusal)),
            // Where there were no routes yet the option was not asked for either.
            None if !self.is_marked() => flaws.put(DriftPolicy::Repair, self.dns_words("off")),
            None => flaws.put(policy, self.dns_words("off")),
        }
    }

    fn dns_words(&self, why: &str) -> String {
        format!("{} does not resolve the customer's names: {why}", self.connection.id)
    }
}

/// EC2 says no to this one request, rather than to us or to everything.
fn is_refusal(error: &CallError) -> bool {
    let meaning = Meaning::of(super::CODES, &error.code);
    matches!(meaning, Some(Meaning::Refused | Meaning::NotNow))
}

/// What is asked of the other end.
fn customer(request: &LinkRequest) -> Result<&AwsNetwork, CallError> {
    match &request.customer {
        CustomerNetwork::Aws(network) => Ok(network),
        CustomerNetwork::Azure(_) | CustomerNetwork::Gcp(_) => {
            let words = "A VPC peers with VPCs only.".to_owned();
            Err(Meaning::Refused.error("InvalidParameterValue", words, None))
        }
    }
}

/// A block as EC2 writes it.
fn block_text(block: &AddressBlock) -> String {
    block.net().to_string()
}

/// The handshake in the tag of a connection; a tag that says none is of no handshake of ours.
fn handshake(connection: &PeeringConnection) -> u32 {
    connection.tags.get(tags::HANDSHAKE).and_then(|text| text.parse().ok()).unwrap_or(0)
}

fn is_current(connection: &PeeringConnection, request: &LinkRequest) -> bool {
    handshake(connection) == request.handshake
}

/// A connection without its routes.
fn as_it_is(connection: &PeeringConnection) -> Link {
    Link {
        handshake: handshake(connection),
        connection_id: connection.id.clone(),
        status: connection.state.status(),
        route: None,
        message: connection.message.clone(),
        drift: None,
    }
}

fn sighting(link: Link) -> Sighting<Link> {
    Sighting { found: Some(link), recheck_at: None }
}

/// The pair is taken by another peering, or by somebody else's connection.
fn already_exists(connection: &PeeringConnection) -> CallError {
    let words =
        format!("A VPC peering connection between the VPCs already exists: {}", connection.id);
    not_now("VpcPeeringConnectionAlreadyExists", words)
}
