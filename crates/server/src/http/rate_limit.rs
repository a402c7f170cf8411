//! How many requests are served: a bucket for each project, organization or address and each group
//! of operations (GCRA, so that it fills steadily and never all at once).
//!
//! Who proved who they are draws from their own organization's buckets, whatever project the path
//! names: nobody can use up what belongs to somebody else. The others draw from their address's.
//! The number of buckets is bounded: when there are too many, newcomers share coarser ones.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use peerage_core::id::{GroupId, OrgId};

use super::fault::Fault;
use super::operation::Bucket;
use crate::config::Limits;

/// Buckets that are remembered.
const BUCKETS_MAX: usize = 65_536;

/// Requests between two looks for buckets that are full again and can be forgotten.
const SWEEP_EVERY: usize = 4_096;

/// Whose bucket it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Payer {
    /// Somebody who did not prove who they are, at an address; at a network of IPv6.
    Address(IpAddr),
    /// An organization, in one of the projects that it names.
    Group(OrgId, GroupId),
    /// An organization.
    Org(OrgId),
    /// Everybody who did not prove who they are: when there are too many addresses.
    Everybody,
}

/// What is left in a bucket after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Allowance {
    /// The bucket's size.
    pub(super) limit: u32,
    /// Requests that may come at once.
    pub(super) remaining: u32,
}

type Key = (Payer, Bucket);
type Limiter = RateLimiter<Key, HashMapStateStore<Key>, DefaultClock, StateInformationMiddleware>;

/// All buckets.
pub(super) struct RateLimit {
    limiter: Limiter,
    limit: u32,
    drawn: AtomicUsize,
}

impl Payer {
    /// The payer for requests from an address. A network of IPv6 counts as one: its owner has all
    /// the addresses in it.
    pub(super) fn at(address: IpAddr) -> Self {
        Self::Address(network(address))
    }

    fn coarser(self) -> Self {
        match self {
            Self::Group(org, _) | Self::Org(org) => Self::Org(org),
            Self::Address(_) | Self::Everybody => Self::Everybody,
        }
    }
}

/// Whose an address is: one of IPv6 belongs to whoever has its network.
pub(super) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) & !u128::from(u64::MAX)).into()),
        v4 @ IpAddr::V4(_) => v4,
    }
}

impl RateLimit {
    /// Buckets of the configured size and rate.
    pub(super) fn new(limits: &Limits) -> Self {
        let at_least_one = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_minute(at_least_one(limits.requests_per_minute))
            .allow_burst(at_least_one(limits.burst));
        let limiter = RateLimiter::hashmap(quota).with_middleware();
        Self { limiter, limit: quota.burst_size().get(), drawn: AtomicUsize::new(0) }
    }

    /// Takes one request out of a bucket.
    pub(super) fn draw(&self, payer: Payer, bucket: Bucket) -> Result<Allowance, Fault> {
        let limit = self.limit;
        let key = (self.bounded(payer), bucket);
        match self.limiter.check_key(&key) {
            Ok(state) => Ok(Allowance { limit, remaining: state.remaining_burst_capacity() }),
            Err(until) => {
                let retry_after: Duration = until.wait_time_from(DefaultClock::default().now());
                Err(Fault::RateLimited { limit, retry_after })
            }
        }
    }

    /// A full bucket: for answers that take nothing out of one.
    pub(super) fn untouched(&self) -> Allowance {
        Allowance { limit: self.limit, remaining: self.limit }
    }

    fn bounded(&self, payer: Payer) -> Payer {
        if self.drawn.fetch_add(1, Ordering::Relaxed) % SWEEP_EVERY == SWEEP_EVERY - 1 {
            self.limiter.retain_recent();
        }
        if self.limiter.len() < BUCKETS_MAX { payer } else { payer.coarser() }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use super::*;

    fn limits(requests_per_minute: u32, burst: u32) -> RateLimit {
        RateLimit::new(&Limits { requests_per_minute, burst, ..Limits::default() })
    }

    #[test]
    fn a_bucket_is_empty_after_its_size_and_says_when_to_come_back() {
        let rate = limits(60, 2);
        let payer = Payer::Org(OrgId::from_bytes([1; 12]));
        let draw = |bucket| rate.draw(payer, bucket);
        assert_eq!(draw(Bucket::Peering).unwrap(), Allowance { limit: 2, remaining: 1 });
        assert_eq!(draw(Bucket::Peering).unwrap(), Allowance { limit: 2, remaining: 0 });
        let Err(Fault::RateLimited { limit: 2, retry_after }) = draw(Bucket::Peering) else {
            panic!("a third request was served");
        };
        assert!(retry_after <= Duration::from_secs(1) && retry_after > Duration::from_millis(900));
        assert!(draw(Bucket::Project).is_ok());
    }

    #[test]
    fn the_number_of_buckets_is_bounded() {
        let rate = limits(1, 1);
        for number in 0..u32::try_from(BUCKETS_MAX).unwrap() {
            let address = IpAddr::V4(number.into());
            assert!(rate.draw(Payer::at(address), Bucket::Other).is_ok());
        }
        let newcomer = || rate.draw(Payer::at(IpAddr::V4(u32::MAX.into())), Bucket::Other);
        assert!(newcomer().is_ok());
        assert!(newcomer().is_err());
        assert!(rate.limiter.len() <= BUCKETS_MAX + 1);
    }

    #[test]
    fn neighbours_in_one_network_of_ipv6_share_a_bucket() {
        let at = |last| Payer::at(IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, last)));
        assert_eq!(at(1), at(2));
        let mapped = Payer::at("::ffff:192.0.2.1".parse().unwrap());
        assert_eq!(mapped, Payer::at("192.0.2.1".parse().unwrap()));
    }
}
