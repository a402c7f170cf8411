//! The whole control plane on one thread, in a world that one seed decides.
//!
//! The use cases, the driver with its controller, the leases, the emulated clouds and the store
//! port are the product's own. The world around them is made here: a clock that jumps, a disk that
//! says no or says nothing, clouds that lose answers, replicas that die at any crossing of a port
//! and come back, clients that give up. What everybody saw is held against models of its own.
//!
//! [`run()`] lives one seed. [`plan`] is what a seed decides, [`world`] the state of everything,
//! [`wire`], [`disk`] and [`cloud`] stand between a replica and the world, [`chaos`] does harm,
//! [`client`] asks and remembers, [`check`] judges, [`linear`] and [`model`] judge what clients
//! saw, [`bug`] plants what has to be found. Must not know HTTP, a socket or the machine's time.

pub mod dice;
pub mod linear;

#[cfg(feature = "world")]
pub mod bug;
#[cfg(feature = "world")]
pub mod chaos;
#[cfg(feature = "world")]
pub mod check;
#[cfg(feature = "world")]
pub mod client;
#[cfg(feature = "world")]
pub mod cloud;
#[cfg(feature = "world")]
pub mod disk;
#[cfg(feature = "world")]
pub mod model;
#[cfg(feature = "world")]
pub mod plan;
#[cfg(feature = "world")]
pub mod quiet;
#[cfg(feature = "world")]
pub mod replica;
#[cfg(feature = "world")]
mod run;
#[cfg(feature = "world")]
pub mod wire;
#[cfg(feature = "world")]
pub mod world;

#[cfg(feature = "world")]
pub use run::{Outcome, run};
