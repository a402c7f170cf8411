//! The request ids that we give to Compute Engine, and what they say when they are read back.
//!
//! A request id makes a doubled request harmless, and the operation that a request became carries
//! it as its `clientOperationId`. So the id of a peering or container is written into it: which
//! operation is whose, and how the last one ended, is known from the cloud alone, by any process.
//!
//! The layout of a UUID of version 4 with the owner's twelve bytes before and behind:
//! `oooooooo-oooo-4xnn-yxxx-oooooooooooo`; `n` is the note, the `x` say which request it was.

use std::fmt::Write as _;

use peerage_core::time::Timestamp;
use sha2::{Digest as _, Sha256};

/// What a request id says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    /// The id of the peering or container.
    pub(super) owner: [u8; 12],
    /// The lowest byte of the peering's handshake; zero for a network.
    pub(super) note: u8,
}

impl Stamp {
    /// The request id of one request: the same act at the same time has the same one.
    pub(super) fn seal(self, act: &str, now: Timestamp) -> String {
        let mut hash = Sha256::new();
        hash.update(act.as_bytes());
        hash.update([0, self.note]);
        hash.update(self.owner);
        hash.update(now.as_millis().to_be_bytes());
        let salt = hash.finalize();
        let (front, back) = self.owner.split_at(6);
        let mut bytes = [0; 16];
        bytes[..6].copy_from_slice(front);
        bytes[6] = 0x40 | (salt[0] & 0x0f);
        bytes[7] = self.note;
        bytes[8] = 0x80 | (salt[1] & 0x3f);
        bytes[9] = salt[2];
        bytes[10..].copy_from_slice(back);
        written(bytes)
    }

    /// What a request id says that [`Stamp::seal`] made. Others can look the same by chance only:
    /// their owner is nobody's id then.
    pub(super) fn read(text: &str) -> Option<Self> {
        let digits = text.replace('-', "");
        if text.len() != 36 || digits.len() != 32 || !digits.is_ascii() {
            return None;
        }
        let mut bytes = [0; 16];
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(digits.get(2 * at..2 * at + 2)?, 16).ok()?;
        }
        let mut owner = [0; 12];
        owner[..6].copy_from_slice(&bytes[..6]);
        owner[6..].copy_from_slice(&bytes[10..]);
        Some(Self { owner, note: bytes[7] })
    }

    /// The handshake that is meant, as seen from `current`: the latest one up to it with that note.
    pub(super) fn handshake(self, current: u32) -> u32 {
        let note = u32::from(self.note);
        let lap = current & !0xff;
        let same = lap | note;
        if same <= current { same } else { same.checked_sub(0x100).unwrap_or(note) }
    }
}

/// The note of a handshake.
pub(super) fn note(handshake: u32) -> u8 {
    handshake.to_be_bytes()[3]
}

/// Eight letters and digits that end the name of a container's network. `before`: the name of the
/// one that it had before, if any. So whoever makes the next one, and however often, gives it the
/// same name, and the cloud makes one of it.
pub(super) fn suffix(installation: &str, container: &[u8; 12], before: Option<&str>) -> String {
    const LETTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let mut hash = Sha256::new();
    hash.update(installation.as_bytes());
    hash.update([0]);
    hash.update(container);
    hash.update(before.unwrap_or_default().as_bytes());
    let bytes = hash.finalize();
    bytes.iter().take(8).map(|byte| char::from(LETTERS[usize::from(*byte) % 36])).collect()
}

fn written(bytes: [u8; 16]) -> String {
    let mut text = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWNER: [u8; 12] = [1, 2, 3, 4, 5, 6, 250, 251, 252, 253, 254, 255];

    #[test]
    fn a_request_id_is_a_uuid_and_is_read_back() {
        let stamp = Stamp { owner: OWNER, note: 7 };
        let text = stamp.seal("addPeering", Timestamp::from_millis(1));
        let at = |index: usize| text.as_bytes()[index];
        assert_eq!([8, 13, 18, 23].map(at), [b'-'; 4], "{text}");
        assert_eq!(at(14), b'4', "{text}");
        assert!(b"89ab".contains(&at(19)), "{text}");
        assert_eq!(Stamp::read(&text), Some(stamp));
        assert_eq!(Stamp::read("00000000-0000-0000-0000-00000000000"), None);
        assert_eq!(Stamp::read("zzzzzzzz-0000-4000-8000-000000000000"), None);
    }

    #[test]
    fn the_same_request_has_the_same_id_and_another_one_another() {
        let stamp = Stamp { owner: OWNER, note: 7 };
        let now = Timestamp::from_millis(1_700_000_000_000);
        let id = stamp.seal("addPeering", now);
        assert_eq!(stamp.seal("addPeering", now), id);
        assert_ne!(stamp.seal("removePeering", now), id);
        assert_ne!(stamp.seal("addPeering", Timestamp::from_millis(1_700_000_000_001)), id);
        assert_ne!(Stamp { note: 8, ..stamp }.seal("addPeering", now), id);
    }

    #[test]
    fn a_handshake_is_found_again_from_its_lowest_byte() {
        let check = |handshake: u32, current: u32| {
            let stamp = Stamp { owner: OWNER, note: note(handshake) };
            assert_eq!(stamp.handshake(current), handshake, "{handshake} from {current}");
        };
        check(1, 1);
        check(1, 200);
        check(255, 256);
        check(256, 256);
        check(700, 701);
        // Nobody has seen a later handshake than the one that is asked for; still it is told.
        check(3, 1);
    }

    #[test]
    fn a_network_is_named_after_the_one_before_it() {
        let name = |before| suffix("i", &OWNER, before);
        assert_eq!(name(None), name(None));
        assert_ne!(name(None), name(Some("nt-1")));
        assert_ne!(name(Some("nt-1")), name(Some("nt-2")));
        assert_ne!(name(None), suffix("j", &OWNER, None));
        assert!(name(None).chars().all(|one| one.is_ascii_lowercase() || one.is_ascii_digit()));
        assert_eq!(name(None).len(), 8);
    }
}
