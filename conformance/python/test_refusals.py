"""Owns the proof that what is refused is refused as Atlas does: status, code, text and fields."""

import atlas
import pytest
from atlas import AWS, AZURE, CLOUDS, GCP, UNKNOWN_ID, refused

GONE = object()


def without(body, **changes):
    """This body with other values; GONE takes a field away."""
    merged = {**body, **changes}
    return {name: value for name, value in merged.items() if value is not GONE}


def fields(payload):
    """The fields that an error names."""
    return [field["field"] for field in payload["badRequestDetail"]["fields"]]


BAD_CONTAINERS = [
    (AWS, {"regionName": GONE}, "MISSING_ATTRIBUTE", "regionName"),
    (AZURE, {"region": GONE}, "MISSING_ATTRIBUTE", "region"),
    (AZURE, {"atlasCidrBlock": GONE}, "MISSING_ATTRIBUTE", "atlasCidrBlock"),
    (GCP, {"atlasCidrBlock": GONE}, "MISSING_ATTRIBUTE", "atlasCidrBlock"),
    (AWS, {"regionName": "MARS_NORTH_1"}, "INVALID_ENUM_VALUE", "regionName"),
    (AZURE, {"region": "MARS_NORTH"}, "INVALID_ENUM_VALUE", "region"),
    (AWS, {"providerName": "ORACLE"}, "INVALID_ENUM_VALUE", "providerName"),
    (AWS, {"atlasCidrBlock": "nonsense"}, "INVALID_ATTRIBUTE", "atlasCidrBlock"),
    (AWS, {"atlasCidrBlock": "8.8.8.0/24"}, "INVALID_ATTRIBUTE", "atlasCidrBlock"),
    (AWS, {"atlasCidrBlock": "10.0.0.0/20"}, "INVALID_ATTRIBUTE", "atlasCidrBlock"),
    (AZURE, {"atlasCidrBlock": "10.0.0.0/25"}, "INVALID_ATTRIBUTE", "atlasCidrBlock"),
    (GCP, {"atlasCidrBlock": "10.0.0.0/22"}, "INVALID_ATTRIBUTE", "atlasCidrBlock"),
    (AWS, {"atlasCidrBlock": 7}, "INVALID_ATTRIBUTE", "atlasCidrBlock"),
]


@pytest.mark.parametrize("cloud, changes, code, field", BAD_CONTAINERS)
def test_a_bad_container_is_refused(client, group, cloud, changes, code, field):
    body = without(cloud.container(), **changes)
    payload = refused(400, code, client.network_peering.create_group_container, group, body)
    assert payload["reason"] == "Bad Request"
    assert fields(payload) == [field]
    if code == "MISSING_ATTRIBUTE":
        assert payload["detail"] == f"The required attribute {field} was not specified."
    listed = client.network_peering.list_group_container_all(group)
    assert (listed.results, listed.total_count) == ([], 0)


BAD_PEERS = [
    *((AWS, {name: GONE}, "MISSING_ATTRIBUTE", name) for name in ("containerId", *AWS.network)),
    *((AZURE, {name: GONE}, "MISSING_ATTRIBUTE", name) for name in ("containerId", *AZURE.network)),
    *((GCP, {name: GONE}, "MISSING_ATTRIBUTE", name) for name in ("containerId", *GCP.network)),
    (AWS, {"awsAccountId": "12345"}, "INVALID_ATTRIBUTE", "awsAccountId"),
    (AWS, {"vpcId": "vpc-1"}, "INVALID_ATTRIBUTE", "vpcId"),
    (AWS, {"routeTableCidrBlock": "10.0.0.0/33"}, "INVALID_ATTRIBUTE", "routeTableCidrBlock"),
    (AWS, {"containerId": "seven"}, "INVALID_ATTRIBUTE", "containerId"),
    (AWS, {"providerName": "ORACLE"}, "INVALID_ENUM_VALUE", "providerName"),
    (AZURE, {"azureDirectoryId": "no-uuid"}, "INVALID_ATTRIBUTE", "azureDirectoryId"),
    (AZURE, {"vnetName": "a b"}, "INVALID_ATTRIBUTE", "vnetName"),
    (GCP, {"gcpProjectId": "7up"}, "INVALID_ATTRIBUTE", "gcpProjectId"),
]


