//! Programmatic API keys of an organization, their roles in projects and their access lists.

mod access_list;

use std::collections::BTreeSet;

use peerage_core::authz::{Action, GroupRole, OrgRole, Resource};
use peerage_core::error::Refusal;
use peerage_core::id::{ApiKeyId, GroupId, OrgId};
use peerage_store::keys;
use peerage_store::record::{ApiKeyRecord, Grants, PublicKeyRecord};

use super::change::{Change, Stored, Tries};
use super::events::News;
use super::{App, Failure};
use crate::app::events::kind::{self, Kind};
use crate::authn::Secret;
use crate::authn::secret::{generate, mask};
use crate::context::{Context, Credential};

pub(super) use access_list::{add_addresses, remove_address};

/// The most API keys of one organization.
const KEYS_PER_ORG: usize = 500;

/// Projects whose index forgets a credential in the transaction that takes it away. What is left
/// of a greater number is harmless: an index entry without a credential is passed over.
pub(super) const GRANTS_CLEARED: usize = 100;

/// What a change to a key is about besides the key.
#[derive(Debug, Default)]
struct Told {
    /// The project whose event it is.
    group: Option<GroupId>,
    /// Entries of the access list.
    entry: Option<String>,
    /// Whether it may take the organization from an owner.
    takes_ownership: bool,
}

/// A key that was just made, with the one chance to see its private half.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// The key.
    pub key: ApiKeyRecord,
    /// Its private half.
    pub private: Secret,
}

impl App {
    /// The API keys of an organization, oldest first.
    ///
    /// # Errors
    /// The organization is not the caller's to see.
    pub async fn list_org_keys(
        &self,
        context: &Context,
        org: OrgId,
    ) -> Result<Vec<ApiKeyRecord>, Failure> {
        self.in_org(context, org, Action::Read, Resource::OrgApiKey).await?;
        self.keys_below(keys::org_api_keys(org)).await
    }

    /// The API keys that have roles in a project, oldest first.
    ///
    /// # Errors
    /// The project is not the caller's to see.
    pub async fn list_group_keys(
        &self,
        context: &Context,
        group: GroupId,
    ) -> Result<Vec<ApiKeyRecord>, Failure> {
        self.in_group(context, group, Action::Read, Resource::GroupApiKey).await?;
        let mut found = self.keys_below(keys::group_api_keys(group)).await?;
        found.retain(|key| key.grants.in_group(group).is_some());
        Ok(found)
    }

    async fn keys_below(&self, prefix: peerage_store::Key) -> Result<Vec<ApiKeyRecord>, Failure> {
        let mut found = Vec::new();
        for id in self.ids_below(&prefix).await? {
            if let Some(key) = self.read::<ApiKeyRecord>(&keys::api_key(id)).await? {
                found.push(key.value);
            }
        }
        Ok(found)
    }

    /// One API key of an organization.
    ///
    /// # Errors
    /// No such key, or an organization that is not the caller's to see.
    pub async fn get_org_key(
        &self,
        context: &Context,
        org: OrgId,
        id: ApiKeyId,
    ) -> Result<ApiKeyRecord, Failure> {
        self.in_org(context, org, Action::Read, Resource::OrgApiKey).await?;
        Ok(self.key_of(org, id).await?.value)
    }

    async fn key_of(&self, org: OrgId, id: ApiKeyId) -> Result<Stored<ApiKeyRecord>, Failure> {
        let refusal = || Refusal::ApiKeyNotFound(id);
        let found: Stored<ApiKeyRecord> = self.read_or(&keys::api_key(id), refusal).await?;
        if found.value.org == org { Ok(found) } else { Err(refusal().into()) }
    }

    /// Makes an API key of an organization.
    ///
    /// # Errors
    /// Too many keys, or the caller lacks the role.
    pub async fn create_org_key(
        &self,
        context: &Context,
        org: OrgId,
        description: String,
        roles: BTreeSet<OrgRole>,
    ) -> Result<NewKey, Failure> {
        self.in_org(context, org, Action::Create, Resource::OrgApiKey).await?;
        let grants = Grants { org: roles, groups: Vec::new() };
        self.create_key(context, org, None, description, grants).await
    }

