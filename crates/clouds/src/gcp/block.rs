//! Blocks of IPv4 addresses, as they are written and kept: `10.0.0.0/18`.

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};

/// A block without a host's bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct Block(Ipv4Net);

/// The text is no block, or a host's address with its block.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("no block of IPv4 addresses")]
pub(super) struct NoBlock;

impl Block {
    /// Every address.
    pub(super) fn all() -> Self {
        Self(Ipv4Net::default())
    }

    pub(super) fn contains(self, other: Self) -> bool {
        self.0.contains(&other.0)
    }

    pub(super) fn contains_address(self, address: Ipv4Addr) -> bool {
        self.0.contains(&address)
    }

    pub(super) fn overlaps(self, other: Self) -> bool {
        self.contains(other) || other.contains(self)
    }

    pub(super) fn prefix_len(self) -> u8 {
        self.0.prefix_len()
    }

    /// The first address that a machine can have.
    pub(super) fn gateway(self) -> Ipv4Addr {
        self.0.hosts().next().unwrap_or(self.0.network())
    }
}

impl FromStr for Block {
    type Err = NoBlock;

    fn from_str(text: &str) -> Result<Self, NoBlock> {
        let block: Ipv4Net = text.parse().map_err(|_| NoBlock)?;
        if block.addr() == block.network() { Ok(Self(block)) } else { Err(NoBlock) }
    }
}

impl TryFrom<String> for Block {
    type Error = NoBlock;

    fn try_from(text: String) -> Result<Self, NoBlock> {
        text.parse()
    }
}

impl From<Block> for String {
    fn from(block: Block) -> Self {
        block.to_string()
    }
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_with_bits_of_a_host_is_none() {
        assert!("10.0.0.0/18".parse::<Block>().is_ok());
        for text in ["10.0.0.1/18", "10.0.0.0", "10.0.0.0/33", "fd20::/20", ""] {
            assert!(text.parse::<Block>().is_err(), "{text}");
        }
    }
}
