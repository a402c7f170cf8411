//! Slows down whoever keeps failing to log in.
//!
//! Owns the penalties by source address and by key; must not know a clock: time is an argument.
//! Penalties double with each failure beyond a free allowance and are forgotten one failure at a
//! time. The longest penalty of a key is short, because anybody can fail in the name of a key
//! that is not theirs, and its owner must not be locked out by that. Memory is bounded by two
//! generations: when the younger is full the older is dropped, so only the least recently
//! punished are forgotten.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// How failures turn into waiting.
#[derive(Clone, Copy, Debug)]
pub struct Penalty {
    /// Failures that cost nothing.
    pub free_failures: u32,
    /// What the first failure beyond these costs.
    pub first_ms: u64,
    /// What no failure costs more than.
    pub longest_ms: u64,
    /// How long it takes until one failure is forgotten.
    pub forget_ms: u64,
}

/// The limits of a throttle.
#[derive(Clone, Copy, Debug)]
pub struct ThrottlePolicy {
    /// For failures from one address (IPv6: from one /64).
    pub address: Penalty,
    /// For failures in the name of one key.
    pub key: Penalty,
    /// How many addresses and keys are remembered at most.
    pub records_max: usize,
}

impl Default for ThrottlePolicy {
    fn default() -> Self {
        let address =
            Penalty { free_failures: 10, first_ms: 1_000, longest_ms: 300_000, forget_ms: 30_000 };
        let key =
            Penalty { free_failures: 20, first_ms: 500, longest_ms: 5_000, forget_ms: 10_000 };
        Self { address, key, records_max: 16_384 }
    }
}

/// One try to log in.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// Where it comes from.
    pub address: IpAddr,
    /// In whose name: a public key or client id, when it was readable.
    pub key_id: Option<&'a str>,
}

/// Remembers who failed. One for the whole server, shared between requests.
#[derive(Debug)]
pub struct Throttle {
    policy: ThrottlePolicy,
    memory: Mutex<Memory>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Subject {
    Address(IpAddr),
    Key(Box<str>),
}

#[derive(Clone, Copy, Debug)]
struct Record {
    failures: u32,
    last_ms: u64,
}

#[derive(Debug, Default)]
struct Memory {
    young: HashMap<Subject, Record>,
    old: HashMap<Subject, Record>,
}

impl Throttle {
    /// A throttle that remembers nobody.
    pub fn new(policy: ThrottlePolicy) -> Self {
        Self { policy, memory: Mutex::default() }
    }

    /// How long the attempt must wait; nothing when it may be made at once. Ask before verifying.
    pub fn retry_after(&self, attempt: Attempt<'_>, now_ms: u64) -> Option<Duration> {
        let memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let waits = subjects(attempt).filter_map(|subject| {
            memory.find(&subject).map(|record| self.penalty(&subject).wait_ms(record, now_ms))
        });
        waits.max().filter(|&wait_ms| wait_ms > 0).map(Duration::from_millis)
    }

    /// Counts a failed attempt.
    pub fn failed(&self, attempt: Attempt<'_>, now_ms: u64) {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        for subject in subjects(attempt) {
            let earlier = memory.find(&subject);
            let failures = earlier.map_or(0, |record| self.penalty(&subject).left(record, now_ms));
            let record = Record { failures: failures.saturating_add(1), last_ms: now_ms };
            memory.store(subject, record, self.policy.records_max);
        }
    }

    /// Forgives: the key wholly, the address one failure, since others may share it.
    pub fn succeeded(&self, attempt: Attempt<'_>, now_ms: u64) {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        for subject in subjects(attempt) {
            let Some(record) = memory.find(&subject) else {
                continue;
            };
            let failures = match subject {
                Subject::Key(_) => 0,
                Subject::Address(_) => {
                    self.penalty(&subject).left(record, now_ms).saturating_sub(1)
                }
            };
            match failures {
                0 => memory.forget(&subject),
                _ => memory.update(&subject, Record { failures, last_ms: now_ms }),
            }
        }
    }

    fn penalty(&self, subject: &Subject) -> Penalty {
        match subject {
            Subject::Address(_) => self.policy.address,
            Subject::Key(_) => self.policy.key,
        }
    }
}

impl Penalty {
    /// How much longer the record's last failure costs.
    fn wait_ms(self, record: Record, now_ms: u64) -> u64 {
        let Some(beyond) = record.failures.checked_sub(self.free_failures + 1) else {
            return 0;
        };
        let factor = 1_u64.checked_shl(beyond).unwrap_or(u64::MAX);
        let cost_ms = self.first_ms.saturating_mul(factor).min(self.longest_ms);
        cost_ms.saturating_sub(now_ms.saturating_sub(record.last_ms))
    }

    /// The failures that are not forgotten yet.
    fn left(self, record: Record, now_ms: u64) -> u32 {
        let forgotten = now_ms.saturating_sub(record.last_ms) / self.forget_ms.max(1);
        record.failures.saturating_sub(u32::try_from(forgotten).unwrap_or(u32::MAX))
    }
}

impl Memory {
    fn find(&self, subject: &Subject) -> Option<Record> {
        self.young.get(subject).or_else(|| self.old.get(subject)).copied()
    }

    fn store(&mut self, subject: Subject, record: Record, records_max: usize) {
        self.old.remove(&subject);
        if !self.young.contains_key(&subject) && self.young.len() >= (records_max / 2).max(1) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(subject, record);
    }