    /// Makes an API key for one project.
    ///
    /// # Errors
    /// Too many keys, or the caller lacks the role.
    pub async fn create_group_key(
        &self,
        context: &Context,
        group: GroupId,
        description: String,
        roles: BTreeSet<GroupRole>,
    ) -> Result<NewKey, Failure> {
        let project = self.in_group(context, group, Action::Create, Resource::GroupApiKey).await?;
        let mut grants = Grants { org: BTreeSet::from([OrgRole::Member]), groups: Vec::new() };
        grants.set_in_group(group, roles);
        self.create_key(context, project.value.org, Some(group), description, grants).await
    }

    async fn create_key(
        &self,
        context: &Context,
        org: OrgId,
        group: Option<GroupId>,
        description: String,
        grants: Grants,
    ) -> Result<NewKey, Failure> {
        if self.entries(&keys::org_api_keys(org)).await?.len() >= KEYS_PER_ORG {
            return Err(Refusal::TooMany { what: "API keys", limit: KEYS_PER_ORG }.into());
        }
        let mut tries = Tries::default();
        loop {
            let mut change = Change::default();
            change.require_exists(keys::org(org));
            let new = self.put_key(&mut change, org, description.clone(), grants.clone())?;
            if let Some(group) = group {
                change.require_exists(keys::group(group));
                change.mark(keys::group_api_key(group, new.key.id))?;
            }
            let told = Told { group, ..Told::default() };
            self.tell_key(&mut change, context, kind::API_KEY_CREATED, &new.key, &told);
            if self.committed(&mut tries, change).await? {
                return Ok(new);
            }
        }
    }

    /// Puts a new key into a change. Its public half is nobody else's, or the race is lost.
    pub(super) fn put_key(
        &self,
        change: &mut Change,
        org: OrgId,
        description: String,
        grants: Grants,
    ) -> Result<NewKey, Failure> {
        let now = self.machine_now();
        let mut randomness = self.randomness.clone();
        let private = generate::private_key(&mut randomness);
        let mut key = ApiKeyRecord {
            id: self.randomness.id(now),
            org,
            public_key: generate::public_key(&mut randomness),
            description,
            masked_private_key: mask::private_key(&private),
            sealed_ha1: String::new(),
            grants,
            access_list: Vec::new(),
            created: now,
        };
        key.sealed_ha1 = self.seal_ha1(&key, &private)?;
        let index = keys::public_key(&key.public_key);
        change.require(index.clone(), None).put(index, &PublicKeyRecord { id: key.id })?;
        change.put(keys::api_key(key.id), &key)?;
        change.mark(keys::org_api_key(org, key.id))?;
        Ok(NewKey { key, private })
    }

    fn tell_key(
        &self,
        change: &mut Change,
        context: &Context,
        kind: Kind,
        key: &ApiKeyRecord,
        told: &Told,
    ) {
        let news = match told.group {
            Some(group) => News::in_group(kind, key.org, group),
            None => News::in_org(kind, key.org),
        };
        let news = news.with("targetPublicKey", &key.public_key);
        let news = match &told.entry {
            Some(entry) => news.with("whitelistEntry", entry),
            None => news,
        };
        self.record(change, Some(context), news);
    }

    /// Changes the description or the organization's roles of a key.
    ///
    /// # Errors
    /// No such key, the caller's own roles, or the caller lacks the role.
    pub async fn update_org_key(
        &self,
        context: &Context,
        org: OrgId,
        id: ApiKeyId,
        description: Option<String>,
        roles: Option<BTreeSet<OrgRole>>,
    ) -> Result<ApiKeyRecord, Failure> {
        self.in_org(context, org, Action::Change, Resource::OrgApiKey).await?;
        let stays_owner = |roles: &BTreeSet<_>| roles.contains(&OrgRole::Owner);
        if is_own(context, id) && !roles.as_ref().is_none_or(stays_owner) {
            return Err(Refusal::CannotRemoveOwnCredential.into());
        }
        let edit = |key: &mut ApiKeyRecord, _: &mut Change| {
            if let Some(description) = &description {
                key.description.clone_from(description);
            }
            let Some(roles) = &roles else { return Ok(kind::API_KEY_DESCRIPTION_CHANGED) };
            key.grants.org.clone_from(roles);
            Ok(kind::API_KEY_ROLES_CHANGED)
        };
        let takes_ownership = roles.is_some() && !is_own(context, id);
        let told = Told { takes_ownership, ..Told::default() };
        self.change_key(context, org, id, told, edit).await
    }

