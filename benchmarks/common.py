"""What all benchmarks share: targets and tables, the memory of a family of processes, and what numbers depend on."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
"""A file of numbers for each release."""

LIBRARIES = (
    "cryptography", "zint-bindings", "zxing-cpp", "pylibdmtx", "reportlab", "pypdfium2", "pillow", "numpy", "click",
)  # fmt: skip


@dataclass(frozen=True)
class Target:
    """A number, and the least that will do, or with `at_most` the most; None where it is only told."""

    what: str
    value: float
    limit: float | None = None
    at_most: bool = False

    @property
    def met(self) -> bool | None:
        """Whether it will do; None where there is no limit."""
        if self.limit is None:
            return None
        return self.value <= self.limit if self.at_most else self.value >= self.limit

    @property
    def words(self) -> tuple[str, str, str, str]:
        """A line of a table."""
        sign = "<=" if self.at_most else ">="
        limit = f"{sign} {self.limit:g}" if self.limit is not None else ""
        return self.what, f"{self.value:.2f}", limit, {True: "ok", False: "MISSED", None: "info"}[self.met]

    def record(self) -> dict[str, Any]:
        """For the file of results."""
        return {
            "what": self.what, "value": round(self.value, 4), "limit": self.limit, "at_most": self.at_most,
            "met": self.met,
        }  # fmt: skip


def table(rows: Sequence[Sequence[str]], left: Sequence[int] = (0,)) -> str:
    """Rows as aligned plain text; the columns named in `left` begin at the left, all others end at the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            text.ljust(width) if column in left else text.rjust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def target_table(targets: Sequence[Target]) -> str:
    """All targets as plain text."""
    return table([("target", "value", "limit", ""), *(target.words for target in targets)], left=(0, 3))


def say(text: str) -> None:
    """Progress for people, on stderr."""
    print(text, file=sys.stderr, flush=True)


# --- memory ---------------------------------------------------------------------------------------------------------


def pss(pids: set[int]) -> float:
    """The memory of some processes together in MiB, what they share counted once (Linux)."""
    total = 0
    for pid in pids:
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
    return total / 1024


def family(root: int) -> set[int]:
    """A process and all below it."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            parents[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])
    found, grew = {root}, True
    while grew:
        more = {pid for pid, parent in parents.items() if parent in found}
        grew = not more <= found
        found |= more
    return found


@dataclass(frozen=True)
class Ran:
    """A command that ended well: seconds on the clock, and the most memory of all its processes in MiB."""

    seconds: float
    peak: float
    out: str = ""


def run(command: Sequence[object], environment: dict[str, str] | None = None) -> Ran:
    """Run a command and watch the memory of its processes: twenty times a second at first, four times later on, so
    that looking costs little. `RuntimeError` where it fails, with what it said."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**os.environ, **(environment or {})},
    )  # fmt: skip
    highest, ended, said = 0.0, 0.0, ""
    while not ended:
        highest = max(highest, pss(family(process.pid)))
        try:
            said, _ = process.communicate(timeout=min(max(0.05, (time.perf_counter() - start) / 40), 0.25))
            ended = time.perf_counter()
        except subprocess.TimeoutExpired:
            pass
    if process.returncode:
        raise RuntimeError(f"exit {process.returncode} of {' '.join(map(str, command))}: {said[-2000:]}")
    return Ran(ended - start, highest, said)


class Others:
    """How busy other programs kept the machine since this was made (Linux): beside them little can be measured."""

    def __init__(self) -> None:
        self._start = self._now()

    @staticmethod
    def _now() -> tuple[float, float, float]:
        """Seconds of work of the whole machine, of this process and all its children, and on the clock."""
        try:
            numbers = [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
        except OSError:
            return 0.0, 0.0, 0.0
        busy = (sum(numbers) - numbers[3] - numbers[4]) / os.sysconf("SC_CLK_TCK")
        return busy, sum(os.times()[:4]), time.perf_counter()

    @property
    def share(self) -> float:
        """Of all cores, from 0 to 1."""
        busy, own, clock = (after - before for after, before in zip(self._now(), self._start, strict=True))
        return min(max((busy - own) / ((os.cpu_count() or 1) * clock), 0.0), 1.0) if clock else 0.0


# --- the file of results ----------------------------------------------------------------------------------------------


def machine() -> dict[str, Any]:
    """What the numbers depend on, without naming the computer."""
    import sqlite3

    return {
        "cores": os.cpu_count(),
        "architecture": platform.machine(),
        "system": platform.system(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "sqlite": sqlite3.sqlite_version,
        "libraries": {name: metadata.version(name) for name in LIBRARIES},
    }


def head() -> dict[str, Any]:
    """The beginning of a file of results."""
    from bss_mfg.version import __version__

    return {"version": __version__, "date": datetime.now(UTC).strftime("%Y-%m-%d"), "machine": machine()}


def write_json(path: Path, document: object) -> None:
    """Write results, readable in a diff."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1) + "\n", "utf-8")
