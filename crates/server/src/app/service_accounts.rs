//! Service accounts of organizations and projects.

mod access;

use std::collections::BTreeSet;
use std::time::Duration;

use peerage_core::authz::{Action, GroupRole, OrgRole, Resource};
use peerage_core::error::Refusal;
use peerage_core::id::{GroupId, OrgId, ServiceAccountId};
use peerage_store::keys;
use peerage_store::record::{Grants, OrgRecord, ServiceAccountRecord};

use super::api_keys::GRANTS_CLEARED;
use super::change::{Change, Stored, Tries};
use super::events::News;
use super::{App, Failure};
use crate::app::events::kind::{self, Kind};
use crate::context::{Context, Credential};
use access::refuse_long_life;

pub use access::MadeSecret;

/// The most service accounts of one organization.
const ACCOUNTS_PER_ORG: usize = 200;

/// What a new service account is to be.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// How long its first secret works.
    pub secret_life: Duration,
}

/// Where an account is looked for: an account of another place is no account.
#[derive(Clone, Copy, Debug)]
pub enum AccountPlace {
    /// In an organization.
    Org(OrgId),
    /// In a project.
    Group(GroupId),
}

impl App {
    /// Says no unless the caller may do `action` to the service accounts of a place; gives back
    /// the organization.
    ///
    /// # Errors
    /// The place is not the caller's to see, or the caller lacks the role.
    pub async fn may_accounts(
        &self,
        context: &Context,
        place: AccountPlace,
        action: Action,
    ) -> Result<OrgRecord, Failure> {
        self.may_in_place(context, place, action, Resource::GroupServiceAccount).await
    }

    /// The same for the access lists of the accounts.
    ///
    /// # Errors
    /// The place is not the caller's to see, or the caller lacks the role.
    pub async fn may_account_addresses(
        &self,
        context: &Context,
        place: AccountPlace,
        action: Action,
    ) -> Result<OrgRecord, Failure> {
        self.may_in_place(context, place, action, Resource::GroupServiceAccountAccessList).await
    }

    async fn may_in_place(
        &self,
        context: &Context,
        place: AccountPlace,
        action: Action,
        in_group: Resource,
    ) -> Result<OrgRecord, Failure> {
        match place {
            AccountPlace::Org(org) => {
                Ok(self.in_org(context, org, action, Resource::OrgServiceAccount).await?.value)
            }
            AccountPlace::Group(group) => {
                let org = self.in_group(context, group, action, in_group).await?.value.org;
                let found: Stored<OrgRecord> =
                    self.read_or(&keys::org(org), || Refusal::GroupNotFound(group)).await?;
                Ok(found.value)
            }
        }
    }

    /// The service accounts of a place, oldest first.
    ///
    /// # Errors
    /// The place is not the caller's to see.
    pub async fn list_accounts(
        &self,
        context: &Context,
        place: AccountPlace,
    ) -> Result<Vec<ServiceAccountRecord>, Failure> {
        self.may_accounts(context, place, Action::Read).await?;
        let prefix = match place {
            AccountPlace::Org(org) => keys::org_service_accounts(org),
            AccountPlace::Group(group) => keys::group_service_accounts(group),
        };
        let mut found = Vec::new();
        for id in self.ids_below(&prefix).await? {
            if let Some(account) = self.read(&keys::service_account(id)).await? {
                found.push(account.value);
            }
        }
        if let AccountPlace::Group(group) = place {
            found.retain(|account: &ServiceAccountRecord| account.grants.in_group(group).is_some());
        }
        Ok(found)
    }

    /// One service account of a place.
    ///
    /// # Errors
    /// No such account there, or a place that is not the caller's to see.
    pub async fn get_account(
        &self,
        context: &Context,
        place: AccountPlace,
        id: ServiceAccountId,
    ) -> Result<ServiceAccountRecord, Failure> {
        self.may_accounts(context, place, Action::Read).await?;
        Ok(self.account_in(place, id).await?.value)
    }

    async fn account_in(
        &self,
        place: AccountPlace,
        id: ServiceAccountId,
    ) -> Result<Stored<ServiceAccountRecord>, Failure> {
        let refusal = || Refusal::ServiceAccountNotFound(id.client_id());
        let found: Stored<ServiceAccountRecord> =
            self.read_or(&keys::service_account(id), refusal).await?;
        let there = match place {
            AccountPlace::Org(org) => found.value.org == org,
            AccountPlace::Group(group) => found.value.grants.in_group(group).is_some(),
        };
        if there { Ok(found) } else { Err(refusal().into()) }
    }

    /// Makes a service account of an organization.
    ///
    /// # Errors
    /// Too many accounts, or the caller lacks the role.
    pub async fn create_org_account(
        &self,
        context: &Context,
        org: OrgId,
        new: &NewAccount,
        roles: BTreeSet<OrgRole>,
    ) -> Result<(ServiceAccountRecord, MadeSecret), Failure> {
        let org = self.may_accounts(context, AccountPlace::Org(org), Action::Create).await?;
        let grants = Grants { org: roles, groups: Vec::new() };
        self.create_account(context, &org, None, new, grants).await
    }

