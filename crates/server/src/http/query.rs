//! The query of a request: its decoded pairs, and the two parameters about form that every
//! operation of the contract takes.

use std::borrow::Cow;

use percent_encoding::percent_decode;

use super::fault::Fault;

/// The pairs of a query, decoded, in order. `+` is a space.
pub(super) fn pairs(query: &str) -> Result<Vec<(String, String)>, Fault> {
    let parts = query.split('&').filter(|part| !part.is_empty());
    parts
        .map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let name = decode(name).ok_or_else(|| not_utf8(name))?;
            let value = decode(value).ok_or_else(|| not_utf8(&name))?;
            Ok((name, value))
        })
        .collect()
}

fn decode(text: &str) -> Option<String> {
    let spaced = match text.contains('+') {
        true => Cow::Owned(text.replace('+', " ")),
        false => Cow::Borrowed(text),
    };
    let decoded = percent_decode(spaced.as_bytes()).decode_utf8().ok()?;
    Some(decoded.into_owned())
}

fn not_utf8(name: &str) -> Fault {
    let expected = "percent-encoded UTF-8";
    Fault::QueryParameter { name: name.to_owned(), value: String::new(), expected }
}

/// How a client wants its answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Form {
    /// `envelope`: the status inside the body.
    pub(super) envelope: bool,
    /// `pretty`: with line breaks and indentation.
    pub(super) pretty: bool,
}

impl Form {
    /// Reads the form. The last of two values counts; an empty one means the default.
    pub(super) fn read(pairs: &[(String, String)]) -> Result<Self, Fault> {
        let mut form = Self::default();
        for (name, value) in pairs {
            match name.as_str() {
                "envelope" => form.envelope = flag(name, value)?,
                "pretty" => form.pretty = flag(name, value)?,
                _ => {}
            }
        }
        Ok(form)
    }

    /// The form of an error, whatever else is wrong with the query.
    pub(super) fn of_error(query: &str) -> Self {
        let pairs = pairs(query).unwrap_or_default();
        Self::read(&pairs).unwrap_or_default()
    }

    /// The same without an envelope.
    pub(super) fn without_envelope(self) -> Self {
        Self { envelope: false, ..self }
    }
}

fn flag(name: &str, value: &str) -> Result<bool, Fault> {
    match value {
        "" => Ok(false),
        _ if value.eq_ignore_ascii_case("true") => Ok(true),
        _ if value.eq_ignore_ascii_case("false") => Ok(false),
        _ => Err(Fault::QueryParameter {
            name: name.to_owned(),
            value: value.to_owned(),
            expected: "true or false",
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(query: &str, expected: &[(&str, &str)]) {
        let expected: Vec<_> = expected
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        assert_eq!(pairs(query).unwrap(), expected, "{query}");
    }

    #[test]
    fn pairs_are_decoded_and_keep_their_order() {
        check("", &[]);
        check("a=1&b=&c&&a=2", &[("a", "1"), ("b", ""), ("c", ""), ("a", "2")]);
        check("a%20b=x+y%2Bz%3D", &[("a b", "x y+z=")]);
        check("a=100%", &[("a", "100%")]);
        assert!(matches!(
            pairs("x=1&name=%ff"),
            Err(Fault::QueryParameter { name, .. }) if name == "name"
        ));
    }

    #[test]
    fn a_form_is_true_or_false() {
        let read = |query: &str| Form::read(&pairs(query).unwrap());
        assert_eq!(read("x=1").unwrap(), Form::default());
        assert_eq!(read("envelope=True&pretty=").unwrap(), Form { envelope: true, pretty: false });
        assert!(read("pretty=true&pretty=false").unwrap() == Form::default());
        assert!(matches!(
            read("envelope=yes"),
            Err(Fault::QueryParameter { name, .. }) if name == "envelope"
        ));
    }
}
