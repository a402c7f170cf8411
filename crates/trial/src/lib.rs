//! The built program under fire: killed, paused, cut off, without a disk, and measured.
//!
//! Owns a harness that starts, kills, pauses and restarts real processes, clients that remember
//! what they were answered, and the trials themselves. It sees the service as people do: through
//! its command line, its HTTP interface and, while nothing runs, its files. For development only.

pub mod bench;
pub mod client;
pub mod cluster;
mod crowd;
pub mod digest;
pub mod disk;
pub mod etcd;
pub mod kill;
pub mod overload;
pub mod program;
pub mod report;
mod stock;
pub mod wait;
