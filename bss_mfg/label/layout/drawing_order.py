"""In which order a label is drawn: the template's, the SAMPLE mark on top of all.

What is the same on every label is drawn once and then repeated, so it is gathered into as few layers as the order
allows: only where two parts overlap does it matter which of them comes first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bss_mfg.label.layout.geometry import overlap
from bss_mfg.model import Rect

DrawableKind = Literal["symbol", "code", "text", "shape", "fixed_text", "fixed_shape", "sample"]
_FIXED: frozenset[DrawableKind] = frozenset({"fixed_text", "fixed_shape", "sample"})
_SYMBOLS: frozenset[DrawableKind] = frozenset({"symbol", "code"})


@dataclass(frozen=True, slots=True)
class Drawable:
    """A part of a label: the layout's list that holds it, its number there (from 0), and what it may paint, in mm on
    the label."""

    kind: DrawableKind
    number: int
    extent: Rect

    @property
    def is_fixed(self) -> bool:
        """Whether it is the same on every label."""
        return self.kind in _FIXED

    @property
    def is_symbol(self) -> bool:
        """Whether it is modules in whole dots."""
        return self.kind in _SYMBOLS


@dataclass(frozen=True, slots=True)
class Layer:
    """What is the same on every label, and then what changes, each in order."""

    fixed: tuple[Drawable, ...]
    changing: tuple[Drawable, ...]


@dataclass(frozen=True, slots=True)
class DrawingOrder:
    """Layers from the ground up, and the symbols that nothing covers, which may be drawn last."""

    layers: tuple[Layer, ...]
    symbols: tuple[Drawable, ...]


def drawing_order(drawables: Sequence[Drawable]) -> DrawingOrder:
    """The fewest layers that look like drawing one part after the other."""
    levels: list[int] = []
    symbols: list[Drawable] = []
    fixed: dict[int, list[Drawable]] = {0: []}
    changing: dict[int, list[Drawable]] = {}
    for number, item in enumerate(drawables):
        level = 0
        for before, its_level in zip(drawables, levels, strict=False):
            if overlap(before.extent, item.extent):
                # In its layer, what is fixed comes before what changes.
                level = max(level, its_level + (item.is_fixed and not before.is_fixed))
        levels.append(level)
        if item.is_symbol and not any(overlap(item.extent, later.extent) for later in drawables[number + 1 :]):
            symbols.append(item)
        else:
            (fixed if item.is_fixed else changing).setdefault(level, []).append(item)
    count = max([*fixed, *changing]) + 1
    layers = tuple(Layer(tuple(fixed.get(level, ())), tuple(changing.get(level, ()))) for level in range(count))
    return DrawingOrder(layers, tuple(symbols))
