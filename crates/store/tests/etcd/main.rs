//! The store in an etcd cluster, held against real members that are started here.

mod faults;
mod laws;
mod moves;
mod secure;
mod server;
