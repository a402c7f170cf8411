"""Owns the proof that the `aws` command plays the customer: it describes the request, accepts it,
sets routes and takes the peering away, as a person at a terminal would."""

import json
import os
import subprocess
import sys

import atlas
import pytest
import test_flows

CUSTOMER = {
    "AWS_ACCESS_KEY_ID": test_flows.CUSTOMER, "AWS_SECRET_ACCESS_KEY": "any",
    "AWS_DEFAULT_REGION": "us-east-1", "AWS_DEFAULT_OUTPUT": "json", "AWS_PAGER": "",
    "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}


@pytest.fixture
def aws(clouds):
    """Runs the command as the customer: what it prints, or what it says is wrong."""
    def run(*arguments, status=0):
        command = [sys.executable, "-m", "awscli", "--endpoint-url", clouds.aws, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False,
                              env={**os.environ, **CUSTOMER})
        assert done.returncode == status, done.stdout + done.stderr
        if status:
            return done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None
    return run


def asked_for(client, group, aws, block):
    """A network made with the command, and a peering with it that waits for the customer."""
    vpc = aws("ec2", "create-vpc", "--cidr-block", block)["Vpc"]["VpcId"]
    aws("ec2", "wait", "vpc-available", "--vpc-ids", vpc)
    container = client.network_peering.create_group_container(group, atlas.AWS.container())
    body = {"providerName": "AWS", "containerId": container.id, "accepterRegionName": "us-east-1",
            "awsAccountId": test_flows.CUSTOMER, "routeTableCidrBlock": block, "vpcId": vpc}
    peer = client.network_peering.create_group_peer(group, body)
    waiting = test_flows.wait_for(client, group, peer.id, "PENDING_ACCEPTANCE")
    return vpc, peer.id, waiting.connection_id


def test_the_command_plays_the_customer(client, group, aws):
    vpc, peer, connection = asked_for(client, group, aws, "172.26.0.0/16")
    assert aws("sts", "get-caller-identity")["Account"] == test_flows.CUSTOMER
    found = aws("ec2", "describe-vpc-peering-connections", "--filters",
                f"Name=accepter-vpc-info.vpc-id,Values={vpc}",
                "Name=status-code,Values=pending-acceptance")["VpcPeeringConnections"]
    assert [one["VpcPeeringConnectionId"] for one in found] == [connection]
    name = ("--vpc-peering-connection-id", connection)
    taken = aws("ec2", "accept-vpc-peering-connection", *name)["VpcPeeringConnection"]
    assert taken["Status"]["Code"] in ("provisioning", "active")
    table = aws("ec2", "describe-route-tables", "--filters", f"Name=vpc-id,Values={vpc}",
                "--query", "RouteTables[0].RouteTableId")
    route = ("--route-table-id", table, "--destination-cidr-block",
             found[0]["RequesterVpcInfo"]["CidrBlock"])
    assert aws("ec2", "create-route", *route, *name)["Return"] is True
    test_flows.wait_for(client, group, peer, "AVAILABLE")
    aws("ec2", "modify-vpc-peering-connection-options", *name,
        "--accepter-peering-connection-options", "AllowDnsResolutionFromRemoteVpc=true",
        status=255)
    aws("ec2", "modify-vpc-attribute", "--vpc-id", vpc, "--enable-dns-hostnames", "Value=true")
    options = aws("ec2", "modify-vpc-peering-connection-options", *name,
                  "--accepter-peering-connection-options", "AllowDnsResolutionFromRemoteVpc=true")
    assert options["AccepterPeeringConnectionOptions"]["AllowDnsResolutionFromRemoteVpc"] is True

    aws("ec2", "delete-vpc-peering-connection", *name)
    aws("ec2", "wait", "vpc-peering-connection-deleted", "--vpc-peering-connection-ids", connection)
    test_flows.wait_for(client, group, peer, "FAILED")
    aws("ec2", "delete-route", *route)
    client.network_peering.delete_group_peer(group, peer)
    atlas.until_gone(client, group, peer)


def test_the_command_is_told_what_cannot_be(client, group, aws):
    _, peer, connection = asked_for(client, group, aws, "172.27.0.0/16")
    name = ("--vpc-peering-connection-id", connection)
    aws("ec2", "reject-vpc-peering-connection", *name)
    failed = test_flows.wait_for(client, group, peer, "FAILED")
    assert failed.error_state_name == "REJECTED"
    said = aws("ec2", "accept-vpc-peering-connection", *name, status=255)
    assert "InvalidStateTransition" in said, said
    unknown = ("--vpc-peering-connection-id", "pcx-0123456789abcdef0")
    said = aws("ec2", "accept-vpc-peering-connection", *unknown, status=255)
    assert "InvalidVpcPeeringConnectionID.NotFound" in said, said
