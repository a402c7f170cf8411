"""Owns the proof that Azure's own client finds the emulated Resource Manager to be one: both sides
of a peering, made, changed, broken and mended by `azure-mgmt-network` alone."""

import uuid

import customer
import pytest
import requests
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.core.pipeline.policies import RetryMode
from azure.mgmt.network import NetworkManagementClient

GROUP = "two-sides"


class Subscription:
    """A subscription of one test, and the clients of it."""

    def __init__(self, clouds):
        self.clouds, self.id = clouds, str(uuid.uuid4())
        self.network = NetworkManagementClient(
            customer.Administrator(), self.id, base_url=clouds.azure, connection_verify=clouds.ca,
            credential_scopes=[f"{clouds.azure}/.default"], polling_interval=0.1, retry_total=10,
            retry_mode=RetryMode.Fixed, retry_backoff_factor=0.1,
        )
        made = self.ask("PUT", f"/subscriptions/{self.id}/resourcegroups/{GROUP}",
                        {"location": "westeurope"}, version="2021-04-01")
        assert made.status_code == 201, made.text

    def ask(self, method, path, body=None, version="2022-04-01"):
        """A request that the client of networks has no method for."""
        return requests.request(
            method, f"{self.clouds.azure}{path}", params={"api-version": version}, json=body,
            headers={"Authorization": "Bearer administrator"}, verify=self.clouds.ca, timeout=10,
        )

    def vnet(self, name, *prefixes):
        """Makes a network, or gives it other addresses."""
        body = {"location": "westeurope",
                "properties": {"addressSpace": {"addressPrefixes": list(prefixes)}}}
        return self.network.virtual_networks.begin_create_or_update(GROUP, name, body).result()

    def vnet_id(self, name):
        """The id of a network."""
        return (f"/subscriptions/{self.id}/resourceGroups/{GROUP}/providers/Microsoft.Network/"
                f"virtualNetworks/{name}")

    def peer(self, name, other, peering=None, **options):
        """Makes one side of a peering, or changes it."""
        body = {"properties": {"remoteVirtualNetwork": {"id": self.vnet_id(other)},
                               "allowVirtualNetworkAccess": True}}
        return self.network.virtual_network_peerings.begin_create_or_update(
            GROUP, name, peering or f"{name}-{other}", body, **options).result()

    def part(self, name, other):
        """Takes one side of a peering away."""
        self.network.virtual_network_peerings.begin_delete(
            GROUP, name, f"{name}-{other}").result()

    def state(self, name, other):
        """Where one side of a peering stands."""
        found = self.network.virtual_network_peerings.get(GROUP, name, f"{name}-{other}")
        return found.peering_state, found.peering_sync_level, found.provisioning_state


CONNECTED = ("Connected", "FullyInSync", "Succeeded")


@pytest.fixture
def subscription(clouds):
    """A subscription with two networks that can be peered."""
    subscription = Subscription(clouds)
    subscription.vnet("a", "10.0.0.0/16")
    subscription.vnet("b", "10.1.0.0/16")
    return subscription


@pytest.fixture
def connected(subscription):
    """A subscription whose two networks are peered."""
    subscription.peer("a", "b")
    subscription.peer("b", "a")
    return subscription


def refused(code, act, *arguments, **options):
    """Asserts that Azure's client is refused with that code; answers the words."""
    with pytest.raises(HttpResponseError) as caught:
        act(*arguments, **options)
    assert caught.value.error.code == code, caught.value
    return caught.value.error.message


def test_both_sides_are_made_broken_and_mended(subscription):
    made = subscription.peer("a", "b")
    assert made.provisioning_state == "Succeeded"
    assert subscription.state("a", "b") == ("Initiated", "RemoteNotInSync", "Succeeded")
    subscription.peer("b", "a")
    assert subscription.state("a", "b") == subscription.state("b", "a") == CONNECTED
    found = subscription.network.virtual_network_peerings.get(GROUP, "a", "a-b")
    assert found.remote_virtual_network.id == subscription.vnet_id("b")
    assert found.remote_address_space.address_prefixes == ["10.1.0.0/16"]

    subscription.part("a", "b")
    assert subscription.state("b", "a") == ("Disconnected", "RemoteNotInSync", "Succeeded")
    words = refused("RemotePeeringIsDisconnected", subscription.peer, "a", "b")
    assert subscription.vnet_id("b") in words
    subscription.part("b", "a")
    subscription.peer("a", "b")
    subscription.peer("b", "a")
    assert subscription.state("a", "b") == subscription.state("b", "a") == CONNECTED


