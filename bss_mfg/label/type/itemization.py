"""Itemization: of each character its face and script, and the stretches of one face, script and direction."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from bss_mfg.label.type.bidi import has_right_to_left, runs_right_to_left, visual_order
from bss_mfg.label.type.font_file import Face
from bss_mfg.label.type.scripts import NEEDS_LAYOUT, VERTICAL, extends_cluster, is_ignorable, script_of, scripts_of
from bss_mfg.label.type.shaping import Shaping

Direction = Literal["auto", "ltr", "rtl"]


_SERIALS = {
    **dict.fromkeys(range(ord("0"), ord("9")), "9"),
    **dict.fromkeys(range(ord("A"), ord("Z")), "Z"),
    **dict.fromkeys(range(ord("a"), ord("z")), "z"),
}
"""Digits are alike, and so are letters of ASCII, in everything but their glyphs: one stands for all."""


@dataclass(frozen=True, slots=True)
class Setting:
    """How text is set: fonts in the order in which they are tried, by style (`markup.BOLD` + `markup.ITALIC`); room
    after each letter in em; direction; language (BCP 47)."""

    faces: tuple[tuple[Face, ...], ...]
    letter_spacing: float = 0.0
    direction: Direction = "auto"
    language: str = ""
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hash", hash((self.faces, self.letter_spacing, self.direction, self.language)))

    def __hash__(self) -> int:  # fonts are looked up by it for each text
        return self._hash

    def stack(self, style: int) -> tuple[Face, ...]:
        """The fonts of a style; without one of its own, the regular ones."""
        return (self.faces[style] if style < len(self.faces) else ()) or self.faces[0]

    @property
    def is_plain(self) -> bool:
        """Whether ASCII text is one run, shaped as it is."""
        return not self.letter_spacing and self.direction != "rtl" and not self.language


class Plan:
    """Of each character of a paragraph its face and script, and the order in which they are seen."""

    def __init__(self, text: str, styles: tuple[int, ...], setting: Setting) -> None:
        self.text, self._setting = text, setting
        self._scripts = scripts_of(text)
        self.faces: list[Face] = []
        self.missing = ""
        self._choose_faces(styles)
        risky = {script for script in set(self._scripts) if script in NEEDS_LAYOUT or script in VERTICAL}
        self.unshaped = frozenset(
            script
            for mark, face in (zip(text, self.faces, strict=True) if risky else ())
            if (script := script_of(mark)) in risky and not _can_shape(face, script)
        )
        direction = setting.direction
        self.right_to_left = direction == "rtl" or (
            direction == "auto" and has_right_to_left(text) and runs_right_to_left(text)
        )
        self._order = visual_order(text, self.right_to_left) if self.right_to_left or has_right_to_left(text) else None
        self._items: dict[tuple[int, int], list[tuple[int, int, Shaping]]] = {}

    def _choose_faces(self, styles: tuple[int, ...]) -> None:
        """A face for each character: the first that has its whole cluster; a space stays with what stands before."""
        text = self.text
        extends = [extends_cluster(mark) for mark in text]
        self.has_marks = any(extends)
        at, missing = 0, []
        while at < len(text):
            end = at + 1
            while end < len(text) and (extends[end] or (text[end - 1] == "\u200d" and text[end] != " ")):
                end += 1
            stack = self._setting.stack(styles[at])
            cluster = text[at:end]
            if cluster == " " and self.faces and self.faces[-1] in stack:
                face: Face | None = self.faces[-1]
            else:
                face = next((face for face in stack if _has(face, cluster)), None)
            if face is None:
                face = stack[0]
                missing += [mark for mark in cluster if not _has(face, mark)]
            self.faces += [face] * (end - at)
            at = end
        self.missing = "".join(dict.fromkeys(missing))

    def items(self, start: int, end: int) -> list[tuple[int, int, Shaping]]:
        """Stretches of one face, script and direction in a part of the text, from left to right."""
        found = self._items.get((start, end))
        if found is None:
            found = self._items[start, end] = list(self._parted(start, end))
        return found

    def _parted(self, start: int, end: int) -> Iterator[tuple[int, int, Shaping]]:
        order = (
            [(at, False) for at in range(start, end)]
            if self._order is None
            else [(at, backwards) for at, backwards in self._order if start <= at < end]
        )
        faces, scripts = self.faces, self._scripts
        stretch: list[tuple[int, bool]] = []
        for at, backwards in order:
            if stretch:
                before, turned = stretch[-1]
                joined = (
                    turned == backwards
                    and at == before + (-1 if backwards else 1)
                    and faces[at] is faces[before]
                    and scripts[at] == scripts[before]
                )
                if not joined:
                    yield self._item(stretch)
                    stretch = []
            stretch.append((at, backwards))
        if stretch:
            yield self._item(stretch)

    def _item(self, stretch: list[tuple[int, bool]]) -> tuple[int, int, Shaping]:
        (first, backwards), (last, _) = stretch[0], stretch[-1]
        low, high = sorted((first, last))
        setting = self._setting
        return low, high + 1, Shaping(self._scripts[low], backwards, setting.language, not setting.letter_spacing)


def alike(text: str) -> str:
    """What texts have in common that differ in their digits and Latin letters alone."""
    return text.translate(_SERIALS)


def plan_of(text: str, styles: tuple[int, ...], setting: Setting) -> Plan:
    """The plan of a paragraph; texts that differ in their digits and Latin letters alone share it, as serials do."""
    are_alike = all(serials_are_alike(setting.stack(style)) for style in set(styles))
    return _plan(alike(text) if are_alike else text, styles, setting)


@lru_cache(maxsize=1024)
def _plan(text: str, styles: tuple[int, ...], setting: Setting) -> Plan:
    return Plan(text, styles, setting)


@lru_cache(maxsize=64)
def serials_are_alike(stack: tuple[Face, ...]) -> bool:
    """Whether one font of a stack has all digits and letters of ASCII, and those before it none."""
    serials = "".join(map(chr, _SERIALS)) + "9Zz"
    first = next((face for face in stack if any(_has(face, mark) for mark in serials)), None)
    return first is not None and all(_has(first, mark) for mark in serials)


@lru_cache(maxsize=8192)
def _has(face: Face, cluster: str) -> bool:
    """Whether a face has a cluster, as it is or taken apart."""
    return all(
        face.glyph(mark) is not None
        or is_ignorable(mark)
        or (len(parts := unicodedata.normalize("NFD", mark)) > 1 and all(face.glyph(part) for part in parts))
        for mark in cluster
    )


@lru_cache(maxsize=1024)
def _can_shape(face: Face, script: str) -> bool:
    """Whether a face has what a script needs; Arabic may come from presentation forms, which HarfBuzz puts in."""
    if script in VERTICAL:
        return False
    tags = NEEDS_LAYOUT.get(script)
    if tags is None or face.has_apple_layout or not face.scripts().isdisjoint(tags):
        return True
    return script == "Arab" and face.glyph("\ufe8e") is not None
