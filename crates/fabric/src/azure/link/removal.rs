//! The end of a peering: the customer's half where it lets us, then ours, whichever handshake made
//! them.
//!
//! A half in a network that the customer has not named any more is known from ours alone: ours
//! stays until that one is gone. What the customer does not let us take is left to it; Azure shows
//! it as disconnected there.

use peerage_core::cloud::{CallError, Link, LinkRequest, LinkStatus, Sighting};
use peerage_core::time::Timestamp;

use super::super::Azure;
use super::super::failure::Failure;
use super::super::half::Half;
use super::super::resource::VnetId;
use super::deal::Deal;
use crate::remote::Meaning;

/// What is left of a half after it was asked to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Left {
    Nothing,
    /// It is on its way out.
    Going,
}

pub(in super::super) async fn remove(
    azure: &Azure,
    request: &LinkRequest,
    now: Timestamp,
) -> Result<Sighting<Link>, CallError> {
    let deal = Deal::about(azure, request, now).await.map_err(Failure::error)?;
    let left = deal.clear().await.map_err(Failure::error)?;
    if left.is_none() {
        azure.memory.taken_away(request.peering);
    }
    let found = left.map(|half| Link { status: LinkStatus::Removing, ..deal.stale(&half) });
    Ok(Sighting { found, recheck_at: None })
}

/// Takes one half of ours away, and the customer's where it lets us; `true`: nothing is left.
pub(in super::super) async fn take_away(
    azure: &Azure,
    ours: &VnetId,
    half: &Half,
    now: Timestamp,
) -> Result<bool, Failure> {
    if let Some(theirs) = half.remote()
        && azure.take_theirs(&theirs, &half.name, None, now).await? == Left::Going
    {
        return Ok(false);
    }
    let left = azure.take(ours, &half.name, azure.tenant(), now).await?;
    Ok(left == Left::Nothing)
}

impl Deal<'_> {
    /// Takes everything of the peering away; answers a half that is left.
    async fn clear(&self) -> Result<Option<Half>, Failure> {
        let mut left = None;
        for half in self.mine().await? {
            let known = (half.remote() == self.theirs).then(|| self.their_tenant());
            let theirs = match half.remote() {
                Some(theirs) => {
                    self.azure.take_theirs(&theirs, &half.name, known, self.now).await?
                }
                None => Left::Nothing,
            };
            if theirs == Left::Going && known.is_none() {
                left = left.or(Some(half));
                continue;
            }
            if half.is_leaving() {
                left = left.or(Some(half));
                continue;
            }
            let Some(ours) = &self.ours else { continue };
            let tenant = self.azure.tenant();
            if self.azure.take(ours, &half.name, tenant, self.now).await? == Left::Going {
                left = left.or(Some(half));
            }
        }
        match left {
            Some(half) => Ok(Some(half)),
            None => self.clear_theirs().await,
        }
    }

    /// Nothing is left of ours: takes away what is left in the customer's network.
    async fn clear_theirs(&self) -> Result<Option<Half>, Failure> {
        if self.forbidden().is_some() {
            return Ok(None);
        }
        let mut left = None;
        let Some(theirs) = &self.theirs else { return Ok(None) };
        for half in self.their_halves().await? {
            if half.handshake(self.request.peering).is_none() {
                continue;
            }
            let tenant = Some(self.their_tenant());
            let going = half.is_leaving()
                || self.azure.take_theirs(theirs, &half.name, tenant, self.now).await?
                    == Left::Going;
            if going {
                left = left.or(Some(half));
            }
        }
        Ok(left)
    }

    /// Our halves of the peering, of whatever handshake, this one's first.
    async fn mine(&self) -> Result<Vec<Half>, Failure> {
        let all = match self.our_halves().await {
            Err(failure) if failure.is_missing() => Vec::new(),
            all => all?,
        };
        let peering = self.request.peering;
        let mut mine: Vec<_> =
            all.into_iter().filter(|half| half.handshake(peering).is_some()).collect();
        mine.sort_by_key(|half| half.name != self.name);
        Ok(mine)
    }
}

impl Azure {
    /// Takes the customer's half away. Its directory is asked for where it is not known.
    async fn take_theirs(
        &self,
        theirs: &VnetId,
        name: &str,
        tenant: Option<&str>,
        now: Timestamp,
    ) -> Result<Left, Failure> {
        if theirs.subscription().eq_ignore_ascii_case(&self.options.subscription) {
            return Ok(Left::Nothing);
        }
        let tenant = match tenant {
            Some(tenant) => Some(tenant.to_owned()),
            None => self.arm.tenant_of(theirs.subscription(), self.tenant(), now).await?,
        };
        let taken = match tenant {
            Some(tenant) => match self.half(theirs, name, &tenant, now).await {
                Ok(half) if half.is_leaving() => Ok(Left::Going),
                Err(failure) if failure.is_missing() => Ok(Left::Nothing),
                Err(failure) if failure.passes() => Err(failure),
                // Who may not look may still be let to take it away.
                Ok(_) | Err(_) => self.take(theirs, name, &tenant, now).await,
            },
            None => Ok(Left::Nothing),
        };
        match taken {
            Err(failure) if failure.passes() => Err(failure),
            Err(failure) => {
                tracing::debug!(
                    peering = name,
                    network = %theirs,
                    code = failure.code,
                    "azure.half.left_to_customer"
                );
                Ok(Left::Nothing)
            }
            taken => taken,
        }
    }

    /// Takes a half away, and looks whether it is gone.
    async fn take(
        &self,
        network: &VnetId,
        name: &str,
        tenant: &str,
        now: Timestamp,
    ) -> Result<Left, Failure> {
        self.delete_half(network, name, tenant, now).await?;
        match self.half(network, name, tenant, now).await {
            Err(failure) if failure.is_missing() => Ok(Left::Nothing),
            // It was told to go. How far it is, is not known: it may be gone already.
            Err(failure) if failure.passes() => {
                Err(Failure { meaning: Meaning::InDoubt, ..failure })
            }
            // Who may not look is not told.
            Err(_) | Ok(_) => Ok(Left::Going),
        }
    }
}
