"""Owns the proof of the two numbers that bound a project: 50 peerings, 25 of them pending."""

import atlas
from atlas import AWS, refused

FULL = "The maximum number of peering connections ({}) has been reached."


def numbered(container, number):
    """A peering that no other number is in the way of."""
    return AWS.peer(
        container,
        vpcId=f"vpc-{number:017x}",
        routeTableCidrBlock=f"10.{number}.0.0/16",
    )


def test_at_most_25_peerings_wait(waiting):
    with atlas.digest(waiting) as client:
        group = atlas.new_project(client, waiting)
        container = client.network_peering.create_group_container(group, AWS.container()).id
        for number in range(25):
            client.network_peering.create_group_peer(group, numbered(container, number))
        payload = refused(
            409, "PEER_MAXIMUM_REACHED",
            client.network_peering.create_group_peer, group, numbered(container, 25),
        )
        assert payload["detail"] == FULL.format(25)
        assert payload["parameters"] == ["25"]


def test_at_most_50_peerings_exist(client, group):
    container = client.network_peering.create_group_container(group, AWS.container()).id
    for number in range(50):
        peer = client.network_peering.create_group_peer(group, numbered(container, number))
        if number % 10 == 9:
            atlas.until(
                lambda: client.network_peering.list_group_peers(group, provider_name="AWS"),
                lambda page: all(found.status_name == "AVAILABLE" for found in page.results),
            )
    payload = refused(
        409, "PEER_MAXIMUM_REACHED",
        client.network_peering.create_group_peer, group, numbered(container, 50),
    )
    assert payload["detail"] == FULL.format(50)

    client.network_peering.delete_group_peer(group, peer.id)
    atlas.until_gone(client, group, peer.id)
    again = client.network_peering.create_group_peer(group, numbered(container, 50))
    assert again.id != peer.id
