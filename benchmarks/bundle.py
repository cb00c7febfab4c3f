"""`python -m benchmarks.bundle FOLDER`: `--help` of a bundle next to the one that pip installed, in turns."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks.common import Target, target_table
from benchmarks.helps import seconds_of

LIMIT = 2.5


def measure(folder: Path, runs: int) -> tuple[float, float]:
    """The least processor seconds of a bundle's `--help`, and of the installed one's."""
    start = folder / ("bss-mfg.cmd" if sys.platform == "win32" else "bss-mfg")
    installed = Path(sys.executable).with_name("bss-mfg")
    own, other = [], []
    for _ in range(runs):
        own.append(seconds_of((str(start), "--help")))
        other.append(seconds_of((str(installed), "--help")))
    return min(own), min(other)


def main() -> int:
    """Measure and print; 1 if the target is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bundle", description=__doc__)
    parser.add_argument("folder", type=Path, help="the bundle's folder, such as dist/bss-mfg-0.1.0-linux-x86_64")
    parser.add_argument("--runs", type=int, default=15, help="runs of each (default 15)")
    given = parser.parse_args()
    own, other = measure(given.folder, given.runs)
    print(f"bundle {own * 1000:.0f} ms, installed {other * 1000:.0f} ms, of a processor")
    target = Target("--help of the bundle / of the installed one", own / other, LIMIT, at_most=True)
    print(target_table([target]))
    return int(target.met is False)


if __name__ == "__main__":
    sys.exit(main())
