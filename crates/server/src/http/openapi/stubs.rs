//! The state of the service, and what is answered without anything behind it, in the document.

use serde_json::{Value, json};

use super::details::{Details, list, read};
use super::shape::{
    Named, all_of, answer, any_text, boolean, links, list_of, number, one_of, or_null, reference,
};
use super::text::address;

/// The details of an operation that tells of the service, or of nothing.
pub(super) fn details(id: &str) -> Option<Details> {
    empty_list(id).or_else(|| object(id))
}

fn empty_list(id: &str) -> Option<Details> {
    let page = |summary| list(summary, &["EmptyPage"]);
    let whole = |summary| read(summary, &["EmptyList"]);
    Some(match id {
        "listGroupAlertConfigs" => page("List the alerts of a project: none"),
        "listGroupIntegrations" => page("List the integrations of a project: none"),
        "listGroupDatabaseUsers" => page("List the database users of a project: none"),
        "listGroupServerless" => page("List the serverless instances of a project: none"),
        "listGroupStreamWorkspaces" => page("List the stream workspaces of a project: none"),
        "getGroupMongoDbVersions" => page("List the versions of databases: none"),
        "listGroupClusterProviderRegions" => page("List the regions of clusters: none"),
        "listGroupClusters" => page("List the clusters of a project: none"),
        "listGroupFlexClusters" => page("List the flex clusters of a project: none"),
        "listGroupCustomDbRoleRoles" => whole("List the database roles of a project: none"),
        "listGroupDataFederation" => whole("List the federated databases of a project: none"),
        "listGroupPrivateEndpointEndpointService" => {
            whole("List the private endpoint services of a project: none")
        }
        _ => return None,
    })
}

fn object(id: &str) -> Option<Details> {
    Some(match id {
        "getGroupAuditLog" => read("Show the audit log of databases: off", &["AuditLog"]),
        "getGroupEncryptionAtRest" => {
            read("Show the customer's keys of a project: none", &["EncryptionAtRest"])
        }
        "getGroupMaintenanceWindow" => {
            read("Show when a project is maintained: at the default", &["MaintenanceWindow"])
        }
        "listGroupCloudProviderAccess" => {
            read("List the roles in clouds of a project: none", &["CloudProviderAccess"])
        }
        "getGroupBackupCompliancePolicy" => {
            read("Show the compliance policy of backups: none", &["Empty"])
        }
        "getOrgFederationSettings" => {
            read("Show the federation of an organization: none", &["Empty"])
        }
        "getIpInfo" => read("Show the address that the caller is seen with", &["IpInfo"]),
        "getDefaultMongoDbMajorVersion" => {
            read("Show the version of databases that is the default", &["Version"])
        }
        "getSystemStatus" => read("Show the state of the service, and who asks", &["Status"]),
        "listControlPlaneIpAddresses" => {
            read("List the addresses of the service: none", &["ControlPlane"])
        }
        _ => return None,
    })
}

pub(super) fn schemas() -> Vec<Named> {
    vec![
        ("EmptyList", list_of(json!({}), 0, 0)),
        ("EmptyPage", empty_page()),
        ("AuditLog", audit_log()),
        ("EncryptionAtRest", encryption()),
        ("MaintenanceWindow", maintenance()),
        ("CloudProviderAccess", provider_access()),
        ("IpInfo", answer(&[], json!({ "currentIpv4Address": address("The address.") }))),
        ("Version", any_text("A version of databases.")),
        ("Status", status()),
        ("ControlPlane", control_plane()),
    ]
}

fn empty_page() -> Value {
    let properties = json!({
        "links": links(),
        "results": reference("EmptyList"),
        "totalCount": number("Elements of all pages.", 0, 0),
    });
    super::shape::object(&["links", "results"], properties)
}

fn audit_log() -> Value {
    let properties = json!({
        "auditAuthorizationSuccess": boolean("Whether successes are logged."),
        "configurationType": one_of("How it was configured.", &["NONE"]),
        "enabled": boolean("Whether it is on."),
    });
    answer(&[], properties)
}

fn encryption() -> Value {
    let keys = || {
        let properties = json!({
            "enabled": boolean("Whether it is on."), "valid": boolean("Whether it works."),
        });
        answer(&[], properties)
    };
    let properties = json!({
        "awsKms": keys(),
        "azureKeyVault": keys(),
        "enabledForSearchNodes": boolean("Whether it counts for search, too."),
        "googleCloudKms": keys(),
    });
    answer(&[], properties)
}

fn maintenance() -> Value {
    let properties = json!({
        "autoDeferOnceEnabled": boolean("Whether each is put off once."),
        "dayOfWeek": number("The day, from Sunday on.", 1, 7),
        "hourOfDay": number("The hour.", 0, 23),
        "numberOfDeferrals": number("How often it was put off.", 0, i64::MAX),
        "startASAP": boolean("Whether it begins at once."),
        "timeZoneId": any_text("The time zone of the hour."),
    });
    answer(&[], properties)
}

fn provider_access() -> Value {
    let none = || reference("EmptyList");
    let properties = json!({
        "awsIamRoles": none(), "azureServicePrincipals": none(), "gcpServiceAccounts": none(),
    });
    answer(&[], properties)
}

fn status() -> Value {
    let entry = json!({
        "cidrBlock": any_text("The block."), "ipAddress": any_text("Its first address."),
    });
    let key = json!({
        "accessList": all_of(answer(&[], entry)),
        "id": reference("Id"),
        "publicKey": any_text("Its public half."),
        "roles": all_of(reference("RoleAssignment")),
    });
    let properties = json!({
        "apiKey": or_null(answer(&[], key)),
        "appName": one_of("What clients know the service as.", &["MongoDB Atlas"]),
        "build": any_text("Which build of it runs."),
        "links": links(),
        "throttling": boolean("Whether it is slow on purpose."),
    });
    answer(&[], properties)
}

fn control_plane() -> Value {
    let regions = || {
        let addresses = all_of(any_text("A block of addresses."));
        json!({ "type": "object", "additionalProperties": addresses })
    };
    let clouds = || answer(&[], json!({ "aws": regions(), "azure": regions(), "gcp": regions() }));
    answer(&[], json!({ "inbound": clouds(), "outbound": clouds() }))
}
