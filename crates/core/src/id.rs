//! Typed identifiers: twelve bytes, written as 24 lower-case hexadecimal digits, as the contract
//! has them in every path and body.
//!
//! One generic type and one list of kinds, so that a project's id can never be passed for a
//! peering's. Where the bytes come from is not known here: callers hand in time and randomness.

use alloc::string::{String, ToString};
use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::marker::PhantomData;

use crate::time::Timestamp;

/// Names the kind of object that an [`Id`] belongs to.
pub trait Kind {
    /// The noun used in error messages.
    const NOUN: &'static str;
}

/// An identifier of one kind: 12 bytes, shown as 24 lower-case hexadecimal digits.
pub struct Id<K> {
    bytes: [u8; 12],
    kind: PhantomData<fn() -> K>,
}

/// The text is not 24 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not 24 lower-case hexadecimal digits")]
pub struct InvalidId {
    /// The refused text, cut to what is worth showing.
    pub text: String,
}

impl<K> Id<K> {
    /// Digits of the written form.
    pub const DIGITS: usize = 24;

    /// An id from its bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 12]) -> Self {
        Self { bytes, kind: PhantomData }
    }

    /// The bytes of the id.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 12] {
        &self.bytes
    }

    /// The digits of the written form.
    #[must_use]
    pub fn digits(&self) -> [u8; 24] {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [0; 24];
        for (pair, byte) in text.chunks_exact_mut(2).zip(self.bytes) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 0xf)];
        }
        text
    }

    /// A new id: four bytes of seconds, so that ids sort by age, then eight random ones.
    #[must_use]
    pub fn generate(now: Timestamp, random: [u8; 8]) -> Self {
        let seconds = u32::try_from(now.as_millis().div_euclid(1000)).unwrap_or(u32::MAX);
        let mut bytes = [0; 12];
        bytes[..4].copy_from_slice(&seconds.to_be_bytes());
        bytes[4..].copy_from_slice(&random);
        Self::from_bytes(bytes)
    }

    /// Reads 24 lower-case hexadecimal digits.
    ///
    /// # Errors
    /// [`InvalidId`] for anything else, upper-case digits included.
    pub fn parse(text: &str) -> Result<Self, InvalidId> {
        let digits = text.as_bytes();
        let invalid = || InvalidId { text: text.chars().take(64).collect() };
        if digits.len() != Self::DIGITS {
            return Err(invalid());
        }
        let mut bytes = [0; 12];
        // Looked at once at the end: ids are read with every request.
        let mut seen = 0;
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let [high, low] = [pair[0], pair[1]].map(|digit| NIBBLES[usize::from(digit)]);
            seen |= high | low;
            *byte = high << 4 | low & 0xf;
        }
        if seen == NO_DIGIT { Err(invalid()) } else { Ok(Self::from_bytes(bytes)) }
    }
}

const fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

/// The value of each byte as a digit; of those that are none, [`NO_DIGIT`].
const NIBBLES: [u8; 256] = {
    let mut nibbles = [NO_DIGIT; 256];
    let mut at: u8 = 0;
    while at < 128 {
        if let Some(nibble) = nibble(at) {
            nibbles[at as usize] = nibble;
        }
        at += 1;
    }
    nibbles
};

const NO_DIGIT: u8 = 0xff;

impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K> Copy for Id<K> {}
impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}
impl<K> Eq for Id<K> {}
impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.bytes.cmp(&other.bytes)
    }
}
impl<K> Hash for Id<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bytes.hash(state);
    }
}
impl<K> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(core::str::from_utf8(&self.digits()).map_err(|_| fmt::Error)?)
    }
}
impl<K> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl<K> From<Id<K>> for String {
    fn from(id: Id<K>) -> Self {
        id.to_string()
    }
}
impl<K> core::str::FromStr for Id<K> {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Self::parse(text)
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident $alias:ident $noun:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub enum $kind {}
        impl Kind for $kind {
            const NOUN: &'static str = $noun;
        }
        #[doc = concat!("The id of one ", $noun, ".")]
        pub type $alias = Id<$kind>;
    )*};
}

kinds! {
    /// An organization, the owner of projects.
    Org OrgId "organization";
    /// A project, the tenant; `group` on the wire.
    Group GroupId "project";
    /// A network container, the service's side of a peering.
    Container ContainerId "network container";
    /// A network peering connection.
    Peer PeerId "peering connection";
    /// A person.
    User UserId "user";
    /// A team of people.
    Team TeamId "team";
    /// A programmatic API key.
    ApiKey ApiKeyId "API key";
    /// A service account.
    ServiceAccount ServiceAccountId "service account";
    /// A secret of a service account.
    Secret SecretId "secret";
    /// An event of the audit trail.
    Event EventId "event";
    /// An invitation to an organization or a project.
    Invitation InvitationId "invitation";
}

/// What every client id begins with.
const CLIENT_ID_PREFIX: &str = "mdb_sa_id_";

impl Id<ServiceAccount> {
    /// The name under which the account asks for tokens: `mdb_sa_id_` and the id.
    #[must_use]
    pub fn client_id(self) -> String {
        alloc::format!("{CLIENT_ID_PREFIX}{self}")
    }

    /// The account of a client id, whose digits may be of either case.
    #[must_use]
    pub fn parse_client_id(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(CLIENT_ID_PREFIX)?;
        Self::parse(&digits.to_ascii_lowercase()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_its_text() {
        let text = "32b6e34b3d91647abb20e7b8";
        let id = PeerId::parse(text).unwrap();
        assert_eq!(id.to_string(), text);
    }

    #[test]
    fn anything_but_24_lower_case_digits_is_refused() {
        for text in
            ["", "32b6e34b3d91647abb20e7b", "32B6E34B3D91647ABB20E7B8", "zzb6e34b3d91647abb20e7b8"]
        {
            assert!(PeerId::parse(text).is_err(), "{text}");
        }
        assert!(PeerId::parse("32b6e34b3d91647abb20e7é").is_err());
    }

    #[test]
    fn a_later_id_sorts_after_an_earlier_one() {
        let early = GroupId::generate(Timestamp::from_millis(1_000), [255; 8]);
        let late = GroupId::generate(Timestamp::from_millis(2_000), [0; 8]);
        assert!(early < late);
    }

    #[test]
    fn a_client_id_names_its_account() {
        let account = ServiceAccountId::from_bytes([0xab; 12]);
        assert_eq!(account.client_id(), "mdb_sa_id_abababababababababababab");
        let upper = account.client_id().replace('a', "A").replace("mdb_sA_id_", "mdb_sa_id_");
        assert_eq!(ServiceAccountId::parse_client_id(&upper), Some(account));
        for text in ["abababababababababababab", "mdb_sa_id_", "mdb_sa_sk_abababababababababababab"]
        {
            assert_eq!(ServiceAccountId::parse_client_id(text), None, "{text}");
        }
    }
}
