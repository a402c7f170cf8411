//! Groups, networks and subnets as such: conditions, pages, addresses.

use peerage_clouds::azure::SERVICE_SUBSCRIPTION;
use serde_json::{Value, json};

use super::support::{Answer, CUSTOMER, STEP, Who, World, peering, vnet};

fn network(prefixes: &[&str], subnets: &[(&str, &str)]) -> Value {
    let subnets = subnets
        .iter()
        .map(|(name, prefix)| json!({ "name": name, "properties": { "addressPrefix": prefix } }));
    json!({
        "location": "West Europe",
        "tags": { "owner": "me" },
        "properties": {
            "addressSpace": { "addressPrefixes": prefixes },
            "subnets": subnets.collect::<Vec<_>>(),
        },
    })
}

fn ask(world: &World, method: &str, path: &str, body: &Value, header: (&str, &str)) -> Answer {
    world.ask_with(&Who::customer(), method, path, body, &[header])
}

fn group() -> String {
    format!("/subscriptions/{CUSTOMER}/resourcegroups/rg")
}

/// Source: the reference of resource groups.
#[test]
fn a_group_is_made_read_and_made_again() {
    let world = World::new(peerage_fabric::emulated::CustomerMode::Manual);
    let body = json!({ "location": "West Europe", "tags": { "a": "b" } });
    let method = |method: &str| world.ask(&Who::customer(), method, &group(), &body);
    assert_eq!(method("HEAD").status, 404);
    world.get(&group()).refused(404, "ResourceGroupNotFound");
    assert_eq!(method("PUT").status, 201);
    assert_eq!(method("PUT").status, 200);
    assert_eq!(method("HEAD").status, 204);
    let shown = world.get(&group().replace("resourcegroups", "RESOURCEGROUPS"));
    assert_eq!(shown.body["id"], format!("/subscriptions/{CUSTOMER}/resourceGroups/rg"));
    assert_eq!(shown.body["location"], "westeurope");
    assert_eq!(shown.body["tags"], json!({ "a": "b" }));
    world.put(&group(), &json!({})).refused(400, "LocationRequired");
    let elsewhere = json!({ "location": "eastus" });
    world.put(&group(), &elsewhere).refused(409, "InvalidResourceGroupLocation");
    let tagged = world.ask(&Who::customer(), "PATCH", &group(), &json!({ "tags": {} }));
    assert_eq!(tagged.body["tags"], json!({}));
}

/// Source: Azure's rules for resource names; the words as in public reports.
#[test]
fn a_group_has_a_name_that_azure_takes() {
    let world = World::of_two();
    let put = |name: &str| {
        let path = format!("/subscriptions/{CUSTOMER}/resourcegroups/{name}");
        world.put(&path, &json!({ "location": "eastus2" }))
    };
    let long = put(&"a".repeat(91));
    long.refused(400, "InvalidResourceGroup");
    let end = "has a length of '91' which exceeds the maximum length of '90'.";
    assert!(long.message().ends_with(end), "{long:?}");
    let other = put("a%21b%2Fc");
    other.refused(400, "InvalidResourceGroup");
    let words = "The provided resource group name 'a!b/c' has these invalid characters: '!/'. The \
                 name can only be a letter, digit, '-', '.', '(', ')' or '_'.";
    assert_eq!(other.message(), words);
    put("a.").refused(400, "InvalidResourceGroup");
    assert_eq!(put(&"a".repeat(90)).status, 201);
    assert_eq!(put("gr%C3%BC%C3%9Fe-_.(1)").status, 201);
}

/// Source: the reference "Resources - List By Resource Group"; Terraform's azurerm looks so whether
/// a group is empty before it deletes it.
#[test]
fn what_is_in_a_group_can_be_listed() {
    let world = World::of_two();
    let tags = json!({ "tags": { "x": "y" } });
    world.ask(&Who::customer(), "PATCH", &vnet(CUSTOMER, "b"), &tags);
    let list = format!("{}/resources", group());
    let listed = world.get(&format!("{list}?%24expand=provisioningState"));
    let kind = "Microsoft.Network/virtualNetworks";
    let [a, b] = [vnet(CUSTOMER, "a"), vnet(CUSTOMER, "b")];
    let expected = json!({ "value": [
        { "id": a, "name": "a", "type": kind, "location": "eastus2" },
        { "id": b, "name": "b", "type": kind, "location": "eastus2", "tags": { "x": "y" } },
    ] });
    assert_eq!((listed.status, &listed.body), (200, &expected));
    let page = world.get(&format!("{list}?%24top=1"));
    assert_eq!(page.body["value"].as_array().unwrap().len(), 1);
    assert!(page.body["nextLink"].is_string());
    let nowhere = format!("{}x/resources", group());
    world.get(&nowhere).refused(404, "ResourceGroupNotFound");
    let theirs = format!("/subscriptions/{SERVICE_SUBSCRIPTION}/resourcegroups/rg/resources");
    world.get(&theirs).refused(403, "AuthorizationFailed");
    let posted = world.ask(&Who::customer(), "POST", &list, &Value::Null);
    posted.refused(405, "MethodNotAllowed");
}

