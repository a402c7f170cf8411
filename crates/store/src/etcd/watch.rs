//! Watches: one stream of etcd each, cut into transactions. A stream that says nothing is asked for
//! a sign of life and given up without one, so that a watch is never silently mute.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use etcd_client::{Event, EventType, WatchOptions, WatchResponse, WatchStream};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};

use super::cluster::{CALL_MAX, Cluster, Effect};
use super::range::{Space, own_revision, strange, wire_revision};
use crate::port::{Answer, Key, KeyRange, Revision, StoreError, Watch, WatchBatch, WatchEvent};

/// How long a stream may say nothing before it is asked, and then before it is given up.
const SILENCE_MAX: Duration = Duration::from_secs(5);

pub(super) struct EtcdWatch {
    cluster: Arc<Cluster>,
    space: Space,
    stream: WatchStream,
    next: Revision,
    ready: VecDeque<WatchBatch>,
    heard: Instant,
    asked: bool,
    closing: watch::Receiver<bool>,
    ended: Option<StoreError>,
}

/// What a watch heard.
enum Heard {
    Closing,
    Message(Result<Option<WatchResponse>, etcd_client::Error>),
    Nothing,
}

/// Waits until the store is closed.
pub(super) async fn closed(closing: &mut watch::Receiver<bool>) {
    // An error means that the store itself is gone.
    let _ = closing.wait_for(|closed| *closed).await;
}

/// Starts a watch.
pub(super) async fn start(
    cluster: &Arc<Cluster>,
    space: &Space,
    prefix: &Key,
    from: Revision,
) -> Answer<EtcdWatch> {
    let next = from.max(Revision::ZERO.next());
    let stream = open(cluster, &space.range(&KeyRange::below(prefix)), next).await?;
    Ok(EtcdWatch {
        cluster: cluster.clone(),
        space: space.clone(),
        stream,
        next,
        ready: VecDeque::new(),
        heard: Instant::now(),
        asked: false,
        closing: cluster.closing(),
        ended: None,
    })
}

async fn open(cluster: &Cluster, range: &KeyRange, from: Revision) -> Answer<WatchStream> {
    let options =
        WatchOptions::new().with_range(range.end.clone()).with_start_revision(wire_revision(from));
    let opened = cluster
        .call(Effect::Reads, |clients| {
            let (start, options) = (range.start.clone(), options.clone());
            async move { clients.watch().watch(start, Some(options)).await }
        })
        .await;
    opened.map_err(|refusal| refusal.into_error(cluster.name()))
}

/// The oldest revision that can still be read, as a watch from one that cannot is told. A read is
/// only told that it is too late.
pub(super) async fn oldest_kept(
    cluster: &Cluster,
    space: &Space,
    asked: Revision,
) -> Answer<Revision> {
    let range = space.range(&KeyRange::below(&Key::default()));
    let mut stream = open(cluster, &range, asked.max(Revision::ZERO.next())).await?;
    let told = timeout(CALL_MAX, async {
        while let Some(message) = stream.message().await? {
            if message.compact_revision() > 0 {
                return Ok(Some(own_revision(message.compact_revision())));
            }
        }
        Ok::<_, etcd_client::Error>(None)
    });
    match told.await {
        Ok(Ok(Some(oldest))) => Ok(oldest),
        Ok(Ok(None)) => Err(StoreError::definite(cluster.silent("a watch ended by itself"))),
        Ok(Err(error)) => Err(StoreError::definite(cluster.silent(&error.to_string()))),
        Err(_) => Err(StoreError::definite(cluster.silent("a watch said nothing"))),
    }
}

impl EtcdWatch {
    /// Waits for the stream to say something, and takes it.
    async fn listen(&mut self) -> Answer<()> {
        let heard = tokio::select! {
            biased;
            () = closed(&mut self.closing) => Heard::Closing,
            message = self.stream.message() => Heard::Message(message),
            () = sleep_until(self.heard + SILENCE_MAX) => Heard::Nothing,
        };
        match heard {
            Heard::Closing => Err(StoreError::closed()),
            Heard::Message(Ok(Some(message))) => self.take(&message),
            Heard::Message(Ok(None)) => Err(self.broken("the watch ended by itself")),
            Heard::Message(Err(error)) => Err(self.broken(&error.to_string())),
            Heard::Nothing => self.ask().await,
        }
    }

    async fn ask(&mut self) -> Answer<()> {
        if self.asked {
            return Err(self.broken("the watch fell silent"));
        }
        (self.asked, self.heard) = (true, Instant::now());
        let asked = self.stream.request_progress().await;
        asked.map_err(|error| self.broken(&error.to_string()))
    }

    fn take(&mut self, message: &WatchResponse) -> Answer<()> {
        (self.asked, self.heard) = (false, Instant::now());
        if message.compact_revision() > 0 {
            return Err(StoreError::compacted(own_revision(message.compact_revision())));
        }
        if message.canceled() {
            return Err(self.broken(message.cancel_reason()));
        }
        for event in message.events() {
            self.push(event)?;
        }
        Ok(())
    }

    /// Adds an event to its transaction. The events of one come together.
    fn push(&mut self, event: &Event) -> Answer<()> {
        let kv = event.kv().ok_or_else(|| strange("an event without a key"))?;
        let revision = own_revision(kv.mod_revision());
        if revision < self.next && self.ready.back().is_none_or(|last| last.revision != revision) {
            return Ok(());
        }
        let told = match event.event_type() {
            EventType::Put => WatchEvent::Put(self.space.entry(kv)?),
            EventType::Delete => WatchEvent::Deleted(self.space.own_key(kv.key())?),
        };
        match self.ready.back_mut() {
            Some(last) if last.revision == revision => last.events.push(told),
            _ => self.ready.push_back(WatchBatch { revision, events: vec![told] }),
        }
        self.next = revision.next();
        Ok(())
    }

    fn broken(&self, reason: &str) -> StoreError {
        StoreError::definite(self.cluster.silent(reason))
    }
}

#[async_trait]
impl Watch for EtcdWatch {
    async fn next(&mut self) -> Answer<WatchBatch> {
        loop {
            if let Some(batch) = self.ready.pop_front() {
                return Ok(batch);
            }
            if let Some(error) = &self.ended {
                return Err(error.clone());
            }
            self.ended = self.listen().await.err();
        }
    }
}
