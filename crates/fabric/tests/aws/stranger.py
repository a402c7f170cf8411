"""Owns moto as a process that ends with its standard input, and the customer's hand on it: boto3
and nothing else. It must not know the driver."""

import json
import sys

import boto3


def client(endpoint, account, region):
    """EC2 of an account. Whoever has plain keys is moto's own account, 123456789012."""
    keys = {"aws_access_key_id": "AKIAIOSFODNN7EXAMPLE", "aws_secret_access_key": "unchecked"}
    if account != "123456789012":
        role = f"arn:aws:iam::{account}:role/stranger"
        sts = boto3.client("sts", endpoint_url=endpoint, region_name=region, **keys)
        given = sts.assume_role(RoleArn=role, RoleSessionName="stranger")["Credentials"]
        keys = {"aws_access_key_id": given["AccessKeyId"],
                "aws_secret_access_key": given["SecretAccessKey"],
                "aws_session_token": given["SessionToken"]}
    return boto3.client("ec2", endpoint_url=endpoint, region_name=region, **keys)


def act(ec2, command, arguments):
    """Does one thing; answers what it saw."""
    if command == "vpc":
        return ec2.create_vpc(CidrBlock=arguments[0])["Vpc"]["VpcId"]
    if command == "accept":
        accepted = ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=arguments[0])
        return accepted["VpcPeeringConnection"]["Status"]["Code"]
    if command == "look":
        alive = ("initiating-request", "pending-acceptance", "provisioning", "active", "deleting")
        connections = ec2.describe_vpc_peering_connections()["VpcPeeringConnections"]
        return {
            "vpcs": [vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"]
                     if not vpc["IsDefault"]],
            "subnets": [subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]
                        if not subnet["DefaultForAz"]],
            "connections": {one["VpcPeeringConnectionId"]: one["Status"]["Code"]
                            for one in connections if one["Status"]["Code"] in alive},
            "routes": [[route["DestinationCidrBlock"], route["VpcPeeringConnectionId"]]
                       for table in ec2.describe_route_tables()["RouteTables"]
                       for route in table["Routes"] if "VpcPeeringConnectionId" in route],
        }
    raise SystemExit(f"there is no {command}")


def serve():
    """Serves moto until standard input ends."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    print(json.dumps({"port": server.get_host_and_port()[1]}), flush=True)
    sys.stdin.read()
    server.stop()


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve()
    else:
        _, endpoint, account, region, command, *rest = sys.argv
        print(json.dumps(act(client(endpoint, account, region), command, rest)))