def test_a_changed_address_space_is_synced_from_the_other_side(connected):
    connected.vnet("a", "10.0.0.0/16", "10.99.0.0/16")
    assert connected.state("a", "b") == ("Connected", "RemoteNotInSync", "Succeeded")
    assert connected.state("b", "a") == ("Connected", "LocalNotInSync", "Succeeded")
    connected.vnet("b", "10.1.0.0/16", "10.98.0.0/16")
    assert connected.state("a", "b")[1] == "LocalAndRemoteNotInSync"
    connected.peer("b", "a", sync_remote_address_space="true")
    assert connected.state("b", "a")[1] == "RemoteNotInSync"
    connected.peer("a", "b", sync_remote_address_space="true")
    assert connected.state("a", "b") == connected.state("b", "a") == CONNECTED
    found = connected.network.virtual_network_peerings.get(GROUP, "b", "b-a")
    assert found.remote_address_space.address_prefixes == ["10.0.0.0/16", "10.99.0.0/16"]


def test_what_azure_does_not_take_is_refused_in_its_words(connected):
    connected.vnet("c", "10.0.128.0/24")
    words = refused("VnetAddressSpacesOverlap", connected.peer, "a", "c")
    assert words.endswith("Overlapping address prefixes: 10.0.0.0/16.")
    refused("VnetAddressSpaceOverlapsWithAlreadyPeeredVnet", connected.peer, "c", "b")
    refused("AnotherPeeringAlreadyReferencesRemoteVnet", connected.peer, "a", "b", "twin")
    refused("ChangingRemoteVirtualNetworkNotAllowed", connected.peer, "a", "c", "a-b")
    refused("InvalidResourceReference", connected.peer, "a", "nowhere")
    refused("InvalidCIDRNotation", connected.vnet, "d", "10.9.0.1/16")
    with pytest.raises(ResourceNotFoundError):
        connected.network.virtual_networks.get(GROUP, "d")


def test_a_deleted_network_leaves_the_other_side_disconnected(connected):
    connected.network.virtual_networks.begin_delete(GROUP, "a").result()
    assert [one.name for one in connected.network.virtual_networks.list(GROUP)] == ["b"]
    assert connected.state("b", "a")[0] == "Disconnected"
    left = connected.network.virtual_networks.get(GROUP, "b").virtual_network_peerings
    assert [one.name for one in left] == ["b-a"]


def test_networks_are_listed_tagged_and_guarded_by_their_etag(subscription):
    networks = subscription.network.virtual_networks
    assert [one.name for one in networks.list_all()] == ["a", "b"]
    tagged = networks.update_tags(GROUP, "A", {"tags": {"owner": "me"}})
    assert (tagged.name, tagged.tags) == ("a", {"owner": "me"})
    subnet = subscription.network.subnets.begin_create_or_update(
        GROUP, "a", "default", {"properties": {"addressPrefix": "10.0.1.0/24"}}).result()
    assert subnet.provisioning_state == "Succeeded"
    refused("NetcfgSubnetRangesOverlap", subscription.network.subnets.begin_create_or_update,
            GROUP, "a", "twin", {"properties": {"addressPrefix": "10.0.1.128/25"}})
    whole = networks.get(GROUP, "a")
    whole.address_space.address_prefixes.append("10.7.0.0/16")
    changed = networks.begin_create_or_update(
        GROUP, "a", whole, headers={"If-Match": whole.etag}).result()
    assert changed.address_space.address_prefixes == ["10.0.0.0/16", "10.7.0.0/16"]
    assert [one.name for one in changed.subnets] == ["default"]
    with pytest.raises(HttpResponseError) as caught:
        networks.begin_create_or_update(GROUP, "a", whole, headers={"If-Match": whole.etag})
    assert caught.value.status_code == 412


def test_a_role_is_made_given_and_taken_back(subscription):
    scope, role, given = subscription.vnet_id("a"), uuid.uuid4(), uuid.uuid4()
    base = f"{scope}/providers/Microsoft.Authorization"
    made = subscription.ask("PUT", f"{base}/roleDefinitions/{role}", {"properties": {
        "roleName": f"AtlasPeering/{role}", "type": "CustomRole",
        "permissions": [{"actions": customer.ACTIONS, "notActions": []}],
        "assignableScopes": [scope],
    }})
    assert made.status_code == 201, made.text
    body = {"properties": {"roleDefinitionId": made.json()["id"], "principalId": str(uuid.uuid4())}}
    path = f"{base}/roleAssignments/{given}"
    assert subscription.ask("PUT", path, body).status_code == 201
    again = subscription.ask("PUT", f"{base}/roleAssignments/{uuid.uuid4()}", body)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "RoleAssignmentExists")
    listed = subscription.ask("GET", f"{base}/roleAssignments").json()["value"]
    assert [one["name"] for one in listed] == [str(given)]
    in_use = subscription.ask("DELETE", f"{base}/roleDefinitions/{role}").json()["error"]["code"]
    assert in_use == "RoleDefinitionHasAssignments"
    for gone in (path, f"{base}/roleDefinitions/{role}"):
        assert subscription.ask("DELETE", gone).status_code == 200
