"""A terminal's screen as an SVG: text as text, nothing from elsewhere, one look in light and dark."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby

from pyte.screens import Char

CELL = (8.4, 18.0)
"""Width and height of a character; `textLength` holds type of another width to it."""
MARGIN = 14
BACKGROUND, FOREGROUND = "#1b1f27", "#dfe3ea"
COLOURS = {
    "default": FOREGROUND, "black": "#11151c", "red": "#ff8c85", "green": "#7ddb8f", "brown": "#ecc46a",
    "blue": "#8db8ff", "magenta": "#e0a3f0", "cyan": "#74d7df", "white": "#ffffff",
    "brightblack": "#5c6470",
}  # fmt: skip
STYLE = (
    "text{font:14px 'DejaVu Sans Mono',ui-monospace,Menlo,Consolas,'Liberation Mono',monospace;white-space:pre}"
    ".b{font-weight:bold}"
)

Line = Sequence[Char]


@dataclass(frozen=True)
class Still:
    """A picture of a screen: its title, what it shows for who can't see it, its lines."""

    title: str
    description: str
    lines: Sequence[Line]
    columns: int


def svg(still: Still) -> str:
    """The picture."""
    rows = "\n".join(drawn_line(line, row) for row, line in enumerate(still.lines) if any(map(_is_seen, line)))
    return _frame(still, len(still.lines), "", rows)


@dataclass(frozen=True)
class Timed:
    """A still of all lines, when each of them appears (in seconds), and how many rows the screen has."""

    still: Still
    times: Sequence[float]
    rows: int


def animated(timed: Timed) -> str:
    """A picture that shows line after line, and moves up when the screen is full. Where nothing moves (a printer, a
    reader who wants it so, a program without CSS animations), it is the end."""
    still, end = timed.still, timed.times[-1]
    lines = "\n".join(
        f'<g style="animation-delay:{at:g}s">{drawn_line(line, row)}</g>'
        for row, (line, at) in enumerate(zip(still.lines, timed.times, strict=True))
        if any(map(_is_seen, line))
    )
    steps, moved = [], -1
    for row, at in enumerate(timed.times):
        if (up := max(row + 1 - timed.rows, 0)) != moved:
            steps.append(f"{100 * at / end:.3f}%{{transform:translateY({-up * CELL[1]:g}px)}}")
            moved = up
    steps[0] = steps[0].replace(steps[0].partition("%")[0], "0", 1)
    style = (
        f".all{{transform:translateY({-moved * CELL[1]:g}px)}}@media (prefers-reduced-motion:no-preference)"
        f"{{.all{{animation:up {end:g}s step-end both}}.all g{{animation:in .01s linear backwards}}}}"
        f"@keyframes in{{from{{opacity:0}}}}@keyframes up{{{''.join(steps)}}}"
    )
    width, height = still.columns * CELL[0] + 2 * MARGIN, timed.rows * CELL[1]
    window = f'<svg y="{MARGIN}" width="{width:g}" height="{height:g}" viewBox="0 {MARGIN} {width:g} {height:g}">'
    content = f'{window}<g class="all">\n{lines}\n</g></svg>'
    return _frame(still, timed.rows, style, content)


def words(line: Line) -> str:
    """What a line says."""
    return "".join(char.data for char in line).rstrip()


def _frame(still: Still, rows: int, style: str, content: str) -> str:
    width, height = still.columns * CELL[0] + 2 * MARGIN, rows * CELL[1] + 2 * MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}" role="img" aria-labelledby="title description">\n'
        f'<title id="title">{escape(still.title)}</title>\n<desc id="description">{escape(still.description)}</desc>\n'
        f"<style>{STYLE}{style}</style>\n"
        f'<rect width="{width:g}" height="{height:g}" rx="8" fill="{BACKGROUND}"/>\n{content}\n</svg>\n'
    )


def drawn_line(line: Line, row: int) -> str:
    """A line: runs of one look, each in its columns; their grounds lie below."""
    grounds, texts, column = "", "", 0
    top = MARGIN + row * CELL[1]
    for (colour, ground, bold), cells in groupby(line, key=_look):
        run = list(cells)
        text = "".join(char.data for char in run)
        left = MARGIN + column * CELL[0]
        if ground != BACKGROUND:
            width, height = len(run) * CELL[0], CELL[1] + 0.6  # no seam between two rows
            grounds += f'<rect x="{left:g}" y="{top:g}" width="{width:g}" height="{height:g}" fill="{ground}"/>'
        texts += "".join(_pieces(text, column, top + 13.5, f'fill="{colour}"' + (' class="b"' if bold else "")))
        column += len(run)
    return grounds + texts


def _pieces(text: str, column: int, y: float, look: str) -> Iterable[str]:
    """Words that stand at a distance are texts of their own: then no font can shift a column."""
    for start, piece in _split(text):
        x, length = MARGIN + (column + start) * CELL[0], len(piece) * CELL[0]
        yield (
            f'<text x="{x:g}" y="{y:g}" textLength="{length:g}" lengthAdjust="spacingAndGlyphs" {look}>'
            f"{escape(piece, quote=False)}</text>"
        )


def _split(text: str) -> Iterable[tuple[int, str]]:
    start = 0
    for gap, cells in groupby(text.replace("  ", "\0\0").replace("\0 ", "\0\0"), key=lambda char: char == "\0"):
        piece = "".join(cells)
        if not gap and piece.strip():
            stripped = piece.strip(" ")
            yield start + piece.index(stripped), stripped
        start += len(piece)


def _is_seen(char: Char) -> bool:
    return bool(char.data.strip()) or char.bg != "default" or char.reverse


def _look(char: Char) -> tuple[str, str, bool]:
    colour, ground = _colour(char.fg), BACKGROUND if char.bg == "default" else _colour(char.bg)
    if char.reverse:
        colour, ground = ground, colour
    return colour, ground, char.bold


def _colour(name: str) -> str:
    return COLOURS.get(name) or COLOURS.get(name.removeprefix("bright"), f"#{name}")
