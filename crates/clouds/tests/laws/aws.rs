//! The driver of AWS against the emulated EC2, over HTTP: the book of laws, and what is the
//! driver's own, with strangers' hands on the cloud where it matters.

mod controlled;
mod credentials;
mod deputies;
mod doubles;
mod drift;
mod faults;
mod inventory;
mod laws;
mod permissions;
mod world;
