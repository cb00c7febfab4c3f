"""Puts a release's numbers into docs/performance.md: `python docs/performance.py [RESULTS]`. `--check` compares."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parent
PAGE = HERE / "performance.md"
BASE = 10_000
"""What larger batches are compared with."""
STEPS = ("issue", "labels", "verify", "control log")
UNDER = {"issue": ("encryption",), "labels": ("Data Matrix",), "verify": ("rasterising", "decoding"), "control log": ()}

Document = dict[str, Any]


def release() -> Path:
    """The file of numbers of this version."""
    found = re.search(r'__version__ = "(.+)"', (ROOT / "bss_mfg" / "version.py").read_text("utf-8"))
    return ROOT / "benchmarks" / "results" / f"{found[1] if found else ''}.json"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; all columns but the first end at the right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def run(document: Document) -> str:
    machine = document["machine"]
    size = "100,000 units in the line, steps to a million" if document.get("full") else "a short run"
    others, note = document.get("others", 0), document.get("note", "")
    busy = f" Other programs took {others:.0%} of the machine during the run." if others > 0.05 else ""
    return (
        f"Version {document['version']}, {document['date']}: {machine['cores']} cores ({machine['architecture']}), "
        f"{machine['system']}, {machine['python']}, SQLite {machine['sqlite']}; {size}.{busy}{note and ' ' + note}"
    )


def line(document: Document) -> str:
    found = document["line"]
    rows = []
    for step in (*STEPS, "**all**"):
        steps, calls = (STEPS, found["floor"]) if step == "**all**" else ((step,), UNDER[step])
        theirs, one, two = (sum(found[side][name] for name in steps) for side in ("reference", "one", "two"))
        bare = sum(found["floor"][call] for call in calls)
        rows.append(
            [step, *(f"{value:,.1f}" if value else "" for value in (theirs, one, two, bare)),
             f"{theirs / one:.1f}", f"{theirs / two:.1f}", f"{bare / two:.0%}" if bare else ""]
        )  # fmt: skip
    head = ("microseconds a unit", "straightforward", "one process", "two", "floor, two", "one: times", "two: times",
            "two: of the floor")  # fmt: skip
    peaks = found["peak_mib"]
    return (
        f"{table(head, rows)}\n\n{found['units']:,} units. Peak memory: {peaks['one']:,.0f} MiB in one process, "
        f"{peaks['two']:,.0f} MiB with two."
    )


def calls(document: Document) -> str:
    found = document["line"]
    under = {call: step for step, names in UNDER.items() for call in names}
    rows = []
    for call, value in found["floor"].items():
        alone = value * found["floor_processes"]
        rows.append([call, under[call], f"{alone:,.1f}", f"{value:,.1f}"])
    return table(("library call", "step", "in one process", "in two"), rows)


def growth(document: Document) -> str:
    points = document["steps"]["growth"]
    sizes = sorted({point["units"] for point in points})
    rows = []
    for step in dict.fromkeys(point["step"] for point in points):
        by = {point["units"]: point for point in points if point["step"] == step}
        base = by.get(BASE)
        for key, what in (("microseconds", "us a unit"), ("peak_mib", "MiB")):
            cells = [f"{by[size][key]:,.1f}" if size in by else "" for size in sizes]
            compared = base and base[key] and max(by) > BASE
            rows.append([f"{step}, {what}", *cells, f"{by[max(by)][key] / base[key]:.2f}" if compared else ""])
    head = (f"{points[0]['jobs']} processes", *(f"{size:,}" for size in sizes), f"largest / {BASE:,}")
    return table(head, rows)


def processes(document: Document) -> str:
    points = document["steps"]["processes"]
    rows = []
    for point in points:
        one = next(other for other in points if other["step"] == point["step"] and other["jobs"] == 1)
        each = point["microseconds"]
        rows.append(
            [point["step"], f"{point['units']:,}", str(point["jobs"]), f"{point['start_seconds']:.2f}",
             f"{median(point['seconds']):.2f}", f"{each:,.1f}", f"{one['microseconds'] / each:.2f}" if each else ""]
        )  # fmt: skip
    return table(("step", "units", "processes", "starting, s", "all, s", "us a unit", "times one"), rows)


def rounds(document: Document) -> str:
    rows = [
        [one["step"], f"{one['ours']:,.0f}", f"{one['reference']:,.0f}", f"{one['ratio']:.2f}"]
        for one in document["rounds"]
    ]
    return table(("units a second", "bss-mfg", "compared with", "ratio"), rows)


def choices(document: Document) -> str:
    made = document["choices"]
    own = next(item["labels_per_second"] for item in made if item["name"] == "bss-mfg")
    rows = []
    for item in made:
        if item["skipped"]:
            rows.append([item["name"], "", "", "", "not on this machine"])
            continue
        rate = item["labels_per_second"]
        read = f"{item['read']:,} of {item['labels']:,}"
        rows.append(
            [item["name"], f"{rate:,.1f}", f"{own / rate:,.1f}", f"{item['octets'] / item['labels']:,.0f}", read]
        )
    return table(("labels by", "labels/s", "bss-mfg is so many times", "bytes a label", "read back"), rows)


def help_(document: Document) -> str:
    found = sorted(document["help"], key=lambda one: -one["ratio"])
    slowest, middle = found[0], found[len(found) // 2]
    return (
        f"`--help` of the {len(found)} commands takes {middle['ratio']:.2f} times a bare `import click` (the median); "
        f"the slowest is `{slowest['command']} --help` with {slowest['ms']:.0f} ms, {slowest['ratio']:.2f} times."
    )


BLOCKS: dict[str, tuple[str, Callable[[Document], str]]] = {
    "run": ("machine", run),
    "line": ("line", line),
    "calls": ("line", calls),
    "growth": ("steps", growth),
    "processes": ("steps", processes),
    "rounds": ("rounds", rounds),
    "choices": ("choices", choices),
    "help": ("help", help_),
}
"""Name of a place in the page -> (the section of the results that it needs, how it is written)."""


def filled(page: str, document: Document) -> str:
    """The page with all its places filled; places whose numbers were not measured say so."""

    def fill(found: re.Match[str]) -> str:
        section, write = BLOCKS[found[1]]
        text = write(document) if document.get(section) else "Not measured yet."
        return f"<!-- numbers: {found[1]} -->\n{text}\n<!-- end -->"

    return re.sub(r"<!-- numbers: (\w+) -->\n.*?<!-- end -->", fill, page, flags=re.DOTALL)


if __name__ == "__main__":
    given = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    made = filled(PAGE.read_text("utf-8"), json.loads((Path(given[0]) if given else release()).read_text("utf-8")))
    if "--check" in sys.argv:
        if PAGE.read_text("utf-8") != made:
            sys.exit("docs/performance.md is not current: run `python docs/performance.py`")
    else:
        PAGE.write_text(made, "utf-8")
