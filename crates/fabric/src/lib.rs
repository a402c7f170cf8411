//! The worlds that Peerage drives: one port, and what satisfies it.
//!
//! [`port`] says what a cloud must do for the reconciler; [`emulated`] is three clouds inside the
//! process, both sides of each peering included; [`faulty`] makes a liar of any of them; [`fence`]
//! says on whose right a call is made; [`conformance`] is the book of laws that all of them keep,
//! liars included.

pub mod conformance;
pub mod emulated;
pub mod faulty;
pub mod fence;
pub mod port;

pub use port::Fabric;
