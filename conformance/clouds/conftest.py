"""Owns the servers of the suite: every cloud emulated on a port of its own, and driven like the
real one. The customer is played by the clouds' own clients."""

from types import SimpleNamespace

import atlas
import pytest
from server import Server

PORTS = ("--emulate-aws", "--emulate-azure", "--emulate-gcp")


@pytest.fixture(scope="session")
def server():
    """A server whose customers do nothing by themselves."""
    with Server("--pace", "fast", "--customer", "manual", *PORTS) as credentials:
        yield credentials


@pytest.fixture(scope="session")
def clouds(server):
    """Where the emulated clouds are: `aws`, `azure`, `gcp`, and `ca`, whom Azure's trusts."""
    return SimpleNamespace(
        aws=server["awsEndpoint"], azure=server["azureEndpoint"], gcp=server["gcpEndpoint"],
        ca=server["caFile"],
    )


@pytest.fixture
def client(server):
    """A client of the Atlas Administration API."""
    with atlas.digest(server) as client:
        yield client


@pytest.fixture
def group(client, server):
    """A project of one test."""
    return atlas.new_project(client, server)
