//! Organizations, projects and the credentials that act in them, at rest.
//!
//! These nouns have no life cycle: the use cases work on the records themselves.

use std::collections::{BTreeMap, BTreeSet};

use peerage_core::authz::{GroupRole, OrgRole, Roles};
use peerage_core::id::{ApiKeyId, GroupId, OrgId, SecretId, ServiceAccountId};
use peerage_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Record, text};

macro_rules! records {
    ($($record:ident $noun:literal;)*) => {
        $(impl Record for $record { const NOUN: &'static str = $noun; })*
    };
}

records! {
    OrgRecord "organization";
    GroupRecord "project";
    GroupIndexRecord "project name";
    ApiKeyRecord "API key";
    PublicKeyRecord "public key";
    ServiceAccountRecord "service account";
    TokenRecord "access token";
    MarkRecord "index entry";
    AccessListRecord "access list entry";
}

/// An entry of an index that says no more than its key does.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct MarkRecord {}

/// An organization.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OrgRecord {
    /// Its id.
    #[serde(with = "text::display")]
    pub id: OrgId,
    /// Its name.
    pub name: String,
    /// When it was made.
    #[serde(with = "text::millis")]
    pub created: Timestamp,
    /// Whether its projects are made without the default alerts.
    #[serde(default)]
    pub skip_default_alerts_settings: bool,
    /// What its owner set.
    #[serde(default)]
    pub settings: OrgSettings,
}

/// The settings of an organization.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OrgSettings {
    /// Whether credentials need an access list.
    #[serde(default)]
    pub api_access_list_required: bool,
    /// Whether people need a second factor.
    #[serde(default)]
    pub multi_factor_auth_required: bool,
    /// Whether the provider's staff may not see it.
    #[serde(default)]
    pub restrict_employee_access: bool,
    /// Whether generative features may be used.
    #[serde(default = "yes")]
    pub gen_ai_features_enabled: bool,
    /// Whether streams may cross projects.
    #[serde(default)]
    pub streams_cross_group_enabled: bool,
    /// Who is told about operations.
    #[serde(default)]
    pub operations_contact: Option<String>,
    /// The longest life of a service account's secret, in hours.
    #[serde(default)]
    pub max_secret_hours: Option<u32>,
    /// Who is told about security matters.
    #[serde(default)]
    pub security_contact: Option<String>,
}

impl Default for OrgSettings {
    fn default() -> Self {
        Self {
            api_access_list_required: false,
            multi_factor_auth_required: false,
            restrict_employee_access: false,
            gen_ai_features_enabled: true,
            streams_cross_group_enabled: false,
            operations_contact: None,
            max_secret_hours: None,
            security_contact: None,
        }
    }
}

/// A project.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GroupRecord {
    /// Its id.
    #[serde(with = "text::display")]
    pub id: GroupId,
    /// The organization that owns it.
    #[serde(with = "text::display")]
    pub org: OrgId,
    /// Its name, unique in the organization.
    pub name: String,
    /// When it was made.
    #[serde(with = "text::millis")]
    pub created: Timestamp,
    /// What its owner labelled it with, in the order given.
    #[serde(default)]
    pub tags: Vec<Tag>,
    /// Whether it was made with the default alerts.
    pub with_default_alerts_settings: bool,
    /// Which regions it may use, where that is regulated.
    #[serde(default)]
    pub region_usage_restrictions: Option<String>,
    /// Its switches, by their names on the wire; absent: the default.
    #[serde(default)]
    pub settings: BTreeMap<String, bool>,
    /// Its limits that differ from the default, by name.
    #[serde(default)]
    pub limits: BTreeMap<String, i64>,
    /// Whether slow operations are found by a threshold that moves.
    #[serde(default = "yes")]
    pub managed_slow_ms: bool,
    /// Whether it is reached through peerings only.
    #[serde(default)]
    pub private_ip_mode: bool,
}

impl GroupRecord {
    /// A project as it is when nothing but its name was said.
    #[must_use]
    pub fn new(id: GroupId, org: OrgId, name: String, created: Timestamp) -> Self {
        Self {
            id,
            org,
            name,
            created,
            tags: Vec::new(),
            with_default_alerts_settings: true,
            region_usage_restrictions: None,
            settings: BTreeMap::new(),
            limits: BTreeMap::new(),
            managed_slow_ms: true,
            private_ip_mode: false,
        }
    }
}

fn yes() -> bool {
    true
}

/// A label of a project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tag {
    /// Its name.
    pub key: String,
    /// Its value.
    pub value: String,
}

/// Which project has a name.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct GroupIndexRecord {
    /// The project.
    #[serde(with = "text::display")]
    pub group: GroupId,
}

/// The roles of a credential in its organization and in projects.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Grants {
    /// In its organization.
    #[serde(default, with = "text::roles")]
    pub org: BTreeSet<OrgRole>,
    /// In projects.
    #[serde(default)]
    pub groups: Vec<GroupGrant>,
}

