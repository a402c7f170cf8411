//! Records: the bytes at rest.
//!
//! Each is JSON, so that people can read a database without Peerage: `{"format":1,"is":…}`. The
//! format number belongs to all records together: a newer one is refused, an older one is read.
//! Peerings and containers have a shape of their own here, apart from the domain's; nouns without
//! a life cycle are used by the use cases as they are stored.

mod event;
mod network;
mod people;
mod replica;
mod tenancy;
mod text;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub use event::{Actor, EventLink, EventRecord, LinkedEvent, ObjectChange, TrailHeadRecord};
pub use network::{ContainerRecord, PeeringRecord};
pub use people::{
    GroupInvitationRecord, GroupTeamRecord, InvitedRecord, TeamRecord, UserRecord, UsernameRecord,
};
pub use replica::{ClockRecord, KeyCheckRecord, ReplicaRecord};
pub use tenancy::*;

/// The format that is written.
pub const FORMAT: u16 = 1;

/// A shape that is kept in the store.
pub trait Record: Clone + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// What it is, for error messages.
    const NOUN: &'static str;
}

/// A stored value that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The bytes are not what was written.
    #[error("a stored {noun} is damaged: {source}")]
    Damaged {
        /// What it should be.
        noun: &'static str,
        /// Where reading stopped.
        source: serde_json::Error,
    },
    /// A newer Peerage wrote it.
    #[error(
        "a stored {noun} has format {format}; this version reads formats up to {FORMAT}: upgrade \
         Peerage to open this store"
    )]
    TooNew {
        /// What it is.
        noun: &'static str,
        /// Its format.
        format: u16,
    },
}

#[derive(Serialize)]
struct Written<'a, T> {
    format: u16,
    is: &'a T,
}

#[derive(Deserialize)]
struct Read<T> {
    is: T,
}

#[derive(Deserialize)]
struct FormatOnly {
    format: u16,
}

/// The bytes of a record.
///
/// # Errors
/// When a value cannot be written as JSON, which no record's can.
pub fn encode<R: Record>(record: &R) -> Result<Vec<u8>, RecordError> {
    serde_json::to_vec(&Written { format: FORMAT, is: record })
        .map_err(|source| RecordError::Damaged { noun: R::NOUN, source })
}

/// The record of some bytes.
///
/// # Errors
/// Damage, or a newer format.
pub fn decode<R: Record>(bytes: &[u8]) -> Result<R, RecordError> {
    match serde_json::from_slice::<Read<R>>(bytes) {
        Ok(read) => Ok(read.is),
        Err(source) => match serde_json::from_slice::<FormatOnly>(bytes) {
            Ok(FormatOnly { format }) if format > FORMAT => {
                Err(RecordError::TooNew { noun: R::NOUN, format })
            }
            _ => Err(RecordError::Damaged { noun: R::NOUN, source }),
        },
    }
}
