//! The Peerage server: the Atlas Administration API for network peering over one deterministic
//! core.
//!
//! Rooms: [`http`] speaks the protocol and knows nothing of rules; [`authn`] says who calls;
//! [`app`] has the use cases (authorize, decide in the core, commit); [`driver`] performs what the
//! core's controller commands; [`config`] and [`cli`] are how people start it.

pub mod app;
pub mod authn;
pub mod clock;
pub mod context;
pub mod driver;
pub mod http;
pub mod ids;
