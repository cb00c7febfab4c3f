"""Whether a label's elements lie where they may: on the label, clear of symbols, where the printer prints, on light
ground."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bss_mfg.core.languages import Phrase, phrase
from bss_mfg.label.layout.contour import Contour, corners, outline
from bss_mfg.label.layout.findings import DesignFindingKind, DesignFindings
from bss_mfg.label.layout.geometry import EDGE_MM, PlacedElement, is_inside
from bss_mfg.label.layout.overlaps import check_overlaps
from bss_mfg.label.layout.sample_area import check_sample_size
from bss_mfg.label.template.label_media import Media
from bss_mfg.label.template.loading import LoadedTemplate
from bss_mfg.label.template.printer import Printer
from bss_mfg.label.template.shape_elements import Box, Image, Line
from bss_mfg.label.template.template import Template
from bss_mfg.model import Rect, Stage

_AT_EDGE = 0.3
"""What ends nearer than so many mm to the label's edge is meant to end there."""


@dataclass(frozen=True, slots=True)
class LabelAreas:
    """The areas of a label, in mm from its top left corner: `bleed` is what artwork may cover, `safe` where texts and
    codes should stay, `sample_mark` where development labels say SAMPLE."""

    label: Rect
    bleed: Rect
    safe: Rect
    sample_mark: Rect | None

    @classmethod
    def of(cls, template: Template) -> LabelAreas:
        """The areas of a template's label."""
        media, sample = template.media, template.sample
        width, height, bleed, safe = media.label_width, media.label_height, media.bleed, media.safe
        return cls(
            Rect(0.0, 0.0, width, height),
            Rect(-bleed, -bleed, width + 2 * bleed, height + 2 * bleed),
            Rect(safe, safe, width - 2 * safe, height - 2 * safe),
            Rect(sample.x, sample.y, sample.width, sample.height) if sample else None,
        )


def check_areas(
    template: LoadedTemplate,
    elements: Sequence[PlacedElement],
    printer: Printer,
    stage: Stage,
    findings: DesignFindings,
) -> None:
    """Everything lies on the label and where the printer can print, and nothing touches a symbol's quiet zone."""
    media = template.definition.media
    areas = LabelAreas.of(template.definition)
    if stage == "development" and areas.sample_mark is None:
        findings.error(
            DesignFindingKind.NO_SAMPLE_AREA,
            None,
            phrase("the template has no [sample] area, and labels of a development product must carry a SAMPLE mark"),
            phrase("Add [sample] with x, y, width and height in mm, away from the symbol."),
        )
    elif stage == "development" and areas.sample_mark:
        check_sample_size(areas.sample_mark, Contour.of(media), elements, findings)
    for item in elements:
        _check_on_label(item, areas, media, findings)
    if areas.sample_mark and not Contour.of(media).holds(corners(areas.sample_mark)):
        findings.error(
            DesignFindingKind.OUTSIDE_LABEL,
            None,
            phrase("the SAMPLE mark reaches outside the {label}", label=_label_words(media)),
            phrase("Move it or make it smaller."),
            "sample",
        )
    check_overlaps(elements, areas.sample_mark, printer, findings)
    _check_media(media, printer, findings)
    if any(printer.margins_mm):
        _check_margins(media, elements, printer, findings)


def _check_on_label(item: PlacedElement, areas: LabelAreas, media: Media, findings: DesignFindings) -> None:
    is_shape = isinstance(item.element, (Line, Box, Image))
    contour, points = Contour.of(media), outline(item)
    # What bleeds may cover the corners that are cut off, too.
    on_label = is_inside(item.rect, areas.bleed) if is_shape else is_inside(item.rect, areas.label)
    if on_label and not (is_shape and media.bleed):
        on_label = contour.holds(points)
    if not on_label:
        x, y = item.rect.x, item.rect.y
        end: dict[str, object] = {"right": item.rect.right, "bottom": item.rect.bottom, "label": _label_words(media)}
        findings.error(
            DesignFindingKind.OUTSIDE_LABEL,
            item.index,
            phrase(
                "reaches from {x:.1f}, {y:.1f} to {right:.1f} x {bottom:.1f} mm, outside the {label}", x=x, y=y, **end
            )
            if x < 0 or y < 0
            else phrase("reaches to {right:.1f} x {bottom:.1f} mm, outside the {label}", **end),
            phrase("Move it or make it smaller. Artwork may go into a bleed: set it in [media].")
            if is_shape
            else phrase("Move it or make it smaller."),
        )
    elif is_shape:
        _check_neighbours(item, media, findings)
        _check_full_bleed(item, media, findings)
    elif not contour.holds(points, media.safe):
        findings.warning(
            DesignFindingKind.NEAR_EDGE,
            item.index,
            phrase(
                "is nearer than {safe:g} mm to the label's edge: a printer that is off by that cuts it", safe=media.safe
            ),
            phrase("Move it inwards, or set safe in [media]."),
        )


