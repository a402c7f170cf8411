//! The emulated clouds, held to the laws of every fabric and to the documents of the real ones.

#![expect(clippy::unwrap_used, reason = "the helpers of tests fail like tests")]

mod aws;
mod azure;
mod bad;
mod faults;
mod faulty;
mod gcp;
mod journal;
mod laws;
mod networks;
mod pace;
mod random;
mod scale;
#[cfg(test)]
mod shared;
mod sleep;
mod support;
mod time;
