//! What happens by itself, and when: the times of everything that has one. It is derived from the
//! tables and not kept.

use std::collections::{BTreeMap, BTreeSet};

/// The times of objects by their ids, in milliseconds since the epoch.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    by_time: BTreeSet<(i64, String)>,
    by_id: BTreeMap<String, i64>,
}

impl Agenda {
    /// From here on the object's time is this one, or none.
    pub(super) fn set(&mut self, id: &str, due: Option<i64>) {
        if let Some(before) = self.by_id.remove(id) {
            self.by_time.remove(&(before, id.to_owned()));
        }
        if let Some(due) = due {
            self.by_id.insert(id.to_owned(), due);
            self.by_time.insert((due, id.to_owned()));
        }
    }

    /// The next time of all.
    pub(super) fn first(&self) -> Option<i64> {
        self.by_time.first().map(|(due, _)| *due)
    }

    /// Takes the next object whose time has come; those of one time go by their ids.
    pub(super) fn take(&mut self, now: i64) -> Option<(i64, String)> {
        if self.first()? > now {
            return None;
        }
        let (due, id) = self.by_time.pop_first()?;
        self.by_id.remove(&id);
        Some((due, id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_has_one_time_at_most() {
        let mut agenda = Agenda::default();
        agenda.set("a", Some(5));
        agenda.set("a", Some(3));
        agenda.set("b", Some(4));
        agenda.set("b", None);
        assert_eq!(agenda.take(2), None);
        assert_eq!(agenda.take(9), Some((3, "a".to_owned())));
        assert_eq!(agenda.take(9), None);
    }
}
