//! What the tests share: a world with an organization, clients by role, and goldens.
//!
//! `World` is the service over a store in memory, without the driver. Its clients send requests to
//! the router in this process; each stands for a role: `anonymous`, `owner`, `viewer`, `stranger`.

mod answer;
mod client;
mod counting;
pub(crate) mod digest;
mod golden;
mod operations;
mod world;

pub(crate) use answer::Answer;
pub(crate) use client::Client;
pub(crate) use counting::{CountingStore, Counts};
pub(crate) use golden::check_golden;
pub(crate) use operations::operations;
pub(crate) use world::World;
