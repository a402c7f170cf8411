//! One open connection: whether it has work, what its client owes, and the word that ends it.
//!
//! A client owes something until its first request is there, and while an answer waits for it to
//! be taken. Both have a bound. The first is here and not in the protocols, because a connection
//! that says nothing has not chosen one; the second, because no protocol has it. Who takes back
//! most of what it asks for is given up as well: with HTTP/2 that costs next to nothing, and the
//! service does the work.

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use ::http::Response;
use axum::body::{Body, HttpBody};
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::crowd::Crowd;

/// Requests that a client may take back before they are answered, whatever it does beside.
const TAKEN_BACK_MAX: usize = 100;

/// One open connection; clones are the same one.
#[derive(Clone, Debug)]
pub(in crate::http) struct Seat(Arc<Held>);

#[derive(Debug)]
struct Held {
    crowd: Arc<Crowd>,
    source: IpAddr,
    go: Arc<Notify>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    opened: Instant,
    has_asked: bool,
    /// Requests that were answered, and those that were taken back before.
    answered: usize,
    taken_back: usize,
    /// Requests in work.
    working: usize,
    /// Its turn among those without work.
    turn: Option<u64>,
    /// Answers that are not taken, the oldest first.
    answers: BTreeMap<u64, Instant>,
    next: u64,
    /// Since when bytes wait for room on their way to the client.
    unsent: Option<Instant>,
}

/// How long a client may owe something.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// Its first request.
    pub(super) request: Duration,
    /// The taking of an answer.
    pub(super) answer: Duration,
}

impl Seat {
    /// A connection that was just opened.
    pub(super) fn new(crowd: &Arc<Crowd>, source: IpAddr) -> Self {
        let go = Arc::new(Notify::new());
        let turn = Some(crowd.add(source, &go));
        let state = State {
            opened: Instant::now(),
            has_asked: false,
            answered: 0,
            taken_back: 0,
            working: 0,
            turn,
            answers: BTreeMap::new(),
            next: 0,
            unsent: None,
        };
        Self(Arc::new(Held { crowd: crowd.clone(), source, go, state: Mutex::new(state) }))
    }

    /// From where it is.
    pub(in crate::http) fn source(&self) -> IpAddr {
        self.0.source
    }

    /// One of its requests has come, and is taken back unless it is answered.
    pub(in crate::http) fn asked(&self) -> Asked {
        Asked(Some(self.clone()))
    }

    /// One of its requests is in work.
    pub(in crate::http) fn begin(&self) {
        let mut state = self.lock();
        state.has_asked = true;
        state.working += 1;
        if let Some(turn) = state.turn.take() {
            self.0.crowd.remove(self.0.source, turn);
        }
    }

    /// One of its requests is not in work any more, or waits for its client.
    pub(in crate::http) fn end(&self) {
        let mut state = self.lock();
        state.working = state.working.saturating_sub(1);
        if state.working == 0 && state.turn.is_none() {
            state.turn = Some(self.0.crowd.add(self.0.source, &self.0.go));
        }
    }

    /// Waits until the connection has to end, and says why.
    pub(super) async fn must_go(&self, patience: Patience) -> &'static str {
        let owes = async {
            loop {
                tokio::time::sleep(patience.request.min(patience.answer)).await;
                if let Some(what) = self.lock().owes(patience) {
                    return what;
                }
            }
        };
        tokio::select! {
            () = self.0.go.notified() => {
                if self.lock().takes_back() {
                    "it takes back what it asks for"
                } else {
                    "others need its place"
                }
            }
            what = owes => what,
        }
    }

    /// An answer of which it is known whether it was taken.
    pub(super) fn answer(&self, response: Response<Body>) -> Response<Answer> {
        let number = {
            let mut state = self.lock();
            let number = state.next;
            state.next += 1;
            state.answers.insert(number, Instant::now());
            number
        };
        response.map(|body| Answer { body, seat: self.clone(), number })
    }

    /// The stream of the connection.
    pub(super) fn watch<S>(&self, stream: S) -> Watched<S> {
        Watched { stream, seat: self.clone() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn takes_back(&self) -> bool {
        self.taken_back > TAKEN_BACK_MAX && self.taken_back > self.answered
    }

    fn owes(&self, patience: Patience) -> Option<&'static str> {
        let oldest = self.answers.first_key_value().map(|(_, since)| *since);
        let untaken = oldest.into_iter().chain(self.unsent).min();
        if !self.has_asked && self.opened.elapsed() >= patience.request {
            return Some("it asked for nothing");
        }
        untaken.filter(|since| since.elapsed() >= patience.answer).map(|_| "it took no answer")
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(turn) = state.turn.take() {
            self.crowd.remove(self.source, turn);
        }
    }
}

/// A request until it is answered or taken back.
pub(in crate::http) struct Asked(Option<Seat>);

impl Asked {
    /// It has its answer.
    pub(in crate::http) fn answered(mut self) {
        if let Some(seat) = self.0.take() {
            seat.lock().answered += 1;
        }
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        let Some(seat) = self.0.take() else { return };
        let mut state = seat.lock();
        state.taken_back += 1;
        if state.takes_back() {
            seat.0.go.notify_one();
        }
    }
}

/// The body of an answer: taken when it is dropped.
pub(super) struct Answer {
    body: Body,
    seat: Seat,
    number: u64,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.seat.lock().answers.remove(&self.number);
    }
}

/// A stream of which it is known whether bytes wait for room.
pub(super) struct Watched<S> {
    stream: S,
    seat: Seat,
}

impl<S> Watched<S> {
    fn saw<T>(&self, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if polled.is_pending() {
            self.seat.lock().unsent.get_or_insert_with(Instant::now);
        }
        polled
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.saw(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.saw(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// The protocols ask for it once they have written all that they had.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        if flushed.is_ready() {
            self.seat.lock().unsent = None;
        }
        self.saw(flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
