"""A label's die-cut contour: rectangle, rounded, round or oval, and what lies inside it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from bss_mfg.label.layout.geometry import EDGE_MM, PlacedElement
from bss_mfg.label.template.label_media import Media
from bss_mfg.label.template.shape_elements import Box, Line
from bss_mfg.model import Rect

Point = tuple[float, float]
_ARC_STEPS = 8
"""Points by which the arc of a box's rounded corner is checked."""
_OVAL_STEPS = 360
"""Sides of the polygon that stands for an oval where distances are measured."""


@dataclass(frozen=True, slots=True)
class Contour:
    """The outline of a label of `width` x `height` mm, from its top left corner. `radius_x`, `radius_y`: of the
    corners; half of the sides where it is round or oval."""

    width: float
    height: float
    radius_x: float
    radius_y: float

    @classmethod
    def of(cls, media: Media) -> Contour:
        """The contour of a medium's labels."""
        width, height = media.label_width, media.label_height
        if media.cut in ("round", "oval"):
            return cls(width, height, width / 2, height / 2)
        return cls(width, height, media.corner, media.corner)

    @property
    def is_oval(self) -> bool:
        """Whether it has two radii."""
        return abs(self.radius_x - self.radius_y) > EDGE_MM

    @property
    def is_rectangle(self) -> bool:
        """Whether its corners are square."""
        return self.radius_x == 0

    @property
    def area(self) -> float:
        """The area inside it, in mm²."""
        return self.width * self.height - (4 - math.pi) * self.radius_x * self.radius_y

    def clearance(self, point: Point) -> float:
        """How far inside the contour a point lies, in mm; below 0 outside."""
        x, y = abs(point[0] - self.width / 2), abs(point[1] - self.height / 2)
        if self.is_oval:
            return self._oval_clearance(x, y)
        # The signed distance of a box with round corners.
        beyond_x, beyond_y = x - self.width / 2 + self.radius_x, y - self.height / 2 + self.radius_x
        outside = math.hypot(max(beyond_x, 0.0), max(beyond_y, 0.0)) + min(max(beyond_x, beyond_y), 0.0)
        return self.radius_x - outside

    def _oval_clearance(self, x: float, y: float) -> float:
        a, b = self.radius_x, self.radius_y
        angles = (math.pi / 2 * step / _OVAL_STEPS for step in range(_OVAL_STEPS + 1))
        distance = min(math.hypot(a * math.cos(angle) - x, b * math.sin(angle) - y) for angle in angles)
        return distance if (x / a) ** 2 + (y / b) ** 2 <= 1 else -distance

    def holds(self, points: Iterable[Point], clearance: float = 0.0) -> bool:
        """Whether points lie in the contour, so many mm from its edge at least."""
        if self.is_oval and not clearance:
            a, b = self.radius_x + EDGE_MM, self.radius_y + EDGE_MM
            return all(((x - self.width / 2) / a) ** 2 + ((y - self.height / 2) / b) ** 2 <= 1 for x, y in points)
        return all(self.clearance(point) >= clearance - EDGE_MM for point in points)


def corners(rect: Rect) -> tuple[Point, ...]:
    """The corners of a rectangle."""
    return (rect.x, rect.y), (rect.right, rect.y), (rect.right, rect.bottom), (rect.x, rect.bottom)


def outline(item: PlacedElement) -> tuple[Point, ...]:
    """Points on an element's outline that lie farthest out: its corners, the arcs of rounded ones, a line's ends."""
    rect, element = item.rect, item.element
    if isinstance(element, Line) and element.x != element.x2 and element.y != element.y2:
        half = element.thickness / 2
        left, right = rect.x + half, rect.right - half
        top, bottom = rect.y + half, rect.bottom - half
        falls = (element.x < element.x2) == (element.y < element.y2)
        return ((left, top), (right, bottom)) if falls else ((left, bottom), (right, top))
    if not isinstance(element, Box) or not element.radius:
        return corners(rect)
    radius = min(element.radius, rect.width / 2, rect.height / 2)
    points: list[Point] = []
    for quarter, (x, y) in enumerate(
        (
            (rect.right - radius, rect.bottom - radius),
            (rect.x + radius, rect.bottom - radius),
            (rect.x + radius, rect.y + radius),
            (rect.right - radius, rect.y + radius),
        )
    ):
        for step in range(_ARC_STEPS + 1):
            angle = math.pi / 2 * (quarter + step / _ARC_STEPS)
            points.append((x + radius * math.cos(angle), y + radius * math.sin(angle)))
    return tuple(points)
