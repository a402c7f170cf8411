//! Service accounts of organizations and projects, their secrets and access lists.

use std::collections::BTreeSet;
use std::time::Duration;

use peerage_core::authz::{Action, GroupRole, OrgRole, Resource};
use peerage_core::error::Refusal;
use peerage_core::id::{GroupId, OrgId, SecretId, ServiceAccountId};
use peerage_core::time::Timestamp;
use peerage_store::keys;
use peerage_store::record::{Grants, SecretRecord, ServiceAccountRecord};

use super::api_keys::{add_addresses, remove_address};
use super::change::{Change, Stored, Tries};
use super::credentials::CLIENT_ID_PREFIX;
use super::events::News;
use super::{App, Failure};
use crate::authn::Secret;
use crate::authn::secret::{generate, mask};
use crate::context::{Context, Credential};

/// The most service accounts of one organization.
const ACCOUNTS_PER_ORG: usize = 200;

/// The most secrets of one service account.
const SECRETS_MAX: usize = 2;

/// Deletions of one transaction when the tokens of an account are revoked.
const BATCH: usize = 50;

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

/// A secret that was just made, with the one chance to see it.
#[derive(Clone, Debug)]
pub struct MadeSecret {
    /// What is kept of it.
    pub record: SecretRecord,
    /// The secret.
    pub secret: Secret,
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
    ) -> Result<OrgId, Failure> {
        match place {
            AccountPlace::Org(org) => {
                self.in_org(context, org, action, Resource::OrgServiceAccount).await?;
                Ok(org)
            }
            AccountPlace::Group(group) => {
                let resource = Resource::GroupServiceAccount;
                Ok(self.in_group(context, group, action, resource).await?.value.org)
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
        let refusal = || Refusal::ServiceAccountNotFound(format!("{CLIENT_ID_PREFIX}{id}"));
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
        self.may_accounts(context, AccountPlace::Org(org), Action::Create).await?;
        let grants = Grants { org: roles, groups: Vec::new() };
        self.create_account(context, org, None, new, grants).await
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
        self.create_account(context, org, Some(group), new, grants).await
    }

    async fn create_account(
        &self,
        context: &Context,
        org: OrgId,
        home: Option<GroupId>,
        new: &NewAccount,
        grants: Grants,
    ) -> Result<(ServiceAccountRecord, MadeSecret), Failure> {
        if self.entries(&keys::org_service_accounts(org)).await?.len() >= ACCOUNTS_PER_ORG {
            let (what, limit) = ("service accounts", ACCOUNTS_PER_ORG);
            return Err(Refusal::TooMany { what, limit }.into());
        }
        let mut tries = Tries::default();
        loop {
            let now = self.machine_now();
            let made = self.make_secret(now, new.secret_life);
            let account = ServiceAccountRecord {
                id: self.randomness.id(now),
                org,
                home,
                name: new.name.clone(),
                description: new.description.clone(),
                created: now,
                grants: grants.clone(),
                secrets: vec![made.record.clone()],
                access_list: Vec::new(),
            };
            let mut change = Change::default();
            let key = keys::service_account(account.id);
            change.require(key.clone(), None).require_exists(keys::org(org));
            change.put(key, &account)?;
            change.mark(keys::org_service_account(org, account.id))?;
            if let Some(group) = home {
                change.mark(keys::group_service_account(group, account.id))?;
            }
            self.tell_account(&mut change, context, "SERVICE_ACCOUNT_CREATED", &account, home)?;
            if self.committed(&mut tries, change).await? {
                return Ok((account, made));
            }
        }
    }

    fn make_secret(&self, now: Timestamp, life: Duration) -> MadeSecret {
        let secret = generate::client_secret(&mut self.randomness.clone());
        let record = SecretRecord {
            id: self.randomness.id(now),
            hash: hex::encode(secret.hash().as_bytes()),
            masked: mask::client_secret(&secret),
            created: now,
            expires: now.after(life),
            last_used: None,
        };
        MadeSecret { record, secret }
    }

    fn tell_account(
        &self,
        change: &mut Change,
        context: &Context,
        kind: &'static str,
        account: &ServiceAccountRecord,
        group: Option<GroupId>,
    ) -> Result<(), Failure> {
        let news = match group {
            Some(group) => News::in_group(kind, account.org, group),
            None => News::in_org(kind, account.org),
        };
        let news = news.with("clientId", format!("{CLIENT_ID_PREFIX}{}", account.id));
        self.record(change, Some(context), news)
    }

    /// Changes a service account; `edit` says how.
    ///
    /// # Errors
    /// No such account there, what `edit` refuses, or the caller lacks the role.
    pub async fn change_account(
        &self,
        context: &Context,
        place: AccountPlace,
        id: ServiceAccountId,
        kind: &'static str,
        edit: impl Fn(&mut ServiceAccountRecord) -> Result<(), Refusal>,
    ) -> Result<ServiceAccountRecord, Failure> {
        self.may_accounts(context, place, Action::Change).await?;
        let mut tries = Tries::default();
        loop {
            let found = self.account_in(place, id).await?;
            let mut account = found.value;
            edit(&mut account)?;
            let mut change = Change::default();
            let key = keys::service_account(id);
            change.require(key.clone(), Some(found.revision)).put(key, &account)?;
            let group = match place {
                AccountPlace::Org(_) => None,
                AccountPlace::Group(group) => Some(group),
            };
            self.tell_account(&mut change, context, kind, &account, group)?;
            if self.committed(&mut tries, change).await? {
                return Ok(account);
            }
        }
    }

    /// Adds a secret to a service account.
    ///
    /// # Errors
    /// No such account there, it has as many secrets as it may, or the caller lacks the role.
    pub async fn add_secret(
        &self,
        context: &Context,
        place: AccountPlace,
        id: ServiceAccountId,
        life: Duration,
    ) -> Result<MadeSecret, Failure> {
        let made = self.make_secret(self.machine_now(), life);
        let now = made.record.created;
        self.change_account(context, place, id, "SERVICE_ACCOUNT_SECRET_ADDED", |account| {
            account.secrets.retain(|secret| secret.expires > now);
            if account.secrets.len() >= SECRETS_MAX {
                return Err(Refusal::SecretMaximum { limit: SECRETS_MAX });
            }
            account.secrets.push(made.record.clone());
            Ok(())
        })
        .await?;
        Ok(made)
    }

    /// Takes a secret away; the tokens of the account are revoked with it.
    ///
    /// # Errors
    /// No such secret, the only one of the account that asks, or the caller lacks the role.
    pub async fn delete_secret(
        &self,
        context: &Context,
        place: AccountPlace,
        id: ServiceAccountId,
        secret: SecretId,
    ) -> Result<(), Failure> {
        let kind = "SERVICE_ACCOUNT_SECRET_DELETED";
        self.change_account(context, place, id, kind, |account| {
            let before = account.secrets.len();
            account.secrets.retain(|held| held.id != secret);
            let unknown = account.secrets.len() == before;
            if unknown { Err(Refusal::SecretNotFound(secret)) } else { Ok(()) }
        })
        .await?;
        self.revoke_tokens(id).await
    }

    async fn revoke_tokens(&self, id: ServiceAccountId) -> Result<(), Failure> {
        let prefix = keys::service_account_tokens(id);
        for batch in self.entries(&prefix).await?.chunks(BATCH) {
            let mut change = Change::default();
            for entry in batch {
                let hash = &entry.key.as_bytes()[prefix.as_bytes().len()..];
                change.delete(keys::token(&String::from_utf8_lossy(hash)));
                change.delete(entry.key.clone());
            }
            self.commit(change).await?;
        }
        Ok(())
    }

    /// Takes a service account away: from its organization, or out of a project that did not make
    /// it. Its tokens stop working at once.
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
        let own = &context.caller.credential;
        if matches!(own, Credential::ServiceAccount { id: own } if *own == id) {
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
                AccountPlace::Group(group) if account.home != Some(group) => {
                    account.grants.set_in_group(group, BTreeSet::new());
                    change.put(key, &account)?;
                    change.delete(keys::group_service_account(group, id));
                    Some(group)
                }
                AccountPlace::Org(_) | AccountPlace::Group(_) => {
                    change.delete(key).delete(keys::org_service_account(account.org, id));
                    for grant in account.grants.groups.iter().take(100) {
                        change.delete(keys::group_service_account(grant.group, id));
                    }
                    None
                }
            };
            let kind = match group {
                Some(_) => "SERVICE_ACCOUNT_REMOVED_FROM_GROUP",
                None => "SERVICE_ACCOUNT_DELETED",
            };
            self.tell_account(&mut change, context, kind, &account, group)?;
            if self.committed(&mut tries, change).await? {
                return self.revoke_tokens(id).await;
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
            change.mark(keys::group_service_account(group, id))?;
            let kind = "SERVICE_ACCOUNT_ADDED_TO_GROUP";
            self.tell_account(&mut change, context, kind, &account, Some(group))?;
            if self.committed(&mut tries, change).await? {
                return Ok(account);
            }
        }
    }

    /// Adds addresses to an account's own access list; those that are there stay.
    ///
    /// # Errors
    /// No such account there, too many addresses, or the caller lacks the role.
    pub async fn add_account_addresses(
        &self,
        context: &Context,
        place: AccountPlace,
        id: ServiceAccountId,
        blocks: &[String],
    ) -> Result<ServiceAccountRecord, Failure> {
        let now = self.machine_now();
        let kind = "SERVICE_ACCOUNT_ACCESS_LIST_ENTRY_ADDED";
        self.change_account(context, place, id, kind, |account| {
            add_addresses(&mut account.access_list, blocks, now)
        })
        .await
    }

    /// Takes an address off an account's own access list.
    ///
    /// # Errors
    /// No such account or address, or the caller lacks the role.
    pub async fn remove_account_address(
        &self,
        context: &Context,
        place: AccountPlace,
        id: ServiceAccountId,
        block: &str,
    ) -> Result<(), Failure> {
        let kind = "SERVICE_ACCOUNT_ACCESS_LIST_ENTRY_DELETED";
        self.change_account(context, place, id, kind, |account| {
            remove_address(&mut account.access_list, block)
        })
        .await
        .map(drop)
    }
}
