//! What is always in memory of a connection, whether it is awake or not: as much as the rules about
//! its two networks ask for, in few bytes.
//!
//! Blocks are those of IPv4: they are only compared with blocks of ours, which are private (see
//! `core::container`), and blocks of two families never overlap.

use std::net::{IpAddr, Ipv4Addr};

use peerage_core::cidr::AddressBlock;
use peerage_core::id::ContainerId;
use sha2::{Digest, Sha256};

use super::index::Rank;
use super::object::LinkObject;

/// A connection as its two networks count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) container: ContainerId,
    pub(super) customer: Customer,
    pub(super) rank: Rank,
    pub(super) block: Block,
}

impl Row {
    pub(super) fn of(link: &LinkObject) -> Self {
        Self {
            container: link.container,
            customer: Customer::of(&link.customer),
            rank: link.rank(),
            block: Block::of(link.counted_block()),
        }
    }
}

/// A network of a customer: 128 bits of the SHA-256 of its word. Two words that share them are
/// found by 2^64 tries, not by chance and not by a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Customer([u8; 16]);

impl Customer {
    pub(super) fn of(word: &str) -> Self {
        let digest = Sha256::digest(word.as_bytes());
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        Self(bytes)
    }
}

/// An address block of IPv4, or none: four bytes of network, one of length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Block([u8; 5]);

impl Block {
    pub(super) const FIRST: Self = Self([0; 5]);
    pub(super) const LAST: Self = Self([0xff; 5]);
    /// It overlaps nothing. Its length is none of a block's.
    const NONE: Self = Self::LAST;

    /// Reads a block as it is kept.
    pub(super) fn of(text: &str) -> Self {
        let Ok(block) = AddressBlock::parse(text) else { return Self::NONE };
        match block.net().network() {
            IpAddr::V4(network) => {
                let [a, b, c, d] = network.octets();
                Self([a, b, c, d, block.prefix_length()])
            }
            IpAddr::V6(_) => Self::NONE,
        }
    }

    /// Whether the two share an address.
    pub(super) fn overlaps(self, other: Self) -> bool {
        let shorter = self.0[4].min(other.0[4]);
        let are_blocks = self != Self::NONE && other != Self::NONE;
        // What the longer one says beyond the length of the shorter does not count.
        let differ = (self.network() ^ other.network()).leading_zeros();
        are_blocks && differ >= u32::from(shorter)
    }

    fn network(self) -> u32 {
        let [a, b, c, d, _] = self.0;
        Ipv4Addr::new(a, b, c, d).to_bits()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCKS: [&str; 12] = [
        "0.0.0.0/0",
        "10.0.0.0/8",
        "10.8.0.0/18",
        "10.8.0.0/21",
        "10.8.4.0/22",
        "10.8.64.0/18",
        "10.8.4.7/32",
        "10.8.4.7",
        "255.255.255.255/32",
        "fd00::/64",
        "10.8.0.0/33",
        "nothing",
    ];

    #[test]
    fn blocks_overlap_as_those_of_the_core() {
        for left in BLOCKS {
            for right in BLOCKS {
                let expected = match (AddressBlock::parse(left), AddressBlock::parse(right)) {
                    (Ok(a), Ok(b)) => a.overlaps(&b) && a.net().network().is_ipv4(),
                    (Ok(_) | Err(_), _) => false,
                };
                let found = Block::of(left).overlaps(Block::of(right));
                assert_eq!(found, expected, "{left} and {right}");
            }
        }
    }

    #[test]
    fn a_row_is_small() {
        assert_eq!(size_of::<Row>(), 34);
    }
}
