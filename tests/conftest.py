"""Shared fixtures: a factory in a temporary folder, and the command line."""

from __future__ import annotations

import fnmatch
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from bss_mfg.workspace.workspace import Workspace
from tests.helpers.browser import chromium
from tests.helpers.commands import run_cli
from tests.helpers.factory import Factory, issue_lamps, make_factory, print_sheets
from tests.helpers.keys import PASSPHRASE
from tests.helpers.repeatable import RepeatableSource, chosen_seed
from tests.helpers.tokens import faulty_library
from tests.needs import require

REPOSITORY = Path(__file__).parents[1]
NAMES_BEFORE = pytest.StashKey[frozenset[str]]()
SOURCE = RepeatableSource(chosen_seed())
"""What each test draws its keys from."""
# How quick a machine is, no test decides; and with one seed, all runs try the same.
hypothesis.settings.register_profile("same", deadline=None, derandomize=True)
hypothesis.settings.register_profile("new", deadline=None)
hypothesis.settings.load_profile("same" if SOURCE.seed == "0" else "new")

if TYPE_CHECKING:
    from selenium.webdriver import Chrome


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[object], request: pytest.FixtureRequest) -> Iterator[None]:
    """What several tests share is the same, whichever of them is first."""
    with SOURCE.of(f"{request.node.nodeid} {fixturedef.baseid} {fixturedef.argname} {request.param_index}"):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    with SOURCE.of(item.nodeid):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[pytest.TestReport]:
    """A failure whose words hold halves of surrogate pairs is told: one can't be sent, and would end the whole run."""
    report: pytest.TestReport = yield
    told = str(report.longrepr)
    if report.longrepr is not None and not isinstance(report.longrepr, tuple) and told != _sendable(told):
        report.longrepr = _sendable(told)
    report.sections = [(_sendable(name), _sendable(text)) for name, text in report.sections]
    return report


def _sendable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """A file's bytes name no test: some hold the time they were made, and then no two processes name the same."""
    return argname if isinstance(val, bytes) and len(val) > 40 else None


def pytest_configure() -> None:
    """The tests' folders are in memory where there is room: a ledger syncs each commit, and thousands are made here."""
    memory = Path("/dev/shm")
    if memory.is_dir() and shutil.disk_usage(memory).free > 2 << 30 and not os.statvfs(memory).f_flag & os.ST_NOEXEC:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory))
    os.environ["BSS_MFG_LANGUAGE"] = "en"  # whatever the developer speaks
    # A shell starts what is put into the background with Ctrl-C ignored, and every command tested would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    SOURCE.install(pytest.MonkeyPatch())


def pytest_sessionstart(session: pytest.Session) -> None:
    session.stash[NAMES_BEFORE] = _names_beside_the_tests()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A test that leaves something in the repository fails the run: the next test, or a commit, would take it along."""
    left = _names_beside_the_tests() - session.stash[NAMES_BEFORE]
    if left and not hasattr(session.config, "workerinput"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        reporter = session.config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            reporter.write_line(f"Tests left these in the repository: {sorted(map(ascii, left))}", red=True)


def _names_beside_the_tests() -> frozenset[str]:
    """What lies at the top of the repository, but for what tools keep there (.gitignore)."""
    kept = [line.strip("/\n") for line in (REPOSITORY / ".gitignore").open(encoding="utf-8")]
    return frozenset(
        path.name for path in REPOSITORY.iterdir() if not any(fnmatch.fnmatch(path.name, name) for name in kept)
    )


def pytest_runtest_setup(item: pytest.Item) -> None:
    """What a test needs is looked for before anything is made for it."""
    require(tool for mark in item.iter_markers("needs") for tool in mark.args)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What repeats a failed run; and tests that were left out for a missing tool, by name, with the way out."""
    if terminalreporter.getreports("failed"):
        terminalreporter.line(f"These tests drew their keys with BSS_MFG_TEST_SEED={SOURCE.seed}.")
    left_out: dict[str, list[str]] = {}
    for report in terminalreporter.getreports("skipped"):
        reason = report.longrepr[2].removeprefix("Skipped: ")
        if " is missing" in reason:
            left_out.setdefault(reason, []).append(report.nodeid)
    for reason, names in left_out.items():
        terminalreporter.section(f"left out: {len(names)}", sep="-")
        terminalreporter.line(reason)
        for name in names:
            terminalreporter.line(f"  {name}")


@pytest.fixture(scope="session")
def empty_factory(tmp_path_factory: pytest.TempPathFactory) -> Factory:
    """What `factory` is a copy of; nobody works in it."""
    return make_factory(tmp_path_factory.mktemp("empty") / "w")


@pytest.fixture
def factory(empty_factory: Factory, tmp_path: Path) -> Factory:
    """An empty factory."""
    return empty_factory.copied(tmp_path / "factory floor")


@pytest.fixture(scope="session")
def issued_factory(tmp_path_factory: pytest.TempPathFactory) -> Factory:
    """What `issued` is a copy of; nobody works in it."""
    return issue_lamps(make_factory(tmp_path_factory.mktemp("issued") / "w"))


@pytest.fixture
def issued(issued_factory: Factory, tmp_path: Path) -> Factory:
    """A product `bulb` with batch B1 of six units, and a product `duo` in packages of two."""
    return issued_factory.copied(tmp_path / "a b" / "w")


@pytest.fixture(scope="session")
def printed_factory(tmp_path_factory: pytest.TempPathFactory) -> Factory:
    """What `printed` is a copy of; nobody works in it."""
    return print_sheets(make_factory(tmp_path_factory.mktemp("printed") / "w"))


@pytest.fixture(scope="module")
def printed(printed_factory: Factory, tmp_path_factory: pytest.TempPathFactory) -> Factory:
    """Two batches of one sheet each, with their labels; a module's tests share it."""
    return printed_factory.copied(tmp_path_factory.mktemp("printed") / "w")


@pytest.fixture
def memory() -> Iterator[Path]:
    """A folder in memory where there is one: for thousands of ledgers, each of which is synced."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def faulty_token(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library of tokens that fail at a call."""
    return faulty_library(tmp_path_factory.mktemp("faulty"))


@pytest.fixture(scope="session")
def new_factory(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Factory]:
    """Makes factories that live as long as the session."""
    return lambda: make_factory(tmp_path_factory.mktemp("factory") / "w")


@pytest.fixture(scope="session")
def demo_factory(tmp_path_factory: pytest.TempPathFactory) -> Factory:
    """The workspace that `bss-mfg demo` makes."""
    root = tmp_path_factory.mktemp("demo") / "line"
    done = run_cli("demo", "--out", root)
    assert done.code == 0, done.err
    return Factory(Workspace.find(str(root), root, {}))


@pytest.fixture(scope="module")
def chrome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    """A headless Chromium that notes its requests and its console."""
    with chromium(tmp_path_factory.mktemp("chromium")) as driver:
        yield driver


@pytest.fixture
def phrase(tmp_path: Path) -> dict[str, str]:
    """The environment of someone who keeps the passphrase in a file."""
    path = tmp_path / "phrase.txt"
    path.write_text(PASSPHRASE + "\n")
    return {"BSS_MFG_PASSPHRASE_FILE": str(path)}
