"""Owns each suite: what it needs, how its clients are installed, how it is run and counted."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass
class Result:
    """What came out of one suite."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0
    note: str = ""


def call(command, cwd=ROOT, **extra):
    """Runs a command whose failure ends the suite."""
    subprocess.run(command, cwd=cwd, check=True, env={**os.environ, **extra})


def place(home, name, *locks):
    """The directory for clients that are locked by these files."""
    digest = hashlib.sha256(sys.version.encode())
    for lock in locks:
        digest.update((ROOT / lock).read_bytes())
    return home / f"{name}-{digest.hexdigest()[:16]}"


def install(path, fill):
    """Fills a directory once: half a directory is never taken for a whole one."""
    ready = path / ".ready"
    if not ready.exists():
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        fill(path)
        ready.touch()
    return path


def junit(path, code):
    """Counts what a JUnit file says; a run that ended badly without a failed test is a failure."""
    result = Result()
    cases = ElementTree.parse(path).iter("testcase") if path.exists() else ()
    for case in cases:
        outcomes = {child.tag for child in case}
        if outcomes & {"failure", "error"}:
            result.failed += 1
        elif "skipped" in outcomes:
            result.skipped += 1
        else:
            result.passed += 1
    if code != 0 and result.failed == 0:
        result.failed, result.note = 1, f"the runner ended with {code}"
    if result.passed + result.failed + result.skipped == 0:
        result.failed, result.note = 1, "no test ran"
    return result


class Suite:
    """A suite; subclasses say how."""

    name = what = ""
    needs = ()

    def missing(self):
        """The tools that are not on this machine."""
        return [tool for tool in self.needs if shutil.which(tool) is None]


class Pytest(Suite):
    """A suite of pytest, in a virtual environment with pinned packages."""

    needs = ("python3",)

    locks = ("python/requirements.txt",)

    def __init__(self, name, folder, what, needs=()):
        self.name, self.folder, self.what = name, folder, what
        self.needs = (*Pytest.needs, *needs)

    def home(self, home):
        return place(home, Path(self.locks[-1]).parent.name, *self.locks)

    def interpreter(self, home):
        """Python with everything that this suite needs, once it is prepared."""
        return self.home(home) / "venv/bin/python"

    def prepare(self, home):
        def fill(path):
            call([sys.executable, "-m", "venv", path / "venv"])
            pip = [path / "venv/bin/pip", "--disable-pip-version-check", "install", "--quiet"]
            for lock in self.locks:
                call([*pip, "--no-deps", "--requirement", ROOT / lock])

        install(self.home(home), fill)

    def pytest(self, home, *arguments):
        command = [self.home(home) / "venv/bin/pytest", "-q", "--tb=short", *arguments, self.folder]
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run(command, cwd=ROOT, check=False, env=environment).returncode

    def check(self, home):
        if self.pytest(home, "--collect-only", "-qq") != 0:
            return Result(failed=1, note="the tests cannot be collected")
        return Result(passed=1, note="collected")

    def run(self, home):
        with tempfile.TemporaryDirectory() as scratch:
            report = Path(scratch) / "junit.xml"
            return junit(report, self.pytest(home, f"--junit-xml={report}"))


class Schemathesis(Pytest):
    """schemathesis, in the same virtual environment, by its own command line."""

    def check(self, home):
        call([self.home(home) / "venv/bin/schemathesis", "--version"])
        files = [ROOT / "openapi" / name for name in ("drive.py", "seed.py")]
        call([sys.executable, "-m", "py_compile", *files], PYTHONPYCACHEPREFIX=str(home / "pycache"))
        return Result(passed=1, note="compiled")

    def run(self, home):
        with tempfile.TemporaryDirectory() as scratch:
            report = Path(scratch) / "junit.xml"
            command = [self.home(home) / "venv/bin/python", "-B", ROOT / "openapi/drive.py", report]
            return junit(report, subprocess.run(command, check=False).returncode)


class Clouds(Pytest):
    """The clouds' own clients, beside those of the Atlas API."""

    locks = (*Pytest.locks, "clouds/requirements.txt")


class Node(Suite):
    """The client of the npm registry, under Node's own test runner."""

    name, what = "node", "npm mongodb-atlas-api-client"
    needs = ("node", "npm", "python3")

    @staticmethod
    def home(home):
        return place(home, "node", "node/package.json", "node/package-lock.json")

    @staticmethod
    def tests():
        return sorted(str(path) for path in (ROOT / "node").glob("*.test.mjs"))

    def prepare(self, home):
        def fill(path):
            for name in ("package.json", "package-lock.json"):
                shutil.copy(ROOT / "node" / name, path)
            call(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=path)

        install(self.home(home), fill)

    def check(self, home):
        for test in self.tests():
            call(["node", "--check", test])
        return Result(passed=1, note="syntax checked")

    def run(self, home):
        with tempfile.TemporaryDirectory() as scratch:
            report = Path(scratch) / "junit.xml"
            command = ["node", "--test", "--test-reporter=spec", "--test-reporter-destination=stdout"]
            command += ["--test-reporter=junit", f"--test-reporter-destination={report}"]
            environment = {**os.environ, "PEERAGE_NODE_CLIENTS": str(self.home(home))}
            done = subprocess.run([*command, *self.tests()], cwd=ROOT, check=False, env=environment)
            return junit(report, done.returncode)


