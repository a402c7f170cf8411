//! The writer: one thread that commits many callers at once.
//!
//! It takes what is waiting, makes it one transaction of SQLite, and answers nobody before that
//! transaction is on disk. While it waits for the disk the next callers gather, so the more there
//! are, the fewer waits each one costs. A commit that fails is settled before it is answered: see
//! [`Writer::settle`]. What is committed lies in the log; the table of what is gets it along with
//! later batches, or when nobody asks for anything: see [`super::overlay`].

mod doubt;
mod job;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::OwnedSemaphorePermit;

pub(super) use self::job::Job;

use self::job::Tell;
use super::apply::{Batch, Standing};
use super::cache::Cache;
use super::checkpoint::Checkpoint;
use super::error;
use super::mark::Mark;
use super::overlay::Overlay;
use super::trouble::Trouble;
use crate::hub::Hub;
use crate::lease::{LeaseClock, LeaseId};
use crate::port::{Answer, Revision, StoreError, WatchBatch};

/// The most callers that are committed together, and the most bytes.
const BATCH_CALLERS_MAX: usize = 256;
const BATCH_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How many revisions of the log are deleted in one step, at least; more when more are added.
const PURGE_STEP: u64 = 256;
/// The same while the log is too large: its transactions then are.
const PURGE_STEP_LARGE: u64 = 16;
/// How many entries are moved into the table along with a batch, at least, and how many when nobody
/// asks for anything.
const MOVE_STEP: usize = 32;
const MOVE_STEP_IDLE: usize = 256;
/// How long nobody has to ask for anything before the table is brought up to the log; and between
/// two steps of that.
const REST: Duration = Duration::from_secs(1);
const MOVE_PAUSE: Duration = Duration::from_millis(5);
/// How long after a failure what comes due by itself is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// What the writer is sent.
pub(super) enum Message {
    Job(Job, OwnedSemaphorePermit),
    /// The clock was moved by hand.
    Wake,
    Close,
}

/// How much of the past is kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keep {
    pub(super) revisions: u64,
    pub(super) bytes: u64,
}

/// What a test does instead of committing.
#[cfg(test)]
pub(super) type Fault = Box<dyn Fn(&Connection) -> rusqlite::Result<()> + Send>;

pub(super) struct Writer {
    pub(super) connection: Connection,
    pub(super) place: String,
    pub(super) standing: Standing,
    pub(super) hub: Arc<Hub>,
    pub(super) cache: Arc<Cache>,
    pub(super) overlay: Arc<Overlay>,
    pub(super) clock: LeaseClock,
    pub(super) keep: Keep,
    pub(super) checkpoint: Checkpoint,
    pub(super) mark: Mark,
    /// Set while nobody knows whether the last batch will be found on disk.
    pub(super) doubt: Option<StoreError>,
    /// Whether the last batch failed, and why: what comes due by itself is then not tried at once.
    pub(super) trouble: Trouble,
    #[cfg(test)]
    pub(super) fault: Option<Fault>,
}

impl Writer {
    /// Works until it is told to close or nobody is left to tell it.
    pub(super) fn run(mut self, messages: &Receiver<Message>) {
        loop {
            let (jobs, close) = self.gather(messages);
            if !jobs.is_empty() || self.is_due() {
                self.serve(jobs);
            } else if self.trouble.now().is_some() {
                self.probe();
            } else if !close {
                self.rest();
            }
            if close {
                break;
            }
        }
        self.finish();
    }

    /// Brings the table a step closer to the log while nobody asks for anything.
    fn rest(&mut self) {
        self.overlay.freeze();
        if self.overlay.is_moving() {
            self.serve_moving(Vec::new(), MOVE_STEP_IDLE);
        }
    }

    /// Leaves a file that is complete without its log. What cannot be moved is found in the log.
    fn finish(&mut self) {
        while !self.overlay.is_empty() && self.doubt.is_none() && self.trouble.now().is_none() {
            self.rest();
        }
        self.checkpoint.finish(&self.connection);
    }

