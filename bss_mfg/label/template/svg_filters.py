"""Filters of an SVG that would take minutes and gigabytes to draw: refused before anything is drawn.

Their results are kept as pixels, 2400 on the longer side of the drawing. At these limits most take some seconds;
feMorphology, whose work grows with the square of its radius, takes more than a minute.
"""

from __future__ import annotations

import re
from typing import Any

MAX_REGION = 10.0
"""Of a filter's region, in areas of what it is applied to, or of the drawing."""
MAX_RADIUS = 0.02
"""Of feMorphology, in longer sides of the same."""
MAX_OCTAVES, MAX_KERNEL, MAX_PRIMITIVES = 10, 81, 30
"""Of feTurbulence; values of feConvolveMatrix; steps of one filter."""

_LENGTH = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)\s*(%|px|pt|pc|mm|cm|in)?\s*", re.IGNORECASE)
_PIXELS = {"": 1.0, "px": 1.0, "pt": 4 / 3, "pc": 16.0, "mm": 96 / 25.4, "cm": 96 / 2.54, "in": 96.0}
"""Units of CSS in its pixels."""


def viewport(root: Any) -> tuple[float, float] | None:
    """Width and height of a drawing in its own units; None if it has none that can be read."""
    box = re.findall(r"[^\s,]+", root.get("viewBox") or "")[2:]
    sides = [_length(side, 0.0) for side in (box or [root.get("width"), root.get("height")])]
    return (sides[0], sides[1]) if len(sides) == 2 and min(sides) > 0 else None


def refused_filter(element: Any, tag: str, size: tuple[float, float] | None) -> str:
    """Why a filter, or a step of one, is refused; nothing if it isn't. `size` is that of the drawing."""
    if tag == "filter":
        return _refused_region(element, size)
    if tag == "feMorphology":
        return _refused_radius(element, size)
    if tag == "feTurbulence" and (octaves := _numbers(element.get("numOctaves"))) and octaves[0] > MAX_OCTAVES:
        return f"its turbulence has {octaves[0]:g} octaves, more than {MAX_OCTAVES}"
    if tag == "feConvolveMatrix" and (order := _numbers(element.get("order"))):
        values = order[0] * order[-1]
        if values > MAX_KERNEL:
            return f"its matrix has {values:g} values, more than {MAX_KERNEL}"
    return ""


def _refused_region(element: Any, size: tuple[float, float] | None) -> str:
    if len(element) > MAX_PRIMITIVES:
        return f"it has {len(element)} steps, more than {MAX_PRIMITIVES}"
    own = element.get("filterUnits") == "userSpaceOnUse"
    whole = size if own else (1.0, 1.0)
    if whole is None:
        return ""
    width, height = (
        _length(element.get(name), side, 1.2 * side) / side
        for name, side in zip(("width", "height"), whole, strict=True)
    )
    if width > 0 and height > 0 and width * height > MAX_REGION:
        what = "the drawing" if own else "what it is applied to"
        return (
            f"its filter works on {width:.4g} x {height:.4g} times {what}, "
            f"more than {MAX_REGION:g} times the area; make its region smaller"
        )
    return ""


def _refused_radius(element: Any, size: tuple[float, float] | None) -> str:
    parent = element.getparent()
    of_shape = parent is not None and parent.get("primitiveUnits") == "objectBoundingBox"
    longer = 1.0 if of_shape else max(size) if size else 0.0
    radius = max(_numbers(element.get("radius")), default=0.0)
    if longer and radius > MAX_RADIUS * longer:
        return f"it thickens or thins by {radius:g}, more than {MAX_RADIUS:.0%} of the longer side ({longer:g})"
    return ""


def _length(value: str | None, of: float, default: float = 0.0) -> float:
    """A length in pixels or a share of `of`; the default if it can't be read."""
    match = _LENGTH.fullmatch(value or "")
    if not match:
        return default
    unit = (match[2] or "").lower()
    return float(match[1]) * (of / 100 if unit == "%" else _PIXELS[unit])


def _numbers(value: str | None) -> list[float]:
    found = [_LENGTH.fullmatch(part) for part in re.split(r"[\s,]+", (value or "").strip())]
    return [float(part[1]) for part in found if part]
