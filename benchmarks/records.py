"""`python -m benchmarks.records`: a record of a million events, verified by the command's code and by the program of
one file, next to unpacking it and SHA-256 over the same bytes. Seconds of a processor, in turns."""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

from benchmarks.common import Target, say, target_table
from bss_mfg.records import verify_record as one_file
from bss_mfg.records.record_file import EVENTS, open_record
from bss_mfg.records.verification import Asked, verify_record
from tests.helpers.factory import Factory, a_read, issue_lamps, make_factory

LIMIT_S = 10.0
"""Of verifying."""
LIMIT_RATIO = 15.0
_AT_ONCE = 20_000


def made_record(root: Path, events: int) -> Path:
    """A record of a batch with so many reads."""
    factory = issue_lamps(make_factory(root))
    _does(factory, "checkpoint", "key", "--name", "factory.example/line")
    with factory.ledger() as ledger:
        for _ in range(0, events, _AT_ONCE):
            ledger.reads.record("B1", [a_read(number % 6 + 1) for number in range(_AT_ONCE)])
    _does(factory, "ledger", "prove", "B1", "--out", root / "record.zip")
    return root / "record.zip"


def _does(factory: Factory, *arguments: object) -> None:
    done = factory.cli(*arguments)
    assert done.code == 0, done.err


def plain(path: Path) -> None:
    """Unpack the events and take their SHA-256."""
    digest = hashlib.sha256()
    with zipfile.ZipFile(path) as archive, archive.open(EVENTS) as member:
        while block := member.read(1 << 20):
            digest.update(block)


def ours(path: Path) -> None:
    """As `record verify` does."""
    with open_record(path) as record:
        assert not verify_record(record, Asked()).findings


def in_one_file(path: Path) -> None:
    """As the program that `record verifier` prints does."""
    wrong, _ = one_file.verify(path, argparse.Namespace(key=None, against=None, witness=[], files=None))
    assert not wrong


def seconds(verify: Callable[[Path], None], path: Path) -> float:
    """Of a processor."""
    begun = time.process_time()
    verify(path)
    return time.process_time() - begun


def main() -> int:
    """Measure and print; 1 if a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.records", description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000, help="events of the record (default a million)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = made_record(Path(folder) / "w", given.events)
        say(f"a record of {path.stat().st_size / 1e6:.0f} MB")
        turns = [[seconds(one, path) for one in (plain, ours, in_one_file)] for _ in range(3)]
    bare, command, single = (median(column) for column in zip(*turns, strict=True))
    targets = [
        Target("seconds to unpack, with SHA-256", bare),
        Target("seconds of record verify", command, LIMIT_S, at_most=True),
        Target("seconds of the program of one file", single, LIMIT_S, at_most=True),
        Target("record verify / unpacking", command / bare, LIMIT_RATIO, at_most=True),
        Target("program of one file / unpacking", single / bare, LIMIT_RATIO, at_most=True),
    ]
    print(target_table(targets))
    return int(any(target.met is False for target in targets))


if __name__ == "__main__":
    sys.exit(main())
