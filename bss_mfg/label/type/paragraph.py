"""Paragraphs: text with styles, over a list of fonts, to lines of positioned glyphs."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cached_property, lru_cache
from typing import NamedTuple

from bss_mfg.label.type.font_file import Face
from bss_mfg.label.type.itemization import Setting, alike, plan_of
from bss_mfg.label.type.line_breaks import SOFT_HYPHEN, break_opportunities
from bss_mfg.label.type.markup import styles_of
from bss_mfg.label.type.plain import PlainRun, PlainTable, plain_table
from bss_mfg.label.type.scripts import (
    COMMON,
    CURSIVE,
    NEEDS_LAYOUT,
    is_simple,
    script_of,
    scripts_of,
)
from bss_mfg.label.type.shaping import DOTTED_CIRCLE, PLAIN, GlyphRun, Shaping, shape

_CLOSE = 1e-6


class Line(NamedTuple):
    """A line of glyph runs from left to right; `width` in em. `last` ends a paragraph: it is never justified.

    Plain ASCII has its table instead of runs: most texts of labels need no glyphs of their own.
    """

    text: str
    width: float
    parts: tuple[GlyphRun | PlainRun, ...] = ()
    right_to_left: bool = False
    last: bool = True
    plain: PlainTable | None = None

    @property
    def runs(self) -> tuple[GlyphRun, ...]:
        """Its glyphs."""
        if self.plain is not None:
            return (self.plain.run(self.text),)
        return tuple([part if isinstance(part, GlyphRun) else part.glyphs for part in self.parts])

    def placed(self) -> Iterator[tuple[float, GlyphRun]]:
        """Each run with its start, in em from the line's left end."""
        pen = 0.0
        for run in self.runs:
            yield pen, run
            pen += run.width

    def ink(self) -> tuple[float, float, float, float] | None:
        """What the glyphs cover, in em from the line's start on its baseline: left, bottom, right, top."""
        boxes = [
            (start + right + box[0], up + box[1], start + right + box[2], up + box[3])
            for start, run in self.placed()
            for glyph, right, up in run.placed()
            if (box := run.face.extents(glyph))
        ]
        if not boxes:
            return None
        left, bottom, right, top = zip(*boxes, strict=True)
        return min(left), min(bottom), max(right), max(top)

    def bounds(self) -> tuple[float, float, float, float]:
        """What the ink can't leave, quickly: left, bottom, right, top from the line's start, in em."""
        sides = [(0.0, 0.0, 0.0, 0.0)]
        for run in self.runs:
            face, upem = run.face, run.face.upem
            right, up = zip(*run.offsets, strict=True) if run.offsets else ((0,), (0,))
            boxes = [box for glyph in set(run.glyphs) if (box := face.extents(glyph))]
            if boxes:
                left, bottom, end, top = zip(*boxes, strict=True)
                moved = max(map(abs, right)) / upem
                sides.append(
                    (min(left) - moved, min(bottom) + min(up) / upem, max(end) + moved, max(top) + max(up) / upem)
                )
        left, bottom, end, top = zip(*sides, strict=True)
        return min(left), min(bottom), self.width + max(end), max(top)

    def justified(self, width: float) -> Line:
        """The line as wide as `width` (em): its spaces are widened, or without spaces the gaps between characters."""
        own = self.runs
        clusters = [(number, at) for number, run in enumerate(own) for at in range(len(run.glyphs))]
        spaces = [(number, at) for number, at in clusters if _character(own[number], at) in (" ", "\u00a0")]
        if not spaces and not any(run.text and _joins(run) for run in own):
            spaces = [(number, at) for number, at in clusters if own[number].cluster_ends()[at]][:-1]
        if self.last or not spaces or width <= self.width:
            return self
        extra = (width - self.width) / len(spaces)
        runs = []
        for number, run in enumerate(own):
            widened = {at for owner, at in spaces if owner == number}
            runs.append(
                run._replace(
                    advances=tuple(
                        [one + extra * run.face.upem * (at in widened) for at, one in enumerate(run.advances)]
                    ),
                )
            )
        return self._replace(width=width, parts=tuple(runs), plain=None)


def _character(run: GlyphRun, at: int) -> str:
    cluster = run.clusters[at]
    return run.text[cluster : cluster + 1]


def _joins(run: GlyphRun) -> bool:
    return scripts_of(run.text)[0] in {*CURSIVE, *NEEDS_LAYOUT, "Thai", "Laoo"}


def simple_line(text: str, setting: Setting) -> Line | None:
    """A text as one line of one run, if it is that: letters of one European script that the first font has, nothing
    to reorder, to space or to break. What labels say mostly is."""
    if setting.is_plain:
        face = setting.faces[0][0]
        if text.isascii():
            if text.isprintable() and face.has_ascii:
                table = plain_table(face)
                return Line(text, table.width(text), plain=table) if table else _one_run(face, text, PLAIN)
        elif script := _single_script(face, text):
            return _one_run(face, unicodedata.normalize("NFC", text), Shaping(script))
    return None


