"""Texts on a label: where they start, how they turn, and how they are fitted: refused, shrunk or wrapped."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from bss_mfg.core.text import one_or
from bss_mfg.core.units import POINTS_PER_MM
from bss_mfg.label.layout.findings import DesignFindingKind, DesignFindings
from bss_mfg.label.layout.geometry import PlacedElement
from bss_mfg.label.template.fonts import Font
from bss_mfg.label.template.loading import LoadedTemplate
from bss_mfg.label.template.symbol_elements import Bars
from bss_mfg.label.template.text_element import TextElement

_STEP = 20
"""Font sizes step by a twentieth of a point."""
_SHARES = {"left": 0.0, "center": 0.5, "right": 1.0}
"""How much of a text's width lies before its anchor."""
_WORDS = re.compile(
    r"[^\s\-,/;\u3000-\u9fff\uac00-\ud7af\uff00-\uffef]+[\-,/;]*|[\u3000-\u9fff\uac00-\ud7af\uff00-\uffef]|[\-,/;]+|\s+"
)


@dataclass(frozen=True, slots=True)
class TextStyle:
    """How a text looks: its font by name, sizes in points (never below `min_size`), at most `lines` lines, `leading`
    in font sizes."""

    font: str
    size: float
    min_size: float
    lines: int
    leading: float
    align: Literal["left", "center", "right"]
    color: str


@dataclass(frozen=True, slots=True)
class TextPlan:
    """A text's place: points from the label's top left corner, y upwards, in the text's own turned frame.

    (`x`, `y`) is the anchor on the top of the capitals: left end, middle or right end by the style's `align`. `room`
    is the width, `cap_height` that of the capitals in font sizes.
    """

    element_index: int
    style: TextStyle
    x: float
    y: float
    rotate: int
    room: float
    cap_height: float

    @classmethod
    def of(cls, template: LoadedTemplate, item: PlacedElement) -> TextPlan:
        """The plan of a text element."""
        element = item.element
        assert isinstance(element, TextElement)  # noqa: S101  (for the type checker)
        style = TextStyle(
            font=element.font,
            size=element.size,
            min_size=element.smallest,
            lines=element.lines if element.fit == "wrap" else 1,
            leading=element.leading,
            align=element.align,
            color=element.color,
        )
        return cls._anchored(template, item, style, element.rotate, element.width)

    @classmethod
    def caption(cls, template: LoadedTemplate, item: PlacedElement, element: Bars) -> TextPlan:
        """The plan of the plain text above or below bars, centred."""
        size = element.caption_size
        style = TextStyle(element.font, size, min(4.0, size), 1, 1.2, "center", "#000000")
        capitals = template.font(element.font).cap_height * size / POINTS_PER_MM
        down = element.height - capitals if element.caption == "below" else 0.0
        return cls._anchored(template, item, style, element.rotate, element.width, down)

    @classmethod
    def digits(
        cls, template: LoadedTemplate, item: PlacedElement, element: Bars, size: float, width: float
    ) -> TextPlan:
        """The plan of digits of a font size that fill a rectangle `width` mm wide (before rotation)."""
        style = TextStyle(element.font, size, size, 1, 1.2, "center", "#000000")
        return cls._anchored(template, item, style, element.rotate, width)

    @classmethod
    def _anchored(
        cls,
        template: LoadedTemplate,
        item: PlacedElement,
        style: TextStyle,
        rotate: int,
        width: float,
        down: float = 0.0,
    ) -> TextPlan:
        """A text `width` mm wide, its capitals `down` mm below the top of the element before rotation."""
        x, y, outer_width, outer_height = item.rect
        along = _SHARES[style.align] * width
        # (along, down) in the unturned frame, to the label: the frame's top left corner goes round with the rotation.
        anchor_x, anchor_y = {
            0: (x + along, y + down),
            90: (x + outer_width - down, y + along),
            180: (x + outer_width - along, y + outer_height - down),
            270: (x + down, y + outer_height - along),
        }[rotate]
        return cls(
            item.index,
            style,
            anchor_x * POINTS_PER_MM,
            -anchor_y * POINTS_PER_MM,
            rotate,
            width * POINTS_PER_MM,
            template.font(style.font).cap_height,
        )

    def line_start(self, number: int, width: float, size: float) -> tuple[float, float]:
        """From the anchor to where a line (from 0, `width` points wide at `size`) begins on its baseline: along the
        text and down, in points of its own turned frame."""
        return -_SHARES[self.style.align] * width, self.cap_height * size + number * self.style.leading * size

    def fit(self, text: str, font: Font) -> tuple[float, list[tuple[str, float]]]:
        """(size in points, lines with their widths in points). What does not fit at the smallest size stays wider."""
        style = self.style
        width = font.width(text, 1)
        if width * style.size <= self.room:
            return style.size, [(text, width * style.size)]
        if style.lines == 1:
            size = max(int(self.room / width * _STEP) / _STEP, style.min_size)
            return size, [(text, width * size)]
        size = style.size
        while True:
            lines = _wrap(text, font, self.room / size)
            fits = len(lines) <= style.lines and all(wide <= self.room / size + 1e-6 for _, wide in lines)
            if fits or size <= style.min_size:
                return size, [(line, wide * size) for line, wide in lines]
            size = max(round(size - 0.25, 2), style.min_size)


def _wrap(text: str, font: Font, room: float) -> list[tuple[str, float]]:
    """Lines of at most `room` points at size 1, broken after spaces, hyphens, commas and slashes, and in CJK."""
    lines: list[tuple[str, float]] = []
    line = ""
    for word in _WORDS.findall(text):
        longer = line + word
        if not line or font.width(longer.rstrip(), 1) <= room:
            line = longer
            continue
        lines.append((line.strip(), font.width(line.strip(), 1)))
        line = word.lstrip()
    if line.strip():
        lines.append((line.strip(), font.width(line.strip(), 1)))
    return lines or [("", 0.0)]


def check_text(template: LoadedTemplate, plan: TextPlan, text: str, findings: DesignFindings) -> None:
    """Note a text that is too wide, or has a character without glyph."""
    face = template.font(plan.style.font)
    if missing := face.missing(text):
        codes = ", ".join(f"{character!r} (U+{ord(character):04X})" for character in missing[:5])
        findings.error(
            DesignFindingKind.NO_GLYPH,
            plan.element_index,
            f"the font {plan.style.font!r} has no glyph for {codes} in {text[:60]!r}",
            "The bundled fonts cover Latin, Greek and Cyrillic; change the text, or name a font that has it in "
            "[fonts].",
            "text",
        )
        return
    size, lines = plan.fit(text, face)
    width = max(wide for _, wide in lines)
    if width > plan.room + 0.05:
        fitting = int(size * plan.room / width * 10) / 10
        findings.error(
            DesignFindingKind.TEXT_TOO_WIDE,
            plan.element_index,
            f"the text {text[:80]!r} is {width / POINTS_PER_MM:.1f} mm wide at {size:g} points, its "
            f"place {plan.room / POINTS_PER_MM:.1f} mm",
            f"{fitting:g} points would fit: set size or min_size, widen the element, or shorten the text.",
            "text",
        )
    elif len(lines) > plan.style.lines:
        findings.error(
            DesignFindingKind.TOO_MANY_LINES,
            plan.element_index,
            f"the text {text[:80]!r} needs {len(lines)} lines at {size:g} points, "
            f"{plan.style.lines} {one_or(plan.style.lines, 'is', 'are')} allowed",
            "Allow more lines, set a smaller min_size, widen the element, or shorten the text.",
            "text",
        )
