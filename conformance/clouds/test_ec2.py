"""Owns the proof that boto3 takes the emulated EC2 for EC2: both sides of a peering between two
accounts, in one region and across two, with everything that surrounds it. Each test has accounts of
its own, and must not know who else uses the same cloud."""

import itertools
import time
from types import SimpleNamespace
from xml.etree import ElementTree

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, WaiterError
from botocore.utils import parse_timestamp

WAIT_S = 15
NUMBERS = itertools.count(1)
EMPTY = SimpleNamespace(serialization={})
ONCE = Config(retries={"max_attempts": 1, "mode": "standard"})


class Account:
    """One account, whose id is its access key."""

    def __init__(self, endpoint):
        self.id = f"7{int(time.time()) % 10**8:08}{next(NUMBERS):03}"
        self.endpoint = endpoint

    def client(self, service="ec2", region="us-east-1", **keys):
        """A client of a service, which looks at the shape of every answer."""
        keys = keys or {"aws_access_key_id": self.id, "aws_secret_access_key": "unused"}
        client = boto3.client(
            service, region_name=region, endpoint_url=self.endpoint, config=ONCE, **keys)
        client.meta.events.register("before-parse", check_answer)
        return client


def check_answer(operation_model, response_dict, **_):
    """Finds elements that have no place in the service's model: clients would skip them."""
    if response_dict["status_code"] >= 300:
        return
    root = ElementTree.fromstring(response_dict["body"])
    namespace = root.tag[:root.tag.index("}") + 1]
    wrapper = (operation_model.output_shape or EMPTY).serialization.get("resultWrapper")
    inside = root.find(namespace + wrapper) if wrapper else root
    names = [] if wrapper else ["requestId", "return"]
    check_shape(operation_model.output_shape, inside, namespace, operation_model.name, names)


def check_shape(shape, element, namespace, place, more=()):
    """Compares an element with the shape that it should have."""
    if shape is None:
        assert {child.tag for child in element} <= {namespace + name for name in more}, place
        return
    if shape.type_name == "structure":
        members = {member.serialization.get("name", name): member
                   for name, member in shape.members.items()}
        for child in element:
            name = child.tag.removeprefix(namespace)
            assert name in members or name in more, f"{place} has no {name}"
            if name in members:
                check_shape(members[name], child, namespace, f"{place}.{name}")
    elif shape.type_name == "list":
        name = shape.member.serialization.get("name", "member")
        for child in element:
            assert child.tag == namespace + name, f"{place} is a list of {name}"
            check_shape(shape.member, child, namespace, f"{place}[]")
    else:
        assert len(element) == 0, f"{place} is text"
        read = {"boolean": ("true", "false").index, "integer": int, "timestamp": parse_timestamp}
        read.get(shape.type_name, str)(element.text or "")


@pytest.fixture
def ours(clouds):
    """The account that asks."""
    return Account(clouds.aws)


@pytest.fixture
def theirs(clouds):
    """The account that is asked."""
    return Account(clouds.aws)


def vpc(ec2, block, **tags):
    """A VPC with DNS names, available."""
    tags = [{"Key": key, "Value": value} for key, value in tags.items()]
    given = {"TagSpecifications": [{"ResourceType": "vpc", "Tags": tags}]} if tags else {}
    made = ec2.create_vpc(CidrBlock=block, **given)["Vpc"]["VpcId"]
    ec2.get_waiter("vpc_available").wait(VpcIds=[made], WaiterConfig={"Delay": 1})
    ec2.modify_vpc_attribute(VpcId=made, EnableDnsHostnames={"Value": True})
    return made


def ask(ec2, vpc_id, account, peer, region="us-east-1"):
    """A request for a peering."""
    return ec2.create_vpc_peering_connection(
        VpcId=vpc_id, PeerVpcId=peer, PeerOwnerId=account.id, PeerRegion=region,
    )["VpcPeeringConnection"]


