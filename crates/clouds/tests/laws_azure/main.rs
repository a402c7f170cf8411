//! The driver of Azure against the emulated Resource Manager, over HTTP: the book of laws, and what
//! is the driver's own, each with a stranger's hand on the cloud where it matters.

#![expect(clippy::unwrap_used, reason = "the helpers of tests fail like tests")]

mod controller;
mod drift;
mod driver;
mod elsewhere;
mod hand;
mod laws;
mod permissions;
mod proxy;
mod stories;
mod world;
