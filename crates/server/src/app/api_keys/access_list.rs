//! From where an API key may be used: its own access list.

use peerage_core::authz::{Action, Resource};
use peerage_core::error::Refusal;
use peerage_core::id::{ApiKeyId, OrgId};
use peerage_core::time::Timestamp;
use peerage_store::record::{ApiKeyRecord, CredentialAddress};

use super::{Told, is_own};
use crate::app::change::Change;
use crate::app::events::kind;
use crate::app::{App, Failure};
use crate::context::Context;

/// The most entries of one credential's access list.
const ADDRESSES_MAX: usize = 200;

impl App {
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
        let edit = |key: &mut ApiKeyRecord, _: &mut Change| {
            add_addresses(&mut key.access_list, blocks, now)?;
            Ok(kind::API_KEY_ACCESS_LIST_ENTRY_ADDED)
        };
        let told = Told { entry: Some(blocks.join(",")), ..Told::default() };
        self.change_key(context, org, id, told, edit).await
    }

    /// Takes an address off a key's own access list.
    ///
    /// # Errors
    /// No such key or address, the last one of the key that asks when it needs one, or the caller
    /// lacks the role.
    pub async fn remove_key_address(
        &self,
        context: &Context,
        org: OrgId,
        id: ApiKeyId,
        block: &str,
    ) -> Result<(), Failure> {
        let org = self.in_org(context, org, Action::Change, Resource::OrgApiKey).await?.value;
        let needs_one = org.settings.api_access_list_required && is_own(context, id);
        let edit = |key: &mut ApiKeyRecord, _: &mut Change| {
            remove_address(&mut key.access_list, block)?;
            if needs_one && key.access_list.is_empty() {
                return Err(Refusal::CannotRemoveOwnCredential.into());
            }
            Ok(kind::API_KEY_ACCESS_LIST_ENTRY_DELETED)
        };
        let told = Told { entry: Some(block.to_owned()), ..Told::default() };
        self.change_key(context, org.id, id, told, edit).await.map(drop)
    }
}

/// Adds blocks to a credential's access list, each once.
pub(crate) fn add_addresses(
    list: &mut Vec<CredentialAddress>,
    blocks: &[String],
    created: Timestamp,
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
