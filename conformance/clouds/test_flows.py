"""Owns the proof that both halves meet: a peering asked for through the Atlas API, made by the
driver in a cloud that speaks its own protocol, and agreed to there by that cloud's own client."""

import atlas
import boto3
import customer
import pytest

CUSTOMER = "123456789012"


def ec2(clouds, account, region):
    """The official client, as somebody of that account."""
    return boto3.client(
        "ec2", endpoint_url=clouds.aws, region_name=region, aws_access_key_id=account,
        aws_secret_access_key="any",
    )


def on_aws(clouds, region, block):
    """A network of the customer on AWS, its client, and the body that asks for a peering."""
    client = ec2(clouds, CUSTOMER, region)
    vpc = client.create_vpc(CidrBlock=block)["Vpc"]["VpcId"]
    client.get_waiter("vpc_available").wait(VpcIds=[vpc], WaiterConfig={"Delay": 0.1})
    names = {"accepterRegionName": region, "awsAccountId": CUSTOMER,
             "routeTableCidrBlock": block, "vpcId": vpc}
    return client, vpc, names


def wait_for(client, group, peer, *states):
    """The peering, once it stands in one of these states."""
    def state(found):
        return getattr(found, "status_name", None) or found.status
    return atlas.until(lambda: client.network_peering.get_group_peer(group, peer),
                       lambda found: state(found) in states)


@pytest.mark.parametrize(("region", "block"), [("us-east-1", "172.16.0.0/16"),
                                               ("eu-west-1", "172.17.0.0/16")])
def test_boto3_accepts_what_the_atlas_api_asked_for(client, group, clouds, region, block):
    theirs, vpc, names = on_aws(clouds, region, block)
    container = client.network_peering.create_group_container(group, atlas.AWS.container())
    body = {"providerName": "AWS", "containerId": container.id, **names}
    peer = client.network_peering.create_group_peer(group, body)
    waiting = wait_for(client, group, peer.id, "PENDING_ACCEPTANCE")
    found = theirs.describe_vpc_peering_connections(
        VpcPeeringConnectionIds=[waiting.connection_id])["VpcPeeringConnections"]
    assert [one["Status"]["Code"] for one in found] == ["pending-acceptance"]
    assert found[0]["AccepterVpcInfo"]["VpcId"] == vpc
    ours_block = found[0]["RequesterVpcInfo"]["CidrBlock"]
    assert ours_block == atlas.AWS.block
    theirs.accept_vpc_peering_connection(VpcPeeringConnectionId=waiting.connection_id)
    table = theirs.describe_route_tables(
        Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"][0]["RouteTableId"]
    theirs.create_route(RouteTableId=table, DestinationCidrBlock=ours_block,
                        VpcPeeringConnectionId=waiting.connection_id)
    wait_for(client, group, peer.id, "AVAILABLE")
    routes = our_routes(clouds, found[0]["RequesterVpcInfo"]["VpcId"], waiting.connection_id)
    assert routes and {route["DestinationCidrBlock"] for route in routes} == {block}
    assert {route["State"] for route in routes} == {"active"}

    client.network_peering.delete_group_peer(group, peer.id)
    atlas.until_gone(client, group, peer.id)
    blackhole = theirs.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
    assert [route["State"] for route in blackhole
            if route.get("VpcPeeringConnectionId") == waiting.connection_id] == ["blackhole"]
    theirs.delete_route(RouteTableId=table, DestinationCidrBlock=ours_block)
    atlas.until(lambda: client.network_peering.get_group_container(container.id, group),
                lambda home: home.provisioned is False)
    left = ours(clouds).describe_vpcs(
        Filters=[{"Name": "tag:peerage:container", "Values": [container.id]}])["Vpcs"]
    assert left == []


def ours(clouds):
    """What the service sees in its own account."""
    return ec2(clouds, "999988887777", "us-east-1")


def our_routes(clouds, vpc, connection):
    """The routes of our tables that lead through a connection."""
    tables = ours(clouds).describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])
    routes = [route for table in tables["RouteTables"] for route in table["Routes"]]
    return [route for route in routes if route.get("VpcPeeringConnectionId") == connection]


def available_on_aws(client, group, clouds, block):
    """A peering that works: its id, its connection, both clients."""
    theirs, vpc, names = on_aws(clouds, "us-east-1", block)
    container = client.network_peering.create_group_container(group, atlas.AWS.container())
    body = {"providerName": "AWS", "containerId": container.id, **names}
    peer = client.network_peering.create_group_peer(group, body)
    connection = wait_for(client, group, peer.id, "PENDING_ACCEPTANCE").connection_id
    theirs.accept_vpc_peering_connection(VpcPeeringConnectionId=connection)
    wait_for(client, group, peer.id, "AVAILABLE")
    return peer.id, connection, theirs, vpc


