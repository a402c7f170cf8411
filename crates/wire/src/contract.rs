//! Holds the answers against the published document, when `PEERAGE_CONTRACT` names it: no property
//! that it does not have, none missing that it requires, no value outside its enumerations.
//!
//! The document is not part of the project, so that these tests pass, with a note, without it.

mod samples;
mod schema;

use peerage_core::authz::OrgRole;
use serde_json::Value;

use schema::Document;

/// Properties that the document has and our answers never do.
const NEVER_ANSWERED: &[(&str, &[&str])] = &[
    ("OrganizationSettings", &["customSessionTimeouts"]),
    ("CreateOrganizationResponse", &["federationSettingsId"]),
    ("ControlPlaneIPAddresses", &["gateways"]),
    ("DefaultEventViewForNdsGroup", &["delegatePrincipal"]),
    ("DefaultEventViewForOrg", &["delegatePrincipal"]),
    ("ApiUserEventViewForOrg", &["delegatePrincipal"]),
    ("NDSAuditViewForNdsGroup", &["dbUserUsername", "delegatePrincipal"]),
    ("UserEventViewForNdsGroup", &["delegatePrincipal"]),
    ("TeamEvent", &["delegatePrincipal"]),
    ("raw", &["alertConfigId", "cid", "orgName"]),
];

/// Properties that recorded answers have and the document does not.
const RECORDED_ONLY: &[(&str, &str)] = &[("GroupSettings", "isAtlasHomePageAiAssistantEnabled")];

#[test]
fn every_answer_has_exactly_the_published_properties() {
    let Some(document) = Document::open() else {
        println!("skipped: PEERAGE_CONTRACT names no document");
        return;
    };
    let mut faults = Vec::new();
    for (schema, samples) in samples::all() {
        document.check(schema, &samples, &mut faults);
    }
    let excused = excused();
    for excuse in &excused {
        assert!(faults.contains(excuse), "an exception without need: {excuse}");
    }
    faults.retain(|fault| !excused.contains(fault));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn excused() -> Vec<String> {
    let recorded = RECORDED_ONLY.iter().map(|(schema, name)| schema::unknown(schema, name));
    let never = NEVER_ANSWERED
        .iter()
        .flat_map(|(schema, names)| names.iter().map(|name| schema::never_answered(schema, name)));
    recorded.chain(never).collect()
}

#[test]
fn the_roles_of_an_organization_are_the_published_ones() {
    let Some(document) = Document::open() else {
        println!("skipped: PEERAGE_CONTRACT names no document");
        return;
    };
    let roles = document.schema("CreateAtlasOrganizationApiKey");
    let published = roles["properties"]["roles"]["items"]["enum"].as_array().unwrap();
    let mut published: Vec<_> = published.iter().filter_map(Value::as_str).collect();
    let mut ours: Vec<_> = OrgRole::ALL.iter().map(|role| role.name()).collect();
    published.sort_unstable();
    ours.sort_unstable();
    assert_eq!(ours, published);
}
