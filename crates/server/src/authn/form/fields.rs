//! Reads `application/x-www-form-urlencoded` within bounds.
//!
//! Owns the encoding; must not know what a field means. No field may come twice, so that nobody
//! reads the other one.

use super::{BODY_BYTES_MAX, FIELDS_MAX, FormFault};
use crate::authn::secret::Secret;

/// The fields of a body.
pub(super) struct Fields(Vec<(Secret, Secret)>);

impl Fields {
    pub(super) fn parse(body: &[u8]) -> Result<Self, FormFault> {
        if body.len() > BODY_BYTES_MAX {
            return Err(FormFault::TooLong);
        }
        let mut found: Vec<(Secret, Secret)> = Vec::new();
        for pair in body.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty()) {
            let mut halves = pair.splitn(2, |&byte| byte == b'=');
            let mut half = || decode(halves.next().unwrap_or_default()).ok_or(FormFault::Encoding);
            let (name, value) = (half()?, half()?);
            if found.len() == FIELDS_MAX {
                return Err(FormFault::TooManyFields);
            }
            if found.iter().any(|(other, _)| other.expose() == name.expose()) {
                return Err(FormFault::Duplicate);
            }
            found.push((name, value));
        }
        Ok(Self(found))
    }

    /// A field's value; one without a value counts as absent (RFC 6749, section 3.2).
    pub(super) fn take(&mut self, name: &str) -> Option<Secret> {
        let place = self.0.iter().position(|(other, _)| other.expose() == name)?;
        Some(self.0.swap_remove(place).1).filter(|value| !value.expose().is_empty())
    }
}

/// Undoes the encoding of a form's name or value; nothing when it is broken.
pub(in crate::authn) fn decode(text: &[u8]) -> Option<Secret> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let (digits, after) = rest.split_first_chunk::<2>()?;
                rest = after;
                let mut byte = [0];
                hex::decode_to_slice(digits, &mut byte).ok()?;
                byte[0]
            }
            _ => byte,
        });
    }
    String::from_utf8(decoded).ok().map(Secret::new)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(body: &str, expected: Result<&[(&str, &str)], FormFault>) {
        let outcome = Fields::parse(body.as_bytes());
        let pairs = outcome.as_ref().map(|fields| {
            fields.0.iter().map(|(name, value)| (name.expose(), value.expose())).collect::<Vec<_>>()
        });
        assert_eq!(pairs.as_deref().map_err(|fault| **fault), expected, "{body}");
    }

    #[test]
    fn names_and_values_are_decoded_once() {
        check("a=b&%63=%64+e%2B%2500", Ok(&[("a", "b"), ("c", "d e+%00")]));
        check("a=b=c&d&e=", Ok(&[("a", "b=c"), ("d", ""), ("e", "")]));
        check("&&", Ok(&[]));
    }

    #[test]
    fn a_field_without_a_value_counts_as_absent() {
        let mut fields = Fields::parse(b"a=&b&c=d").unwrap();
        assert!(fields.take("a").is_none() && fields.take("b").is_none());
        assert_eq!(fields.take("c").unwrap().expose(), "d");
        assert!(fields.take("c").is_none());
    }

    #[test]
    fn a_broken_escape_or_text_is_no_form() {
        for body in ["x=%", "x=%4", "x=%+1", "x=%ff", "%=x"] {
            check(body, Err(FormFault::Encoding));
        }
    }

    #[test]
    fn a_field_given_twice_is_refused_however_it_is_written() {
        check("a=1&a=1", Err(FormFault::Duplicate));
        check("x=1&%78=2", Err(FormFault::Duplicate));
    }

    #[test]
    fn the_bounds_hold() {
        check(&"x".repeat(BODY_BYTES_MAX + 1), Err(FormFault::TooLong));
        let many: String = (0..=FIELDS_MAX).map(|n| format!("{n}&")).collect();
        check(&many, Err(FormFault::TooManyFields));
    }

    proptest! {
        #[test]
        fn no_body_makes_the_reader_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Fields::parse(&body);
        }
    }
}
