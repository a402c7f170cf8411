//! Where a request acts, and whether its caller may act there.

use peerage_core::authz::{Action, Resource, Scope};
use peerage_core::error::Refusal;
use peerage_core::id::{GroupId, OrgId};
use peerage_store::keys;
use peerage_store::record::{GroupRecord, OrgRecord};

use super::change::Stored;
use super::{App, Failure};
use crate::context::Context;

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
        let refusal = || Refusal::GroupNotFound(group);
        let record: Stored<GroupRecord> = self.read_or(&keys::group(group), refusal).await?;
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
        self.in_group(context, group, action, resource).await.map(drop)
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
}
