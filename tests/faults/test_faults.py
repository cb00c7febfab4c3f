"""Killed at every system call that changes a file, and with every such call failing: nothing acknowledged is lost,
nothing is issued twice, nothing is torn, and the same command typed again completes."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from bss_mfg.ledger.keys import open_keys
from bss_mfg.manifest.sidecar import read_sidecar
from bss_mfg.model import Actor
from bss_mfg.programming.registry import formats
from bss_mfg.workspace.workspace import Workspace
from tests.helpers import strace
from tests.helpers.amount import sized
from tests.helpers.copies import let_issue
from tests.helpers.factory import Factory, make_factory
from tests.needs import needs

pytestmark = needs("strace")


@dataclass(frozen=True)
class Act:
    """A command under test. `facts` are what must be the same however it came about; a command that is typed again
    may say `again`."""

    arguments: tuple[str, ...]
    facts: Callable[[Path], object]
    stdin: Callable[[Path], str] = lambda root: ""
    again: tuple[int, ...] = (0,)
    before: tuple[tuple[str, ...], ...] = field(default_factory=tuple)
    sound: Callable[[Path], None] = lambda root: None
    """What must hold right after a kill, before the command is typed again."""
    sparse: int = sized(full=1, usual=3)
    """Of the calls by which SQLite writes and syncs its pages, which all acts have, each so many: an act of many."""

    def points(self, calls: list[tuple[str, int]]) -> list[tuple[str, int]]:
        """The calls that are tried."""
        pages = ("pwrite64", "fdatasync")
        return [call for at, call in enumerate(calls) if call[0] not in pages or at % self.sparse == 0]


def rows(root: Path, query: str, *values: str) -> list[Any]:
    with sqlite3.connect(root / "ledger.db") as db:
        return db.execute(query, values).fetchall()


def kinds(root: Path, *names: str) -> list[Any]:
    counts = rows(root, "SELECT kind, count(*) FROM event GROUP BY 1 ORDER BY 1")
    return [(kind, count) for kind, count in counts if kind in names]


def issued(root: Path) -> object:
    return (
        rows(root, "SELECT b.id, count(DISTINCT u.uuid), count(DISTINCT u.key_digest), min(u.serial), max(u.serial) "
             "FROM unit u JOIN batch b ON b.no = u.batch GROUP BY 1"),
        rows(root, "SELECT next_serial FROM product"), kinds(root, "batch issued"),
    )  # fmt: skip


def printed(root: Path) -> object:
    files = sorted((path.name, path.stat().st_size) for path in (root / "batches").rglob("*.pdf"))
    return files, rows(root, "SELECT sum(prints), min(prints) FROM package"), kinds(root, "labels made")


def scanned(root: Path) -> object:
    return rows(root, "SELECT min(number) FROM package WHERE print_verified > 0")


def rekeyed(root: Path) -> object:
    workspace = Workspace.find(str(root), root, {})
    with workspace.open_ledger(Actor("t", "t", "t")) as ledger, workspace.open_vault(ledger) as vault:
        open_keys(ledger).check_vault(vault)
        return [unit.serial for unit in open_keys(ledger).units("B1", vault) if unit.key]


def retired(root: Path) -> object:
    return (
        rows(root, "SELECT count(sealed_key), count(*) FROM unit"),
        kinds(root, "batch retired"),
        rows(root, "SELECT wrapped_key IS NULL FROM batch"),
    )


def exported(root: Path) -> object:
    """The one file, whole, and nothing half-written beside it."""
    path = root / "batches" / "out.csv"
    return path.stat().st_size, path.read_bytes().count(b"\r\n"), sorted(p.name for p in (root / "batches").iterdir())


def logged(root: Path) -> object:
    folder = root / "batches" / "up"
    logs = sorted(folder.glob("C_CONTROL_LOG_*.txt"))
    return (
        [(read_sidecar(path).units, path.stat().st_size) for path in logs], len(list(folder.iterdir())),
        rows(root, "SELECT manifest, answer FROM unit ORDER BY number"), kinds(root, "manifest made"),
    )  # fmt: skip


def listed_units_stand_in_files(root: Path) -> None:
    """No unit counts as listed that is in no finished control log."""
    for serial, file, sha in rows(
        root, "SELECT u.serial, m.file, m.sha256 FROM unit u JOIN manifest m ON m.no = u.manifest"
    ):
        path = root / "batches" / "up" / file
        assert read_sidecar(path).sha256 == sha
        assert serial in path.read_text()


def programmed(root: Path) -> object:
    folder = root / "batches" / "keys"
    return (
        sorted((path.name, path.stat().st_size) for path in folder.iterdir() if path.suffix != ".json"),
        sorted(path.name for path in folder.glob("*.json")),
        rows(root, "SELECT serial, released FROM unit ORDER BY number"), kinds(root, "keys released"),
    )  # fmt: skip


def released_files_are_known(root: Path) -> None:
    """No finished file has a key that does not count as released; once that is recorded, each key has its file."""
    form, folder = formats()["c-header"], root / "batches" / "keys"
    done = kinds(root, "keys released")
    for serial, count in rows(root, "SELECT serial, released FROM unit"):
        path = folder / f"{serial}.h"
        assert path.exists() <= count
        assert not done or path.exists()
        assert not path.exists() or form.read(path.read_bytes())[0].serial == serial


def replaced(root: Path) -> object:
    return (
        rows(root, "SELECT revision, length(payload) FROM package"),
        rows(root, "SELECT serial, place, scrapped FROM unit"),
        kinds(root, "unit replaced", "unit scrapped"),
    )


def closed(root: Path) -> object:
    return (
        rows(root, "SELECT closed_at IS NULL FROM batch"), kinds(root, "batch closed", "batch reopened"),
    )  # fmt: skip


def whole_run(root: Path) -> object:
    """Each label read once, each file made, verified and listed once, one traveller; nothing half-written."""
    folder = root / "batches" / "B2"
    names = [re.sub(r"_\d{14}", "_TIME", str(path.relative_to(folder))) for path in sorted(folder.rglob("*"))]
    return (
        issued(root), names, kinds(root, "labels made", "read", "file verified", "manifest made"),
        rows(root, "SELECT count(*), min(prints), max(prints), min(file_verified), max(file_verified) FROM package "
             "WHERE batch = (SELECT no FROM batch WHERE id = 'B2')"),
        rows(root, "SELECT count(manifest) FROM unit"),
    )  # fmt: skip


def first_payload(root: Path) -> str:
    ((payload,),) = rows(root, "SELECT payload FROM package ORDER BY number LIMIT 1")
    return f"{payload}\n"


OUT = "batches/out.csv"
CREATE = ("batch", "create", "bulb", "--units", "6", "--id", "B2")
RUN = ("run", "bulb", "--units", "3", "--id", "B2", "--template", "minimal")
CLOSE = ("close", "B1", "--unprinted", "3", "--reason", "x")
ACTS = {
    "issue": Act(CREATE, issued),
    "run": Act(RUN, whole_run, sparse=24),
    "print": Act(("labels", "B1", "--template", "minimal"), printed, again=(0, 4)),
    # Read before the kill, the label is ALREADY there when it is read again.
    "scan": Act(("scan", "B1", "--plain"), scanned, first_payload, again=(0, 1)),
    "rekey": Act(("vault", "rekey"), rekeyed),
    "retire": Act(
        ("retire", "B1", "--acknowledged", "x"), retired,
        before=(("program", "B1", "--format", "csv", "--out", "{root}.keys"),
                ("manifest", "B1", "--format", "control-log", "--out", "{root}.log")),
    ),
    "manifest": Act(("manifest", "B1", "--format", "csv", "--out", "{root}/" + OUT), exported, again=(0, 4)),
    "program": Act(("program", "B1", "--format", "csv", "--out", "{root}/" + OUT), exported, again=(0, 4)),
    "control log": Act(
        ("manifest", "B1", "--missing", "--max-logs", "2", "--out", "{root}/batches/up/"), logged,
        sound=listed_units_stand_in_files,
    ),
    "program units": Act(
        ("program", "B1", "--format", "c-header", "--out", "{root}/batches/keys/"), programmed, again=(0, 4),
        sound=released_files_are_known,
    ),
    "close": Act(CLOSE, closed),
    "reopen": Act(("batch", "reopen", "B1", "--reason", "x"), closed, again=(0, 4), before=(CLOSE,)),
    "replace": Act(
        ("replace", "B1", "ebK300000001", "--reason", "x"), replaced,
        before=(("scrap", "B1", "ebK300000001", "--reason", "x"),),
    ),
}  # fmt: skip


class Bench:
    """Fresh copies of one workspace, and an act on them."""

    def __init__(self, folder: Path, act: Act) -> None:
        self.act, self.folder = act, folder
        factory = make_factory(folder / "start")
        factory.add(oob_bytes=16)
        factory.issue(3)
        self.start = factory.root
        for command in act.before:
            assert strace.run(self.start, self.filled(command, self.start)).code == 0
        # Once undisturbed and in this process: all forks find imported what it needs, and what comes out is known.
        done = self.copy()
        strace.warm_up(done, self.filled(act.arguments, done), act.stdin(done))
        self.expected = act.facts(done)
        self.calls = strace.calls(self.copy(), self.filled(act.arguments, folder / "w"), act.stdin(self.start))

    def filled(self, arguments: tuple[str, ...], root: Path) -> list[str]:
        return [one.replace("{root}", str(root)) for one in arguments]

    def copy(self) -> Path:
        root = self.folder / "w"
        shutil.rmtree(root, ignore_errors=True)
        shutil.copytree(self.start, root)
        let_issue(root)
        return root

    def run(self, root: Path, fault: list[str] | None = None) -> strace.Ran:
        arguments, stdin = self.filled(self.act.arguments, root), self.act.stdin(root)
        return strace.run(root, arguments, stdin=stdin, strace=fault or ())

    def whole(self, root: Path) -> None:
        """The ledger is whole; no final file is torn (`facts` compares them)."""
        with Factory(Workspace.find(str(root), root, {})).ledger() as ledger:
            ledger.check()


@pytest.mark.parametrize("name", ACTS)
def test_killed_anywhere_nothing_is_lost_and_the_same_command_completes(memory: Path, name: str) -> None:
    bench = Bench(memory, ACTS[name])
    points = bench.act.points([point for point in bench.calls if point[0] in strace.CHANGING])
    killed = 0
    for point in points:
        root = bench.copy()
        ran = bench.run(root, strace.fault(*point, "signal=KILL"))
        killed += ran.code == -9
        bench.whole(root)
        bench.act.sound(root)
        if ran.acknowledged:
            assert bench.act.facts(root) == bench.expected, point
        again = bench.run(root)
        assert again.code in bench.act.again, (point, again)
        assert bench.act.facts(root) == bench.expected, point
        bench.whole(root)
    assert killed > max(len(points) * 0.9, 10), f"{killed} of {len(points)} kills took place"


@pytest.mark.parametrize("error", ["ENOSPC", "EIO"])
@pytest.mark.parametrize("name", ACTS)
def test_a_full_or_failing_disk_is_a_plain_error(memory: Path, name: str, error: str) -> None:
    bench = Bench(memory, ACTS[name])
    failed = 0
    for point in bench.act.points([point for point in bench.calls if point[0] not in ("openat", "unlink", "mkdir")]):
        root = bench.copy()
        ran = bench.run(root, strace.fault(*point, f"error={error}"))
        assert ran.code in (0, 3, 6), (point, ran)
        assert "Traceback" not in ran.err
        assert "defect" not in ran.err
        failed += ran.code != 0
        bench.whole(root)
        bench.act.sound(root)
        again = bench.run(root)
        assert again.code in bench.act.again, (point, again)
        assert bench.act.facts(root) == bench.expected, point
    assert failed > 3


def test_the_check_can_fail(tmp_path: Path) -> None:
    """Negative control: a file written in place is torn by a kill, and the same harness sees it."""

    def careless() -> None:
        handle = os.open(tmp_path / "w", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        for _ in range(4):
            os.write(handle, b"x" * 100)

    seen = set()
    for number in range(1, 6):
        strace.attach(strace.fork(careless), strace.fault("write", number, "signal=KILL"))
        seen.add((tmp_path / "w").stat().st_size)
    assert len(seen) >= 4, seen
