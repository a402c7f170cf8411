//! Peerings on Azure: what is done about a pair of halves, one in our network and one in the
//! customer's, both of the name that peering and handshake give.
//!
//! Ours is made first: as long as it stands it says which network the other half lies in. The
//! customer's is made right after it, as Atlas does; where its role does not go that far, the
//! customer makes it. Until there is a role at all nothing can be made, and the peering waits.

mod deal;
mod door;
mod removal;
mod view;

use peerage_core::cloud::{CallError, Certainty, Link, LinkRequest, LinkStatus, Sighting};
use peerage_core::time::Timestamp;

use super::Azure;
use super::failure::Failure;
use super::half::{Half, PeeringState, ProvisioningState};
use crate::remote::Meaning;
use crate::rules::azure::REFERENCED;
use deal::Deal;
use door::{Closed, Door};

/// The code of [`REFERENCED`].
const REFERENCED_CODE: &str = "AnotherPeeringAlreadyReferencesRemoteVnet";

/// The linked resource, which is the other network, refuses.
const LINKED_CODE: &str = "LinkedAuthorizationFailed";

/// The other half is one of an earlier pair.
const DISCONNECTED_CODE: &str = "RemotePeeringIsDisconnected";

pub(super) async fn ensure(
    azure: &Azure,
    request: &LinkRequest,
    now: Timestamp,
) -> Result<Sighting<Link>, CallError> {
    azure.memory.asked_for(request.peering);
    let Some(deal) = Deal::open(azure, request, now).await.map_err(Failure::error)? else {
        let words = format!("the container {} has no network yet", request.container);
        return Err(Failure::new("ResourceNotFound", words, Meaning::Missing).error());
    };
    let all = deal.our_halves().await.map_err(Failure::error)?;
    let (chosen, spare) = choose(&all, request);
    for half in spare {
        deal.delete_ours(&half.name).await.map_err(Failure::error)?;
    }
    let link = match chosen {
        None => deal.make(&all).await?,
        Some(half) if half.handshake(request.peering) != Some(request.handshake) => {
            deal.stale(half)
        }
        Some(half) => deal.go_on(half).await?,
    };
    Ok(Sighting { found: Some(link), recheck_at: None })
}

pub(super) async fn observe(
    azure: &Azure,
    request: &LinkRequest,
    now: Timestamp,
) -> Result<Sighting<Link>, CallError> {
    let found = match Deal::open(azure, request, now).await.map_err(Failure::error)? {
        None => None,
        Some(deal) => deal.look().await.map_err(Failure::error)?,
    };
    Ok(Sighting { found, recheck_at: None })
}

pub(super) use removal::{remove, take_away};

/// The half that stands for the peering, and those that nothing uses: one that is connected, else
/// that of the handshake, else the latest.
fn choose<'a>(all: &'a [Half], request: &LinkRequest) -> (Option<&'a Half>, Vec<&'a Half>) {
    let mut ours: Vec<_> = all
        .iter()
        .filter_map(|half| half.handshake(request.peering).map(|handshake| (handshake, half)))
        .collect();
    ours.sort_by_key(|(handshake, half)| {
        let is_connected = half.state() == PeeringState::Connected;
        std::cmp::Reverse((is_connected, *handshake == request.handshake, *handshake))
    });
    let mut ours = ours.into_iter().map(|(_, half)| half);
    let chosen = ours.next();
    let is_unused = |half: &&Half| half.state() != PeeringState::Connected && !half.is_leaving();
    (chosen, ours.filter(is_unused).collect())
}

