//! Address spaces: lists of prefixes, checked as Azure checks them. Must not know whose they are.

use ipnet::IpNet;

use super::object::Subnet;
use super::place::NetworkId;
use super::refusal::{Refusal, peering as refusal};

/// Reads prefixes that somebody wrote for the resource at that path.
pub(super) fn parse(prefixes: &[String], path: &str) -> Result<Vec<IpNet>, Refusal> {
    prefixes.iter().map(|prefix| parse_one(prefix, path)).collect()
}

fn parse_one(prefix: &str, path: &str) -> Result<IpNet, Refusal> {
    let Ok(network) = prefix.parse::<IpNet>() else {
        return Err(refusal::bad_prefix(prefix, path));
    };
    if network.addr() != network.network() {
        return Err(refusal::bad_cidr(prefix, path, &network.trunc().to_string()));
    }
    Ok(network)
}

/// Prefixes that were checked when they were written.
pub(super) fn read(prefixes: &[String]) -> Vec<IpNet> {
    prefixes.iter().filter_map(|prefix| prefix.parse().ok()).collect()
}

/// The prefixes of the first space that overlap with the second, as Azure lists them; `None` if
/// there are none.
pub(super) fn overlap(first: &[String], second: &[String]) -> Option<String> {
    let second = read(second);
    let meets = |one: &IpNet| {
        second.iter().any(|other| one.contains(&other.network()) || other.contains(&one.network()))
    };
    let both: Vec<String> =
        read(first).iter().filter(|one| meets(one)).map(ToString::to_string).collect();
    (!both.is_empty()).then(|| both.join(", "))
}

/// Checks a network's subnets against its space and each other.
///
/// Source: Azure's rules for subnets: inside the address space, apart from each other, at least a
/// /29 (a /64 for IPv6).
pub(super) fn check_subnets(
    network: &NetworkId,
    space: &[IpNet],
    subnets: &[Subnet],
) -> Result<(), Refusal> {
    let mut taken: Vec<IpNet> = Vec::new();
    for subnet in subnets {
        let prefixes = parse(&subnet.prefixes, &network.subnet_path(&subnet.name))?;
        let long = |one: &IpNet| one.prefix_len() > if one.addr().is_ipv4() { 29 } else { 64 };
        if prefixes.is_empty() || prefixes.iter().any(long) {
            return Err(refusal::bad_subnet(&subnet.name, network));
        }
        if !prefixes.iter().all(|one| space.iter().any(|whole| whole.contains(one))) {
            return Err(refusal::subnet_outside(&subnet.name, network));
        }
        let meets =
            |one: &IpNet| taken.iter().any(|other| one.contains(other) || other.contains(one));
        if prefixes.iter().any(meets) {
            return Err(refusal::subnets_overlap(&subnet.name, network));
        }
        taken.extend(prefixes);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(prefixes: &[&str]) -> Vec<String> {
        prefixes.iter().map(|one| (*one).to_owned()).collect()
    }

    #[test]
    fn a_prefix_has_no_bits_behind_it() {
        let code = |prefix: &str| parse(&list(&[prefix]), "/x").map_err(|refusal| refusal.code);
        assert!(code("10.0.0.0/16").is_ok());
        assert!(code("fd00::/48").is_ok());
        assert_eq!(code("10.0.0.1/16").unwrap_err(), "InvalidCIDRNotation");
        assert_eq!(code("10.0.0.0").unwrap_err(), "InvalidAddressPrefixFormat");
        assert_eq!(code("").unwrap_err(), "InvalidAddressPrefixFormat");
    }

    #[test]
    fn only_what_overlaps_is_listed() {
        let first = list(&["10.0.0.0/16", "10.1.0.0/16", "fd00::/48"]);
        assert_eq!(overlap(&first, &list(&["10.1.2.0/24"])).as_deref(), Some("10.1.0.0/16"));
        assert_eq!(overlap(&list(&["10.1.2.0/24"]), &first).as_deref(), Some("10.1.2.0/24"));
        assert_eq!(overlap(&first, &list(&["10.2.0.0/16", "fd01::/48"])), None);
        assert_eq!(overlap(&first, &[]), None);
    }
}
