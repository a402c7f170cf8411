//! Routes through connections.

use super::support::{Cloud, HOUR, OURS, PACE, THEIRS};

const LOCAL: &str = "10.8.0.0/21 local active";

/// Amazon VPC Peering Guide, "Update your route tables": a route can be added while the request
/// waits, but is a blackhole until the connection is active.
#[test]
fn a_route_is_a_blackhole_until_its_connection_is_active() {
    let (cloud, ours, theirs) = two();
    let table = cloud.table(OURS, &ours);
    let id = cloud.pending((OURS, &ours), (THEIRS, &theirs));
    route(&cloud, "CreateRoute", &table, "172.31.0.0/16", &id).ok();
    let route = |state: &str| vec![LOCAL.to_owned(), format!("172.31.0.0/16 {id} {state}")];
    assert_eq!(cloud.routes(OURS, &table), route("blackhole"));
    cloud.on(THEIRS, "AcceptVpcPeeringConnection", &id).ok();
    assert_eq!(cloud.routes(OURS, &table), route("blackhole"));
    cloud.pass(PACE.aws_provisioning);
    assert_eq!(cloud.routes(OURS, &table), route("active"));
}

/// Amazon VPC User Guide, route states: a blackhole's target is not available. It stays until it is
/// deleted, however long the connection is forgotten.
#[test]
fn a_route_through_a_deleted_connection_stays_as_a_blackhole() {
    let (cloud, ours, theirs) = two();
    let table = cloud.table(OURS, &ours);
    let id = cloud.active((OURS, &ours), (THEIRS, &theirs));
    route(&cloud, "CreateRoute", &table, "172.31.0.0/16", &id).ok();
    cloud.on(THEIRS, "DeleteVpcPeeringConnection", &id).ok();
    for wait in [HOUR, HOUR * 100] {
        let left = [LOCAL.to_owned(), format!("172.31.0.0/16 {id} blackhole")];
        assert_eq!(cloud.routes(OURS, &table), left);
        cloud.pass(wait);
    }
    let block = [("RouteTableId", table.as_str()), ("DestinationCidrBlock", "172.31.0.0/16")];
    cloud.call(OURS, "DeleteRoute", &block).ok();
    assert_eq!(cloud.routes(OURS, &table), [LOCAL]);
}

/// EC2's error codes: `RouteAlreadyExists`; EC2 API Reference: a block is taken to its canonical
/// form.
#[test]
fn a_block_has_one_route() {
    let (cloud, ours, theirs) = two();
    let table = cloud.table(OURS, &ours);
    let id = cloud.active((OURS, &ours), (THEIRS, &theirs));
    route(&cloud, "CreateRoute", &table, "172.31.7.7/16", &id).ok();
    let again = route(&cloud, "CreateRoute", &table, "172.31.0.0/16", &id);
    again.refuses("RouteAlreadyExists", "The route identified by 172.31.0.0/16 already exists.");
    let local = route(&cloud, "CreateRoute", &table, "10.8.0.0/21", &id);
    local.refuses("RouteAlreadyExists", "The route identified by 10.8.0.0/21 already exists.");
}

/// hashicorp/terraform#26018: what is inside the VPC's own block goes to interfaces only.
#[test]
fn no_route_leads_a_part_of_the_vpc_away() {
    let (cloud, ours, theirs) = two();
    let table = cloud.table(OURS, &ours);
    let id = cloud.active((OURS, &ours), (THEIRS, &theirs));
    let words = "Route target is not supported. This route only supports interface and instance \
                 targets.";
    let inside = route(&cloud, "CreateRoute", &table, "10.8.1.0/24", &id);
    inside.refuses("InvalidParameterValue", words);
    let local = route(&cloud, "ReplaceRoute", &table, "10.8.0.0/21", &id);
    local.refuses("InvalidParameterValue", words);
}

/// hashicorp/terraform#2185: "route table … and network gateway pcx-… belong to different
/// networks".
#[test]
fn a_connection_has_to_touch_the_tables_vpc() {
    let (cloud, ours, theirs) = two();
    let other = cloud.vpc(OURS, "10.9.0.0/21");
    let table = cloud.table(OURS, &other);
    let id = cloud.active((OURS, &ours), (THEIRS, &theirs));
    let words =
        format!("route table {table} and network gateway {id} belong to different networks");
    let refused = route(&cloud, "CreateRoute", &table, "172.31.0.0/16", &id);
    refused.refuses("InvalidParameterValue", &words);
}

