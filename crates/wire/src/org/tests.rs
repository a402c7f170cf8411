//! What is taken, what is refused and what is answered.

use super::*;
use crate::testing::faults;

#[test]
fn a_request_may_bring_a_key_and_a_service_account() {
    let org = NewOrg::read(br#"{"name":"Acme Inc."}"#).unwrap();
    assert_eq!((org.api_key, org.skip_default_alerts_settings), (None, false));
    let body = br#"{"name":"Acme","orgOwnerId":"32b6e34b3d91647abb20e7b8",
        "apiKey":{"desc":"x","roles":["ORG_OWNER"]},"serviceAccount":{"name":"x",
        "description":"x","roles":["ORG_OWNER"],"secretExpiresAfterHours":8}}"#;
    let org = NewOrg::read(body).unwrap();
    assert!(org.api_key.is_some() && org.service_account.is_some() && org.owner.is_some());
    let body = br#"{"name":"","apiKey":{},"serviceAccount":7,"orgOwnerId":"x"}"#;
    assert_eq!(
        faults(NewOrg::read(body)),
        ["name", "apiKey.desc", "apiKey.roles", "serviceAccount", "orgOwnerId"]
    );
}

#[test]
fn a_change_keeps_what_it_leaves_out() {
    assert_eq!(OrgChange::read(b"{}"), Ok(OrgChange::default()));
    assert_eq!(
        faults(OrgChange::read(br#"{"name":1,"skipDefaultAlertsSettings":1}"#)),
        ["name", "skipDefaultAlertsSettings"]
    );
    let body = br#"{"apiAccessListRequired":true,"maxServiceAccountSecretValidityInHours":8}"#;
    let settings = OrgSettingsChange::read(body).unwrap().apply(OrgSettings::default());
    assert_eq!(
        serde_json::to_string(&settings).unwrap(),
        r#"{"apiAccessListRequired":true,"genAIFeaturesEnabled":true,"maxServiceAccountSecretValidityInHours":8,"multiFactorAuthRequired":false,"operationsContact":null,"restrictEmployeeAccess":false,"securityContact":null,"streamsCrossGroupEnabled":false}"#
    );
    let body = br#"{"maxServiceAccountSecretValidityInHours":7,"genAIFeaturesEnabled":"x",
        "securityContact":"nobody"}"#;
    assert_eq!(
        faults(OrgSettingsChange::read(body)),
        ["maxServiceAccountSecretValidityInHours", "genAIFeaturesEnabled", "securityContact"]
    );
}

#[test]
fn an_answer_about_an_organization() {
    let organization = Org {
        id: OrgId::from_bytes([1; 12]),
        is_deleted: false,
        links: vec![Link::new("/o", "self")],
        name: "Acme".into(),
        skip_default_alerts_settings: false,
    };
    let text = r#"{"id":"010101010101010101010101","isDeleted":false,"links":[{"href":"/o","rel":"self"}],"name":"Acme","skipDefaultAlertsSettings":false}"#;
    assert_eq!(serde_json::to_string(&organization).unwrap(), text);
    let created = CreatedOrg {
        api_key: None,
        org_owner_id: Some(UserId::from_bytes([2; 12])),
        organization,
        service_account: None,
        skip_default_alerts_settings: false,
    };
    assert_eq!(
        serde_json::to_string(&created).unwrap(),
        format!(
            r#"{{"orgOwnerId":"020202020202020202020202","organization":{text},"skipDefaultAlertsSettings":false}}"#
        )
    );
}
