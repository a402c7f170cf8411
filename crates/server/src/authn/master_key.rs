//! The one key that an installation keeps in a file, and the keys derived from it.
//!
//! Owns the file's form and its protection: one line of 64 hexadecimal digits, readable by its
//! owner only. Must not know what a derived key is used for beyond its label. The mode is read
//! from the opened file, not from its path, so that nobody can swap the file in between; a new
//! file is linked into place when it is complete, so that two processes that start together
//! agree on one key.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hmac::{Hmac, Mac as _};
use peerage_core::id::GroupId;
use sha2::Sha256;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use super::secret::RandomSource;

const KEY_BYTES: usize = 32;
const FILE_BYTES_MAX: u64 = 128;

/// A 256-bit key. Wiped when dropped.
#[derive(Clone, ZeroizeOnDrop)]
pub struct SecretKey([u8; KEY_BYTES]);

impl SecretKey {
    /// A key from its bytes.
    pub fn from_bytes(bytes: [u8; KEY_BYTES]) -> Self {
        Self(bytes)
    }

    /// The bytes, for the cipher or MAC that the key was derived for.
    pub fn as_bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    /// A key for one purpose: it tells nothing about this key or about any other purpose's.
    pub fn derive(&self, label: &str) -> Self {
        Self(self.mac(&[b"peerage key v1 ", label.as_bytes()]))
    }

    /// HMAC-SHA256 of the parts, one after the other.
    pub(super) fn mac(&self, parts: &[&[u8]]) -> [u8; KEY_BYTES] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes any key length");
        parts.iter().for_each(|part| mac.update(part));
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// The installation's key. All replicas of one control plane use the same.
#[derive(Clone, Debug)]
pub struct MasterKey(SecretKey);

impl MasterKey {
    /// A key that the caller holds: for throw-away state.
    pub fn from_bytes(bytes: [u8; KEY_BYTES]) -> Self {
        Self(SecretKey::from_bytes(bytes))
    }

    /// Reads the key, or makes it when there is no such file.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or made, is open to others than its owner, or holds anything
    /// but a key.
    pub fn load_or_create(
        path: &Path,
        random: &mut dyn RandomSource,
    ) -> Result<Self, KeyFileError> {
        match Self::load(path) {
            Err(KeyFileError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                create(path, random).map_err(|source| failed(path, source))?;
                Self::load(path)
            }
            outcome => outcome,
        }
    }

    /// Reads the key from a file that must exist.
    ///
    /// # Errors
    ///
    /// As [`MasterKey::load_or_create`].
    pub fn load(path: &Path) -> Result<Self, KeyFileError> {
        let file = File::open(path).map_err(|source| failed(path, source))?;
        check_protection(path, &file)?;
        let mut text = Zeroizing::new(String::with_capacity(FILE_BYTES_MAX as usize));
        file.take(FILE_BYTES_MAX)
            .read_to_string(&mut text)
            .map_err(|source| failed(path, source))?;
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        let digits = text.strip_suffix('\n').unwrap_or(&text);
        hex::decode_to_slice(digits, &mut *bytes)
            .map_err(|_| KeyFileError::NotAKey { path: path.to_owned() })?;
        Ok(Self::from_bytes(*bytes))
    }

    /// Authenticates the nonces of HTTP Digest.
    pub fn digest_nonce_key(&self) -> SecretKey {
        self.0.derive("digest nonce")
    }

    /// Authenticates the audit trail.
    pub fn audit_key(&self) -> SecretKey {
        self.0.derive("audit")
    }

    /// Seals password equivalents at rest.
    pub fn seal_key(&self) -> SecretKey {
        self.0.derive("seal")
    }

    /// The external id of each project: who lets us assume a role demands it, so that nobody can
    /// have us use a role that is another project's. It cannot be guessed and is never chosen.
    pub fn external_ids(&self) -> Arc<dyn Fn(GroupId) -> String + Send + Sync> {
        let key = self.0.derive("external-id");
        Arc::new(move |group| {
            let mac = key.mac(&[b"aws\0", group.to_string().as_bytes()]);
            format!("peerage-{}", hex::encode(&mac[..20]))
        })
    }

    /// Shows that this is the key that something was made with, and gives nothing else away.
    pub fn check_value(&self) -> String {
        hex::encode(self.0.derive("check").as_bytes())
    }

