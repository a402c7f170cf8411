//! The customer's hand: what the other party can do with a connection, and what its cloud refuses.

use peerage_core::id::PeerId;
use peerage_core::time::Timestamp;
use serde::Deserialize;

use super::object::{LinkObject, Sides};
use super::world::World;
use super::{aws, azure, gcp};

/// What the customer does by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CustomerMode {
    /// Agrees to everything.
    Accept,
    /// Nothing: whoever tests acts for it.
    Manual,
    /// Says no to everything. GCP has no way to say no: there it never makes its half, and the
    /// peering waits.
    Reject,
    /// Nothing at all: requests expire on AWS and wait elsewhere.
    Ignore,
}

/// What the customer is told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CustomerAct {
    /// Accept the request (AWS), give the role (Azure), make its half (GCP).
    Accept,
    /// Reject the request (AWS), deny the role (Azure). GCP has no such thing and says so.
    Reject,
    /// Take its side of a working connection away.
    Delete,
}

/// The customer's cloud says no.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct CustomerError {
    /// The provider's code.
    pub code: String,
    /// The provider's words.
    pub message: String,
}

impl CustomerError {
    /// The provider's code and words.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into() }
    }
}

/// What an act makes of a connection; changes nothing.
pub(super) fn decide(
    world: &World,
    peering: PeerId,
    act: CustomerAct,
    now: Timestamp,
) -> Result<LinkObject, CustomerError> {
    let Some(link) = world.link(peering).cloned() else {
        let words = format!("The customer's cloud knows of no connection for peering {peering}.");
        return Err(CustomerError::new("NotFound", words));
    };
    match link.sides.clone() {
        Sides::Aws(connection) => aws::act(world, peering, link, connection, act, now),
        Sides::Azure(pair) => azure::act(world, link, pair, act, now),
        Sides::Gcp(pair) => gcp::act(world, peering, link, pair, act, now),
    }
}

pub(super) fn act(
    world: &mut World,
    peering: PeerId,
    act: CustomerAct,
    now: Timestamp,
) -> Result<(), CustomerError> {
    let next = decide(world, peering, act, now)?;
    world.put_link(peering, next);
    world.touch(peering);
    world.pass(now);
    Ok(())
}
