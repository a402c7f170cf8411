//! The JSON of the contract: what clients send is read here, what they get is written here.
//!
//! Each noun has a module with `read` functions for its requests, which list every fault of a body
//! at once, and types that serialize to its answers byte for byte, in one fixed order of fields.
//! Conversions to and from [`peerage_core`] take every field apart, so that a new one is a compile
//! error. This crate must not know HTTP, storage or who calls: statuses and codes are chosen by
//! the server.

pub mod access_list;
pub mod api_key;
pub mod container;
#[cfg(test)]
mod contract;
pub mod date;
pub mod error;
pub mod event;
pub mod fields;
pub mod form;
pub mod group;
pub mod invitation;
pub mod ip_addresses;
pub mod limit;
pub mod org;
pub mod page;
pub mod peer;
pub mod private_ip_mode;
#[cfg(test)]
mod robustness;
pub mod role;
pub mod service_account;
pub mod settings;
mod show;
pub mod status;
pub mod team;
#[cfg(test)]
mod testing;
pub mod token;
pub mod user;

pub use error::ApiError;
pub use fields::{BodyError, Fields, ReadError};
pub use page::{Link, Page, PageQuery, QueryFault};
