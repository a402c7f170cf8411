"""Owns the proof of who may do what: wrong credentials, API keys and service accounts with fewer
roles, access lists, and that a credential that was taken away works no longer.
"""

import atlas
import pytest
from atlas import AWS, refused

UNAUTHORIZED = "You are not authorized for this resource."
FORBIDDEN = "The current user is not authorized to perform this action."


@pytest.fixture
def keys(client, group):
    """Makes API keys of the project with some role, and gives back clients and ids."""
    opened = []

    def make(server, role):
        key = client.programmatic_api_keys.create_group_api_key(
            group, {"desc": f"conformance {role}", "roles": [role]}
        )
        opened.append(atlas.with_key(server, key.public_key, key.private_key))
        return opened[-1], key

    yield make
    for other in opened:
        other.close()


def test_a_wrong_private_key_is_refused(server):
    with atlas.with_key(server, server["publicKey"], "not-the-private-key") as stranger:
        payload = refused(401, "UNEXPECTED_ERROR", stranger.projects.get_group, server["projectId"])
        assert payload["detail"] == UNAUTHORIZED
        assert payload["reason"] == "Unauthorized"
        assert not payload.get("parameters")


def test_an_unknown_key_is_refused_alike(server):
    with atlas.with_key(server, "nobodyxx", server["privateKey"]) as stranger:
        payload = refused(401, "UNEXPECTED_ERROR", stranger.projects.get_group, server["projectId"])
        assert payload["detail"] == UNAUTHORIZED


def test_a_wrong_secret_gets_no_token(server):
    with atlas.with_account(server, server["clientId"], "mdb_sa_sk_wrong") as stranger:
        with pytest.raises(atlas.AtlasApiError) as caught:
            stranger.projects.get_group(server["projectId"])
        assert caught.value.status_code == 401
        assert "access token" in str(caught.value)


def test_a_reader_reads_and_no_more(server, client, group, keys):
    container = client.network_peering.create_group_container(group, AWS.container())
    peer = client.network_peering.create_group_peer(group, AWS.peer(container.id))
    reader, _ = keys(server, "GROUP_READ_ONLY")
    assert reader.network_peering.get_group_peer(group, peer.id).id == peer.id
    peering = reader.network_peering
    for call, arguments in (
        (peering.create_group_container, (group, AWS.container(regionName="US_WEST_1"))),
        (peering.update_group_container, (container.id, group, AWS.container())),
        (peering.delete_group_container, (container.id, group)),
        (peering.create_group_peer, (group, AWS.peer(container.id, vpcId="vpc-" + "1" * 17))),
        (peering.update_group_peer, (group, peer.id, {"providerName": "AWS"})),
        (peering.delete_group_peer, (group, peer.id)),
    ):
        payload = refused(403, "USER_UNAUTHORIZED", call, *arguments)
        assert payload["detail"] == FORBIDDEN
        assert payload["reason"] == "Forbidden"


def test_an_owner_of_one_project_cannot_see_another(server, client, group, keys):
    owner, _ = keys(server, "GROUP_OWNER")
    made = owner.network_peering.create_group_container(group, AWS.container())
    assert made.region_name == "US_EAST_1"
    elsewhere = atlas.new_project(client, server)
    payload = refused(
        404, "GROUP_NOT_FOUND", owner.network_peering.list_group_container_all, elsewhere
    )
    assert payload["detail"] == f"No group with ID {elsewhere} exists."


def test_a_key_that_was_taken_away_works_no_longer(server, client, group, keys):
    owner, key = keys(server, "GROUP_OWNER")
    assert owner.projects.get_group(group).id == group
    atlas.no_content(client.programmatic_api_keys.delete_org_api_key, key.id, server["orgId"])
    refused(401, "UNEXPECTED_ERROR", owner.projects.get_group, group)


def test_a_private_key_is_shown_once(server, client):
    made = client.programmatic_api_keys.create_org_api_key(
        server["orgId"], {"desc": "once", "roles": ["ORG_READ_ONLY"]}
    )
    shown = client.programmatic_api_keys.get_org_api_key(made.id, server["orgId"])
    assert shown.public_key == made.public_key
    assert shown.private_key != made.private_key
    with atlas.with_key(server, made.public_key, made.private_key) as reader:
        assert reader.organizations.get_org(server["orgId"]).id == server["orgId"]
        refused(403, "USER_UNAUTHORIZED", reader.programmatic_api_keys.create_org_api_key,
                server["orgId"], {"desc": "more", "roles": ["ORG_OWNER"]})


