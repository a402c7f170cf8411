//! API keys of organizations and of projects.

use std::collections::BTreeSet;

use peerage_core::authz::{GroupRole, OrgRole};
use peerage_core::id::ApiKeyId;
use serde::Serialize;

use crate::fields::{Field, Fields, ReadError, read_list};
use crate::form;
use crate::page::Link;
use crate::role::{RoleAssignment, group_roles, org_roles};
use crate::show;

/// A request for an API key; `R` is the kind of role that it may hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewApiKey<R> {
    /// What it is for.
    pub description: String,
    /// Its roles.
    pub roles: BTreeSet<R>,
}

impl NewApiKey<OrgRole> {
    /// Reads a request for a key of an organization.
    ///
    /// # Errors
    /// What the body is not, or every field at fault.
    pub fn read(body: &[u8]) -> Result<Self, ReadError> {
        let mut fields = Fields::parse(body)?;
        let new = Self::take(&mut fields);
        Ok(fields.finish_with(|| new)?)
    }

    /// Reads a request that is part of another one.
    pub(crate) fn take(fields: &mut Fields) -> Option<Self> {
        let description = fields.required("desc").text(form::DESCRIPTION);
        let roles = org_roles(fields.required("roles"));
        Some(Self { description: description?, roles: roles? })
    }
}

impl NewApiKey<GroupRole> {
    /// Reads a request for a key of a project.
    ///
    /// # Errors
    /// What the body is not, or every field at fault.
    pub fn read(body: &[u8]) -> Result<Self, ReadError> {
        let mut fields = Fields::parse(body)?;
        let description = fields.required("desc").text(form::DESCRIPTION);
        let roles = group_roles(fields.required("roles"));
        let build = || Some(Self { description: description?, roles: roles? });
        Ok(fields.finish_with(build)?)
    }
}

/// A request to change an API key. What is `None` stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKeyChange<R> {
    /// What it is for.
    pub description: Option<String>,
    /// All of its roles.
    pub roles: Option<BTreeSet<R>>,
}

impl ApiKeyChange<OrgRole> {
    /// Reads a change to a key of an organization.
    ///
    /// # Errors
    /// What the body is not, or every field at fault.
    pub fn read(body: &[u8]) -> Result<Self, ReadError> {
        read_change(body, org_roles)
    }
}

impl ApiKeyChange<GroupRole> {
    /// Reads a change to a key of a project.
    ///
    /// # Errors
    /// What the body is not, or every field at fault.
    pub fn read(body: &[u8]) -> Result<Self, ReadError> {
        read_change(body, group_roles)
    }
}

fn read_change<R>(
    body: &[u8],
    read_roles: impl FnOnce(Field<'_>) -> Option<BTreeSet<R>>,
) -> Result<ApiKeyChange<R>, ReadError> {
    let mut fields = Fields::parse(body)?;
    let description = fields.optional("desc").text(form::DESCRIPTION);
    let roles = read_roles(fields.optional("roles"));
    fields.finish()?;
    Ok(ApiKeyChange { description, roles })
}

/// Reads the roles that a key of the organization is to have in a project: an array of objects,
/// whose roles count together.
///
/// # Errors
/// What the body is not, or every field at fault.
pub fn read_assignment(body: &[u8]) -> Result<BTreeSet<GroupRole>, ReadError> {
    let assignments = read_list(body, 1..=64, |assignment| {
        assignment.object(|fields| group_roles(fields.required("roles")))
    })?;
    Ok(assignments.into_iter().flatten().collect())
}

/// An API key as it is answered.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiKey {
    /// What it is for.
    pub desc: String,
    /// Its id.
    #[serde(serialize_with = "show::text")]
    pub id: ApiKeyId,
    /// Itself.
    pub links: Vec<Link>,
    /// Its private half: whole when it was just made, masked ever after.
    pub private_key: String,
    /// Its public half.
    pub public_key: String,
    /// Its roles, in the organization and in projects.
    pub roles: Vec<RoleAssignment>,
}

impl core::fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("ApiKey")
            .field("id", &self.id)
            .field("public_key", &self.public_key)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use peerage_core::id::OrgId;

    use super::*;
    use crate::testing::faults;

    #[test]
    fn a_request_has_a_description_and_roles() {
        let body = br#"{"desc":"ci","roles":["ORG_OWNER","ORG_OWNER"]}"#;
        let key = NewApiKey::<OrgRole>::read(body).unwrap();
        assert_eq!(key.roles, BTreeSet::from([OrgRole::Owner]));
        let body = br#"{"desc":"","roles":["ORG_OWNER","GROUP_OWNER",null]}"#;
        let wrong = faults(NewApiKey::<OrgRole>::read(body));
        assert_eq!(wrong, ["desc", "roles[1]", "roles[2]"]);
        let wrong = faults(NewApiKey::<GroupRole>::read(br#"{"roles":[]}"#));
        assert_eq!(wrong, ["desc", "roles"]);
        assert!(NewApiKey::<GroupRole>::read(br#"{"desc":"x","roles":["GROUP_OWNER"]}"#).is_ok());
    }

    #[test]
    fn a_change_keeps_what_it_leaves_out() {
        let change = ApiKeyChange::<GroupRole>::read(br#"{"desc":"x"}"#).unwrap();
        assert_eq!((change.description.as_deref(), change.roles), (Some("x"), None));
        assert_eq!(
            faults(ApiKeyChange::<OrgRole>::read(br#"{"desc":1,"roles":"x"}"#)),
            ["desc", "roles"]
        );
    }

    #[test]
    fn an_assignment_is_a_list_of_roles() {
        let body = br#"[{"roles":["GROUP_OWNER"]},{"roles":["GROUP_READ_ONLY"],"userId":"x"}]"#;
        assert_eq!(read_assignment(body).unwrap().len(), 2);
        assert_eq!(faults(read_assignment(b"[{}]")), ["[0].roles"]);
    }

    #[test]
    fn an_answer_about_a_key_and_its_debug_text_without_the_secret() {
        let key = ApiKey {
            desc: "ci".into(),
            id: ApiKeyId::from_bytes([1; 12]),
            links: vec![],
            private_key: "secret".into(),
            public_key: "abcdefgh".into(),
            roles: vec![RoleAssignment::Org {
                org_id: OrgId::from_bytes([2; 12]),
                role_name: OrgRole::Owner,
            }],
        };
        assert_eq!(
            serde_json::to_string(&key).unwrap(),
            r#"{"desc":"ci","id":"010101010101010101010101","links":[],"privateKey":"secret","publicKey":"abcdefgh","roles":[{"orgId":"020202020202020202020202","roleName":"ORG_OWNER"}]}"#
        );
        assert!(!format!("{key:?}").contains("secret"));
    }
}
