//! From bytes to a JSON value, within bounds.

use core::fmt;

use serde_json::Value;

/// Objects and arrays that may lie within one another in a body.
pub const DEPTH_MAX: usize = 32;

/// A body that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyError {
    /// Nothing is there.
    Empty,
    /// It is no JSON.
    NotJson {
        /// The line of the first fault, from 1.
        line: usize,
        /// The column of it, from 1; 0 at the end of a line.
        column: usize,
    },
    /// It is JSON and no object.
    NotAnObject,
    /// It is JSON and no array.
    NotAnArray,
    /// It is nested deeper than [`DEPTH_MAX`].
    TooDeep,
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the body is empty"),
            Self::NotJson { line, column } => {
                write!(f, "the body is not JSON: see line {line}, column {column}")
            }
            Self::NotAnObject => f.write_str("the body is not a JSON object"),
            Self::NotAnArray => f.write_str("the body is not a JSON array"),
            Self::TooDeep => write!(f, "the body is nested deeper than {DEPTH_MAX} levels"),
        }
    }
}

impl std::error::Error for BodyError {}

pub(super) fn parse(body: &[u8]) -> Result<Value, BodyError> {
    if body.trim_ascii().is_empty() {
        return Err(BodyError::Empty);
    }
    if is_too_deep(body) {
        return Err(BodyError::TooDeep);
    }
    serde_json::from_slice(body)
        .map_err(|error| BodyError::NotJson { line: error.line(), column: error.column() })
}

/// Counts brackets outside of strings; text that is no JSON is somebody else's to refuse.
fn is_too_deep(body: &[u8]) -> bool {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => depth += 1,
            b'}' | b']' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH_MAX {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_that_is_no_json_is_told_where() {
        assert_eq!(parse(b" \n"), Err(BodyError::Empty));
        assert_eq!(parse(b"{\n  \"a\": x}"), Err(BodyError::NotJson { line: 2, column: 8 }));
        assert!(parse(b"{} {}").is_err());
        assert!(parse(b"\"\xff\"").is_err());
    }

    #[test]
    fn nesting_is_bounded_and_brackets_in_text_do_not_count() {
        let nest = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        assert!(parse(nest(DEPTH_MAX).as_bytes()).is_ok());
        assert_eq!(parse(nest(DEPTH_MAX + 1).as_bytes()), Err(BodyError::TooDeep));
        assert_eq!(parse("[".repeat(100_000).as_bytes()), Err(BodyError::TooDeep));
        let text = format!(r#"["\"{}"]"#, "[".repeat(100));
        assert!(parse(text.as_bytes()).is_ok());
    }
}
