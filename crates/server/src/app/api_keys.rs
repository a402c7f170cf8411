//! Programmatic API keys of an organization, their roles in projects and their access lists.

use std::collections::BTreeSet;

use peerage_core::authz::{Action, GroupRole, OrgRole, Resource};
use peerage_core::error::Refusal;
use peerage_core::id::{ApiKeyId, GroupId, OrgId};
use peerage_store::keys;
use peerage_store::record::{ApiKeyRecord, CredentialAddress, Grants, PublicKeyRecord};

use super::change::{Change, Stored, Tries};
use super::events::News;
use super::{App, Failure};
use crate::authn::Secret;
use crate::authn::secret::{generate, mask};
use crate::context::{Context, Credential};

/// The most API keys of one organization.
const KEYS_PER_ORG: usize = 500;

/// The most entries of one credential's access list.
pub(crate) const ADDRESSES_MAX: usize = 200;

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
        self.keys_below(keys::group_api_keys(group)).await
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
            let now = self.machine_now();
            let mut randomness = self.randomness.clone();
            let private = generate::private_key(&mut randomness);
            let mut key = ApiKeyRecord {
                id: self.randomness.id(now),
                org,
                public_key: generate::public_key(&mut randomness),
                description: description.clone(),
                masked_private_key: mask::private_key(&private),
                sealed_ha1: String::new(),
                grants: grants.clone(),
                access_list: Vec::new(),
                created: now,
            };
            key.sealed_ha1 = self.seal_ha1(&key, &private)?;
            let mut change = Change::default();
            let index = keys::public_key(&key.public_key);
            change.require(index.clone(), None).require_exists(keys::org(org));
            change.put(index, &PublicKeyRecord { id: key.id })?;
            change.put(keys::api_key(key.id), &key)?;
            change.mark(keys::org_api_key(org, key.id))?;
            if let Some(group) = group {
                change.mark(keys::group_api_key(group, key.id))?;
            }
            self.tell_key(&mut change, context, "API_KEY_CREATED", &key, group, None)?;
            if self.committed(&mut tries, change).await? {
                return Ok(NewKey { key, private });
            }
        }
    }

    fn tell_key(
        &self,
        change: &mut Change,
        context: &Context,
        kind: &'static str,
        key: &ApiKeyRecord,
        group: Option<GroupId>,
        entry: Option<&str>,
    ) -> Result<(), Failure> {
        let news = match group {
            Some(group) => News::in_group(kind, key.org, group),
            None => News::in_org(kind, key.org),
        };
        let news = news.with("targetPublicKey", &key.public_key);
        let news = match entry {
            Some(entry) => news.with("whitelistEntry", entry),
            None => news,
        };
        self.record(change, Some(context), news)
    }

    /// Changes the description or the organization's roles of a key.
    ///
    /// # Errors
    /// No such key, or the caller lacks the role.
    pub async fn update_org_key(
        &self,
        context: &Context,
        org: OrgId,
        id: ApiKeyId,
        description: Option<String>,
        roles: Option<BTreeSet<OrgRole>>,
    ) -> Result<ApiKeyRecord, Failure> {
        self.in_org(context, org, Action::Change, Resource::OrgApiKey).await?;
        let kind =
            if roles.is_some() { "API_KEY_ROLES_CHANGED" } else { "API_KEY_DESCRIPTION_CHANGED" };
        self.change_key(context, org, id, None, (kind, None), |key, _| {
            if let Some(description) = &description {
                key.description.clone_from(description);
            }
            if let Some(roles) = &roles {
                key.grants.org.clone_from(roles);
            }
            Ok(())
        })
        .await
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
        let kind = if must_hold { "API_KEY_ROLES_CHANGED" } else { "API_KEY_ADDED_TO_GROUP" };
        let org = project.value.org;
        self.change_key(context, org, id, Some(group), (kind, None), |key, change| {
            if must_hold && key.grants.in_group(group).is_none() {
                return Err(Refusal::ApiKeyNotFound(id).into());
            }
            if let Some(description) = &description {
                key.description.clone_from(description);
            }
            if let Some(roles) = &roles {
                key.grants.set_in_group(group, roles.clone());
            }
            change.mark(keys::group_api_key(group, id)).map(drop)
        })
        .await
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
        let told = ("API_KEY_REMOVED_FROM_GROUP", None);
        let org = project.value.org;
        self.change_key(context, org, id, Some(group), told, |key, change| {
            if key.grants.in_group(group).is_none() {
                return Err(Refusal::ApiKeyNotFound(id).into());
            }
            key.grants.set_in_group(group, BTreeSet::new());
            change.delete(keys::group_api_key(group, id));
            Ok(())
        })
        .await
        .map(drop)
    }

    /// Adds addresses to a key's own access list; those that are there stay.
    ///
    /// # Errors
    /// No such key, too many addresses, or the caller lacks the role.
    pub async fn add_key_addresses(
        &self,
        context: &Context,
        org: OrgId,
        id: ApiKeyId,
        blocks: &[String],
    ) -> Result<ApiKeyRecord, Failure> {
        self.in_org(context, org, Action::Change, Resource::OrgApiKey).await?;
        let now = self.machine_now();
        let told = ("API_KEY_ACCESS_LIST_ENTRY_ADDED", blocks.first().map(String::as_str));
        self.change_key(context, org, id, None, told, |key, _| {
            add_addresses(&mut key.access_list, blocks, now).map_err(Failure::from)
        })
        .await
    }

    /// Takes an address off a key's own access list.
    ///
    /// # Errors
    /// No such key or address, or the caller lacks the role.
    pub async fn remove_key_address(
        &self,
        context: &Context,
        org: OrgId,
        id: ApiKeyId,
        block: &str,
    ) -> Result<(), Failure> {
        self.in_org(context, org, Action::Change, Resource::OrgApiKey).await?;
        let told = ("API_KEY_ACCESS_LIST_ENTRY_DELETED", Some(block));
        self.change_key(context, org, id, None, told, |key, _| {
            remove_address(&mut key.access_list, block).map_err(Failure::from)
        })
        .await
        .map(drop)
    }

    async fn change_key(
        &self,
        context: &Context,
        org: OrgId,
        id: ApiKeyId,
        group: Option<GroupId>,
        (kind, entry): (&'static str, Option<&str>),
        edit: impl Fn(&mut ApiKeyRecord, &mut Change) -> Result<(), Failure>,
    ) -> Result<ApiKeyRecord, Failure> {
        let mut tries = Tries::default();
        loop {
            let found = self.key_of(org, id).await?;
            let mut key = found.value;
            let mut change = Change::default();
            edit(&mut key, &mut change)?;
            let place = keys::api_key(id);
            change.require(place.clone(), Some(found.revision)).put(place, &key)?;
            self.tell_key(&mut change, context, kind, &key, group, entry)?;
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
        if matches!(&context.caller.credential, Credential::ApiKey { id: own, .. } if *own == id) {
            return Err(Refusal::CannotRemoveOwnCredential.into());
        }
        let mut tries = Tries::default();
        loop {
            let found = self.key_of(org, id).await?;
            let mut change = Change::default();
            let place = keys::api_key(id);
            change.require(place.clone(), Some(found.revision)).delete(place);
            change.delete(keys::public_key(&found.value.public_key));
            change.delete(keys::org_api_key(org, id));
            for grant in found.value.grants.groups.iter().take(100) {
                change.delete(keys::group_api_key(grant.group, id));
            }
            self.tell_key(&mut change, context, "API_KEY_DELETED", &found.value, None, None)?;
            if self.committed(&mut tries, change).await? {
                return Ok(());
            }
        }
    }
}

/// Adds blocks to a credential's access list, each once.
pub(crate) fn add_addresses(
    list: &mut Vec<CredentialAddress>,
    blocks: &[String],
    created: peerage_core::time::Timestamp,
) -> Result<(), Refusal> {
    for block in blocks {
        if list.iter().all(|entry| entry.block != *block) {
            list.push(CredentialAddress { block: block.clone(), created });
        }
    }
    if list.len() > ADDRESSES_MAX {
        return Err(Refusal::AccessListFull { limit: ADDRESSES_MAX });
    }
    Ok(())
}

/// Takes a block off a credential's access list.
pub(crate) fn remove_address(
    list: &mut Vec<CredentialAddress>,
    block: &str,
) -> Result<(), Refusal> {
    let before = list.len();
    list.retain(|entry| entry.block != block);
    if list.len() == before {
        return Err(Refusal::ApiKeyAccessListEntryNotFound(block.to_owned()));
    }
    Ok(())
}