    fn update(&mut self, subject: &Subject, record: Record) {
        let place = self.young.get_mut(subject).or_else(|| self.old.get_mut(subject));
        if let Some(place) = place {
            *place = record;
        }
    }

    fn forget(&mut self, subject: &Subject) {
        self.young.remove(subject);
        self.old.remove(subject);
    }
}

fn subjects(attempt: Attempt<'_>) -> impl Iterator<Item = Subject> {
    let key = attempt.key_id.map(|key_id| Subject::Key(key_id.into()));
    std::iter::once(Subject::Address(to_source(attempt.address))).chain(key)
}

/// One customer holds a whole /64 of IPv6, so that is what counts as one source.
fn to_source(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn throttle(records_max: usize) -> Throttle {
        let penalty =
            Penalty { free_failures: 2, first_ms: 1_000, longest_ms: 8_000, forget_ms: 10_000 };
        Throttle::new(ThrottlePolicy { address: penalty, key: penalty, records_max })
    }

    fn from(address: &str) -> Attempt<'static> {
        Attempt { address: address.parse().unwrap(), key_id: None }
    }

    fn fail(throttle: &Throttle, attempt: Attempt<'_>, times: u32) {
        (0..times).for_each(|_| throttle.failed(attempt, 0));
    }

    fn wait_ms(throttle: &Throttle, attempt: Attempt<'_>, now_ms: u64) -> u128 {
        throttle.retry_after(attempt, now_ms).map_or(0, |wait| wait.as_millis())
    }

    #[test]
    fn the_penalty_doubles_up_to_its_bound() {
        let (throttle, attempt) = (throttle(64), from("192.0.2.1"));
        for expected in [0, 0, 1_000, 2_000, 4_000, 8_000, 8_000] {
            throttle.failed(attempt, 0);
            assert_eq!(wait_ms(&throttle, attempt, 0), expected);
        }
        fail(&throttle, attempt, 200);
        assert_eq!(wait_ms(&throttle, attempt, 0), 8_000);
    }

    #[test]
    fn waiting_helps_and_failures_are_forgotten_one_by_one() {
        let (throttle, attempt) = (throttle(64), from("192.0.2.1"));
        fail(&throttle, attempt, 4);
        assert_eq!(wait_ms(&throttle, attempt, 1_500), 500);
        assert_eq!(throttle.retry_after(attempt, 2_000), None);
        throttle.failed(attempt, 10_000);
        assert_eq!(wait_ms(&throttle, attempt, 10_000), 2_000, "four, less one, plus one");
        throttle.failed(attempt, 1_000_000);
        assert_eq!(throttle.retry_after(attempt, 1_000_000), None);
    }

    #[test]
    fn a_clock_that_goes_back_never_lengthens_the_penalty() {
        let (throttle, attempt) = (throttle(64), from("192.0.2.1"));
        (0..3).for_each(|_| throttle.failed(attempt, 50_000));
        assert_eq!(wait_ms(&throttle, attempt, 0), 1_000);
    }

    #[test]
    fn sources_are_counted_apart_and_a_slash_64_is_one_source() {
        let throttle = throttle(64);
        fail(&throttle, from("2001:db8::1"), 3);
        assert!(throttle.retry_after(from("2001:db8::ffff:2"), 0).is_some());
        assert!(throttle.retry_after(from("2001:db8:0:1::1"), 0).is_none());
        fail(&throttle, from("192.0.2.1"), 3);
        assert!(throttle.retry_after(from("::ffff:192.0.2.1"), 0).is_some());
        assert!(throttle.retry_after(from("192.0.2.2"), 0).is_none());
    }

    #[test]
    fn a_key_is_slowed_wherever_the_failures_come_from_and_forgiven_at_once() {
        let throttle = throttle(64);
        let attempts = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"]
            .map(|address| Attempt { key_id: Some("abcdefgh"), ..from(address) });
        attempts[..3].iter().for_each(|&attempt| throttle.failed(attempt, 0));
        assert_eq!(wait_ms(&throttle, attempts[3], 0), 1_000);
        throttle.succeeded(attempts[3], 1_000);
        assert_eq!(throttle.retry_after(attempts[3], 0), None);
    }

    #[test]
    fn a_success_forgives_its_address_one_failure() {
        let (throttle, attempt) = (throttle(64), from("192.0.2.1"));
        fail(&throttle, attempt, 5);
        throttle.succeeded(attempt, 0);
        assert_eq!(wait_ms(&throttle, attempt, 0), 2_000);
        (0..10).for_each(|_| throttle.succeeded(attempt, 0));
        assert_eq!(throttle.retry_after(attempt, 0), None);
    }

    #[test]
    fn memory_is_bounded_and_who_keeps_failing_is_kept() {
        let (throttle, worst) = (throttle(64), from("192.0.2.1"));
        fail(&throttle, worst, 3);
        for n in 0..10_000_u32 {
            throttle.failed(Attempt { address: IpAddr::from(n.to_be_bytes()), key_id: None }, 0);
            if n % 16 == 0 {
                throttle.failed(worst, 0);
            }
            let memory = throttle.memory.lock().unwrap();
            assert!(memory.young.len() + memory.old.len() <= 64);
        }
        assert_eq!(wait_ms(&throttle, worst, 0), 8_000);
    }
}
