//! A table of the world: rows by name, in the order of the names, and a count of its changes, so
//! that no change can forget to be kept. Must not know what the rows are.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Rows by name.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Table<T> {
    rows: BTreeMap<String, T>,
    #[serde(skip)]
    changes: u64,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { rows: BTreeMap::new(), changes: 0 }
    }
}

impl<T> Table<T> {
    pub(super) fn get(&self, name: &str) -> Option<&T> {
        self.rows.get(name)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.rows.contains_key(name)
    }

    /// The row, to be changed: it counts as a change.
    pub(super) fn edit(&mut self, name: &str) -> Option<&mut T> {
        let row = self.rows.get_mut(name);
        self.changes += u64::from(row.is_some());
        row
    }

    pub(super) fn put(&mut self, name: String, row: T) {
        self.changes += 1;
        self.rows.insert(name, row);
    }

    pub(super) fn remove(&mut self, name: &str) -> Option<T> {
        let row = self.rows.remove(name);
        self.changes += u64::from(row.is_some());
        row
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&String, &T)> {
        self.rows.iter()
    }

    /// The rows whose names begin so.
    pub(super) fn under<'a>(
        &'a self,
        prefix: &str,
    ) -> impl Iterator<Item = (&'a String, &'a T)> + use<'a, T> {
        let prefix = prefix.to_owned();
        self.rows.range(prefix.clone()..).take_while(move |(name, _)| name.starts_with(&prefix))
    }

    /// The names of the rows for which `is` holds.
    pub(super) fn names_of(&self, is: impl Fn(&T) -> bool) -> Vec<String> {
        self.rows.iter().filter(|(_, row)| is(row)).map(|(name, _)| name.clone()).collect()
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// How often it changed since it was made or read.
    pub(super) fn changes(&self) -> u64 {
        self.changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_change_counts_and_a_look_does_not() {
        let mut table = Table::default();
        table.put("a/1".to_owned(), 1);
        table.put("a/2".to_owned(), 2);
        table.put("b/1".to_owned(), 3);
        if let Some(row) = table.edit("a/1") {
            *row = 7;
        }
        assert_eq!(table.changes(), 4);
        assert_eq!(table.under("a/").map(|(_, row)| *row).collect::<Vec<_>>(), [7, 2]);
        assert_eq!(table.edit("c"), None);
        assert_eq!(table.remove("c"), None);
        assert_eq!(table.changes(), 4);
        assert_eq!(table.remove("b/1"), Some(3));
        assert_eq!((table.changes(), table.len()), (5, 2));
    }
}
