//! Decides whether a credential may be used from an address.
//!
//! Owns the comparison of an address with an access list; must not know whose list it is or how
//! the address was learned: behind a proxy, the caller decides whom to believe. A server that
//! listens on an IPv6 socket sees IPv4 clients as `::ffff:a.b.c.d`, so both sides are brought to
//! IPv4 where they are that.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net};

/// What an access list without entries means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmptyList {
    /// The credential may be used from everywhere.
    AllowsAll,
    /// The organization requires a list, so the credential may not be used yet.
    AllowsNone,
}

/// Whether `peer` is in one of the `entries`.
pub fn is_allowed(entries: &[IpNet], peer: IpAddr, empty: EmptyList) -> bool {
    if entries.is_empty() {
        return empty == EmptyList::AllowsAll;
    }
    let peer = peer.to_canonical();
    entries.iter().any(|entry| to_canonical(*entry).contains(&peer))
}

/// The block as IPv4 when all of it is IPv4 written as IPv6.
fn to_canonical(entry: IpNet) -> IpNet {
    let IpNet::V6(block) = entry else {
        return entry;
    };
    let mapped = |address: Ipv6Addr| {
        let address = address.to_ipv4_mapped()?;
        let prefix = block.prefix_len().checked_sub(96)?;
        Ipv4Net::new(address, prefix).ok()
    };
    mapped(block.addr()).map_or(entry, IpNet::V4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(entries: &[&str], peer: &str, expected: bool) {
        let nets: Vec<IpNet> = entries.iter().map(|entry| entry.parse().unwrap()).collect();
        let outcome = is_allowed(&nets, peer.parse().unwrap(), EmptyList::AllowsNone);
        assert_eq!(outcome, expected, "{peer} in {entries:?}");
    }

    #[test]
    fn an_address_in_any_entry_is_allowed() {
        check(&["192.0.2.0/24", "203.0.113.7/32"], "203.0.113.7", true);
        check(&["192.0.2.0/24", "203.0.113.7/32"], "203.0.113.8", false);
        check(&["2001:db8::/32"], "2001:db8:1::1", true);
        check(&["2001:db8::/32"], "2001:db9::1", false);
        check(&["0.0.0.0/0"], "198.51.100.1", true);
        check(&["0.0.0.0/0"], "2001:db8::1", false);
    }

    #[test]
    fn ipv4_written_as_ipv6_is_ipv4_on_either_side() {
        check(&["192.0.2.0/24"], "::ffff:192.0.2.9", true);
        check(&["192.0.2.0/24"], "::ffff:192.0.3.9", false);
        check(&["::ffff:192.0.2.0/120"], "192.0.2.9", true);
        check(&["::ffff:192.0.2.0/120"], "::ffff:192.0.3.9", false);
        check(&["::/0"], "192.0.2.9", false);
    }

    #[test]
    fn a_list_without_entries_means_what_the_organization_says() {
        let peer = IpAddr::from([192, 0, 2, 1]);
        assert!(is_allowed(&[], peer, EmptyList::AllowsAll));
        assert!(!is_allowed(&[], peer, EmptyList::AllowsNone));
    }
}
