//! Facts of VNet peering on Azure. Sources: the reference of `virtualNetworkPeerings`, Azure's
//! guide to managing peerings, its limits.

/// Peerings of one VNet.
pub const PEERINGS_MAX: usize = 500;

/// The code at [`PEERINGS_MAX`].
pub const FULL_CODE: &str = "PeeringsPerVirtualNetworkLimitExceeded";

/// The words at [`PEERINGS_MAX`].
pub const FULL: &str = "The virtual network has as many peerings as it may have.";

/// The words about a second peering between one pair.
pub const REFERENCED: &str = "Peering already references remote virtual network. Cannot add \
     another peering referencing the same remote virtual network.";
