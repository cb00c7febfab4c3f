"""Lines that differ from label to label in their serial numbers alone: set once, then filled in.

Such a line has words of any script, shaped once, and stretches of plain ASCII whose glyphs a table knows. What is
Latin letter or digit decides nothing but its own glyph, so one text stands for all of its kind.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from bss_mfg.label.type.itemization import Setting, alike, serials_are_alike
from bss_mfg.label.type.line_breaks import SOFT_HYPHEN
from bss_mfg.label.type.markup import without_switches
from bss_mfg.label.type.paragraph import Line, Paragraph
from bss_mfg.label.type.plain import PlainRun, PlainTable, plain_table
from bss_mfg.label.type.shaping import GlyphRun

Bounds = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Characters of plain ASCII, from `start` to `end` of the text."""

    start: int
    end: int
    table: PlainTable


@dataclass(frozen=True, slots=True, eq=False)
class LinePattern:
    """A line's runs and stretches from left to right.

    `bounds` are what the ink of any such line can't leave: left and right beyond its ends (em), bottom and top; plain
    ASCII at its ends apart, which `stays_within` asks for.
    """

    parts: tuple[GlyphRun | _Stretch, ...]
    right_to_left: bool
    bounds: Bounds

    def line(self, text: str) -> Line:
        """The line of one text."""
        parts = tuple(
            [
                PlainRun(part.table, text[part.start : part.end]) if isinstance(part, _Stretch) else part
                for part in self.parts
            ]
        )
        return Line(text, sum([part.width for part in parts]), parts, self.right_to_left)

    def stays_within(self, line: Line) -> bool:
        """Whether the ends of a line reach no farther out than `bounds`."""
        first, last = line.parts[0], line.parts[-1]
        left, _, right, _ = self.bounds
        return not (isinstance(first, PlainRun) and first.table.reach(first.text)[0] < left) and not (
            isinstance(last, PlainRun) and last.table.reach(last.text)[1] > right
        )


def line_pattern(text: str, setting: Setting) -> LinePattern | None:
    """The pattern of a text; None where it has none: where it has several lines, bold words, or letters without glyphs,
    or its serial number is of one run with other letters."""
    if text.isascii() or not unicodedata.is_normalized("NFC", text):
        return None
    return _pattern(alike(text), setting)


@lru_cache(maxsize=1024)
def _pattern(text: str, setting: Setting) -> LinePattern | None:
    is_one_line = "\n" not in text and SOFT_HYPHEN not in text and without_switches(text) == text
    if not is_one_line or setting.letter_spacing or not serials_are_alike(setting.stack(0)):
        return None
    paragraph = Paragraph(text, (0,) * len(text), setting)
    if paragraph.missing or paragraph.unshaped or paragraph.orphans:
        return None
    parts: list[GlyphRun | _Stretch] = []
    for start, end, how in paragraph.plan.items(0, len(text)):
        part, face = text[start:end], paragraph.plan.faces[start]
        table = plain_table(face, how.language) if how.is_plain and part.isascii() and part.isprintable() else None
        if table:
            parts.append(_Stretch(start, end, table))
        elif any(character.isascii() and character.isalnum() for character in part):
            return None
        else:
            parts.append(paragraph.shaped(start, end, how))
    return LinePattern(tuple(parts), paragraph.right_to_left, _bounds(parts)) if parts else None


def _bounds(parts: list[GlyphRun | _Stretch]) -> Bounds:
    """What the ink of a pattern can't leave; its stretches may be as narrow as can be."""
    boxes = [_own_bounds(part) for part in parts]
    widths = [0.0 if isinstance(part, _Stretch) else part.width for part in parts]
    last = len(parts) - 1
    ends = [(at, box) for at, box in enumerate(boxes) if box]
    left = min([sum(widths[:at]) + box[0] for at, box in ends if at or not isinstance(parts[0], _Stretch)], default=0.0)
    right = max(
        [box[2] - sum(widths[at + 1 :]) for at, box in ends if at < last or not isinstance(parts[last], _Stretch)],
        default=0.0,
    )
    bottom, top = min([box[1] for _, box in ends], default=0.0), max([box[3] for _, box in ends], default=0.0)
    return min(left, 0.0), bottom, max(right, 0.0), top


def _own_bounds(part: GlyphRun | _Stretch) -> Bounds | None:
    """The bounds of a part: left of its start and right of its end, bottom and top."""
    if isinstance(part, _Stretch):
        return part.table.face.ascii_bounds
    box = Line(part.text, part.width, (part,)).ink()
    return (box[0], box[1], box[2] - part.width, box[3]) if box else None