/// The roles of a credential in one project.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GroupGrant {
    /// The project.
    #[serde(with = "text::display")]
    pub group: GroupId,
    /// The roles.
    #[serde(with = "text::roles")]
    pub roles: BTreeSet<GroupRole>,
}

impl Grants {
    /// The roles as the domain reads them.
    #[must_use]
    pub fn roles(&self, org: OrgId) -> Roles {
        Roles {
            org: Some((org, self.org.clone())),
            groups: self.groups.iter().map(|grant| (grant.group, grant.roles.clone())).collect(),
        }
    }

    /// The roles in one project.
    #[must_use]
    pub fn in_group(&self, group: GroupId) -> Option<&BTreeSet<GroupRole>> {
        self.groups.iter().find(|grant| grant.group == group).map(|grant| &grant.roles)
    }

    /// Gives exactly these roles in a project; none takes the credential out of it.
    pub fn set_in_group(&mut self, group: GroupId, roles: BTreeSet<GroupRole>) {
        self.groups.retain(|grant| grant.group != group);
        if !roles.is_empty() {
            self.groups.push(GroupGrant { group, roles });
        }
    }
}

/// One entry of a credential's own access list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CredentialAddress {
    /// The address or block, as text.
    pub block: String,
    /// When it was added.
    #[serde(with = "text::millis")]
    pub created: Timestamp,
}

/// A programmatic API key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ApiKeyRecord {
    /// Its id.
    #[serde(with = "text::display")]
    pub id: ApiKeyId,
    /// The organization that it belongs to.
    #[serde(with = "text::display")]
    pub org: OrgId,
    /// Its public half.
    pub public_key: String,
    /// What it is for, in its owner's words.
    pub description: String,
    /// What may be shown of the private half.
    pub masked_private_key: String,
    /// The password equivalent of HTTP Digest, sealed; hexadecimal.
    pub sealed_ha1: String,
    /// What it may do.
    pub grants: Grants,
    /// From where it may be used; empty: from anywhere.
    #[serde(default)]
    pub access_list: Vec<CredentialAddress>,
    /// When it was made.
    #[serde(with = "text::millis")]
    pub created: Timestamp,
}

/// Which API key has a public half.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct PublicKeyRecord {
    /// The key.
    #[serde(with = "text::display")]
    pub id: ApiKeyId,
}

/// A service account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ServiceAccountRecord {
    /// Its id; the client id is `mdb_sa_id_` and this.
    #[serde(with = "text::display")]
    pub id: ServiceAccountId,
    /// The organization that it belongs to.
    #[serde(with = "text::display")]
    pub org: OrgId,
    /// The project that made it, when it was not made by the organization.
    #[serde(default, with = "text::display_option")]
    pub home: Option<GroupId>,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// When it was made.
    #[serde(with = "text::millis")]
    pub created: Timestamp,
    /// What it may do.
    pub grants: Grants,
    /// Its secrets.
    pub secrets: Vec<SecretRecord>,
    /// From where it may be used; empty: from anywhere.
    #[serde(default)]
    pub access_list: Vec<CredentialAddress>,
}

/// A secret of a service account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SecretRecord {
    /// Its id.
    #[serde(with = "text::display")]
    pub id: SecretId,
    /// What stands for it: SHA-256, hexadecimal.
    pub hash: String,
    /// What may be shown of it.
    pub masked: String,
    /// When it was made.
    #[serde(with = "text::millis")]
    pub created: Timestamp,
    /// When it stops working.
    #[serde(with = "text::millis")]
    pub expires: Timestamp,
    /// When it was last used.
    #[serde(default, with = "text::millis_option")]
    pub last_used: Option<Timestamp>,
}

/// An access token of a service account.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct TokenRecord {
    /// Whose it is.
    #[serde(with = "text::display")]
    pub account: ServiceAccountId,
    /// The secret that it was issued for: it stops working with it. None before this was kept.
    #[serde(default, with = "text::display_option")]
    pub secret: Option<SecretId>,
    /// When it stops working.
    #[serde(with = "text::millis")]
    pub expires: Timestamp,
}

/// An entry of a project's IP access list.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccessListRecord {
    /// The address, block or security group, as it was written.
    pub entry: String,
    /// What it is for.
    #[serde(default)]
    pub comment: Option<String>,
    /// When it goes by itself.
    #[serde(default, with = "text::millis_option")]
    pub delete_after: Option<Timestamp>,
    /// When it was written.
    #[serde(with = "text::millis")]
    pub created: Timestamp,
}

impl AccessListRecord {
    /// Whether it has not gone by itself.
    #[must_use]
    pub fn lives_at(&self, now: Timestamp) -> bool {
        self.delete_after.is_none_or(|end| end > now)
    }
}
