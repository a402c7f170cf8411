//! Where a request acts, and whether its caller may act there.

use std::sync::Arc;

use peerage_core::authz::{Action, OrgRole, Resource, Scope};
use peerage_core::error::Refusal;
use peerage_core::id::{GroupId, OrgId};
use peerage_store::keys;
use peerage_store::record::{
    ApiKeyRecord, CredentialAddress, Grants, GroupRecord, OrgRecord, ServiceAccountRecord,
};
use peerage_store::{Key, Revision};

use super::change::{Change, Stored};
use super::{App, Failure};
use crate::context::{Context, Credential};

/// The credential that calls, as it is stored now.
#[derive(Debug)]
pub(crate) struct Own {
    key: Key,
    revision: Revision,
    grants: Grants,
    /// From where it may be used.
    pub(crate) access_list: Vec<CredentialAddress>,
}

impl App {
    /// The project, if the caller may do `action` to `resource` in it.
    ///
    /// A project that does not exist and one that the caller must not know of are refused alike.
    pub(crate) async fn in_group(
        &self,
        context: &Context,
        group: GroupId,
        action: Action,
        resource: Resource,
    ) -> Result<Stored<GroupRecord>, Failure> {
        let Stored { value, revision } =
            self.look_in_group(context, group, action, resource).await?;
        Ok(Stored { value: Arc::unwrap_or_clone(value), revision })
    }

    /// The same, only to look at it.
    async fn look_in_group(
        &self,
        context: &Context,
        group: GroupId,
        action: Action,
        resource: Resource,
    ) -> Result<Stored<Arc<GroupRecord>>, Failure> {
        let found: Option<Stored<Arc<GroupRecord>>> = self.look(&keys::group(group)).await?;
        let record = found.ok_or(Refusal::GroupNotFound(group))?;
        context.authorize(action, resource, Scope::Group { group, org: record.value.org })?;
        Ok(record)
    }

    /// Says no unless the caller may do `action` to `resource` in the project: before a body is
    /// looked at.
    ///
    /// # Errors
    /// The project is not the caller's to see, or the caller lacks the role.
    pub async fn may_in_group(
        &self,
        context: &Context,
        group: GroupId,
        action: Action,
        resource: Resource,
    ) -> Result<(), Failure> {
        self.look_in_group(context, group, action, resource).await.map(drop)
    }

    /// The same for an organization.
    ///
    /// # Errors
    /// The organization is not the caller's to see, or the caller lacks the role.
    pub async fn may_in_org(
        &self,
        context: &Context,
        org: OrgId,
        action: Action,
        resource: Resource,
    ) -> Result<(), Failure> {
        self.in_org(context, org, action, resource).await.map(drop)
    }

    /// The organization, if the caller may do `action` to `resource` in it.
    pub(crate) async fn in_org(
        &self,
        context: &Context,
        org: OrgId,
        action: Action,
        resource: Resource,
    ) -> Result<Stored<OrgRecord>, Failure> {
        let refusal = || Refusal::OrgNotFound(org);
        let record = self.read_or(&keys::org(org), refusal).await?;
        context.authorize(action, resource, Scope::Org(org))?;
        Ok(record)
    }

    /// The credential that calls.
    ///
    /// # Errors
    /// It was taken away while the request was on its way.
    pub(crate) async fn own(&self, context: &Context) -> Result<Own, Failure> {
        let own = match &context.caller.credential {
            Credential::ApiKey { id, .. } => {
                let key = keys::api_key(*id);
                let found: Option<Stored<ApiKeyRecord>> = self.read(&key).await?;
                found.map(|Stored { value: ApiKeyRecord { grants, access_list, .. }, revision }| {
                    Own { key, revision, grants, access_list }
                })
            }
            Credential::ServiceAccount { id } => {
                let key = keys::service_account(*id);
                let found: Option<Stored<ServiceAccountRecord>> = self.read(&key).await?;
                found.map(|Stored { value, revision }| {
                    let ServiceAccountRecord { grants, access_list, .. } = value;
                    Own { key, revision, grants, access_list }
                })
            }
        };
        own.ok_or(Failure::Refused(Refusal::Forbidden))
    }

    /// Lets a change through only while the credential that calls owns its organization.
    ///
    /// Whatever takes the organization from an owner asks for this, and nobody may do it to
    /// itself: so two owners cannot do it to each other at one time, and one always stays.
    pub(crate) async fn while_owner(
        &self,
        change: &mut Change,
        context: &Context,
    ) -> Result<(), Failure> {
        let own = self.own(context).await?;
        if !own.grants.org.contains(&OrgRole::Owner) {
            return Err(Refusal::Forbidden.into());
        }
        change.require(own.key, Some(own.revision));
        Ok(())
    }
}
