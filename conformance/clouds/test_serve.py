"""Owns the proof that the service drives accounts that its configuration names: `peerage serve`
with a few lines for AWS, over credentials of the environment, and a cloud at another address."""

import json
import os
import re
import subprocess
import time

import atlas
import pytest
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
        yield {**credentials(keys), "baseUrl": address(process, log)}
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
