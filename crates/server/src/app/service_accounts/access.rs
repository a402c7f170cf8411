//! How service accounts get in: their secrets, their tokens and their access lists.

use std::time::Duration;

use peerage_core::authz::Action;
use peerage_core::error::{FieldFault, Refusal};
use peerage_core::id::{SecretId, ServiceAccountId};
use peerage_core::time::Timestamp;
use peerage_store::keys;
use peerage_store::record::{OrgRecord, SecretRecord, ServiceAccountRecord};

use super::{AccountPlace, is_own};
use crate::app::api_keys::{add_addresses, remove_address};
use crate::app::change::Change;
use crate::app::events::kind;
use crate::app::{App, Failure};
use crate::authn::Secret;
use crate::authn::secret::{generate, mask};
use crate::context::Context;

/// The most secrets of one service account.
const SECRETS_MAX: usize = 2;

/// Deletions of one transaction when the tokens of an account are revoked.
const BATCH: usize = 50;

/// A secret that was just made, with the one chance to see it.
#[derive(Clone, Debug)]
pub struct MadeSecret {
    /// What is kept of it.
    pub record: SecretRecord,
    /// The secret.
    pub secret: Secret,
}

impl App {
    pub(super) fn make_secret(&self, now: Timestamp, life: Duration) -> MadeSecret {
        let secret = generate::client_secret(&mut self.randomness.clone());
        let record = SecretRecord {
            id: self.randomness.id(now),
            hash: secret.hash().to_hex(),
            masked: mask::client_secret(&secret),
            created: now,
            expires: now.after(life),
            last_used: None,
        };
        MadeSecret { record, secret }
    }

    /// Adds a secret to a service account.
    ///
    /// # Errors
    /// No such account there or none of the project's own, it has as many secrets as it may, the
    /// secret is to live too long, or the caller lacks the role.
    pub async fn add_secret(
        &self,
        context: &Context,
        place: AccountPlace,
        id: ServiceAccountId,
        life: Duration,
    ) -> Result<MadeSecret, Failure> {
        let org = self.may_accounts(context, place, Action::Change).await?;
        refuse_long_life(&org, life)?;
        let made = self.make_secret(self.machine_now(), life);
        let now = made.record.created;
        self.edit_account(context, place, id, |account| {
            account.secrets.retain(|secret| secret.expires > now);
            if account.secrets.len() >= SECRETS_MAX {
                return Err(Refusal::SecretMaximum { limit: SECRETS_MAX });
            }
            account.secrets.push(made.record.clone());
            Ok(kind::SERVICE_ACCOUNT_SECRET_ADDED)
        })
        .await?;
        Ok(made)
    }

    /// Takes a secret away. Tokens that were issued for it stop working in the same moment; those
    /// that were issued for another one go on.
    ///
    /// # Errors
    /// No such account there or none of the project's own, no such secret, the last one that works
    /// of the account that asks, or the caller lacks the role.
    pub async fn delete_secret(
        &self,
        context: &Context,
        place: AccountPlace,
        id: ServiceAccountId,
        secret: SecretId,
    ) -> Result<(), Failure> {
        self.may_accounts(context, place, Action::Change).await?;
        let now = self.machine_now();
        self.edit_account(context, place, id, |account| {
            let before = account.secrets.len();
            account.secrets.retain(|held| held.id != secret);
            if account.secrets.len() == before {
                return Err(Refusal::SecretNotFound(secret));
            }
            if is_own(context, id) && account.secrets.iter().all(|held| held.expires <= now) {
                return Err(Refusal::CannotRemoveOwnCredential);
            }
            Ok(kind::SERVICE_ACCOUNT_SECRET_DELETED)
        })
        .await
        .map(drop)
    }

    /// Clears the tokens of an account that is gone: nobody can use them any more.
    pub(in crate::app) async fn clear_tokens(&self, id: ServiceAccountId) -> Result<(), Failure> {
        let prefix = keys::service_account_tokens(id);
        for batch in self.entries(&prefix).await?.chunks(BATCH) {
            let mut change = Change::untold("nobody can use them any more");
            for entry in batch {
                let hash = &entry.key.as_bytes()[prefix.as_bytes().len()..];
                change.delete(keys::token(&String::from_utf8_lossy(hash)));
                change.delete(entry.key.clone());
            }
            self.commit(change).await?;
        }
        Ok(())
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
        self.may_account_addresses(context, place, Action::Change).await?;
        let now = self.machine_now();
        self.edit_account(context, place, id, |account| {
            add_addresses(&mut account.access_list, blocks, now)?;
            Ok(kind::SERVICE_ACCOUNT_ACCESS_LIST_ENTRY_ADDED)
        })
        .await
    }

    /// Takes an address off an account's own access list.
    ///
    /// # Errors
    /// No such account or address, the last one of the account that asks when it needs one, or the
    /// caller lacks the role.
    pub async fn remove_account_address(
        &self,
        context: &Context,
        place: AccountPlace,
        id: ServiceAccountId,
        block: &str,
    ) -> Result<(), Failure> {
        let org = self.may_account_addresses(context, place, Action::Delete).await?;
        let needs_one = org.settings.api_access_list_required && is_own(context, id);
        self.edit_account(context, place, id, |account| {
            remove_address(&mut account.access_list, block)?;
            if needs_one && account.access_list.is_empty() {
                return Err(Refusal::CannotRemoveOwnCredential);
            }
            Ok(kind::SERVICE_ACCOUNT_ACCESS_LIST_ENTRY_DELETED)
        })
        .await
        .map(drop)
    }
}

/// The organization may bound how long secrets live.
pub(super) fn refuse_long_life(org: &OrgRecord, life: Duration) -> Result<(), Refusal> {
    let Some(most) = org.settings.max_secret_hours else { return Ok(()) };
    if life <= Duration::from_hours(u64::from(most)) {
        return Ok(());
    }
    let field = "secretExpiresAfterHours";
    let why = format!("The organization allows secrets that live {most} hours at most.");
    Err(Refusal::BadFields(vec![FieldFault::invalid(field, why)]))
}
