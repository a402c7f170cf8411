//! The file of a store on disk: who may open it, and how it comes to be.
//!
//! Nothing here opens a file that a connection may have open: when a process closes any handle of
//! a file, it loses the locks that SQLite holds on that file for it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::open::OpenError;

/// Only the owner may read what Peerage stores.
const MODE: u32 = 0o600;

/// Keeps every other process from opening the same store. It lies beside the store, so
/// that the store's own file is SQLite's alone.
#[derive(Debug)]
pub(crate) struct FileLock(#[expect(dead_code, reason = "held for its drop")] File);

impl FileLock {
    /// Takes the lock, or says who has it.
    pub(crate) fn take(store: &Path) -> Result<Self, OpenError> {
        let path = beside(store, ".lock");
        let failed = |source| OpenError::io(&path, "lock", source);
        let mut file = private().read(true).truncate(false).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // Who it is only helps; that somebody has it is certain.
                let _ = file.read_to_string(&mut holder);
                let holder = holder.trim().parse().ok();
                return Err(OpenError::InUse { path: store.to_owned(), holder });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        // The lock is held; who holds it only helps, and a full disk is no reason not to.
        let said = file.set_len(0).and_then(|()| file.rewind());
        if let Err(error) = said.and_then(|()| writeln!(file, "{}", std::process::id())) {
            tracing::warn!(%error, path = %path.display(), "store.lock_unsigned");
        }
        Ok(Self(file))
    }
}

/// The path of a store with every link in it followed, so that one file has one name.
pub(crate) fn resolve(path: &Path) -> Result<PathBuf, OpenError> {
    if let Ok(resolved) = path.canonicalize() {
        return Ok(resolved);
    }
    let name = path.file_name().ok_or_else(|| OpenError::NotAStore {
        path: path.to_owned(),
        detail: "it does not name a file".to_owned(),
    })?;
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    };
    let resolved = parent.canonicalize();
    Ok(resolved.map_err(|source| OpenError::io(parent, "find", source))?.join(name))
}

/// Makes the file if it is not there. One that is there is left to SQLite to open.
pub(crate) fn make(path: &Path) -> Result<(), OpenError> {
    match private().create_new(true).open(path) {
        Ok(file) => {
            file.sync_all().map_err(|source| OpenError::io(path, "write", source))?;
            sync_parent(path)
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(source) => Err(OpenError::io(path, "create", source)),
    }
}

/// Makes names that were added to or taken from a directory last.
pub(crate) fn sync_parent(path: &Path) -> Result<(), OpenError> {
    let Some(parent) = path.parent() else { return Ok(()) };
    let synced = File::open(parent).and_then(|directory| directory.sync_all());
    synced.map_err(|source| OpenError::io(parent, "write", source))
}

/// Makes an empty file that only the owner may read, over whatever is there.
pub(crate) fn make_private(path: &Path) -> Result<(), OpenError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(OpenError::io(path, "replace", error));
        }
        Ok(()) | Err(_) => {}
    }
    let made = private().create_new(true).open(path);
    made.map(drop).map_err(|source| OpenError::io(path, "create", source))
}

/// The path with something added to the name of its file.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

pub(super) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true).mode(MODE);
    options
}
