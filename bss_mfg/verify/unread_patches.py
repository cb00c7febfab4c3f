"""Which label a patch without a known place is, that no reader reads: by its likeness to the neighbours of those that
were read beside it, as on a strip of a roll."""

from __future__ import annotations

from collections.abc import Iterator
from math import dist

from bss_mfg.imaging.attempts import find_other_symbol
from bss_mfg.imaging.geometry import Quad, sides_of
from bss_mfg.symbol import Matrix
from bss_mfg.verify.batch_labels import BatchLabels
from bss_mfg.verify.page_reading import PageReading

MAX_NEIGHBOURS = 40
"""Packages, the nearest by number to one that was read, that a patch is compared with."""
_LIKE_A_LABEL = 0.8, 1.25
"""Side of a patch against the symbol that was read beside it."""


def name_unread_patches(reading: PageReading, batch: BatchLabels) -> None:
    """Identify the patches of a page without a sheet; those that are none of the neighbours stay unread."""
    read = [
        (diagnosis.package, item.quad)
        for item, diagnosis in reading.decoded
        if diagnosis.matches and diagnosis.package and item.quad
    ]
    if not read:
        return
    left: list[Quad] = []
    for patch in reading.unread:
        package, quad = min(read, key=lambda known: dist(_centre(known[1]), _centre(patch)))
        label_file = batch.label_file_of(package)
        ratio = sum(sides_of(patch)) / sum(sides_of(quad))
        other = None
        if label_file and _LIKE_A_LABEL[0] < ratio < _LIKE_A_LABEL[1]:
            near = _neighbours(batch, package, {number for number, _ in read}, label_file.modules)
            other = find_other_symbol(reading.page.grey, _moved_to(quad, patch), near, reading.budget.half())
        if other:
            number, _, sampled = other
            reading.identified.append((sampled, number))
        else:
            left.append(patch)
    reading.unread = left


def _neighbours(batch: BatchLabels, package: int, known: set[int], modules: int) -> Iterator[tuple[int, Matrix]]:
    """The packages next to one by number, the nearest first, with their symbols."""
    last = batch.ledger.batches.get(batch.batch_id).packages
    for away in range(1, MAX_NEIGHBOURS // 2 + 1):
        for number in (package + away, package - away):
            if 1 <= number <= last and number not in known:
                yield number, batch.matrix(number, modules)


def _centre(quad: Quad) -> tuple[float, float]:
    return sum(x for x, _ in quad) / 4, sum(y for _, y in quad) / 4


def _moved_to(quad: Quad, there: Quad) -> Quad:
    """A symbol's corners, moved to where another lies."""
    (x, y), (to_x, to_y) = _centre(quad), _centre(there)
    a, b, c, d = ((left - x + to_x, top - y + to_y) for left, top in quad)
    return (a, b, c, d)
