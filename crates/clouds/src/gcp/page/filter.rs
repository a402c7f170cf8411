//! Filters of lists: both kinds that Compute Engine takes, each expression about one field,
//! several joined by `AND` or by standing in brackets side by side. `OR` is not taken.
//!
//! `=` `!=` compare, `:` finds a part, `eq` `ne` match a regular expression against the whole
//! value. Of regular expressions, plain and escaped characters, `.` and `*` are known; a filter
//! with other signs is refused rather than misread. Source: the description of `filter` in the
//! reference of `networks.list`.

use serde_json::Value;

/// All of these have to fit.
#[derive(Debug)]
pub(super) struct Filter(Vec<Test>);

#[derive(Debug)]
struct Test {
    /// `routingConfig.routingMode`.
    field: String,
    compare: Compare,
    value: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compare {
    Is,
    IsNot,
    Has,
    Matches,
    MatchesNot,
}

impl Filter {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let tests: Option<Vec<Test>> = split(text)?.iter().map(|part| Test::parse(part)).collect();
        tests.filter(|tests| !tests.is_empty()).map(Self)
    }

    pub(super) fn fits(&self, row: &Value) -> bool {
        self.0.iter().all(|test| test.fits(row))
    }
}

/// The expressions of a filter: in brackets, or between `AND`s.
fn split(text: &str) -> Option<Vec<String>> {
    let mut parts = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        rest = rest.strip_prefix("AND ").unwrap_or(rest).trim_start();
        if rest.starts_with("OR ") {
            return None;
        }
        let (part, after) = match rest.strip_prefix('(') {
            Some(inner) => inner.split_once(')')?,
            None => rest.split_once(" AND ").unwrap_or((rest, "")),
        };
        if part.contains(" OR ") {
            return None;
        }
        parts.push(part.trim().to_owned());
        rest = after.trim();
    }
    Some(parts)
}

impl Test {
    fn parse(text: &str) -> Option<Self> {
        let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '_'))?;
        let (field, rest) = text.split_at(end);
        let rest = rest.trim_start();
        let operators = [
            ("!=", Compare::IsNot),
            ("=", Compare::Is),
            (":", Compare::Has),
            ("eq ", Compare::Matches),
            ("ne ", Compare::MatchesNot),
        ];
        let (sign, compare) = operators.into_iter().find(|(sign, _)| rest.starts_with(sign))?;
        let value = unquote(rest.get(sign.len()..)?.trim())?;
        let pattern = matches!(compare, Compare::Matches | Compare::MatchesNot);
        if pattern && !is_known(&value) {
            return None;
        }
        (!field.is_empty()).then(|| Self { field: field.to_owned(), compare, value })
    }

    fn fits(&self, row: &Value) -> bool {
        let found = self.field.split('.').fold(row, |value, part| &value[part]);
        let text = match found {
            Value::String(text) => text.clone(),
            Value::Bool(_) | Value::Number(_) => found.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => String::new(),
        };
        match self.compare {
            Compare::Is => text == self.value,
            Compare::IsNot => text != self.value,
            Compare::Has if self.value == "*" => !found.is_null(),
            Compare::Has => match self.value.strip_suffix('*') {
                Some(front) => text.starts_with(front),
                None => text.contains(&self.value),
            },
            Compare::Matches => matches(&self.value, &text),
            Compare::MatchesNot => !matches(&self.value, &text),
        }
    }
}

/// Whether a regular expression has only the signs that are known here.
fn is_known(pattern: &str) -> bool {
    let mut signs = pattern.chars();
    while let Some(sign) = signs.next() {
        let escaped = sign == '\\' && signs.next().is_some();
        if !escaped && "\\|()[]{}+?^$".contains(sign) {
            return false;
        }
    }
    true
}

fn unquote(text: &str) -> Option<String> {
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote) {
            return inner.strip_suffix(quote).map(str::to_owned);
        }
    }
    (!text.is_empty()).then(|| text.to_owned())
}

/// Whether the whole text matches. Looks at each pair of places once, whatever the pattern.
fn matches(pattern: &str, text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    let mut pattern = pattern.chars().peekable();
    while let Some(sign) = pattern.next() {
        let one = match sign {
            '.' => None,
            '\\' => pattern.next(),
            other => Some(other),
        };
        let many = pattern.next_if_eq(&'*').is_some();
        let fits = |at: usize| one.is_none_or(|one| text.get(at) == Some(&one));
        let mut next = if many { reached.clone() } else { vec![false; text.len() + 1] };
        for at in 0..text.len() {
            let here = if many { next[at] } else { reached[at] };
            if here && fits(at) {
                next[at + 1] = true;
            }
        }
        reached = next;
    }
    reached.last().copied().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_filter_fits_what_it_names() {
        let row = json!({
            "name": "nt-a1", "status": "RUNNING", "mtu": 1460, "auto": false, "a": { "b": "c" },
        });
        let check = |text: &str, expected: bool| {
            assert_eq!(Filter::parse(text).unwrap().fits(&row), expected, "{text}");
        };
        check("name = nt-a1", true);
        check("name=\"nt-a1\"", true);
        check("(name = 'nt-a1')", true);
        check("name != nt-a1", false);
        check("name eq nt-a1", true);
        check("name eq nt-.*", true);
        check("name eq nt", false);
        check("name ne .*1", false);
        check("name eq n\\.t.*", false);
        check("name:nt-*", true);
        check("name:a1", true);
        check("labels.owner:*", false);
        check("a.b = c", true);
        check("mtu = 1460", true);
        check("auto = false", true);
        check("status != DONE", true);
        check("(name = nt-a1) (status = DONE)", false);
        check("(name = nt-a1) AND (status = RUNNING)", true);
        check("name = nt-a1 AND status = RUNNING", true);
    }

    #[test]
    fn what_is_no_filter_is_none() {
        for text in [
            "name",
            "= x",
            "name =",
            "name > x",
            "(name = x",
            "a = b OR a = c",
            "name eq",
            "name eq a|b",
            "name eq [ab]",
            "name eq a+",
            "name eq a\\",
        ] {
            assert!(Filter::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_pattern_of_many_stars_takes_no_time() {
        assert!(!matches(&"a*".repeat(400), &format!("{}b", "a".repeat(400))));
    }
}
