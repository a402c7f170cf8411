//! The driver of GCP against the emulated Compute Engine, over HTTP: the book of laws, and what is
//! the driver's own, with strangers' hands on the cloud where it matters.

#![expect(clippy::unwrap_used, reason = "the helpers of tests fail like tests")]

mod denied;
mod doubt;
mod drift;
mod elsewhere;
mod inventory;
mod laws;
mod life;
mod proxy;
mod storm;
mod watched;
mod world;