def see(ec2, pcx):
    """A connection as one side sees it."""
    found = ec2.describe_vpc_peering_connections(VpcPeeringConnectionIds=[pcx])
    return found["VpcPeeringConnections"][0]


def until(ec2, pcx, status):
    """Waits until a connection stands there."""
    last, end = None, time.monotonic() + WAIT_S
    while time.monotonic() < end:
        try:
            last = see(ec2, pcx)
            if last["Status"]["Code"] == status:
                return last
        except ClientError as error:
            last = error
        time.sleep(0.05)
    raise AssertionError(f"{pcx} never was {status}, but at last {last}")


def refusal(call, **parameters):
    """The code with which a call is refused."""
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return caught.value.response["Error"]["Code"]


def main_table(ec2, vpc_id):
    """The main route table of a VPC."""
    found = ec2.describe_route_tables(Filters=[
        {"Name": "vpc-id", "Values": [vpc_id]},
        {"Name": "association.main", "Values": ["true"]},
    ])["RouteTables"]
    assert len(found) == 1
    return found[0]


def route_states(ec2, vpc_id):
    """The states of the routes through connections in the main table."""
    routes = main_table(ec2, vpc_id)["Routes"]
    return [route["State"] for route in routes if "VpcPeeringConnectionId" in route]


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_a_peering_lives_on_both_sides_from_the_request_to_the_end(ours, theirs, region):
    here, there = ours.client(), theirs.client(region=region)
    one, two = vpc(here, "10.8.0.0/21"), vpc(there, "172.31.0.0/16")
    made = ask(here, one, theirs, two, region)
    pcx = made["VpcPeeringConnectionId"]
    assert made["Status"]["Code"] == "initiating-request"
    assert made["RequesterVpcInfo"]["CidrBlockSet"] == [{"CidrBlock": "10.8.0.0/21"}]
    assert made["AccepterVpcInfo"] == {"OwnerId": theirs.id, "VpcId": two, "Region": region}
    pending = until(here, pcx, "pending-acceptance")
    assert pending["ExpirationTime"].timestamp() == pytest.approx(time.time() + 7 * 86400, abs=120)
    here.get_waiter("vpc_peering_connection_exists").wait(VpcPeeringConnectionIds=[pcx])
    table = main_table(here, one)["RouteTableId"]
    here.create_route(
        RouteTableId=table, DestinationCidrBlock="172.31.0.0/16", VpcPeeringConnectionId=pcx)
    assert route_states(here, one) == ["blackhole"]
    until(there, pcx, "pending-acceptance")
    accepted = there.accept_vpc_peering_connection(VpcPeeringConnectionId=pcx)
    assert accepted["VpcPeeringConnection"]["Status"]["Code"] == "provisioning"
    active = until(here, pcx, "active")
    assert active["AccepterVpcInfo"]["CidrBlock"] == "172.31.0.0/16"
    assert "ExpirationTime" not in active
    assert route_states(here, one) == ["active"]
    there.create_route(
        RouteTableId=main_table(there, two)["RouteTableId"], DestinationCidrBlock="10.8.0.0/21",
        VpcPeeringConnectionId=pcx)
    assert route_states(there, two) == ["active"]
    options = here.modify_vpc_peering_connection_options(
        VpcPeeringConnectionId=pcx,
        RequesterPeeringConnectionOptions={"AllowDnsResolutionFromRemoteVpc": True},
    )["RequesterPeeringConnectionOptions"]
    assert options["AllowDnsResolutionFromRemoteVpc"] is True
    assert see(there, pcx)["RequesterVpcInfo"]["PeeringOptions"] == options
    there.delete_vpc_peering_connection(VpcPeeringConnectionId=pcx)
    # boto3's own waiter takes a connection that is forgotten for one that is deleted.
    here.get_waiter("vpc_peering_connection_deleted").wait(
        VpcPeeringConnectionIds=[pcx], WaiterConfig={"Delay": 1})
    assert until(here, pcx, "deleted")["Status"]["Message"] == f"Deleted by {theirs.id}"
    assert route_states(here, one) == ["blackhole"]
    here.delete_route(RouteTableId=table, DestinationCidrBlock="172.31.0.0/16")
    for ec2, network in ((here, one), (there, two)):
        ec2.delete_vpc(VpcId=network)
        assert refusal(ec2.describe_vpcs, VpcIds=[network]) == "InvalidVpcID.NotFound"


