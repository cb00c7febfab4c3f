"""What is wrong with a label: found, named by element, and either refused or drawn where it happens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bss_mfg.errors import InputError
from bss_mfg.label.layout.geometry import PlacedElement, inside, overlap
from bss_mfg.label.template.loading import LoadedTemplate
from bss_mfg.label.template.printer import Printer
from bss_mfg.label.template.template import Bars, Box, DataMatrix, Image, Line, Qr, TextElement
from bss_mfg.model import Rect, Stage

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class DesignFinding:
    """One finding: `element` counts from 0; None is the label as a whole."""

    severity: Severity
    element_index: int | None
    what: str
    way_out: str
    where: str


class DesignFindings:
    """Collects findings; `refuse` raises the errors among them as one `InputError`."""

    def __init__(self, loaded: LoadedTemplate) -> None:
        self._loaded = loaded
        self.items: list[DesignFinding] = []

    def error(self, element: int | None, what: str, way_out: str, field: str | None = None) -> None:
        """Note something that can't be printed."""
        self._add("error", element, what, way_out, field)

    def warning(self, element: int | None, what: str, way_out: str, field: str | None = None) -> None:
        """Note something that can be printed and is not good."""
        self._add("warning", element, what, way_out, field)

    def _add(self, severity: Severity, element: int | None, what: str, way_out: str, field: str | None) -> None:
        if element is None:
            where = self._loaded.document.where((field,)) if field else self._loaded.document.name
        else:
            where = self._loaded.where(element, field)
        finding = DesignFinding(severity, element, what, way_out, where)
        if finding not in self.items:
            self.items.append(finding)

    @property
    def errors(self) -> list[DesignFinding]:
        """What can't be printed."""
        return [item for item in self.items if item.severity == "error"]

    def refuse(self) -> None:
        """Raise the errors, if there are any: the first in full, the others listed."""
        if errors := self.errors:
            first, *others = errors
            raise InputError(
                first.what,
                where=first.where,
                problems=[f"also {item.where}: {item.what}" for item in others[:5]],
                way_out=first.way_out,
            )


def sample_mark_rect(loaded: LoadedTemplate) -> Rect | None:
    """Where the SAMPLE mark goes."""
    area = loaded.definition.sample
    return Rect(area.x, area.y, area.width, area.height) if area else None


def check_areas(
    loaded: LoadedTemplate, placed: Sequence[PlacedElement], printer: Printer, stage: Stage, findings: DesignFindings
) -> None:
    """Everything lies on the label and where the printer can print, and nothing touches a symbol's quiet zone."""
    media = loaded.definition.media
    if stage == "development" and loaded.definition.sample is None:
        findings.error(
            None,
            "the template has no [sample] area, and labels of a development product must carry a SAMPLE mark",
            "Add [sample] with x, y, width and height in mm, away from the symbol.",
        )
    label = Rect(0.0, 0.0, media.label_width, media.label_height)
    bleed = Rect(-media.bleed, -media.bleed, label.width + 2 * media.bleed, label.height + 2 * media.bleed)
    safe = Rect(media.safe, media.safe, label.width - 2 * media.safe, label.height - 2 * media.safe)
    sample = sample_mark_rect(loaded)
    for item in placed:
        shape = isinstance(item.element, (Line, Box, Image))
        limit = bleed if shape else label
        if not inside(item.rect, limit):
            x, y, width, height = item.rect
            far = f"from {x:.1f}, {y:.1f} " if x < 0 or y < 0 else ""
            findings.error(
                item.index,
                f"reaches {far}to {x + width:.1f} x {y + height:.1f} mm, outside the label of "
                f"{media.label_width:g} x {media.label_height:g} mm",
                "Move it or make it smaller." + (" Artwork may go into a bleed: set it in [media]." if shape else ""),
            )
        elif not shape and not inside(item.rect, safe):
            findings.warning(
                item.index,
                f"is nearer than {media.safe:g} mm to the label's edge: a printer that is off by that cuts it",
                "Move it inwards, or set safe in [media].",
            )
    if sample and not inside(sample, label):
        findings.error(
            None,
            f"the SAMPLE mark reaches outside the label of {media.label_width:g} x {media.label_height:g} mm",
            "Move it or make it smaller.",
            "sample",
        )
    for item in placed:
        if sample and isinstance(item.element, TextElement) and overlap(item.rect, sample):
            findings.warning(item.index, "lies on the SAMPLE mark of development labels", "Move one of them.")
        if not isinstance(item.element, (DataMatrix, Qr, Bars)):
            continue
        x, y, width, height = item.rect
        what = f"{item.element.kind} symbol or its quiet zone ({x:g}, {y:g}, {width:g} x {height:g} mm)"
        for other in placed:
            if other is item or not overlap(other.rect, item.rect):
                continue
            if isinstance(other.element, Box) and inside(item.rect, other.rect):
                light = reflectance(other.element.color) > 0.6 and other.index < item.index
                if light or not other.element.fill:
                    continue  # a frame around the symbol, or a panel under it
            findings.error(other.index, f"lies on the {what}", "Move one of them.")
        if sample and overlap(sample, item.rect):
            findings.error(None, f"the SAMPLE mark lies on the {what}", "Move one of them.", "sample")
    _check_printer(loaded, placed, printer, findings)