def _label_words(media: Media) -> Phrase:
    size = {"width": media.label_width, "height": media.label_height}
    match media.cut:
        case "round":
            return phrase("round label of {width:g} x {height:g} mm", **size)
        case "oval":
            return phrase("oval label of {width:g} x {height:g} mm", **size)
        case "rounded":
            return phrase(
                "label of {width:g} x {height:g} mm with corners of {corner:g} mm", corner=media.corner, **size
            )
        case _:
            return phrase("label of {width:g} x {height:g} mm", **size)


def _check_neighbours(item: PlacedElement, media: Media, findings: DesignFindings) -> None:
    """What bleeds does not reach the next label of the page."""
    rect = item.rect
    sides = (
        (max(-rect.x, rect.right - media.label_width), media.columns, media.step_x - media.label_width, False),
        (max(-rect.y, rect.bottom - media.label_height), media.rows, media.step_y - media.label_height, True),
    )
    for reach, labels, space, is_upright in sides:
        gap = max(space, 0.0)
        if labels > 1 and reach > space + EDGE_MM:
            findings.error(
                DesignFindingKind.ON_NEIGHBOUR,
                item.index,
                phrase(
                    "bleeds {reach:.1f} mm over the edge, and the label above or below it is {gap:.1f} mm away: it "
                    "would paint that",
                    reach=reach,
                    gap=gap,
                )
                if is_upright
                else phrase(
                    "bleeds {reach:.1f} mm over the edge, and the label beside it is {gap:.1f} mm away: it would paint "
                    "that",
                    reach=reach,
                    gap=gap,
                ),
                phrase("Let it bleed {gap} mm at most, or choose media with wider gaps.", gap=f"{gap:.1f}"),
            )


def _check_full_bleed(item: PlacedElement, media: Media, findings: DesignFindings) -> None:
    """What ends at a label's edge goes over it, where there is a bleed: else a cut that is off leaves a white strip."""
    rect = item.rect
    is_area = isinstance(item.element, Image) or (isinstance(item.element, Box) and item.element.fill)
    reaches = (-rect.x, -rect.y, rect.right - media.label_width, rect.bottom - media.label_height)
    if is_area and media.bleed and any(-_AT_EDGE < reach < media.bleed - EDGE_MM for reach in reaches):
        findings.warning(
            DesignFindingKind.NEAR_EDGE,
            item.index,
            phrase(
                "ends at the label's edge or short of the bleed of {bleed:g} mm: a cut that is off leaves a white "
                "strip",
                bleed=media.bleed,
            ),
            phrase(
                "Let it reach {bleed} mm over that edge, or end well inside of the label.", bleed=f"{media.bleed:g}"
            ),
        )


def _check_media(media: Media, printer: Printer, findings: DesignFindings) -> None:
    """The printer takes media of this width, and is loaded with this one."""
    width = media.size[1 if printer.rotate in (90, 270) else 0]
    if printer.max_width_mm and width > printer.max_width_mm + 0.05:
        findings.error(
            DesignFindingKind.MEDIA_TOO_WIDE,
            None,
            phrase(
                "the media is {width:g} mm wide, the printer {printer} takes {most:g} mm",
                width=width,
                printer=printer.name,
                most=printer.max_width_mm,
            ),
            phrase("Choose another printer, or a template for narrower media."),
            "media",
        )
    if printer.media and (media.use or "custom") not in printer.media:
        findings.error(
            DesignFindingKind.OTHER_MEDIA_LOADED,
            None,
            phrase(
                "the template is made for {medium}, the printer {printer} is loaded with {loaded}",
                medium=media.use or phrase("a medium of its own"),
                printer=printer.name,
                loaded=", ".join(printer.media),
            ),
            phrase("Choose another printer or template, or correct media in the printer's file."),
            "media",
        )


def _check_margins(media: Media, elements: Sequence[PlacedElement], printer: Printer, findings: DesignFindings) -> None:
    """Nothing lies in the strips at the media's edges that the printer can't print; the labels at a page's four
    corners stand for all."""
    width, height = media.size
    left, top, right, bottom = printer.margins_mm
    corners = [
        (media.margin_left + column * media.step_x, media.margin_top + row * media.step_y)
        for row in {0, media.rows - 1}
        for column in {0, media.columns - 1}
    ]
    printable = Rect(left, top, width - left - right, height - top - bottom)
    for item in elements:
        if isinstance(item.element, (Box, Image)):
            continue
        for x, y in corners:
            at = (x + item.rect.x + printer.offset_x_mm, y + item.rect.y + printer.offset_y_mm)
            if not is_inside(Rect(*at, item.rect.width, item.rect.height), printable):
                findings.error(
                    DesignFindingKind.IN_MARGIN,
                    item.index,
                    phrase(
                        "lies where the printer {printer} can't print (its margins are {left:g}, {top:g}, {right:g}, "
                        "{bottom:g} mm)",
                        printer=printer.name,
                        left=left,
                        top=top,
                        right=right,
                        bottom=bottom,
                    ),
                    phrase("Move it inwards, or correct the printer's margins."),
                )
                break
