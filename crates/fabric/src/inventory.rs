//! What carries our tag in a real cloud: for whoever looks for orphans. It must not know what is in
//! the store; who compares the two lists the cloud first, because everything that we make has been
//! written down before.

use std::fmt;

use async_trait::async_trait;
use peerage_core::cloud::CallError;
use peerage_core::id::{ContainerId, GroupId, PeerId};
use peerage_core::provider::Provider;

/// Something in a cloud that carries this installation's tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tagged {
    /// The cloud.
    pub provider: Provider,
    /// What it is and whose.
    pub owner: Owner,
    /// The project in its tag, where the cloud keeps it.
    pub group: Option<GroupId>,
    /// Where it is: an account and region, a subscription, a project of the cloud.
    pub place: String,
    /// The cloud's own id of it.
    pub id: String,
}

/// Whose something is, by its tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A container's network.
    Network(ContainerId),
    /// A peering's connection.
    Link(PeerId),
}

impl fmt::Display for Tagged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { provider, owner, place, id, group: _ } = self;
        match owner {
            Owner::Network(container) => {
                write!(f, "{provider} {place}: network {id} of container {container}")
            }
            Owner::Link(peering) => {
                write!(f, "{provider} {place}: connection {id} of peering {peering}")
            }
        }
    }
}

/// A cloud whose tagged objects can be listed and taken away one by one.
#[async_trait]
pub trait Inventory: Send + Sync + 'static {
    /// Everything that carries this installation's tag, in every configured place; what only is
    /// remembered by the cloud (a deleted connection) is not listed.
    async fn list_tagged(&self) -> Result<Vec<Tagged>, CallError>;

    /// Takes one of them away, with what belongs to it (routes, subnets). `true`: nothing is left
    /// of it; `false`: it is on its way out.
    async fn remove_tagged(&self, tagged: &Tagged) -> Result<bool, CallError>;

    /// Checks that the credentials work: answers who we are there, in words for people, one line
    /// for each configured place.
    async fn whoami(&self) -> Result<Vec<String>, CallError>;
}