/// EC2's error codes, `InvalidVpcPeeringConnectionID.NotFound`, and each other kind of target.
#[test]
fn a_route_needs_one_target_that_exists() {
    let (cloud, ours, theirs) = two();
    let table = cloud.table(OURS, &ours);
    let block = ("DestinationCidrBlock", "172.31.0.0/16");
    let code = |targets: &[(&str, &str)]| {
        let mut parameters = vec![("RouteTableId", table.as_str()), block];
        parameters.extend(targets);
        cloud.call(OURS, "CreateRoute", &parameters).code()
    };
    let absent = "pcx-00000000000000000";
    assert_eq!(code(&[]), "MissingParameter");
    assert_eq!(
        code(&[("VpcPeeringConnectionId", absent)]),
        "InvalidVpcPeeringConnectionID.NotFound"
    );
    assert_eq!(code(&[("VpcPeeringConnectionId", "x")]), "InvalidVpcPeeringConnectionId.Malformed");
    assert_eq!(code(&[("GatewayId", "igw-1")]), "InvalidGatewayID.NotFound");
    assert_eq!(code(&[("NatGatewayId", "nat-1")]), "InvalidNatGatewayID.NotFound");
    let two = [("GatewayId", "igw-1"), ("VpcPeeringConnectionId", absent)];
    assert_eq!(code(&two), "InvalidParameterCombination");
    let id = cloud.active((OURS, &ours), (THEIRS, &theirs));
    cloud.on(OURS, "DeleteVpcPeeringConnection", &id).ok();
    assert_eq!(code(&[("VpcPeeringConnectionId", &id)]), "IncorrectState");
}

/// Amazon VPC quotas: 50 routes in a table beside the local ones.
#[test]
fn a_table_has_50_routes_and_no_more() {
    let (cloud, ours, theirs) = two();
    let table = cloud.table(OURS, &ours);
    let id = cloud.active((OURS, &ours), (THEIRS, &theirs));
    for number in 0..50 {
        route(&cloud, "CreateRoute", &table, &format!("172.31.{number}.0/24"), &id).ok();
    }
    let more = route(&cloud, "CreateRoute", &table, "172.31.50.0/24", &id);
    assert_eq!(more.code(), "RouteLimitExceeded");
    assert_eq!(cloud.routes(OURS, &table).len(), 51);
}

/// EC2 API Reference, `ReplaceRoute`, `DeleteRoute`, with the words of EC2's refusals.
#[test]
fn only_a_route_that_was_made_is_replaced_or_deleted() {
    let (cloud, ours, theirs) = two();
    let table = cloud.table(OURS, &ours);
    let other = cloud.vpc(THEIRS, "172.30.0.0/16");
    let one = cloud.active((OURS, &ours), (THEIRS, &theirs));
    let two = cloud.active((OURS, &ours), (THEIRS, &other));
    let words = "There is no route defined for '172.31.0.0/16' in the route table. Use CreateRoute \
                 instead.";
    let replaced = route(&cloud, "ReplaceRoute", &table, "172.31.0.0/16", &two);
    replaced.refuses("InvalidParameterValue", words);
    let delete = |block| {
        let parameters = [("RouteTableId", table.as_str()), ("DestinationCidrBlock", block)];
        cloud.call(OURS, "DeleteRoute", &parameters)
    };
    let words =
        format!("no route with destination-cidr-block 172.31.0.0/16 in route table {table}");
    delete("172.31.0.0/16").refuses("InvalidRoute.NotFound", &words);
    assert_eq!(delete("10.8.0.0/21").code(), "InvalidParameterValue");
    route(&cloud, "CreateRoute", &table, "172.31.0.0/16", &one).ok();
    route(&cloud, "ReplaceRoute", &table, "172.31.0.0/16", &two).ok();
    let left = [LOCAL.to_owned(), format!("172.31.0.0/16 {two} active")];
    assert_eq!(cloud.routes(OURS, &table), left);
}

