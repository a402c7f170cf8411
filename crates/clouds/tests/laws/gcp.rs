//! The driver of GCP against the emulated Compute Engine, over HTTP: the book of laws, and what is
//! the driver's own, with strangers' hands on the cloud where it matters.

mod denied;
mod doubt;
mod drift;
mod inventory;
mod laws;
mod life;
mod storm;
mod watched;
mod world;
