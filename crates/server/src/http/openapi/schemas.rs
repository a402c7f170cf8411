//! The JSON of network peering and of errors. What the server sets is read-only.

use peerage_core::region::{AwsRegion, AzureRegion, GcpRegion};
use serde_json::{Map, Value, json};

use super::reference;

const TWELVE_DIGITS: &str = "^[0-9]{12}$";
const VPC: &str = "^vpc-[0-9a-f]{17}$";
const UUID: &str = "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$";
const AZURE_NAME: &str = r"^[-\w._()]+$";
const GCP_PROJECT: &str = "^[a-z][0-9a-z-]{4,28}[0-9a-z]$";
const GCP_NETWORK: &str = "^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$";
const BLOCK: &str = r"^([0-9]{1,3}\.){3}[0-9]{1,3}/[0-9]{1,2}$";

/// Every schema, by name.
pub(super) fn all() -> Value {
    let mut all = Map::new();
    let every = common().into_iter().chain(peers()).chain(containers());
    all.extend(every.map(|(name, schema)| (name.to_owned(), schema)));
    Value::Object(all)
}

fn object(required: &[&str], properties: Value) -> Value {
    let mut schema = json!({ "type": "object", "properties": properties });
    if !required.is_empty() {
        schema["required"] = required.into();
    }
    schema
}

/// Text that the client sets.
fn text(description: &str, pattern: &str) -> Value {
    json!({ "type": "string", "description": description, "pattern": pattern })
}

/// Text that the server sets; absent until it is known.
fn known_later(description: &str) -> Value {
    json!({ "type": "string", "description": description, "nullable": true, "readOnly": true })
}

fn status(values: &[&str]) -> Value {
    json!({ "type": "string", "description": "Where it stands.", "enum": values, "readOnly": true })
}

fn provider(name: &str) -> Value {
    json!({ "type": "string", "description": "The cloud.", "enum": [name] })
}

fn id_of(what: &str) -> Value {
    json!({ "allOf": [reference("Id")], "description": format!("The {what}."), "readOnly": true })
}

/// A page of a list.
fn page(element: &str) -> Value {
    let elements = json!({ "type": "array", "items": reference(element) });
    let links = json!({ "type": "array", "items": reference("Link") });
    let count = json!({ "type": "integer", "description": "Elements of all pages.", "minimum": 0 });
    object(
        &["links", "results"],
        json!({ "links": links, "results": elements, "totalCount": count }),
    )
}

/// One of several shapes.
fn any_of(names: &[&str]) -> Value {
    json!({ "anyOf": names.iter().map(|name| reference(name)).collect::<Vec<_>>() })
}

/// The same fields, none of them required.
fn all_optional(mut schema: Value) -> Value {
    if let Some(schema) = schema.as_object_mut() {
        schema.remove("required");
    }
    schema
}

fn common() -> Vec<(&'static str, Value)> {
    let plain = json!({ "type": "string" });
    let field = object(&["description", "field"], json!({ "description": plain, "field": plain }));
    let fields = json!({ "type": "array", "items": field });
    let error = json!({
        "badRequestDetail": object(&["fields"], json!({ "fields": fields })),
        "detail": { "type": "string", "description": "What happened, in a sentence." },
        "error": { "type": "integer", "description": "The HTTP status." },
        "errorCode": { "type": "string", "description": "The name that programs compare." },
        "parameters": { "type": "array", "items": plain },
        "reason": { "type": "string", "description": "The reason phrase of the HTTP status." },
    });
    let required = ["detail", "error", "errorCode", "parameters", "reason"];
    vec![
        ("Any", json!({ "description": "Any JSON." })),
        ("Empty", json!({ "type": "object", "maxProperties": 0 })),
        ("Id", text("24 hexadecimal digits.", "^[0-9a-f]{24}$")),
        ("ApiError", object(&required, error)),
        ("Link", object(&["href", "rel"], json!({ "href": plain, "rel": plain }))),
        (
            "Envelope",
            json!({
                "type": "object",
                "description": "An answer with its status in it. Of a list, the fields of the page \
                    are beside the status.",
                "properties": { "status": { "type": "integer" }, "content": {} },
                "required": ["status"],
            }),
        ),
        ("PrivateIpMode", object(&["enabled"], json!({ "enabled": { "type": "boolean" } }))),
    ]
}

fn peers() -> Vec<(&'static str, Value)> {
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
            "id": id_of("peering"),
            "providerName": provider("AWS"),
            "containerId": reference("Id"),
            "accepterRegionName": {
                "type": "string", "description": "The VPC's region, such as us-east-1.",
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
            "id": id_of("peering"),
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
            "id": id_of("peering"),
            "providerName": provider("GCP"),
            "containerId": reference("Id"),
            "gcpProjectId": text("The network's project.", GCP_PROJECT),
            "networkName": text("The network.", GCP_NETWORK),
            "status": status(&statuses),
            "errorMessage": known_later("Why it failed."),
        }),
    )
}

fn containers() -> Vec<(&'static str, Value)> {
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
    ]
}

fn container(required: &[&str], name: &str, own: Value) -> Value {
    let mut properties = json!({
        "id": id_of("container"),
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