@pytest.mark.parametrize("cloud, changes, code, field", BAD_PEERS)
def test_a_bad_peering_is_refused(client, group, cloud, changes, code, field):
    container = client.network_peering.create_group_container(group, cloud.container())
    body = without(cloud.peer(container.id), **changes)
    payload = refused(400, code, client.network_peering.create_group_peer, group, body)
    assert fields(payload) == [field]
    if code == "MISSING_ATTRIBUTE":
        assert payload["detail"] == f"The required attribute {field} was not specified."
    listed = client.network_peering.list_group_peers(group, provider_name=cloud.name)
    assert listed.results == []


def test_every_field_at_fault_is_named(client, group):
    container = client.network_peering.create_group_container(group, AWS.container())
    body = without(AWS.peer(container.id), vpcId=GONE, awsAccountId="1")
    payload = refused(400, "MISSING_ATTRIBUTE", client.network_peering.create_group_peer, group, body)
    assert sorted(fields(payload)) == ["awsAccountId", "vpcId"]


@pytest.mark.parametrize("cloud", CLOUDS, ids=lambda cloud: cloud.name)
def test_one_container_a_place(client, group, cloud):
    client.network_peering.create_group_container(group, cloud.container())
    payload = refused(
        409, "CONTAINER_ALREADY_EXISTS", client.network_peering.create_group_container, group,
        cloud.container(atlasCidrBlock={"GCP": "10.192.0.0/18"}.get(cloud.name, "10.7.0.0/21")),
    )
    assert payload["detail"].startswith(f"A container already exists for group {group}.")
    assert payload["parameters"] == [group]
    assert payload["reason"] == "Conflict"


TWINS = [
    (AWS, "PEER_ALREADY_EXISTS",
     "The peer with AWS Account ID {awsAccountId} and VPC ID {vpcId} already exists."),
    (AZURE, "PEER_ALREADY_EXISTS_AZURE",
     "The peer with Azure Subscription ID {azureSubscriptionId} and Virtual Network name "
     "{vnetName} already exists."),
    (GCP, "PEER_ALREADY_EXISTS_GCP",
     "The peer with GCP Project ID {gcpProjectId} and network name {networkName} already exists."),
]


@pytest.mark.parametrize("cloud, code, text", TWINS)
def test_one_peering_a_network(client, group, cloud, code, text):
    container = client.network_peering.create_group_container(group, cloud.container())
    client.network_peering.create_group_peer(group, cloud.peer(container.id))
    payload = refused(
        409, code, client.network_peering.create_group_peer, group, cloud.peer(container.id)
    )
    assert payload["detail"] == text.format(**cloud.names(container.id))


def test_blocks_may_not_overlap(client, group):
    container = client.network_peering.create_group_container(group, AWS.container())
    create = client.network_peering.create_group_peer
    own = AWS.peer(container.id, routeTableCidrBlock="192.168.0.0/16")
    payload = refused(409, "OVERLAPPING_ATLAS_CIDR_BLOCK", create, group, own)
    assert payload["detail"] == (
        "The CIDR block 192.168.0.0/16 overlaps with an Atlas CIDR block."
    )
    create(group, AWS.peer(container.id))
    other = AWS.peer(container.id, routeTableCidrBlock="10.15.7.0/24", vpcId="vpc-00000000000000002")
    payload = refused(409, "OVERLAPPING_CIDR_BLOCK", create, group, other)
    assert payload["detail"] == (
        "The CIDR block 10.15.7.0/24 overlaps with another peer's CIDR block."
    )


def test_a_container_with_a_peering_is_locked(client, group):
    peering = client.network_peering
    container = peering.create_group_container(group, AWS.container())
    peering.create_group_peer(group, AWS.peer(container.id))
    moved = AWS.container(regionName="US_EAST_2")
    for call in (
        lambda: peering.update_group_container(container.id, group, moved),
        lambda: peering.delete_group_container(container.id, group),
    ):
        payload = refused(409, "CONTAINERS_IN_USE", call)
        assert payload["detail"].startswith("Cannot modify in use containers.")
    assert peering.get_group_container(container.id, group).region_name == "US_EAST_1"
    payload = refused(
        409, "CANNOT_CLOSE_GROUP_ACTIVE_PEERING_CONNECTIONS", client.projects.delete_group, group
    )
    assert client.projects.get_group(group).id == group


