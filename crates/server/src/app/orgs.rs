//! Organizations and their settings.

use std::collections::BTreeSet;

use peerage_core::authz::{Action, OrgRole, Resource};
use peerage_core::error::{FieldFault, Refusal};
use peerage_core::id::{ApiKey, OrgId, ServiceAccount, UserId};
use peerage_store::record::{
    ApiKeyRecord, Grants, OrgRecord, OrgSettings, ServiceAccountRecord, UserRecord, UsernameRecord,
};
use peerage_store::{Key, keys};

use super::api_keys::NewKey;
use super::change::{Change, Stored, Tries, unavailable};
use super::events::News;
use super::service_accounts::{MadeSecret, NewAccount};
use super::{App, Failure};
use crate::app::events::kind::{self, Kind};
use crate::context::Context;

/// The most organizations of one store.
const ORGS_MAX: u64 = 250;

/// Deletions of one transaction when an organization is cleared.
const BATCH: usize = 100;

/// What a new organization is to be.
#[derive(Clone, Debug)]
pub struct NewOrganization {
    /// Its name.
    pub name: String,
    /// Whether its projects are made without the default alerts.
    pub skip_default_alerts_settings: bool,
    /// What the first API key is for, and its roles.
    pub key: Option<(String, BTreeSet<OrgRole>)>,
    /// The first service account, and its roles.
    pub account: Option<(NewAccount, BTreeSet<OrgRole>)>,
    /// A person of the caller's organization who is to own it.
    pub owner: Option<UserId>,
}

/// An organization that was just made. Its secrets are shown here and never again.
#[derive(Clone, Debug)]
pub struct MadeOrg {
    /// The organization.
    pub org: OrgRecord,
    /// Its first API key.
    pub key: Option<NewKey>,
    /// Its first service account.
    pub account: Option<(ServiceAccountRecord, MadeSecret)>,
}

impl App {
    /// The organizations that the caller belongs to.
    ///
    /// # Errors
    /// The store could not be asked.
    pub async fn list_orgs(&self, context: &Context) -> Result<Vec<OrgRecord>, Failure> {
        let found = self.read::<OrgRecord>(&keys::org(context.caller.org)).await?;
        Ok(found.into_iter().map(|found| found.value).collect())
    }

    /// One organization.
    ///
    /// # Errors
    /// No such organization, or none that the caller may see.
    pub async fn get_org(&self, context: &Context, org: OrgId) -> Result<OrgRecord, Failure> {
        Ok(self.in_org(context, org, Action::Read, Resource::Org).await?.value)
    }

    /// The settings of an organization.
    ///
    /// # Errors
    /// No such organization, or none that the caller may see.
    pub async fn org_settings(
        &self,
        context: &Context,
        org: OrgId,
    ) -> Result<OrgSettings, Failure> {
        Ok(self.in_org(context, org, Action::Read, Resource::OrgSettings).await?.value.settings)
    }

    /// Makes an organization with its first credentials, one of which owns it: the caller's own
    /// credential belongs to another one and cannot reach it.
    ///
    /// # Errors
    /// No credential that owns it is asked for, there are too many, or the caller lacks the role.
    pub async fn create_org(
        &self,
        context: &Context,
        new: &NewOrganization,
    ) -> Result<MadeOrg, Failure> {
        let home = context.caller.org;
        self.in_org(context, home, Action::Create, Resource::Org).await?;
        refuse_without_owner(new)?;
        let (count, _) =
            self.store.count(&keys::orgs()).await.map_err(|error| unavailable(&error))?;
        if count >= ORGS_MAX {
            let limit = usize::try_from(ORGS_MAX).unwrap_or(usize::MAX);
            return Err(Refusal::TooMany { what: "organizations", limit }.into());
        }
        let mut tries = Tries::default();
        loop {
            let mut change = Change::default();
            let made = self.put_org(&mut change, new)?;
            if let Some(owner) = new.owner {
                self.put_owner(&mut change, home, made.org.id, owner).await?;
            }
            let news = News::in_org(kind::ORG_CREATED, made.org.id);
            self.record(&mut change, Some(context), news);
            if self.committed(&mut tries, change).await? {
                return Ok(made);
            }
        }
    }