/// Source: the reference of `virtualNetworks`, "Update Tags".
#[test]
fn a_patch_changes_the_tags_that_it_names() {
    let world = World::of_two();
    let patch = |body: Value| {
        let answer = world.ask(&Who::customer(), "PATCH", &vnet(CUSTOMER, "a"), &body);
        answer.body["tags"].clone()
    };
    assert_eq!(patch(json!({ "tags": { "x": "y" } })), json!({ "x": "y" }));
    assert_eq!(patch(json!({})), json!({ "x": "y" }));
    assert_eq!(patch(json!({ "tags": { "z": "" } })), json!({ "z": "" }));
    assert_eq!(patch(json!({ "tags": {} })), json!({}));
}

/// Source: the reference of `virtualNetworks`: `dhcpOptions`, `flowTimeoutInMinutes`.
#[test]
fn name_servers_and_the_flow_timeout_are_shown_as_they_were_given() {
    let world = World::of_two();
    let path = vnet(CUSTOMER, "a");
    let put = |name: &str, value: Value| {
        let mut body = network(&["10.0.0.0/16"], &[]);
        body["location"] = "eastus2".into();
        body["properties"][name] = value;
        let answer = world.put(&path, &body);
        world.pass(STEP);
        answer
    };
    let servers = |count: usize| json!({ "dnsServers": vec!["10.0.0.4"; count] });
    assert_eq!(put("dhcpOptions", servers(20)).status, 200);
    assert_eq!(*world.get(&path).property("dhcpOptions"), servers(20));
    assert_eq!(put("flowTimeoutInMinutes", json!(4)).status, 200);
    let shown = world.get(&path);
    assert_eq!(*shown.property("flowTimeoutInMinutes"), 4);
    assert!(shown.property("dhcpOptions").is_null());
    put("dhcpOptions", servers(21)).refused(400, "InvalidRequestFormat");
    let name = json!({ "dnsServers": ["dns.example.com"] });
    put("dhcpOptions", name).refused(400, "InvalidRequestContent");
    put("flowTimeoutInMinutes", json!(3)).refused(400, "InvalidRequestFormat");
    put("flowTimeoutInMinutes", json!(31)).refused(400, "InvalidRequestFormat");
}

/// Source: the reference of `virtualNetworks`.
#[test]
fn a_network_is_updating_until_it_is_there() {
    let world = World::of_two();
    let path = vnet(CUSTOMER, "c");
    let made = world.put(&path, &network(&["10.2.0.0/16"], &[("default", "10.2.0.0/24")]));
    assert_eq!((made.status, made.property("provisioningState")), (201, &json!("Updating")));
    world.pass(STEP);
    let shown = world.get(&path);
    assert_eq!(*shown.property("provisioningState"), "Succeeded");
    assert_eq!(shown.property("subnets")[0]["properties"]["addressPrefix"], "10.2.0.0/24");
    assert_eq!(shown.property("subnets")[0]["properties"]["provisioningState"], "Succeeded");
    assert_eq!(
        (&shown.body["location"], &shown.body["tags"]["owner"]),
        (&json!("westeurope"), &json!("me"))
    );
    assert_eq!(*shown.property("resourceGuid"), *made.property("resourceGuid"));
    assert_ne!(shown.body["etag"], made.body["etag"]);
    assert_eq!(world.delete(&path).status, 202);
    assert_eq!(*world.get(&path).property("provisioningState"), "Deleting");
    world.pass(STEP * 2);
    assert_eq!(world.get(&path).status, 404);
    assert_eq!(world.delete(&path).status, 204);
}