/// Amazon VPC User Guide, "Route table concepts": main table, associations, what can be deleted.
#[test]
fn a_table_in_use_stays() {
    let (cloud, ours, _) = two();
    let main = cloud.table(OURS, &ours);
    let table = cloud.call(OURS, "CreateRouteTable", &[("VpcId", &ours)]).ok().get("routeTableId");
    let block = [("VpcId", ours.as_str()), ("CidrBlock", "10.8.0.0/24")];
    let subnet = cloud.call(OURS, "CreateSubnet", &block).ok().get("subnetId");
    let parameters = [("RouteTableId", table.as_str()), ("SubnetId", subnet.as_str())];
    let made = cloud.call(OURS, "AssociateRouteTable", &parameters).ok().get("associationId");
    let same = cloud.call(OURS, "AssociateRouteTable", &parameters).ok();
    assert_eq!(same.get("associationId"), made);
    let elsewhere = [("RouteTableId", main.as_str()), ("SubnetId", subnet.as_str())];
    let taken = cloud.call(OURS, "AssociateRouteTable", &elsewhere);
    assert_eq!(taken.code(), "Resource.AlreadyAssociated");
    let delete = |id: &str| cloud.call(OURS, "DeleteRouteTable", &[("RouteTableId", id)]);
    for id in [&main, &table] {
        let words = format!("The routeTable '{id}' has dependencies and cannot be deleted.");
        delete(id).refuses("DependencyViolation", &words);
    }
    let moved = [("AssociationId", made.as_str()), ("RouteTableId", main.as_str())];
    let fresh = cloud.call(OURS, "ReplaceRouteTableAssociation", &moved).ok();
    let fresh = fresh.get("newAssociationId");
    cloud.call(OURS, "DisassociateRouteTable", &[("AssociationId", &fresh)]).ok();
    let gone = cloud.call(OURS, "DisassociateRouteTable", &[("AssociationId", &made)]);
    assert_eq!(gone.code(), "InvalidAssociationID.NotFound");
    delete(&table).ok();
}

/// EC2 API Reference, `ReplaceRouteTableAssociation`: it also changes a VPC's main table.
#[test]
fn another_table_can_be_the_main_one() {
    let (cloud, ours, theirs) = two();
    let main = cloud.table(OURS, &ours);
    let table = cloud.call(OURS, "CreateRouteTable", &[("VpcId", &ours)]).ok().get("routeTableId");
    let described = cloud.call(OURS, "DescribeRouteTables", &[("RouteTableId.1", &main)]).ok();
    let association = described.get("routeTableAssociationId");
    let refused = cloud.call(OURS, "DisassociateRouteTable", &[("AssociationId", &association)]);
    let words = format!("cannot disassociate the main route table association {association}");
    refused.refuses("InvalidParameterValue", &words);
    let replace = |table: &str| {
        let moved = [("AssociationId", association.as_str()), ("RouteTableId", table)];
        cloud.call(OURS, "ReplaceRouteTableAssociation", &moved)
    };
    let foreign = cloud.vpc(OURS, "10.9.0.0/21");
    assert_eq!(replace(&cloud.table(OURS, &foreign)).code(), "InvalidParameterValue");
    assert_eq!(replace(&cloud.table(THEIRS, &theirs)).code(), "InvalidRouteTableID.NotFound");
    replace(&table).ok();
    assert_eq!(cloud.table(OURS, &ours), table);
    cloud.call(OURS, "DeleteRouteTable", &[("RouteTableId", &main)]).ok();
}

/// Amazon EC2 Developer Guide, "Ensuring idempotency": the same token makes one table.
#[test]
fn a_token_makes_one_table() {
    let (cloud, ours, _) = two();
    let other = cloud.vpc(OURS, "10.9.0.0/21");
    let create = |vpc: &str, token: &str| {
        cloud.call(OURS, "CreateRouteTable", &[("VpcId", vpc), ("ClientToken", token)])
    };
    let made = create(&ours, "one").ok().get("routeTableId");
    assert_eq!(create(&ours, "one").ok().get("routeTableId"), made);
    assert_ne!(create(&ours, "two").ok().get("routeTableId"), made);
    assert_eq!(create(&other, "one").code(), "IdempotentParameterMismatch");
    create(&other, "three").ok();
}

fn two() -> (Cloud, String, String) {
    let cloud = Cloud::new();
    let (ours, theirs) = (cloud.vpc(OURS, "10.8.0.0/21"), cloud.vpc(THEIRS, "172.31.0.0/16"));
    (cloud, ours, theirs)
}

fn route(
    cloud: &Cloud,
    action: &str,
    table: &str,
    block: &str,
    id: &str,
) -> super::support::Answer {
    let parameters =
        [("RouteTableId", table), ("DestinationCidrBlock", block), ("VpcPeeringConnectionId", id)];
    cloud.call(OURS, action, &parameters)
}
