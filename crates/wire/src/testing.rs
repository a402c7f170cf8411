//! Helpers of the tests.

use peerage_core::error::Refusal;

use crate::fields::ReadError;

/// The names of the fields at fault, in order.
#[track_caller]
pub(crate) fn faults<T: core::fmt::Debug>(result: Result<T, ReadError>) -> Vec<String> {
    match result {
        Err(ReadError::Fields(Refusal::BadFields(faults))) => {
            faults.into_iter().map(|fault| fault.field).collect()
        }
        other => panic!("no faults: {other:?}"),
    }
}