    /// Waits for something to do, then takes all that is waiting, up to a bound.
    fn gather(&self, messages: &Receiver<Message>) -> (Vec<Job>, bool) {
        let mut jobs = Vec::new();
        let mut bytes = 0;
        let mut next = match self.patience() {
            Some(wait) => messages.recv_timeout(wait),
            None => messages.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        loop {
            match next {
                Ok(Message::Job(job, permit)) => {
                    bytes += job.bytes();
                    jobs.push(job);
                    drop(permit);
                }
                Ok(Message::Wake) => {}
                Ok(Message::Close) | Err(RecvTimeoutError::Disconnected) => return (jobs, true),
                Err(RecvTimeoutError::Timeout) => return (jobs, false),
            }
            if jobs.len() >= BATCH_CALLERS_MAX || bytes >= BATCH_BYTES_MAX {
                return (jobs, false);
            }
            next = messages.try_recv().map_err(|error| match error {
                TryRecvError::Empty => RecvTimeoutError::Timeout,
                TryRecvError::Disconnected => RecvTimeoutError::Disconnected,
            });
        }
    }

    /// How long there is nothing to do without a message; `None`: for ever.
    fn patience(&self) -> Option<Duration> {
        if self.trouble.now().is_some() {
            return Some(RETRY);
        }
        if self.purge_target(0).is_some() {
            return Some(Duration::ZERO);
        }
        let leases = self.standing.leases.values();
        let due = leases.map(|lease| lease.deadline).min();
        let due = due.and_then(|due| self.clock.wait(due));
        let rest = if self.overlay.is_moving() {
            Some(MOVE_PAUSE)
        } else {
            (!self.overlay.is_empty()).then_some(REST)
        };
        [due, rest].into_iter().flatten().min()
    }

    fn is_due(&self) -> bool {
        let now = self.clock.now();
        self.purge_target(0).is_some()
            || self.standing.leases.values().any(|lease| lease.deadline <= now)
    }

    /// Up to where the log is to be deleted next, given how much is being added: nothing goes that
    /// the table does not have.
    fn purge_target(&self, added: u64) -> Option<Revision> {
        self.purge_wanted(added)
            .map(|wanted| wanted.min(self.standing.applied))
            .filter(|target| *target > self.standing.purged)
    }

    /// The same, if the table had everything.
    fn purge_wanted(&self, added: u64) -> Option<Revision> {
        let Standing { revision, compacted, purged, history_bytes, .. } = &self.standing;
        let by_count = revision.0.saturating_sub(self.keep.revisions);
        let step = (2 * added).max(PURGE_STEP);
        let step_large = (2 * added).max(PURGE_STEP_LARGE);
        let by_bytes = if *history_bytes > self.keep.bytes { purged.0 + step_large } else { 0 };
        let wanted = compacted.0.max(by_count).min(purged.0 + step).max(by_bytes).min(revision.0);
        (wanted > purged.0).then_some(Revision(wanted))
    }

    fn serve(&mut self, jobs: Vec<Job>) {
        let is_held_up = self.purge_wanted(0) > self.purge_target(0);
        if is_held_up || self.overlay.is_full() {
            self.overlay.freeze();
        }
        // What comes in is not more than what is moved: so there are never more than two parts.
        let writes: usize = jobs.iter().map(Job::writes).sum();
        let most = if self.overlay.is_moving() { MOVE_STEP.max(2 * writes) } else { 0 };
        self.serve_moving(jobs, most);
    }

    fn serve_moving(&mut self, jobs: Vec<Job>, most: usize) {
        if let Err(still) = self.end_doubt() {
            let refusal = StoreError::definite(still.kind().clone());
            self.trouble.note(Err(&refusal));
            jobs.into_iter().for_each(|job| job.refuse(&refusal));
            return;
        }
        let mut tells = Vec::with_capacity(jobs.len());
        let outcome = self.attempt(jobs, most, &mut tells);
        self.trouble.note(outcome.as_ref().copied());
        for tell in tells {
            tell(outcome.as_ref().copied());
        }
        self.checkpoint.after_commit(&self.connection, &self.place);
    }

    /// Applies and commits a batch: all of it is on disk, or none of it ever will be, or the error
    /// is indefinite.
    fn attempt(&mut self, jobs: Vec<Job>, most: usize, tells: &mut Vec<Tell>) -> Answer<()> {
        let applied = self.apply(jobs, most, tells);
        let (standing, told, wrote) = match applied {
            Ok(applied) => applied,
            Err(failed) => {
                self.roll_back();
                return Err(error::definite(&self.place, &failed));
            }
        };
        if wrote {
            self.checkpoint.count(&told, most);
            self.cache.begin(&told);
            self.commit().or_else(|failed| self.settle(&failed, standing.batch))?;
            self.overlay.publish(&told);
            if standing.applied != self.standing.applied {
                self.overlay.moved();
            }
            self.cache.end(&told, standing.revision);
        } else {
            self.roll_back();
        }
        self.publish(standing, told);
        Ok(())
    }

    /// Does everything inside a transaction that is left open.
    fn apply(
        &self,
        jobs: Vec<Job>,
        most: usize,
        tells: &mut Vec<Tell>,
    ) -> rusqlite::Result<(Standing, Vec<WatchBatch>, bool)> {
        let now = self.clock.now();
        let purge = self.purge_target(jobs.len() as u64);
        let above = (&*self.overlay, &*self.cache);
        let mut batch = Batch::new(&self.connection, above, self.standing.clone());
        let begun = self.connection.execute_batch("BEGIN IMMEDIATE");
        let mut so_far = begun.and_then(|()| batch.end_due(now));
        for job in jobs {
            if so_far.is_err() {
                tells.push(job.into_tell());
                continue;
            }
            let (tell, applied) = job.apply(&mut batch, now);
            tells.push(tell);
            so_far = applied;
        }
        so_far?;
        if most > 0 {
            batch.move_down(most)?;
        }
        if let Some(up_to) = purge {
            batch.purge(up_to)?;
        }
        if batch.wrote {
            batch.standing.batch += 1;
            batch.standing.save(&self.connection, &self.standing)?;
        }
        Ok((batch.standing, batch.told, batch.wrote))
    }

    fn commit(&self) -> rusqlite::Result<()> {
        #[cfg(test)]
        if let Some(fault) = &self.fault {
            return fault(&self.connection);
        }
        self.connection.execute_batch("COMMIT")
    }

    fn publish(&mut self, standing: Standing, told: Vec<WatchBatch>) {
        self.standing = standing;
        if told.is_empty() {
            return;
        }
        if let Err(error) = self.mark.write(self.standing.revision) {
            // It is behind then, which it may be.
            tracing::warn!(%error, place = self.place, "store.mark_not_written");
        }
        told.into_iter().for_each(|batch| self.hub.push(batch));
        self.hub.announce(self.standing.revision);
    }

    fn roll_back(&self) {
        if !self.connection.is_autocommit()
            && let Err(error) = self.connection.execute_batch("ROLLBACK")
        {
            tracing::warn!(%error, "store.rollback_failed");
        }
    }
}

impl Batch<'_> {
    fn end_due(&mut self, now: Duration) -> rusqlite::Result<()> {
        let leases = self.standing.leases.iter();
        let due: Vec<LeaseId> =
            leases.filter(|(_, lease)| lease.deadline <= now).map(|(id, _)| *id).collect();
        due.into_iter().try_for_each(|lease| self.end_lease(lease))
    }
}
