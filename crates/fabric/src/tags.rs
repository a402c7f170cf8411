//! What everything that we make in a real cloud carries, so that it is adopted and never made
//! twice. Where a cloud has no tags for an object, its name carries the same.

use peerage_core::id::{ContainerId, PeerId};

/// Which installation of Peerage made it.
pub const INSTALLATION: &str = "peerage:installation";

/// The project that it belongs to.
pub const GROUP: &str = "peerage:group";

/// The container whose network it is or belongs to.
pub const CONTAINER: &str = "peerage:container";

/// The peering whose connection it is.
pub const PEERING: &str = "peerage:peering";

/// Which try at the customer made it.
pub const HANDSHAKE: &str = "peerage:handshake";

/// The name of a peering on Azure and GCP, where it has no tags: `peerage-<peering>-<handshake>`.
#[must_use]
pub fn link_name(peering: PeerId, handshake: u32) -> String {
    format!("{}{handshake}", link_prefix(peering))
}

/// How the names of all handshakes of a peering begin.
#[must_use]
pub fn link_prefix(peering: PeerId) -> String {
    format!("peerage-{peering}-")
}

/// What a name says that [`link_name`] made.
#[must_use]
pub fn parse_link_name(name: &str) -> Option<(PeerId, u32)> {
    let (peering, handshake) = name.strip_prefix("peerage-")?.split_once('-')?;
    Some((PeerId::parse(peering).ok()?, handshake.parse().ok()?))
}

/// How the name of a container's network begins, where it has no tags: `nt-<container>-`.
#[must_use]
pub fn network_prefix(container: ContainerId) -> String {
    format!("nt-{container}-")
}

/// The container in a name that begins with [`network_prefix`].
#[must_use]
pub fn parse_network_name(name: &str) -> Option<ContainerId> {
    let (container, _) = name.strip_prefix("nt-")?.split_once('-')?;
    ContainerId::parse(container).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_back() {
        let peering = PeerId::from_bytes([7; 12]);
        assert_eq!(parse_link_name(&link_name(peering, 12)), Some((peering, 12)));
        assert_eq!(parse_link_name("peerage-x-1"), None);
        let container = ContainerId::from_bytes([9; 12]);
        let name = format!("{}a1b2c3d4", network_prefix(container));
        assert_eq!(parse_network_name(&name), Some(container));
        assert_eq!(parse_network_name("default"), None);
    }
}
