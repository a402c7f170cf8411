//! The document of what is served.

use super::operation::Operation;

pub(super) fn document(_operations: &[Operation]) -> Vec<u8> {
    b"{}".to_vec()
}

pub(super) fn guide(_operations: &[Operation]) -> Vec<u8> {
    Vec::new()
}
