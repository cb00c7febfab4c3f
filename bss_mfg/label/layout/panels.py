"""Filled boxes that other elements lie on: what covers what, and what a printer makes of them."""

from __future__ import annotations

from collections.abc import Sequence

from bss_mfg.core.languages import Phrase, phrase
from bss_mfg.label.layout.black_or_white import darkness, prints_black
from bss_mfg.label.layout.geometry import PlacedElement, grown, is_inside
from bss_mfg.label.template.printer import Printer
from bss_mfg.label.template.shape_elements import Box
from bss_mfg.label.template.text_element import TextElement
from bss_mfg.model import Rect


def covers(item: PlacedElement, rect: Rect) -> bool:
    """Whether a filled box covers all of a rectangle, its round corners taken off."""
    element = item.element
    if not isinstance(element, Box) or not element.fill:
        return False
    margin = -0.293 * element.radius
    return is_inside(rect, grown(item.rect, margin, margin))


def grounds(at: int, elements: Sequence[PlacedElement]) -> list[int]:
    """The filled boxes that an element lies on, from the lowest to the highest."""
    return [number for number in range(at) if covers(elements[number], elements[at].rect)]


def black_share(box: Box) -> float:
    """The share of a filled box that a printer of black dots prints black, 0 to 1: all or nothing, or what its dither
    spreads over it."""
    return darkness(box.color) if box.dither == "ordered" else float(prints_black(box.color))


def is_even_light(item: PlacedElement, printer: Printer) -> bool:
    """Whether a printer of black dots leaves a panel white, without a pattern. Whether a colour is light enough, the
    contrast says."""
    element = item.element
    assert isinstance(element, Box)  # noqa: S101  (for the type checker)
    return printer.language == "pdf" or black_share(element) < 0.01


def name_of(item: PlacedElement) -> str | Phrase:
    """How an element is called in a message: by its name, its text, or its number in the template."""
    element = item.element
    if element.name:
        return repr(element.name)
    return (
        repr(element.text[:40])
        if isinstance(element, TextElement)
        else phrase("of element {number}", number=item.index + 1)
    )
