//! The IP access list of a project.

use peerage_core::authz::{Action, Resource};
use peerage_core::error::Refusal;
use peerage_core::id::GroupId;
use peerage_core::peering::CustomerNetwork;
use peerage_core::time::Timestamp;
use peerage_store::keys;
use peerage_store::record::{AccessListRecord, GroupRecord};

use super::change::{Change, Stored, Tries};
use super::events::News;
use super::group_settings::access_list_entries;
use super::peerings::of;
use super::{App, Failure};
use crate::app::events::kind;
use crate::context::Context;

/// What one entry lets in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAccess {
    /// The address, block or security group, as it was written.
    pub entry: String,
    /// The same in the one form that tells two entries apart: a block, or a security group.
    pub canonical: String,
    /// Whether it is a security group of AWS.
    pub is_security_group: bool,
    /// What it is for.
    pub comment: Option<String>,
    /// When it goes by itself.
    pub delete_after: Option<Timestamp>,
}

impl App {
    /// The entries of a project that have not gone by themselves, in the order of their texts.
    ///
    /// # Errors
    /// The project is not the caller's to see.
    pub async fn list_access(
        &self,
        context: &Context,
        group: GroupId,
    ) -> Result<Vec<AccessListRecord>, Failure> {
        self.in_group(context, group, Action::Read, Resource::AccessList).await?;
        self.access_of(group).await
    }

    async fn access_of(&self, group: GroupId) -> Result<Vec<AccessListRecord>, Failure> {
        let now = self.clock.now();
        let records = self.read_all::<AccessListRecord>(&keys::access_list(group)).await?;
        let living = records.into_iter().map(|record| record.value);
        Ok(living.filter(|entry| entry.lives_at(now)).collect())
    }

    /// One entry of a project.
    ///
    /// # Errors
    /// No such entry, or a project that is not the caller's to see.
    pub async fn get_access(
        &self,
        context: &Context,
        group: GroupId,
        canonical: &str,
    ) -> Result<AccessListRecord, Failure> {
        self.in_group(context, group, Action::Read, Resource::AccessList).await?;
        let refusal = || Refusal::AccessListEntryNotFound { entry: canonical.to_owned(), group };
        let key = keys::access_list_entry(group, canonical);
        let found: Stored<AccessListRecord> = self.read_or(&key, refusal).await?;
        if !found.value.lives_at(self.clock.now()) {
            return Err(refusal().into());
        }
        Ok(found.value)
    }

    /// Adds entries, or changes the comment and end of those that are there. All or none.
    ///
    /// # Errors
    /// Too many entries, a security group without a peering on AWS, an end that is past.
    pub async fn add_access(
        &self,
        context: &Context,
        group: GroupId,
        entries: &[NewAccess],
    ) -> Result<Vec<AccessListRecord>, Failure> {
        let _turn = self.one_at_a_time(group).await;
        let mut tries = Tries::default();
        loop {
            let project =
                self.in_group(context, group, Action::Create, Resource::AccessList).await?;
            self.refuse_entries(&project.value, entries).await?;
            let now = self.clock.now();
            let mut change = Change::default();
            change.require(keys::group(group), Some(project.revision));
            // Written anew, so that two additions cannot both find room for the last entry.
            change.put(keys::group(group), &project.value)?;
            let mut written = std::collections::BTreeSet::new();
            for new in entries.iter().filter(|new| written.insert(new.canonical.clone())) {
                let record = AccessListRecord {
                    entry: new.entry.clone(),
                    comment: new.comment.clone(),
                    delete_after: new.delete_after,
                    created: now,
                };
                change.put(keys::access_list_entry(group, &new.canonical), &record)?;
                let kind = kind::NETWORK_PERMISSION_ENTRY_ADDED;
                let news = News::in_group(kind, project.value.org, group)
                    .with("whitelistEntry", &new.entry);
                self.record(&mut change, Some(context), news);
            }
            if change.tells_nothing() || self.committed(&mut tries, change).await? {
                return self.access_of(group).await;
            }
        }
    }

    async fn refuse_entries(
        &self,
        project: &GroupRecord,
        entries: &[NewAccess],
    ) -> Result<(), Failure> {
        let now = self.clock.now();
        if entries.iter().any(|new| new.delete_after.is_some_and(|end| end <= now)) {
            return Err(Refusal::field("deleteAfterDate").into());
        }
        let group = project.id;
        if entries.iter().any(|new| new.is_security_group) {
            let peerings = self.peerings_of(group).await?;
            let on_aws = |peering: &peerage_core::peering::Peering| match &peering.customer {
                CustomerNetwork::Aws(_) => true,
                CustomerNetwork::Azure(_) | CustomerNetwork::Gcp(_) => false,
            };
            if !peerings.iter().map(of).any(on_aws) {
                return Err(Refusal::field("awsSecurityGroup").into());
            }
        }
        let limit = usize::try_from(access_list_entries(project)).unwrap_or(0);
        let present = self.entries(&keys::access_list(group)).await?;
        let new = entries.iter().filter(|new| {
            let key = keys::access_list_entry(group, &new.canonical);
            present.iter().all(|entry| entry.key != key)
        });
        if present.len() + new.count() > limit {
            return Err(Refusal::AccessListFull { limit }.into());
        }
        Ok(())
    }

    /// Takes an entry away.
    ///
    /// # Errors
    /// No such entry, or a project that is not the caller's to change.
    pub async fn delete_access(
        &self,
        context: &Context,
        group: GroupId,
        canonical: &str,
    ) -> Result<(), Failure> {
        let mut tries = Tries::default();
        loop {
            let project =
                self.in_group(context, group, Action::Delete, Resource::AccessList).await?;
            let key = keys::access_list_entry(group, canonical);
            let refusal =
                || Refusal::AccessListEntryNotFound { entry: canonical.to_owned(), group };
            let found: Stored<AccessListRecord> = self.read_or(&key, refusal).await?;
            let mut change = Change::default();
            change.require(key.clone(), Some(found.revision)).delete(key);
            let kind = kind::NETWORK_PERMISSION_ENTRY_REMOVED;
            let news = News::in_group(kind, project.value.org, group)
                .with("whitelistEntry", &found.value.entry);
            self.record(&mut change, Some(context), news);
            if self.committed(&mut tries, change).await? {
                return Ok(());
            }
        }
    }
}
