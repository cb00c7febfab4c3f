"""Drawings of the report as SVG: maps of sheets, failed symbols with their wrong modules, charts of grades.

Colours are names of the page's style sheet, so that a figure follows light, dark and print. No text from outside
enters a figure unescaped.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from bss_mfg.imaging.defects import Defects
from bss_mfg.imaging.grade import letter_of
from bss_mfg.imaging.label_pictures import PICTURE_BORDER_MODULES, PICTURE_PIXELS_PER_MODULE, LabelPicture
from bss_mfg.report.statistics import (
    LETTERS,
    PARAMETERS,
    PageStatistics,
    ParameterStatistics,
    PlaceStatistics,
    Statistics,
)

MARKS: Mapping[str, str] = {
    "matched": "",
    "missing": "-",
    "duplicate": "2x",
    "foreign": "F",
    "unreadable": "?",
    "mismatched": "!",
    "unseen": "",
    "none": "",
}
"""What stands in a cell of the map, so that it does not speak by colour alone."""


@dataclass(frozen=True, slots=True)
class MapPlace:
    """A place of a sheet's map: box in mm, the verdict ("unseen" where no picture showed it, "none" where no label is)
    and the words that appear when pointed at."""

    box: tuple[float, float, float, float]
    verdict: str
    words: str


def sheet(page_mm: tuple[float, float], cells: Sequence[MapPlace]) -> str:
    """One page with a coloured cell for each label."""
    width, height = page_mm
    parts = [f'<rect class="paper" x="0" y="0" width="{width:g}" height="{height:g}"/>']
    for cell in cells:
        x, y, across, down = cell.box
        parts.append(
            f'<g class="cell {cell.verdict}"><title>{escape(cell.words)}</title>'
            f'<rect x="{x:.2f}" y="{y:.2f}" width="{across:.2f}" height="{down:.2f}" rx="{across / 14:.2f}"/>'
            + _word(MARKS.get(cell.verdict, ""), x + across / 2, y + down / 2, across * 0.42)
            + "</g>"
        )
    return _svg(width, height, parts, "sheet")


def ribbon(cells: Sequence[tuple[str, str]], across: int = 50) -> str:
    """Labels of a roll in the order of printing: (verdict, words) for each."""
    side = 10.0
    rows = -(-len(cells) // across)
    boxes = [
        MapPlace((index % across * side + 0.5, index // across * side + 0.5, side - 1, side - 1), verdict, words)
        for index, (verdict, words) in enumerate(cells)
    ]
    return sheet((min(across, len(cells)) * side, rows * side), boxes).replace('class="sheet"', 'class="ribbon"')


def symbol(shot: LabelPicture, ailing: Defects | None) -> str:
    """The picture of a failed label. Where its grid is known, each wrong module is framed: a dot says that it should
    be dark, an empty frame that it should be light."""
    data = base64.b64encode(shot.png).decode("ascii")
    if not shot.upright or ailing is None:
        return f'<img alt="the label as it was seen" src="data:image/png;base64,{data}">'
    border = PICTURE_BORDER_MODULES
    side = ailing.size + 2 * border
    frames = "".join(f"M{column} {row}h1v1h-1z" for row, column, _ in ailing.wrong_modules)
    dots = "".join(f"M{column + 0.3} {row + 0.3}h.4v.4h-.4z" for row, column, dark in ailing.wrong_modules if dark)
    body = [
        f'<image href="data:image/png;base64,{data}" x="{-border}" y="{-border}" width="{side}" height="{side}"/>',
        f'<path class="wrong" d="{frames}"/><path class="dark" d="{dots}"/>',
    ]
    box = f"{-border} {-border} {side} {side}"
    size = f"{ailing.size} x {ailing.size}"
    title = f"{len(ailing.wrong_modules)} wrong modules of {size}, {PICTURE_PIXELS_PER_MODULE} pixels each"
    return f'<svg class="symbol" role="img" viewBox="{box}"><title>{title}</title>{"".join(body)}</svg>'


def letters(facts: Statistics) -> str:
    """How many labels got each letter."""
    total = max(facts.graded + facts.not_gradable, 1)
    bars = [(letter, facts.letters[letter]) for letter in LETTERS]
    if facts.not_gradable:
        bars.append(("not gradable", facts.not_gradable))
    lines = [
        f'<tr><th scope="row">{name}</th><td class="bar"><span class="g{name[0]}" '
        f'style="width:{100 * count / total:.2f}%"></span></td><td class="number">{count:,}</td></tr>'
        for name, count in bars
    ]
    return '<table class="bars">' + "".join(lines) + "</table>"


def parameters(found: Sequence[ParameterStatistics]) -> str:
    """Each parameter's grades as one divided bar."""
    lines = []
    for item in found:
        total = max(sum(item.counts), 1)
        pieces = "".join(
            f'<span class="g{letter}" style="width:{100 * count / total:.2f}%" title="{grade}: {count:,}"></span>'
            for letter, grade, count in zip(LETTERS, (4, 3, 2, 1, 0), item.counts, strict=True)
            if count
        )
        lines.append(
            f'<tr><th scope="row">{PARAMETERS[item.name]}</th><td class="bar">{pieces}</td>'
            f'<td class="number">{item.mean:.1f}</td><td class="number">{item.lowest:.1f}</td></tr>'
        )
    head = "<tr><th></th><th>4 to 0</th><th>mean</th><th>lowest</th></tr>"
    return f'<table class="bars">{head}{"".join(lines)}</table>'