    /// Makes a service account for one project.
    ///
    /// # Errors
    /// Too many accounts, or the caller lacks the role.
    pub async fn create_group_account(
        &self,
        context: &Context,
        group: GroupId,
        new: &NewAccount,
        roles: BTreeSet<GroupRole>,
    ) -> Result<(ServiceAccountRecord, MadeSecret), Failure> {
        let org = self.may_accounts(context, AccountPlace::Group(group), Action::Create).await?;
        let mut grants = Grants { org: BTreeSet::from([OrgRole::Member]), groups: Vec::new() };
        grants.set_in_group(group, roles);
        self.create_account(context, &org, Some(group), new, grants).await
    }

    async fn create_account(
        &self,
        context: &Context,
        org: &OrgRecord,
        home: Option<GroupId>,
        new: &NewAccount,
        grants: Grants,
    ) -> Result<(ServiceAccountRecord, MadeSecret), Failure> {
        refuse_long_life(org, new.secret_life)?;
        let org = org.id;
        if self.entries(&keys::org_service_accounts(org)).await?.len() >= ACCOUNTS_PER_ORG {
            let (what, limit) = ("service accounts", ACCOUNTS_PER_ORG);
            return Err(Refusal::TooMany { what, limit }.into());
        }
        let mut tries = Tries::default();
        loop {
            let mut change = Change::default();
            change.require_exists(keys::org(org));
            let (account, made) = self.put_account(&mut change, org, home, new, grants.clone())?;
            if let Some(group) = home {
                change.require_exists(keys::group(group));
                change.mark(keys::group_service_account(group, account.id))?;
            }
            self.tell_account(&mut change, context, kind::SERVICE_ACCOUNT_CREATED, &account, home);
            if self.committed(&mut tries, change).await? {
                return Ok((account, made));
            }
        }
    }

    /// Puts a new account with its first secret into a change.
    pub(super) fn put_account(
        &self,
        change: &mut Change,
        org: OrgId,
        home: Option<GroupId>,
        new: &NewAccount,
        grants: Grants,
    ) -> Result<(ServiceAccountRecord, MadeSecret), Failure> {
        let now = self.machine_now();
        let made = self.make_secret(now, new.secret_life);
        let account = ServiceAccountRecord {
            id: self.randomness.id(now),
            org,
            home,
            name: new.name.clone(),
            description: new.description.clone(),
            created: now,
            grants,
            secrets: vec![made.record.clone()],
            access_list: Vec::new(),
        };
        let key = keys::service_account(account.id);
        change.require(key.clone(), None).put(key, &account)?;
        change.mark(keys::org_service_account(org, account.id))?;
        Ok((account, made))
    }

    fn tell_account(
        &self,
        change: &mut Change,
        context: &Context,
        kind: Kind,
        account: &ServiceAccountRecord,
        group: Option<GroupId>,
    ) {
        let news = match group {
            Some(group) => News::in_group(kind, account.org, group),
            None => News::in_org(kind, account.org),
        };
        let news = news.with("clientId", account.id.client_id());
        self.record(change, Some(context), news);
    }

    /// Changes the name, the description or the roles of a service account; `edit` says how.
    ///
    /// # Errors
    /// No such account there, what a project may not change, the caller's own roles, or the caller
    /// lacks the role.
    pub async fn change_account(
        &self,
        context: &Context,
        place: AccountPlace,
        id: ServiceAccountId,
        edit: impl Fn(&mut ServiceAccountRecord),
    ) -> Result<ServiceAccountRecord, Failure> {
        self.may_accounts(context, place, Action::Change).await?;
        let edit = |account: &mut ServiceAccountRecord| {
            let before = account.clone();
            edit(account);
            let owner = OrgRole::Owner;
            let fell = before.grants.org.contains(&owner) && !account.grants.org.contains(&owner);
            if fell && is_own(context, id) {
                return Err(Refusal::CannotRemoveOwnCredential);
            }
            let details = before.name != account.name || before.description != account.description;
            Ok(if details {
                kind::SERVICE_ACCOUNT_DETAILS_CHANGED
            } else {
                kind::SERVICE_ACCOUNT_ROLES_CHANGED
            })
        };
        self.edit_account(context, place, id, edit).await
    }

    pub(super) async fn edit_account(
        &self,
        context: &Context,
        place: AccountPlace,
        id: ServiceAccountId,
        edit: impl Fn(&mut ServiceAccountRecord) -> Result<Kind, Refusal>,
    ) -> Result<ServiceAccountRecord, Failure> {
        let mut tries = Tries::default();
        loop {
            let found = self.account_in(place, id).await?;
            let mut account = found.value.clone();
            let kind = edit(&mut account)?;
            refuse_beyond_project(context, place, &found.value, &account)?;
            let mut change = Change::default();
            let key = keys::service_account(id);
            change.require(key.clone(), Some(found.revision)).put(key, &account)?;
            if found.value.grants.org != account.grants.org && !is_own(context, id) {
                self.while_owner(&mut change, context).await?;
            }
            let group = match place {
                AccountPlace::Org(_) => None,
                AccountPlace::Group(group) => Some(group),
            };
            self.tell_account(&mut change, context, kind, &account, group);
            if self.committed(&mut tries, change).await? {
                return Ok(account);
            }
        }
    }

