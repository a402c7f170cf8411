//! What is, in order: the table, and over it what is committed and not yet moved into the table.

use std::cmp::Ordering;
use std::iter::Peekable;
use std::vec::IntoIter;

use rusqlite::{CachedStatement, Connection, Rows};

use super::overlay::State;
use super::row;
use crate::port::{Entry, Key, KeyRange, Order};

/// The rows of a range of the table, in an order.
pub(super) fn table(
    connection: &Connection,
    order: Order,
) -> rusqlite::Result<CachedStatement<'_>> {
    connection.prepare_cached(match order {
        Order::Ascending => {
            "SELECT key, created, modified, version, lease, value, sum FROM current
             WHERE key >= ?1 AND key < ?2 ORDER BY key"
        }
        Order::Descending => {
            "SELECT key, created, modified, version, lease, value, sum FROM current
             WHERE key >= ?1 AND key < ?2 ORDER BY key DESC"
        }
    })
}

/// The entries of a range as they are.
pub(super) struct Merged<'a> {
    rows: Rows<'a>,
    /// The next row of the table.
    row: Option<Entry>,
    over: Peekable<IntoIter<(Key, State)>>,
    order: Order,
}

impl<'a> Merged<'a> {
    /// Reads `statement`, which is of [`table`], with what lies over it.
    pub(super) fn new(
        statement: &'a mut CachedStatement<'_>,
        range: &KeyRange,
        order: Order,
        over: Vec<(Key, State)>,
    ) -> rusqlite::Result<Self> {
        let mut rows = statement.query((&range.start, &range.end))?;
        let row = next_row(&mut rows)?;
        Ok(Self { rows, row, over: over.into_iter().peekable(), order })
    }

    /// The next entry.
    pub(super) fn next(&mut self) -> rusqlite::Result<Option<Entry>> {
        loop {
            let place = match (&self.row, self.over.peek()) {
                (None, None) => return Ok(None),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(row), Some((key, _))) => in_order(row.key.cmp(key), self.order),
            };
            if place != Ordering::Greater {
                let row = std::mem::replace(&mut self.row, next_row(&mut self.rows)?);
                if place == Ordering::Less {
                    return Ok(row);
                }
            }
            if let Some((_, Some(entry))) = self.over.next() {
                return Ok(Some(entry));
            }
        }
    }
}

/// How two keys follow each other in an order.
pub(super) fn in_order(place: Ordering, order: Order) -> Ordering {
    match order {
        Order::Ascending => place,
        Order::Descending => place.reverse(),
    }
}

fn next_row(rows: &mut Rows<'_>) -> rusqlite::Result<Option<Entry>> {
    match rows.next()? {
        Some(found) => Ok(Some(row::entry(row::key(found, 0)?, found, 1)?)),
        None => Ok(None),
    }
}