impl Deal<'_> {
    /// Looks at the connection.
    async fn look(&self) -> Result<Option<Link>, Failure> {
        // While a customer is waited for there is most likely nothing: one request finds that out.
        if !self.azure.memory.waits(self.request.peering)
            && let Some(half) = self.our_half().await?
        {
            return self.view(&half).await.map(Some);
        }
        let all = match self.our_halves().await {
            Err(failure) if failure.is_missing() => Vec::new(),
            all => all?,
        };
        match choose(&all, self.request).0 {
            Some(half) if half.name == self.name => self.view(half).await.map(Some),
            Some(older) => Ok(Some(self.stale(older))),
            None => self.nothing_of_ours().await,
        }
    }

    /// Nothing of ours is there: it is to be made, or cannot be made yet.
    async fn nothing_of_ours(&self) -> Result<Option<Link>, Failure> {
        if self.azure.memory.is_taken_away(self.request.peering) {
            return Ok(None);
        }
        let closed = match self.forbidden() {
            Some(closed) => closed,
            None => match self.their_door().await? {
                Door::Open(_) => return Ok(None),
                Door::Closed(closed) => closed,
            },
        };
        // A role may let us peer without letting us look: then only trying tells.
        let is_role = matches!(closed, Closed::NoRole);
        if is_role && self.azure.memory.may_knock(self.request.peering, self.now) {
            return Ok(None);
        }
        Ok(Some(self.closed(closed, &self.waits_for_role())))
    }

    /// Makes our half, then the customer's. `all`: the peerings of our network.
    async fn make(&self, all: &[Half]) -> Result<Link, CallError> {
        if let Some(closed) = self.forbidden() {
            return Ok(self.closed(closed, ""));
        }
        if all.iter().any(|half| half.remote().is_some() && half.remote() == self.theirs) {
            return Err(Failure::new(REFERENCED_CODE, REFERENCED, Meaning::NotNow).error());
        }
        self.begin().await
    }

    /// Asks Azure for our half, then goes on to the customer's.
    async fn begin(&self) -> Result<Link, CallError> {
        let failure = match self.put_both_ways().await {
            Ok(()) => {
                self.azure.memory.let_in(self.request.peering);
                return self.join().await;
            }
            Err(failure) => failure,
        };
        let closed = match failure.code.as_str() {
            LINKED_CODE => Some(Closed::NoRole),
            DISCONNECTED_CODE => return self.make_room(failure).await,
            code if code.starts_with("AADSTS") => Closed::of(&failure),
            _ => None,
        };
        match closed {
            Some(closed) => {
                self.azure.memory.knocked(self.request.peering, self.now);
                Ok(self.closed(closed, &self.waits_for_role()))
            }
            None if failure.meaning == Meaning::Refused => Ok(self.refused(&failure.message)),
            None => Err(failure.error()),
        }
    }

    /// The customer's half of an earlier pair is in the way: ours to take away if we made it.
    async fn make_room(&self, failure: Failure) -> Result<Link, CallError> {
        let mut made_room = false;
        for half in self.their_halves().await.map_err(Failure::error)? {
            let is_rest = half.tag().is_some() && half.state() == PeeringState::Disconnected;
            if is_rest && half.remote() == self.ours {
                self.delete_theirs(&half.name).await.map_err(Failure::error)?;
                made_room = true;
            }
        }
        if made_room {
            return Err(failure.error());
        }
        self.azure.memory.knocked(self.request.peering, self.now);
        Ok(self.link(LinkStatus::AwaitsCustomer, Some(failure.message)))
    }

    /// Our half stands and is that of the handshake.
    async fn go_on(&self, half: &Half) -> Result<Link, CallError> {
        match (half.provisioning(), half.state()) {
            (ProvisioningState::Deleting, _) | (_, PeeringState::Disconnected) => {}
            (_, PeeringState::Connected) => return self.tend(half).await,
            (ProvisioningState::Failed, _) => return self.begin().await,
            (_, PeeringState::Initiated | PeeringState::Other) => return self.join().await,
        }
        self.view(half).await.map_err(Failure::error)
    }

    /// Makes the customer's half, where we may.
    async fn join(&self) -> Result<Link, CallError> {
        if let Err(failure) = self.put_theirs().await {
            let closed = match failure.code.as_str() {
                // The customer has made its half under a name of its own.
                REFERENCED_CODE => None,
                // Here it is our network that is linked: our own role falls short.
                LINKED_CODE => return Err(half_done(failure)),
                _ => match Closed::of(&failure) {
                    Some(closed) => Some(closed),
                    None if failure.meaning == Meaning::Refused => {
                        return Ok(self.refused(&failure.message));
                    }
                    None => return Err(half_done(failure)),
                },
            };
            if let Some(closed) = closed {
                return self.alone(closed).await;
            }
        }
        self.seen().await
    }

    /// The customer's half is not ours to make: unless the customer has, it waits for that.
    async fn alone(&self, closed: Closed) -> Result<Link, CallError> {
        match self.our_half().await.map_err(half_done)? {
            Some(half) if half.state() != PeeringState::Initiated => {
                self.view(&half).await.map_err(half_done)
            }
            Some(_) | None => Ok(self.closed(closed, &self.waits_for_half())),
        }
    }

    /// What our half looks like after what we did.
    async fn seen(&self) -> Result<Link, CallError> {
        match self.our_half().await.map_err(half_done)? {
            // Nothing is missing once both have been asked for: Azure is still at work.
            Some(half) if half.state() == PeeringState::Initiated => {
                Ok(self.link(LinkStatus::Requested, None))
            }
            Some(half) => self.view(&half).await.map_err(half_done),
            // Azure may take a while to show what it has just taken.
            None => Ok(self.link(LinkStatus::Requested, None)),
        }
    }

    /// Puts right what of a connected pair is not as we make it.
    async fn tend(&self, half: &Half) -> Result<Link, CallError> {
        let link = self.view(half).await.map_err(Failure::error)?;
        if !link.needs_repair() {
            return Ok(link);
        }
        let lags = half.lag().is_some();
        let knows = lags && half.knows_the_other();
        if !knows {
            self.put_ours(lags).await.map_err(Failure::error)?;
        }
        if lags && let Err(failure) = self.sync_theirs().await {
            match Closed::of(&failure) {
                Some(_) => return Ok(self.theirs_to_mend(link)),
                // Our own half changed just now and keeps the pair busy.
                None if failure.meaning == Meaning::NotNow && !knows => {}
                None => return Err(half_done(failure)),
            }
        }
        match self.our_half().await.map_err(half_done)? {
            Some(half) => self.view(&half).await.map_err(half_done),
            None => Ok(link),
        }
    }
}

