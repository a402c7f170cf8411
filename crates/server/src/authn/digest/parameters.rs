//! Splits the value of a header into its parameters.
//!
//! Owns the grammar of RFC 9110, section 11: a list of `name=value`, each value a token or a quoted
//! string. Must not know a parameter by name. Strict where strictness costs no client: no
//! parameter twice, no empty element, nothing cut short. Lenient where clients differ: any value
//! may be quoted or not, and space may stand around `=` and `,`.

use super::parse::{AnswerError, PARAMETERS_MAX};

/// Names in lower case with their values, unquoted, in the order of sending.
pub(super) fn split(text: &str) -> Result<Vec<(String, String)>, AnswerError> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut rest = trim_space(text);
    loop {
        let (name, after) = split_token(rest)?;
        let after = trim_space(after).strip_prefix('=').ok_or(AnswerError::Syntax)?;
        let (value, after) = split_value(trim_space(after))?;
        let name = name.to_ascii_lowercase();
        if found.len() == PARAMETERS_MAX {
            return Err(AnswerError::TooManyParameters);
        }
        if found.iter().any(|(other, _)| *other == name) {
            return Err(AnswerError::Duplicate);
        }
        found.push((name, value));
        let after = trim_space(after);
        if after.is_empty() {
            return Ok(found);
        }
        rest = trim_space(after.strip_prefix(',').ok_or(AnswerError::Syntax)?);
    }
}

fn trim_space(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

/// A token and what follows it.
fn split_token(text: &str) -> Result<(&str, &str), AnswerError> {
    let end = text.bytes().position(|byte| !is_token_byte(byte)).unwrap_or(text.len());
    if end == 0 { Err(AnswerError::Syntax) } else { Ok(text.split_at(end)) }
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// A token or a quoted string without its quotes and escapes, and what follows it.
fn split_value(text: &str) -> Result<(String, &str), AnswerError> {
    let Some(quoted) = text.strip_prefix('"') else {
        return split_token(text).map(|(value, rest)| (value.to_owned(), rest));
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((place, c)) = chars.next() {
        let c = match c {
            '"' => return Ok((value, &quoted[place + 1..])),
            '\\' => chars.next().ok_or(AnswerError::Syntax)?.1,
            _ => c,
        };
        if !(c == '\t' || c == ' ' || c.is_ascii_graphic()) {
            return Err(AnswerError::Syntax);
        }
        value.push(c);
    }
    Err(AnswerError::Syntax)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&[(&str, &str)], AnswerError>) {
        let outcome = split(text);
        let pairs = outcome.as_ref().map(|pairs| {
            pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect::<Vec<_>>()
        });
        assert_eq!(pairs.as_deref().map_err(|error| **error), expected, "{text}");
    }

    #[test]
    fn names_lose_their_case_and_values_their_quotes() {
        check("A=b", Ok(&[("a", "b")]));
        check(" a = b\t,\tc=\"d, e\" ", Ok(&[("a", "b"), ("c", "d, e")]));
        check(r#"a="\"b\\c\d",b="""#, Ok(&[("a", r#""b\cd"#), ("b", "")]));
    }

    #[test]
    fn text_that_is_no_list_of_parameters_is_refused() {
        let texts = [
            "",
            " ",
            ",",
            "a",
            "a=",
            "=a",
            "a==b",
            "a=\"",
            "a=\"\\",
            "a=\"\\\"",
            "a=b c=d",
            "a=b,",
            ",a=b",
            "a=b,,c=d",
            "a=\"é\"",
            "é=a",
            "a=é",
            "a=\"\u{1}\"",
            "a=\"b\"c",
            "a=\"\n\"",
        ];
        for text in texts {
            check(text, Err(AnswerError::Syntax));
        }
    }

    #[test]
    fn a_parameter_given_twice_is_refused_in_any_case() {
        check("x=1, y=2, X=1", Err(AnswerError::Duplicate));
    }

    #[test]
    fn there_may_be_so_many_parameters_and_no_more() {
        let list = |count| (0..count).map(|n| format!("a{n}=1")).collect::<Vec<_>>().join(",");
        assert_eq!(split(&list(PARAMETERS_MAX)).map(|pairs| pairs.len()), Ok(PARAMETERS_MAX));
        check(&list(PARAMETERS_MAX + 1), Err(AnswerError::TooManyParameters));
    }
}
