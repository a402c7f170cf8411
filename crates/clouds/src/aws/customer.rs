//! The customer's hand: what a person does in the accepter's account, without a client of EC2.

use peerage_core::id::PeerId;
use peerage_fabric::emulated::{CustomerAct, CustomerError};
use peerage_fabric::tags::PEERING;

use super::caller::Caller;
use super::connections::Connection;
use super::connections::decide::{self, Act};
use super::listing::CONNECTION;
use super::world::World;

/// Acts as the accepter of the connection whose requester tagged it with that peering: of the one
/// that lives, or of the last one.
pub(super) fn act(
    world: &mut World,
    peering: PeerId,
    act: CustomerAct,
) -> Result<(), CustomerError> {
    let Some((id, connection)) = find(world, &peering.to_string()) else {
        let words = format!("The customer's cloud knows of no connection for peering {peering}.");
        return Err(CustomerError::new("NotFound", words));
    };
    let refused = if connection.has_arrived() {
        let act = match act {
            CustomerAct::Accept => Act::Accept,
            CustomerAct::Reject => Act::Reject,
            CustomerAct::Delete => Act::Delete,
        };
        decide::perform(world, &accepter(&connection), &id, act).err()
    } else {
        Some(CONNECTION.not_found(&id))
    };
    if let Some(refusal) = refused {
        return Err(CustomerError::new(&refusal.code, refusal.message));
    }
    world.touch();
    world.pass(world.now());
    Ok(())
}

fn find(world: &World, peering: &str) -> Option<(String, Connection)> {
    let carries = |id: &str, connection: &Connection| {
        let tags = world.tables.tags.get(&connection.requester.key(id));
        tags.and_then(|tags| tags.get(PEERING)).is_some_and(|value| value == peering)
    };
    let tagged = world.tables.connections.iter().filter(|(id, it)| carries(id, it));
    let rank = |it: &Connection| (!it.state.is_over(), it.made_at());
    let found = tagged.max_by_key(|(_, it)| rank(it));
    found.map(|(id, it)| (id.clone(), it.clone()))
}

fn accepter(connection: &Connection) -> Caller {
    let side = &connection.accepter;
    Caller {
        account: side.account.clone(),
        region: side.region.clone(),
        arn: format!("arn:aws:iam::{}:user/customer", side.account),
        user: format!("AIDAPEER{}", side.account),
        is_service: false,
    }
}
