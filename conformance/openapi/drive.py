"""Owns the run of schemathesis: a server, a project to play with, and its command line on the
document that this server serves, restricted to network peering.

Usage: drive.py JUNIT-FILE. The exit status is that of schemathesis.
"""

import json
import string
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "harness"), str(HERE.parent / "python")]

import atlas  # noqa: E402  (needs the path above)
import requests  # noqa: E402
from server import Server  # noqa: E402

# All but one: `positive_data_acceptance` takes a body for right when its schema does, and no
# schema says that a provider cannot be changed, or that a block must not overlap another.
CHECKS = ["--checks", "all", "--exclude-checks", "positive_data_acceptance"]


def listed(values):
    """The inside of a TOML array of strings."""
    return ", ".join(json.dumps(value) for value in values)


def token(server):
    """An access token of the service account."""
    answer = requests.post(
        server["baseUrl"] + "/api/oauth/token",
        auth=(server["clientId"], server["clientSecret"]),
        data={"grant_type": "client_credentials"},
        timeout=20,
    )
    answer.raise_for_status()
    return answer.json()["access_token"]


def seeded(server):
    """A project with a container and an available peering on each cloud, and a token."""
    with atlas.oauth(server) as client:
        group = atlas.new_project(client, server)
        containers, peers = [], []
        for cloud in atlas.CLOUDS:
            container = client.network_peering.create_group_container(group, cloud.container())
            peer = client.network_peering.create_group_peer(group, cloud.peer(container.id))
            atlas.until_state(client, group, peer.id, cloud, "AVAILABLE")
            containers.append(container.id)
            peers.append(peer.id)
        return {
            "base": server["baseUrl"],
            "token": token(server),
            "group": group,
            "containers": listed(containers),
            "peers": listed(peers),
        }


def main():
    """Fills the configuration in, and runs schemathesis with it."""
    template = string.Template((HERE / "schemathesis.toml").read_text())
    with Server("--pace", "instant", "--customer", "accept") as server:
        with tempfile.TemporaryDirectory() as scratch:
            config = Path(scratch) / "schemathesis.toml"
            config.write_text(template.substitute(seeded(server)))
            command = [str(Path(sys.executable).with_name("schemathesis"))]
            command += ["--config-file", str(config), "run", server["baseUrl"] + "/openapi.json"]
            command += ["--include-tag", "Network Peering", *CHECKS]
            command += ["--continue-on-failure", "--no-color"]
            command += ["--report", "junit", "--report-junit-path", sys.argv[1]]
            return subprocess.run(command, cwd=scratch, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
