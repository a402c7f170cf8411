//! Network containers and the private IP mode in the document. What the server sets is read-only.

use peerage_core::region::{AwsRegion, AzureRegion, GcpRegion};
use serde_json::{Value, json};

use super::details::{Details, list, quiet, read, write};
use super::peers::{BLOCK, known_later, provider};
use super::shape::{
    Named, all_optional, answer, any_of, boolean, id_of, object, page, read_only, text,
};

/// The details of an operation on containers or on the private IP mode.
pub(super) fn details(id: &str) -> Option<Details> {
    Some(match id {
        "listGroupContainers" => {
            list("List the containers on one cloud", &["Containers"]).query(&["providerName"])
        }
        "listGroupContainerAll" => list("List the containers on all clouds", &["Containers"]),
        "createGroupContainer" => write("Make a container", "NewContainer", &["Container"]),
        "getGroupContainer" => read("Show a container", &["Container"]),
        "updateGroupContainer" => {
            write("Change an empty container", "ContainerChange", &["Container"])
        }
        "deleteGroupContainer" => quiet("Take an empty container away"),
        "verifyGroupPrivateIpMode" => {
            read("Show whether connections go through peerings only", &["PrivateIpMode"])
        }
        "disableGroupPrivateIpModePeering" => {
            let summary = "Let connections go not only through peerings";
            write(summary, "PrivateIpModeOff", &["PrivateIpMode"])
        }
        _ => return None,
    })
}

pub(super) fn schemas() -> Vec<Named> {
    let off = json!({ "type": "boolean", "description": "It can be ended only.", "enum": [false] });
    let shapes = ["AwsContainer", "AzureContainer", "GcpContainer"];
    let changes = ["AwsContainerChange", "AzureContainerChange", "GcpContainerChange"];
    vec![
        ("AwsContainer", aws_container()),
        ("AzureContainer", azure_container()),
        ("GcpContainer", gcp_container()),
        ("AwsContainerChange", all_optional(aws_container())),
        ("AzureContainerChange", all_optional(azure_container())),
        ("GcpContainerChange", all_optional(gcp_container())),
        ("NewContainer", any_of(&shapes)),
        ("Container", any_of(&shapes)),
        ("ContainerChange", any_of(&changes)),
        ("Containers", page("Container")),
        ("PrivateIpMode", answer(&[], json!({ "enabled": boolean("Whether it is so.") }))),
        ("PrivateIpModeOff", object(&["enabled"], json!({ "enabled": off }))),
    ]
}

fn container(required: &[&str], name: &str, own: Value) -> Value {
    let mut properties = json!({
        "id": read_only(id_of("container")),
        "providerName": provider(name),
        "atlasCidrBlock": text("Its addresses, private ones.", BLOCK),
        "provisioned": {
            "type": "boolean", "description": "Whether it exists in the cloud.", "readOnly": true,
        },
    });
    if let (Some(properties), Value::Object(own)) = (properties.as_object_mut(), own) {
        properties.extend(own);
    }
    object(required, properties)
}

fn aws_container() -> Value {
    let regions: Vec<&str> = AwsRegion::all().map(AwsRegion::name).collect();
    let own = json!({
        "regionName": { "type": "string", "description": "Where it is.", "enum": regions },
        "vpcId": known_later("The cloud's own id of its VPC."),
    });
    container(&["regionName"], "AWS", own)
}

fn azure_container() -> Value {
    let regions: Vec<&str> = AzureRegion::all().map(AzureRegion::name).collect();
    let own = json!({
        "region": { "type": "string", "description": "Where it is.", "enum": regions },
        "azureSubscriptionId": known_later("The subscription of its VNet."),
        "vnetName": known_later("The name of its VNet."),
    });
    container(&["providerName", "atlasCidrBlock", "region"], "AZURE", own)
}

fn gcp_container() -> Value {
    let regions: Vec<&str> = GcpRegion::all().map(GcpRegion::name).collect();
    let own = json!({
        "regions": {
            "type": "array",
            "description": "Where it may be; everywhere when it is left out.",
            "items": { "type": "string", "enum": regions },
        },
        "gcpProjectId": known_later("The project of its network."),
        "networkName": known_later("The name of its network."),
    });
    container(&["providerName", "atlasCidrBlock"], "GCP", own)
}
