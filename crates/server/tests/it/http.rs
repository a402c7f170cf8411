//! What the protocol promises, whatever the operation.

mod bodies;
mod challenge;
mod connections;
mod contract;
mod crowd;
mod errors;
mod every;
mod forms;
mod limits;
mod log;
mod operations;
mod pages;
mod paths;
mod versions;