def test_a_service_account_of_a_project(server, client, group):
    made = client.service_accounts.create_group_service_account(
        group,
        {
            "name": "reader",
            "description": "reads",
            "roles": ["GROUP_READ_ONLY"],
            "secretExpiresAfterHours": 8,
        },
    )
    assert made.client_id.startswith("mdb_sa_id_")
    assert made.secrets[0].secret.startswith("mdb_sa_sk_")
    listed = client.service_accounts.get_group_service_account(made.client_id, group)
    assert listed.secrets[0].secret is None
    with atlas.with_account(server, made.client_id, made.secrets[0].secret) as reader:
        assert reader.projects.get_group(group).id == group
        payload = refused(403, "USER_UNAUTHORIZED",
                          reader.network_peering.create_group_container, group, AWS.container())
        assert payload["detail"] == FORBIDDEN
        atlas.no_content(
            client.service_accounts.delete_org_service_account, made.client_id, server["orgId"]
        )
        with pytest.raises(atlas.AtlasApiError) as caught:
            reader.projects.get_group(group)
        assert caught.value.status_code == 401


def test_a_second_secret_works_until_it_is_deleted(server, client):
    org = server["orgId"]
    made = client.service_accounts.create_org_service_account(
        org,
        {
            "name": "two secrets",
            "description": "rotates",
            "roles": ["ORG_READ_ONLY"],
            "secretExpiresAfterHours": 8,
        },
    )
    second = client.service_accounts.create_org_service_account_secret(
        made.client_id, org, {"secretExpiresAfterHours": 8}
    )
    for secret in (made.secrets[0].secret, second.secret):
        with atlas.with_account(server, made.client_id, secret) as reader:
            assert reader.organizations.get_org(org).id == org
    atlas.no_content(
        client.service_accounts.delete_org_service_account_secret, made.client_id, org, second.id
    )
    with atlas.with_account(server, made.client_id, second.secret) as reader:
        with pytest.raises(atlas.AtlasApiError) as caught:
            reader.organizations.get_org(org)
        assert caught.value.status_code == 401


def test_the_access_list_of_a_key_keeps_other_addresses_out(server, client):
    org = server["orgId"]
    keys = client.programmatic_api_keys
    made = keys.create_org_api_key(org, {"desc": "fenced", "roles": ["ORG_READ_ONLY"]})
    with atlas.with_key(server, made.public_key, made.private_key) as fenced:
        keys.create_org_api_key_access_list_entry(made.id, org, [{"ipAddress": "203.0.113.7"}])
        with pytest.raises(atlas.AtlasApiError) as caught:
            fenced.organizations.get_org(org)
        assert caught.value.status_code == 403
        keys.create_org_api_key_access_list_entry(made.id, org, [{"cidrBlock": "127.0.0.0/8"}])
        assert fenced.organizations.get_org(org).id == org


def test_the_access_list_of_a_project(client, group):
    entries = client.project_ip_access_list
    made = entries.create_group_access_list_entry(
        group, [{"ipAddress": "198.51.100.7", "comment": "office"}, {"cidrBlock": "10.1.0.0/16"}]
    )
    assert made.total_count == 2
    one = entries.get_group_access_list_entry("198.51.100.7", group)
    assert (one.ip_address, one.cidr_block, one.comment, one.group_id) == (
        "198.51.100.7", "198.51.100.7/32", "office", group,
    )
    block = entries.get_group_access_list_entry("10.1.0.0/16", group)
    assert block.cidr_block == "10.1.0.0/16"
    assert entries.get_group_access_list_status("198.51.100.7", group).status == "ACTIVE"
    atlas.no_content(entries.delete_group_access_list_entry, "198.51.100.7", group)
    with pytest.raises(atlas.AtlasApiError) as caught:
        entries.get_group_access_list_entry("198.51.100.7", group)
    assert caught.value.status_code == 404
