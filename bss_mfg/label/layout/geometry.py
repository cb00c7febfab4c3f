"""Where elements lie on the label, in mm: corners, alignment, quarter turns and repetition worked out."""

from __future__ import annotations

from dataclasses import dataclass

from bss_mfg.core.units import POINTS_PER_MM
from bss_mfg.errors import InputError
from bss_mfg.label.template.loading import LoadedTemplate
from bss_mfg.label.template.placing import Beside
from bss_mfg.label.template.shape_elements import Line
from bss_mfg.label.template.symbol_elements import Bars, DataMatrix, Gs1DataMatrix, Gs1DigitalLink, Qr
from bss_mfg.label.template.template import Element
from bss_mfg.label.template.text_element import TextElement
from bss_mfg.model import Rect

EDGE_MM, AREA_MM = 0.01, 1e-6
"""How far one element may reach beyond another and still count as inside it; what two may share and not overlap."""


@dataclass(frozen=True, slots=True)
class PlacedElement:
    """An element in its place. `rect` is what it covers after its rotation, in mm from the label's top left corner;
    `unit` counts from 0 in repetitions."""

    index: int
    element: Element
    rect: Rect
    unit: int | None = None


def place_elements(template: LoadedTemplate, units_per_package: int) -> tuple[PlacedElement, ...]:
    """All elements of a label whose package has `units` units, in the file's order."""
    label = (template.definition.media.label_width, template.definition.media.label_height)
    elements: list[PlacedElement] = []
    named: dict[str, Rect] = {}
    for index, element in enumerate(template.definition.element):
        width, height = size_of(template, element)
        if isinstance(element, Line):
            half = element.thickness / 2
            x, y = min(element.x, element.x2) - half, min(element.y, element.y2) - half
        else:
            if element.rotate in (90, 270):
                width, height = height, width
            if element.place:
                other = named.get(element.place.of)
                if other is None:
                    raise InputError(
                        f"there is no element named {element.place.of!r} before this one",
                        where=template.locate(index, "place"),
                        way_out=f"Named so far: {', '.join(named) or 'none'}. Give the other one a name, and put it "
                        "first.",
                    )
                x, y = _place_beside(element.place, other, width, height)
            else:
                x, y = element.x or 0.0, element.y or 0.0
                x = label[0] - x - width if element.corner.endswith("right") else x
                y = label[1] - y - height if element.corner.startswith("bottom") else y
                if isinstance(element, TextElement) and element.valign != "capitals" and not element.rotate:
                    y += _shift(template, element, height)
        rect = Rect(x, y, width, height)
        copies = _repeat_per_unit(template, index, rect, units_per_package)
        elements += [PlacedElement(index, element, copy, unit) for unit, copy in copies]
        if element.name:
            named[element.name] = around([copy for _, copy in copies])
    return tuple(elements)


def _shift(template: LoadedTemplate, element: TextElement, height: float) -> float:
    """How far down a text's place starts from where it would if y were its top (at a bottom corner: its bottom)."""
    if element.height is not None:
        return 0.0
    from_bottom = element.corner.startswith("bottom")
    if element.valign == "middle":
        return height / 2 if from_bottom else -height / 2
    capitals = template.font(element.font).cap_height * element.size / POINTS_PER_MM
    down = capitals if element.valign == "baseline" else height
    return height - down if from_bottom else -down


def _place_beside(place: Beside, other: Rect, width: float, height: float) -> tuple[float, float]:
    x, y, w, h = other
    share = {"start": 0.0, "center": 0.5, "end": 1.0}[place.align]
    if place.side in ("below", "above"):
        return x + share * (w - width), (y + h + place.gap if place.side == "below" else y - place.gap - height)
    return (x + w + place.gap if place.side == "right" else x - place.gap - width), y + share * (h - height)


def _repeat_per_unit(template: LoadedTemplate, index: int, rect: Rect, units: int) -> list[tuple[int | None, Rect]]:
    each = template.definition.element[index].each_unit
    if each is None:
        # A unit label's one unit is unit 0 of its values.
        return [(None, rect)]
    x, y, width, height = rect
    columns = each.columns
    steps = [(unit % columns, unit // columns) if columns else (unit, unit) for unit in range(units)]
    return [
        (unit, Rect(x + right * each.dx, y + down * each.dy, width, height)) for unit, (right, down) in enumerate(steps)
    ]


def size_of(template: LoadedTemplate, element: Element) -> tuple[float, float]:
    """Width and height in mm before rotation."""
    if isinstance(element, (DataMatrix, Qr, Gs1DigitalLink, Gs1DataMatrix)):
        return element.size, element.size
    if isinstance(element, TextElement):
        font = template.font(element.font)
        if element.height is not None:
            return element.width, element.height
        lines = (element.most_lines - 1) * element.leading
        return element.width, (font.cap_height + lines) * element.size / POINTS_PER_MM
    if isinstance(element, Line):
        return (
            abs(element.x2 - element.x) + element.thickness,
            abs(element.y2 - element.y) + element.thickness,
        )
    return element.width, element.height


def caption_height(template: LoadedTemplate, element: Bars) -> float:
    """Height in mm that the plain text of bars takes, the gap included."""
    if element.caption == "none":
        return 0.0
    return (template.font(element.font).cap_height * element.caption_size) / POINTS_PER_MM + 0.8


def around(rects: list[Rect]) -> Rect:
    """The smallest rectangle that holds all of these."""
    if not rects:
        return Rect(0.0, 0.0, 0.0, 0.0)
    left, top = min(rect.x for rect in rects), min(rect.y for rect in rects)
    return Rect(left, top, max(rect.right for rect in rects) - left, max(rect.bottom for rect in rects) - top)


def grown(rect: Rect, x: float, y: float) -> Rect:
    """A rectangle that reaches farther: `x` mm to the left and right, `y` mm up and down."""
    return Rect(rect.x - x, rect.y - y, rect.width + 2 * x, rect.height + 2 * y)


def fitted(rect: Rect, width: float, height: float, rotate: int) -> Rect:
    """What artwork of these proportions covers of a rectangle that it is fitted into, turned, centred, undistorted."""
    if rotate in (90, 270):
        width, height = height, width
    scale = min(rect.width / width, rect.height / height)
    width, height = width * scale, height * scale
    return Rect(rect.x + (rect.width - width) / 2, rect.y + (rect.height - height) / 2, width, height)


def turned_within(outer: Rect, rotate: int, inner: Rect) -> Rect:
    """Where a part of an element lies after the element's rotation. `inner` is measured from the element's top left
    corner before it, `outer` is the whole element after it."""
    x, y, width, height = inner
    return {
        0: Rect(outer.x + x, outer.y + y, width, height),
        90: Rect(outer.right - y - height, outer.y + x, height, width),
        180: Rect(outer.right - x - width, outer.bottom - y - height, width, height),
        270: Rect(outer.x + y, outer.bottom - x - width, height, width),
    }[rotate]


def overlap(a: Rect, b: Rect) -> bool:
    """Whether two rectangles have area in common."""
    return a.overlaps(b, AREA_MM)


def is_inside(inner: Rect, outer: Rect) -> bool:
    """Whether `inner` lies in `outer`."""
    return inner.is_inside(outer, EDGE_MM)
