"""The parts of a label, gathered in the order in which they are drawn."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

from bss_mfg.label.layout.codes import CodePlan, VariableSlot
from bss_mfg.label.layout.drawing_order import Drawable, DrawableKind
from bss_mfg.label.layout.geometry import PlacedElement
from bss_mfg.label.layout.texts import TextPlan
from bss_mfg.model import Rect

_Part = TypeVar("_Part")


@dataclass
class LabelParts:
    """Lists of parts by kind, and all of them in order; a shape of `shapes` has the condition of the same index."""

    codes: list[CodePlan] = field(default_factory=list)
    texts: list[tuple[VariableSlot, TextPlan]] = field(default_factory=list)
    fixed_texts: list[tuple[TextPlan, str]] = field(default_factory=list)
    shapes: list[PlacedElement] = field(default_factory=list)
    fixed_shapes: list[PlacedElement] = field(default_factory=list)
    conditions: list[VariableSlot] = field(default_factory=list)
    drawables: list[Drawable] = field(default_factory=list)

    def add(self, kind: DrawableKind, parts: list[_Part], part: _Part, extent: Rect) -> None:
        """Add a part to its list."""
        self.drawables.append(Drawable(kind, len(parts), extent))
        parts.append(part)

    def add_conditional(self, shape: PlacedElement, slot: VariableSlot, extent: Rect) -> None:
        """Add a shape that is on some labels only."""
        self.add("shape", self.shapes, shape, extent)
        self.conditions.append(slot)
