//! Takes a project that is gone out of the roles of credentials and people.

use std::collections::BTreeSet;

use peerage_core::id::{GroupId, OrgId};
use peerage_store::record::{ApiKeyRecord, Grants, Record, ServiceAccountRecord, UserRecord};
use peerage_store::{Key, keys};

use crate::app::change::{Change, Stored, Tries};
use crate::app::events::{News, kind};
use crate::app::{App, Failure};

impl App {
    /// Takes a project that is gone out of all roles: they would be answered for ever.
    pub(super) async fn forget_group(&self, org: OrgId, group: GroupId) -> Result<(), Failure> {
        for id in self.ids_below(&keys::group_api_keys(group)).await? {
            let grants = |key: &mut ApiKeyRecord| forget(&mut key.grants, group);
            self.edit_left(org, group, keys::api_key(id), grants).await?;
        }
        for id in self.ids_below(&keys::group_service_accounts(group)).await? {
            let grants = |account: &mut ServiceAccountRecord| forget(&mut account.grants, group);
            self.edit_left(org, group, keys::service_account(id), grants).await?;
        }
        for user in self.read_all::<UserRecord>(&keys::org_users(org)).await? {
            if user.value.grants.in_group(group).is_some() {
                let grants = |user: &mut UserRecord| forget(&mut user.grants, group);
                self.edit_left(org, group, keys::org_user(org, user.value.id), grants).await?;
            }
        }
        Ok(())
    }

    async fn edit_left<R: Record>(
        &self,
        org: OrgId,
        group: GroupId,
        place: Key,
        edit: impl Fn(&mut R),
    ) -> Result<(), Failure> {
        let mut tries = Tries::default();
        loop {
            let found: Option<Stored<R>> = self.read(&place).await?;
            let Some(Stored { mut value, revision }) = found else { return Ok(()) };
            edit(&mut value);
            let mut change = Change::default();
            change.require(place.clone(), Some(revision)).put(place.clone(), &value)?;
            let news = News::in_org(kind::PEERAGE_CREDENTIALS_FORGOT_GROUP, org);
            self.record(&mut change, None, news.with("groupId", group));
            if self.committed(&mut tries, change).await? {
                return Ok(());
            }
        }
    }
}

fn forget(grants: &mut Grants, group: GroupId) {
    grants.set_in_group(group, BTreeSet::new());
}
