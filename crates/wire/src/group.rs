//! Projects, which the wire calls groups.

use peerage_core::id::{GroupId, OrgId};
use peerage_core::time::Timestamp;
use serde::Serialize;

use crate::fields::{Field, Fields, ReadError};
use crate::form;
use crate::page::Link;
use crate::show;

/// The most tags that a project may have.
pub const TAGS_MAX: usize = 50;

/// A request for a project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewGroup {
    /// Its name.
    pub name: String,
    /// The organization that is to own it.
    pub org: OrgId,
    /// Whether it gets the default alerts.
    pub with_default_alerts_settings: bool,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// Which regions it may use.
    pub region_usage: RegionUsage,
}

/// A tag of a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tag {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: String,
}

/// Which regions a project may use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RegionUsage {
    /// Those that are not for governments only; answers do not mention it.
    #[default]
    Commercial,
    /// Those for governments only.
    Government,
}

impl RegionUsage {
    /// The name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Commercial => "COMMERCIAL_FEDRAMP_REGIONS_ONLY",
            Self::Government => "GOV_REGIONS_ONLY",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let both = [Self::Commercial, Self::Government];
        both.into_iter().find(|usage| usage.name() == text)
    }
}

impl NewGroup {
    /// Reads a request.
    ///
    /// # Errors
    /// What the body is not, or every field at fault.
    pub fn read(body: &[u8]) -> Result<Self, ReadError> {
        let mut fields = Fields::parse(body)?;
        let name = fields.required("name").text(form::NAME);
        let org = fields.required("orgId").id();
        let alerts = fields.optional("withDefaultAlertsSettings").boolean();
        let tags = tags(&mut fields);
        let region_usage = fields
            .optional("regionUsageRestrictions")
            .one_of(RegionUsage::parse, "COMMERCIAL_FEDRAMP_REGIONS_ONLY, GOV_REGIONS_ONLY");
        let build = || {
            Some(Self {
                name: name?,
                org: org?,
                with_default_alerts_settings: alerts.unwrap_or(true),
                tags: tags.unwrap_or_default(),
                region_usage: region_usage.unwrap_or_default(),
            })
        };
        Ok(fields.finish_with(build)?)
    }
}

/// A request to change a project. What is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupChange {
    /// Another name.
    pub name: Option<String>,
    /// All of its tags.
    pub tags: Option<Vec<Tag>>,
    /// Whether it gets the default alerts.
    pub with_default_alerts_settings: Option<bool>,
}

impl GroupChange {
    /// Reads a request.
    ///
    /// # Errors
    /// What the body is not, or every field at fault.
    pub fn read(body: &[u8]) -> Result<Self, ReadError> {
        let mut fields = Fields::parse(body)?;
        let name = fields.optional("name").text(form::NAME);
        let tags = tags(&mut fields);
        let alerts = fields.optional("withDefaultAlertsSettings").boolean();
        fields.finish()?;
        Ok(Self { name, tags, with_default_alerts_settings: alerts })
    }
}

/// A project as it is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Group {
    /// How many clusters it has.
    pub cluster_count: u64,
    /// When it was made.
    #[serde(serialize_with = "show::date")]
    pub created: Timestamp,
    /// Its id.
    #[serde(serialize_with = "show::text")]
    pub id: GroupId,
    /// See [`links`].
    pub links: Vec<Link>,
    /// Its name.
    pub name: String,
    /// The organization that owns it.
    #[serde(serialize_with = "show::text")]
    pub org_id: OrgId,
    /// Which regions it may use.
    #[serde(
        rename = "regionUsageRestrictions",
        skip_serializing_if = "is_commercial",
        serialize_with = "region_usage_name"
    )]
    pub region_usage: RegionUsage,
    /// Its tags.
    pub tags: Vec<Tag>,
    /// Whether it got the default alerts.
    pub with_default_alerts_settings: bool,
}