/// Source: Azure's list of common deployment errors; the network provider's codes for addresses.
#[test]
fn a_network_that_makes_no_sense_is_refused() {
    let world = World::of_two();
    let path = vnet(CUSTOMER, "c");
    let cases: [(Value, u16, &str); 9] = [
        (network(&["10.2.0.1/16"], &[]), 400, "InvalidCIDRNotation"),
        (network(&["10.2.0.0/33"], &[]), 400, "InvalidAddressPrefixFormat"),
        (network(&[], &[]), 400, "InvalidRequestFormat"),
        (network(&["10.2.0.0/16"], &[("s", "10.3.0.0/24")]), 400, "NetcfgSubnetRangeOutsideVnet"),
        (
            network(&["10.2.0.0/16"], &[("s", "10.2.0.0/24"), ("t", "10.2.0.128/25")]),
            400,
            "NetcfgSubnetRangesOverlap",
        ),
        (network(&["10.2.0.0/16"], &[("s", "10.2.0.0/30")]), 400, "NetcfgInvalidSubnet"),
        (network(&["10.2.0.0/16"], &[("-", "10.2.0.0/24")]), 400, "InvalidResourceName"),
        (json!({ "properties": {} }), 400, "LocationRequired"),
        (json!({ "location": 7 }), 400, "InvalidRequestContent"),
    ];
    for (body, status, code) in cases {
        world.put(&path, &body).refused(status, code);
    }
    world.get(&path).refused(404, "ResourceNotFound");
    let group = vnet(CUSTOMER, "c").replace("/rg/", "/nowhere/");
    world.put(&group, &network(&["10.2.0.0/16"], &[])).refused(404, "ResourceGroupNotFound");
    let elsewhere = network(&["10.0.0.0/16"], &[]);
    world.put(&vnet(CUSTOMER, "a"), &elsewhere).refused(409, "InvalidResourceLocation");
}

/// Source: "updates without subnet property" of Azure Virtual Network; peerings as well.
#[test]
fn what_the_body_of_a_network_does_not_mention_stays() {
    let world = World::connected();
    let subnet = format!("{}/subnets/s", vnet(CUSTOMER, "a"));
    let body = json!({ "properties": { "addressPrefixes": ["10.0.0.0/24", "10.0.2.0/24"] } });
    assert_eq!(world.put(&subnet, &body).status, 201);
    world.pass(STEP);
    assert_eq!(world.readdress("a", &["10.0.0.0/16", "10.99.0.0/16"]).status, 200);
    assert_eq!(
        *world.get(&subnet).property("addressPrefixes"),
        json!(["10.0.0.0/24", "10.0.2.0/24"])
    );
    assert_eq!(world.states("a", "b")[0], "Connected");
    let mut whole = world.get(&vnet(CUSTOMER, "a")).body;
    whole["properties"]["subnets"] = json!([]);
    assert_eq!(world.put(&vnet(CUSTOMER, "a"), &whole).status, 200);
    world.pass(STEP);
    assert_eq!(world.get(&subnet).status, 404);
    assert_eq!(world.states("a", "b")[0], "Connected");
}

/// Source: the reference of `virtualNetworks`: its peerings are a list of it.
#[test]
fn peerings_in_the_body_of_a_network_are_made_and_taken_away() {
    let world = World::of_two();
    world.arm.add_vnet(CUSTOMER, "rg", "c", &["10.2.0.0/16"]);
    world.peer("b", "a");
    let body = |peerings: &[(&str, &str)]| {
        let listed = peerings.iter().map(|(name, to)| {
            json!({ "name": name, "properties": {
                "remoteVirtualNetwork": { "id": vnet(CUSTOMER, to) },
            } })
        });
        json!({ "location": "eastus2", "properties": {
            "addressSpace": { "addressPrefixes": ["10.0.0.0/16"] },
            "virtualNetworkPeerings": listed.collect::<Vec<_>>(),
        } })
    };
    let put = |peerings: &[(&str, &str)]| {
        let answer = world.put(&vnet(CUSTOMER, "a"), &body(peerings));
        world.pass(STEP);
        answer
    };
    let twice = put(&[("a-c", "c"), ("a-b", "b"), ("twin", "b")]);
    twice.refused(400, "AnotherPeeringAlreadyReferencesRemoteVnet");
    assert_eq!(world.get(&peering("a", "c")).status, 404);
    assert_eq!(put(&[("a-b", "b"), ("a-c", "c")]).status, 200);
    assert_eq!(world.states("b", "a"), ["Connected", "FullyInSync", "Succeeded"]);
    assert_eq!(world.states("a", "c")[0], "Initiated");
    assert_eq!(put(&[("a-c", "c")]).status, 200);
    assert_eq!(world.get(&peering("a", "b")).status, 404);
    assert_eq!(world.states("b", "a")[0], "Disconnected");
}

/// Source: the network provider's code for a subnet that would be left outside.
#[test]
fn an_address_space_is_not_taken_from_under_a_subnet() {
    let world = World::of_two();
    let subnet = format!("{}/subnets/s", vnet(CUSTOMER, "a"));
    world.put(&subnet, &json!({ "properties": { "addressPrefix": "10.0.0.0/24" } }));
    world.pass(STEP);
    world.readdress("a", &["10.99.0.0/16"]).refused(400, "NetcfgSubnetRangeOutsideVnet");
    let twin = format!("{}/subnets/t", vnet(CUSTOMER, "a"));
    let same = json!({ "properties": { "addressPrefix": "10.0.0.128/25" } });
    world.put(&twin, &same).refused(400, "NetcfgSubnetRangesOverlap");
    assert_eq!(world.delete(&subnet).status, 202);
    assert_eq!(*world.get(&subnet).property("provisioningState"), "Deleting");
    world.pass(STEP);
    assert_eq!((world.get(&subnet).code(), world.delete(&subnet).status), ("NotFound", 204));
    assert_eq!(world.put(&twin, &same).status, 201);
}

