//! How identifiers, dates and roles are written: functions for `serialize_with`.

use core::fmt::Display;
use std::collections::BTreeSet;

use peerage_core::authz::{GroupRole, OrgRole};
use peerage_core::time::Timestamp;
use serde::{Serialize, Serializer};

use crate::date;

/// Something with one name on the wire.
pub(crate) trait Named {
    fn wire_name(&self) -> &'static str;
}

impl Named for OrgRole {
    fn wire_name(&self) -> &'static str {
        self.name()
    }
}

impl Named for GroupRole {
    fn wire_name(&self) -> &'static str {
        self.name()
    }
}

struct Shown<'a, T>(&'a T);

impl<T: Display> Serialize for Shown<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self.0)
    }
}

/// A value as its text.
pub(crate) fn text<T: Display, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(value)
}

/// A value as its text, or `null`.
pub(crate) fn text_or_null<T: Display, S: Serializer>(
    value: &Option<T>,
    to: S,
) -> Result<S::Ok, S::Error> {
    value.as_ref().map(Shown).serialize(to)
}

/// Values as an array of their texts.
pub(crate) fn texts<T: Display, S: Serializer>(values: &[T], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(values.iter().map(Shown))
}

/// A role as its name.
pub(crate) fn name<T: Named, S: Serializer>(value: &T, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(value.wire_name())
}

/// Roles as an array of their names.
pub(crate) fn names<T: Named, S: Serializer>(
    values: &BTreeSet<T>,
    to: S,
) -> Result<S::Ok, S::Error> {
    to.collect_seq(values.iter().map(Named::wire_name))
}

/// A point in time.
pub(crate) fn date<S: Serializer>(value: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&date::text(*value))
}

/// A point in time, or `null`.
pub(crate) fn date_or_null<S: Serializer>(
    value: &Option<Timestamp>,
    to: S,
) -> Result<S::Ok, S::Error> {
    value.map(date::text).serialize(to)
}