    /// Authenticates cursors that clients hand back.
    pub fn cursor_key(&self) -> SecretKey {
        self.0.derive("cursor")
    }
}

/// Why a key file was not taken. The text names the file and never what is in it.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The file could not be read or made.
    #[error("cannot use the key file {}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A directory, device or pipe.
    #[error("the key file {} is not a regular file", .path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// Others than the owner may use the file.
    #[error(
        "the key file {} has mode {mode:04o}: others than its owner may read or change it; \
         run `chmod 600` on it, and replace the key if the file was ever shared", .path.display()
    )]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Anything but 64 hexadecimal digits and at most one line end.
    #[error("the key file {} does not hold 64 hexadecimal digits", .path.display())]
    NotAKey {
        /// The file.
        path: PathBuf,
    },
}

fn failed(path: &Path, source: io::Error) -> KeyFileError {
    KeyFileError::Io { path: path.to_owned(), source }
}

fn check_protection(path: &Path, file: &File) -> Result<(), KeyFileError> {
    let metadata = file.metadata().map_err(|source| failed(path, source))?;
    if !metadata.is_file() {
        return Err(KeyFileError::NotAFile { path: path.to_owned() });
    }
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(KeyFileError::Exposed { path: path.to_owned(), mode });
    }
    Ok(())
}

/// Makes the file, or leaves the one that somebody else made first.
fn create(path: &Path, random: &mut dyn RandomSource) -> io::Result<()> {
    let mut suffix = [0; 8];
    random.fill(&mut suffix);
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".new-{}", hex::encode(suffix)));
    let draft = PathBuf::from(draft);

    let linked = write_draft(&draft, random).and_then(|()| match fs::hard_link(&draft, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        outcome => outcome,
    });
    let removed = fs::remove_file(&draft);
    linked.and(removed)?;
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}

fn write_draft(draft: &Path, random: &mut dyn RandomSource) -> io::Result<()> {
    let mut bytes = Zeroizing::new([0; KEY_BYTES]);
    random.fill(&mut *bytes);
    let mut line = Zeroizing::new(hex::encode(*bytes));
    line.push('\n');
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft)?;
    file.write_all(line.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authn::secret::OsRandom;

    fn seven(bytes: &mut [u8]) {
        bytes.fill(7);
    }

    fn write(path: &Path, text: &str, mode: u32) {
        fs::write(path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn the_first_start_makes_a_key_and_the_next_reads_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("master.key");
        let made = MasterKey::load_or_create(&path, &mut OsRandom).unwrap();
        let read = MasterKey::load_or_create(&path, &mut OsRandom).unwrap();
        assert_eq!(made.0.as_bytes(), read.0.as_bytes());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "no draft is left behind");
    }

    #[test]
    fn the_process_that_comes_second_takes_the_first_ones_key() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("master.key");
        create(&path, &mut seven).unwrap();
        create(&path, &mut OsRandom).unwrap();
        assert_eq!(MasterKey::load(&path).unwrap().0.as_bytes(), &[7; 32]);
    }

    #[test]
    fn a_file_that_others_may_use_is_refused_by_name_and_mode() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("master.key");
        for mode in [0o640, 0o604, 0o620, 0o644, 0o660] {
            write(&path, &"07".repeat(32), mode);
            let error = MasterKey::load(&path).unwrap_err();
            assert!(matches!(error, KeyFileError::Exposed { mode: found, .. } if found == mode));
            assert!(error.to_string().contains(&format!("master.key has mode {mode:04o}")));
        }
    }

    #[test]
    fn a_file_that_is_no_key_is_neither_taken_nor_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("master.key");
        for text in ["", "07", &"07".repeat(33), &"zz".repeat(32), &"07".repeat(1000)] {
            write(&path, text, 0o600);
            let error = MasterKey::load_or_create(&path, &mut OsRandom).unwrap_err();
            assert!(matches!(error, KeyFileError::NotAKey { .. }), "{error}");
            assert_eq!(fs::read_to_string(&path).unwrap(), *text);
        }
    }

    #[test]
    fn a_directory_is_no_key_file() {
        let dir = tempfile::tempdir().unwrap();
        let error = MasterKey::load_or_create(dir.path(), &mut OsRandom).unwrap_err();
        assert!(matches!(error, KeyFileError::NotAFile { .. }));
    }

    #[test]
    fn each_purpose_has_its_own_key() {
        let key = MasterKey::from_bytes([7; 32]);
        assert_ne!(key.digest_nonce_key().as_bytes(), key.seal_key().as_bytes());
        assert_ne!(key.seal_key().as_bytes(), key.cursor_key().as_bytes());
        assert_eq!(format!("{key:?}"), "MasterKey([redacted])");
    }
}
