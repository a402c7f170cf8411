//! What an error of SQLite means to a caller of the port.

use std::time::Duration;

use rusqlite::{Connection, ErrorCode};

use crate::port::{ErrorKind, StoreError};

/// When a store that is held by another program is worth trying again.
const RETRY_BUSY: Duration = Duration::from_millis(200);
/// When a disk that failed is worth trying again.
const RETRY_DISK: Duration = Duration::from_secs(5);

/// The name of the file of a connection.
pub(crate) fn place_of(connection: &Connection) -> String {
    connection.path().unwrap_or("the store").to_owned()
}

/// The kind of an error, with the file named where people have to act on it.
pub(crate) fn kind(place: &str, error: &rusqlite::Error) -> ErrorKind {
    let place = place.to_owned();
    let detail = error.to_string();
    let unavailable = |reason, retry_after| ErrorKind::Unavailable { reason, retry_after };
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => ErrorKind::Full { place, detail },
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            ErrorKind::Corrupt { place, detail }
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            unavailable(format!("another program is writing to {place}"), RETRY_BUSY)
        }
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            unavailable(format!("{place} cannot be written: {detail}"), RETRY_DISK)
        }
        // A column of the wrong type was not written by this engine.
        None if is_wrong_shape(error) => ErrorKind::Corrupt { place, detail },
        Some(_) | None => unavailable(format!("{place}: {detail}"), RETRY_DISK),
    }
}

/// A failed call that left nothing behind.
pub(crate) fn definite(place: &str, error: &rusqlite::Error) -> StoreError {
    StoreError::definite(kind(place, error))
}

/// Whether a commit that failed so has certainly left no whole transaction in the log on disk: it
/// was refused before its last page was written.
pub(crate) fn is_refused(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DiskFull | ErrorCode::DatabaseBusy))
}

const fn is_wrong_shape(error: &rusqlite::Error) -> bool {
    use rusqlite::Error::{FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType};
    matches!(
        error,
        FromSqlConversionFailure(..)
            | IntegralValueOutOfRange(..)
            | InvalidColumnType(..)
            | rusqlite::Error::QueryReturnedNoRows
            // Our statements are always the same: tables that do not take them are not ours.
            | rusqlite::Error::SqlInputError { .. }
    )
}
