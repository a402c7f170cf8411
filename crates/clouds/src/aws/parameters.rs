//! The parameters of a request as the EC2 Query protocol flattens them: `Filter.1.Value.2`. Parsed
//! here and nowhere else.

use std::collections::{BTreeMap, BTreeSet};

use percent_encoding::percent_decode_str;

use super::refusal::{Refusal, invalid, missing, refused};

/// The most elements of a list. EC2 takes 1000 ids in a request.
pub(super) const LIST_MAX: usize = 1000;

/// The parameters of one request.
#[derive(Debug, Default)]
pub(super) struct Parameters {
    values: BTreeMap<String, String>,
}

/// What should be tagged, and with what.
#[derive(Debug)]
pub(super) struct TagSpecification {
    pub(super) kind: String,
    pub(super) tags: Vec<(String, String)>,
}

impl Parameters {
    /// Reads forms and query strings, one after the other.
    pub(super) fn parse<'a>(forms: impl IntoIterator<Item = &'a str>) -> Self {
        let pairs = forms.into_iter().flat_map(|form| form.trim().split('&'));
        let decode = |text: &str| {
            percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
        };
        let values = pairs.filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        });
        Self { values: values.collect() }
    }

    /// The names of all.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    /// A value that is there and not empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.raw(name).filter(|value| !value.is_empty())
    }

    /// A value that is there: of a tag, no value and an empty one are not the same.
    pub(super) fn raw(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// A value that has to be there.
    pub(super) fn need(&self, name: &str) -> Result<&str, Refusal> {
        self.get(name).ok_or_else(|| missing(name))
    }

    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, Refusal> {
        match self.get(name) {
            None => Ok(None),
            Some("true" | "True" | "1") => Ok(Some(true)),
            Some("false" | "False" | "0") => Ok(Some(false)),
            Some(value) => Err(invalid(name, value, "It is neither true nor false.")),
        }
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<u32>, Refusal> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let number = value.parse().map_err(|_| invalid(name, value, "It is no whole number."));
        number.map(Some)
    }

    /// A list, in the order of its numbers.
    pub(super) fn list(&self, name: &str) -> Result<Vec<&str>, Refusal> {
        let numbers = self.numbers(name)?;
        Ok(numbers.into_iter().filter_map(|number| self.get(&format!("{name}.{number}"))).collect())
    }

    /// The numbers that the elements of a list have.
    pub(super) fn numbers(&self, name: &str) -> Result<BTreeSet<u32>, Refusal> {
        let prefix = format!("{name}.");
        let mut numbers = BTreeSet::new();
        for (key, value) in self.values.range(prefix.clone()..) {
            let Some(rest) = key.strip_prefix(&prefix) else { break };
            let number = rest.split('.').next().unwrap_or_default();
            numbers.insert(number.parse().map_err(|_| invalid(key, value, "It has no number."))?);
        }
        if numbers.len() > LIST_MAX {
            return Err(refused(format!("{name} has more than {LIST_MAX} elements.")));
        }
        Ok(numbers)
    }

    /// Keys and values of `Tag.N`.
    pub(super) fn tags(&self, prefix: &str) -> Result<Vec<(String, String)>, Refusal> {
        let mut tags = Vec::new();
        for number in self.numbers(prefix)? {
            let key = self.need(&format!("{prefix}.{number}.Key"))?;
            let value = self.get(&format!("{prefix}.{number}.Value")).unwrap_or_default();
            tags.push((key.to_owned(), value.to_owned()));
        }
        Ok(tags)
    }

    /// `TagSpecification.N`.
    pub(super) fn tag_specifications(&self) -> Result<Vec<TagSpecification>, Refusal> {
        let mut specifications = Vec::new();
        for number in self.numbers("TagSpecification")? {
            let prefix = format!("TagSpecification.{number}");
            let kind = self.need(&format!("{prefix}.ResourceType"))?.to_owned();
            let tags = self.tags(&format!("{prefix}.Tag"))?;
            if tags.is_empty() {
                return Err(refused("Tag specification must have at least one tag"));
            }
            specifications.push(TagSpecification { kind, tags });
        }
        Ok(specifications)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_come_in_the_order_of_their_numbers() {
        let form = "VpcId.10=c&VpcId.2=b&VpcId.1=a%2Bx+y&VpcIdx.1=no&Empty=";
        let parameters = Parameters::parse([form]);
        assert_eq!(parameters.list("VpcId").unwrap(), ["a+x y", "b", "c"]);
        assert_eq!((parameters.get("Empty"), parameters.raw("Empty")), (None, Some("")));
        assert_eq!(parameters.need("PeerVpcId").unwrap_err().code, "MissingParameter");
    }

    #[test]
    fn a_list_is_bounded() {
        let form = |count: usize| {
            (1..=count).map(|n| format!("VpcId.{n}=x")).collect::<Vec<_>>().join("&")
        };
        assert!(Parameters::parse([form(LIST_MAX).as_str()]).list("VpcId").is_ok());
        assert!(Parameters::parse([form(LIST_MAX + 1).as_str()]).list("VpcId").is_err());
    }
}