    fn put_org(&self, change: &mut Change, new: &NewOrganization) -> Result<MadeOrg, Failure> {
        let now = self.machine_now();
        let org = OrgRecord {
            id: self.randomness.id(now),
            name: new.name.clone(),
            created: now,
            skip_default_alerts_settings: new.skip_default_alerts_settings,
            settings: OrgSettings::default(),
        };
        change.require(keys::org(org.id), None).put(keys::org(org.id), &org)?;
        let grants = |roles: &BTreeSet<_>| Grants { org: roles.clone(), groups: Vec::new() };
        let key = match &new.key {
            Some((words, roles)) => {
                Some(self.put_key(change, org.id, words.clone(), grants(roles))?)
            }
            None => None,
        };
        let account = match &new.account {
            Some((account, roles)) => {
                Some(self.put_account(change, org.id, None, account, grants(roles))?)
            }
            None => None,
        };
        Ok(MadeOrg { org, key, account })
    }

    async fn put_owner(
        &self,
        change: &mut Change,
        home: OrgId,
        org: OrgId,
        owner: UserId,
    ) -> Result<(), Failure> {
        let refusal = || Refusal::UserNotFound(owner);
        let found: Stored<UserRecord> = self.read_or(&keys::org_user(home, owner), refusal).await?;
        let grants = Grants { org: BTreeSet::from([OrgRole::Owner]), groups: Vec::new() };
        let user = UserRecord { org, grants, created: self.machine_now(), ..found.value };
        change.put(keys::username(org, &user.username), &UsernameRecord { user: user.id })?;
        change.put(keys::org_user(org, user.id), &user)?;
        Ok(())
    }

    /// Changes an organization; `edit` says how.
    ///
    /// # Errors
    /// No such organization, the caller would shut itself out, or it lacks the role.
    pub async fn change_org(
        &self,
        context: &Context,
        org: OrgId,
        resource: Resource,
        edit: impl Fn(&mut OrgRecord),
    ) -> Result<OrgRecord, Failure> {
        let mut tries = Tries::default();
        loop {
            let found = self.in_org(context, org, Action::Change, resource).await?;
            let mut next = found.value.clone();
            edit(&mut next);
            self.refuse_shut_out(context, &found.value, &next).await?;
            let mut change = Change::default();
            let key = keys::org(org);
            change.require(key.clone(), Some(found.revision)).put(key, &next)?;
            for kind in org_events(&found.value, &next) {
                self.record(&mut change, Some(context), News::in_org(kind, org));
            }
            if change.tells_nothing() {
                let news = News::in_org(kind::PEERAGE_ORG_CHANGED, org);
                self.record(&mut change, Some(context), news);
            }
            if self.committed(&mut tries, change).await? {
                return Ok(next);
            }
        }
    }

    /// Whoever asks for access lists has to have one: it could not take that back otherwise.
    async fn refuse_shut_out(
        &self,
        context: &Context,
        before: &OrgRecord,
        after: &OrgRecord,
    ) -> Result<(), Failure> {
        let required = |org: &OrgRecord| org.settings.api_access_list_required;
        if required(before) || !required(after) {
            return Ok(());
        }
        if !self.own(context).await?.access_list.is_empty() {
            return Ok(());
        }
        let why = "The credential of this request has no access list and would be shut out.";
        let fault = FieldFault::invalid("apiAccessListRequired", why);
        Err(Refusal::BadFields(vec![fault]).into())
    }

    /// Closes an organization that has no projects. Its credentials stop working in the same
    /// moment.
    ///
    /// # Errors
    /// It has projects, there is no such organization, or the caller lacks the role.
    pub async fn delete_org(&self, context: &Context, org: OrgId) -> Result<(), Failure> {
        let mut tries = Tries::default();
        loop {
            let found = self.in_org(context, org, Action::Delete, Resource::Org).await?;
            if !self.entries(&keys::org_groups(org)).await?.is_empty() {
                return Err(Refusal::OrgHasGroups(org).into());
            }
            let mut change = Change::default();
            let key = keys::org(org);
            change.require(key.clone(), Some(found.revision)).delete(key);
            let news = News::in_org(kind::PEERAGE_ORG_DELETED, org);
            self.record(&mut change, Some(context), news);
            if self.committed(&mut tries, change).await? {
                return self.clear_org(org).await;
            }
        }
    }