def test_an_empty_container_moves_and_keeps_its_id(client, group):
    container = client.network_peering.create_group_container(group, AWS.container())
    moved = client.network_peering.update_group_container(
        container.id, group, AWS.container(regionName="US_EAST_2", atlasCidrBlock="10.9.0.0/22")
    )
    assert (moved.id, moved.region_name, moved.atlas_cidr_block) == (
        container.id, "US_EAST_2", "10.9.0.0/22",
    )
    assert client.network_peering.get_group_container(container.id, group) == moved


def test_a_peering_asks_for_a_container_of_its_cloud(client, group):
    container = client.network_peering.create_group_container(group, AWS.container())
    for body in (AZURE.peer(container.id), AWS.peer(UNKNOWN_ID)):
        payload = refused(
            404, "CLOUD_PROVIDER_CONTAINER_NOT_FOUND",
            client.network_peering.create_group_peer, group, body,
        )
        assert payload["parameters"] == [body["containerId"]]


def test_fields_of_another_cloud_cannot_be_changed(client, group):
    container = client.network_peering.create_group_container(group, AWS.container())
    peer = client.network_peering.create_group_peer(group, AWS.peer(container.id))
    payload = refused(
        400, "INVALID_ATTRIBUTE", client.network_peering.update_group_peer,
        group, peer.id, {"providerName": "AWS", "vnetName": "mine"},
    )
    assert fields(payload) == ["vnetName"]


def test_what_is_not_there_is_not_found(client, group):
    peering = client.network_peering
    for call in (peering.get_group_peer, peering.delete_group_peer):
        payload = refused(404, "PEER_NOT_FOUND", call, group, UNKNOWN_ID)
        assert payload["detail"] == f"No peer with ID {UNKNOWN_ID} exists in project {group}."
        assert payload["reason"] == "Not Found"
    refused(404, "PEER_NOT_FOUND", peering.update_group_peer, group, UNKNOWN_ID,
            {"providerName": "AWS", "routeTableCidrBlock": "10.0.0.0/16"})
    for call in (peering.get_group_container, peering.delete_group_container):
        payload = refused(404, "CLOUD_PROVIDER_CONTAINER_NOT_FOUND", call, UNKNOWN_ID, group)
        assert payload["parameters"] == [UNKNOWN_ID]
    payload = refused(404, "GROUP_NOT_FOUND", peering.list_group_container_all, UNKNOWN_ID)
    assert payload["detail"] == f"No group with ID {UNKNOWN_ID} exists."
    payload = refused(404, "GROUP_NAME_NOT_FOUND", client.projects.get_group_by_name, "no-such")
    assert payload["detail"] == 'No group with name "no-such" exists.'


def test_a_malformed_id_is_told_apart_from_an_unknown_one(client, group):
    refused(400, "PATH_PARAM_PARSE_ERROR", client.network_peering.get_group_peer, group, "pcx-1")
    refused(400, "PATH_PARAM_PARSE_ERROR", client.network_peering.get_group_container, "x", group)
    refused(400, "PATH_PARAM_PARSE_ERROR", client.network_peering.list_group_container_all, "x")


def test_a_peering_of_another_project_is_not_found(client, server, group):
    container = client.network_peering.create_group_container(group, AWS.container())
    peer = client.network_peering.create_group_peer(group, AWS.peer(container.id))
    elsewhere = atlas.new_project(client, server)
    refused(404, "PEER_NOT_FOUND", client.network_peering.get_group_peer, elsewhere, peer.id)
    refused(404, "CLOUD_PROVIDER_CONTAINER_NOT_FOUND",
            client.network_peering.get_group_container, container.id, elsewhere)


def test_private_ip_mode_can_only_be_off(client, group):
    assert client.network_peering.verify_group_private_ip_mode(group).enabled is False
    off = client.network_peering.disable_group_private_ip_mode_peering(group, {"enabled": False})
    assert off.enabled is False
