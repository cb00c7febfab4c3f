"""Patches of printer dots: each paints some dots black and some white, and leaves the others as they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Bits = NDArray[np.bool_]
"""Rows x columns of dots, True = black."""


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """Dots whose top left corner lies at (`x`, `y`). `white`, where there is one, is as large as `black`."""

    x: int
    y: int
    black: Bits
    white: Bits | None = None

    @property
    def right(self) -> int:
        """The first column that it does not reach."""
        return self.x + int(self.black.shape[1])

    @property
    def bottom(self) -> int:
        """The first row that it does not reach."""
        return self.y + int(self.black.shape[0])

    def paint(self, page: Bits, dx: int = 0, dy: int = 0) -> None:
        """Paint it on a page, moved by (`dx`, `dy`); what lies outside is cut."""
        x, y = self.x + dx, self.y + dy
        height, width = self.black.shape
        left, top = max(x, 0), max(y, 0)
        right, bottom = min(x + width, page.shape[1]), min(y + height, page.shape[0])
        if right <= left or bottom <= top:
            return
        part = slice(top - y, bottom - y), slice(left - x, right - x)
        there = page[top:bottom, left:right]
        if self.white is not None:
            there &= ~self.white[part]
        there |= self.black[part]


def flatten(patches: Iterable[Patch]) -> Patch | None:
    """One patch that paints what these paint one after the other, without empty edges; None if that is nothing."""
    patches = list(patches)
    if not patches:
        return None
    left, top = min(patch.x for patch in patches), min(patch.y for patch in patches)
    shape = (max(patch.bottom for patch in patches) - top, max(patch.right for patch in patches) - left)
    black: Bits = np.zeros(shape, bool)
    white: Bits = np.zeros(shape, bool)
    for patch in patches:
        patch.paint(black, -left, -top)
        painted_white = np.zeros_like(patch.black) if patch.white is None else patch.white
        Patch(patch.x, patch.y, painted_white, patch.black).paint(white, -left, -top)
    return trimmed(left, top, black, white)


def trimmed(x: int, y: int, black: Bits, white: Bits) -> Patch | None:
    """A patch without its empty edges; None if it paints nothing."""
    painted = black | white
    if not painted.any():
        return None
    rows, columns = np.flatnonzero(painted.any(axis=1)), np.flatnonzero(painted.any(axis=0))
    top, left = int(rows[0]), int(columns[0])
    part = slice(top, int(rows[-1]) + 1), slice(left, int(columns[-1]) + 1)
    return Patch(x + left, y + top, np.array(black[part]), np.array(white[part]) if white[part].any() else None)
