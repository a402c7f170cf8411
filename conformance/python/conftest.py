"""Owns the servers of the Python suite: one for each way in which the customer can behave."""

import atlas
import pytest
from server import Server


@pytest.fixture(scope="session")
def server():
    """A server whose customers accept at once."""
    with Server("--pace", "fast", "--customer", "accept") as credentials:
        yield credentials


@pytest.fixture(scope="session")
def rejecting():
    """A server whose customers reject."""
    with Server("--pace", "fast", "--customer", "reject") as credentials:
        yield credentials


@pytest.fixture(scope="session")
def waiting():
    """A server whose customers have not decided yet."""
    with Server("--pace", "instant", "--customer", "manual") as credentials:
        yield credentials


@pytest.fixture(scope="session")
def slow():
    """A server that takes the clouds' own time."""
    with Server("--pace", "realistic", "--customer", "accept") as credentials:
        yield credentials


@pytest.fixture(params=["digest", "oauth"])
def either(request, server):
    """A client of the accepting server: once with the API key, once with the service account."""
    with getattr(atlas, request.param)(server) as client:
        yield client


@pytest.fixture
def client(server):
    """A client of the accepting server, with the API key."""
    with atlas.digest(server) as client:
        yield client


@pytest.fixture
def group(client, server):
    """A fresh project on the accepting server."""
    return atlas.new_project(client, server)
