"""Owns the proof that what Atlas lacks works on clouds that speak their own protocols, too: the
customer's hand, the clock, faults, and the events of what somebody changed behind our back."""

import json
import os
import subprocess
from pathlib import Path
from types import SimpleNamespace

import atlas
import pytest
import requests
import test_flows
from requests.auth import HTTPDigestAuth
from server import Server


AWS_ONLY = ("--pace", "fast", "--emulate-aws")


def control(server, path, body=None):
    """A request to our own interface."""
    answer = requests.post(
        f"{server['baseUrl']}/api/peerage/v1{path}", json=body, timeout=10,
        auth=HTTPDigestAuth(server["publicKey"], server["privateKey"]),
    )
    answer.raise_for_status()


def asked_for(client, group, clouds, block):
    """A peering on AWS that waits for its customer."""
    theirs, _, names = test_flows.on_aws(clouds, "us-east-1", block)
    container = client.network_peering.create_group_container(group, atlas.AWS.container())
    body = {"providerName": "AWS", "containerId": container.id, **names}
    peer = client.network_peering.create_group_peer(group, body)
    found = test_flows.wait_for(client, group, peer.id, "PENDING_ACCEPTANCE")
    return peer.id, found.connection_id, theirs


def test_the_hand_accepts_and_deletes_in_the_customers_place(server, client, group, clouds):
    peer, connection, theirs = asked_for(client, group, clouds, "172.26.0.0/16")
    control(server, f"/groups/{group}/peers/{peer}/customer:accept")
    test_flows.wait_for(client, group, peer, "AVAILABLE")
    control(server, f"/groups/{group}/peers/{peer}/customer:delete")
    test_flows.wait_for(client, group, peer, "FAILED")
    state = theirs.describe_vpc_peering_connections(VpcPeeringConnectionIds=[connection])
    assert state["VpcPeeringConnections"][0]["Status"]["Code"] == "deleted"


@pytest.mark.parametrize("policy", ["repair", "report"])
def test_a_deleted_route_leaves_an_event_and_comes_back_if_that_is_the_policy(tmp_path, policy):
    config, data = tmp_path / "peerage.toml", tmp_path / "data"
    config.write_text(f'[clouds]\ndrift = "{policy}"\n')
    block = "172.27.0.0/16"
    arguments = (*AWS_ONLY, "--data-dir", str(data), "--config", str(config))
    with Server(*arguments) as server, atlas.digest(server) as client:
        clouds, group = SimpleNamespace(aws=server["awsEndpoint"]), server["projectId"]
        peer, connection, _, _ = test_flows.available_on_aws(client, group, clouds, block)
        ours = test_flows.ours(clouds)
        vpc = ours.describe_vpc_peering_connections(VpcPeeringConnectionIds=[connection])[
            "VpcPeeringConnections"][0]["RequesterVpcInfo"]["VpcId"]
        table = ours.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])[
            "RouteTables"][0]["RouteTableId"]
        ours.delete_route(RouteTableId=table, DestinationCidrBlock=block)
        if policy == "repair":
            atlas.until(lambda: test_flows.our_routes(clouds, vpc, connection), bool)
        else:
            # Once something that happened afterwards was found, this was looked at, too.
            after = atlas.new_project(client, server)
            later, other, theirs, _ = test_flows.available_on_aws(
                client, after, clouds, "172.31.0.0/16")
            theirs.delete_vpc_peering_connection(VpcPeeringConnectionId=other)
            test_flows.wait_for(client, after, later, "FAILED")
            assert test_flows.our_routes(clouds, vpc, connection) == []
        test_flows.wait_for(client, group, peer, "AVAILABLE")
    drifts = [event for event in trail(data) if event["kind"] == "PEERAGE_PEER_DRIFTED"]
    assert [event["details"]["peerId"] for event in drifts] == [peer]
    assert block in drifts[0]["details"]["drift"]
    assert drifts[0]["details"]["repaired"] == str(policy == "repair").lower()


def trail(data):
    """The events in the store of a server that has ended."""
    command = [os.environ["PEERAGE_BINARY"], "audit", "export", "--store",
               f"sqlite://{data}/peerage.db", "--key-file", str(Path(data) / "master.key")]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return [json.loads(line)["event"] for line in done.stdout.splitlines()]


def test_a_request_expires_when_the_clock_is_moved():
    with Server(*AWS_ONLY) as server, atlas.digest(server) as client:
        clouds, group = SimpleNamespace(aws=server["awsEndpoint"]), server["projectId"]
        peer, connection, theirs = asked_for(client, group, clouds, "172.28.0.0/16")
        control(server, "/clock", {"advance": "168h"})
        failed = test_flows.wait_for(client, group, peer, "FAILED")
        assert failed.error_state_name == "EXPIRED"
        state = theirs.describe_vpc_peering_connections(VpcPeeringConnectionIds=[connection])
        assert state["VpcPeeringConnections"][0]["Status"]["Code"] == "expired"


def test_a_planted_refusal_fails_what_is_made_next(server, client, group, clouds):
    fault = {"provider": "AWS", "operation": "ensure_link", "group": group, "times": 1,
             "effect": {"error": {"code": "InvalidParameterValue", "message": "planted",
                                  "terminal": True}}}
    control(server, "/faults", fault)
    _, _, names = test_flows.on_aws(clouds, "us-east-1", "172.29.0.0/16")
    container = client.network_peering.create_group_container(group, atlas.AWS.container())
    body = {"providerName": "AWS", "containerId": container.id, **names}
    peer = client.network_peering.create_group_peer(group, body)
    failed = test_flows.wait_for(client, group, peer.id, "FAILED")
    assert failed.error_state_name == "INVALID_ARGUMENT"


def test_the_emulated_world_survives_a_restart(tmp_path):
    arguments = (*AWS_ONLY, "--data-dir", str(tmp_path))
    with Server(*arguments) as server, atlas.digest(server) as client:
        clouds, group = SimpleNamespace(aws=server["awsEndpoint"]), server["projectId"]
        peer, connection, _ = asked_for(client, group, clouds, "172.30.0.0/16")
    with Server(*arguments) as server, atlas.digest(server) as client:
        clouds = SimpleNamespace(aws=server["awsEndpoint"])
        theirs = test_flows.ec2(clouds, test_flows.CUSTOMER, "us-east-1")
        theirs.accept_vpc_peering_connection(VpcPeeringConnectionId=connection)
        test_flows.wait_for(client, group, peer, "AVAILABLE")
