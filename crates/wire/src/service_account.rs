//! Service accounts of organizations and of projects, and their secrets.

use std::collections::BTreeSet;

use peerage_core::authz::{GroupRole, OrgRole};
use peerage_core::id::{GroupId, SecretId, ServiceAccountId};
use peerage_core::time::Timestamp;
use serde::{Serialize, Serializer};

use crate::fields::{Field, Fields, ReadError};
use crate::form;
use crate::role::{group_roles, org_roles};
use crate::show::{self, Named};

/// The shortest life of a secret, in hours.
pub const SECRET_HOURS_MIN: i64 = 8;

/// The longest life of a secret, in hours.
pub const SECRET_HOURS_MAX: i64 = 8760;

/// A request for a service account; `R` is the kind of role that it may hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewServiceAccount<R> {
    /// What it is for.
    pub description: String,
    /// Its name.
    pub name: String,
    /// Its roles.
    pub roles: BTreeSet<R>,
    /// The life of its first secret.
    pub secret_hours: u32,
}

impl NewServiceAccount<OrgRole> {
    /// Reads a request for a service account of an organization.
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
        take_new(fields, org_roles)
    }
}

impl NewServiceAccount<GroupRole> {
    /// Reads a request for a service account of a project.
    ///
    /// # Errors
    /// What the body is not, or every field at fault.
    pub fn read(body: &[u8]) -> Result<Self, ReadError> {
        let mut fields = Fields::parse(body)?;
        let new = take_new(&mut fields, group_roles);
        Ok(fields.finish_with(|| new)?)
    }
}

fn take_new<R>(
    fields: &mut Fields,
    read_roles: impl FnOnce(Field<'_>) -> Option<BTreeSet<R>>,
) -> Option<NewServiceAccount<R>> {
    let description = fields.required("description").text(form::SERVICE_ACCOUNT_DESCRIPTION);
    let name = fields.required("name").text(form::SERVICE_ACCOUNT_NAME);
    let roles = read_roles(fields.required("roles"));
    let secret_hours = hours(fields);
    Some(NewServiceAccount {
        description: description?,
        name: name?,
        roles: roles?,
        secret_hours: secret_hours?,
    })
}

fn hours(fields: &mut Fields) -> Option<u32> {
    let hours =
        fields.required("secretExpiresAfterHours").integer(SECRET_HOURS_MIN..=SECRET_HOURS_MAX)?;
    u32::try_from(hours).ok()
}

/// A request to change a service account. What is `None` stays as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceAccountChange<R> {
    /// What it is for.
    pub description: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// All of its roles.
    pub roles: Option<BTreeSet<R>>,
}

impl ServiceAccountChange<OrgRole> {
    /// Reads a change to a service account of an organization.
    ///
    /// # Errors
    /// What the body is not, or every field at fault.
    pub fn read(body: &[u8]) -> Result<Self, ReadError> {
        read_change(body, org_roles)
    }
}

impl ServiceAccountChange<GroupRole> {
    /// Reads a change to a service account of a project.
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
) -> Result<ServiceAccountChange<R>, ReadError> {
    let mut fields = Fields::parse(body)?;
    let description = fields.optional("description").text(form::SERVICE_ACCOUNT_DESCRIPTION);
    let name = fields.optional("name").text(form::SERVICE_ACCOUNT_NAME);
    let roles = read_roles(fields.optional("roles"));
    fields.finish()?;
    Ok(ServiceAccountChange { description, name, roles })
}

/// A request for another secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewSecret {
    /// Its life.
    pub secret_hours: u32,
}

impl NewSecret {
    /// Reads a request.
    ///
    /// # Errors
    /// What the body is not, or the field at fault.
    pub fn read(body: &[u8]) -> Result<Self, ReadError> {
        let mut fields = Fields::parse(body)?;
        let secret_hours = hours(&mut fields);
        let build = || Some(Self { secret_hours: secret_hours? });
        Ok(fields.finish_with(build)?)
    }
}

/// Reads the roles that a service account of the organization is to have in a project.
///
/// # Errors
/// What the body is not, or every field at fault.
pub fn read_assignment(body: &[u8]) -> Result<BTreeSet<GroupRole>, ReadError> {
    let mut fields = Fields::parse(body)?;
    let roles = group_roles(fields.required("roles"));
    Ok(fields.finish_with(|| roles)?)
}

/// A service account as it is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", bound = "R: Role")]
pub struct ServiceAccount<R> {
    /// Its id.
    #[serde(serialize_with = "show_client_id")]
    pub client_id: ServiceAccountId,
    /// When it was made.
    #[serde(serialize_with = "show::date")]
    pub created_at: Timestamp,
    /// What it is for.
    pub description: String,
    /// Its name.
    pub name: String,
    /// Its roles.
    #[serde(serialize_with = "show::names")]
    pub roles: BTreeSet<R>,
    /// Its secrets.
    pub secrets: Vec<Secret>,
    /// Whether the service made it for itself; strict clients require the field.
    pub system_managed: bool,
}

/// A role that a service account can hold.
#[expect(private_bounds, reason = "the roles of the contract and no others")]
pub trait Role: Named {}

impl Role for OrgRole {}
impl Role for GroupRole {}

fn show_client_id<S: Serializer>(account: &ServiceAccountId, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&account.client_id())
}

/// A secret of a service account as it is answered.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Secret {
    /// When it was made.
    #[serde(serialize_with = "show::date")]
    pub created_at: Timestamp,
    /// When it ends.
    #[serde(serialize_with = "show::date")]
    pub expires_at: Timestamp,
    /// Its id.
    #[serde(serialize_with = "show::text")]
    pub id: SecretId,
    /// When it was last used.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "show::date_or_null")]
    pub last_used_at: Option<Timestamp>,
    /// What may be shown of it later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub masked_secret_value: Option<String>,
    /// The secret itself, when it was just made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

impl core::fmt::Debug for Secret {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Secret")
            .field("id", &self.id)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// A project of a service account, and its roles there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountGroup {
    /// The project.
    #[serde(serialize_with = "show::text")]
    pub group_id: GroupId,
    /// The roles.
    #[serde(serialize_with = "show::names")]
    pub roles: BTreeSet<GroupRole>,
}

#[cfg(test)]
mod tests;
