//! HTTP: the only room that names a status, a header or a media type.
//!
//! One table, [`operations::all`], lists every operation with its path, versions and handler; the
//! pipeline does for each what all have in common (request id, version, authentication, rate
//! limit, body bound, envelope, pretty, errors). Handlers turn wire into domain and back in a few
//! lines and call one use case. They never see the store.

pub mod call;
mod containers;
mod control;
pub mod fault;
mod listing;
mod oauth;
pub mod operation;
pub mod operations;
mod peers;
pub mod reply;
