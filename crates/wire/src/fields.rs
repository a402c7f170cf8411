//! Reads a JSON object field by field and remembers every fault, so that a client learns all of
//! them from one answer.
//!
//! `null` is the same as absent. A name that comes twice has its last value, as in every client's
//! own JSON reader. Fields that nobody asks for are ignored. A body may be nested only so deep,
//! which is checked before anything is built from it.

mod body;
mod field;

use core::ops::RangeInclusive;

use peerage_core::error::{FieldFault, Refusal};
use serde_json::{Map, Value};

pub use body::{BodyError, DEPTH_MAX};
pub use field::Field;

/// Why a request cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// The body is not what a body can be.
    Body(BodyError),
    /// Fields of it are at fault: always [`Refusal::BadFields`].
    Fields(Refusal),
}

impl From<BodyError> for ReadError {
    fn from(error: BodyError) -> Self {
        Self::Body(error)
    }
}

impl From<Refusal> for ReadError {
    fn from(refusal: Refusal) -> Self {
        Self::Fields(refusal)
    }
}

/// The fields of one JSON object that are still to be read, and the faults of those that were.
#[derive(Debug)]
pub struct Fields {
    path: String,
    values: Map<String, Value>,
    faults: Vec<FieldFault>,
}

impl Fields {
    /// Reads a body that has to be one JSON object.
    ///
    /// # Errors
    /// [`BodyError`] when it is not.
    pub fn parse(body: &[u8]) -> Result<Self, BodyError> {
        match body::parse(body)? {
            Value::Object(values) => Ok(Self { path: String::new(), values, faults: Vec::new() }),
            _ => Err(BodyError::NotAnObject),
        }
    }

    /// Takes a field that may be absent.
    pub fn optional(&mut self, name: &str) -> Field<'_> {
        let value = self.values.remove(name);
        Field::new(self.path_of(name), value, &mut self.faults)
    }

    /// Takes a field that must not be absent; notes it when it is.
    pub fn required(&mut self, name: &str) -> Field<'_> {
        self.optional(name).expected()
    }

    /// Whether the field is there, and not `null`, and nobody took it yet.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.values.get(name).is_some_and(|value| !value.is_null())
    }

    /// Makes a field absent whose value is the empty text: some clients send one for a flag that
    /// nobody gave.
    pub fn drop_blank(&mut self, name: &str) {
        if self.values.get(name).and_then(Value::as_str) == Some("") {
            self.values.remove(name);
        }
    }

    /// Notes a fault of a field: `expects` completes the sentence "it must be …".
    pub fn refuse(&mut self, name: &str, expects: &str) {
        let path = self.path_of(name);
        self.faults.push(unacceptable(&path, expects));
    }

    /// Notes each of `names` that is there as a field that does not belong here.
    pub fn refuse_foreign(&mut self, names: &[&str], expects: &str) {
        for name in names {
            if self.has(name) {
                self.refuse(name, expects);
            }
        }
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// [`Refusal::BadFields`] with every fault that was noted.
    pub fn finish(self) -> Result<(), Refusal> {
        if self.faults.is_empty() { Ok(()) } else { Err(Refusal::BadFields(self.faults)) }
    }

    /// Ends the reading and builds the value. `build` may answer `None` only for a fault that was
    /// noted.
    ///
    /// # Errors
    /// [`Refusal::BadFields`] with every fault that was noted.
    pub fn finish_with<T>(self, build: impl FnOnce() -> Option<T>) -> Result<T, Refusal> {
        self.finish()?;
        build().ok_or(Refusal::BadFields(Vec::new()))
    }

    fn path_of(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }
}