def test_a_rejected_request_takes_nothing_more(ours, theirs):
    here, there = ours.client(), theirs.client()
    one, two = vpc(here, "10.8.0.0/21"), vpc(there, "172.31.0.0/16")
    pcx = ask(here, one, theirs, two)["VpcPeeringConnectionId"]
    until(there, pcx, "pending-acceptance")
    answer = there.reject_vpc_peering_connection(VpcPeeringConnectionId=pcx)
    assert answer["Return"] is True
    assert see(here, pcx)["Status"]["Code"] == "rejected"
    for call in (here.delete_vpc_peering_connection, there.accept_vpc_peering_connection):
        assert refusal(call, VpcPeeringConnectionId=pcx) == "InvalidStateTransition"
    assert ask(here, one, theirs, two)["VpcPeeringConnectionId"] != pcx


def test_overlapping_blocks_fail(ours, theirs):
    here, there = ours.client(), theirs.client()
    one, two = vpc(here, "10.8.0.0/21"), vpc(there, "10.8.4.0/24")
    pcx = ask(here, one, theirs, two)["VpcPeeringConnectionId"]
    failed = until(here, pcx, "failed")
    assert "overlapping CIDR range" in failed["Status"]["Message"]
    code = refusal(see, ec2=there, pcx=pcx)
    assert code == "InvalidVpcPeeringConnectionID.NotFound"


def test_only_the_accepter_in_its_own_region_accepts(ours):
    here, far = ours.client(), ours.client(region="eu-west-1")
    one, two = vpc(here, "10.8.0.0/21"), vpc(far, "10.9.0.0/21")
    pcx = ask(here, one, ours, two, "eu-west-1")["VpcPeeringConnectionId"]
    until(here, pcx, "pending-acceptance")
    accept = here.accept_vpc_peering_connection
    assert refusal(accept, VpcPeeringConnectionId=pcx) == "OperationNotPermitted"
    far.accept_vpc_peering_connection(VpcPeeringConnectionId=pcx)
    until(here, pcx, "active")


def test_the_requester_takes_its_request_back_and_the_accepter_cannot(ours, theirs):
    here, there = ours.client(), theirs.client()
    one, two = vpc(here, "10.8.0.0/21"), vpc(there, "172.31.0.0/16")
    pcx = ask(here, one, theirs, two)["VpcPeeringConnectionId"]
    until(there, pcx, "pending-acceptance")
    delete = there.delete_vpc_peering_connection
    assert refusal(delete, VpcPeeringConnectionId=pcx) == "OperationNotPermitted"
    assert refusal(there.delete_vpc, VpcId=two) == "DependencyViolation"
    here.delete_vpc_peering_connection(VpcPeeringConnectionId=pcx)
    assert see(there, pcx)["Status"]["Code"] == "deleted"


def test_a_second_request_of_the_pair_is_the_first(ours, theirs):
    here, there = ours.client(), theirs.client()
    one, two = vpc(here, "10.8.0.0/21"), vpc(there, "172.31.0.0/16")
    first, second = (ask(here, one, theirs, two) for _ in range(2))
    assert first["VpcPeeringConnectionId"] == second["VpcPeeringConnectionId"]


