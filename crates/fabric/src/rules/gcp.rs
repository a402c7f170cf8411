//! Facts of VPC network peering on GCP. Sources: the guide to VPC Network Peering, the reference of
//! `networks.addPeering`.

/// Peerings of one network.
pub const PEERINGS_MAX: usize = 25;

/// GCP's words when two operations meet; code and text are the same.
pub const BUSY: &str = "There is a peering operation in progress on the local or peer network. \
     Try again later.";

/// The words about subnets that overlap in a group of peered networks.
pub const OVERLAP: &str = "An IP range in the peer network overlaps with an IP range of the local \
     network or of one of its peers.";

/// The words at [`PEERINGS_MAX`].
pub const FULL: &str = "Quota 'PEERINGS_PER_NETWORK' exceeded.";

/// `stateDetails` while the other side has no matching configuration.
pub const WAITING: &str = "Waiting for peer network to connect.";

/// `stateDetails` once both sides match.
pub const CONNECTED: &str = "Connected.";
