//! One field of an object, or one element of an array, on its way to a typed value.
//!
//! Each ending answers `None` for an absent value and for a faulty one; the difference is in the
//! faults that were noted.

use core::ops::RangeInclusive;

use peerage_core::cidr::AddressBlock;
use peerage_core::error::FieldFault;
use peerage_core::id::Id;
use peerage_core::time::Timestamp;
use serde_json::Value;

use super::{Fields, unacceptable};
use crate::date;
use crate::form::Form;

/// A field that was taken and waits to be read as something.
#[must_use = "a field that is not read as anything is never checked"]
#[derive(Debug)]
pub struct Field<'f> {
    path: String,
    value: Option<Value>,
    faults: &'f mut Vec<FieldFault>,
}

impl<'f> Field<'f> {
    pub(super) fn new(path: String, value: Option<Value>, faults: &'f mut Vec<FieldFault>) -> Self {
        Self { path, value: value.filter(|value| !value.is_null()), faults }
    }

    /// Notes the field when it is absent.
    pub(super) fn expected(self) -> Self {
        if self.value.is_none() {
            self.faults.push(FieldFault::missing(&self.path));
        }
        self
    }

    /// A string of that form.
    pub fn text(self, form: Form) -> Option<String> {
        self.read(form.expects, |value| match value {
            Value::String(text) if (form.matches)(&text) => Some(text),
            _ => None,
        })
    }

    /// `true` or `false`.
    pub fn boolean(self) -> Option<bool> {
        self.read("a boolean", |value| value.as_bool())
    }

    /// A whole number within bounds.
    pub fn integer(self, range: RangeInclusive<i64>) -> Option<i64> {
        let expects = format!("a whole number from {} to {}", range.start(), range.end());
        self.read(&expects, |value| value.as_i64().filter(|number| range.contains(number)))
    }

    /// An identifier.
    pub fn id<K>(self) -> Option<Id<K>> {
        self.read("24 lower-case hexadecimal digits", |value| Id::parse(value.as_str()?).ok())
    }

    /// An address block in CIDR notation, or one address.
    pub fn block(self) -> Option<AddressBlock> {
        let expects = "an address block in CIDR notation, such as 10.0.0.0/16";
        self.read(expects, |value| AddressBlock::parse(value.as_str()?).ok())
    }

    /// A string that `parse` reads; `allowed` names what it reads.
    pub fn one_of<T>(self, parse: impl FnOnce(&str) -> Option<T>, allowed: &str) -> Option<T> {
        match self.value? {
            Value::String(text) => {
                let parsed = parse(&text);
                if parsed.is_none() {
                    let fault = FieldFault::not_in_enum(&self.path, &text, allowed);
                    self.faults.push(fault);
                }
                parsed
            }
            _ => {
                self.faults.push(unacceptable(&self.path, "a string"));
                None
            }
        }
    }

    /// A date and time.
    pub fn date(self) -> Option<Timestamp> {
        let expects = "a date and time of RFC 3339, such as 2026-08-10T03:05:16Z";
        self.read(expects, |value| date::parse(value.as_str()?).ok())
    }

    /// An array with so many elements, none of them `null`. Elements that `each` does not read are
    /// left out, which only faulty ones may be.
    pub fn list<T>(
        self,
        lengths: RangeInclusive<usize>,
        mut each: impl FnMut(Field<'_>) -> Option<T>,
    ) -> Option<Vec<T>> {
        let Self { path, value, faults } = self;
        let elements = match value? {
            Value::Array(elements) if lengths.contains(&elements.len()) => elements,
            _ => {
                let expects =
                    format!("an array of {} to {} elements", lengths.start(), lengths.end());
                faults.push(unacceptable(&path, &expects));
                return None;
            }
        };
        let read = elements.into_iter().enumerate().filter_map(|(at, value)| {
            each(Field::new(format!("{path}[{at}]"), Some(value), faults).expected())
        });
        Some(read.collect())
    }

    /// An object, which `read` takes apart.
    pub fn object<T>(self, read: impl FnOnce(&mut Fields) -> Option<T>) -> Option<T> {
        let Self { path, value, faults } = self;
        match value? {
            Value::Object(values) => {
                let mut fields = Fields { path, values, faults: Vec::new() };
                let made = read(&mut fields);
                faults.append(&mut fields.faults);
                made
            }
            _ => {
                faults.push(unacceptable(&path, "an object"));
                None
            }
        }
    }

    /// The value as `parse` reads it; notes that it must be what `expects` says otherwise.
    fn read<T>(self, expects: &str, parse: impl FnOnce(Value) -> Option<T>) -> Option<T> {
        let parsed = parse(self.value?);
        if parsed.is_none() {
            self.faults.push(unacceptable(&self.path, expects));
        }
        parsed
    }
}
