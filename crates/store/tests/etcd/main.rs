//! The store in an etcd cluster, held against real members that are started here.

mod cache;
mod faults;
mod laws;
mod link;
mod moves;
mod secure;
mod server;