    /// Clears what is left of an organization that is gone already: nobody can reach it any more.
    /// Its trail stays.
    async fn clear_org(&self, org: OrgId) -> Result<(), Failure> {
        for id in self.ids_below::<ApiKey>(&keys::org_api_keys(org)).await? {
            if let Some(key) = self.read::<ApiKeyRecord>(&keys::api_key(id)).await? {
                let place = keys::public_key(&key.value.public_key);
                self.clear_all(&[keys::api_key(id), place]).await?;
            }
        }
        for id in self.ids_below::<ServiceAccount>(&keys::org_service_accounts(org)).await? {
            self.clear_all(&[keys::service_account(id)]).await?;
            self.clear_tokens(id).await?;
        }
        let left = [
            keys::org_api_keys(org),
            keys::org_service_accounts(org),
            keys::username(org, ""),
            keys::org_users(org),
            keys::team_name(org, ""),
            keys::teams(org),
        ];
        for prefix in left {
            let entries = self.entries(&prefix).await?;
            let places: Vec<Key> = entries.into_iter().map(|entry| entry.key).collect();
            self.clear_all(&places).await?;
        }
        Ok(())
    }

    pub(super) async fn clear_all(&self, places: &[Key]) -> Result<(), Failure> {
        for batch in places.chunks(BATCH) {
            let mut change = Change::untold("nobody can reach it any more");
            for place in batch {
                change.delete(place.clone());
            }
            self.commit(change).await?;
        }
        Ok(())
    }
}

/// People cannot sign in: only a credential can own an organization in deed.
fn refuse_without_owner(new: &NewOrganization) -> Result<(), Refusal> {
    let owns = |roles: &BTreeSet<OrgRole>| roles.contains(&OrgRole::Owner);
    let fault = match (&new.key, &new.account) {
        (None, None) => FieldFault::missing("apiKey"),
        (key, account) => {
            let key = key.as_ref().is_some_and(|(_, roles)| owns(roles));
            if key || account.as_ref().is_some_and(|(_, roles)| owns(roles)) {
                return Ok(());
            }
            let field = if new.key.is_some() { "apiKey.roles" } else { "serviceAccount.roles" };
            FieldFault::invalid(field, "The first credential of an organization has to own it.")
        }
    };
    Err(Refusal::BadFields(vec![fault]))
}

/// The events that the contract has for what changed.
fn org_events(before: &OrgRecord, after: &OrgRecord) -> Vec<Kind> {
    let mut kinds = Vec::new();
    if before.name != after.name {
        kinds.push(kind::ORG_RENAMED);
    }
    let (old, new) = (&before.settings, &after.settings);
    if old.api_access_list_required != new.api_access_list_required {
        let required = new.api_access_list_required;
        kinds.push(if required {
            kind::ORG_PUBLIC_API_ACCESS_LIST_REQUIRED
        } else {
            kind::ORG_PUBLIC_API_ACCESS_LIST_NOT_REQUIRED
        });
    }
    if old.multi_factor_auth_required != new.multi_factor_auth_required {
        let required = new.multi_factor_auth_required;
        kinds.push(if required {
            kind::ORG_TWO_FACTOR_AUTH_REQUIRED
        } else {
            kind::ORG_TWO_FACTOR_AUTH_OPTIONAL
        });
    }
    if old.max_secret_hours != new.max_secret_hours {
        kinds.push(kind::ORG_SERVICE_ACCOUNT_MAX_SECRET_VALIDITY_EDITED);
    }
    if old.restrict_employee_access != new.restrict_employee_access {
        let restricted = new.restrict_employee_access;
        kinds.push(if restricted {
            kind::ORG_EMPLOYEE_ACCESS_RESTRICTED
        } else {
            kind::ORG_EMPLOYEE_ACCESS_UNRESTRICTED
        });
    }
    if old.security_contact != new.security_contact {
        kinds.push(kind::SECURITY_CONTACT_MODIFIED);
    }
    if old.operations_contact != new.operations_contact {
        kinds.push(kind::OPERATIONS_CONTACT_MODIFIED);
    }
    kinds
}
