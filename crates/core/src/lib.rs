//! The domain of Peerage: values in, decisions out.
//!
//! This crate owns every rule of network peering: identifiers, address blocks, regions, who may do
//! what, the life cycle of each provider and the controller that drives a peering to what its owner
//! asked for. It must not know the clock, randomness, sockets, files, async or a data format: time
//! and identifiers are arguments, effects are values that somebody else performs.
#![no_std]
#![warn(clippy::wildcard_enum_match_arm)]

extern crate alloc;

pub mod authz;
pub mod cidr;
pub mod cloud;
pub mod container;
pub mod error;
pub mod id;
pub mod peering;
pub mod provider;
pub mod quota;
pub mod reconcile;
pub mod region;
pub mod time;
