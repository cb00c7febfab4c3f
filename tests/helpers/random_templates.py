"""Templates that nobody designed: elements, conditions, colours and order by chance, and labels of them.

What preflight refuses is taken out, element by element, until it finds no fault: what is left must print as it says.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from bss_mfg.label.examples import made_up_example
from bss_mfg.label.layout.design_check import CheckedDesign, Example, check_design
from bss_mfg.label.layout.file_content import LabelFileContent
from bss_mfg.label.layout.label_rows import LabelRow
from bss_mfg.label.render.by_language import render_label_file
from bss_mfg.label.template.loading import LoadedTemplate, template_from_text
from bss_mfg.label.template.printer import BUILT_IN, Printer
from bss_mfg.model import Package, Rect

WIDTH, HEIGHT = 72.0, 52.0
COLOURS = ["#000000", "#000000", "#ffffff", "#ffffff", "#303030", "#b0b0b0"]
SCALED = Printer("scaled", 8, 8, offset_x_mm=0.31, offset_y_mm=0.17, scale_x=1.006, scale_y=0.995, language="zpl")
FINE_DOWN = Printer("fine-down", 8, 12, language="zpl")
PRINTERS = [BUILT_IN["zpl-203"], BUILT_IN["zpl-203"], BUILT_IN["zpl-300"], SCALED, FINE_DOWN]
"""Whole and broken numbers of dots per mm, calibrated ones, dots that are not square."""
UNITS = 2
CONDITIONS = [None, None, None, "mac", "not mac", "package > 1", "package = 1"]


def _tenths(low: float, high: float) -> st.SearchStrategy[float]:
    return st.integers(round(low * 10), round(high * 10)).map(lambda tenths: tenths / 10)


def _across(width: float) -> st.SearchStrategy[float]:
    """Mostly beside the symbol, which is on the left."""
    return st.one_of(_tenths(min(24, WIDTH - width - 1), WIDTH - width - 1), _tenths(0, WIDTH - width - 1))


@st.composite
def _boxes(draw: st.DrawFn) -> dict[str, Any]:
    width, height = draw(_tenths(1, 40)), draw(_tenths(1, 25))
    return {
        "kind": "box", "x": draw(_across(width)), "y": draw(_tenths(0, HEIGHT - height)),
        "width": width, "height": height, "fill": draw(st.booleans()), "thickness": draw(_tenths(0.1, 1.5)),
        "radius": draw(st.sampled_from([0, 0, 0, 1.5])), "color": draw(st.sampled_from(COLOURS)),
        "dither": draw(st.sampled_from(["threshold", "threshold", "threshold", "ordered"])),
    }  # fmt: skip


@st.composite
def _lines(draw: st.DrawFn) -> dict[str, Any]:
    x, y = draw(_across(20)), draw(_tenths(2, HEIGHT - 22))
    reach = draw(st.sampled_from([(20, 0), (13.3, 0), (0, 11.7), (0, 20), (17, 9)]))
    return {
        "kind": "line", "x": x, "y": y, "x2": x + reach[0], "y2": y + reach[1],
        "thickness": draw(st.sampled_from([0.05, 0.1, 0.2, 0.33, 0.5, 1.0])), "color": draw(st.sampled_from(COLOURS)),
    }  # fmt: skip


@st.composite
def _texts(draw: st.DrawFn) -> dict[str, Any]:
    width = draw(_tenths(14, 30))
    return {
        "kind": "text", "x": draw(_across(width)), "y": draw(_tenths(1, 45)), "width": width,
        "text": draw(st.sampled_from(["MESH", "UNIT {package}", "{serial}", "{mac}", "{batch}"])),
        "size": draw(st.sampled_from([5, 6.5, 8, 12])), "min_size": 3,
        "color": draw(st.sampled_from(["#000000", "#000000", "#202060", "#ffffff"])),
        "font": draw(st.sampled_from(["sans", "sans-bold", "mono"])),
        "rotate": draw(st.sampled_from([0, 0, 0, 90, 180, 270])),
        "align": draw(st.sampled_from(["left", "center", "right"])),
        **({"each_unit": {"dy": draw(st.sampled_from([3, 5, -4]))}} if draw(st.integers(0, 4)) == 0 else {}),
    }  # fmt: skip


@st.composite
def _codes(draw: st.DrawFn) -> dict[str, Any]:
    place = {"x": draw(_across(45)), "y": draw(_tenths(1, 36))}
    rotate = draw(st.sampled_from([0, 0, 90, 180, 270]))
    if draw(st.booleans()):
        return {"kind": "qr", "size": draw(_tenths(11, 15)), "text": "{serial}", "rotate": rotate, **place}
    caption = draw(st.sampled_from(["below", "above", "none"]))
    return {
        "kind": "code-128", "width": 45, "height": draw(_tenths(7, 10)), "text": draw(st.sampled_from(["{serial}"])),
        "caption": caption, "rotate": rotate, **place,
    }  # fmt: skip


_elements = st.integers(0, 13).flatmap(
    lambda kind: _boxes() if kind < 4 else _lines() if kind < 6 else _texts() if kind < 10 else _codes()
)

crowded = st.one_of(_texts(), _texts(), _lines())
"""Mostly texts, so that many of them lie on one another."""


@st.composite
def template_texts(draw: st.DrawFn, others: st.SearchStrategy[dict[str, Any]] = _elements) -> list[dict[str, Any]]:
    """The elements of a template, the Data Matrix somewhere among `others`, sometimes on a light panel on a dark
    ground."""
    symbol = {
        "kind": "data-matrix",
        "x": draw(_tenths(1, 4)),
        "y": draw(_tenths(1, 21)),
        "size": draw(_tenths(17.5, 21)),
        "x_dimension": [0.2, 0.6],
    }
    elements = [
        {**element, "when": when} if (when := draw(st.sampled_from(CONDITIONS))) else element
        for element in draw(st.lists(others, min_size=6, max_size=16))
    ]
    at = draw(st.integers(0, len(elements)))
    under: list[dict[str, Any]] = []
    if draw(st.booleans()):
        place = {"width": symbol["size"], "height": symbol["size"], "x": symbol["x"], "y": symbol["y"]}
        ground = {"kind": "box", "x": 0, "y": 0, "width": WIDTH, "height": HEIGHT, "fill": True}
        under = [ground, *elements[:at], {"kind": "box", "fill": True, "color": "#ffffff", **place}]
    return [*(under or elements[:at]), symbol, *elements[at:]]


def _template(elements: list[dict[str, Any]], sample: bool) -> LoadedTemplate:
    def value(setting: Any) -> str:
        if isinstance(setting, dict):
            return f"{{ {', '.join(f'{name} = {step}' for name, step in setting.items())} }}"
        return str(setting).lower() if isinstance(setting, bool) else repr(setting).replace("'", '"')

    body = "\n".join(
        "[[element]]\n" + "\n".join(f"{name} = {value(setting)}" for name, setting in element.items())
        for element in elements
    )
    head = f'format = 1\n[media]\nkind = "roll"\nlabel_width = {WIDTH}\nlabel_height = {HEIGHT}\nsafe = 0\n'
    if sample:
        head += f"[sample]\nx = 1\ny = {HEIGHT - 7.5}\nwidth = {WIDTH - 20}\nheight = 6.5\n"
    return template_from_text(head + body, Path("random.toml"))


def example(stage: str) -> Example:
    """Three labels: with a MAC address, without one, and the first of a batch."""
    made_up = made_up_example(UNITS)
    longest = made_up.cases["longest"]
    bare = replace(longest, number=7, units=tuple(replace(unit, mac=None) for unit in longest.units))
    first: Package = made_up.cases["shortest"]
    return replace(
        made_up,
        batch=replace(made_up.batch, stage=stage),
        cases={"longest": longest, "bare": bare, "first": first},
        bars_example=None,
    )


@dataclass(frozen=True)
class Drawn:
    """A template that preflight has nothing against, and its labels in one language."""

    design: CheckedDesign

    @property
    def rows(self) -> tuple[LabelRow, ...]:
        """One label each."""
        return tuple(self.design.rows.values())

    def file(self, language: str) -> list[bytes]:
        """The label files in a language: all labels in one, or one for each where a file has one page."""
        layout = replace(self.design.layout, grid=replace(self.design.layout.grid, printer=self.printer(language)))
        batches = [(row,) for row in self.rows] if language == "png" else [self.rows]
        return [render_label_file(LabelFileContent("Random", layout, rows, 1, "mask")) for rows in batches]

    def printer(self, language: str) -> Printer:
        """The printer with the same dots that speaks a language."""
        return replace(self.design.layout.printer, language=language)  # type: ignore[arg-type]

    def dots(self, rect: Rect) -> tuple[int, int, int, int]:
        """Where a rectangle of the label lies on the page, in dots: left, top, right, bottom."""
        printer, (x, y) = self.design.layout.printer, self.design.layout.places[0]
        left, top = round(x * printer.dots_per_mm_x), round(y * printer.dots_per_mm_y)
        return (
            left + round(rect.x * printer.scaled_dots_per_mm_x),
            top + round(rect.y * printer.scaled_dots_per_mm_y),
            left + round(rect.right * printer.scaled_dots_per_mm_x),
            top + round(rect.bottom * printer.scaled_dots_per_mm_y),
        )

    @property
    def text(self) -> str:
        """The template, to show what failed."""
        return self.design.layout.template.document.text


def without_faults(elements: list[dict[str, Any]], printer: Printer, stage: str) -> Drawn:
    """The template without the elements that preflight names as faults."""
    elements = list(elements)
    while True:
        design = check_design(_template(elements, stage == "development"), printer, example(stage))
        faults = design.findings.errors
        if not faults:
            return Drawn(design)
        named = {fault.element_index for fault in faults if fault.element_index is not None}
        symbol = next(at for at, element in enumerate(elements) if element["kind"] == "data-matrix")
        if named - {symbol}:
            elements = [element for at, element in enumerate(elements) if at not in named - {symbol}]
        elif stage == "development":
            stage = "production"
        else:
            raise AssertionError(str(faults[0]))
