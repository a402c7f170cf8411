"""Owns the proof that the service drives accounts that its configuration names: `peerage serve`
with a few lines for each cloud, over credentials of the environment and in files, and clouds at
other addresses."""

import json
import os
import re
import subprocess
import time
import uuid

import atlas
import pytest
import requests
import test_flows
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

KEYS = {"AWS_ACCESS_KEY_ID": "999988887777", "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_EC2_METADATA_DISABLED": "true"}
SECRET = "the emulated cloud takes any"
START_LIMIT = 30.0


@pytest.fixture
def service(server, tmp_path):
    """A service over an account of each cloud: what the credentials file of `peerage dev` would
    say of it."""
    config, log = tmp_path / "peerage.toml", tmp_path / "log"
    installation = f"another-{uuid.uuid4().hex[:8]}"
    (tmp_path / "secret").write_text(SECRET)
    (tmp_path / "account.json").write_text(json.dumps(service_account(server["gcpEndpoint"])))
    config.write_text(f"""
listen = "127.0.0.1:0"
store = "sqlite://{tmp_path}/peerage.db"
key_file = "{tmp_path}/master.key"
[clouds]
installation = "{installation}"
orphans = "1s"
[clouds.aws]
endpoint = "{server["awsEndpoint"]}"
regions = ["us-east-1"]
[clouds.azure]
tenant_id = "11111111-1111-1111-1111-111111111111"
client_id = "44444444-4444-4444-4444-444444444444"
subscription_id = "22222222-2222-2222-2222-222222222222"
client_secret_file = "{tmp_path}/secret"
endpoint = "{server["azureEndpoint"]}"
authority = "{server["azureEndpoint"]}"
ca_file = "{server["caFile"]}"
[clouds.gcp]
project = "peerage-service"
credentials_file = "{tmp_path}/account.json"
endpoint = "{server["gcpEndpoint"]}"
""")
    binary, environment = os.environ["PEERAGE_BINARY"], {**os.environ, **KEYS}
    made = subprocess.run([binary, "init", "--config", config], check=True, capture_output=True,
                          text=True, env=environment)
    keys = json.loads(made.stdout)
    with log.open("wb") as output:
        process = subprocess.Popen([binary, "serve", "--config", config], stdout=output,
                                   stderr=output, env=environment)
    try:
        yield {**credentials(keys), "baseUrl": address(process, log), "config": config,
               "installation": installation, "log": log}
    finally:
        process.terminate()
        process.wait(30)
        assert SECRET not in log.read_text()


def service_account(endpoint):
    """The key of a service account, as Google gives it out; its tokens come from the emulator."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption()).decode()
    return {"type": "service_account", "project_id": "peerage-service", "private_key_id": "1",
            "private_key": key, "client_email": "us@peerage-service.iam.gserviceaccount.com",
            "client_id": "1", "token_uri": f"{endpoint}/token"}


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
        assert tags["peerage:installation"] == service["installation"]
        assert tags["peerage:peering"] == peer
        client.network_peering.delete_group_peer(group, peer)
        atlas.until_gone(client, group, peer)


def test_a_configured_subscription_is_driven(service, clouds):
    with atlas.digest(service) as client:
        group = atlas.new_project(client, service)
        test_flows.life_on_azure(client, group, clouds, "172.26.0.0/16")


def test_a_configured_project_is_driven(service, clouds):
    with atlas.digest(service) as client:
        group = atlas.new_project(client, service)
        test_flows.life_on_gcp(client, group, clouds, "172.27.0.0/16")


def test_an_orphan_is_told_of_and_taken_away_beside_the_service(service, clouds):
    ours, container = test_flows.ours(clouds), "64f0aaaaaaaaaaaaaaaaaaaa"
    tags = {"peerage:installation": service["installation"], "peerage:container": container,
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