def _check_printer(
    loaded: LoadedTemplate, placed: Sequence[PlacedElement], printer: Printer, findings: DesignFindings
) -> None:
    media = loaded.definition.media
    width, height = media.size
    if printer.max_width_mm and width > printer.max_width_mm + 0.05:
        findings.error(
            None,
            f"the media is {width:g} mm wide, the printer {printer.name} takes {printer.max_width_mm:g} mm",
            "Choose another printer, or a template for narrower media.",
            "media",
        )
    if printer.media and (media.use or "custom") not in printer.media:
        findings.error(
            None,
            f"the template is made for {media.use or 'a medium of its own'}, the printer {printer.name} is loaded with "
            f"{', '.join(printer.media)}",
            "Choose another printer or template, or correct media in the printer's file.",
            "media",
        )
    if printer.language != "pdf":
        for item in placed:
            if (
                isinstance(item.element, TextElement)
                and reflectance(item.element.color) > 0.3
                and ("{" in item.element.text or item.element.when)
            ):
                findings.error(
                    item.index,
                    "a light text that changes can't be printed by a printer with black dots only",
                    "Make it black, or choose a PDF printer. Light texts that are the same on all labels are fine.",
                    "color",
                )
    left, top, right, bottom = printer.margins_mm
    if any(printer.margins_mm):
        cells = [
            (media.margin_left + column * media.step_x, media.margin_top + row * media.step_y)
            for row in {0, media.rows - 1}
            for column in {0, media.columns - 1}
        ]
        printable = Rect(left, top, width - left - right, height - top - bottom)
        for item in placed:
            for x, y in cells:
                at = (x + item.rect.x + printer.offset_x_mm, y + item.rect.y + printer.offset_y_mm)
                moved = Rect(*at, item.rect.width, item.rect.height)
                if not isinstance(item.element, (Box, Image)) and not inside(moved, printable):
                    findings.error(
                        item.index,
                        f"lies where the printer {printer.name} can't print (its margins are {left:g}, "
                        f"{top:g}, {right:g}, {bottom:g} mm)",
                        "Move it inwards, or correct the printer's margins.",
                    )
                    break


def reflectance(color: str) -> float:
    """Relative luminance of an sRGB colour, 0 black to 1 white (IEC 61966-2-1): what red-light scanners see differs."""
    channels = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(loaded: LoadedTemplate, symbol: PlacedElement, placed: Sequence[PlacedElement]) -> float:
    """Expected symbol contrast of black modules on what lies under them, 0 to 1 (ISO/IEC 15415, 7.8.2)."""
    colour = loaded.definition.media.stock
    for item in placed:
        if isinstance(item.element, Box) and item.element.fill and inside(symbol.rect, item.rect):
            colour = item.element.color
    return reflectance(colour) - reflectance("#202020")


def check_contrast(
    loaded: LoadedTemplate, symbol: PlacedElement, placed: Sequence[PlacedElement], findings: DesignFindings
) -> None:
    """Refuse a symbol on dark ground, warn where its contrast can't be graded 4."""
    found = contrast(loaded, symbol, placed)
    if found < 0.40:
        findings.error(
            symbol.index,
            f"the symbol contrast would be about {found:.0%}, at least 40 % is wanted",
            "Use a lighter stock, or put a white filled box under the symbol.",
        )
    elif found < 0.70:
        findings.warning(
            symbol.index,
            f"the symbol contrast would be about {found:.0%}, and 70 % is grade 4",
            "Use a lighter stock, or put a white filled box under the symbol.",
        )
