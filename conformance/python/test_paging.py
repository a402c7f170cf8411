"""Owns the proof of lists: pages, counts, links, the filter by cloud, and the envelope."""

import atlas
import pytest
from atlas import AWS, AZURE, CLOUDS, GCP, UNKNOWN_ID, raw, refused

REGIONS = ["US_EAST_1", "US_EAST_2", "US_WEST_1", "US_WEST_2", "EU_WEST_1"]


@pytest.fixture
def five(client, group):
    """Five containers on AWS, in the order in which they were made."""
    return [
        client.network_peering.create_group_container(
            group, AWS.container(regionName=region, atlasCidrBlock=f"10.8.{8 * number}.0/21")
        ).id
        for number, region in enumerate(REGIONS)
    ]


def rels(page):
    """The links of a page by their relation."""
    return {link["rel"]: link["href"] for link in page["links"]}


def test_pages_partition_the_list_in_a_stable_order(client, group, five):
    path = f"/groups/{group}/containers"
    pages = [
        raw(client, "GET", path, providerName="AWS", itemsPerPage=2, pageNum=number)
        for number in (1, 2, 3, 4)
    ]
    ids = [[found["id"] for found in page["results"]] for page in pages]
    assert ids == [five[0:2], five[2:4], five[4:5], []]
    assert [page["totalCount"] for page in pages] == [5, 5, 5, 5]


def test_every_page_links_to_itself(client, server, group, five):
    page = raw(client, "GET", f"/groups/{group}/containers", providerName="AWS", itemsPerPage=2)
    self_link = rels(page)["self"]
    assert self_link.startswith(f"{server['baseUrl']}/api/atlas/v2/groups/{group}/containers")
    assert "itemsPerPage=2" in self_link


def test_page_0_is_page_1(client, group, five):
    path = f"/groups/{group}/containers"
    zero = raw(client, "GET", path, providerName="AWS", itemsPerPage=2, pageNum=0)
    assert [found["id"] for found in zero["results"]] == five[0:2]


def test_the_count_is_left_out_only_when_not_wanted(client, group, five):
    path = f"/groups/{group}/containers/all"
    assert raw(client, "GET", path)["totalCount"] == 5
    assert raw(client, "GET", path, includeCount=True)["totalCount"] == 5
    assert "totalCount" not in raw(client, "GET", path, includeCount=False)


def test_an_empty_list_is_an_empty_array(client, group):
    page = raw(client, "GET", f"/groups/{group}/peers", providerName="GCP")
    assert (page["results"], page["totalCount"]) == ([], 0)
    assert set(rels(page)) == {"self"}


@pytest.mark.parametrize("value", ["501", "0", "-1", "many"])
def test_a_page_has_1_to_500_items(client, group, value):
    refused(400, "INVALID_QUERY_PARAMETER", raw, client, "GET",
            f"/groups/{group}/containers/all", itemsPerPage=value)


def test_500_items_a_page_are_taken(client, group):
    assert raw(client, "GET", f"/groups/{group}/containers/all", itemsPerPage=500)["results"] == []


def test_lists_are_filtered_by_cloud_in_any_case(client, group):
    made = {
        cloud.name: client.network_peering.create_group_container(group, cloud.container()).id
        for cloud in CLOUDS
    }
    path = f"/groups/{group}/containers"
    for spelled, cloud in (("AWS", AWS), ("Azure", AZURE), ("azure", AZURE), ("gcp", GCP)):
        page = raw(client, "GET", path, providerName=spelled)
        assert [found["id"] for found in page["results"]] == [made[cloud.name]]
    assert [found["id"] for found in raw(client, "GET", path)["results"]] == [made["AWS"]]
    everything = client.network_peering.list_group_container_all(group)
    assert [found.id for found in everything.results] == list(made.values())
    refused(400, "INVALID_QUERY_PARAMETER", raw, client, "GET", path, providerName="ORACLE")


def test_an_envelope_around_an_object(client, group):
    body = raw(client, "POST", f"/groups/{group}/containers", AWS.container(), envelope=True)
    assert set(body) == {"status", "content"}
    assert body["status"] == 200
    found = raw(client, "GET", f"/groups/{group}/containers/{body['content']['id']}", envelope=True)
    assert found == {"status": 200, "content": body["content"]}


def test_an_envelope_around_a_list(client, group):
    page = raw(client, "GET", f"/groups/{group}/peers", envelope=True)
    assert (page["status"], page["results"], page["totalCount"]) == (200, [], 0)
    assert "content" not in page


def test_an_envelope_around_an_error(client, group):
    """It is answered with 200, so that a client that sees no statuses reads it."""
    body = raw(client, "GET", f"/groups/{group}/peers/{UNKNOWN_ID}", envelope=True)
    assert body["status"] == 404
    assert body["content"]["errorCode"] == "PEER_NOT_FOUND"


def test_a_malformed_flag_is_refused(client, group):
    refused(400, "INVALID_QUERY_PARAMETER", raw, client, "GET",
            f"/groups/{group}/peers", envelope="perhaps")