def _single_script(face: Face, text: str) -> str:
    """The script of a text of simple characters, or nothing."""
    known = face.simple_scripts
    try:
        found = {known[character] for character in text}
    except KeyError:
        for character in set(text) - known.keys():
            simple = is_simple(character) and face.glyph(character) is not None
            known[character] = script_of(character) if simple else ""
        found = {known[character] for character in text}
    found.discard(COMMON)
    return found.pop() if len(found) == 1 else "" if found else "Latn"


@lru_cache(maxsize=4096)
def _one_run(face: Face, text: str, how: Shaping) -> Line:
    run = shape(face, text, how)
    return Line(text, sum(run.advances) / face.upem, (run,))


@lru_cache(maxsize=1024)
def prepare(text: str, setting: Setting) -> tuple[Paragraph, ...]:
    """The paragraphs of a text: parted by line feeds, in Unicode's composed form (NFC)."""
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    shown, styles = styles_of(text)
    paragraphs, start = [], 0
    for part in shown.split("\n"):
        paragraphs.append(Paragraph(part, tuple(styles[start : start + len(part)]), setting))
        start += len(part) + 1
    return tuple(paragraphs)


@lru_cache(maxsize=4096)
def _shaped(face: Face, before: str, text: str, after: str, how: Shaping) -> GlyphRun:
    return shape(face, before + text + after, how, len(before), len(before) + len(text))


class Paragraph:
    """A text without hard line breaks, its characters' faces, scripts and directions worked out."""

    def __init__(self, text: str, styles: tuple[int, ...], setting: Setting) -> None:
        self.text, self._setting = text, setting
        self.plan = plan_of(text, styles, setting)
        self.right_to_left = self.plan.right_to_left
        self._lines: dict[tuple[int, int], Line] = {}

    @property
    def missing(self) -> str:
        """The characters that no font has a glyph for."""
        return self.plan.missing

    @property
    def unshaped(self) -> frozenset[str]:
        """The scripts whose letters the chosen font can't join or order, and those written from top to bottom."""
        return self.plan.unshaped

    def line(self, start: int = 0, end: int | None = None) -> Line:
        """The characters from `start` to `end` as one line; spaces at its ends are left out, and a soft hyphen at its
        end is shown."""
        end = len(self.text) if end is None else end
        line = self._lines.get((start, end))
        if line is None:
            line = self._lines[start, end] = self._set(start, end)
        return line

    def _set(self, start: int, end: int) -> Line:
        text, last = self.text, end == len(self.text)
        if not (start == 0 and last):
            while start < end and text[start] == " ":
                start += 1
            while end > start and text[end - 1] in " \u200b":
                end -= 1
        spacing = self._setting.letter_spacing
        runs = [self._run(*item) for item in self.plan.items(start, end)]
        shown = text[start:end].replace(SOFT_HYPHEN, "")
        if not last and text[start:end].endswith(SOFT_HYPHEN):
            face = self.plan.faces[end - 1]
            hyphen = shape(face, "\u2010" if face.glyph("\u2010") else "-")
            runs.insert(0 if self.right_to_left else len(runs), hyphen)
            shown += "-"
        width = sum([run.width for run in runs])
        if spacing and runs and runs[-1].glyphs and not _is_cursive(runs[-1].text):
            width -= spacing
        return Line(shown, width, tuple(runs), self.right_to_left, last)

    def _run(self, start: int, end: int, how: Shaping) -> GlyphRun:
        text, face, spacing = self.text, self.plan.faces[start], self._setting.letter_spacing
        part = text[start:end]
        # Serial numbers among letters of another script: each is new, and need not be shaped.
        is_plain = how.is_plain and part.isascii() and part.isprintable()
        if is_plain and (table := plain_table(face, how.language)):
            run = table.run(part)
            return run.spaced(spacing) if spacing else run
        run = self.shaped(start, end, how)
        return run.spaced(spacing) if spacing and how.script not in CURSIVE else run

    def shaped(self, start: int, end: int, how: Shaping) -> GlyphRun:
        """The glyphs of some of the characters, which are of one face. What stands around them matters to letters that
        join; letters of ASCII do not, and are all alike to them."""
        text, before, after = self.text, "", ""
        if how.script in CURSIVE:
            before, after = alike(text[max(start - 5, 0) : start]), alike(text[end : end + 5])
        return _shaped(self.plan.faces[start], before, text[start:end], after, how)

    def wrapped(self, room: float) -> list[Line]:
        """Lines of at most `room` em, broken where UAX 14 allows; a piece that can't be broken may be wider."""
        lines: list[Line] = []
        start, fitting = 0, 0
        for place in self._breaks:
            if fitting > start and self.line(start, place).width > room + _CLOSE:
                lines.append(self.line(start, fitting))
                start = fitting
            fitting = place
        return [*lines, self.line(start, len(self.text))]

    @cached_property
    def _breaks(self) -> tuple[int, ...]:
        return break_opportunities(self.text)

    @property
    def orphans(self) -> bool:
        """Whether a mark stands without a letter to carry it: HarfBuzz puts a dotted circle there."""
        return self.plan.has_marks and any(
            (circle := run.face.glyph(DOTTED_CIRCLE)) in run.glyphs and circle and DOTTED_CIRCLE not in run.text
            for run in self.line().runs
        )


def _is_cursive(text: str) -> bool:
    return bool(text) and scripts_of(text)[-1] in CURSIVE
