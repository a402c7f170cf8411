//! How a half looks to the reconciler: its state, what of it drifted, and the cloud's words.
//!
//! The sync level says that one of the two halves does not know the other network's addresses as
//! they are. Which one, Azure's own tools take in two senses; the two lists of addresses that our
//! half shows leave no doubt about ours.

use peerage_core::cloud::{Drift, Link, LinkStatus};

use super::super::failure::Failure;
use super::super::half::{Half, PeeringState, ProvisioningState};
use super::deal::Deal;
use super::door::{Closed, Door};
use crate::remote::Meaning;

impl Deal<'_> {
    /// The connection of this handshake, in some status.
    pub(super) fn link(&self, status: LinkStatus, message: Option<String>) -> Link {
        Link {
            handshake: self.request.handshake,
            connection_id: self.name.clone(),
            status,
            route: None,
            message,
            drift: None,
        }
    }

    /// Our half of an older handshake, as it is. Its other network may be another one: nobody
    /// looks there.
    pub(super) fn stale(&self, half: &Half) -> Link {
        let status = match (half.provisioning(), half.state()) {
            (ProvisioningState::Deleting, _) => LinkStatus::Removing,
            (_, PeeringState::Disconnected) => LinkStatus::Severed,
            (_, PeeringState::Connected) => LinkStatus::Active,
            (ProvisioningState::Failed, _) => LinkStatus::Refused,
            (ProvisioningState::Updating, _) => LinkStatus::Requested,
            (ProvisioningState::Succeeded, _) => LinkStatus::AwaitsCustomer,
        };
        let handshake = half.handshake(self.request.peering).unwrap_or_default();
        Link { handshake, connection_id: half.name.clone(), ..self.link(status, None) }
    }

    /// Our half of this handshake, and as much of the other as it takes to say where they stand.
    pub(super) async fn view(&self, half: &Half) -> Result<Link, Failure> {
        match (half.provisioning(), half.state()) {
            (ProvisioningState::Deleting, _) => Ok(self.link(LinkStatus::Removing, None)),
            (_, PeeringState::Disconnected) => Ok(self.link(LinkStatus::Severed, None)),
            (ProvisioningState::Updating, _) => Ok(self.link(LinkStatus::Requested, None)),
            (_, PeeringState::Connected) => self.connected(half).await,
            (ProvisioningState::Failed, _) => Ok(self.failed().await),
            (ProvisioningState::Succeeded, PeeringState::Initiated | PeeringState::Other) => {
                self.initiated().await
            }
        }
    }

    async fn connected(&self, half: &Half) -> Result<Link, Failure> {
        let mut ours = half.wrong_switches(self.azure.options.forwarded_traffic);
        if half.provisioning() == ProvisioningState::Failed {
            ours.push(format!("the last change of {} failed", half.name));
        }
        let mut theirs = None;
        if let Some(level) = half.lag() {
            let words = format!("{} is {level:?}", half.name);
            if half.knows_the_other() { theirs = Some(words) } else { ours.push(words) }
        }
        let is_open = match (&theirs, ours.is_empty()) {
            (Some(_), true) => matches!(self.their_door().await?, Door::Open(Some(_))),
            (Some(_), false) | (None, _) => true,
        };
        let what: Vec<_> = ours.into_iter().chain(theirs).collect();
        let active = self.link(LinkStatus::Active, None);
        if what.is_empty() {
            return Ok(active);
        }
        if !is_open {
            let what = format!("{}: the customer has to sync its half", what.join("; "));
            return Ok(Link { drift: Some(Drift { what, repair: false }), ..active });
        }
        let drift = self.azure.options.remote.drift.drift(what.join("; "));
        let status = if drift.repair { LinkStatus::Finishing } else { LinkStatus::Active };
        Ok(Link { status, drift: Some(drift), ..active })
    }

    /// Our half waits for the other one.
    async fn initiated(&self) -> Result<Link, Failure> {
        match self.their_door().await? {
            Door::Closed(Closed::NoRole) => Ok(self.closed(Closed::NoRole, &self.waits_for_half())),
            Door::Closed(closed) => Ok(self.closed(closed, "")),
            Door::Open(Some(half)) if half.state() == PeeringState::Disconnected => {
                let words = format!("{} of the customer is disconnected.", half.name);
                Ok(self.link(LinkStatus::Severed, Some(words)))
            }
            Door::Open(Some(_)) => Ok(self.link(LinkStatus::Requested, None)),
            // It never was there: whatever is done about drift, this is the making of it.
            Door::Open(None) => {
                let what = format!("{} is not in the customer's network yet", self.name);
                let drift = Some(Drift { what, repair: true });
                Ok(Link { drift, ..self.link(LinkStatus::Requested, None) })
            }
        }
    }

    /// Azure could not make our half. Why, only the operation tells, and only what it tells may be
    /// for good. Else our half is asked for again. It is not connected: whatever is done about
    /// drift, this is the making of it.
    async fn failed(&self) -> Link {
        let azure = self.azure;
        let path = self.ours.as_ref().map(|ours| ours.peering_path(Some(&self.name)));
        let operation = path.and_then(|path| azure.memory.operation(&path));
        let told = match operation {
            None => None,
            Some(operation) => azure.arm.failure_of(&operation, azure.tenant(), self.now).await,
        };
        let what = match told {
            Some(failure) if failure.meaning == Meaning::Refused => {
                return self.refused(&failure.message);
            }
            Some(failure) => failure.message,
            None => "Azure could not make the peering (provisioningState Failed).".to_owned(),
        };
        let drift = Some(Drift { what, repair: true });
        Link { drift, ..self.link(LinkStatus::Requested, None) }
    }
}
