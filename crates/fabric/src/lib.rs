//! The worlds that Peerage drives: one port, and what satisfies it.
//!
//! [`port`] says what a cloud must do for the reconciler; [`emulated`] is three clouds inside the
//! process, both sides of each peering included.

pub mod emulated;
pub mod port;

pub use port::Fabric;
