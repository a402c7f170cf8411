//! A virtual network of ours as Azure shows it, and what of it is not as we make it.

use std::collections::BTreeMap;

use peerage_core::cloud::NetworkRequest;
use peerage_core::id::{ContainerId, GroupId};
use serde::Deserialize;
use serde_json::Value;

use super::super::failure::Failure;
use super::super::half::{AddressSpace, Half, ProvisioningState};
use super::super::resource::VnetId;
use crate::tags;

/// The one subnet of a network of ours.
pub(super) const SUBNET: &str = "default";

/// A virtual network as Azure shows it.
#[derive(Clone, Debug)]
pub(in super::super) struct Vnet {
    pub(in super::super) id: VnetId,
    shown: Shown,
    /// All of it, for whoever puts it back changed.
    pub(super) whole: Value,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Shown {
    name: String,
    etag: Option<String>,
    tags: BTreeMap<String, String>,
    properties: Properties,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Properties {
    provisioning_state: ProvisioningState,
    address_space: AddressSpace,
    subnets: Vec<Subnet>,
    virtual_network_peerings: Vec<Half>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Subnet {
    name: String,
    properties: SubnetProperties,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct SubnetProperties {
    address_prefix: Option<String>,
    address_prefixes: Vec<String>,
}

impl Vnet {
    pub(super) fn read(whole: Value, place: &VnetId) -> Result<Self, Failure> {
        let unreadable = |words: String| Failure::unreadable(words).of_a_look();
        let shown = Shown::deserialize(&whole).map_err(|error| unreadable(error.to_string()))?;
        let id = place.sibling(&shown.name);
        let id = id.ok_or_else(|| unreadable(format!("`{}` is no name", shown.name)))?;
        Ok(Self { id, shown, whole })
    }

    pub(super) fn etag(&self) -> Option<&String> {
        self.shown.etag.as_ref()
    }

    /// All its tags, ours and others.
    pub(super) fn tags(&self) -> &BTreeMap<String, String> {
        &self.shown.tags
    }

    /// A tag; Azure does not regard the case of their names.
    pub(super) fn tag(&self, name: &str) -> Option<&str> {
        let mut tags = self.shown.tags.iter();
        tags.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Whether it carries an installation's tag.
    pub(in super::super) fn is_tagged(&self, installation: &str) -> bool {
        self.tag(tags::INSTALLATION) == Some(installation)
    }

    /// Whether it is an installation's network of that container. One whose tags somebody took is
    /// told by its name.
    pub(super) fn is_of(&self, container: ContainerId, installation: &str) -> bool {
        let named = tags::parse_network_name(&self.shown.name);
        let is_named = || named == Some(container);
        match (self.tag(tags::INSTALLATION), self.tag(tags::CONTAINER)) {
            (Some(tag), _) if tag != installation => false,
            (None, _) => is_named(),
            (Some(_), None) => is_named(),
            (Some(_), Some(_)) => self.container() == Some(container),
        }
    }

    /// The container in its tag.
    pub(in super::super) fn container(&self) -> Option<ContainerId> {
        self.tag(tags::CONTAINER).and_then(|id| ContainerId::parse(id).ok())
    }

    /// The project in its tag.
    pub(in super::super) fn group(&self) -> Option<GroupId> {
        self.tag(tags::GROUP).and_then(|id| GroupId::parse(id).ok())
    }

    /// Its peerings, ours and others.
    pub(in super::super) fn halves(&self) -> &[Half] {
        &self.shown.properties.virtual_network_peerings
    }

    pub(super) fn state(&self) -> ProvisioningState {
        self.shown.properties.provisioning_state
    }

    pub(super) fn is_leaving(&self) -> bool {
        self.state() == ProvisioningState::Deleting
    }
}

/// What of a network is not as we make it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Its addresses are not the container's block.
    Addresses,
    /// It has no subnet `default` over the block.
    Subnet,
    /// It does not carry the project's tag.
    Tags,
}

impl Vnet {
    pub(super) fn faults(&self, request: &NetworkRequest, installation: &str) -> Vec<Fault> {
        let block = request.spec.block();
        let covers = |prefixes: &[String]| match prefixes {
            [one] => block.is_network(one),
            _ => false,
        };
        let subnet = self.shown.properties.subnets.iter().find(|subnet| subnet.name == SUBNET);
        let has_subnet = subnet.is_some_and(|subnet| match &subnet.properties.address_prefix {
            Some(prefix) => block.is_network(prefix),
            None => covers(&subnet.properties.address_prefixes),
        });
        let has_tags = self.group() == Some(request.group)
            && self.container() == Some(request.container)
            && self.is_tagged(installation);
        let faults = [
            (covers(&self.shown.properties.address_space.address_prefixes), Fault::Addresses),
            (has_subnet, Fault::Subnet),
            (has_tags, Fault::Tags),
        ];
        faults.into_iter().filter(|(is_good, _)| !is_good).map(|(_, fault)| fault).collect()
    }
}

impl Fault {
    pub(super) fn words(self, vnet: &VnetId, request: &NetworkRequest) -> String {
        let (name, block) = (vnet.name(), request.spec.block());
        match self {
            Self::Addresses => format!("the addresses of {name} are not {block}"),
            Self::Subnet => format!("{name} has no subnet {SUBNET} of {block}"),
            Self::Tags => format!(
                "{name} does not carry the tags {}, {} and {}",
                tags::INSTALLATION,
                tags::GROUP,
                tags::CONTAINER
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use peerage_core::cidr::AddressBlock;
    use peerage_core::container::ContainerSpec;
    use peerage_core::region::AzureRegion;
    use serde_json::json;

    use super::*;

    fn request() -> NetworkRequest {
        let region = AzureRegion::parse("US_EAST_2").unwrap();
        let block = AddressBlock::parse("10.8.0.0/21").unwrap();
        NetworkRequest {
            group: GroupId::from_bytes([1; 12]),
            container: ContainerId::from_bytes([2; 12]),
            spec: ContainerSpec::Azure { region, block },
        }
    }

    fn whole() -> Value {
        let request = request();
        json!({
            "name": "nt-x",
            "tags": {
                "Peerage:Installation": "test",
                "peerage:group": request.group.to_string(),
                "peerage:container": request.container.to_string(),
                "mine": "kept",
            },
            "properties": {
                "provisioningState": "Succeeded",
                "addressSpace": { "addressPrefixes": ["10.8.0.0/21"] },
                "subnets": [
                    { "name": "default", "properties": { "addressPrefix": "10.8.0.0/21" } },
                ],
            },
        })
    }

    fn faults(whole: Value) -> Vec<Fault> {
        let place = VnetId::new("00000000-0000-0000-0000-000000000001", "group", "nt").unwrap();
        Vnet::read(whole, &place).unwrap().faults(&request(), "test")
    }

    #[test]
    fn what_we_make_has_no_fault_and_each_change_of_it_is_one() {
        assert_eq!(faults(whole()), []);
        let check = |pointer: &str, value: Value, fault: Fault| {
            let mut changed = whole();
            *changed.pointer_mut(pointer).unwrap() = value;
            assert_eq!(faults(changed), [fault], "{pointer}");
        };
        let prefixes = "/properties/addressSpace/addressPrefixes";
        check(prefixes, json!(["10.8.0.0/21", "10.9.0.0/21"]), Fault::Addresses);
        check(prefixes, json!([]), Fault::Addresses);
        check("/properties/subnets", json!([]), Fault::Subnet);
        check(
            "/properties/subnets/0/properties/addressPrefix",
            json!("10.8.0.0/24"),
            Fault::Subnet,
        );
        check("/tags/peerage:group", json!("other"), Fault::Tags);
    }

    #[test]
    fn a_subnet_may_list_its_prefixes() {
        let mut listed = whole();
        listed["properties"]["subnets"][0]["properties"] =
            json!({ "addressPrefixes": ["10.8.0.0/21"] });
        assert_eq!(faults(listed), []);
    }
}
