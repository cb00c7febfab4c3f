"""The plot of Bland and Altman: each label's difference (ours minus theirs) over the mean of the two grades."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from bss_mfg.verifier_data.comparison import OVERALL, Agreement, ComparedLabel

WIDTH, HEIGHT = 720.0, 300.0
_LEFT, _RIGHT, _TOP, _FOOT = 44.0, 60.0, 12.0, 38.0
_AXES = ((1.0, 0.5), (2.0, 1.0), (3.0, 1.0), (4.0, 2.0), (8.0, 4.0), (16.0, 8.0))
"""How far the vertical axis reaches on both sides of 0, and its steps. Differences end at 4, limits may lie beyond."""


@dataclass(frozen=True, slots=True)
class Plot:
    """Where all is drawn, in a box of `WIDTH` x `HEIGHT` with y downwards: labels as (x, y, how many lie there), level
    lines as (y, text, whether it is a limit), ticks of the axes as (place, text)."""

    dots: Sequence[tuple[float, float, int]]
    levels: Sequence[tuple[float, str, bool]]
    across: Sequence[tuple[float, str]]
    down: Sequence[tuple[float, str]]
    left: float = _LEFT
    right: float = WIDTH - _RIGHT
    foot: float = HEIGHT - _FOOT


def plot_of(labels: Sequence[ComparedLabel], overall: Agreement) -> Plot | None:
    """The plot of the overall grades; None where fewer than two labels have numbers of both."""
    if overall.mean is None or overall.limits is None:
        return None
    points: Counter[tuple[float, float]] = Counter()
    for label in labels:
        ours, theirs = label.pair(OVERALL)
        if ours is not None and theirs is not None and not isinstance(theirs, str):
            points[round((ours + theirs) / 2, 3), round(ours - theirs, 3)] += 1
    low, high = overall.limits
    furthest = max(0.0, *(abs(down) for _, down in points), abs(low), abs(high))
    span, step = next(axis for axis in _AXES if axis[0] >= furthest)

    def x(grade: float) -> float:
        return _LEFT + (WIDTH - _LEFT - _RIGHT) * grade / 4

    def y(difference: float) -> float:
        return _TOP + (HEIGHT - _TOP - _FOOT) * (span - difference) / (2 * span)

    levels = [(y(overall.mean), _shown(overall.mean), False)]
    if high - low > span / 12:  # else their texts would lie on each other
        levels += [(y(high), _shown(high), True), (y(low), _shown(low), True)]
    return Plot(
        dots=[(x(mean), y(down), count) for (mean, down), count in sorted(points.items())],
        levels=levels,
        across=[(x(grade), str(grade)) for grade in range(5)],
        down=[
            (y(level * step), _shown(level * step, 1 if step < 1 else 0))
            for level in range(round(span / step), -round(span / step) - 1, -1)
        ],
    )


def _shown(value: float, digits: int = 2) -> str:
    number = f"{abs(value):.{digits}f}"
    sign = "" if float(number) == 0 else "\u2212" if value < 0 else "+"
    return f"{sign}{number}"


def radius(count: int) -> float:
    """A dot's size by how many labels lie there: its area grows with them."""
    return float(min(4.0 * count**0.5, 14.0))


_SVG = Markup('<svg class="trend" role="img" viewBox="0 0 {:g} {:g}"><title>{}</title>{}</svg>')
_RULE = Markup('<path class="rule" d="M{:g} {:.1f}H{:g}"/>')
_LEVEL = Markup('<path class="line{}" d="M{:g} {:.1f}H{:g}"/>')
_DOT = Markup('<circle class="dot pale" cx="{:.1f}" cy="{:.1f}" r="{:.1f}"><title>{}</title></circle>')
_WORD = Markup('<text x="{:.1f}" y="{:.1f}" dy=".35em" font-size="12">{}</text>')


def plot_svg(plot: Plot) -> Markup:
    """The plot for the page: colours are of its style sheet."""
    shapes = []
    for y, words in plot.down:
        shapes += [_RULE.format(plot.left, y, plot.right), _WORD.format(20, y, words)]
    shapes += [_WORD.format(x, plot.foot + 12, words) for x, words in plot.across]
    shapes.append(_WORD.format((plot.left + plot.right) / 2, plot.foot + 29, "mean of our grade and the verifier's"))
    shapes += [_DOT.format(x, y, radius(count), f"{count:,}") for x, y, count in plot.dots]
    for y, words, is_limit in plot.levels:
        shapes += [
            _LEVEL.format(" limit" if is_limit else "", plot.left, y, plot.right),
            _WORD.format(plot.right + 28, y, words),
        ]
    return _SVG.format(WIDTH, HEIGHT, "differences over means", Markup("").join(shapes))


def plot_drawing(plot: Plot, width: float) -> Any:
    """The plot for a PDF, `width` points wide."""
    from reportlab.graphics.shapes import Circle, Drawing, Line, String
    from reportlab.lib.colors import Color, HexColor

    scale = width / WIDTH
    drawing = Drawing(width, HEIGHT * scale)

    def line(y: float, colour: str, **more: Any) -> None:
        at = (HEIGHT - y) * scale
        drawing.add(Line(plot.left * scale, at, plot.right * scale, at, strokeColor=HexColor(colour), **more))

    def word(x: float, y: float, words: str) -> None:
        size = 12 * scale
        at = (HEIGHT - y) * scale - size / 3
        # The standard fonts have no minus sign in their encoding.
        plain = words.replace("\u2212", "\u2013")
        drawing.add(String(x * scale, at, plain, fontSize=size, fontName="Helvetica", textAnchor="middle"))

    for y, words in plot.down:
        line(y, "#d9dee4", strokeWidth=0.5)
        word(20, y, words)
    for x, words in plot.across:
        word(x, plot.foot + 12, words)
    word((plot.left + plot.right) / 2, plot.foot + 29, "mean of our grade and the verifier's")
    for x, y, count in plot.dots:
        fill = Color(0x18 / 255, 0x79 / 255, 0x4E / 255, alpha=0.6)
        drawing.add(Circle(x * scale, (HEIGHT - y) * scale, radius(count) * scale, fillColor=fill, strokeColor=None))
    for y, words, is_limit in plot.levels:
        line(y, "#5b6470", strokeWidth=0.8, strokeDashArray=[3, 3] if is_limit else None)
        word(plot.right + 28, y, words)
    return drawing