def test_a_rejection_fails_the_peering(client, group, clouds):
    theirs, _, names = on_aws(clouds, "us-east-1", "172.18.0.0/16")
    container = client.network_peering.create_group_container(group, atlas.AWS.container())
    body = {"providerName": "AWS", "containerId": container.id, **names}
    peer = client.network_peering.create_group_peer(group, body)
    connection = wait_for(client, group, peer.id, "PENDING_ACCEPTANCE").connection_id
    theirs.reject_vpc_peering_connection(VpcPeeringConnectionId=connection)
    failed = wait_for(client, group, peer.id, "FAILED")
    assert failed.error_state_name == "REJECTED"


def test_overlapping_addresses_fail_the_peering(client, group, clouds):
    """The cloud looks at the networks themselves, whatever block the request named."""
    _, _, names = on_aws(clouds, "us-east-1", "192.168.0.0/16")
    names["routeTableCidrBlock"] = "172.23.0.0/16"
    container = client.network_peering.create_group_container(group, atlas.AWS.container())
    body = {"providerName": "AWS", "containerId": container.id, **names}
    peer = client.network_peering.create_group_peer(group, body)
    failed = wait_for(client, group, peer.id, "FAILED")
    assert failed.error_state_name == "INVALID_ARGUMENT"


def test_a_route_that_somebody_deletes_comes_back_and_leaves_an_event(client, group, clouds):
    peer, connection, theirs, _ = available_on_aws(client, group, clouds, "172.19.0.0/16")
    vpc = theirs.describe_vpc_peering_connections(VpcPeeringConnectionIds=[connection])[
        "VpcPeeringConnections"][0]["RequesterVpcInfo"]["VpcId"]
    tables = ours(clouds).describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])
    table = tables["RouteTables"][0]["RouteTableId"]
    ours(clouds).delete_route(RouteTableId=table, DestinationCidrBlock="172.19.0.0/16")
    atlas.until(lambda: our_routes(clouds, vpc, connection), bool)
    wait_for(client, group, peer, "AVAILABLE")


def test_a_connection_that_the_customer_deletes_fails_the_peering(client, group, clouds):
    peer, connection, theirs, _ = available_on_aws(client, group, clouds, "172.20.0.0/16")
    theirs.delete_vpc_peering_connection(VpcPeeringConnectionId=connection)
    failed = wait_for(client, group, peer, "FAILED")
    assert failed.error_state_name == "REJECTED"


def test_azures_client_gives_the_role_and_the_peering_works(client, group, clouds):
    life_on_azure(client, group, clouds, "172.21.0.0/16")


def life_on_azure(client, group, clouds, block):
    """A peering with a network of the customer on Azure, from the request to its end."""
    azure = customer.Azure(clouds)
    vnet = azure.vnet(group, block)
    container = client.network_peering.create_group_container(group, atlas.AZURE.container())
    body = {"providerName": "AZURE", "containerId": container.id, **vnet.names}
    peer = client.network_peering.create_group_peer(group, body)
    azure.grant(vnet)
    wait_for(client, group, peer.id, "AVAILABLE")
    sides = azure.peerings(vnet)
    assert [side.peering_state for side in sides] == ["Connected"]
    assert [side.peering_sync_level for side in sides] == ["FullyInSync"]
    client.network_peering.delete_group_peer(group, peer.id)
    atlas.until_gone(client, group, peer.id)
    assert azure.peerings(vnet) == []


def test_googles_client_makes_its_half_and_the_peering_works(client, group, clouds):
    life_on_gcp(client, group, clouds, "172.22.0.0/16")


def life_on_gcp(client, group, clouds, block):
    """A peering with a network of the customer on GCP, from the request to its end."""
    google = customer.Google(clouds)
    network = google.network(f"customer-{group[-8:]}", block)
    container = client.network_peering.create_group_container(group, atlas.GCP.container())
    body = {"providerName": "GCP", "containerId": container.id, **network}
    peer = client.network_peering.create_group_peer(group, body)
    wait_for(client, group, peer.id, "WAITING_FOR_USER")
    home = client.network_peering.get_group_container(container.id, group)
    google.join(network, home.gcp_project_id, home.network_name)
    wait_for(client, group, peer.id, "AVAILABLE")
    assert google.states(network) == ["ACTIVE"]
    client.network_peering.delete_group_peer(group, peer.id)
    atlas.until_gone(client, group, peer.id)
    assert google.states(network) == ["INACTIVE"]
