"""Texts as PDF operators: glyphs by number, in embedded subsets of their fonts."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from bss_mfg.label.layout.texts import TextPlan
from bss_mfg.label.render.pdf_colours import fill_operators
from bss_mfg.label.render.pdf_fonts import EmbeddedFont, embedded_font
from bss_mfg.label.template.fonts import Font
from bss_mfg.label.type.paragraph import Line
from bss_mfg.label.type.plain import PlainRun
from bss_mfg.label.type.shaping import GlyphRun

_REMEMBERED = 1024
"""Runs whose operators a document remembers."""
_TURNS = {0: "1 0 0 1", 90: "0 -1 1 0", 180: "-1 0 0 -1", 270: "0 1 -1 0"}


def draw_text(canvas: Any, plan: TextPlan, text: str, face: Font) -> None:
    """Draw a text at its plan's place; the origin is the label's top left corner, y upwards, in points."""
    canvas.addLiteral(TextWriter(canvas, plan, face).operators(text))


class TextWriter:
    """Writes the texts of one plan in one document. A line of plain text that fits, as most are, only needs its glyphs
    and where it starts."""

    def __init__(self, canvas: Any, plan: TextPlan, face: Font) -> None:
        self._canvas, self._plan, self._face = canvas, plan, face
        style = plan.style
        self._plain = plan.plain_table(face)
        self._room = plan.room / style.size
        self._sized = f"{style.size:g} Tf"
        is_left = style.align in ("left", "justify") and style.valign == "capitals"
        self._start = self._begin(0.0, plan.cap_height * style.size) if is_left else ""
        self._shrinks = style.align == "left" and not style.wrap
        self._sized_starts: dict[float, str] = {}
        self._is_black = style.color == "#000000"

    def operators(self, text: str) -> str:
        """Operators that show a text."""
        if self._is_black:
            return self._shown(text)
        # Asked for each time: a spot ink becomes a resource of each page that shows it.
        return f"q {fill_operators(self._canvas, self._plan.style.color)} {self._shown(text)} Q"

    @cached_property
    def _font(self) -> EmbeddedFont:
        """The font of plain texts, embedded with the first of them."""
        return embedded_font(self._canvas._doc, self._face.face)

    def _begin(self, along: float, down: float) -> str:
        x, y = self._plan.turn(along, down)
        return f"BT {_TURNS[self._plan.rotate]} {x:.3f} {y:.3f} Tm"

    def _shown(self, text: str) -> str:
        plain = self._plain
        if self._start and plain and text.isascii() and text.isprintable():
            if plain.is_within(text, self._room):
                return f"{self._start} {self._font.name} {self._sized} {self._font.show_plain(text)} ET"
            if self._shrinks:
                begun = self._begin_shrunk(self._plan.size_for(plain.width(text)))
                return f"{begun} {self._font.show_plain(text)} ET"
        size, lines = self._plan.fit(text, self._face)
        return " ".join(
            [
                f"{self._begin(along, down)} {self._line(line, size)} ET"
                for line, along, down in self._plan.place_lines(lines, size)
            ]
        )

    def _begin_shrunk(self, size: float) -> str:
        """Where a line of a smaller size starts, and its font: such lines have a few sizes."""
        begun = self._sized_starts.get(size)
        if begun is None:
            start = self._begin(0.0, self._plan.cap_height * size)
            begun = self._sized_starts[size] = f"{start} {self._font.name} {size:g} Tf"
        return begun

    def _line(self, line: Line, size: float) -> str:
        document = self._canvas._doc
        if line.plain:
            font = embedded_font(document, line.plain.face)
            return f"{font.name} {size:g} Tf {font.show_plain(line.text)}"
        return " ".join([_show(document, part, size) for part in line.parts])


def show_run(canvas: Any, run: GlyphRun, size: float) -> str:
    """Operators that show a run of glyphs from where the pen is."""
    return _show(canvas._doc, run, size)


def _show(document: Any, run: GlyphRun | PlainRun, size: float) -> str:
    """Operators that show a run from where the pen is, and leave the pen at its end."""
    if isinstance(run, PlainRun):
        font = embedded_font(document, run.table.face)
        return f"{font.name} {size:g} Tf {font.show_plain(run.text, run.table.language)}"
    font = embedded_font(document, run.face)
    if run.text.isascii():
        return _operators(font, run, size)
    # Words that change are shaped once, and are the same run then.
    known = font.shown.get((id(run), size))
    if known is None:
        if len(font.shown) >= _REMEMBERED:
            font.shown.clear()
        known = font.shown[id(run), size] = (run, _operators(font, run, size))
    return known[1]


def _operators(font: EmbeddedFont, run: GlyphRun, size: float) -> str:
    parts = font.use(run)
    shown = [f"{font.name} {size:g} Tf"]
    if len(parts) == 1:
        return f"{shown[0]} {_part(run, parts[0][2], size)}"
    # Readers take the pieces of what runs from right to left in the order of the file: the rightmost comes first.
    scale, pen = -1000 / run.face.upem, 0.0
    starts = [sum(run.advances[:start]) for start, _, _ in parts]
    for (start, end, read), place in zip(reversed(parts), reversed(starts), strict=True):
        shown.append(f"[{(place - pen) * scale:.4g}] TJ {_part(run.part(start, end), read, size)}")
        pen = place + sum(run.advances[start:end])
    shown.append(f"[{(sum(run.advances) - pen) * scale:.4g}] TJ")
    return " ".join(shown)


def _part(run: GlyphRun, read: str, size: float) -> str:
    """Operators that show some glyphs, `read` as something else if that is given."""
    operators = _unmoved(run) if run.offsets is None else _moved(run, size)
    if read:
        return f"/Span <</ActualText <feff{read.encode('utf-16-be').hex()}>>> BDC {operators} EMC"
    return operators


def _unmoved(run: GlyphRun) -> str:
    """Glyphs that stand on the baseline one after the other."""
    natural, scale = run.face.natural_advance, -1000 / run.face.upem
    parts: list[str] = []
    for glyph, advance in zip(run.glyphs, run.advances, strict=True):
        own = natural(glyph)
        parts.append(f"{glyph:04x}" if advance == own else f"{glyph:04x}>{(advance - own) * scale:.4g}<")
    shown = "".join(parts)
    return f"[<{shown}>] TJ" if ">" in shown else f"<{shown}> Tj"


def _moved(run: GlyphRun, size: float) -> str:
    """Glyphs with offsets: to the side by adjustments of the pen, upwards by the text rise."""
    assert run.offsets is not None  # noqa: S101  (for the type checker)
    natural, scale, points = run.face.natural_advance, -1000 / run.face.upem, size / run.face.upem
    operators: list[str] = []
    parts: list[str] = []
    rise, owed = 0, 0.0
    for glyph, advance, (right, up) in zip(run.glyphs, run.advances, run.offsets, strict=True):
        if up != rise:
            if parts:
                operators.append(f"[{''.join(parts)}] TJ")
                parts = []
            operators.append(f"{up * points:.4g} Ts")
            rise = up
        if move := owed + right:
            parts.append(f"{move * scale:.4g}")
        parts.append(f"<{glyph:04x}>")
        owed = advance - natural(glyph) - right
    if owed:
        parts.append(f"{owed * scale:.4g}")
    operators.append(f"[{' '.join(parts)}] TJ")
    if rise:
        operators.append("0 Ts")
    return " ".join(operators)