/// Source: HTTP's conditions as Resource Manager documents them.
#[test]
fn a_condition_that_does_not_hold_refuses() {
    let world = World::of_two();
    let path = vnet(CUSTOMER, "a");
    let etag = world.get(&path).body["etag"].as_str().unwrap().to_owned();
    let body = json!({ "tags": { "x": "y" } });
    ask(&world, "PATCH", &path, &body, ("if-match", "W/\"old\""))
        .refused(412, "PreconditionFailed");
    assert_eq!(ask(&world, "PATCH", &path, &body, ("if-match", &etag)).status, 200);
    ask(&world, "PATCH", &path, &body, ("if-match", &etag)).refused(412, "PreconditionFailed");
    ask(&world, "DELETE", &path, &Value::Null, ("if-match", &etag))
        .refused(412, "PreconditionFailed");
    let whole = network(&["10.2.0.0/16"], &[]);
    ask(&world, "PUT", &path, &whole, ("if-none-match", "*")).refused(412, "PreconditionFailed");
    let other = vnet(CUSTOMER, "c");
    ask(&world, "PUT", &other, &whole, ("if-match", "*")).refused(412, "PreconditionFailed");
    assert_eq!(ask(&world, "PUT", &other, &whole, ("if-none-match", "*")).status, 201);
    assert_eq!(world.get(&path).body["tags"]["x"], "y");
}

/// Source: Azure's guide to lists: `nextLink` until the last page.
#[test]
fn a_long_list_comes_in_pages() {
    let world = World::of_two();
    for number in 0..250 {
        let block = format!("172.16.{number}.0/24");
        world.arm.add_vnet(CUSTOMER, "rg", &format!("n{number:03}"), &[&block]);
    }
    let list = format!("/subscriptions/{CUSTOMER}/providers/Microsoft.Network/virtualNetworks");
    let first = world.get(&list);
    assert_eq!(first.body["value"].as_array().unwrap().len(), 100);
    let mut names = Vec::new();
    let mut page = world.get(&format!("{list}?%24top=90"));
    loop {
        let entries = page.body["value"].as_array().unwrap().clone();
        names.extend(entries.iter().map(|one| one["name"].as_str().unwrap().to_owned()));
        let Some(next) = page.body["nextLink"].as_str() else { break };
        let path = next.strip_prefix("https://127.0.0.1:9").unwrap();
        let request = http::Request::builder().uri(path).header("authorization", "Bearer x");
        page = world.send(request.header("host", "127.0.0.1:9"), &Value::Null);
        assert_eq!(page.status, 200, "{page:?}");
    }
    assert_eq!(names.len(), 252);
    names.dedup();
    assert_eq!(names.len(), 252);
    world.get(&format!("{list}?$top=0")).refused(400, "InvalidRequestContent");
    world.get(&format!("{list}?$skiptoken=%21")).refused(400, "InvalidRequestContent");
}

/// Source: the references of the lists.
#[test]
fn what_there_is_can_be_listed() {
    let world = World::connected();
    let count = |path: &str| world.get(path).body["value"].as_array().map(Vec::len);
    let networks = "providers/Microsoft.Network/virtualNetworks";
    assert_eq!(count(&format!("/subscriptions/{CUSTOMER}/{networks}")), Some(2));
    assert_eq!(count(&format!("{}/{networks}", group())), Some(2));
    assert_eq!(count(&format!("/subscriptions/{CUSTOMER}/resourcegroups")), Some(1));
    assert_eq!(count(&format!("{}/virtualNetworkPeerings", vnet(CUSTOMER, "a"))), Some(1));
    assert_eq!(count(&format!("{}/subnets", vnet(CUSTOMER, "a"))), Some(0));
    assert_eq!(count("/subscriptions"), Some(1));
    assert_eq!(count("/tenants"), Some(1));
    assert_eq!(count(&format!("/subscriptions/{CUSTOMER}/providers")), Some(3));
    assert!(count(&format!("/subscriptions/{CUSTOMER}/locations")).is_some_and(|all| all >= 50));
    assert_eq!(world.get(&format!("/subscriptions/{CUSTOMER}")).body["state"], "Enabled");
    let provider = world.get(&format!("/subscriptions/{CUSTOMER}/providers/microsoft.network"));
    assert_eq!(provider.body["registrationState"], "Registered");
    world.get(&format!("{}x/{networks}", group())).refused(404, "ResourceGroupNotFound");
    assert_eq!(
        world.get(&vnet(CUSTOMER, "a")).property("virtualNetworkPeerings")[0]["id"],
        peering("a", "b")
    );
}
