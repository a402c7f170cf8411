"""Owns the proof that pyatlassdk takes a peering through its whole life on each cloud."""

import re

import atlas
import pytest
from atlas import AWS, AZURE, CLOUDS, GCP
from pyatlassdk.admin.models.aws_cloud_provider_container import AWSCloudProviderContainer
from pyatlassdk.admin.models.aws_network_peering_connection_settings import (
    AwsNetworkPeeringConnectionSettings,
)

PATHS = {
    "AWS": ["INITIATING", "PENDING_ACCEPTANCE", "FINALIZING", "AVAILABLE"],
    "AZURE": ["ADDING_PEER", "AVAILABLE"],
    "GCP": ["ADDING_PEER", "WAITING_FOR_USER", "ADDING_PEER", "AVAILABLE"],
}
MODELS = {"AWS": "Aws", "AZURE": "Azure", "GCP": "GCP"}


def in_order(seen, path):
    """Whether these statuses, repetitions aside, come from walking along this path."""
    steps = iter(path)
    changes = [state for index, state in enumerate(seen) if index == 0 or seen[index - 1] != state]
    return all(any(step == state for step in steps) for state in changes)


@pytest.mark.parametrize("cloud", CLOUDS, ids=lambda cloud: cloud.name)
def test_a_peering_lives_from_request_to_removal(either, server, cloud):
    peering = either.network_peering
    group = atlas.new_project(either, server)
    container = peering.create_group_container(group, cloud.container())
    assert re.fullmatch("[a-f0-9]{24}", container.id)
    assert container.provider_name == cloud.name
    assert container.atlas_cidr_block == cloud.block
    assert container.provisioned is False
    assert peering.get_group_container(container.id, group) == container

    peer = peering.create_group_peer(group, cloud.peer(container.id))
    assert re.fullmatch("[a-f0-9]{24}", peer.id)
    assert cloud.state(peer) == cloud.first
    seen = [cloud.state(peer)]

    def look():
        found = peering.get_group_peer(group, peer.id)
        seen.append(cloud.state(found))
        return found

    final = atlas.until(look, lambda found: cloud.state(found) == "AVAILABLE")
    assert in_order(seen, PATHS[cloud.name]), seen
    assert type(final).__name__ == f"{MODELS[cloud.name]}NetworkPeeringConnectionSettings"
    sent = cloud.peer(container.id)
    assert {name: final.model_dump(by_alias=True)[name] for name in sent} == sent

    listed = peering.list_group_peers(group, provider_name=cloud.name)
    assert [found.id for found in listed.results] == [peer.id]
    assert listed.total_count == 1
    assert peering.get_group_container(container.id, group).provisioned is True

    assert peering.delete_group_peer(group, peer.id) == {}
    assert set(atlas.until_gone(either, group, peer.id)) <= {cloud.deleting}
    freed = atlas.until(
        lambda: peering.get_group_container(container.id, group),
        lambda found: found.provisioned is False,
    )
    assert freed.id == container.id
    atlas.no_content(peering.delete_group_container, container.id, group)
    gone = atlas.refused(
        404, "CLOUD_PROVIDER_CONTAINER_NOT_FOUND", peering.get_group_container, container.id, group
    )
    assert gone["detail"] == f"An invalid cloud provider container ID {container.id} was specified."
    assert either.projects.delete_group(group) == {}
    atlas.refused(404, "GROUP_NOT_FOUND", either.projects.get_group, group)


def test_typed_requests_are_understood(client, group):
    container = client.network_peering.create_group_container(
        group,
        AWSCloudProviderContainer(
            provider_name="AWS", region_name="EU_WEST_1", atlas_cidr_block="10.8.0.0/21"
        ),
    )
    assert container.region_name == "EU_WEST_1"
    peer = client.network_peering.create_group_peer(
        group,
        AwsNetworkPeeringConnectionSettings(
            provider_name="AWS",
            container_id=container.id,
            accepter_region_name="eu-west-1",
            aws_account_id="123456789012",
            vpc_id="vpc-0123456789abcdef0",
            route_table_cidr_block="172.31.0.0/16",
        ),
    )
    done = atlas.until_state(client, group, peer.id, AWS, "AVAILABLE")
    assert done.accepter_region_name == "eu-west-1"
    assert re.fullmatch("pcx-[0-9a-f]{17}", done.connection_id)
    assert done.error_state_name is None
    home = client.network_peering.get_group_container(container.id, group)
    assert re.fullmatch("vpc-[0-9a-f]{17}", home.vpc_id)


def test_the_cloud_names_of_a_container_follow_the_published_patterns(client, group):
    azure = client.network_peering.create_group_container(group, AZURE.container())
    gcp = client.network_peering.create_group_container(group, GCP.container())
    for cloud, container in ((AZURE, azure), (GCP, gcp)):
        peer = client.network_peering.create_group_peer(group, cloud.peer(container.id))
        atlas.until_state(client, group, peer.id, cloud, "AVAILABLE")
    azure = client.network_peering.get_group_container(azure.id, group)
    assert re.fullmatch("[a-f0-9]{24}", azure.azure_subscription_id)
    assert re.fullmatch(r"[-\w._()]+", azure.vnet_name)
    gcp = client.network_peering.get_group_container(gcp.id, group)
    assert re.fullmatch("p-[0-9a-z]{24}", gcp.gcp_project_id)
    assert re.fullmatch("nt-[0-9a-f]{24}-[0-9a-z]{8}", gcp.network_name)


def test_no_provider_means_aws(client, group):
    body = AWS.container()
    del body["providerName"]
    container = client.network_peering.create_group_container(group, body)
    assert container.provider_name == "AWS"
    body = AWS.peer(container.id)
    del body["providerName"]
    peer = client.network_peering.create_group_peer(group, body)
    assert peer.provider_name == "AWS"
    listed = atlas.raw(client, "GET", f"/groups/{group}/peers")
    assert [found["id"] for found in listed["results"]] == [peer.id]


def test_a_route_changes_in_place_and_a_network_starts_again(client, group):
    peering = client.network_peering
    container = peering.create_group_container(group, AWS.container())
    peer = peering.create_group_peer(group, AWS.peer(container.id))
    before = atlas.until_state(client, group, peer.id, AWS, "AVAILABLE")

    routed = peering.update_group_peer(
        group, peer.id, AWS.peer(container.id, routeTableCidrBlock="10.16.0.0/16")
    )
    assert routed.route_table_cidr_block == "10.16.0.0/16"
    after = atlas.until_state(client, group, peer.id, AWS, "AVAILABLE")
    assert after.connection_id == before.connection_id

    moved = peering.update_group_peer(
        group, peer.id, {"providerName": "AWS", "vpcId": "vpc-00000000000000001"}
    )
    assert moved.status_name == "INITIATING"
    again = atlas.until_state(client, group, peer.id, AWS, "AVAILABLE")
    assert again.vpc_id == "vpc-00000000000000001"
    assert again.connection_id != before.connection_id


@pytest.mark.parametrize("cloud", (AZURE, GCP), ids=lambda cloud: cloud.name)
def test_an_update_that_changes_nothing_is_a_success(client, group, cloud):
    """What Terraform sends when only something else in its configuration changed."""
    container = client.network_peering.create_group_container(group, cloud.container())
    peer = client.network_peering.create_group_peer(group, cloud.peer(container.id))
    atlas.until_state(client, group, peer.id, cloud, "AVAILABLE")
    body = {"providerName": cloud.name, "containerId": container.id}
    same = client.network_peering.update_group_peer(group, peer.id, body)
    assert (same.id, cloud.state(same)) == (peer.id, "AVAILABLE")
