//! Address blocks in CIDR notation and how they overlap.
//!
//! A block keeps the text that its owner wrote: clients compare what they sent with what they
//! read, byte for byte. Comparisons use the network that the text means.

use alloc::borrow::ToOwned;
use alloc::string::String;
use core::fmt;
use core::net::IpAddr;

use ipnet::{IpNet, Ipv4Net};

/// Longest text of a block: an IPv6 address, a slash and three digits.
const TEXT_LENGTH_MAX: usize = 49;

/// The private ranges of RFC 1918.
const PRIVATE: [Ipv4Net; 3] = [
    Ipv4Net::new_assert(core::net::Ipv4Addr::new(10, 0, 0, 0), 8),
    Ipv4Net::new_assert(core::net::Ipv4Addr::new(172, 16, 0, 0), 12),
    Ipv4Net::new_assert(core::net::Ipv4Addr::new(192, 168, 0, 0), 16),
];

/// One address block: the text as given, and the network that it means.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct AddressBlock {
    text: String,
    net: IpNet,
}

/// The text is no address block.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an address block in CIDR notation, such as 10.0.0.0/16")]
pub struct InvalidBlock;

impl AddressBlock {
    /// Reads `10.0.0.0/16`, `fd00::/64` or a bare address, which means that one address.
    ///
    /// Host bits may be set, as the clouds allow; the network is the block that contains them.
    ///
    /// # Errors
    /// [`InvalidBlock`] for anything else.
    pub fn parse(text: &str) -> Result<Self, InvalidBlock> {
        if text.len() > TEXT_LENGTH_MAX {
            return Err(InvalidBlock);
        }
        // The standard library reads the address, because it refuses an octet with a leading zero:
        // some read that as octal, and two readings of one block must not exist.
        let (address, length) = match text.split_once('/') {
            Some((_, length)) if !is_plain_number(length) => return Err(InvalidBlock),
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| InvalidBlock)?;
        let net = match length.map(str::parse) {
            Some(length) => {
                IpNet::new(address, length.map_err(|_| InvalidBlock)?).map_err(|_| InvalidBlock)?
            }
            None => IpNet::from(address),
        };
        Ok(Self { text: text.to_owned(), net: net.trunc() })
    }

    /// The text as its owner wrote it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The network, without host bits.
    #[must_use]
    pub fn net(&self) -> IpNet {
        self.net
    }

    /// Bits of the network part.
    #[must_use]
    pub fn prefix_length(&self) -> u8 {
        self.net.prefix_len()
    }

    /// Whether `text` means the same network, however it is written.
    #[must_use]
    pub fn is_network(&self, text: &str) -> bool {
        Self::parse(text).is_ok_and(|other| other.net == self.net)
    }

    /// Whether the two blocks share an address. Blocks of different address families never do.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.net.contains(&other.net) || other.net.contains(&self.net)
    }

    /// Whether the whole block lies in one of the private ranges of RFC 1918.
    #[must_use]
    pub fn is_private(&self) -> bool {
        match self.net {
            IpNet::V4(net) => PRIVATE.iter().any(|range| range.contains(&net)),
            IpNet::V6(_) => false,
        }
    }
}

/// One to three digits without a sign or a leading zero: what a prefix length looks like.
fn is_plain_number(text: &str) -> bool {
    (1..=3).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && (text.len() == 1 || !text.starts_with('0'))
}

impl fmt::Debug for AddressBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for AddressBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(text: &str) -> AddressBlock {
        AddressBlock::parse(text).unwrap()
    }

    #[test]
    fn the_text_comes_back_as_given() {
        assert_eq!(block("10.0.0.7/16").as_str(), "10.0.0.7/16");
        assert_eq!(block("10.0.0.7/16").net(), block("10.0.0.0/16").net());
    }

    #[test]
    fn a_bare_address_is_a_block_of_one() {
        assert_eq!(block("10.0.0.7").prefix_length(), 32);
        assert_eq!(block("fd00::1").prefix_length(), 128);
    }

    #[test]
    fn what_is_no_block_is_refused() {
        for text in [
            "",
            "10.0.0.0/33",
            "10.0.0/8",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "10.0.0.0/08",
            "010.0.0.0/8",
            "x",
            " 10.0.0.0/8",
        ] {
            assert_eq!(AddressBlock::parse(text), Err(InvalidBlock), "{text}");
        }
    }

    #[test]
    fn blocks_overlap_when_one_contains_the_other() {
        assert!(block("10.0.0.0/8").overlaps(&block("10.9.0.0/16")));
        assert!(block("10.9.0.0/16").overlaps(&block("10.0.0.0/8")));
        assert!(!block("10.0.0.0/16").overlaps(&block("10.1.0.0/16")));
        assert!(!block("0.0.0.0/0").overlaps(&block("::/0")));
    }

    #[test]
    fn private_means_wholly_inside_rfc_1918() {
        assert!(block("172.31.248.0/21").is_private());
        assert!(!block("172.0.0.0/8").is_private());
        assert!(!block("fd00::/64").is_private());
    }
}
