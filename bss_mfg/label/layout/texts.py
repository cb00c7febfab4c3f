"""Texts on a label: where they start, how they turn, and how they are fitted: refused, shrunk or wrapped."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bss_mfg.core.units import POINTS_PER_MM
from bss_mfg.label.layout.checks import DesignFindings
from bss_mfg.label.layout.geometry import PlacedElement
from bss_mfg.label.template.fonts import Font
from bss_mfg.label.template.loading import LoadedTemplate
from bss_mfg.label.template.template import Bars, TextElement

_STEP = 20
"""Font sizes step by a twentieth of a point."""
_WORDS = re.compile(
    r"[^\s\-,/;\u3000-\u9fff\uac00-\ud7af\uff00-\uffef]+[\-,/;]*|[\u3000-\u9fff\uac00-\ud7af\uff00-\uffef]|[\-,/;]+|\s+"
)


@dataclass(frozen=True, slots=True)
class TextPlan:
    """A text's place: points from the label's top left corner, y upwards, in the text's own turned frame.

    (`x`, `y`) is the anchor on the top of the capitals: left end, middle or right end by `align`. `room` is the width.
    """

    element_index: int
    font: str
    size: float
    min_size: float
    lines: int
    leading: float
    align: str
    x: float
    y: float
    rotate: int
    room: float
    cap_height: float
    color: str

    @classmethod
    def of(cls, loaded: LoadedTemplate, item: PlacedElement) -> TextPlan:
        """The plan of a text element."""
        element = item.element
        assert isinstance(element, TextElement)  # noqa: S101  (for the type checker)
        return cls._at(
            loaded,
            item,
            element.font,
            element.size,
            element.smallest,
            element.lines if element.fit == "wrap" else 1,
            element.leading,
            element.align,
            element.width,
            0.0,
            element.color,
        )

    @classmethod
    def caption(cls, loaded: LoadedTemplate, item: PlacedElement, element: Bars) -> TextPlan:
        """The plan of the plain text above or below bars, centred."""
        font = loaded.font(element.font)
        cap = font.cap_height * element.caption_size / POINTS_PER_MM
        down = element.height - cap if element.caption == "below" else 0.0
        return cls._at(
            loaded,
            item,
            element.font,
            element.caption_size,
            min(4.0, element.caption_size),
            1,
            1.2,
            "center",
            element.width,
            down,
            "#000000",
        )

    @classmethod
    def _at(
        cls,
        loaded: LoadedTemplate,
        item: PlacedElement,
        font: str,
        size: float,
        smallest: float,
        lines: int,
        leading: float,
        align: str,
        width: float,
        down: float,
        color: str,
    ) -> TextPlan:
        element, (x, y, outer_width, outer_height) = item.element, item.rect
        u = {"left": 0.0, "center": width / 2, "right": width}[align]
        # (u, down) in the unturned frame, to the label: the frame's top left corner goes round with the rotation.
        rotate = getattr(element, "rotate", 0)
        at_x, at_y = {
            0: (x + u, y + down),
            90: (x + outer_width - down, y + u),
            180: (x + outer_width - u, y + outer_height - down),
            270: (x + down, y + outer_height - u),
        }[rotate]
        return cls(
            item.index,
            font,
            size,
            smallest,
            lines,
            leading,
            align,
            at_x * POINTS_PER_MM,
            -at_y * POINTS_PER_MM,
            rotate,
            width * POINTS_PER_MM,
            loaded.font(font).cap_height,
            color,
        )

    def fitted(self, text: str, font: Font) -> tuple[float, list[tuple[str, float]]]:
        """(size in points, lines with their widths in points). What does not fit at the smallest size stays wider."""
        width = font.width(text, 1)
        if width * self.size <= self.room:
            return self.size, [(text, width * self.size)]
        if self.lines == 1:
            size = max(int(self.room / width * _STEP) / _STEP, self.min_size)
            return size, [(text, width * size)]
        size = self.size
        while True:
            found = _wrap(text, font, self.room / size)
            fits = len(found) <= self.lines and all(line <= self.room / size + 1e-6 for _, line in found)
            if fits or size <= self.min_size:
                return size, [(line, wide * size) for line, wide in found]
            size = max(round(size - 0.25, 2), self.min_size)


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


def check_text(loaded: LoadedTemplate, plan: TextPlan, text: str, findings: DesignFindings) -> None:
    """Note a text that is too wide, or has a character without glyph."""
    face = loaded.font(plan.font)
    if missing := face.missing(text):
        codes = ", ".join(f"{character!r} (U+{ord(character):04X})" for character in missing[:5])
        findings.error(
            plan.element_index,
            f"the font {plan.font!r} has no glyph for {codes} in {text[:60]!r}",
            "The bundled fonts cover Latin, Greek and Cyrillic; change the text, or name a font that has it in "
            "[fonts].",
            "text",
        )
        return
    size, lines = plan.fitted(text, face)
    width = max(wide for _, wide in lines)
    if width > plan.room + 0.05:
        fitting = int(size * plan.room / width * 10) / 10
        findings.error(
            plan.element_index,
            f"the text {text[:80]!r} is {width / POINTS_PER_MM:.1f} mm wide at {size:g} points, its "
            f"place {plan.room / POINTS_PER_MM:.1f} mm",
            f"{fitting:g} points would fit: set size or min_size, widen the element, or shorten the text.",
            "text",
        )
    elif len(lines) > plan.lines:
        findings.error(
            plan.element_index,
            f"the text {text[:80]!r} needs {len(lines)} lines at {size:g} points, {plan.lines} are allowed",
            "Allow more lines, set a smaller min_size, widen the element, or shorten the text.",
            "text",
        )
