//! `Filter.N`: which of the described objects are asked for. Names are joined by *and*, values by
//! *or*; `*` and `?` stand for any text and any character. Source: Amazon EC2 User Guide, "List and
//! filter your resources".

use std::collections::BTreeMap;

use super::parameters::Parameters;
use super::refusal::{Refusal, missing, refused};

/// The most values of one request's filters (EC2 API Reference: `FilterLimitExceeded`).
const VALUES_MAX: usize = 200;

/// The filters of one request.
#[derive(Debug)]
pub(super) struct Filters(Vec<Filter>);

#[derive(Debug)]
struct Filter {
    name: String,
    values: Vec<String>,
}

/// The tags of an object, as filters see them.
pub(super) type Tags = BTreeMap<String, String>;

impl Filters {
    /// Reads them; `known` are the names that the described objects have beside their tags.
    pub(super) fn read(parameters: &Parameters, known: &[&str]) -> Result<Self, Refusal> {
        let mut filters = Vec::new();
        for number in parameters.numbers("Filter")? {
            let name = parameters.need(&format!("Filter.{number}.Name"))?.to_owned();
            let is_tag = name.starts_with("tag:") || matches!(&*name, "tag-key" | "tag-value");
            if !is_tag && !known.contains(&name.as_str()) {
                return Err(refused(format!("The filter '{name}' is invalid")));
            }
            let values = read_values(parameters, &format!("Filter.{number}.Value"))?;
            filters.push(Filter { name, values });
        }
        if filters.iter().map(|filter| filter.values.len()).sum::<usize>() > VALUES_MAX {
            let words = format!("The maximum number of filter values is {VALUES_MAX}.");
            return Err(Refusal::new("FilterLimitExceeded", words));
        }
        Ok(Self(filters))
    }

    /// Whether an object is asked for: `values` are those that it has under a name.
    pub(super) fn admit(&self, tags: &Tags, values: impl Fn(&str) -> Vec<String>) -> bool {
        self.0.iter().all(|filter| {
            let own = match filter.name.as_str() {
                "tag-key" => tags.keys().cloned().collect(),
                "tag-value" => tags.values().cloned().collect(),
                name => match name.strip_prefix("tag:") {
                    Some(key) => tags.get(key).cloned().into_iter().collect(),
                    None => values(name),
                },
            };
            own.iter().any(|value| filter.values.iter().any(|pattern| fits(pattern, value)))
        })
    }
}

/// The values of one filter. An empty one asks for tags that have no value.
fn read_values(parameters: &Parameters, list: &str) -> Result<Vec<String>, Refusal> {
    let numbers = parameters.numbers(list)?.into_iter();
    let values = numbers.filter_map(|number| parameters.raw(&format!("{list}.{number}")));
    let values: Vec<String> = values.map(str::to_owned).collect();
    if values.is_empty() { Err(missing(list)) } else { Ok(values) }
}

/// Whether a value fits a pattern. A backslash takes the meaning from the next character.
fn fits(pattern: &str, value: &str) -> bool {
    let (tokens, text) = (tokens(pattern), value.chars().collect::<Vec<_>>());
    // One star at a time is tried again: what was tried before it never has to be.
    let (mut token, mut at, mut star) = (0, 0, None);
    while at < text.len() {
        match tokens.get(token) {
            Some(Token::Any) => {
                star = Some((token, at));
                token += 1;
            }
            Some(Token::One) => (token, at) = (token + 1, at + 1),
            Some(Token::This(c)) if *c == text[at] => (token, at) = (token + 1, at + 1),
            Some(Token::This(_)) | None => {
                let Some((back, from)) = star else { return false };
                star = Some((back, from + 1));
                (token, at) = (back + 1, from + 1);
            }
        }
    }
    tokens[token..].iter().all(|rest| matches!(rest, Token::Any))
}

enum Token {
    Any,
    One,
    This(char),
}

fn tokens(pattern: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut characters = pattern.chars();
    while let Some(c) = characters.next() {
        tokens.push(match c {
            '*' => Token::Any,
            '?' => Token::One,
            '\\' => Token::This(characters.next().unwrap_or('\\')),
            c => Token::This(c),
        });
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks_stand_for_others() {
        let cases = [
            ("a", "a", true),
            ("a", "ab", false),
            ("a*", "a", true),
            ("a*c*e", "abcde", true),
            ("a*c", "abcb", false),
            ("?", "", false),
            ("??", "ab", true),
            ("\\*", "*", true),
            ("\\*", "a", false),
            ("*", "", true),
            ("", "", true),
        ];
        for (pattern, value, expected) in cases {
            assert_eq!(fits(pattern, value), expected, "{pattern} on {value}");
        }
    }

    #[test]
    fn a_pattern_of_many_stars_takes_no_time() {
        assert!(!fits(&"*a".repeat(60), &"a".repeat(59)));
        assert!(fits(&"*a".repeat(60), &"a".repeat(5_000)));
    }

    #[test]
    fn names_are_joined_by_and_and_values_by_or() {
        let form = "Filter.1.Name=state&Filter.1.Value.1=x&Filter.1.Value.2=available\
                    &Filter.2.Name=tag:Name&Filter.2.Value.1=pr?d";
        let filters = Filters::read(&Parameters::parse([form]), &["state"]).unwrap();
        let tags = Tags::from([("Name".to_owned(), "prod".to_owned())]);
        assert!(filters.admit(&tags, |_| vec!["available".to_owned()]));
        assert!(!filters.admit(&tags, |_| vec!["pending".to_owned()]));
        assert!(!filters.admit(&Tags::new(), |_| vec!["available".to_owned()]));
    }

    #[test]
    fn values_are_bounded() {
        let form = |count: usize| {
            let value = |n| format!("&Filter.1.Value.{n}=x");
            format!("Filter.1.Name=state{}", (1..=count).map(value).collect::<String>())
        };
        let read = |form: &str| Filters::read(&Parameters::parse([form]), &["state"]).map(drop);
        assert!(read(&form(VALUES_MAX)).is_ok());
        assert_eq!(read(&form(VALUES_MAX + 1)).unwrap_err().code, "FilterLimitExceeded");
        assert_eq!(read("Filter.1.Name=colour").unwrap_err().code, "InvalidParameterValue");
    }
}
