//! Organizations and their settings in the document.

use peerage_core::authz::OrgRole;
use peerage_wire::service_account::{SECRET_HOURS_MAX, SECRET_HOURS_MIN};
use serde_json::{Value, json};

use super::details::{Details, list, make, quiet, read, write};
use super::shape::{
    Named, answer, any_text, boolean, characters, links, number, object, or_null, page, reference,
    request,
};
use super::text::{email, name};

/// The longest text that is taken where the contract names no limit.
const TEXT_MAX: usize = peerage_wire::form::TEXT_BYTES_MAX;

/// The details of an operation on organizations.
pub(super) fn details(id: &str) -> Option<Details> {
    Some(match id {
        "listOrgs" => {
            list("List the organizations that the caller may see", &["Orgs"]).query(&["namePart"])
        }
        "createOrg" => make("Make an organization", "NewOrg", &["CreatedOrg"]),
        "getOrg" => read("Show an organization", &["Org"]),
        "updateOrg" => write("Change an organization", "OrgChange", &["Org"]),
        "deleteOrg" => quiet("Delete an organization without projects"),
        "getOrgSettings" => read("Show the settings of an organization", &["OrgSettings"]),
        "updateOrgSettings" => {
            write("Change settings of an organization", "OrgSettingsChange", &["OrgSettings"])
        }
        _ => return None,
    })
}

pub(super) fn schemas() -> Vec<Named> {
    vec![
        ("NewOrg", new_org()),
        ("OrgChange", org_change()),
        ("Org", org()),
        ("Orgs", page("Org")),
        ("CreatedOrg", created_org()),
        ("OrgSettings", answer(&[], answered_settings())),
        ("OrgSettingsChange", request(&[], settings())),
    ]
}

fn skip_alerts() -> Value {
    boolean("Whether its projects get no default alerts.")
}

/// A key or an account comes with it that owns it: people cannot sign in.
fn new_org() -> Value {
    let with_owner = |field: &str, schema: &str| {
        let mut properties = json!({
            "apiKey": reference("NewOrgApiKey"),
            "name": name(),
            "orgOwnerId": reference("Id"),
            "serviceAccount": reference("NewOrgServiceAccount"),
            "skipDefaultAlertsSettings": skip_alerts(),
        });
        properties[field] = json!({ "allOf": [reference(schema), owner()] });
        request(&["name", field], properties)
    };
    json!({ "anyOf": [
        with_owner("apiKey", "NewOrgApiKey"),
        with_owner("serviceAccount", "NewOrgServiceAccount"),
    ] })
}

/// Whose roles are not only others than that of the owner.
fn owner() -> Value {
    let others = OrgRole::ALL.iter().filter(|role| **role != OrgRole::Owner);
    let others: Vec<&str> = others.map(|role| role.name()).collect();
    let only_others = json!({ "type": "array", "items": { "type": "string", "enum": others } });
    object(&["roles"], json!({ "roles": { "not": only_others } }))
}

fn org_change() -> Value {
    request(&[], json!({ "name": name(), "skipDefaultAlertsSettings": skip_alerts() }))
}

fn org() -> Value {
    let properties = json!({
        "id": reference("Id"),
        "isDeleted": boolean("Whether it is gone."),
        "links": links(),
        "name": any_text("Its name."),
        "skipDefaultAlertsSettings": skip_alerts(),
    });
    answer(&[], properties)
}

fn created_org() -> Value {
    let properties = json!({
        "apiKey": reference("ApiKey"),
        "orgOwnerId": reference("Id"),
        "organization": reference("Org"),
        "serviceAccount": reference("OrgServiceAccount"),
        "skipDefaultAlertsSettings": skip_alerts(),
    });
    answer(&["apiKey", "orgOwnerId", "serviceAccount"], properties)
}

fn settings() -> Value {
    let hours = "Hours that a secret of a service account may count for.";
    json!({
        "apiAccessListRequired": boolean("Whether credentials need an access list."),
        "genAIFeaturesEnabled": boolean("Whether generated queries are allowed."),
        "maxServiceAccountSecretValidityInHours":
            number(hours, SECRET_HOURS_MIN, SECRET_HOURS_MAX),
        "multiFactorAuthRequired": boolean("Whether people need a second factor."),
        "operationsContact": characters("Whom to tell about operations.", 0, TEXT_MAX),
        "restrictEmployeeAccess": boolean("Whether the operator's people are kept out."),
        "securityContact": email("Whom to tell about security."),
        "streamsCrossGroupEnabled": boolean("Whether streams may cross projects."),
    })
}

/// What nobody set is answered as `null`.
fn answered_settings() -> Value {
    let mut settings = settings();
    for name in ["maxServiceAccountSecretValidityInHours", "operationsContact", "securityContact"] {
        settings[name] = or_null(settings[name].take());
    }
    settings
}
