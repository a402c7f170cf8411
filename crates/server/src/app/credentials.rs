//! Who calls: looks credentials up and verifies them.

use std::net::IpAddr;
use std::time::Duration;

use crate::authn::{AuthHeader, Staleness};
use crate::context::Caller;

use super::App;

/// A try to prove who one is.
#[derive(Clone, Debug)]
pub struct Proof<'a> {
    /// The credentials, read and not yet verified.
    pub header: AuthHeader,
    /// The request's method.
    pub method: &'a str,
    /// Path and query exactly as sent.
    pub target: &'a str,
    /// From where.
    pub remote: IpAddr,
}

/// Why nobody was recognized.
#[derive(Clone, Debug)]
pub enum Denied {
    /// Wrong or no credentials: answer with a challenge.
    Challenge(Staleness),
    /// The credential may not be used from this address.
    AddressNotAllowed,
    /// Too many wrong tries.
    Throttled {
        /// When to try again.
        retry_after: Duration,
    },
    /// The store could not be asked.
    Unavailable {
        /// When to try again.
        retry_after: Duration,
    },
}