    /// Takes a service account away; a project that is not all it has takes it out of the project
    /// only. The tokens of an account that is gone stop working in the same moment.
    ///
    /// # Errors
    /// No such account there, the account that asks, or the caller lacks the role.
    pub async fn delete_account(
        &self,
        context: &Context,
        place: AccountPlace,
        id: ServiceAccountId,
    ) -> Result<(), Failure> {
        self.may_accounts(context, place, Action::Delete).await?;
        if is_own(context, id) {
            return Err(Refusal::CannotRemoveOwnCredential.into());
        }
        let mut tries = Tries::default();
        loop {
            let found = self.account_in(place, id).await?;
            let mut account = found.value;
            let mut change = Change::default();
            let key = keys::service_account(id);
            change.require(key.clone(), Some(found.revision));
            let group = match place {
                AccountPlace::Group(group) if !is_of_project_alone(&account, group) => {
                    account.grants.set_in_group(group, BTreeSet::new());
                    change.put(key, &account)?;
                    change.delete(keys::group_service_account(group, id));
                    Some(group)
                }
                AccountPlace::Org(_) | AccountPlace::Group(_) => {
                    if account.grants.org.contains(&OrgRole::Owner) {
                        self.while_owner(&mut change, context).await?;
                    }
                    change.delete(key).delete(keys::org_service_account(account.org, id));
                    for grant in account.grants.groups.iter().take(GRANTS_CLEARED) {
                        change.delete(keys::group_service_account(grant.group, id));
                    }
                    None
                }
            };
            let kind = match group {
                Some(_) => kind::SERVICE_ACCOUNT_REMOVED_FROM_GROUP,
                None => kind::SERVICE_ACCOUNT_DELETED,
            };
            self.tell_account(&mut change, context, kind, &account, group);
            if self.committed(&mut tries, change).await? {
                return if group.is_none() { self.clear_tokens(id).await } else { Ok(()) };
            }
        }
    }

    /// Says no unless the caller may give service accounts roles in a project; gives back the
    /// project's organization.
    ///
    /// # Errors
    /// The project is not the caller's to see, or the caller lacks the role.
    pub async fn may_invite_accounts(
        &self,
        context: &Context,
        group: GroupId,
    ) -> Result<OrgId, Failure> {
        let resource = Resource::GroupServiceAccountAssignment;
        Ok(self.in_group(context, group, Action::Change, resource).await?.value.org)
    }

    /// Gives an organization's service account roles in a project.
    ///
    /// # Errors
    /// No such account, or the caller lacks the role.
    pub async fn invite_account(
        &self,
        context: &Context,
        group: GroupId,
        id: ServiceAccountId,
        roles: BTreeSet<GroupRole>,
    ) -> Result<ServiceAccountRecord, Failure> {
        let org = self.may_invite_accounts(context, group).await?;
        let mut tries = Tries::default();
        loop {
            let found = self.account_in(AccountPlace::Org(org), id).await?;
            let mut account = found.value;
            account.grants.set_in_group(group, roles.clone());
            let mut change = Change::default();
            let key = keys::service_account(id);
            change.require(key.clone(), Some(found.revision)).put(key, &account)?;
            change.require_exists(keys::group(group));
            change.mark(keys::group_service_account(group, id))?;
            let kind = kind::SERVICE_ACCOUNT_ADDED_TO_GROUP;
            self.tell_account(&mut change, context, kind, &account, Some(group));
            if self.committed(&mut tries, change).await? {
                return Ok(account);
            }
        }
    }
}

/// Whether the caller is that account.
fn is_own(context: &Context, id: ServiceAccountId) -> bool {
    matches!(&context.caller.credential, Credential::ServiceAccount { id: own } if *own == id)
}

/// Whether the project made the account and it has no roles beside those in the project.
fn is_of_project_alone(account: &ServiceAccountRecord, group: GroupId) -> bool {
    let member = |role: &OrgRole| *role == OrgRole::Member;
    account.home == Some(group)
        && account.grants.org.iter().all(member)
        && account.grants.groups.iter().all(|grant| grant.group == group)
}

/// Who owns a project only may change the roles there of any account in it, and nothing else of an
/// account that has roles elsewhere: a secret for it would be a way to them.
fn refuse_beyond_project(
    context: &Context,
    place: AccountPlace,
    before: &ServiceAccountRecord,
    after: &ServiceAccountRecord,
) -> Result<(), Refusal> {
    let AccountPlace::Group(group) = place else { return Ok(()) };
    let secrets = |account: &ServiceAccountRecord| {
        account.secrets.iter().map(|secret| secret.id).collect::<Vec<_>>()
    };
    let same = before.name == after.name
        && before.description == after.description
        && before.access_list == after.access_list
        && secrets(before) == secrets(after);
    let may =
        same || is_of_project_alone(before, group) || context.caller.roles.owns_org(before.org);
    if may { Ok(()) } else { Err(Refusal::Forbidden) }
}
