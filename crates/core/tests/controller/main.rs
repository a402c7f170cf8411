//! The controller in a small world of its own: a store with stamps, a cloud that fails as it is
//! told, a clock moved by hand. Every command that it gives is checked on the way: see `world`.

mod cloud;
mod crash;
mod errors;
#[path = "../support/example.rs"]
mod example;
mod interleaving;
mod life;
mod queue;
mod races;
mod world;
