"""Owns the proof that the service drives accounts that its configuration names: `peerage serve`
with a few lines for AWS, over credentials of the environment, and a cloud at another address."""

import json
import os
import re
import subprocess
import time

import atlas
import pytest
import requests
import test_flows

KEYS = {"AWS_ACCESS_KEY_ID": "999988887777", "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_EC2_METADATA_DISABLED": "true"}
START_LIMIT = 30.0


@pytest.fixture
def service(server, tmp_path):
    """A service over an account of AWS: what the credentials file of `peerage dev` would say."""
    config, log = tmp_path / "peerage.toml", tmp_path / "log"
    config.write_text(f"""
listen = "127.0.0.1:0"
store = "sqlite://{tmp_path}/peerage.db"
key_file = "{tmp_path}/master.key"
[clouds]
installation = "another"
orphans = "1s"
[clouds.aws]
endpoint = "{server["awsEndpoint"]}"
regions = ["us-east-1"]
""")
    binary, environment = os.environ["PEERAGE_BINARY"], {**os.environ, **KEYS}
    made = subprocess.run([binary, "init", "--config", config], check=True, capture_output=True,
                          text=True, env=environment)
    keys = json.loads(made.stdout)
    with log.open("wb") as output:
        process = subprocess.Popen([binary, "serve", "--config", config], stdout=output,
                                   stderr=output, env=environment)
    try:
        yield {**credentials(keys), "baseUrl": address(process, log), "config": config, "log": log}
    finally:
        process.terminate()
        process.wait(30)


def credentials(keys):
    """The keys that `peerage init` printed, by the names of the credentials file."""
    def camel(name):
        return re.sub("_([a-z])", lambda found: found[1].upper(), name)
    return {camel(name): value for name, value in keys.items()}


def address(process, log):
    """Where the service listens, once it says so."""
    deadline = time.monotonic() + START_LIMIT
    while time.monotonic() < deadline:
        text = log.read_text(errors="replace")
        if found := re.search(r"Peerage listens on (\S+)", text):
            return f"http://{found[1]}"
        assert process.poll() is None, text
        time.sleep(0.02)
    raise AssertionError(log.read_text(errors="replace"))


def test_a_configured_account_is_driven(service, clouds):
    with atlas.digest(service) as client:
        group = atlas.new_project(client, service)
        peer, connection, theirs, _ = test_flows.available_on_aws(
            client, group, clouds, "172.25.0.0/16")
        ours = test_flows.ours(clouds).describe_vpc_peering_connections(
            VpcPeeringConnectionIds=[connection])["VpcPeeringConnections"][0]
        tags = {tag["Key"]: tag["Value"] for tag in ours["Tags"]}
        assert tags["peerage:installation"] == "another"
        assert tags["peerage:peering"] == peer
        client.network_peering.delete_group_peer(group, peer)
        atlas.until_gone(client, group, peer)


def test_an_orphan_is_told_of_and_taken_away_beside_the_service(service, clouds):
    ours, container = test_flows.ours(clouds), "64f0aaaaaaaaaaaaaaaaaaaa"
    tags = {"peerage:installation": "another", "peerage:container": container,
            "peerage:group": "64f0bbbbbbbbbbbbbbbbbbbb"}
    vpc = ours.create_vpc(CidrBlock="10.99.0.0/24", TagSpecifications=[{
        "ResourceType": "vpc",
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
    }])["Vpc"]["VpcId"]

    def counted():
        text = requests.get(f"{service['baseUrl']}/metrics", timeout=10).text
        found = re.search(r'^peerage_orphans{provider="AWS"} (\d+)$', text, re.MULTILINE)
        return found and int(found[1])
    atlas.until(counted, lambda count: count == 1)
    assert f"network {vpc} of container {container}" in service["log"].read_text()
    command = [os.environ["PEERAGE_BINARY"], "gc", "--config", service["config"]]
    done = subprocess.run(command, check=True, capture_output=True, text=True,
                          env={**os.environ, **KEYS})
    assert re.search(f"^removed .*{vpc} of container {container}$", done.stdout, re.MULTILINE)
    atlas.until(counted, lambda count: count == 0)
