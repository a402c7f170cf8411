//! The Peerage server: the Atlas Administration API for network peering over one deterministic
//! core.
//!
//! Rooms: [`http`] speaks the protocol and knows nothing of rules; [`authn`] says who calls;
//! [`app`] has the use cases (authorize, decide in the core, commit); [`driver`] performs what the
//! core's controller commands; [`clouds`] makes the drivers of real clouds, and
//! [`orphans`] finds what is left in them; [`emulation`] is the
//! hand on the emulated ones; [`config`], [`cli`] and [`runtime`] are how people start it.

pub mod app;
pub mod authn;
pub mod cli;
pub mod clock;
pub mod clouds;
pub mod config;
pub mod context;
pub mod driver;
pub mod emulation;
#[cfg(feature = "failpoints")]
pub mod failpoints;
pub mod http;
pub mod ids;
pub mod open_files;
pub mod orphans;
mod recent;
pub mod replica;
pub mod runtime;
pub mod telemetry;
