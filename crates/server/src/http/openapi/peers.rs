//! Peerings in the document. What the server sets is read-only.

use serde_json::{Value, json};

use super::details::{Details, begin, list, read, write};
use super::shape::{Named, all_optional, any_of, id_of, object, page, read_only, reference, text};

const TWELVE_DIGITS: &str = "^[0-9]{12}$";
const VPC: &str = "^vpc-[0-9a-f]{17}$";
const REGION: &str = "^[0-9A-Za-z]+([-_][0-9A-Za-z]+)+$";
const UUID: &str = "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$";
const AZURE_NAME: &str = "^[-0-9A-Za-z_.()]+$";
const GCP_PROJECT: &str = "^[a-z][0-9a-z-]{4,28}[0-9a-z]$";
const GCP_NETWORK: &str = "^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$";

/// A block of IPv4 addresses.
pub(super) const BLOCK: &str = r"^([0-9]{1,3}\.){3}[0-9]{1,3}/[0-9]{1,2}$";

/// The details of an operation on peerings.
pub(super) fn details(id: &str) -> Option<Details> {
    Some(match id {
        "listGroupPeers" => {
            list("List the peerings on one cloud", &["Peers"]).query(&["providerName"])
        }
        "createGroupPeer" => write("Ask for a peering", "NewPeer", &["Peer"]),
        "getGroupPeer" => read("Show a peering", &["Peer"]),
        "updateGroupPeer" => write("Change a peering", "PeerChange", &["Peer"]),
        "deleteGroupPeer" => begin("Take a peering away"),
        _ => return None,
    })
}

pub(super) fn schemas() -> Vec<Named> {
    vec![
        ("AwsPeer", aws_peer()),
        ("AzurePeer", azure_peer()),
        ("GcpPeer", gcp_peer()),
        ("AwsPeerChange", all_optional(aws_peer())),
        ("AzurePeerChange", all_optional(azure_peer())),
        ("GcpPeerChange", all_optional(gcp_peer())),
        ("NewPeer", any_of(&["AwsPeer", "AzurePeer", "GcpPeer"])),
        ("Peer", any_of(&["AwsPeer", "AzurePeer", "GcpPeer"])),
        ("PeerChange", any_of(&["AwsPeerChange", "AzurePeerChange", "GcpPeerChange"])),
        ("Peers", page("Peer")),
    ]
}

fn aws_peer() -> Value {
    let statuses =
        ["INITIATING", "PENDING_ACCEPTANCE", "FAILED", "FINALIZING", "AVAILABLE", "TERMINATING"];
    let errors = ["REJECTED", "EXPIRED", "INVALID_ARGUMENT"].map(Value::from);
    let mut error = known_later("Why it failed.");
    error["enum"] = errors.into_iter().chain([Value::Null]).collect();
    object(
        &["containerId", "accepterRegionName", "awsAccountId", "routeTableCidrBlock", "vpcId"],
        json!({
            "id": read_only(id_of("peering")),
            "providerName": provider("AWS"),
            "containerId": reference("Id"),
            "accepterRegionName": {
                "type": "string",
                "description": "The VPC's region, such as us-east-1.",
                "pattern": REGION,
                "maxLength": 32,
            },
            "awsAccountId": text("The VPC's account.", TWELVE_DIGITS),
            "routeTableCidrBlock": text("The addresses that are routed to the VPC.", BLOCK),
            "vpcId": text("The VPC.", VPC),
            "connectionId": known_later("The cloud's own id of the connection."),
            "statusName": status(&statuses),
            "errorStateName": error,
        }),
    )
}

fn azure_peer() -> Value {
    let statuses = ["ADDING_PEER", "AVAILABLE", "FAILED", "DELETION_FAILED", "DELETING"];
    object(
        &[
            "providerName",
            "containerId",
            "azureDirectoryId",
            "azureSubscriptionId",
            "resourceGroupName",
            "vnetName",
        ],
        json!({
            "id": read_only(id_of("peering")),
            "providerName": provider("AZURE"),
            "containerId": reference("Id"),
            "azureDirectoryId": text("The VNet's directory.", UUID),
            "azureSubscriptionId": text("The VNet's subscription.", UUID),
            "resourceGroupName": text("The VNet's resource group.", AZURE_NAME),
            "vnetName": text("The VNet.", AZURE_NAME),
            "status": status(&statuses),
            "errorState": known_later("Why it failed."),
        }),
    )
}

fn gcp_peer() -> Value {
    let statuses = ["ADDING_PEER", "WAITING_FOR_USER", "AVAILABLE", "FAILED", "DELETING"];
    object(
        &["providerName", "containerId", "gcpProjectId", "networkName"],
        json!({
            "id": read_only(id_of("peering")),
            "providerName": provider("GCP"),
            "containerId": reference("Id"),
            "gcpProjectId": text("The network's project.", GCP_PROJECT),
            "networkName": text("The network.", GCP_NETWORK),
            "status": status(&statuses),
            "errorMessage": known_later("Why it failed."),
        }),
    )
}

/// Text that the server sets; absent until it is known.
pub(super) fn known_later(description: &str) -> Value {
    json!({ "type": "string", "description": description, "nullable": true, "readOnly": true })
}

fn status(values: &[&str]) -> Value {
    json!({ "type": "string", "description": "Where it stands.", "enum": values, "readOnly": true })
}

/// The cloud, and no other.
pub(super) fn provider(name: &str) -> Value {
    json!({ "type": "string", "description": "The cloud.", "enum": [name] })
}