def heat(spots: Sequence[PlaceStatistics], page_mm: tuple[float, float]) -> str:
    """The sheet with the mean grade of each place over all pages; without grades the share of labels not right."""
    graded = any(spot.grade is not None for spot in spots)
    parts = [f'<rect class="paper" x="0" y="0" width="{page_mm[0]:g}" height="{page_mm[1]:g}"/>']
    for spot in spots:
        if not spot.labels:
            tone, word = "none", ""
        elif graded:
            tone = f"g{letter_of(spot.grade)}" if spot.grade is not None else "gF"
            word = f"{spot.grade:.1f}" if spot.grade is not None else "-"
        else:
            share = spot.wrong / spot.labels
            tone = "gA" if not share else "gC" if share < 0.1 else "gF"
            word = f"{share:.0%}" if share else ""
        title = f"{spot.labels:,} labels, {spot.wrong:,} not right"
        parts.append(
            f'<g class="heat {tone}"><title>{title}</title><rect x="{spot.x_mm:.2f}" y="{spot.y_mm:.2f}" '
            f'width="{spot.width_mm:.2f}" height="{spot.height_mm:.2f}"/>'
            + _word(word, spot.x_mm + spot.width_mm / 2, spot.y_mm + spot.height_mm / 2, spot.width_mm * 0.3)
            + "</g>"
        )
    return _svg(*page_mm, parts, "sheet")


def trend(moments: Sequence[PageStatistics]) -> str:
    """Mean grade of each page in the order of reading, and marks where something was not right."""
    width, height, left, foot = 720.0, 180.0, 30.0, 22.0
    many = len(moments)
    step = (width - left - 10) / max(many - 1, 1)

    def at(index: int, grade: float) -> tuple[float, float]:
        return left + index * step, 10 + (height - foot - 20) * (4 - grade) / 4

    parts = []
    for grade in range(5):
        _, y = at(0, grade)
        parts.append(f'<path class="rule" d="M{left} {y:.1f}H{width - 10}"/>' + _word(str(grade), 12, y, 12))
    line = [at(index, item.grade) for index, item in enumerate(moments) if item.grade is not None]
    if len(line) > 1:
        parts.append('<path class="line" d="M' + "L".join(f"{x:.1f} {y:.1f}" for x, y in line) + '"/>')
    for index, item in enumerate(moments):
        words = f"{item.file}, page {item.page}: {item.labels} labels, {item.wrong} not right"
        if item.grade is not None and many <= 400:
            x, y = at(index, item.grade)
            parts.append(f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="3"><title>{escape(words)}</title></circle>')
        if item.wrong:
            x, _ = at(index, 0)
            parts.append(
                f'<rect class="fault" x="{x - 2:.1f}" y="{height - foot + 6:.1f}" width="4" height="10">'
                f"<title>{escape(words)}</title></rect>"
            )
    return _svg(width, height, parts, "trend")


def _word(text: str, x: float, y: float, size: float) -> str:
    if not text:
        return ""
    return f'<text x="{x:.2f}" y="{y:.2f}" dy=".35em" font-size="{size:.2f}">{escape(text)}</text>'


def _svg(width: float, height: float, parts: Sequence[str], kind: str) -> str:
    return f'<svg class="{kind}" role="img" viewBox="0 0 {width:g} {height:g}">{"".join(parts)}</svg>'
