//! The drivers of real clouds against the emulators that speak their protocols, over HTTP.

#![expect(clippy::unwrap_used, reason = "the helpers of tests fail like tests")]

mod aws;
mod azure;
mod gcp;
mod proxy;