class Go(Suite):
    """A module of Go tests, under `go test`."""

    needs = ("go", "python3")

    def __init__(self, name, what):
        self.name, self.what, self.folder = name, what, ROOT / name

    def prepare(self, home):
        call(["go", "vet", "./..."], cwd=self.folder, GOFLAGS="-mod=readonly")

    def check(self, home):
        return Result(passed=1, note="vetted")

    def run(self, home):
        return self.test(self.folder, "./...")

    def test(self, folder, packages, flags="-mod=readonly"):
        """Runs the tests of packages and counts them."""
        command = ["go", "test", "-json", "-count=1", "-timeout=10m", packages]
        environment = {**os.environ, "GOFLAGS": flags}
        outcomes, output = {}, {}
        with subprocess.Popen(
            command, cwd=folder, stdout=subprocess.PIPE, text=True, env=environment
        ) as process:
            for line in process.stdout:
                event = json.loads(line) if line.startswith("{") else {"Output": line}
                action, test = event.get("Action"), event.get("Test", "")
                output.setdefault(test, []).append(event.get("Output", ""))
                if test and action in ("pass", "fail", "skip"):
                    outcomes[test] = action
                    print(f"{action:4} {test} ({event['Elapsed']:.2f} s)", flush=True)
                    if action == "fail":
                        print("".join(output[test]), flush=True)
        parents = {test.rsplit("/", depth)[0] for test in outcomes
                   for depth in range(1, test.count("/") + 1)}
        ends = [action for test, action in outcomes.items() if test not in parents]
        result = Result(ends.count("pass"), ends.count("fail"), ends.count("skip"))
        if process.returncode != 0 and result.failed == 0:
            print("".join(output.get("", [])), flush=True)
            result.failed, result.note = 1, f"go test ended with {process.returncode}"
        if not ends:
            result.failed, result.note = 1, "no test ran"
        return result


def go_module(wanted, path):
    """Copies a module of Go, if it is the one that is wanted."""
    name = f"{wanted['path']}@{wanted['version']}"
    command = ["go", "mod", "download", "-json", name]
    told = subprocess.run(command, cwd=path.parent, capture_output=True, text=True, check=False)
    found = json.loads(told.stdout or "{}")
    if told.returncode != 0:
        raise OSError(found.get("Error") or told.stderr)
    if found["Sum"] != wanted["sum"]:
        raise ValueError(f"{name} is {found['Sum']}, and not {wanted['sum']}")
    shutil.copytree(found["Dir"], path, copy_function=shutil.copyfile)
    for folder in (path, *(found for found in path.rglob("*") if found.is_dir())):
        folder.chmod(0o755)


def spell_as(sdk, path, name):
    """Gives a release of the Go SDK the name of a later one, which writes `API` for `Api`."""
    for file in (path / "go.mod", *path.rglob("*.go")):
        text = file.read_text().replace(sdk, name)
        file.write_text(re.sub(r"\b([A-Za-z]+)Api\b", r"\1API", text))


class Operator(Go):
    """The Kubernetes operator. What it is made of is internal to its module, so the tests are put
    into a copy of the module; its code is as it was published. Its release of the Go SDK is not on
    every mirror of modules: an earlier one stands in for it."""

    package = "internal/peerage"

    def home(self, home):
        return place(home, self.name, f"{self.name}/module.json")

    def prepare(self, home):
        wanted = json.loads((self.folder / "module.json").read_text())

        def fill(path):
            sdk = wanted["sdk"]
            go_module(wanted["operator"], path / "module")
            go_module(sdk, path / "sdk")
            spell_as(sdk["path"], path / "sdk", sdk["instead_of"])
            replace = f"-replace={sdk['instead_of']}={path / 'sdk'}"
            call(["go", "mod", "edit", replace], cwd=path / "module")

        module = install(self.home(home), fill) / "module"
        tests = module / self.package
        shutil.rmtree(tests, ignore_errors=True)
        tests.mkdir()
        for test in self.folder.glob("*_test.go"):
            shutil.copy(test, tests)
        call(["go", "vet", f"./{self.package}"], cwd=module, GOFLAGS="-mod=mod")

    def run(self, home):
        os.environ["PEERAGE_SERVER_HELPER"] = str(ROOT / "harness/server.py")
        return self.test(self.home(home) / "module", f"./{self.package}", "-mod=mod")


ALL = (
    Go("gosdk", "the official Go SDK"),
    Go("go", "the digest and OAuth transports of the Go clients, in their call sequences"),
    Operator("operator", "the Kubernetes operator's own reconcilers"),
    Pytest("python", "python", "PyPI pyatlassdk, with its strict models"),
    Node(),
    Clouds("clouds", "clouds", "the clouds' own clients, and the aws command, as the customer"),
    Pytest("curl", "curl", "curl --digest: the bytes on the wire", needs=("curl",)),
    Schemathesis("schemathesis", "openapi", "schemathesis on the served OpenAPI document"),
)
NAMES = [suite.name for suite in ALL]
WITH_PYTHON = [suite.name for suite in ALL if isinstance(suite, Pytest)]
