//! Why a request was not served, in HTTP's own terms or in the domain's. The table from these to
//! statuses, codes and texts is in `error`.

use std::net::IpAddr;
use std::time::Duration;

use peerage_core::error::Refusal;
use peerage_wire::fields::{BodyError, ReadError};
use peerage_wire::page::QueryFault;

use crate::app::Failure;
use crate::authn::Staleness;

/// Why a request was not served.
#[derive(Clone, Debug)]
pub enum Fault {
    /// The domain says no.
    Refused(Refusal),
    /// Nobody proved who they are; the challenge says whether their nonce was only too old.
    Unauthenticated(Staleness),
    /// The caller's address is not on its credential's access list.
    AddressNotAllowed(IpAddr),
    /// Too many requests, or too many wrong credentials.
    RateLimited {
        /// The bucket's size.
        limit: u32,
        /// When to try again.
        retry_after: Duration,
    },
    /// A part of the path cannot be read.
    PathParameter {
        /// Which part.
        name: &'static str,
        /// What it said.
        value: String,
    },
    /// A parameter of the query cannot be read.
    QueryParameter {
        /// Which one.
        name: String,
        /// What it said.
        value: String,
        /// What it should have been.
        expected: &'static str,
    },
    /// The body is no JSON object.
    Body(BodyError),
    /// The body is larger than the bound.
    BodyTooLarge {
        /// The bound, in bytes.
        limit: usize,
    },
    /// The body did not arrive whole.
    BodyIncomplete,
    /// The body has another media type than JSON.
    UnsupportedMediaType(String),
    /// No version that the client accepts is served.
    NotAcceptable(String),
    /// No operation has this path.
    UnknownPath,
    /// The path has operations, and none with this method.
    MethodNotAllowed {
        /// The methods that it has.
        allowed: Vec<::http::Method>,
    },
    /// An emulated cloud refuses what its customer was told to do.
    Emulated {
        /// The cloud's own code.
        code: String,
        /// The cloud's own words.
        message: String,
    },
    /// It could not be done now.
    Unavailable {
        /// Why, in words that may be shown.
        reason: &'static str,
        /// When to try again.
        retry_after: Duration,
    },
    /// It failed, and it is our fault.
    Internal(&'static str),
}

impl Fault {
    /// Nobody proved who they are.
    #[must_use]
    pub fn unauthenticated() -> Self {
        Self::Unauthenticated(Staleness::Initial)
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Failure> for Fault {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(refusal) => Self::Refused(refusal),
            Failure::Unavailable { reason, retry_after } => {
                Self::Unavailable { reason, retry_after }
            }
            Failure::Internal(what) => Self::Internal(what),
        }
    }
}

impl From<ReadError> for Fault {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Body(error) => Self::Body(error),
            ReadError::Fields(refusal) => Self::Refused(refusal),
        }
    }
}

impl From<QueryFault> for Fault {
    fn from(QueryFault { parameter, value, expects }: QueryFault) -> Self {
        Self::QueryParameter { name: parameter.to_owned(), value, expected: expects }
    }
}
