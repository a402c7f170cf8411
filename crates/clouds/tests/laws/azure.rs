//! The driver of Azure against the emulated Resource Manager, over HTTP: the book of laws, and what
//! is the driver's own, each with a stranger's hand on the cloud where it matters.

mod controller;
mod drift;
mod driver;
mod hand;
mod laws;
mod permissions;
mod stories;
mod world;
