//! The first organization, project and credentials of a store.

use std::collections::BTreeSet;
use std::time::Duration;

use peerage_core::authz::{GroupRole, OrgRole};
use peerage_core::error::Refusal;
use peerage_core::id::{ApiKeyId, GroupId, OrgId, ServiceAccountId};
use peerage_core::time::Timestamp;
use peerage_store::keys;
use peerage_store::record::{
    ApiKeyRecord, Grants, GroupGrant, GroupIndexRecord, GroupRecord, OrgRecord, OrgSettings,
    PublicKeyRecord, SecretRecord, ServiceAccountRecord,
};
use serde::{Deserialize, Serialize};

use super::change::{Change, Tried};
use super::events::News;
use super::{App, Failure};
use crate::app::events::kind;
use crate::authn::secret::{generate, mask};

/// How long the first secret of the service account works.
const SECRET_LIFE: Duration = Duration::from_hours(24 * 365);

/// What to call the first organization and project.
#[derive(Clone, Debug)]
pub struct Installation {
    /// The organization.
    pub org_name: String,
    /// The project.
    pub project_name: String,
}

/// What was made. The secrets are shown here and never again.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Installed {
    /// The organization.
    pub org_id: String,
    /// The project.
    pub project_id: String,
    /// The public half of the API key.
    pub public_key: String,
    /// Its private half.
    pub private_key: String,
    /// The service account.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
}

impl App {
    /// Makes the first organization with one project, and an API key and a service account that
    /// own both.
    ///
    /// # Errors
    /// The store has an organization already, or could not be asked.
    pub async fn install(&self, installation: &Installation) -> Result<Installed, Failure> {
        let (count, _) = self
            .store
            .count(&keys::orgs())
            .await
            .map_err(|error| super::change::unavailable(&error))?;
        if count > 0 {
            return Err(Refusal::TooMany { what: "organizations", limit: 1 }.into());
        }
        let now = self.machine_now();
        let (org, group) = (self.randomness.id(now), self.randomness.id(now));
        let mut change = Change::default();
        self.put_tenant(&mut change, installation, org, group, now)?;
        let (public_key, private_key) = self.put_first_key(&mut change, org, group, now)?;
        let (client_id, client_secret) = self.put_first_account(&mut change, org, group, now)?;
        self.record(&mut change, None, News::in_org(kind::ORG_CREATED, org));
        self.record(&mut change, None, News::in_group(kind::GROUP_CREATED, org, group));
        match self.commit(change).await? {
            Tried::Done(_) => Ok(Installed {
                org_id: org.to_string(),
                project_id: group.to_string(),
                public_key,
                private_key,
                client_id,
                client_secret,
            }),
            Tried::Lost(_) => Err(Failure::Internal("two installations at one time")),
        }
    }

    fn put_tenant(
        &self,
        change: &mut Change,
        installation: &Installation,
        org: OrgId,
        group: GroupId,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let record = OrgRecord {
            id: org,
            name: installation.org_name.clone(),
            created: now,
            skip_default_alerts_settings: false,
            settings: OrgSettings::default(),
        };
        change.require(keys::org(org), None).put(keys::org(org), &record)?;
        let project = GroupRecord::new(group, org, installation.project_name.clone(), now);
        change.put(keys::group(group), &project)?;
        let name = keys::group_name(org, &project.name);
        change.put(name, &GroupIndexRecord { group })?;
        change.mark(keys::org_group(org, group))?;
        Ok(())
    }

    fn put_first_key(
        &self,
        change: &mut Change,
        org: OrgId,
        group: GroupId,
        now: Timestamp,
    ) -> Result<(String, String), Failure> {
        let id: ApiKeyId = self.randomness.id(now);
        let mut randomness = self.randomness.clone();
        let public_key = generate::public_key(&mut randomness);
        let private = generate::private_key(&mut randomness);
        let mut record = ApiKeyRecord {
            id,
            org,
            public_key: public_key.clone(),
            description: "the first key".to_owned(),
            masked_private_key: mask::private_key(&private),
            sealed_ha1: String::new(),
            grants: owner_of(group),
            access_list: Vec::new(),
            created: now,
        };
        record.sealed_ha1 = self.seal_ha1(&record, &private)?;
        change.put(keys::api_key(id), &record)?;
        let index = keys::public_key(&public_key);
        change.require(index.clone(), None).put(index, &PublicKeyRecord { id })?;
        change.mark(keys::org_api_key(org, id))?;
        change.mark(keys::group_api_key(group, id))?;
        Ok((public_key, private.expose().to_owned()))
    }

    fn put_first_account(
        &self,
        change: &mut Change,
        org: OrgId,
        group: GroupId,
        now: Timestamp,
    ) -> Result<(String, String), Failure> {
        let id: ServiceAccountId = self.randomness.id(now);
        let secret = generate::client_secret(&mut self.randomness.clone());
        let record = ServiceAccountRecord {
            id,
            org,
            home: None,
            name: "first".to_owned(),
            description: "the first account".to_owned(),
            created: now,
            grants: owner_of(group),
            secrets: vec![SecretRecord {
                id: self.randomness.id(now),
                hash: secret.hash().to_hex(),
                masked: mask::client_secret(&secret),
                created: now,
                expires: now.after(SECRET_LIFE),
                last_used: None,
            }],
            access_list: Vec::new(),
        };
        change.put(keys::service_account(id), &record)?;
        change.mark(keys::org_service_account(org, id))?;
        change.mark(keys::group_service_account(group, id))?;
        Ok((id.client_id(), secret.expose().to_owned()))
    }
}

/// The owner of an organization and of its first project.
fn owner_of(group: GroupId) -> Grants {
    let roles = BTreeSet::from([GroupRole::Owner]);
    Grants { org: BTreeSet::from([OrgRole::Owner]), groups: vec![GroupGrant { group, roles }] }
}

impl std::fmt::Debug for Installed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Installed")
            .field("org_id", &self.org_id)
            .field("project_id", &self.project_id)
            .field("public_key", &self.public_key)
            .field("client_id", &self.client_id)
            .finish_non_exhaustive()
    }
}