/// The seven links of a project; `address` is that of the interface, such as
/// `http://127.0.0.1:8080/api/atlas/v2`.
#[must_use]
pub fn links(address: &str, group: GroupId) -> Vec<Link> {
    let own = format!("{address}/groups/{group}");
    let of = |noun: &str| {
        Link::new(format!("{own}/{noun}"), format!("https://cloud.mongodb.com/{noun}"))
    };
    let mut links = vec![Link::new(own.as_str(), "self")];
    links.extend(
        ["containers", "clusters", "databaseUsers", "peers", "processes", "whitelist"].map(of),
    );
    links
}

fn tags(fields: &mut Fields) -> Option<Vec<Tag>> {
    fields.optional("tags").list(0..=TAGS_MAX, tag)
}

fn tag(field: Field<'_>) -> Option<Tag> {
    field.object(|fields| {
        let key = fields.required("key").text(form::TAG);
        let value = fields.required("value").text(form::TAG);
        Some(Tag { key: key?, value: value? })
    })
}

fn is_commercial(usage: &RegionUsage) -> bool {
    *usage == RegionUsage::Commercial
}

fn region_usage_name<S: serde::Serializer>(usage: &RegionUsage, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(usage.name())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::faults;

    const ORG: &str = "32b6e34b3d91647abb20e7b8";

    #[test]
    fn a_request_has_defaults() {
        let body = format!(r#"{{"name":"demo","orgId":"{ORG}","id":7}}"#);
        let group = NewGroup::read(body.as_bytes()).unwrap();
        assert_eq!(group.org.to_string(), ORG);
        assert!(group.with_default_alerts_settings && group.tags.is_empty());
        assert_eq!(group.region_usage, RegionUsage::Commercial);
    }

    #[test]
    fn every_wrong_field_is_named() {
        let body = br#"{"name":"a/b","orgId":"x","withDefaultAlertsSettings":1,
            "tags":[{"key":"k"}],"regionUsageRestrictions":"MOON"}"#;
        assert_eq!(
            faults(NewGroup::read(body)),
            [
                "name",
                "orgId",
                "withDefaultAlertsSettings",
                "tags[0].value",
                "regionUsageRestrictions"
            ]
        );
        assert_eq!(faults(NewGroup::read(b"{}")), ["name", "orgId"]);
        assert_eq!(faults(GroupChange::read(br#"{"name":"","tags":{}}"#)), ["name", "tags"]);
    }

    /// The fields and links as they were recorded from the service.
    #[test]
    fn an_answer_about_a_project() {
        let id = GroupId::from_bytes([1; 12]);
        let mut group = Group {
            cluster_count: 0,
            created: Timestamp::from_millis(1_786_331_116_789),
            id,
            links: links("http://h/api/atlas/v2", id),
            name: "demo".into(),
            org_id: OrgId::from_bytes([2; 12]),
            region_usage: RegionUsage::Commercial,
            tags: vec![Tag { key: "k".into(), value: "v".into() }],
            with_default_alerts_settings: true,
        };
        let rels: Vec<_> = group.links.iter().map(|link| link.rel.as_str()).collect();
        assert_eq!((rels.len(), rels[0]), (7, "self"));
        assert_eq!(rels[4], "https://cloud.mongodb.com/peers");
        group.links.truncate(1);
        assert_eq!(
            serde_json::to_string(&group).unwrap(),
            r#"{"clusterCount":0,"created":"2026-08-10T03:05:16Z","id":"010101010101010101010101","links":[{"href":"http://h/api/atlas/v2/groups/010101010101010101010101","rel":"self"}],"name":"demo","orgId":"020202020202020202020202","tags":[{"key":"k","value":"v"}],"withDefaultAlertsSettings":true}"#
        );
        group.region_usage = RegionUsage::Government;
        let text = serde_json::to_string(&group).unwrap();
        assert!(text.contains(r#""regionUsageRestrictions":"GOV_REGIONS_ONLY""#));
    }
}