def test_tags_are_each_accounts_own(ours, theirs):
    here, there = ours.client(), theirs.client()
    one, two = vpc(here, "10.8.0.0/21", Name="one & <only>"), vpc(there, "172.31.0.0/16")
    found = here.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": ["one*"]}])["Vpcs"]
    assert [(it["VpcId"], it["Tags"]) for it in found] == [
        (one, [{"Key": "Name", "Value": "one & <only>"}])]
    made = here.create_vpc_peering_connection(
        VpcId=one, PeerVpcId=two, PeerOwnerId=theirs.id, TagSpecifications=[
            {"ResourceType": "vpc-peering-connection", "Tags": [{"Key": "side", "Value": "ours"}]}])
    pcx = made["VpcPeeringConnection"]["VpcPeeringConnectionId"]
    until(there, pcx, "pending-acceptance")
    assert see(there, pcx)["Tags"] == []
    there.create_tags(Resources=[pcx], Tags=[{"Key": "side", "Value": "theirs"}])
    sides = [see(ec2, pcx)["Tags"] for ec2 in (here, there)]
    assert sides == [[{"Key": "side", "Value": side}] for side in ("ours", "theirs")]
    by_tag = [{"Name": "resource-id", "Values": [pcx]}]
    assert here.describe_tags(Filters=by_tag)["Tags"] == [{
        "Key": "side", "Value": "ours", "ResourceId": pcx,
        "ResourceType": "vpc-peering-connection"}]
    here.delete_tags(Resources=[pcx], Tags=[{"Key": "side"}])
    assert see(here, pcx)["Tags"] == []


def test_filters_and_pages_count(ours, theirs):
    here, there = ours.client(), theirs.client()
    hub = vpc(here, "10.8.0.0/21")
    spokes = [vpc(there, f"172.16.{number}.0/24") for number in range(7)]
    made = {ask(here, hub, theirs, spoke)["VpcPeeringConnectionId"]: spoke for spoke in spokes}
    for pcx in made:
        until(there, pcx, "pending-acceptance")
    pages = here.get_paginator("describe_vpc_peering_connections").paginate(
        Filters=[{"Name": "requester-vpc-info.vpc-id", "Values": [hub]}],
        PaginationConfig={"PageSize": 5})
    pages = [[it["VpcPeeringConnectionId"] for it in page["VpcPeeringConnections"]]
             for page in pages]
    assert [len(page) for page in pages] == [5, 2]
    assert sorted(sum(pages, [])) == sorted(made)
    first = next(iter(made))
    there.accept_vpc_peering_connection(VpcPeeringConnectionId=first)
    until(here, first, "active")
    found = here.describe_vpc_peering_connections(Filters=[
        {"Name": "status-code", "Values": ["active", "failed"]},
        {"Name": "accepter-vpc-info.owner-id", "Values": [theirs.id]}])["VpcPeeringConnections"]
    assert [it["VpcPeeringConnectionId"] for it in found] == [first]
    unknown = [{"Name": "colour", "Values": ["red"]}]
    code = refusal(here.describe_vpc_peering_connections, Filters=unknown)
    assert code == "InvalidParameterValue"


def test_a_network_is_built_and_taken_down(ours):
    ec2 = ours.client(region="us-west-2")
    network = vpc(ec2, "10.8.0.0/21")
    zones = ec2.describe_availability_zones()["AvailabilityZones"]
    subnets = [ec2.create_subnet(
        VpcId=network, CidrBlock=f"10.8.{at}.0/24", AvailabilityZone=zone["ZoneName"],
    )["Subnet"]["SubnetId"] for at, zone in enumerate(zones)]
    ec2.get_waiter("subnet_available").wait(SubnetIds=subnets)
    found = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [network]}])["Subnets"]
    assert {it["AvailableIpAddressCount"] for it in found} == {251}
    table = ec2.create_route_table(VpcId=network)["RouteTable"]["RouteTableId"]
    link = ec2.associate_route_table(RouteTableId=table, SubnetId=subnets[0])["AssociationId"]
    assert refusal(ec2.delete_route_table, RouteTableId=table) == "DependencyViolation"
    ec2.disassociate_route_table(AssociationId=link)
    assert refusal(ec2.delete_vpc, VpcId=network) == "DependencyViolation"
    ec2.delete_route_table(RouteTableId=table)
    for subnet in subnets:
        ec2.delete_subnet(SubnetId=subnet)
    more = ec2.associate_vpc_cidr_block(VpcId=network, CidrBlock="10.20.0.0/16")
    assert more["CidrBlockAssociation"]["CidrBlock"] == "10.20.0.0/16"
    blocks = [it["CidrBlock"] for it in
              ec2.describe_vpcs(VpcIds=[network])["Vpcs"][0]["CidrBlockAssociationSet"]]
    assert blocks == ["10.8.0.0/21", "10.20.0.0/16"]
    ec2.delete_vpc(VpcId=network)


