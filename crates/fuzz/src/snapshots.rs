//! Files that are said to be backups.

use peerage_store::backup::{Existing, port, verify};
use peerage_store::memory::MemoryStore;

/// What is refused leaves the store empty; what is taken is what the file says.
pub(crate) fn read(data: &[u8]) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("backup");
    std::fs::write(&file, data).unwrap();
    let verified = verify(&file);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = MemoryStore::new();
        let restored = port::restore(&file, &store, Existing::Keep, |_| {}).await;
        assert!(verified.is_ok() || restored.is_err(), "a file that is not right was restored");
        let found = port::contents(&store).await.unwrap();
        match restored {
            Ok(summary) => assert_eq!(found, summary.contents),
            Err(_) => assert!(found.entries <= 1, "a refused file left something behind"),
        }
    });
}
