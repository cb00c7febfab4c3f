"""Keys released and destroyed at once, from two terminals."""

from __future__ import annotations

import subprocess
import time
from collections import Counter
from pathlib import Path

from tests.helpers.factory import Factory
from tests.helpers.told import history


def test_retire_and_program_exclude_each_other(factory: Factory, tmp_path: Path) -> None:
    """Started at many offsets: after "retired" no keys lie where the history would not name them, and none ends as a
    defect."""
    factory.add(oob_bytes=16)
    factory.issue(1200)
    manifest = ("manifest", "B1", "--format", "control-log", "--out", f"{factory.root}/batches/B1/up/")
    assert factory.cli(*manifest).code == 0
    assert factory.cli("program", "B1", "--format", "csv", "--out", tmp_path / "first.csv").code == 0
    seen = Counter[tuple[int, int]]()
    for offset in range(6):
        line = factory.copied(tmp_path / str(offset))
        out = line.root / "keys.csv"
        again = ("program", "B1", "--format", "csv", "--out", out, "--again", "--reason", "x")
        programming = subprocess.Popen(line.command(*again), stderr=subprocess.PIPE)
        time.sleep(0.12 * offset)
        retiring = subprocess.Popen(line.command("retire", "B1", "--acknowledged", "x"), stderr=subprocess.PIPE)
        codes = (programming.wait(), retiring.wait())
        seen[codes] += 1
        assert codes[0] in (0, 4, 5) and codes[1] in (0, 4, 5), codes
        if line.rows("SELECT retired_at FROM batch") != [(None,)]:
            assert not out.exists(), codes
        assert out.exists() <= bool(history(line, "B1", "keys released")[1:])
    assert sum(seen.values()) == 6
