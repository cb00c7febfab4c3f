"""Packages with a Code 128 in pictures: from the corners of their bars to how their labels and sheets lie."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bss_mfg.imaging.geometry import Quad
from bss_mfg.imaging.placed_codes import label_map, seen_corners
from bss_mfg.imaging.zxing_reader import Read
from bss_mfg.model import LabelFile
from bss_mfg.verify.label_source import LabelPages
from bss_mfg.verify.seen_labels import area_in

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Grey


def place_quads(
    grey: Grey, reads: Sequence[tuple[int, Read]], label_files: Sequence[LabelFile], pages: LabelPages
) -> list[Quad | None]:
    """Of each package that was read, the corners in pixels of the place that its bars may fill, as label files have it;
    None where its label can't be drawn as it was made."""
    found: list[Quad | None] = [None] * len(reads)
    by_file: dict[str, tuple[LabelFile, list[int]]] = {}
    for at, (package, _) in enumerate(reads):
        label_file = next((file for file in reversed(label_files) if package in file.numbers), None)
        if label_file:
            by_file.setdefault(label_file.sha256, (label_file, []))[1].append(at)
    for label_file, indexes in by_file.values():
        expected = pages.labels(label_file, [reads[at][0] for at in indexes], [0] * len(indexes), True)
        for at, label in zip(indexes, () if isinstance(expected, str) else expected.labels, strict=False):
            bars = label.bars
            corners = seen_corners(grey, bars, reads[at][1]) if bars else None
            to_pixels = label_map([(bars, corners)]) if bars and corners else None
            found[at] = None if to_pixels is None else area_in(to_pixels, label_file.symbol_boxes[0])
    return found
