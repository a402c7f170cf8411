//! Tags: each account sees its own on an object, in the region that it made them in. Sources:
//! Amazon EC2 User Guide, "Tag restrictions"; Amazon VPC Peering Guide, "Limitations".

use std::collections::BTreeSet;

use super::actions::On;
use super::filters::{Filters, Tags};
use super::listing::{self, PAGE_MAX};
use super::parameters::{Parameters, TagSpecification};
use super::refusal::{Refusal, missing, refused};
use super::turn::{Outcome, Turn};
use super::xml::Xml;

/// The most tags of an object.
const TAGS_MAX: usize = 50;

/// The most characters of a key, and of a value.
const KEY_MAX: usize = 128;
const VALUE_MAX: usize = 256;

/// What a request to make something wants it tagged with, checked.
pub(super) fn specified(
    input: &Parameters,
    on: Option<On>,
) -> Result<Vec<TagSpecification>, Refusal> {
    let specifications = input.tag_specifications()?;
    let made = on.map(|on| on.kind).unwrap_or_default();
    let mut kinds = BTreeSet::new();
    for specification in &specifications {
        let kind = &specification.kind;
        if kind != made {
            let words =
                format!("'{kind}' is not a valid taggable resource type for this operation.");
            return Err(refused(words));
        }
        if !kinds.insert(kind) {
            let words = format!("Found duplicate specifications for resource type '{kind}'.");
            return Err(refused(words));
        }
        check(&specification.tags)?;
        check_count(specification.tags.len())?;
    }
    Ok(specifications)
}

/// Tags what was made with what its request specified.
pub(super) fn put_specified(turn: &mut Turn<'_>, id: &str) {
    let tags: Tags = turn.tags.iter().flat_map(|it| it.tags.iter().cloned()).collect();
    if !tags.is_empty() {
        turn.world.tables.tags.insert(turn.caller.key(id), tags);
    }
}

fn check(tags: &[(String, String)]) -> Result<(), Refusal> {
    let mut keys = BTreeSet::new();
    for (key, value) in tags {
        if !keys.insert(key) {
            return Err(refused(format!("Duplicate tag keys '{key}' specified.")));
        }
        if key.starts_with("aws:") {
            return Err(refused("Tag keys starting with 'aws:' are reserved for internal use"));
        }
        if key.chars().count() > KEY_MAX {
            return Err(refused(format!(
                "Tag key exceeds the maximum length of {KEY_MAX} characters"
            )));
        }
        if value.chars().count() > VALUE_MAX {
            let words = format!("Tag value exceeds the maximum length of {VALUE_MAX} characters");
            return Err(refused(words));
        }
    }
    Ok(())
}

fn check_count(count: usize) -> Result<(), Refusal> {
    let words = "The maximum number of Tags for a resource has been reached.";
    if count > TAGS_MAX { Err(Refusal::new("TagLimitExceeded", words)) } else { Ok(()) }
}

/// `CreateTags`: a key that is there gets the value. All objects or none.
pub(super) fn create(turn: &mut Turn<'_>) -> Outcome {
    let ids = objects(turn)?;
    let tags = turn.input.tags("Tag")?;
    if tags.is_empty() {
        return Err(missing("Tag"));
    }
    check(&tags)?;
    for id in &ids {
        let before = turn.tags_of(id);
        let fresh = tags.iter().filter(|(key, _)| !before.contains_key(key)).count();
        check_count(before.len() + fresh)?;
    }
    for id in ids {
        turn.world
            .tables
            .tags
            .entry(turn.caller.key(&id))
            .or_default()
            .extend(tags.iter().cloned());
    }
    Ok(Xml::done())
}

/// `DeleteTags`: of a key that has that value, be it empty, or whatever value if none is given;
/// without any key all tags go.
pub(super) fn delete(turn: &mut Turn<'_>) -> Outcome {
    let ids = objects(turn)?;
    let mut keys = Vec::new();
    for number in turn.input.numbers("Tag")? {
        let key = turn.input.need(&format!("Tag.{number}.Key"))?.to_owned();
        keys.push((key, turn.input.raw(&format!("Tag.{number}.Value")).map(str::to_owned)));
    }
    let fits = |key: &str, value: &str| {
        let is_meant = |(name, only): &(String, Option<String>)| {
            name == key && only.as_ref().is_none_or(|only| only == value)
        };
        keys.is_empty() || keys.iter().any(is_meant)
    };
    for id in ids {
        let place = turn.caller.key(&id);
        let Some(tags) = turn.world.tables.tags.get_mut(&place) else { continue };
        tags.retain(|key, value| !fits(key, value));
        if tags.is_empty() {
            turn.world.tables.tags.remove(&place);
        }
    }
    Ok(Xml::done())
}

