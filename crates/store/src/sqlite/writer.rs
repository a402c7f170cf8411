//! The writer: one thread that commits many callers at once.
//!
//! It takes what is waiting, makes it one transaction of SQLite, and answers nobody before that
//! transaction is on disk. While it waits for the disk the next callers gather, so the more there
//! are, the fewer waits each one costs. A commit that fails is settled before it is answered: see
//! [`Writer::settle`]. What is committed lies in the log; the table of what is gets it along with
//! later batches, or when nobody asks for anything: see [`super::overlay`].

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::apply::{Batch, Standing};
use super::cache::Cache;
use super::checkpoint::Checkpoint;
use super::mark::Mark;
use super::overlay::Overlay;
use super::trouble::Trouble;
use super::{error, row};
use crate::hub::Hub;
use crate::lease::{LeaseClock, LeaseId, LeaseState};
use crate::port::{Answer, Commit, ErrorKind, Revision, StoreError, Txn, WatchBatch};

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

/// What a caller asks, and where to answer.
pub(super) enum Job {
    Commit { txn: Txn, reply: oneshot::Sender<Answer<Commit>> },
    Grant { ttl: Duration, reply: oneshot::Sender<Answer<LeaseId>> },
    KeepAlive { lease: LeaseId, reply: oneshot::Sender<Answer<LeaseState>> },
    Revoke { lease: LeaseId, reply: oneshot::Sender<Answer<()>> },
    Compact { revision: Revision, reply: oneshot::Sender<Answer<()>> },
}

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

