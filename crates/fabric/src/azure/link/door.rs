//! The customer's side: whether it lets us in, and what it has to do if it does not.
//!
//! Nobody accepts on Azure. The customer gives our application a role on its network, as it does
//! for Atlas; until then Azure refuses, in several words, and that is no error of ours.

use peerage_core::cloud::{Drift, Link, LinkStatus};

use super::super::failure::Failure;
use super::super::half::Half;
use super::super::permissions::CUSTOMER_PERMISSIONS;
use super::deal::Deal;

/// What the customer's side shows.
pub(super) enum Door {
    /// We may look; its half is there or not.
    Open(Option<Half>),
    /// We may not.
    Closed(Closed),
}

/// Why the customer's side is closed.
pub(super) enum Closed {
    /// Our application has no role there, or no service principal in that directory.
    NoRole,
    /// The customer said no: it denies us the network, or has disabled our application.
    Denied(String),
    /// What the customer named is not there.
    Misnamed(String),
}

impl Closed {
    /// Whether a failure at the customer's side is one of the customer's; `None`: it is ours or
    /// Azure's, or it passes.
    pub(super) fn of(failure: &Failure) -> Option<Self> {
        let words = || failure.message.clone();
        match failure.code.as_str() {
            "AuthorizationFailed" | "LinkedAuthorizationFailed" => Some(Self::NoRole),
            // The application is not in that directory.
            "AADSTS700016" | "AADSTS7000229" => Some(Self::NoRole),
            "DenyAssignmentAuthorizationFailed" => Some(Self::Denied(words())),
            // The application is disabled in that directory.
            "AADSTS7000112" => Some(Self::Denied(words())),
            // No such directory; the subscription is of another one; no such subscription.
            "AADSTS90002" | "InvalidAuthenticationTokenTenant" | "SubscriptionNotFound" => {
                Some(Self::Misnamed(words()))
            }
            "ResourceGroupNotFound" => Some(Self::Misnamed(words())),
            _ => None,
        }
    }
}

impl Deal<'_> {
    /// Nobody may name our own subscription: our application has a role there that no customer
    /// gave, and would connect one customer's network to another's.
    pub(super) fn forbidden(&self) -> Option<Closed> {
        let Some(theirs) = &self.theirs else { return Some(self.no_such_network()) };
        let own = &self.azure.options.subscription;
        theirs
            .subscription()
            .eq_ignore_ascii_case(own)
            .then(|| Closed::Misnamed(format!("{theirs} is in the service's own subscription.")))
    }

    pub(super) fn no_such_network(&self) -> Closed {
        let customer = self.customer;
        Closed::Misnamed(format!(
            "There is no network `{}` in a resource group `{}` of a subscription `{}`.",
            customer.vnet_name, customer.resource_group, customer.subscription_id
        ))
    }

    /// The connection while the customer's side is closed; `waits`: what is waited for.
    pub(super) fn closed(&self, closed: Closed, waits: &str) -> Link {
        let (status, words) = match closed {
            Closed::NoRole => (LinkStatus::AwaitsCustomer, waits.to_owned()),
            Closed::Denied(words) => (LinkStatus::Rejected, words),
            Closed::Misnamed(words) => (LinkStatus::Refused, words),
        };
        self.link(status, Some(words))
    }

    pub(super) fn refused(&self, words: &str) -> Link {
        self.link(LinkStatus::Refused, Some(words.to_owned()))
    }

    /// Nothing can be made yet.
    pub(super) fn waits_for_role(&self) -> String {
        let network = self.theirs.as_ref().map(ToString::to_string).unwrap_or_default();
        format!(
            "The application {} may not peer with {network} yet. In the directory {} make its \
             service principal (az ad sp create --id {0}) and give it a role on that network with \
             the actions {}.",
            self.azure.options.client_id,
            self.their_tenant(),
            actions(),
        )
    }

    /// Our half is made, and the other is not ours to make.
    pub(super) fn waits_for_half(&self) -> String {
        let name = |network: &Option<_>| {
            network.as_ref().map(|id: &super::super::resource::VnetId| id.to_string())
        };
        let [ours, theirs] = [&self.ours, &self.theirs].map(|id| name(id).unwrap_or_default());
        format!(
            "The half in {theirs} is missing. Give the application {} a role on that network with \
             the actions {}; or, where you may peer with {ours}, make there a peering to it.",
            self.azure.options.client_id,
            actions(),
        )
    }

    /// The customer's half lags behind and is not ours to change.
    pub(super) fn theirs_to_mend(&self, link: Link) -> Link {
        let drift = link.drift.map(|drift| Drift { repair: false, ..drift });
        Link { status: LinkStatus::Active, drift, ..link }
    }
}

fn actions() -> String {
    let actions: Vec<_> = CUSTOMER_PERMISSIONS.iter().map(|permission| permission.action).collect();
    match actions.split_last() {
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}
