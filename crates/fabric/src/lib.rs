//! The worlds that Peerage drives: one port, and what satisfies it.
//!
//! [`port`] says what a cloud must do for the reconciler; [`emulated`] is three clouds inside the
//! process, both sides of each peering included; `aws`, `azure` and `gcp` (each a Cargo feature)
//! drive the real ones, over what they share in `remote`; [`rules`] are the facts of each cloud,
//! [`tags`] what everything carries that we make, [`inventory`] what carries it, [`dice`] numbers
//! from a seed; [`faulty`] makes a liar of any fabric; [`fence`] says on whose right a call is
//! made; [`conformance`] is the book of laws that all of them keep, liars included.

#[cfg(feature = "aws")]
pub mod aws;
#[cfg(feature = "azure")]
pub mod azure;
pub mod conformance;
pub mod dice;
pub mod emulated;
pub mod faulty;
pub mod fence;
#[cfg(feature = "gcp")]
pub mod gcp;
pub mod inventory;
pub mod port;
#[cfg(any(feature = "aws", feature = "azure", feature = "gcp"))]
pub mod remote;
pub mod rules;
pub mod tags;

pub use inventory::Inventory;
pub use port::Fabric;
