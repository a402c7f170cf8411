//! The emulated Compute Engine through its protocol, one test for each rule.

#![expect(clippy::unwrap_used, reason = "the helpers of tests fail like tests")]

#[path = "compute/access.rs"]
mod access;
#[path = "compute/bench.rs"]
mod bench;
#[path = "compute/consensus.rs"]
mod consensus;
#[path = "compute/customer.rs"]
mod customer;
#[path = "compute/exchange.rs"]
mod exchange;
#[path = "compute/kept.rs"]
mod kept;
#[path = "compute/lists.rs"]
mod lists;
#[path = "compute/networks.rs"]
mod networks;
#[path = "compute/operations.rs"]
mod operations;
#[path = "compute/overlap.rs"]
mod overlap;
#[path = "compute/peerings.rs"]
mod peerings;
#[path = "compute/routes.rs"]
mod routes;
#[path = "compute/subnetworks.rs"]
mod subnetworks;
