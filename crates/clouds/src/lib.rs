//! Emulated clouds that speak the clouds' own protocols: EC2, Azure Resource Manager and Compute
//! Engine, as much of each as network peering needs, on both sides of the peering.
//!
//! [`aws`], [`azure`] and [`gcp`] are plain worlds behind [`CloudApi`]: a request and the time in,
//! an answer out. [`serve`] puts one on a port, with and without TLS; [`kept`] turns a world into
//! objects that can be kept; [`fidelity`] is the shape of the tables that say what they are true
//! to. Their facts are those of `peerage_fabric::rules`. They must not know a clock, the store, or
//! which driver calls them.

pub mod api;
pub mod aws;
pub mod azure;
mod calendar;
pub mod certificate;
pub mod fidelity;
pub mod gcp;
pub mod kept;
pub mod serve;

pub use api::{CloudApi, Options, Request, Response};
