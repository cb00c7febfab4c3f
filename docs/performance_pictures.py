"""Makes docs/pictures/performance-*.svg from the numbers of a release: `python docs/performance_pictures.py [RESULTS]`.

Needs matplotlib: `pip install "bss-mfg[bench]"`. The same numbers give the same files.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullFormatter, NullLocator

HERE = Path(__file__).parent

INK, SOFT, LINE = "#16191d", "#5b6470", "#d9dee4"
COLOURS = {
    "issue": "#2563a8", "labels": "#18794e", "verify": "#c2571a", "control log": "#7b4bb3", "manifest": "#946800",
    "reconcile": "#0e8a94", "grade": "#c62a2f",
    "encryption": "#7fa8d4", "Data Matrix": "#79bd97", "rasterising": "#e6a377", "decoding": "#d98a53",
}  # fmt: skip
"""The library calls under a step have paler shades of its colour."""
PALE = "#b9c1ca"
STYLE = {
    "font.family": "DejaVu Sans", "font.size": 10, "svg.hashsalt": "bss-mfg", "svg.fonttype": "path",
    "text.color": INK, "axes.labelcolor": SOFT, "axes.edgecolor": LINE, "xtick.color": SOFT, "ytick.color": SOFT,
    "axes.spines.top": False, "axes.spines.right": False, "axes.axisbelow": True, "grid.color": LINE,
    "grid.linewidth": 0.8, "axes.titlelocation": "left", "axes.titlesize": 12, "axes.titleweight": "bold",
    "xtick.major.size": 0, "ytick.major.size": 0, "figure.facecolor": "white",
}  # fmt: skip


def frame(title: str, under: str, height: float = 4.2) -> tuple[Any, Axes]:
    """An empty picture with a title and a line that says how to read it."""
    figure, axes = plt.subplots(figsize=(7.6, height), layout="constrained")
    axes.set_title(title, pad=27 + 12 * under.count("\n"))
    axes.annotate(under, (0, 1), (0, 9), xycoords="axes fraction", textcoords="offset points", color=SOFT, fontsize=9)
    return figure, axes


def count(value: float, _: object = None) -> str:
    """A number of units in words."""
    if value >= 1_000_000:
        return f"{value / 1_000_000:g} million"
    return f"{value:,.0f}"


def ends(axes: Axes, labels: Sequence[tuple[float, float, str, str]], gap: float) -> None:
    """Names to the right of lines that end at (x, y, text, colour), `gap` points apart at least."""
    axes.figure.canvas.draw()
    scale = 72 / axes.figure.dpi
    floor, right = -1e9, max(x for x, *_ in labels)
    for _, y, text, colour in sorted(labels, key=lambda item: item[1]):
        place = axes.transData.transform((right, y))[1] * scale
        floor = max(place, floor + gap)
        axes.annotate(
            text, (right, y), (8, floor - place), textcoords="offset points", va="center", color=colour, fontsize=9.5,
            annotation_clip=False,
        )  # fmt: skip


def curves(points: list[dict[str, Any]], key: str, axes: Axes, form: Callable[[float], str]) -> None:
    """A line a step over the sizes of batches."""
    labels = []
    for step in dict.fromkeys(point["step"] for point in points):
        own = [point for point in points if point["step"] == step and point[key] > 0]
        if not own:
            continue
        xs, ys = [point["units"] for point in own], [point[key] for point in own]
        colour = COLOURS[step]
        axes.plot(xs, ys, color=colour, linewidth=2.2, marker="o", markersize=5.5, markeredgecolor="white",
                  markeredgewidth=1.2)  # fmt: skip
        labels.append((xs[-1], ys[-1], f"{step}  {form(ys[-1])}", colour))
    sizes = sorted({point["units"] for point in points})
    axes.set_xscale("log")
    axes.set_xticks(sizes, [count(size) for size in sizes])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlim(sizes[0] / 1.3, sizes[-1] * 1.15)
    axes.set_xlabel("units in the batch")
    axes.grid(axis="y")
    ends(axes, labels, 12.5)


def time_curves(document: dict[str, Any]) -> Any:
    """Microseconds a unit over units."""
    points = document["steps"]["growth"]
    jobs = points[0]["jobs"]
    figure, axes = frame(
        "Time for one unit, by size of the batch",
        f"Microseconds, {jobs} processes, without starting. Flat means: twice the units, twice the time.", 4.6,
    )  # fmt: skip
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_minor_locator(NullLocator())
    curves(points, "microseconds", axes, lambda value: f"{value:,.0f}")
    return figure


def memory_curves(document: dict[str, Any]) -> Any:
    """MiB over units."""
    points = document["steps"]["growth"]
    figure, axes = frame(
        "Peak memory, by size of the batch",
        f"MiB of all processes together ({points[0]['jobs']} workers where a step has them)", 4.6,
    )  # fmt: skip
    axes.set_ylim(0, max(point["peak_mib"] for point in points) * 1.12)
    curves(points, "peak_mib", axes, lambda value: f"{value:,.0f}")
    return figure


def speed_up(document: dict[str, Any]) -> Any:
    """How many times one process more processes are: bars for two, lines for more."""
    points = document["steps"]["processes"]
    names = list(dict.fromkeys(point["step"] for point in points))
    most = max(point["jobs"] for point in points)
    each = {(point["step"], point["jobs"]): point["microseconds"] for point in points}

    def times(step: str, jobs: int) -> float:
        return float(each[step, 1] / each[step, jobs]) if each[step, jobs] else 0.0

    if most > 2:
        figure, axes = frame("More processes", "Times as quick as one process. The dashed line: each adds itself.")
        axes.plot([1, most], [1, most], color=PALE, linestyle=(0, (4, 4)), linewidth=1.5)
        jobs = sorted({point["jobs"] for point in points})
        for step in names:
            axes.plot(jobs, [times(step, number) for number in jobs], color=COLOURS[step], linewidth=2.2, marker="o")
        ends(
            axes, [(most, times(step, most), f"{step}  {times(step, most):.2f}", COLOURS[step]) for step in names], 12.5
        )
        axes.set_xticks(jobs)
        axes.set_xlabel("processes")
        axes.grid(axis="y")
        return figure
    figure, axes = frame("Two processes", "Times as quick as one process; 2 would be perfect.", 0.42 * len(names) + 1.3)
    for place, step in enumerate(reversed(names)):
        value = times(step, 2)
        axes.barh(place, value, 0.62, color=COLOURS[step])
        axes.annotate(
            f"{value:.2f}", (value, place), (-7, 0), textcoords="offset points", va="center", ha="right",
            color="white", fontweight="bold",
        )  # fmt: skip
    axes.axvline(1, color=INK, linewidth=1)
    axes.axvline(2, color=SOFT, linewidth=1, linestyle=(0, (4, 4)))
    axes.set_yticks(range(len(names)), list(reversed(names)), color=INK)
    axes.set_xlim(0, 2.1)
    axes.set_xticks([0, 0.5, 1, 1.5, 2])
    axes.grid(axis="x")
    axes.spines["left"].set_visible(False)
    return figure


def whole_line(document: dict[str, Any]) -> Any:
    """What one unit costs end to end: ours in one and two processes, and the floor."""
    line = document["line"]
    sides = (("one process", line["one"]), ("two processes", line["two"]), ("bare libraries, two", line["floor"]))
    reference = sum(line["reference"].values())
    figure, axes = frame(
        "The whole line, end to end",
        f"Microseconds a unit, {count(line['units'])} units. The straightforward program takes {reference:,.0f}.\n"
        "Below: the library calls alone, in paler shades of the steps that make them.", 3.1,
    )  # fmt: skip
    most = max(sum(side.values()) for _, side in sides)
    for place, (_, side) in enumerate(reversed(sides)):
        left = 0.0
        for step, value in side.items():
            axes.barh(place, value, 0.62, left, color=COLOURS[step], edgecolor="white", linewidth=1.2)
            if value > most * 0.075:
                axes.annotate(step, (left + value / 2, place), ha="center", va="center", color="white", fontsize=8.5)
            left += value
        note = f"{left:,.0f}" if side is line["floor"] else f"{left:,.0f}   {reference / left:.0f} times"
        axes.annotate(note, (left, place), (6, 0), textcoords="offset points", va="center", fontweight="bold")
    axes.set_yticks(range(len(sides)), [name for name, _ in reversed(sides)], color=INK)
    axes.set_xlim(0, most * 1.22)
    axes.grid(axis="x")
    axes.spines["left"].set_visible(False)
    return figure


def label_choices(document: dict[str, Any]) -> Any:
    """Labels a second of what one might pick instead."""
    made = [item for item in document["choices"] if not item["skipped"]]
    figure, axes = frame(
        "Labels a second, one process",
        "24 on an A4 page, the same payloads. Each step of the scale is ten times.",
        0.44 * len(made) + 1.4,
    )  # fmt: skip
    for place, item in enumerate(reversed(made)):
        rate = item["labels_per_second"]
        axes.barh(place, rate, 0.62, 0, color=COLOURS["labels"] if item["name"] == "bss-mfg" else PALE)
        text = f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}"
        unread = item["labels"] - item["read"]
        text += f"   ({unread} of {item['labels']} not read back)" if unread else ""
        axes.annotate(text, (rate, place), (6, 0), textcoords="offset points", va="center", fontweight="bold")
    axes.set_xscale("log")
    axes.set_xlim(0.3, max(item["labels_per_second"] for item in made) * 4)
    axes.xaxis.set_major_formatter(FuncFormatter(count))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_yticks(range(len(made)), [item["name"] for item in reversed(made)], color=INK)
    axes.grid(axis="x")
    axes.spines["left"].set_visible(False)
    return figure


PICTURES: dict[str, tuple[str, Callable[[dict[str, Any]], Any]]] = {
    "line": ("line", whole_line),
    "time": ("steps", time_curves),
    "memory": ("steps", memory_curves),
    "processes": ("steps", speed_up),
    "choices": ("choices", label_choices),
}
"""Name -> (the section that it needs, how it is drawn)."""


def pictures(document: dict[str, Any], folder: Path) -> list[Path]:
    """Draw all pictures whose numbers are there."""
    made = []
    with mpl.rc_context(STYLE):
        for name, (section, draw) in PICTURES.items():
            if document.get(section):
                figure = draw(document)
                made.append(folder / f"performance-{name}.svg")
                figure.savefig(made[-1], metadata={"Date": None})
                plt.close(figure)
    return made


if __name__ == "__main__":
    from performance import release

    source = Path(sys.argv[1]) if len(sys.argv) > 1 else release()
    target = Path(sys.argv[2]) if len(sys.argv) > 2 else HERE / "pictures"
    for path in pictures(json.loads(source.read_text("utf-8")), target):
        print(path)