/// The objects of a request, all of which the caller has to see.
fn objects(turn: &Turn<'_>) -> Result<Vec<String>, Refusal> {
    let ids = turn.input.list("ResourceId")?;
    if ids.is_empty() {
        return Err(missing("ResourceId"));
    }
    for id in &ids {
        kind(turn, id).map_err(|missing| match missing {
            Some(kind) => kind.not_found(id),
            None => Refusal::new("InvalidID", format!("The ID '{id}' is not valid")),
        })?;
    }
    Ok(ids.into_iter().map(str::to_owned).collect())
}

/// The kind of an object that the caller sees, as filters name it; else what kind of id it is.
fn kind(turn: &Turn<'_>, id: &str) -> Result<&'static str, Option<&'static listing::Kind>> {
    let tables = &turn.world.tables;
    let of_own_vpc = |pick: fn(&super::vpcs::Vpc) -> &str| {
        let mut vpcs = tables.vpcs.values().filter(|vpc| turn.owns(&vpc.account, &vpc.region));
        vpcs.any(|vpc| pick(vpc) == id)
    };
    let prefix = id.split_once('-').map(|(prefix, _)| prefix);
    let (is_there, name, kind) = match prefix {
        Some("vpc") => (turn.vpc(id).is_some(), "vpc", &listing::VPC),
        Some("subnet") => {
            let found = tables.subnets.get(id);
            let own = found.is_some_and(|it| turn.owns(&it.account, &it.region));
            (own, "subnet", &listing::SUBNET)
        }
        Some("rtb") => {
            let found = tables.route_tables.get(id);
            let own = found.is_some_and(|it| turn.owns(&it.account, &it.region));
            (own, "route-table", &listing::TABLE)
        }
        Some("pcx") => {
            let found = tables.connections.get(id);
            let seen = found.is_some_and(|it| it.is_visible(turn));
            (seen, "vpc-peering-connection", &listing::CONNECTION)
        }
        Some("sg") => (of_own_vpc(|vpc| &vpc.group), "security-group", &listing::GROUP),
        Some("acl") => (of_own_vpc(|vpc| &vpc.acl), "network-acl", &listing::ACL),
        _ => return Err(None),
    };
    if is_there { Ok(name) } else { Err(Some(kind)) }
}

const FILTERS: &[&str] = &["key", "resource-id", "resource-type", "value"];

/// `DescribeTags`.
pub(super) fn describe(turn: &mut Turn<'_>) -> Outcome {
    let filters = Filters::read(turn.input, FILTERS)?;
    let prefix = turn.caller.key("");
    let all = turn.world.tables.tags.range(prefix.clone()..);
    let own = all.map_while(|(place, tags)| Some((place.strip_prefix(&prefix)?, tags)));
    let mut found = Vec::new();
    for (id, tags) in own {
        let Ok(kind) = kind(turn, id) else { continue };
        for (key, value) in tags {
            let one = Tags::from([(key.clone(), value.clone())]);
            let values = |name: &str| {
                vec![match name {
                    "key" => key.clone(),
                    "resource-id" => id.to_owned(),
                    "resource-type" => kind.to_owned(),
                    _ => value.clone(),
                }]
            };
            if filters.admit(&one, values) {
                found.push((format!("{id} {key}"), (id, kind, key.as_str(), value.as_str())));
            }
        }
    }
    found.sort();
    let page = listing::page(turn, found.iter().map(|(at, _)| at.clone()).collect(), PAGE_MAX)?;
    let shown = found.iter().filter(|(at, _)| page.ids.binary_search(at).is_ok());
    let mut xml = Xml::default();
    xml.items("tagSet", shown, |xml, (_, (id, kind, key, value))| {
        xml.text("resourceId", id).text("resourceType", kind).text("key", key).text("value", value);
    });
    page.end(&mut xml);
    Ok(xml)
}

/// The tags of an object, as every description of it has them.
pub(super) fn write(xml: &mut Xml, tags: &Tags) {
    xml.items("tagSet", tags, |xml, (key, value)| {
        xml.text("key", key).text("value", value);
    });
}
