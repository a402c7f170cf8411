"""Owns the proof of what surrounds peerings: projects, their settings and limits, organizations,
and the events that tell who changed what.
"""

import datetime
import uuid

import atlas
import pytest
from atlas import AWS, CLOUDS, UNKNOWN_ID, raw, refused
from pyatlassdk.admin.models.group import Group

SETTINGS = {
    "isAtlasHomePageAiAssistantEnabled": True,
    "isClusterAiAssistantEnabled": True,
    "isCollectDatabaseSpecificsStatisticsEnabled": True,
    "isDataExplorerEnabled": True,
    "isDataExplorerGenAIFeaturesEnabled": True,
    "isDataExplorerGenAISampleDocumentPassingEnabled": False,
    "isDataValidationEnabled": True,
    "isExtendedStorageSizesEnabled": False,
    "isNativeRerankingEnabled": False,
    "isPerformanceAdvisorEnabled": True,
    "isRealtimePerformancePanelEnabled": True,
    "isSchemaAdvisorEnabled": True,
}


def test_a_project_lives_from_creation_to_deletion(either, server):
    name = f"typed-{uuid.uuid4().hex[:12]}"
    made = either.projects.create_group(
        Group(
            name=name,
            org_id=server["orgId"],
            cluster_count=7,
            created=datetime.datetime(2001, 1, 1, tzinfo=datetime.timezone.utc),
            tags=[{"key": "team", "value": "network"}],
        )
    )
    assert (made.name, made.org_id, made.cluster_count) == (name, server["orgId"], 0)
    assert made.created.year > 2001
    assert [(tag.key, tag.value) for tag in made.tags] == [("team", "network")]
    assert made.with_default_alerts_settings is True
    assert either.projects.get_group(made.id) == made
    assert either.projects.get_group_by_name(name) == made

    renamed = either.projects.update_group(made.id, {"name": name + "-2"})
    assert (renamed.id, renamed.name) == (made.id, name + "-2")
    listed = either.organizations.get_org_groups(server["orgId"], name=name + "-2")
    assert [found.id for found in listed.results] == [made.id]
    assert either.projects.delete_group(made.id) == {}
    refused(404, "GROUP_NOT_FOUND", either.projects.get_group, made.id)


def test_a_name_is_taken_once(client, server):
    name = f"twin-{uuid.uuid4().hex[:12]}"
    body = {"name": name, "orgId": server["orgId"]}
    client.projects.create_group(body)
    payload = refused(409, "GROUP_ALREADY_EXISTS", client.projects.create_group, body)
    assert payload["detail"] == f'A group with name "{name}" already exists.'


def test_a_project_needs_a_name_and_an_organization(client, server):
    payload = refused(400, "MISSING_ATTRIBUTE", client.projects.create_group,
                      {"orgId": server["orgId"]})
    assert payload["badRequestDetail"]["fields"][0]["field"] == "name"
    refused(404, "ORG_NOT_FOUND", client.projects.create_group,
            {"name": "lost", "orgId": UNKNOWN_ID})


def test_settings_are_12_switches(client, group):
    assert raw(client, "GET", f"/groups/{group}/settings") == SETTINGS
    changed = client.projects.update_group_settings(group, {"isDataExplorerEnabled": False})
    assert changed.is_data_explorer_enabled is False
    assert raw(client, "GET", f"/groups/{group}/settings") == {
        **SETTINGS, "isDataExplorerEnabled": False,
    }


def test_limits_are_read_set_and_reset(client, group):
    name = "atlas.project.security.networkAccess.entries"
    listed = client.projects.list_group_limits(group)
    before = next(limit for limit in listed if limit.name == name)
    assert client.projects.get_group_limit(group, name) == before
    wanted = before.value - 1
    assert client.projects.set_group_limit(group, name, {"name": name, "value": wanted}).value == wanted
    assert client.projects.get_group_limit(group, name).value == wanted
    raw_delete = (client, "DELETE", f"/groups/{group}/limits/{name}")
    atlas.no_content(raw, *raw_delete)
    assert client.projects.get_group_limit(group, name).value == before.default_limit


def test_what_terraform_reads_of_a_project(client, group):
    addresses = client.projects.get_group_ip_addresses(group)
    assert addresses.group_id == group
    assert raw(client, "GET", f"/groups/{group}/managedSlowMs") in (True, False)
    assert raw(client, "GET", f"/groups/{group}/teams")["results"] == []
    clusters = raw(client, "GET", f"/groups/{group}/clusters",
                   accept="application/vnd.atlas.2024-08-05+json")
    assert (clusters["results"], clusters["totalCount"]) == ([], 0)


def test_organizations(client, server):
    org = client.organizations.get_org(server["orgId"])
    assert (org.id, org.is_deleted) == (server["orgId"], False)
    listed = raw(client, "GET", "/orgs", name="")
    assert [found["id"] for found in listed["results"]] == [server["orgId"]]
    assert raw(client, "GET", f"/orgs/{server['orgId']}/settings")
    payload = refused(404, "ORG_NOT_FOUND", client.organizations.get_org, UNKNOWN_ID)
    assert payload["detail"] == f"No organization with ID {UNKNOWN_ID} exists."


@pytest.mark.parametrize("cloud", CLOUDS, ids=lambda cloud: cloud.name)
def test_events_tell_of_each_peering(client, group, cloud):
    prefix = {"AWS": "PEER", "AZURE": "AZURE_PEER", "GCP": "GCP_PEER"}[cloud.name]
    container = client.network_peering.create_group_container(group, cloud.container())
    peer = client.network_peering.create_group_peer(group, cloud.peer(container.id))
    atlas.until_state(client, group, peer.id, cloud, "AVAILABLE")
    client.network_peering.delete_group_peer(group, peer.id)
    page = client.events.list_group_events(group)
    told = [event.event_type_name for event in page.results]
    assert f"{prefix}_CREATED" in told
    assert f"{prefix}_DELETED" in told
    only = raw(client, "GET", f"/groups/{group}/events", eventType=f"{prefix}_CREATED")
    assert [event["eventTypeName"] for event in only["results"]] == [f"{prefix}_CREATED"]
    event = only["results"][0]
    assert (event["groupId"], only["totalCount"]) == (group, 1)
    one = raw(client, "GET", f"/groups/{group}/events/{event['id']}")
    assert {**one, "links": None} == {**event, "links": None}
    refused(404, "EVENT_NOT_FOUND", raw, client, "GET", f"/groups/{group}/events/{UNKNOWN_ID}")


def test_events_of_the_organization_name_the_key(client, server, group):
    client.network_peering.create_group_container(group, AWS.container())
    page = raw(client, "GET", f"/orgs/{server['orgId']}/events")
    assert server["publicKey"] in {event.get("publicKey") for event in page["results"]}
