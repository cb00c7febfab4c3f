"""`python -m tests.fuzz`: the hunt, from where it was left; `make fuzz`."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from tests.fuzz.hunt import distinct, hunt, keep, load_state, seeds_of
from tests.fuzz.readers import READERS


def main() -> int:
    """Try, and tell by reader what was tried; 1 where anything went wrong."""
    options = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    options.add_argument("readers", nargs="*", metavar="READER", help=f"default: all ({', '.join(READERS)})")
    options.add_argument("--cases", type=int, default=2_000, help="of each reader")
    options.add_argument("--seconds", type=float, default=float("inf"), help="at most, of each reader")
    options.add_argument("--state", type=Path, default=Path("build/fuzz/state.json"))
    options.add_argument("--found", type=Path, default=Path("build/fuzz/found"))
    given = options.parse_args()
    state, bad = load_state(given.state), 0
    for name in given.readers or READERS:
        if not seeds_of(name):
            print(f"{name}: what makes such files is missing", flush=True)
            continue
        before = state.get(name, {"cases": 0, "taken": 0, "wrong": 0})
        until = time.monotonic() + given.seconds
        tally = hunt(name, range(before["cases"], before["cases"] + given.cases), until=until)
        state[name] = {
            "cases": before["cases"] + tally.cases,
            "taken": before["taken"] + tally.taken,
            "wrong": before["wrong"] + len(tally.findings),
        }
        given.state.parent.mkdir(parents=True, exist_ok=True)
        given.state.write_text(json.dumps(state, indent=1) + "\n", "utf-8")
        bad += len(tally.findings)
        print(
            f"{name}: {tally.cases:,} cases ({tally.taken:,} taken) in {tally.seconds:.0f} s, "
            f"wrong: {len(tally.findings)}",
            flush=True,
        )
        for one in distinct(tally.findings):
            print(
                f"  {one.wrong}, case {one.number}: {one.place} {one.words}\n    {keep(one, given.found)}", flush=True
            )
    print(f"{sum(one['cases'] for one in state.values()):,} cases of {len(state)} readers in all", flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
