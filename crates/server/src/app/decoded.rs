//! Records that were read lately, decoded: a record is decoded once for each time that it is
//! written, however often it is read. The store is asked each time; only its bytes are not read
//! again while they are the same.

use std::any::Any;
use std::sync::Arc;

use peerage_store::record::{self, Record, RecordError};
use peerage_store::{Entry, Key, Revision};

use crate::recent::Recent;

/// Records of one generation; there are two.
const RECORDS: usize = 8_192;

/// See the head of this file.
pub(super) struct Decoded(Recent<Key, (Revision, Arc<dyn Any + Send + Sync>)>);

impl Default for Decoded {
    fn default() -> Self {
        Self(Recent::new(RECORDS))
    }
}

impl Decoded {
    /// The record of an entry. A key that was written at a revision has one value for ever.
    pub(super) fn record<R: Record>(&self, entry: &Entry) -> Result<Arc<R>, RecordError> {
        if let Some((revision, found)) = self.0.get(&entry.key)
            && revision == entry.modified
            && let Ok(record) = found.downcast::<R>()
        {
            return Ok(record);
        }
        let read: Arc<R> = Arc::new(record::decode(entry.value.as_bytes())?);
        self.0.put(entry.key.clone(), (entry.modified, read.clone()), 1);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use peerage_store::record::MarkRecord;

    use super::*;

    fn entry(value: &str, modified: u64) -> Entry {
        let modified = Revision(modified);
        let (key, value) = (Key::from("a"), value.into());
        Entry { key, value, created: modified, modified, version: 1, lease: None }
    }

    #[test]
    fn a_record_is_decoded_again_when_it_was_written_again() {
        let decoded = Decoded::default();
        let mark = record::encode(&MarkRecord::default()).unwrap();
        let mark = std::str::from_utf8(&mark).unwrap();
        assert!(decoded.record::<MarkRecord>(&entry(mark, 1)).is_ok());
        // The bytes are not looked at again at the same revision, and are at any other.
        assert!(decoded.record::<MarkRecord>(&entry("damaged", 1)).is_ok());
        assert!(decoded.record::<MarkRecord>(&entry("damaged", 2)).is_err());
        assert!(decoded.record::<MarkRecord>(&entry(mark, 3)).is_ok());
    }
}