    /// Gives a key exactly these roles in a project. `must_hold`: only a key that has some.
    ///
    /// # Errors
    /// No such key, or the caller lacks the role.
    pub async fn set_key_in_group(
        &self,
        context: &Context,
        group: GroupId,
        id: ApiKeyId,
        description: Option<String>,
        roles: Option<BTreeSet<GroupRole>>,
        must_hold: bool,
    ) -> Result<ApiKeyRecord, Failure> {
        let resource =
            if must_hold { Resource::GroupApiKey } else { Resource::GroupApiKeyAssignment };
        let project = self.in_group(context, group, Action::Change, resource).await?;
        let edit = |key: &mut ApiKeyRecord, change: &mut Change| {
            let holds = key.grants.in_group(group).is_some();
            if must_hold && !holds {
                return Err(Refusal::ApiKeyNotFound(id).into());
            }
            if let Some(description) = &description {
                key.description.clone_from(description);
            }
            let Some(roles) = &roles else { return Ok(kind::API_KEY_DESCRIPTION_CHANGED) };
            key.grants.set_in_group(group, roles.clone());
            change.require_exists(keys::group(group)).mark(keys::group_api_key(group, id))?;
            Ok(if holds { kind::API_KEY_ROLES_CHANGED } else { kind::API_KEY_ADDED_TO_GROUP })
        };
        let told = Told { group: Some(group), ..Told::default() };
        self.change_key(context, project.value.org, id, told, edit).await
    }

    /// Takes a key out of a project.
    ///
    /// # Errors
    /// The key has no roles there, or the caller lacks the role.
    pub async fn remove_key_from_group(
        &self,
        context: &Context,
        group: GroupId,
        id: ApiKeyId,
    ) -> Result<(), Failure> {
        let (action, resource) = (Action::Delete, Resource::GroupApiKey);
        let project = self.in_group(context, group, action, resource).await?;
        let edit = |key: &mut ApiKeyRecord, change: &mut Change| {
            if key.grants.in_group(group).is_none() {
                return Err(Refusal::ApiKeyNotFound(id).into());
            }
            key.grants.set_in_group(group, BTreeSet::new());
            change.delete(keys::group_api_key(group, id));
            Ok(kind::API_KEY_REMOVED_FROM_GROUP)
        };
        let told = Told { group: Some(group), ..Told::default() };
        self.change_key(context, project.value.org, id, told, edit).await.map(drop)
    }

    /// Changes a key; `edit` says how, and which event that is.
    async fn change_key(
        &self,
        context: &Context,
        org: OrgId,
        id: ApiKeyId,
        told: Told,
        edit: impl Fn(&mut ApiKeyRecord, &mut Change) -> Result<Kind, Failure>,
    ) -> Result<ApiKeyRecord, Failure> {
        let mut tries = Tries::default();
        loop {
            let found = self.key_of(org, id).await?;
            let mut key = found.value;
            let mut change = Change::default();
            let kind = edit(&mut key, &mut change)?;
            if told.takes_ownership {
                self.while_owner(&mut change, context).await?;
            }
            let place = keys::api_key(id);
            change.require(place.clone(), Some(found.revision)).put(place, &key)?;
            self.tell_key(&mut change, context, kind, &key, &told);
            if self.committed(&mut tries, change).await? {
                return Ok(key);
            }
        }
    }

    /// Takes a key away. It stops working at once.
    ///
    /// # Errors
    /// No such key, the key that asks, or the caller lacks the role.
    pub async fn delete_org_key(
        &self,
        context: &Context,
        org: OrgId,
        id: ApiKeyId,
    ) -> Result<(), Failure> {
        self.in_org(context, org, Action::Delete, Resource::OrgApiKey).await?;
        if is_own(context, id) {
            return Err(Refusal::CannotRemoveOwnCredential.into());
        }
        let mut tries = Tries::default();
        loop {
            let found = self.key_of(org, id).await?;
            let mut change = Change::default();
            self.while_owner(&mut change, context).await?;
            let place = keys::api_key(id);
            change.require(place.clone(), Some(found.revision)).delete(place);
            change.delete(keys::public_key(&found.value.public_key));
            change.delete(keys::org_api_key(org, id));
            for grant in found.value.grants.groups.iter().take(GRANTS_CLEARED) {
                change.delete(keys::group_api_key(grant.group, id));
            }
            let told = Told::default();
            self.tell_key(&mut change, context, kind::API_KEY_DELETED, &found.value, &told);
            if self.committed(&mut tries, change).await? {
                return Ok(());
            }
        }
    }
}

/// Whether the caller is that key.
fn is_own(context: &Context, id: ApiKeyId) -> bool {
    matches!(&context.caller.credential, Credential::ApiKey { id: own, .. } if *own == id)
}
