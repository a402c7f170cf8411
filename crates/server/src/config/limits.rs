//! How many requests are served, and how large and slow they may be.

use serde::Deserialize;

use super::Span;

/// Bounds on requests.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Requests a minute of one project or organization, for each group of operations.
    pub requests_per_minute: u32,
    /// Requests that may come at once before the rate counts.
    pub burst: u32,
    /// Bytes of a request's body.
    pub body_bytes: usize,
    /// Connections at one time, and requests at one time that wait for their bodies.
    pub connections: usize,
    /// Requests in work at one time.
    pub concurrency: usize,
    /// How long one request may take, half of that its body; and how long a client may take to take
    /// its answer.
    pub request: Span,
    /// How long a client may take to send the head of a request, the next part of its body, and,
    /// on a connection that is new, something at all.
    pub header_read: Span,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            requests_per_minute: 1_200,
            burst: 600,
            body_bytes: 1 << 20,
            connections: 10_000,
            concurrency: 1_024,
            request: Span::from_secs(60),
            header_read: Span::from_secs(15),
        }
    }
}

impl Limits {
    /// So generous that nobody meets them without asking for it: for `peerage dev`.
    #[must_use]
    pub fn generous() -> Self {
        Self { requests_per_minute: 60_000_000, burst: 1_000_000, ..Self::default() }
    }
}
