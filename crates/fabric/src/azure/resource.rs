//! Names of resources on Azure: read at the edge, compared as Azure does (without regard to case),
//! and written into paths so that no name can lead anywhere else.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// The version of `Microsoft.Network` that is spoken.
pub(super) const NETWORK_VERSION: &str = "2024-05-01";

/// The version of `Microsoft.Resources` that is spoken.
pub(super) const RESOURCES_VERSION: &str = "2022-09-01";

/// What stands for itself in a segment of a path.
const SEGMENT: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'(').remove(b')');

/// The longest names, in characters. Source: Azure's naming rules and restrictions.
const GROUP_MAX: usize = 90;
const VNET_MAX: usize = 64;

/// A virtual network: subscription, resource group and name.
#[derive(Clone, Debug)]
pub(super) struct VnetId {
    subscription: String,
    group: String,
    name: String,
}

impl VnetId {
    /// The network of these names; `None` if one of them can be no such name.
    pub(super) fn new(subscription: &str, group: &str, name: &str) -> Option<Self> {
        let letters = |text: &str, max: usize, more: &str| {
            let fits = |letter: char| letter.is_alphanumeric() || more.contains(letter);
            (1..=max).contains(&text.chars().count()) && text.chars().all(fits)
        };
        let fits = is_uuid(subscription)
            && letters(group, GROUP_MAX, "-_.()")
            && letters(name, VNET_MAX, "-_.()")
            && ![group, name].iter().any(|text| text.chars().all(|letter| letter == '.'));
        let [subscription, group, name] = [subscription, group, name].map(str::to_owned);
        fits.then_some(Self { subscription, group, name })
    }

    /// Reads an id as Azure writes it.
    pub(super) fn parse(id: &str) -> Option<Self> {
        let parts: Vec<_> = id.strip_prefix('/')?.split('/').collect();
        let [a, subscription, b, group, c, provider, d, name] = parts.as_slice() else {
            return None;
        };
        let words = ["subscriptions", "resourceGroups", "providers", "virtualNetworks"];
        let same =
            [a, b, c, d].iter().zip(words).all(|(ours, word)| ours.eq_ignore_ascii_case(word))
                && provider.eq_ignore_ascii_case("Microsoft.Network");
        if same { Self::new(subscription, group, name) } else { None }
    }

    /// Another network of the same resource group.
    pub(super) fn sibling(&self, name: &str) -> Option<Self> {
        Self::new(&self.subscription, &self.group, name)
    }

    pub(super) fn subscription(&self) -> &str {
        &self.subscription
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The path of the network, without a query.
    pub(super) fn path(&self) -> String {
        format!("{}/{}", networks(&self.subscription, &self.group), segment(&self.name))
    }

    /// The path of a peering of it, without a query; of all of them if there is no name.
    pub(super) fn peering_path(&self, peering: Option<&str>) -> String {
        let all = format!("{}/virtualNetworkPeerings", self.path());
        peering.map_or(all.clone(), |name| format!("{all}/{}", segment(name)))
    }
}

/// As Azure writes it.
impl fmt::Display for VnetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { subscription, group, name } = self;
        write!(
            f,
            "/subscriptions/{subscription}/resourceGroups/{group}\
             /providers/Microsoft.Network/virtualNetworks/{name}"
        )
    }
}

impl PartialEq for VnetId {
    fn eq(&self, other: &Self) -> bool {
        let parts = |id: &Self| [&id.subscription, &id.group, &id.name].map(|s| s.to_lowercase());
        parts(self) == parts(other)
    }
}

/// The path of a resource group, without a query.
pub(super) fn group(subscription: &str, group: &str) -> String {
    format!("/subscriptions/{}/resourceGroups/{}", segment(subscription), segment(group))
}

/// The path of all networks of a resource group, without a query.
pub(super) fn networks(subscription: &str, name: &str) -> String {
    format!("{}/providers/Microsoft.Network/virtualNetworks", group(subscription, name))
}

/// A segment of a path.
pub(super) fn segment(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

/// Whether it is a UUID with its dashes: directories and subscriptions are nothing else.
pub(super) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUBSCRIPTION: &str = "00000000-0000-0000-0000-00000000000A";

    #[test]
    fn an_id_is_read_back_whatever_its_case() {
        let id = VnetId::new(SUBSCRIPTION, "Group_(1)", "v-net.1").unwrap();
        assert_eq!(VnetId::parse(&id.to_string()), Some(id.clone()));
        assert_eq!(VnetId::parse(&id.to_string().to_uppercase()), Some(id.clone()));
        assert_eq!(VnetId::parse(&format!("{id}/subnets/a")), None);
        assert_ne!(id.sibling("other"), Some(id));
    }

    #[test]
    fn no_name_leads_out_of_its_place() {
        let bad = ["a/b", "..", "a?b", "a b", "a%2fb", "", "a#b", &"x".repeat(91)];
        for name in bad {
            assert_eq!(VnetId::new(SUBSCRIPTION, name, "v"), None, "{name}");
            assert_eq!(VnetId::new(SUBSCRIPTION, "g", name), None, "{name}");
            assert_eq!(VnetId::new(name, "g", "v"), None, "{name}");
        }
        assert_eq!(segment("a/../b?c"), "a%2F..%2Fb%3Fc");
    }
}
