"""Owns what the suites in Python share: clients for a server, the two ends of a peering on each
cloud as request bodies, and waiting for a condition.
"""

import json
import time
import uuid
from dataclasses import dataclass

import pytest
from pyatlassdk import AtlasAdminClient
from pyatlassdk.admin import AtlasApiError

LIMIT = 20.0
VERSION = "application/vnd.atlas.2023-01-01+json"
UNKNOWN_ID = "0123456789abcdef01234567"


def digest(server):
    """A client that signs with the API key."""
    return with_key(server, server["publicKey"], server["privateKey"])


def with_key(server, public, private):
    """A client that signs with some API key."""
    base = server["baseUrl"] + "/api/atlas/v2"
    return AtlasAdminClient(public_key=public, private_key=private, base_url=base)


def oauth(server):
    """A client that carries tokens of the service account."""
    return with_account(server, server["clientId"], server["clientSecret"])


def with_account(server, client_id, client_secret):
    """A client that carries tokens of some service account."""
    return AtlasAdminClient(
        client_id=client_id,
        client_secret=client_secret,
        base_url=server["baseUrl"] + "/api/atlas/v2",
        oauth_token_url=server["baseUrl"] + "/api/oauth/token",
    )


def raw(client, method, path, body=None, accept=VERSION, **params):
    """One request whose answer is not put into a model."""
    params = {key: str(value).lower() if isinstance(value, bool) else value
              for key, value in params.items()}
    return client.request(
        method, path, params=params, json=body, response_model=dict | list | bool,
        accept=accept, content_type=accept,
    )


def new_project(client, server, **more):
    """The id of a project that nobody else uses."""
    body = {"name": f"conformance-{uuid.uuid4().hex[:12]}", "orgId": server["orgId"], **more}
    return client.projects.create_group(body).id


@dataclass(frozen=True)
class Cloud:
    """One provider's words for a container and a peering."""

    name: str
    status: str
    first: str
    deleting: str
    place: dict
    block: str
    network: dict

    def container(self, **more):
        """A body that asks for a container."""
        return {"providerName": self.name, "atlasCidrBlock": self.block, **self.place, **more}

    def peer(self, container, **more):
        """A body that asks for a peering."""
        body = {"providerName": self.name, "containerId": container, **self.names(container)}
        return {**body, **more}

    def names(self, container):
        """The customer's network; one of its own for each container, because Azure and GCP refuse
        a second peering of one network from overlapping addresses."""
        own = {"vnetName", "networkName"} & set(self.network)
        return self.network | {name: f"{self.network[name]}-{container[-8:]}" for name in own}

    def state(self, peer):
        """Where a peering, as a model, stands."""
        return getattr(peer, {"statusName": "status_name", "status": "status"}[self.status])


AWS = Cloud(
    "AWS", "statusName", "INITIATING", "TERMINATING",
    {"regionName": "US_EAST_1"}, "192.168.208.0/21",
    {
        "accepterRegionName": "us-west-2",
        "awsAccountId": "012345678901",
        "routeTableCidrBlock": "10.15.0.0/16",
        "vpcId": "vpc-0a1b2c3d4e5f60718",
    },
)
AZURE = Cloud(
    "AZURE", "status", "ADDING_PEER", "DELETING",
    {"region": "US_EAST_2"}, "192.168.216.0/21",
    {
        "azureDirectoryId": "5f3a1c2e-7b44-4c8e-9d3f-2a1b0c9d8e7f",
        "azureSubscriptionId": "0e1d2c3b-4a59-4687-b6c5-d4e3f2a1b0c9",
        "resourceGroupName": "Network-Group_1",
        "vnetName": "Customer-VNet",
    },
)
GCP = Cloud(
    "GCP", "status", "ADDING_PEER", "DELETING",
    {"regions": ["WESTERN_EUROPE", "CENTRAL_US"]}, "10.128.0.0/18",
    {"gcpProjectId": "customer-project-7", "networkName": "customer-network"},
)
CLOUDS = (AWS, AZURE, GCP)


def until(look, wanted, limit=LIMIT):
    """Looks until it sees what is wanted, and gives that back; fails at the limit."""
    deadline = time.monotonic() + limit
    while True:
        seen = look()
        if wanted(seen):
            return seen
        assert time.monotonic() < deadline, f"not seen in {limit} s; last: {seen}"
        time.sleep(0.02)


def until_state(client, group, peer, cloud, *states):
    """The peering, once it stands in one of these states."""
    return until(
        lambda: client.network_peering.get_group_peer(group, peer),
        lambda seen: cloud.state(seen) in states,
    )


def until_gone(client, group, peer):
    """Waits for a deleted peering to answer 404; gives back the statuses seen before."""
    seen = []

    def look():
        try:
            found = raw(client, "GET", f"/groups/{group}/peers/{peer}")
        except AtlasApiError as error:
            return error
        seen.append(found.get("statusName") or found.get("status"))
        return None

    error = until(look, lambda answer: answer is not None)
    assert error.status_code == 404
    assert error.payload["errorCode"] == "PEER_NOT_FOUND"
    return seen


def refused(status, code, call, *arguments, **keywords):
    """The body of the error that a call ends in."""
    with pytest.raises(AtlasApiError) as caught:
        call(*arguments, **keywords)
    payload = caught.value.payload
    assert isinstance(payload, dict), payload
    assert (caught.value.status_code, payload["errorCode"]) == (status, code), payload
    assert payload["error"] == status
    assert isinstance(payload["detail"], str) and payload["detail"]
    assert isinstance(payload["reason"], str) and payload["reason"]
    if status != 401:  # the recorded answer has none there
        assert isinstance(payload["parameters"], list)
    return payload


def no_content(call, *arguments):
    """A call that is answered with a success and no body at all, which this client cannot read."""
    with pytest.raises(json.JSONDecodeError) as caught:
        call(*arguments)
    assert caught.value.doc == ""
