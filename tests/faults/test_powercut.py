"""The power fails at any moment: what was acknowledged is there, nothing is corrupt, no file is torn."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from bss_mfg.core.files import write_atomically
from bss_mfg.errors import BssError
from bss_mfg.issuing.batch import create_batch
from bss_mfg.issuing.request import BatchRequest
from bss_mfg.ledger import sqlite
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.model import Identity
from tests.faults import powercut
from tests.helpers.factory import WHO, Factory, a_read, make_factory
from tests.needs import needs

pytestmark = needs("strace")
ACTS = 20
EXPORT = b"a line of an export\r\n" * 400


@dataclass(frozen=True)
class Seen:
    states: int = 0
    corrupt: int = 0
    lost: int = 0
    torn: int = 0


def acts(factory: Factory, write: Callable[[Path, bytes], object]) -> Callable[[], None]:
    """One act after the other, each acknowledged by a line: issue, print, scan, scrap, note, export."""

    def run() -> None:
        loaded, vault = factory.workspace.product("bulb"), factory.workspace.open_vault()
        spec = factory.workspace.spec("amazon-bss-ob04")
        with factory.ledger() as ledger, (factory.root / "acknowledged").open("wb", buffering=0) as told:
            for number in range(ACTS):
                kind = number % 4
                if kind == 0:
                    given = [Identity(f"S{number}-{item}") for item in range(3)]
                    create_batch(ledger, vault, BatchRequest(loaded, spec, 3, f"N{number}", given))
                elif kind == 1:
                    ledger.reads.record("B1", [a_read(detail=str(number))])
                elif kind == 2:
                    ledger.units.scrap("B1", [f"ebK3{number:08d}"], f"act {number}")
                else:
                    write(factory.root / "batches" / f"{number}.csv", EXPORT)
                told.write(b"OK\n")

    return run


def effects(ledger: Ledger, root: Path) -> set[int]:
    """Which acts a disk holds."""
    found = {int(batch.id[1:]) for batch in ledger.batches.all() if batch.id.startswith("N")}
    found |= {int(event.data["detail"]) for event in ledger.history.events_of(("read",))}
    found |= {int(event.data["reason"][4:]) for event in ledger.history.events_of(("unit scrapped",))}
    return found | {int(path.stem) for path in (root / "batches").glob("[0-9]*.csv")}


def cut_everywhere(memory: Path, tmp_path: Path, write: Callable[[Path, bytes], object]) -> Seen:
    """Trace the acts, and look at every state that a power cut could leave."""
    factory = make_factory(tmp_path / "w")
    factory.add(oob_bytes=16)
    factory.issue(20)
    before = {str(path): path.read_bytes() for path in factory.root.rglob("*") if path.is_file()}
    powercut.trace(acts(factory, write), tmp_path / "trace")
    root, states, corrupt, lost, torn = memory / "w", 0, 0, 0, 0
    for told, files in powercut.states(tmp_path / "trace", before, str(factory.root / "acknowledged")):
        shutil.rmtree(root, ignore_errors=True)
        for name, data in files.items():
            path = root / Path(name).relative_to(factory.root)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        states += 1
        torn += any(path.read_bytes() != EXPORT for path in (root / "batches").glob("[0-9]*.csv"))
        try:
            with Ledger.open(root / "ledger.db", WHO) as ledger:
                ledger.check()
                there = effects(ledger, root)
        except BssError:
            corrupt += 1
            continue
        lost += not set(range(told)) <= there
        assert max(there, default=-1) <= told, "an act that was not begun"
    return Seen(states, corrupt, lost, torn)


def test_a_power_cut_loses_nothing_that_was_acknowledged(memory: Path, tmp_path: Path) -> None:
    seen = cut_everywhere(memory, tmp_path, lambda path, data: write_atomically(path, [data]))
    assert seen.states >= 2_000, seen
    assert (seen.corrupt, seen.lost, seen.torn) == (0, 0, 0), seen


def test_the_simulator_finds_what_a_weaker_setting_loses(
    memory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control: DELETE with FULL does not sync the folder, and files written in place are torn."""
    monkeypatch.setattr(sqlite, "journal", lambda: ("DELETE", "FULL"))
    seen = cut_everywhere(memory, tmp_path, lambda path, data: path.write_bytes(data))
    assert seen.states >= 1_000, seen
    assert seen.lost > 0, seen
    assert seen.torn > 0, seen
