//! Organizations and their settings.

use peerage_core::authz::OrgRole;
use peerage_core::id::{OrgId, UserId};
use serde::Serialize;

use crate::api_key::{ApiKey, NewApiKey};
use crate::fields::{Fields, ReadError};
use crate::form;
use crate::page::Link;
use crate::service_account::{NewServiceAccount, ServiceAccount};
use crate::show;

/// A request for an organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOrg {
    /// Its name.
    pub name: String,
    /// An API key to make with it.
    pub api_key: Option<NewApiKey<OrgRole>>,
    /// A service account to make with it.
    pub service_account: Option<NewServiceAccount<OrgRole>>,
    /// Who is to own it.
    pub owner: Option<UserId>,
    /// Whether its projects get no default alerts.
    pub skip_default_alerts_settings: bool,
}

impl NewOrg {
    /// Reads a request.
    ///
    /// # Errors
    /// What the body is not, or every field at fault.
    pub fn read(body: &[u8]) -> Result<Self, ReadError> {
        let mut fields = Fields::parse(body)?;
        let name = fields.required("name").text(form::NAME);
        let api_key = fields.optional("apiKey").object(NewApiKey::<OrgRole>::take);
        let service_account =
            fields.optional("serviceAccount").object(NewServiceAccount::<OrgRole>::take);
        let owner = fields.optional("orgOwnerId").id();
        let skip = fields.optional("skipDefaultAlertsSettings").boolean();
        let build = || {
            Some(Self {
                name: name?,
                api_key,
                service_account,
                owner,
                skip_default_alerts_settings: skip.unwrap_or(false),
            })
        };
        Ok(fields.finish_with(build)?)
    }
}

/// A request to change an organization. What is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrgChange {
    /// Another name.
    pub name: Option<String>,
    /// Whether its projects get no default alerts.
    pub skip_default_alerts_settings: Option<bool>,
}

impl OrgChange {
    /// Reads a request.
    ///
    /// # Errors
    /// What the body is not, or every field at fault.
    pub fn read(body: &[u8]) -> Result<Self, ReadError> {
        let mut fields = Fields::parse(body)?;
        let name = fields.optional("name").text(form::NAME);
        let skip = fields.optional("skipDefaultAlertsSettings").boolean();
        fields.finish()?;
        Ok(Self { name, skip_default_alerts_settings: skip })
    }
}

/// An organization as it is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Org {
    /// Its id.
    #[serde(serialize_with = "show::text")]
    pub id: OrgId,
    /// Whether it is gone.
    pub is_deleted: bool,
    /// Itself and what it has.
    pub links: Vec<Link>,
    /// Its name.
    pub name: String,
    /// Whether its projects get no default alerts.
    pub skip_default_alerts_settings: bool,
}

/// A new organization as it is answered, with what was made with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreatedOrg {
    /// The API key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key: Option<ApiKey>,
    /// Who owns it.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "show::text_or_null")]
    pub org_owner_id: Option<UserId>,
    /// The organization.
    pub organization: Org,
    /// The service account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_account: Option<ServiceAccount<OrgRole>>,
    /// Whether its projects get no default alerts.
    pub skip_default_alerts_settings: bool,
}

/// The settings of an organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OrgSettings {
    /// Whether API keys need an access list.
    pub api_access_list_required: bool,
    /// Whether generated queries are allowed.
    #[serde(rename = "genAIFeaturesEnabled")]
    pub gen_ai_features_enabled: bool,
    /// The longest life of a service account's secret, when there is a rule.
    pub max_service_account_secret_validity_in_hours: Option<u32>,
    /// Whether people need a second factor.
    pub multi_factor_auth_required: bool,
    /// Whom to tell about operations.
    pub operations_contact: Option<String>,
    /// Whether the operator's people are kept out.
    pub restrict_employee_access: bool,
    /// Whom to tell about security.
    pub security_contact: Option<String>,
    /// Whether streams may cross projects.
    pub streams_cross_group_enabled: bool,
}

impl Default for OrgSettings {
    fn default() -> Self {
        Self {
            api_access_list_required: false,
            gen_ai_features_enabled: true,
            max_service_account_secret_validity_in_hours: None,
            multi_factor_auth_required: false,
            operations_contact: None,
            restrict_employee_access: false,
            security_contact: None,
            streams_cross_group_enabled: false,
        }
    }
}

/// A request to change the settings of an organization. What is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrgSettingsChange {
    /// Whether API keys need an access list.
    pub api_access_list_required: Option<bool>,
    /// Whether generated queries are allowed.
    pub gen_ai_features_enabled: Option<bool>,
    /// The longest life of a service account's secret.
    pub max_service_account_secret_validity_in_hours: Option<u32>,
    /// Whether people need a second factor.
    pub multi_factor_auth_required: Option<bool>,
    /// Whom to tell about operations.
    pub operations_contact: Option<String>,
    /// Whether the operator's people are kept out.
    pub restrict_employee_access: Option<bool>,
    /// Whom to tell about security.
    pub security_contact: Option<String>,
    /// Whether streams may cross projects.
    pub streams_cross_group_enabled: Option<bool>,
}

impl OrgSettingsChange {
    /// Reads a request.
    ///
    /// # Errors
    /// What the body is not, or every field at fault.
    pub fn read(body: &[u8]) -> Result<Self, ReadError> {
        let mut fields = Fields::parse(body)?;
        let hours = fields.optional("maxServiceAccountSecretValidityInHours").integer(8..=8760);
        let mut boolean = |name| fields.optional(name).boolean();
        let mut change = Self {
            api_access_list_required: boolean("apiAccessListRequired"),
            gen_ai_features_enabled: boolean("genAIFeaturesEnabled"),
            max_service_account_secret_validity_in_hours: hours
                .and_then(|hours| u32::try_from(hours).ok()),
            multi_factor_auth_required: boolean("multiFactorAuthRequired"),
            restrict_employee_access: boolean("restrictEmployeeAccess"),
            streams_cross_group_enabled: boolean("streamsCrossGroupEnabled"),
            operations_contact: None,
            security_contact: None,
        };
        change.operations_contact = fields.optional("operationsContact").text(form::TEXT);
        change.security_contact = fields.optional("securityContact").text(form::EMAIL);
        fields.finish()?;
        Ok(change)
    }

    /// The settings `old` with this change made.
    #[must_use]
    pub fn apply(self, old: OrgSettings) -> OrgSettings {
        let Self {
            api_access_list_required,
            gen_ai_features_enabled,
            max_service_account_secret_validity_in_hours: hours,
            multi_factor_auth_required,
            operations_contact,
            restrict_employee_access,
            security_contact,
            streams_cross_group_enabled,
        } = self;
        OrgSettings {
            api_access_list_required: api_access_list_required
                .unwrap_or(old.api_access_list_required),
            gen_ai_features_enabled: gen_ai_features_enabled.unwrap_or(old.gen_ai_features_enabled),
            max_service_account_secret_validity_in_hours: hours
                .or(old.max_service_account_secret_validity_in_hours),
            multi_factor_auth_required: multi_factor_auth_required
                .unwrap_or(old.multi_factor_auth_required),
            operations_contact: operations_contact.or(old.operations_contact),
            restrict_employee_access: restrict_employee_access
                .unwrap_or(old.restrict_employee_access),
            security_contact: security_contact.or(old.security_contact),
            streams_cross_group_enabled: streams_cross_group_enabled
                .unwrap_or(old.streams_cross_group_enabled),
        }
    }
}

#[cfg(test)]
mod tests;