/// Tells one caller: what was found out, or why nothing of the batch happened.
type Tell = Box<dyn FnOnce(Result<(), &StoreError>) + Send>;

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

    /// Finds out whether it can write again, when nobody asks it to.
    fn probe(&mut self) {
        let outcome = self.end_doubt().and_then(|()| {
            let fenced = self.fence();
            fenced.map(drop).map_err(|failed| {
                self.roll_back();
                error::definite(&self.place, &failed)
            })
        });
        self.trouble.note(outcome.as_ref().copied());
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

    /// Finds out what became of a batch whose commit failed.
    ///
    /// When the disk failed, the pages of the batch may lie complete in the log on disk although
    /// SQLite does not count them, and would be found when the file is next opened. So a small
    /// transaction is written over them: once that is on disk, what can be read now is the truth.
    /// While it cannot be written there is doubt, and the store takes nothing.
    fn settle(&mut self, failed: &rusqlite::Error, batch: u64) -> Answer<()> {
        tracing::warn!(error = %failed, place = self.place, "store.commit_failed");
        let kind = error::kind(&self.place, failed);
        self.roll_back();
        if error::is_refused(failed) {
            self.cache.settled(self.standing.revision);
            return Err(StoreError::definite(kind));
        }
        match self.fence() {
            Ok(found) if found == batch => Ok(()),
            Ok(_) => {
                self.cache.settled(self.standing.revision);
                Err(StoreError::definite(kind))
            }
            Err(_) => {
                let doubt = StoreError::indefinite(kind);
                self.doubt = Some(doubt.clone());
                Err(doubt)
            }
        }
    }

    /// Writes a small transaction and reads which batch was the last.
    fn fence(&self) -> rusqlite::Result<u64> {
        self.connection.execute_batch(
            "BEGIN IMMEDIATE; UPDATE meta SET value = value + 1 WHERE name = 'fence'; COMMIT",
        )?;
        row::meta(&self.connection, "batch")
    }

    /// Takes what the file says for the truth, if it can be asked; else the doubt stays.
    fn end_doubt(&mut self) -> Answer<()> {
        let Some(doubt) = &self.doubt else { return Ok(()) };
        self.roll_back();
        let now = self.clock.now();
        let loaded = self.fence().and_then(|_| {
            let standing = Standing::load(&self.connection, now)?;
            self.overlay.load(&self.connection, standing.applied).map(|()| standing)
        });
        let Ok(mut standing) = loaded else { return Err(doubt.clone()) };
        for (id, lease) in &mut standing.leases {
            if let Some(known) = self.standing.leases.get(id) {
                lease.deadline = known.deadline;
            }
        }
        tracing::info!(revision = standing.revision.0, "store.commit_settled");
        // What the doubtful batch did is read from the log.
        self.hub.forget(standing.revision);
        self.hub.announce(standing.revision);
        self.cache.settled(standing.revision);
        self.standing = standing;
        self.doubt = None;
        Ok(())
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

impl Job {
    fn writes(&self) -> usize {
        match self {
            Self::Commit { txn, .. } => txn.writes.len(),
            Self::Grant { .. }
            | Self::KeepAlive { .. }
            | Self::Revoke { .. }
            | Self::Compact { .. } => 0,
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Commit { txn, .. } => txn.bytes(),
            Self::Grant { .. }
            | Self::KeepAlive { .. }
            | Self::Revoke { .. }
            | Self::Compact { .. } => 0,
        }
    }

    /// Does it inside the batch; what to tell the caller once the batch is settled.
    fn apply(self, batch: &mut Batch<'_>, now: Duration) -> (Tell, rusqlite::Result<()>) {
        match self {
            Self::Commit { txn, reply } => tell(reply, batch.commit(txn)),
            Self::Grant { ttl, reply } => tell(reply, batch.grant(ttl, now).map(Ok)),
            Self::KeepAlive { lease, reply } => tell(reply, Ok(Ok(batch.keep_alive(lease, now)))),
            Self::Revoke { lease, reply } => tell(reply, batch.end_lease(lease).map(Ok)),
            Self::Compact { revision, reply } => tell(reply, Ok(batch.compact(revision))),
        }
    }

    /// What to tell the caller of a batch that was refused before its turn came.
    fn into_tell(self) -> Tell {
        match self {
            Self::Commit { reply, .. } => tell_refusal(reply),
            Self::Grant { reply, .. } => tell_refusal(reply),
            Self::KeepAlive { reply, .. } => tell_refusal(reply),
            Self::Revoke { reply, .. } | Self::Compact { reply, .. } => tell_refusal(reply),
        }
    }

    fn refuse(self, error: &StoreError) {
        self.into_tell()(Err(error));
    }
}

/// A caller who no longer listens is no reason to stop.
fn tell<T: Send + 'static>(
    reply: oneshot::Sender<Answer<T>>,
    done: rusqlite::Result<Answer<T>>,
) -> (Tell, rusqlite::Result<()>) {
    match done {
        Ok(answer) => {
            let tell: Tell = Box::new(move |settled| {
                let _ = reply.send(settled.map_err(Clone::clone).and(answer));
            });
            (tell, Ok(()))
        }
        Err(error) => (tell_refusal(reply), Err(error)),
    }
}

fn tell_refusal<T: Send + 'static>(reply: oneshot::Sender<Answer<T>>) -> Tell {
    Box::new(move |settled| {
        let refused =
            settled.err().cloned().unwrap_or_else(|| StoreError::definite(ErrorKind::Closed));
        let _ = reply.send(Err(refused));
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::{RECENT, schema};
    use super::*;
    use crate::port::{Certainty, Key, Write};

    fn writer(directory: &Path) -> Writer {
        let mut connection = Connection::open(directory.join("store.db")).unwrap();
        schema::prepare(&mut connection).unwrap();
        connection.pragma_update(None, "journal_mode", "WAL").unwrap();
        let standing = Standing::load(&connection, Duration::ZERO).unwrap();
        Writer {
            place: "store.db".to_owned(),
            hub: Arc::new(Hub::new(standing.revision, RECENT)),
            cache: Arc::new(Cache::at(standing.revision)),
            overlay: Arc::new(Overlay::new(1 << 20)),
            connection,
            standing,
            clock: LeaseClock::by_hand(),
            keep: Keep { revisions: 10, bytes: 1 << 20 },
            checkpoint: Checkpoint::default(),
            mark: Mark::open(&directory.join("store.db"), Revision::ZERO).unwrap(),
            doubt: None,
            trouble: Trouble::default(),
            fault: None,
        }
    }

    fn commit(writer: &mut Writer, value: &str) -> Answer<Commit> {
        let (reply, mut answer) = oneshot::channel();
        writer.serve(vec![Job::Commit { txn: Txn::of(vec![Write::put("k", value)]), reply }]);
        answer.try_recv().unwrap()
    }

    fn stored(writer: &Writer) -> Option<Vec<u8>> {
        let key = Key::from("k");
        let over = writer.overlay.get(&key);
        let entry =
            over.unwrap_or_else(|| super::super::apply::read(&writer.connection, &key).unwrap());
        entry.map(|entry| entry.value.as_bytes().to_vec())
    }

    fn disk_error() -> rusqlite::Error {
        rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_IOERR), None)
    }

    #[test]
    fn a_commit_that_failed_without_happening_is_settled_as_not_happened() {
        let directory = tempfile::tempdir().unwrap();
        let mut writer = writer(directory.path());
        writer.fault = Some(Box::new(|connection| {
            connection.execute_batch("ROLLBACK")?;
            Err(disk_error())
        }));
        let error = commit(&mut writer, "lost").unwrap_err();
        assert!(error.is_definite(), "{error}");
        writer.fault = None;
        assert_eq!(commit(&mut writer, "kept").unwrap(), Commit::Done(Revision(1)));
        assert_eq!(stored(&writer).unwrap(), b"kept");
    }

    #[test]
    fn a_commit_that_failed_after_happening_is_settled_as_done() {
        let directory = tempfile::tempdir().unwrap();
        let mut writer = writer(directory.path());
        writer.fault = Some(Box::new(|connection| {
            connection.execute_batch("COMMIT")?;
            Err(disk_error())
        }));
        assert_eq!(commit(&mut writer, "kept").unwrap(), Commit::Done(Revision(1)));
        assert_eq!(stored(&writer).unwrap(), b"kept");
    }

    #[test]
    fn while_a_commit_cannot_be_settled_nothing_is_taken() {
        let directory = tempfile::tempdir().unwrap();
        let mut writer = writer(directory.path());
        writer.fault = Some(Box::new(|connection| {
            connection.execute_batch("COMMIT; PRAGMA query_only = 1")?;
            Err(disk_error())
        }));
        assert!(!commit(&mut writer, "perhaps").unwrap_err().is_definite());
        assert!(commit(&mut writer, "refused").unwrap_err().is_definite());
        assert_eq!(writer.doubt.as_ref().unwrap().certainty(), Certainty::Indefinite);
        writer.probe();
        assert!(writer.trouble.now().is_some());
        writer.connection.execute_batch("PRAGMA query_only = 0").unwrap();
        writer.fault = None;
        writer.probe();
        assert!(writer.trouble.now().is_none());
        assert_eq!(commit(&mut writer, "next").unwrap(), Commit::Done(Revision(2)));
        assert_eq!(stored(&writer).unwrap(), b"next");
    }

    /// What is in doubt is read from the log again, and nothing of it counts as moved before it is.
    #[test]
    fn a_doubt_that_ends_in_the_middle_of_moving_loses_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let mut writer = writer(directory.path());
        writer.keep.revisions = 1_000;
        let fill = |writer: &mut Writer, numbers: std::ops::Range<usize>| {
            for number in numbers {
                let (reply, _) = oneshot::channel();
                let put = Write::put(Key::from(format!("{number:03}")), "x");
                writer.serve(vec![Job::Commit { txn: Txn::of(vec![put]), reply }]);
            }
        };
        fill(&mut writer, 0..100);
        while !writer.overlay.is_empty() {
            writer.rest();
        }
        let before = writer.standing.applied;
        fill(&mut writer, 100..200);
        writer.overlay.freeze();
        commit(&mut writer, "first").unwrap();
        assert!(writer.overlay.is_moving());
        writer.fault = Some(Box::new(|connection| {
            connection.execute_batch("COMMIT; PRAGMA query_only = 1")?;
            Err(disk_error())
        }));
        assert!(!commit(&mut writer, "perhaps").unwrap_err().is_definite());
        writer.fault = None;
        writer.connection.execute_batch("PRAGMA query_only = 0").unwrap();
        commit(&mut writer, "last").unwrap();
        let applied = row::meta(&writer.connection, "applied").unwrap();
        assert_eq!((Revision(applied), before), (writer.standing.applied, Revision(100)));
        assert!(writer.standing.applied >= before, "{applied}");
        writer.finish();
        assert_eq!(writer.standing.applied, writer.standing.revision);
        assert_eq!(stored(&writer).unwrap(), b"last");
        let rows = "SELECT count(*) FROM current";
        let rows: i64 = writer.connection.query_row(rows, [], |row| row.get(0)).unwrap();
        assert_eq!(rows, 201);
    }

    #[test]
    fn history_beyond_its_bound_is_deleted_in_steps() {
        let directory = tempfile::tempdir().unwrap();
        let mut writer = writer(directory.path());
        for round in 0..30 {
            commit(&mut writer, &round.to_string()).unwrap();
        }
        while writer.is_due() {
            writer.serve(Vec::new());
        }
        assert_eq!(writer.standing.compacted, Revision(20));
        let rows = "SELECT min(revision), count(*) FROM log";
        let kept: (i64, i64) =
            writer.connection.query_row(rows, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        assert_eq!(kept, (21, 10));
        let large = "x".repeat(200_000);
        for _ in 0..20 {
            commit(&mut writer, &large).unwrap();
        }
        assert!(writer.standing.history_bytes < 3 << 20, "{}", writer.standing.history_bytes);
    }
}
