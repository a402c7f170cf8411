"""Owns the proof that what the other party or the cloud decides shows as Atlas shows it."""

import atlas
import pytest
from atlas import AWS, AZURE, CLOUDS, GCP

OVERLAP = (
    "Could not create peering connection in Atlas Azure account because a peer with an "
    "overlapping CIDR block already exists."
)


def requested(client, server, cloud):
    """A project, its container and a peering that was just asked for."""
    group = atlas.new_project(client, server)
    container = client.network_peering.create_group_container(group, cloud.container())
    peer = client.network_peering.create_group_peer(group, cloud.peer(container.id))
    return group, container.id, peer.id


def test_a_rejected_request_fails_and_can_be_deleted(rejecting):
    with atlas.digest(rejecting) as client:
        group, _, peer = requested(client, rejecting, AWS)
        failed = atlas.until_state(client, group, peer, AWS, "FAILED")
        assert failed.error_state_name == "REJECTED"
        assert client.network_peering.delete_group_peer(group, peer) == {}
        assert set(atlas.until_gone(client, group, peer)) <= {"TERMINATING"}


@pytest.mark.parametrize("cloud", CLOUDS, ids=lambda cloud: cloud.name)
def test_no_error_is_shown_unless_it_failed(client, server, cloud):
    """Some clients take any text in these fields for a failure, whatever the status says."""
    group, _, peer = requested(client, server, cloud)
    errors = ("errorStateName", "errorState", "errorMessage")

    def look():
        found = atlas.raw(client, "GET", f"/groups/{group}/peers/{peer}")
        assert not any(found.get(name) for name in errors), found
        return found

    atlas.until(look, lambda found: found[cloud.status] == "AVAILABLE")


def test_a_request_waits_for_the_customer(waiting):
    with atlas.digest(waiting) as client:
        group, _, peer = requested(client, waiting, AWS)
        found = atlas.until_state(client, group, peer, AWS, "PENDING_ACCEPTANCE")
        assert found.connection_id.startswith("pcx-")
        for _ in range(25):
            again = client.network_peering.get_group_peer(group, peer)
            assert again == found


def test_on_gcp_the_names_for_the_customer_exist_while_it_waits(waiting):
    with atlas.digest(waiting) as client:
        group, container, peer = requested(client, waiting, GCP)
        atlas.until_state(client, group, peer, GCP, "WAITING_FOR_USER")
        home = client.network_peering.get_group_container(container, group)
        assert home.provisioned is True
        assert home.gcp_project_id.startswith("p-")
        assert home.network_name.startswith("nt-")


def test_two_projects_may_peer_one_vpc_from_equal_blocks(client, server):
    first, _, one = requested(client, server, AWS)
    second, _, two = requested(client, server, AWS)
    atlas.until_state(client, first, one, AWS, "AVAILABLE")
    atlas.until_state(client, second, two, AWS, "AVAILABLE")


def test_on_azure_the_second_project_with_an_overlapping_block_fails(client, server):
    network = {"vnetName": "shared-vnet", "resourceGroupName": "shared-group"}
    groups = [atlas.new_project(client, server) for _ in range(2)]
    containers = [
        client.network_peering.create_group_container(group, AZURE.container()).id
        for group in groups
    ]
    first = client.network_peering.create_group_peer(groups[0], AZURE.peer(containers[0], **network))
    atlas.until_state(client, groups[0], first.id, AZURE, "AVAILABLE")
    second = client.network_peering.create_group_peer(
        groups[1], AZURE.peer(containers[1], **network)
    )
    failed = atlas.until_state(client, groups[1], second.id, AZURE, "FAILED", "AVAILABLE")
    assert (failed.status, failed.error_state) == ("FAILED", OVERLAP)
    assert client.network_peering.delete_group_peer(groups[1], second.id) == {}
    assert set(atlas.until_gone(client, groups[1], second.id)) <= {"DELETING"}


def test_at_the_clouds_own_pace_a_request_is_still_being_made(slow):
    """A client that looks seconds after its request must find it under way."""
    with atlas.digest(slow) as client:
        group, container, peer = requested(client, slow, AWS)
        found = client.network_peering.get_group_peer(group, peer)
        assert found.status_name == "INITIATING"
        found = atlas.until(
            lambda: client.network_peering.get_group_peer(group, peer),
            lambda seen: seen.connection_id is not None,
        )
        assert found.status_name == "INITIATING"

        assert client.network_peering.delete_group_peer(group, peer) == {}
        found = client.network_peering.get_group_peer(group, peer)
        assert found.status_name == "TERMINATING"
        again = atlas.refused(
            409, "PEER_ALREADY_REQUESTED_DELETION",
            client.network_peering.delete_group_peer, group, peer,
        )
        assert again["detail"] == f"The peer with ID {peer} has already been requested for deletion."
        changed = atlas.refused(
            409, "PEER_INVALID_STATE",
            client.network_peering.update_group_peer, group, peer,
            AWS.peer(container, routeTableCidrBlock="10.99.0.0/16"),
        )
        assert changed["detail"] == (
            f"The peer with ID {peer} in group {group} cannot be updated in its current state."
        )
