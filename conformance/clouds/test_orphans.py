"""Owns the proof that what nobody knows any more is found in the clouds, and taken away when that
is asked for. The orphans are what one installation made, seen by another of the same name."""

import os
import subprocess

import atlas
import pytest
import test_flows

SECRET = "the emulated cloud takes any"


@pytest.fixture
def stranger(server, tmp_path):
    """Runs the program over an empty store, with the same accounts as the server's."""
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    config = tmp_path / "peerage.toml"
    config.write_text(f"""
store = "sqlite://{tmp_path}/peerage.db"
key_file = "{tmp_path}/master.key"
[clouds.aws]
endpoint = "{server["awsEndpoint"]}"
regions = ["us-east-1"]
[clouds.azure]
tenant_id = "11111111-1111-1111-1111-111111111111"
client_id = "44444444-4444-4444-4444-444444444444"
subscription_id = "22222222-2222-2222-2222-222222222222"
client_secret_file = "{secret}"
endpoint = "{server["azureEndpoint"]}"
authority = "{server["azureEndpoint"]}"
ca_file = "{server["caFile"]}"
""")
    keys = {"AWS_ACCESS_KEY_ID": "999988887777", "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_EC2_METADATA_DISABLED": "true"}

    def run(*arguments):
        command = [os.environ["PEERAGE_BINARY"], *arguments, "--config", str(config)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120,
                              env={**os.environ, **keys})
        assert SECRET not in done.stdout + done.stderr
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run("init")
    return run


def test_check_says_who_the_service_is(stranger):
    told = stranger("check")
    assert "999988887777" in told
    assert "22222222-2222-2222-2222-222222222222" in told
    assert "GCP            ok  emulated" in told


def test_orphans_are_named_and_taken_away(client, group, clouds, stranger):
    peer, connection, theirs, _ = test_flows.available_on_aws(
        client, group, clouds, "172.24.0.0/16")
    container = client.network_peering.get_group_peer(group, peer).container_id
    named = stranger("gc", "--dry-run")
    assert f"{connection} of peering {peer}" in named
    assert f"of container {container}" in named
    state = theirs.describe_vpc_peering_connections(VpcPeeringConnectionIds=[connection])
    assert state["VpcPeeringConnections"][0]["Status"]["Code"] == "active"

    removed = stranger("gc")
    lines = [line for line in removed.splitlines() if peer in line or container in line]
    assert [line.split()[0] for line in lines] == ["removed", "removed"]
    state = theirs.describe_vpc_peering_connections(VpcPeeringConnectionIds=[connection])
    assert state["VpcPeeringConnections"][0]["Status"]["Code"] == "deleted"
    # Whose it was notices: it asks the customer anew, or says that it failed.
    test_flows.wait_for(client, group, peer, "PENDING_ACCEPTANCE", "FAILED")
    client.network_peering.delete_group_peer(group, peer)
    atlas.until_gone(client, group, peer)
