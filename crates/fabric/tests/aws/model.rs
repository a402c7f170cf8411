//! Every request that the driver sends and every answer that it reads, against botocore's service
//! model: parameters, their flattening and their values one way, every part of every shape the
//! other way.

use std::collections::BTreeSet;

use peerage_core::id::GroupId;
use peerage_core::time::Timestamp;
use peerage_fabric::aws::{
    Client, Dns, Form, Identity, Route, Side, State, Subnet, TableKind, Vpc, VpcAttribute,
    permissions,
};
use serde_json::Value;

use crate::python::{Python, Server, driver, region};

/// Entries of each list of the model's answers.
const ENTRIES: usize = 9;

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

/// Filters as the driver has them.
const FILTERS: &[(&str, &[&str])] = &[("tag:peerage:peering", &["a"]), ("state", &["b", "c"])];

fn client(server: &Server) -> Client {
    let role = "arn:aws:iam::111122223333:role/peerage";
    let aws = driver(&server.endpoint, Some(role));
    aws.client(GroupId::from_bytes([1; 12]), &region("eu-west-1"))
}

fn tags() -> Vec<(&'static str, String)> {
    vec![("peerage:installation", "here".to_owned()), ("Name", "a & b".to_owned())]
}

fn texts(value: &Value) -> Vec<String> {
    let texts = value.as_array().unwrap().iter();
    texts.map(|text| text.as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn every_action_fits_the_model_of_its_service() {
    let Some(python) = Python::find() else { return };
    let server = python.serve("model.py", &[]);
    let client = client(&server);
    networks(&client, &server).await;
    routes(&client).await;
    peerings(&client, &server).await;
    others(&client).await;
    assert_eq!(texts(&server.get("problems").await), Vec::<String>::new());
    let seen: BTreeSet<String> = texts(&server.get("actions").await).into_iter().collect();
    let mut expected: BTreeSet<String> =
        permissions().iter().map(|permission| permission.action.to_owned()).collect();
    expected.extend(["sts:AssumeRole", "sts:GetCallerIdentity"].map(str::to_owned));
    assert_eq!(seen, expected, "what was sent, and what is listed as needed");
}

#[tokio::test]
async fn the_model_refuses_what_is_not_in_it() {
    let Some(python) = Python::find() else { return };
    let server = python.serve("model.py", &[]);
    let client = client(&server);
    for wrong in [
        Form::look("DescribeVpcs").with("VpcIds.1", "vpc-1"),
        Form::look("DescribeVpcs").with("VpcId.2", "vpc-1"),
        Form::look("DescribeVpcs").with("VpcId.member.1", "vpc-1"),
        Form::look("DescribeVpcs").with("MaxResults", "1"),
        Form::look("DescribeVpcAttribute").with("VpcId", "vpc-1"),
        Form::look("DescribeVpcAttribute").with("VpcId", "vpc-1").with("Attribute", "dns"),
        Form::change("ModifyVpcAttribute").with("VpcId", "v").with("EnableDnsSupport", "true"),
        Form::change("ModifyVpcPeeringConnectionOptions")
            .with("VpcPeeringConnectionId", "pcx-1")
            .with("RequesterPeeringConnectionOptions.AllowDnsResolutionFromRemoteVpc", "yes"),
    ] {
        let before = texts(&server.get("problems").await).len();
        let _ = client.send(&wrong, NOW).await;
        let after = texts(&server.get("problems").await);
        assert!(after.len() > before, "{wrong:?}: {after:?}");
    }
}

async fn networks(client: &Client, server: &Server) {
    let states = texts(&server.get("enum/VpcState").await);
    // Both pages, and every entry of each.
    let vpcs = client.describe_vpcs(FILTERS, NOW).await.unwrap();
    assert_eq!(vpcs.len(), 2 * ENTRIES);
    let tags_of = |_: usize| (0..ENTRIES).map(|n| (format!("key-{n}"), format!("value-{n}")));
    for (number, vpc) in vpcs.into_iter().take(ENTRIES).enumerate() {
        let expected = Vpc {
            id: format!("vpcId-{number}"),
            block: format!("cidrBlock-{number}"),
            available: states[number % states.len()] == "available",
            tags: tags_of(number).collect(),
        };
        assert_eq!(vpc, expected);
    }
    let made = client.create_vpc("10.0.0.0/24", &tags(), NOW).await.unwrap();
    assert_eq!((made.id.as_str(), made.tags.len()), ("vpcId-0", ENTRIES));
    for attribute in VpcAttribute::ALL {
        assert!(client.describe_vpc_attribute("vpc-1", attribute, NOW).await.unwrap());
        client.enable_vpc_attribute("vpc-1", attribute, NOW).await.unwrap();
    }
    let subnets = client.describe_subnets("vpcId-3", NOW).await.unwrap();
    let expected = Subnet {
        id: "subnetId-3".to_owned(),
        vpc: "vpcId-3".to_owned(),
        block: "cidrBlock-3".to_owned(),
        tags: tags_of(3).collect(),
    };
    assert_eq!(subnets, [expected.clone(), expected], "one on each page");
    let made = client.create_subnet("vpc-1", "10.0.0.0/25", "a", &tags(), NOW).await.unwrap();
    assert_eq!(made.id, "subnetId-0");
    client.delete_subnet("subnet-1", NOW).await.unwrap();
    client.delete_vpc("vpc-1", NOW).await.unwrap();
    let zones = client.describe_zones(NOW).await.unwrap();
    assert_eq!((zones.len(), zones[4].name.as_str()), (ENTRIES, "zoneName-4"));
}

async fn routes(client: &Client) {
    let tables = client.describe_route_tables("vpcId-2", NOW).await.unwrap();
    assert_eq!((tables.len(), tables[0].id.as_str()), (2, "routeTableId-2"));
    assert_eq!(tables[0].routes.len(), ENTRIES);
    assert_eq!(tables[0].kind, TableKind::Gateway, "one association is a gateway's");
    let expected = Route {
        destination: "destinationCidrBlock-1".to_owned(),
        target: "vpcPeeringConnectionId-1".to_owned(),
        blackhole: true,
    };
    assert_eq!(tables[0].routes[1], expected);
    for block in ["172.16.0.0/16", "fd00::/64"] {
        client.create_route("rtb-1", block, "pcx-1", NOW).await.unwrap();
        client.replace_route("rtb-1", block, "pcx-1", NOW).await.unwrap();
        client.delete_route("rtb-1", block, NOW).await.unwrap();
    }
    client.delete_route("rtb-1", "pl-1", NOW).await.unwrap();
}

async fn peerings(client: &Client, server: &Server) {
    let found = client.describe_peerings(FILTERS, NOW).await.unwrap();
    assert_eq!(found.len(), 2 * ENTRIES);
    let states = texts(&server.get("enum/VpcPeeringConnectionStateReasonCode").await);
    for (number, one) in found.iter().step_by(2).enumerate() {
        assert_eq!(one.id, format!("vpcPeeringConnectionId-{number}"));
        assert_eq!(one.message, Some(format!("message-{number}")));
        let side = Side { vpc: format!("vpcId-{number}"), account: format!("ownerId-{number}") };
        assert_eq!((&one.requester, &one.accepter), (&side, &side));
        let dns = if number % 2 == 0 { Dns::On } else { Dns::Off };
        assert_eq!(one.requester_dns, Some(dns));
        assert_eq!(one.tags["key-8"], "value-8");
        assert_eq!(one.state, state(&states[number % states.len()]));
    }
    assert_eq!(states.len(), ENTRIES, "every state of the model was seen: {states:?}");
    let one = client.describe_peering("vpcPeeringConnectionId-5", NOW).await.unwrap();
    assert_eq!(one.map(|one| one.id).as_deref(), Some("vpcPeeringConnectionId-5"));
    assert_eq!(client.describe_peering("pcx-1", NOW).await.unwrap(), None);
    let other = Side { vpc: "vpc-2".to_owned(), account: "123456789012".to_owned() };
    let (there, tags) = (region("us-east-1"), tags());
    let made = client.create_peering("vpc-1", &other, &there, &tags, NOW);
    assert_eq!(made.await.unwrap().id, "vpcPeeringConnectionId-0");
    client.enable_requester_dns("pcx-1", NOW).await.unwrap();
    client.reject_peering("pcx-1", NOW).await.unwrap();
    client.delete_peering("pcx-1", NOW).await.unwrap();
}

async fn others(client: &Client) {
    client.create_tags("vpc-1", &tags(), NOW).await.unwrap();
    let regions = client.describe_regions(NOW).await.unwrap();
    assert_eq!((regions.len(), regions[8].as_str()), (ENTRIES, "regionName-8"));
    let who = client.whoami(NOW).await.unwrap();
    assert_eq!(who, Identity { account: "Account-0".to_owned(), arn: "Arn-0".to_owned() });
}

/// A state by its code in the model.
fn state(code: &str) -> State {
    match code {
        "initiating-request" => State::Initiating,
        "pending-acceptance" => State::Pending,
        "active" => State::Active,
        "deleted" => State::Deleted,
        "rejected" => State::Rejected,
        "failed" => State::Failed,
        "expired" => State::Expired,
        "provisioning" => State::Provisioning,
        "deleting" => State::Deleting,
        other => panic!("the model has a state that we do not know: {other}"),
    }
}
