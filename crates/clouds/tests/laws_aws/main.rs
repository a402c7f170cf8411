//! The driver of AWS against the emulated EC2, over HTTP: the book of laws, and what is the
//! driver's own, with strangers' hands on the cloud where it matters.

#![expect(clippy::unwrap_used, reason = "the helpers of tests fail like tests")]

mod controlled;
mod credentials;
mod deputies;
mod doubles;
mod drift;
mod elsewhere;
mod faults;
mod inventory;
mod laws;
mod permissions;
mod proxy;
mod world;
