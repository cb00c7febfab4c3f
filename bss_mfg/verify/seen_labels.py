"""Labels of units and cartons as the codes on a page show them: which, and how each lies in the picture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import dist
from typing import TYPE_CHECKING

from bss_mfg.imaging.companions import lies_in
from bss_mfg.imaging.expected_content import MATRIX_KINDS, ExpectedCode, ExpectedLabel
from bss_mfg.imaging.geometry import Quad, apply_homography, box_of
from bss_mfg.imaging.label_codes import says
from bss_mfg.imaging.misprints import runs_backwards
from bss_mfg.imaging.placed_codes import (
    PageCode,
    exact_corners,
    label_map,
    rect_corners,
    seen_corners,
    without_low_bars,
)
from bss_mfg.imaging.zxing_reader import Read
from bss_mfg.model import LabelFile

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Floats, Grey
    from bss_mfg.model import Rect

_SAME = 0.5
"""Share of a label's shorter side up to which the centres that two codes tell are those of one label."""


@dataclass(frozen=True, slots=True)
class SeenLabel:
    """A label that codes name: its number, the file that it was made in, what is to be on it (in the first place of a
    page), the codes of it that were read, and how its page lies in the picture."""

    number: int
    label_file: LabelFile
    expected: ExpectedLabel
    codes: tuple[tuple[ExpectedCode, Quad], ...]
    to_pixels: Floats
    rivals: tuple[SeenLabel, ...] = ()
    """Other labels that a code in the same place names: one of their codes is wrong."""

    @property
    def by_matrix(self) -> bool:
        """Whether a matrix code says how it lies."""
        return any(code.kind in MATRIX_KINDS for code, _ in self.codes)

    def mirrored(self) -> SeenLabel | None:
        """The same as it lies if it is printed mirrored; None where its codes tell: mirrored bars look turned."""
        codes = tuple((code, _upside_down(quad)) for code, quad in self.codes)
        to_pixels = None if self.by_matrix else label_map(codes)
        return None if to_pixels is None else replace(self, codes=codes, to_pixels=to_pixels)

    def codes_in_place(self, codes: Iterable[PageCode]) -> int:
        """How many of its codes were read where they are drawn."""
        return sum(
            any(says(one, code.text) and lies_in(code.read, [area_in(self.to_pixels, one.area)]) for code in codes)
            for one in self.expected.codes
        )

    @property
    def area(self) -> Quad:
        """The label's corners in pixels."""
        return area_in(self.to_pixels, self.expected.area)

    @property
    def symbol(self) -> Quad:
        """The corners of its place, as label files have them, in pixels."""
        return area_in(self.to_pixels, self.label_file.symbol_boxes[0])


def area_in(to_pixels: Floats, rect: Rect) -> Quad:
    """A rectangle of the printed page in pixels."""
    import numpy as np

    (a, b), (c, d), (e, f), (g, h) = apply_homography(to_pixels, np.array(rect_corners(rect))).tolist()
    return ((a, b), (c, d), (e, f), (g, h))


def codes_within(codes: Iterable[PageCode], area: Quad) -> list[PageCode]:
    """The codes whose centres lie in an area."""
    return [code for code in codes if lies_in(code.read, [area])]


def placed_codes(
    grey: Grey, expected: ExpectedLabel, codes: Iterable[PageCode], mirrored: bool = False
) -> list[tuple[ExpectedCode, Quad]]:
    """The codes of a label that were read, with their corners in the picture, fitted to what their modules are. Bars
    don't tell that they are mirrored: they are where another code of the label is, or is known to be."""
    found = []
    for code in codes:
        own = next((one for one in expected.codes if one.text == code.text), None)
        quad = seen_corners(grey, own, code.read) if own else None
        if own and quad:
            found.append((own, exact_corners(grey, own, quad)))
    mirrored = mirrored or any(runs_backwards(quad) for _, quad in found)
    return [
        (code, _upside_down(quad)) if mirrored and not runs_backwards(quad) else (code, quad) for code, quad in found
    ]


def _upside_down(quad: Quad) -> Quad:
    a, b, c, d = quad
    return (d, c, b, a)


def seen_labels(
    grey: Grey, codes: Sequence[PageCode], known: Mapping[str, tuple[LabelFile, ExpectedLabel]]
) -> list[SeenLabel]:
    """The labels that the codes of a page show; `known` has by a code's text the label that alone says so. Of two that
    lie in one place, the one that more codes name, with its rivals."""
    found: list[SeenLabel] = []
    placed = [
        (*known[code.text], code, placed_codes(grey, known[code.text][1], [code]))
        for code in codes
        if code.text in known
    ]
    mirrored = {label.number for _, label, _, pairs in placed if any(runs_backwards(quad) for _, quad in pairs)}
    for label_file, expected, code, pairs in placed:
        if expected.number in mirrored:
            pairs = placed_codes(grey, expected, [code], mirrored=True)
        to_pixels = label_map(pairs)
        if to_pixels is None:
            continue
        label = SeenLabel(expected.number, label_file, expected, tuple(pairs), to_pixels)
        same = next((at for at, one in enumerate(found) if one.number == label.number and _belong(one, label)), None)
        if same is None:
            found.append(label)
        elif not _is_same(found[same], label):  # bars that lie aslant, whose corners were not found
            found[same] = found[same] if found[same].by_matrix else label
        elif (both := _together(found[same], label)) is not None:
            found[same] = both
    kept: list[SeenLabel] = []
    for label in sorted(found, key=lambda one: -len(one.codes)):
        same = next((at for at, other in enumerate(kept) if _is_same(label, other)), None)
        if same is None:
            kept.append(label)
        else:
            kept[same] = replace(kept[same], rivals=(*kept[same].rivals, label))
    return kept


def _together(label: SeenLabel, other: SeenLabel) -> SeenLabel | None:
    codes = (*label.codes, *other.codes)
    matrices = [pair for pair in codes if pair[0].kind in MATRIX_KINDS]
    if (by_matrices := label_map(matrices)) is not None:
        codes = tuple(without_low_bars(codes, by_matrices))
    to_pixels = label_map(codes)
    return None if to_pixels is None else SeenLabel(label.number, label.label_file, label.expected, codes, to_pixels)


def _belong(label: SeenLabel, other: SeenLabel) -> bool:
    """Whether what two codes tell is one label: both say that it lies there, or one code lies in the other's label."""
    return _is_same(label, other) or _holds(label, other) or _holds(other, label)


def _holds(label: SeenLabel, other: SeenLabel) -> bool:
    reads = [Read(b"", box_of(quad), quad=quad) for _, quad in other.codes]
    return label.by_matrix and not other.by_matrix and all(lies_in(read, [label.area]) for read in reads)


def _is_same(label: SeenLabel, other: SeenLabel) -> bool:
    here, there = label.area, other.area
    shorter = min(dist(here[0], here[1]), dist(here[1], here[2]))
    return dist(_centre(here), _centre(there)) < _SAME * shorter


def _centre(quad: Quad) -> tuple[float, float]:
    x, y, width, height = box_of(quad)
    return x + width / 2, y + height / 2
