//! Whether a project is reached through peerings only. A mode of the past: it can be looked at and
//! switched off, never on.

use peerage_core::authz::{Action, Resource};
use peerage_core::error::Refusal;
use peerage_core::id::GroupId;
use peerage_store::keys;

use super::change::{Change, Tries};
use super::events::{News, kind};
use super::{App, Failure};
use crate::context::Context;

impl App {
    /// Whether the project is reached through peerings only.
    ///
    /// # Errors
    /// The project is not the caller's to see.
    pub async fn private_ip_mode(
        &self,
        context: &Context,
        group: GroupId,
    ) -> Result<bool, Failure> {
        let project = self.in_group(context, group, Action::Read, Resource::PrivateIpMode).await?;
        Ok(project.value.private_ip_mode)
    }

    /// Says no unless the caller may switch it: before the body is looked at.
    ///
    /// # Errors
    /// The project is not the caller's to see, or the caller lacks the role.
    pub async fn may_set_private_ip_mode(
        &self,
        context: &Context,
        group: GroupId,
    ) -> Result<(), Failure> {
        self.in_group(context, group, Action::Change, Resource::PrivateIpMode).await.map(drop)
    }

    /// Switches the mode off.
    ///
    /// # Errors
    /// [`Refusal::PrivateIpModeCannotBeEnabled`] when asked to switch it on.
    pub async fn set_private_ip_mode(
        &self,
        context: &Context,
        group: GroupId,
        enabled: bool,
    ) -> Result<bool, Failure> {
        let mut tries = Tries::default();
        loop {
            let project =
                self.in_group(context, group, Action::Change, Resource::PrivateIpMode).await?;
            if enabled && !project.value.private_ip_mode {
                return Err(Refusal::PrivateIpModeCannotBeEnabled.into());
            }
            if enabled == project.value.private_ip_mode {
                return Ok(enabled);
            }
            let mut next = project.value;
            next.private_ip_mode = enabled;
            let mut change = Change::default();
            let key = keys::group(group);
            change.require(key.clone(), Some(project.revision)).put(key, &next)?;
            let news = News::in_group(kind::PEERAGE_PRIVATE_IP_MODE_CHANGED, next.org, group);
            self.record(&mut change, Some(context), news);
            if self.committed(&mut tries, change).await? {
                return Ok(enabled);
            }
        }
    }
}
