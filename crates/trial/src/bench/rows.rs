//! The lines of the table, by what they measure.

pub(crate) mod create;
pub(crate) mod read;
pub(crate) mod scale;
pub(crate) mod settle;
