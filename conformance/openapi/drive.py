"""Owns the runs of schemathesis: which operations each drives, on a server and with a project of
its own, and what comes out of all of them.

Usage: drive.py JUNIT-FILE [RUN...]. The exit status is 0 when every run passed.
"""

import concurrent.futures
import string
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "harness"), str(HERE.parent / "python")]

import seed  # noqa: E402  (needs the path above)
from server import Server  # noqa: E402

CONTRACT = "^/api/atlas/"
PROJECTS = "^/api/atlas/v2/groups"
OTHERS = "^/api/(private|atlas/v2(?!/groups))"
TOKENS = "^/api/oauth/"
HAND = "^/api/peerage/"


@dataclass(frozen=True)
class Run:
    """One run: what it drives, and how."""

    name: str
    paths: str = CONTRACT
    seeds: Callable = seed.some_of_everything
    envelope: str = "false"
    examples: int = 15
    only: tuple = ()
    without: tuple = ()
    unchecked: tuple = ()

    def arguments(self):
        """What is driven, for the command line."""
        if not self.only:
            yield from ("--include-path-regex", self.paths)
        for name in self.only:
            yield from ("--include-operation-id", name)
        for name in self.without:
            yield from ("--exclude-operation-id", name)

    def exceptions(self):
        """What is not checked, for the configuration."""
        return "\n".join(f"{name}.enabled = false" for name in self.unchecked)


# They end what the others need, or bind what the others may do. The widest runs come first: they
# take the longest.
ENDS = ("deleteGroup", "deleteOrg", "updateOrgSettings")
RUNS = (
    Run("projects", paths=PROJECTS, without=ENDS),
    Run("others", paths=OTHERS, without=ENDS),
    # An envelope hides every status in a 200, as the contract wants: what reads the status of a
    # refusal has nothing to look at.
    Run(
        "enveloped", envelope="true", examples=5, without=ENDS,
        unchecked=("negative_data_rejection", "use_after_free", "unsupported_method"),
    ),
    Run("closed", only=ENDS, seeds=seed.to_be_closed),
    Run("deleted", only=("deleteOrg",), seeds=seed.to_be_deleted),
    # Failed proofs of who asks slow down the address that they come from.
    Run("tokens", paths=TOKENS),
    # Planted faults and a moved clock are felt by everybody.
    Run("hand", paths=HAND),
)


def drive(run, scratch):
    """Runs schemathesis once; gives back its exit status, what it said and its JUnit file."""
    template = string.Template((HERE / "schemathesis.toml").read_text())
    folder = Path(scratch) / run.name
    folder.mkdir()
    config, report = folder / "schemathesis.toml", folder / "junit.xml"
    with Server("--pace", "instant", "--customer", "accept") as server:
        filled = run.seeds(server)
        config.write_text(template.substitute(
            filled, base=server["baseUrl"], envelope=run.envelope, examples=run.examples,
            unchecked=run.exceptions(),
        ))
        command = [str(Path(sys.executable).with_name("schemathesis"))]
        command += ["--config-file", str(config), "run", server["baseUrl"] + "/openapi.json"]
        command += [*run.arguments(), "--continue-on-failure", "--no-color"]
        command += ["--report", "junit", "--report-junit-path", str(report)]
        done = subprocess.run(
            command, cwd=folder, check=False, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
    return run, done.returncode, done.stdout, report


def merged(reports):
    """One JUnit document of all that were written."""
    suites = ElementTree.Element("testsuites")
    for run, report in reports:
        if report.exists():
            for suite in ElementTree.parse(report).iter("testsuite"):
                suite.set("name", f"{run.name} {suite.get('name')}")
                suites.append(suite)
    return ElementTree.ElementTree(suites)


def main():
    """Drives every run, two at a time: each has a server of its own."""
    junit, *names = sys.argv[1:]
    chosen = [run for run in RUNS if not names or run.name in names]
    with tempfile.TemporaryDirectory() as scratch:
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            done = list(pool.map(lambda run: drive(run, scratch), chosen))
        for run, code, said, _ in done:
            print(f"--- {run.name}: {code}\n{said}", flush=True)
        merged([(run, report) for run, _, _, report in done]).write(junit)
        return max((abs(code) for _, code, _, _ in done), default=1)


if __name__ == "__main__":
    sys.exit(main())