/// Reads a body that has to be a JSON array with so many elements.
///
/// # Errors
/// What the body is not, or every fault of every element.
pub fn read_list<T>(
    body: &[u8],
    lengths: RangeInclusive<usize>,
    each: impl FnMut(Field<'_>) -> Option<T>,
) -> Result<Vec<T>, ReadError> {
    let list = body::parse(body)?;
    if !list.is_array() {
        return Err(BodyError::NotAnArray.into());
    }
    let mut faults = Vec::new();
    let elements = Field::new(String::new(), Some(list), &mut faults).list(lengths, each);
    match elements {
        Some(elements) if faults.is_empty() => Ok(elements),
        Some(_) | None => Err(Refusal::BadFields(faults).into()),
    }
}

/// The fault of a field whose value is not acceptable.
fn unacceptable(path: &str, expects: &str) -> FieldFault {
    let what = if path.is_empty() { "body" } else { path };
    let description = format!("Invalid attribute {what} specified: it must be {expects}.");
    FieldFault::invalid(what, description)
}

#[cfg(test)]
mod tests {
    use peerage_core::error::FaultKind;
    use peerage_core::id::GroupId;
    use proptest::prelude::*;

    use super::*;
    use crate::form;

    fn faults(result: Result<(), Refusal>) -> Vec<(String, FaultKind)> {
        match result {
            Err(Refusal::BadFields(faults)) => {
                faults.into_iter().map(|f| (f.field, f.kind)).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_fault_is_listed_in_the_order_of_reading() {
        let mut fields =
            Fields::parse(br#"{"a":1,"c":"x","d":{"e":[true,"no"]},"f":"Q"}"#).unwrap();
        fields.required("a").text(form::TEXT);
        fields.required("b").boolean();
        fields.optional("c").id::<peerage_core::id::Group>();
        fields.optional("d").object(|inner| {
            inner.required("e").list(0..=9, |element| element.boolean()).map(|_| ())
        });
        fields.optional("f").one_of(|_| None::<()>, "A, B");
        let expected = [
            ("a", FaultKind::Invalid),
            ("b", FaultKind::Missing),
            ("c", FaultKind::Invalid),
            ("d.e[1]", FaultKind::Invalid),
            ("f", FaultKind::NotInEnum),
        ];
        let expected = expected.map(|(name, kind)| (name.to_owned(), kind));
        assert_eq!(faults(fields.finish()), expected);
    }

    #[test]
    fn null_is_absent_and_the_last_of_two_values_counts() {
        let mut fields = Fields::parse(br#"{"a":null,"b":1,"b":2}"#).unwrap();
        assert!(!fields.has("a"));
        assert_eq!(fields.optional("a").boolean(), None);
        assert_eq!(fields.required("b").integer(0..=9), Some(2));
        assert_eq!(fields.finish(), Ok(()));
    }

    #[test]
    fn a_fault_names_what_was_expected() {
        let mut fields = Fields::parse(br#"{"n":11}"#).unwrap();
        fields.optional("n").integer(1..=10);
        let expected = "Invalid attribute n specified: it must be a whole number from 1 to 10.";
        match fields.finish() {
            Err(Refusal::BadFields(faults)) => assert_eq!(faults[0].description, expected),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_id_is_typed() {
        let mut fields = Fields::parse(br#"{"id":"32b6e34b3d91647abb20e7b8"}"#).unwrap();
        let id: Option<GroupId> = fields.required("id").id();
        assert_eq!(id.map(|id| id.to_string()).as_deref(), Some("32b6e34b3d91647abb20e7b8"));
    }

    #[test]
    fn a_list_body_names_its_elements() {
        let read = |body: &[u8]| {
            read_list(body, 0..=2, |element| {
                element.object(|fields| fields.required("a").integer(0..=9))
            })
        };
        assert_eq!(read(br#"[{"a":1},{"a":2}]"#), Ok(vec![1, 2]));
        assert_eq!(read(b"{}"), Err(BodyError::NotAnArray.into()));
        let Err(ReadError::Fields(refusal)) = read(br#"[{"a":1},null]"#) else {
            panic!("null was read");
        };
        assert_eq!(faults(Err(refusal)), [("[1]".to_owned(), FaultKind::Missing)]);
        assert!(matches!(read(b"[{},{},{}]"), Err(ReadError::Fields(_))));
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Fields::parse(&body);
            let _ = read_list(&body, 0..=3, |element| element.boolean());
        }
    }
}
