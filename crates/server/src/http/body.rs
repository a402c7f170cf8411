//! Takes in the body of a request, bounded in bytes and time; or throws a bounded part of it away,
//! so that the connection of a refused client lives on. Meanwhile the request gives its place up.

use std::time::Duration;

use ::http::header::{CONTENT_LENGTH, CONTENT_TYPE, EXPECT};
use ::http::request::Parts;
use axum::body::{Body, HttpBody as _};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use tokio::time::timeout;

use super::door::Place;
use super::fault::Fault;
use super::operation::{Access, Media, Operation};
use super::version::is_json;

/// The bytes of an unwanted body that are thrown away before the connection is given up.
const DRAIN_BYTES_MAX: usize = 2 << 20;

/// How long an unwanted body may take.
const DRAIN_TIME: Duration = Duration::from_secs(2);

/// A body that is not read yet.
pub(super) struct Inbox {
    body: Body,
    declared: Option<usize>,
    /// The client waits for a word before it sends the body.
    is_held_back: bool,
    place: Place,
}

/// The bounds of a body.
#[derive(Clone, Copy, Debug)]
pub(super) struct BodyLimits {
    /// Its bytes.
    pub(super) bytes: usize,
    /// The time between two parts of it.
    pub(super) pause: Duration,
    /// The time for all of it.
    pub(super) whole: Duration,
}

impl Inbox {
    pub(super) fn new(head: &Parts, body: Body, place: Place) -> Self {
        let number = head.headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
        let declared = number.and_then(|text| text.parse().ok());
        Self { body, declared, is_held_back: head.headers.contains_key(EXPECT), place }
    }

    /// The place of its request.
    pub(super) fn place(&self) -> Place {
        self.place.clone()
    }

    /// The whole body.
    pub(super) async fn read(&mut self, limits: BodyLimits) -> Result<Bytes, Fault> {
        if self.declared.is_some_and(|bytes| bytes > limits.bytes) {
            return Err(Fault::BodyTooLarge { limit: limits.bytes });
        }
        if self.body.is_end_stream() {
            return Ok(Bytes::new());
        }
        let place = self.place.clone();
        let read = timeout(limits.whole, self.read_parts(limits));
        place.waiting(read).await?.unwrap_or(Err(Fault::BodyIncomplete))
    }

    async fn read_parts(&mut self, limits: BodyLimits) -> Result<Bytes, Fault> {
        let mut whole = BytesMut::new();
        loop {
            match timeout(limits.pause, self.body.frame()).await {
                Ok(None) => return Ok(whole.freeze()),
                Ok(Some(Ok(frame))) => {
                    let part = frame.into_data().unwrap_or_default();
                    if whole.len() + part.len() > limits.bytes {
                        return Err(Fault::BodyTooLarge { limit: limits.bytes });
                    }
                    if whole.len() + part.len() > Place::SMALL_BYTES {
                        self.place.grow()?;
                    }
                    whole.extend_from_slice(&part);
                }
                Ok(Some(Err(_))) | Err(_) => return Err(Fault::BodyIncomplete),
            }
        }
    }

    /// Throws away what is left of the body, unless it is too much.
    pub(super) async fn drain(mut self) {
        let is_large = self.declared.is_some_and(|bytes| bytes > DRAIN_BYTES_MAX);
        if self.is_held_back || is_large || self.body.is_end_stream() {
            return;
        }
        let place = self.place.clone();
        let drained = async {
            let mut bytes = 0;
            while let Some(Ok(frame)) = self.body.frame().await {
                bytes += frame.data_ref().map_or(0, Bytes::len);
                if bytes > DRAIN_BYTES_MAX {
                    break;
                }
            }
        };
        // What did not come in time closes the connection, and that is all that is lost.
        let drained = timeout(DRAIN_TIME, drained);
        drop(place.waiting(drained).await);
    }
}

/// `Content-Type` as text, when there is one.
pub(super) fn content_type(head: &Parts) -> Option<String> {
    let value = head.headers.get(CONTENT_TYPE)?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// Refuses a body in another media type than JSON. Without a media type it is taken as JSON; who
/// serves anybody without versions reads what its own protocol says.
pub(super) fn check_content_type(
    operation: &Operation,
    content_type: Option<&str>,
    body: &Bytes,
) -> Result<(), Fault> {
    let reads_all = operation.media == Media::Plain && operation.access == Access::Anyone;
    match content_type {
        Some(text) if !reads_all && !body.is_empty() && !is_json(text) => {
            Err(Fault::UnsupportedMediaType(text.to_owned()))
        }
        Some(_) | None => Ok(()),
    }
}
