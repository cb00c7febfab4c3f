"""A run is killed again and again, the parent, a worker or everything: in the end all is as if it never had been."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pypdfium2
import pytest

from tests.helpers.amount import sized
from tests.helpers.commands import command_line
from tests.helpers.copies import copy_line
from tests.helpers.factory import Factory
from tests.helpers.pace import PATIENCE

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="asks Linux for the processes of a run")

HEAD = re.compile(rb'"ledger_head": "\d+:[0-9a-f]{64}"')


@dataclass(frozen=True)
class Amount:
    """How many units a run makes, how often it is killed, and how often of that while it issues."""

    units: int = 8_000
    kills: int = sized(full=30, usual=12)
    while_issuing: int = sized(full=8, usual=4)

    @property
    def arguments(self) -> tuple[object, ...]:
        return "run", "bulb", "--units", self.units, "--id", "B1", "--jobs", 2


@pytest.fixture
def amount() -> Amount:
    return Amount()


def below(parent: int) -> list[int]:
    """The processes that a process started, and theirs."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, IndexError, ValueError):
                continue
    found = [parent]
    for pid in found:
        found += [child for child, of in parents.items() if of == pid]
    return found[1:]


def kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def alive(pid: int) -> bool:
    try:
        return (Path(f"/proc/{pid}/stat")).read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@dataclass
class Line:
    """A workspace in which the run is started, and killed."""

    root: Path
    amount: Amount
    kills: int = 0

    def start(self) -> subprocess.Popen[str]:
        command = command_line("--workspace", self.root, *self.amount.arguments)
        return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)

    def killed(self, who: Sequence[str], ready: Callable[[], bool], wait: float = 0) -> tuple[int, str]:
        """Start the run, and kill the parent, a worker or all, one after the other, when it is `ready` and some time
        has passed; how it ended, and what it said."""
        running, family = self.start(), list[int]()
        while not ready() and running.poll() is None:
            time.sleep(0.005)
        for one in who:
            time.sleep(wait / len(who))
            if running.poll() is not None:
                break
            family = below(running.pid)
            self.kills += 1
            for pid in {"parent": [running.pid], "worker": family[-1:], "all": [running.pid, *family]}[one]:
                kill(pid)
        _, told = running.communicate(timeout=PATIENCE)
        end = time.monotonic() + PATIENCE
        while any(map(alive, family)) and time.monotonic() < end:
            time.sleep(0.05)
        assert not any(map(alive, family)), "a process outlived its parent"
        return running.returncode, told

    @property
    def files(self) -> int:
        """Label files that are there."""
        return len(list(self.root.glob("batches/B1/labels/B1-labels-*.pdf")))

    def has_files(self, count: int) -> bool:
        return self.files >= count

    def outputs(self) -> dict[str, bytes]:
        """All files. The ledger's head, in the sidecar of a control log, hangs on the time of each event: it is masked;
        the traveller, which shows it too, is compared by its text."""
        folder = self.root / "batches" / "B1"
        return {
            str(path.relative_to(folder)): b"" if "batch-labels-" in path.name else HEAD.sub(b"HEAD", path.read_bytes())
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }

    def traveller(self) -> str:
        """Its text; the ledger's head differs with the time of each event."""
        (path,) = (self.root / "batches/B1/labels").glob("B1-batch-labels-*.pdf")
        text = pypdfium2.PdfDocument(path)[0].get_textpage().get_text_range()
        return re.sub(r"\d[\d,]* events|[0-9a-f]{16,}", "HEAD", text)


def test_kills_leave_what_an_undisturbed_run_leaves(factory: Factory, tmp_path: Path, amount: Amount) -> None:
    chance, units = random.Random(7), amount.units
    factory.add(oob_bytes=16)
    line = Line(factory.root, amount)
    plan = factory.root / "batches/B1/run.json"
    begun = time.monotonic()
    line.killed(["parent"], plan.exists)
    start_up = time.monotonic() - begun
    for number in range(1, amount.while_issuing):
        line.killed([("parent", "all")[number % 2]], lambda: True, start_up * chance.uniform(0.5, 2))
    assert factory.cli("batch", "create", "bulb", "--units", units, "--id", "B1").code == 0  # what the run does first
    undisturbed = Line(tmp_path / "copy", amount)
    for folder in (undisturbed.root, tmp_path / "issued"):
        copy_line(factory.root, folder)
    begun = time.monotonic()
    code, told = undisturbed.killed([], lambda: True)
    whole = time.monotonic() - begun - start_up
    assert code == 0, told
    total = undisturbed.files
    assert total > 3

    def begin_afresh() -> None:
        """With what was issued."""
        assert line.outputs() == undisturbed.outputs()
        copy_line(tmp_path / "issued", line.root)

    at, late = set[int](), 0
    while line.kills < amount.kills - 1:
        # By files, not by the clock: so the kills spread over the work on a machine of any pace. Behind the last file
        # comes the reading of all.
        target = min(line.files + 1 + chance.randint(0, total // 3), total)
        who = (["worker"] if line.kills % 3 == 0 else []) + [("parent", "all")[line.kills % 2]]
        wait = chance.uniform(0, whole / 2) if target == total else 0
        code, _ = line.killed(who, partial(line.has_files, target), wait)
        at.add(line.files)
        late += line.files == total
        if code == 0:
            begin_afresh()
        elif late == 2:  # a busy machine kills late, and all further kills would come behind the last file
            copy_line(tmp_path / "issued", line.root)
            late = 0
    while line.kills < amount.kills:  # a run that had little left is done before its worker can be killed
        code, told = line.killed(["worker"], partial(line.has_files, 1))
        assert code == 0, told
        if line.kills < amount.kills:
            begin_afresh()
    assert len(at) >= min(4, amount.kills // 4), f"the kills did not spread over the work: {at} of {total}"

    assert line.outputs() == undisturbed.outputs()
    assert line.traveller() == undisturbed.traveller()
    shown = factory.cli("batch", "show", "B1", "--json").json
    assert (shown["units"], shown["printed"], shown["file_verified"]) == (units, units, units)
    assert factory.cli("ledger", "check").code == 0
    with factory.ledger() as ledger:
        made = [unit for package in ledger.packages.stream("B1") for unit in package.units]
        issued = [event for event in ledger.history.events() if event.kind == "batch issued"]
    assert len(issued) == 1
    assert [unit.serial for unit in made] == [f"ebK3{number:08}" for number in range(1, units + 1)]
    assert len({unit.uuid for unit in made}) == units
    assert not list(factory.root.rglob("*.part"))
