//! One change of a network at a time, within this process: Compute Engine takes one peering
//! operation at a time on a network, and what is to be made is decided on what is there. Between
//! processes the cloud itself decides, by name.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use peerage_core::id::ContainerId;
use tokio::sync::{Mutex as Turnstile, OwnedMutexGuard};

use super::failure::Failure;
use crate::remote::Meaning;
use crate::rules::gcp::BUSY;

/// How long a change waits for the ones before it; who would wait longer comes back.
const WAIT_MAX: Duration = Duration::from_secs(30);

/// The turnstiles of the networks that somebody works on.
#[derive(Debug, Default)]
pub(super) struct Queue {
    turnstiles: Mutex<HashMap<ContainerId, Arc<Turnstile<()>>>>,
}

/// A change's turn; the next one's begins when it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    _passed: OwnedMutexGuard<()>,
}

impl Queue {
    /// Waits for the turn of a change of that container's network.
    pub(super) async fn turn(&self, container: ContainerId) -> Result<Turn, Failure> {
        let turnstile = self.turnstile(container);
        let passed = tokio::time::timeout(WAIT_MAX, turnstile.lock_owned()).await;
        let passed = passed.map_err(|_| Failure::new(Meaning::NotNow, "badRequest", BUSY))?;
        Ok(Turn { _passed: passed })
    }

    fn turnstile(&self, container: ContainerId) -> Arc<Turnstile<()>> {
        let mut turnstiles = self.turnstiles.lock().unwrap_or_else(PoisonError::into_inner);
        turnstiles.retain(|_, turnstile| Arc::strong_count(turnstile) > 1);
        turnstiles.entry(container).or_default().clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: ContainerId = ContainerId::from_bytes([1; 12]);

    #[tokio::test(start_paused = true)]
    async fn one_change_of_a_network_waits_for_the_other_and_not_for_ever() {
        let queue = Queue::default();
        let turn = queue.turn(FIRST).await.unwrap();
        let second = queue.turn(ContainerId::from_bytes([2; 12])).await;
        assert!(second.is_ok(), "another network is another queue");
        let begun = tokio::time::Instant::now();
        let waited = queue.turn(FIRST).await.unwrap_err();
        assert_eq!((waited.meaning, begun.elapsed()), (Meaning::NotNow, WAIT_MAX));
        drop(turn);
        assert!(queue.turn(FIRST).await.is_ok());
    }

    #[tokio::test]
    async fn nothing_is_kept_of_a_network_that_nobody_works_on() {
        let queue = Queue::default();
        for number in 0..100 {
            drop(queue.turn(ContainerId::from_bytes([number; 12])).await.unwrap());
        }
        assert!(queue.turnstiles.lock().unwrap().len() <= 1);
    }
}
