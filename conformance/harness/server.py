"""Owns one `peerage dev` process: starts it, hands out its credentials, ends it.

From Python: `with Server("--pace", "fast") as world: ...` gives the credentials as a dictionary.
From any other language: run this file with the same arguments; it prints the credentials as one
line of JSON, and ends the server when its standard input is closed.

The binary is the one that PEERAGE_BINARY names. Only the process started here is ever ended.
"""

import json
import os
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

START_LIMIT = 30.0
STOP_LIMIT = 10.0
FIELDS = {"baseUrl", "orgId", "projectId", "publicKey", "privateKey", "clientId", "clientSecret"}


class Server:
    """One server on a free port of 127.0.0.1, with its state in a directory of its own."""

    def __init__(self, *arguments):
        self.arguments = arguments
        self.directory = tempfile.TemporaryDirectory(prefix="peerage-conformance-")
        self.credentials_file = Path(self.directory.name) / "credentials.json"
        self.log = Path(self.directory.name) / "server.log"
        self.process = None

    def __enter__(self):
        command = [os.environ["PEERAGE_BINARY"], "dev", "--listen", "127.0.0.1:0"]
        command += ["--credentials-file", str(self.credentials_file), *self.arguments]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.directory.name
            )
        try:
            return self._credentials()
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_LIMIT)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.directory.cleanup()

    def _credentials(self):
        deadline = time.monotonic() + START_LIMIT
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended with {self.process.returncode}:\n{self.tail()}")
            try:
                return self._read()
            except (FileNotFoundError, json.JSONDecodeError):
                time.sleep(0.02)
        raise RuntimeError(f"no credentials file after {START_LIMIT} s:\n{self.tail()}")

    def _read(self):
        found = json.loads(self.credentials_file.read_text())
        if missing := FIELDS - set(found):
            raise RuntimeError(f"the credentials file lacks {sorted(missing)}")
        mode = stat.S_IMODE(self.credentials_file.stat().st_mode)
        if mode != 0o600:
            raise RuntimeError(f"the credentials file has mode {mode:o}, not 600")
        return found

    def tail(self):
        """The end of what the server wrote."""
        return self.log.read_text(errors="replace")[-4000:]


def main():
    """Serves another language's test: credentials out, then wait for standard input to end."""
    with Server(*sys.argv[1:]) as credentials:
        print(json.dumps(credentials), flush=True)
        sys.stdin.buffer.read()


if __name__ == "__main__":
    main()
