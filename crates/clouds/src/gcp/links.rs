//! The names of resources: as rows of the world, as paths, and as the URLs that Compute Engine
//! shows. What a client writes for a network is read here, and nowhere else.

use serde::{Deserialize, Serialize};

/// What every link begins with, whatever address the emulated cloud is served at: clients compare
/// links, and Compute Engine's are these.
pub(super) const BASE: &str = "https://www.googleapis.com/compute/v1/";

/// The words about a name that is none. Source: answers of Compute Engine.
pub(super) const NAME_RULE: &str =
    "Must be a match of regex '(?:[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?)'";

/// A network of a project: `project/name`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct NetworkKey(String);

impl NetworkKey {
    pub(super) fn new(project: &str, name: &str) -> Self {
        Self(format!("{project}/{name}"))
    }

    pub(super) fn project(&self) -> &str {
        self.0.split_once('/').map_or("", |(project, _)| project)
    }

    pub(super) fn name(&self) -> &str {
        self.0.split_once('/').map_or("", |(_, name)| name)
    }

    /// `projects/p/global/networks/n`.
    pub(super) fn path(&self) -> String {
        format!("projects/{}/global/networks/{}", self.project(), self.name())
    }

    pub(super) fn link(&self) -> String {
        link(&self.path())
    }
}

/// The URL of a path.
pub(super) fn link(path: &str) -> String {
    format!("{BASE}{path}")
}

/// Reads how a client of `project` names a network: a URL, a part of one, or the bare name.
pub(super) fn parse_network(text: &str, project: &str) -> Option<NetworkKey> {
    let parts: Vec<&str> = text.split('/').collect();
    let (project, name) = match parts.as_slice() {
        [.., "projects", project, "global", "networks", name] => (*project, *name),
        ["global", "networks", name] | [name] => (project, *name),
        _ => return None,
    };
    (is_project(project) && is_name(name)).then(|| NetworkKey::new(project, name))
}

/// The last part of a URL or path.
pub(super) fn last(text: &str) -> &str {
    text.rsplit('/').next().unwrap_or(text)
}

/// RFC 1035, 63 characters.
pub(super) fn is_name(text: &str) -> bool {
    let fits = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
    text.len() <= 63
        && text.bytes().all(fits)
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && !text.ends_with('-')
}

/// Letters, digits, hyphens, and the dots and colons of projects that belong to a domain.
pub(super) fn is_project(text: &str) -> bool {
    let fits = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b':');
    !text.is_empty() && text.len() <= 128 && text.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_read_however_it_is_written() {
        let expected = Some(NetworkKey::new("p", "n"));
        for text in [
            "https://www.googleapis.com/compute/v1/projects/p/global/networks/n",
            "https://compute.googleapis.com/compute/beta/projects/p/global/networks/n",
            "projects/p/global/networks/n",
            "global/networks/n",
            "n",
        ] {
            assert_eq!(parse_network(text, "p"), expected, "{text}");
        }
        for text in ["", "N", "networks/n", "projects/p/networks/n", "projects//global/networks/n"]
        {
            assert_eq!(parse_network(text, "p"), None, "{text}");
        }
    }

    #[test]
    fn a_name_has_63_characters_at_most_and_ends_with_no_hyphen() {
        assert!(is_name("a") && is_name(&"a".repeat(63)) && is_name("a-1"));
        for text in ["", "1a", "a-", "A", "a_b", &"a".repeat(64)] {
            assert!(!is_name(text), "{text}");
        }
    }
}