def test_what_terraform_reads_around_a_vpc_is_there(ours):
    ec2 = ours.client()
    network = vpc(ec2, "10.8.0.0/21")
    inside = [{"Name": "vpc-id", "Values": [network]}]
    groups = ec2.describe_security_groups(
        Filters=[*inside, {"Name": "group-name", "Values": ["default"]}])["SecurityGroups"]
    acls = ec2.describe_network_acls(
        Filters=[*inside, {"Name": "default", "Values": ["true"]}])["NetworkAcls"]
    assert (len(groups), len(acls)) == (1, 1)
    assert groups[0]["IpPermissionsEgress"][0]["IpRanges"] == [{"CidrIp": "0.0.0.0/0"}]
    assert [entry["RuleNumber"] for entry in acls[0]["Entries"]] == [100, 100, 32767, 32767]
    attributes = {"EnableDnsSupport": True, "EnableDnsHostnames": True,
                  "EnableNetworkAddressUsageMetrics": False}
    for name, value in attributes.items():
        read = ec2.describe_vpc_attribute(VpcId=network, Attribute=name[0].lower() + name[1:])
        assert read[name]["Value"] is value
    platforms = ec2.describe_account_attributes(AttributeNames=["supported-platforms"])
    assert platforms["AccountAttributes"][0]["AttributeValues"] == [{"AttributeValue": "VPC"}]
    assert "us-east-1" in {it["RegionName"] for it in ec2.describe_regions()["Regions"]}
    assert ec2.describe_network_interfaces(Filters=inside)["NetworkInterfaces"] == []


def test_a_role_is_assumed_in_its_account(ours, theirs):
    arn = f"arn:aws:iam::{theirs.id}:role/peering"
    keys = ours.client("sts").assume_role(
        RoleArn=arn, RoleSessionName="proof", ExternalId="any")["Credentials"]
    session = {"aws_access_key_id": keys["AccessKeyId"],
               "aws_secret_access_key": keys["SecretAccessKey"],
               "aws_session_token": keys["SessionToken"]}
    who = ours.client("sts", **session).get_caller_identity()
    assert who["Account"] == theirs.id
    assert who["Arn"] == f"arn:aws:sts::{theirs.id}:assumed-role/peering/proof"
    made = vpc(ours.client(**session), "10.8.0.0/21")
    assert theirs.client().describe_vpcs(VpcIds=[made])["Vpcs"][0]["OwnerId"] == theirs.id


def test_a_dry_run_and_a_missing_object_are_said_so(ours):
    ec2 = ours.client()
    assert refusal(ec2.create_vpc, CidrBlock="10.8.0.0/21", DryRun=True) == "DryRunOperation"
    assert ec2.describe_vpcs()["Vpcs"] == []
    missing = {"VpcPeeringConnectionIds": ["pcx-00000000000000000"]}
    code = refusal(ec2.describe_vpc_peering_connections, **missing)
    assert code == "InvalidVpcPeeringConnectionID.NotFound"
    with pytest.raises(WaiterError):
        ec2.get_waiter("vpc_peering_connection_exists").wait(
            **missing, WaiterConfig={"Delay": 1, "MaxAttempts": 1})
