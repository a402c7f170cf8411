"""Owns the server of the curl suite, and curl itself: one call, and what came back."""

import json
import subprocess
import uuid
from dataclasses import dataclass, field

import pytest
from server import Server


@dataclass
class Answer:
    """One HTTP answer, as it was on the wire."""

    status: int
    headers: list = field(default_factory=list)
    body: str = ""

    def all(self, name):
        """Every value of a header."""
        return [value for key, value in self.headers if key == name.lower()]

    def one(self, name):
        """The value of a header that is there once."""
        (value,) = self.all(name)
        return value

    def json(self):
        """The body as JSON."""
        return json.loads(self.body)


def parse(text):
    """The answers of one call of `curl --include`, the last one last."""
    answers = []
    while text.startswith("HTTP/"):
        head, _, text = text.partition("\r\n\r\n")
        lines = head.split("\r\n")
        headers = [tuple(line.split(": ", 1)) for line in lines[1:] if ": " in line]
        headers = [(name.lower(), value) for name, value in headers]
        # curl leaves out the body of an answer that only made it sign its request.
        length = 0 if text.startswith("HTTP/") else int(dict(headers).get("content-length", 0))
        body, text = text[:length], text[length:]
        answers.append(Answer(int(lines[0].split()[1]), headers, body))
    return answers


class Curl:
    """curl against one server; `answers` keeps every answer of the last call."""

    def __init__(self, server):
        self.server = server
        self.answers = []

    def plain(self, *arguments):
        """One call without credentials."""
        *options, path = arguments
        command = ["curl", "--silent", "--show-error", "--include", "--max-time", "20"]
        command += ["--noproxy", "*", *options, self.server["baseUrl"] + path]
        done = subprocess.run(command, capture_output=True, check=True)
        self.answers = parse(done.stdout.decode())
        return self.answers[-1]

    def digest(self, *arguments):
        """One call with the API key."""
        user = f"{self.server['publicKey']}:{self.server['privateKey']}"
        return self.plain("--digest", "--user", user, *arguments)

    def post(self, path, body, *options, media="application/vnd.atlas.2023-01-01+json"):
        """One POST of JSON with the API key."""
        text = body if isinstance(body, str) else json.dumps(body)
        accept = ["--header", f"Accept: {media}", "--header", f"Content-Type: {media}"]
        return self.digest("--request", "POST", *accept, "--data-binary", text, *options, path)


@pytest.fixture(scope="session")
def server():
    """A server whose customers accept."""
    with Server("--pace", "fast", "--customer", "accept") as credentials:
        yield credentials


@pytest.fixture
def curl(server):
    """curl against that server."""
    return Curl(server)


@pytest.fixture
def group(curl):
    """A fresh project."""
    body = {"name": f"curl-{uuid.uuid4().hex[:12]}", "orgId": curl.server["orgId"]}
    return curl.post("/api/atlas/v2/groups", body).json()["id"]