/// The error of a call that has done a part of its work.
fn half_done(failure: Failure) -> CallError {
    CallError { certainty: Certainty::Indefinite, ..failure.error() }
}

#[cfg(test)]
mod tests {
    use peerage_core::cidr::AddressBlock;
    use peerage_core::container::ContainerSpec;
    use peerage_core::id::{ContainerId, GroupId, PeerId};
    use peerage_core::peering::{AzureNetwork, CustomerNetwork};
    use peerage_core::region::AzureRegion;
    use serde_json::json;

    use super::*;
    use crate::tags;

    fn request(handshake: u32) -> LinkRequest {
        let region = AzureRegion::parse("US_EAST_2").unwrap();
        let block = AddressBlock::parse("10.8.0.0/21").unwrap();
        LinkRequest {
            group: GroupId::from_bytes([1; 12]),
            peering: PeerId::from_bytes([2; 12]),
            container: ContainerId::from_bytes([3; 12]),
            handshake,
            ours: ContainerSpec::Azure { region, block },
            names: None,
            customer: CustomerNetwork::Azure(AzureNetwork {
                directory_id: "33333333-3333-3333-3333-333333333333".into(),
                subscription_id: "00000000-0000-0000-0000-000000000002".into(),
                resource_group: "group".into(),
                vnet_name: "vnet".into(),
            }),
        }
    }

    fn half(peering: u8, handshake: u32, state: &str) -> Half {
        let name = tags::link_name(PeerId::from_bytes([peering; 12]), handshake);
        let properties = json!({ "peeringState": state, "provisioningState": "Succeeded" });
        Half::read(json!({ "name": name, "properties": properties })).unwrap()
    }

    #[test]
    fn of_several_halves_the_one_in_use_is_chosen_and_only_unused_ones_are_spare() {
        let check = |halves: &[(u8, u32, &str)], chosen: Option<u32>, spare: &[u32]| {
            let all: Vec<_> = halves.iter().map(|(p, h, state)| half(*p, *h, state)).collect();
            let (one, rest) = choose(&all, &request(2));
            let peering = PeerId::from_bytes([2; 12]);
            assert_eq!(one.and_then(|half| half.handshake(peering)), chosen, "{halves:?}");
            let rest: Vec<_> = rest.iter().filter_map(|half| half.handshake(peering)).collect();
            assert_eq!(rest, spare, "{halves:?}");
        };
        check(&[], None, &[]);
        check(&[(9, 2, "Connected")], None, &[]);
        check(&[(2, 1, "Initiated")], Some(1), &[]);
        check(&[(2, 1, "Initiated"), (2, 2, "Initiated")], Some(2), &[1]);
        check(&[(2, 1, "Connected"), (2, 2, "Initiated")], Some(1), &[2]);
        check(&[(2, 1, "Connected"), (2, 2, "Connected")], Some(2), &[]);
        check(&[(2, 1, "Disconnected"), (2, 3, "Initiated")], Some(3), &[1]);
    }
}
