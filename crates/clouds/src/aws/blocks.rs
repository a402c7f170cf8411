//! IPv4 blocks of requests.

use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::refusal::{Refusal, invalid};

/// The longest and the shortest prefix of a VPC's or a subnet's block (Amazon VPC User Guide, "VPC
/// CIDR blocks", "Subnet sizing").
const PREFIXES: std::ops::RangeInclusive<u8> = 16..=28;

/// Reads a block and takes it to its canonical form, as EC2 does: `100.68.0.18/18` is
/// `100.68.0.0/18` (EC2 API Reference, `CreateVpc`).
pub(super) fn read(parameter: &str, text: &str) -> Result<Ipv4Net, Refusal> {
    let block = text.parse::<Ipv4Net>().map(|block| block.trunc());
    block.map_err(|_| invalid(parameter, text, "This is not a valid CIDR block."))
}

/// Whether the size is one that a VPC or a subnet can have.
pub(super) fn fits(block: Ipv4Net) -> bool {
    PREFIXES.contains(&block.prefix_len())
}

/// Blocks that no network can have: this host, loopback, link-local, multicast and what is above.
pub(super) fn is_reserved(block: Ipv4Net) -> bool {
    let reserved =
        [([0, 0, 0, 0], 8), ([127, 0, 0, 0], 8), ([169, 254, 0, 0], 16), ([224, 0, 0, 0], 3)];
    reserved.into_iter().any(|(address, prefix)| {
        Ipv4Net::new(Ipv4Addr::from(address), prefix).is_ok_and(|other| overlap(block, other))
    })
}

/// Whether the two have an address in common.
pub(super) fn overlap(one: Ipv4Net, other: Ipv4Net) -> bool {
    one.contains(&other) || other.contains(&one)
}

/// How a block is kept.
pub(super) mod text {
    use ipnet::Ipv4Net;
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(in crate::aws) fn serialize<S: Serializer>(
        block: &Ipv4Net,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(block)
    }

    pub(in crate::aws) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Ipv4Net, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|_| D::Error::custom(format_args!("`{text}` is no IPv4 block")))
    }
}
