"""A picture of labels before they are printed: the longest and the shortest case side by side, with rulers, quiet
zones, safe area and bleed, and every finding drawn where it happens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any, Literal

import numpy as np

from bss_mfg.core.languages import COMMA, ENGLISH, Language, Phrase, joined, phrase
from bss_mfg.label.layout.contour import Contour
from bss_mfg.label.layout.design_check import CheckedDesign, Example, check_design
from bss_mfg.label.layout.file_content import LabelFileContent
from bss_mfg.label.layout.geometry import place_elements
from bss_mfg.label.layout.label_rows import LabelRow
from bss_mfg.label.layout.page_layout import PageLayout
from bss_mfg.label.preview.scene import Picture, Scene
from bss_mfg.label.preview.scene_text import text_width, wrapped
from bss_mfg.label.preview.whole_page import design_printer, drawable_row
from bss_mfg.label.render.canvas import new_canvas
from bss_mfg.label.render.pdf import render_pdf
from bss_mfg.label.render.raster import RasterPage
from bss_mfg.label.template.artwork import Artwork
from bss_mfg.label.template.colours import parse_colour
from bss_mfg.label.template.label_media import Media
from bss_mfg.label.template.loading import LoadedTemplate
from bss_mfg.label.template.printer import Printer
from bss_mfg.label.template.symbol_elements import SymbolElement
from bss_mfg.model import Rect

PictureFormat = Literal["png", "pdf", "svg"]

_INK, _FAINT, _BLUE, _GREEN, _RED, _AMBER = "#1f2933", "#7b8794", "#1769c9", "#1f8a4c", "#c62828", "#b26a00"
_MARGIN, _GAP = 11.0, 17.0
CASES: Mapping[str, Phrase] = {"longest": phrase("Longest case"), "shortest": phrase("Shortest case")}
"""What an example's cases are called."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A preview's scene and what was found."""

    scene: Scene
    design: CheckedDesign

    def render(self, form: PictureFormat) -> bytes:
        """The picture in a file format."""
        return {"png": self.scene.png, "pdf": self.scene.pdf, "svg": self.scene.svg}[form]()


def draw_preview(template: LoadedTemplate, printer: Printer, example: Example, language: Language = ENGLISH) -> Preview:
    """Draw a template with an example's cases, as the printer would print it: for a label printer its dots, for a PDF
    printer the PDF. The printer's own offset is left out: it belongs to the machine, not to the label. What stands
    around the labels is in the language."""
    design = check_design(template, printer, example)
    one = _one_label_template(template)
    single = check_design(one, replace(design_printer(printer), language="pdf"), example)
    picture = _picture if printer.language == "pdf" else _dots_picture
    pictures = {name: picture(single.layout, row) for name, row in single.rows.items()}
    return Preview(_draw(design, pictures, language), design)


def _one_label_template(template: LoadedTemplate) -> LoadedTemplate:
    """The template on a medium of one label, bleed included."""
    media = template.definition.media
    roll = Media(
        kind="roll",
        label_width=media.label_width,
        label_height=media.label_height,
        shape=media.shape,
        corner=media.corner,
        bleed=media.bleed,
        safe=media.safe,
        stock=media.stock,
    )
    # Another medium is another template: its text says so, and with it the digest.
    document = replace(template.document, text=template.document.text + "\n# one label")
    return replace(template, definition=template.definition.model_copy(update={"media": roll}), document=document)


def _picture(layout: PageLayout, row: LabelRow) -> Artwork:
    """One label as a PDF."""
    content = LabelFileContent("preview", layout, (drawable_row(layout, row),), 1, "vector")
    return Artwork(f"{id(row)}", "pdf", render_pdf(content), *layout.page_points)


def _dots_picture(layout: PageLayout, row: LabelRow) -> Artwork:
    """One label as its printer's dots: a mask in a PDF, so that the stock's colour shows where none is black."""
    page = RasterPage(layout)
    page.draw_label(0, drawable_row(layout, row))
    width, height = layout.page_points
    rows, columns = page.dots.shape
    buffer = BytesIO()
    canvas = new_canvas(buffer, (width, height), "preview")
    canvas.addLiteral(
        f"q {width:.4f} 0 0 {height:.4f} 0 0 cm BI /W {columns} /H {rows} /IM true /BPC 1 /D [1 0] /F /AHx ID "
        f"{np.packbits(page.dots, axis=1).tobytes().hex()}> EI Q"
    )
    canvas.showPage()
    canvas.save()
    return Artwork(f"{id(row)}", "pdf", buffer.getvalue(), width, height)


def _draw(design: CheckedDesign, pictures: dict[str, Artwork], language: Language) -> Scene:
    media = design.layout.template.definition.media
    zoom = min(max(84 / media.label_width, 0.4), 2.6, 150 / media.label_height)
    width, height = media.label_width * zoom, media.label_height * zoom
    names = list(pictures)
    panel = max(width, 78.0)
    top = 31.0 + media.bleed * zoom
    findings = design.findings.items
    page_width = 2 * _MARGIN + len(names) * panel + (len(names) - 1) * _GAP + 8
    columns = int((page_width - 2 * _MARGIN - 8) / 1.62)
    notes = [(number, finding, wrapped(finding.shown(language), columns)) for number, finding in enumerate(findings, 1)]
    page_height = top + height + media.bleed * zoom + 16 + sum(4.4 * len(lines) + 2 for *_, lines in notes)
    scene = Scene(page_width, page_height)
    scene.rect(Rect(0, 0, page_width, page_height), fill="#f5f7fa")
    _head(scene, design, language)
    for number, name in enumerate(names):
        left = _MARGIN + 8 + number * (panel + _GAP)
        _panel(scene, design, name, pictures[name], (left, top), zoom, language)
    y = top + height + media.bleed * zoom + 13
    if not findings:
        scene.text(_MARGIN, y, language.said("Nothing was found: this label will print."), 3.4, _GREEN, bold=True)
    for number, finding, lines in notes:
        colour = _RED if finding.severity == "error" else _AMBER
        scene.badge(_MARGIN + 2, y - 1.1, str(number), colour)
        for line in lines:
            scene.text(_MARGIN + 6.5, y, line, 3.1, _INK)
            y += 4.4
        y += 2
    return scene


def _head(scene: Scene, design: CheckedDesign, language: Language) -> None:
    layout, printer = design.layout, design.layout.printer
    template = layout.template
    errors, warnings = len(design.findings.errors), len(design.findings.warnings)
    prints = phrase("{count} will not print", count=errors) if errors else phrase("prints")
    look = phrase("{count} to look at", count=warnings) if warnings else ""
    summary, colour = language(joined(COMMA, (prints, look))), _RED if errors else _GREEN
    scene.text(_MARGIN, 9, template.definition.title or template.name, 5.2, _INK, bold=True)
    scene.text(scene.width - _MARGIN, 9, summary, 4.2, colour, bold=True, align="right")
    plan = layout.symbol
    symbol = (
        phrase(
            "{columns}x{rows} modules of {size:.3f} mm ({across}x{down} dots)",
            columns=plan.columns,
            rows=plan.rows,
            size=layout.x_dimension_mm,
            across=plan.module_dots_x,
            down=plan.module_dots_y,
        )
        if plan
        else phrase("no Data Matrix")
    )
    dots = phrase(
        "{printer}, {across:.4g}x{down:.4g} dots/mm",
        printer=printer.name,
        across=printer.dots_per_mm_x,
        down=printer.dots_per_mm_y,
    )
    facts = (design.example.title, dots, symbol, phrase("lengths in mm"))
    scene.text(_MARGIN, 15, "  |  ".join(map(language, facts)), 3.1, _FAINT)


def _panel(
    scene: Scene,
    design: CheckedDesign,
    name: str,
    art: Artwork,
    at: tuple[float, float],
    zoom: float,
    language: Language,
) -> None:
    layout, findings = design.layout, design.findings.items
    media = layout.template.definition.media
    left, top = at
    width, height, bleed = media.label_width * zoom, media.label_height * zoom, media.bleed * zoom

    def box(rect: Rect) -> Rect:
        return Rect(left + rect.x * zoom, top + rect.y * zoom, rect.width * zoom, rect.height * zoom)

    package = design.example.cases[name]
    title = language(CASES[name])
    said = phrase("{count} characters, {serials}", count=len(package.payload), serials=package.serials_text[:46])
    scene.text(left, top - bleed - 9.5, title, 3.6, _INK, bold=True)
    beside = max(26.0, text_width(title, 3.6, bold=True) + 3.0)
    scene.text(left + beside, top - bleed - 9.5, language(said), 2.9, _FAINT)
    _rulers(scene, (left, top - bleed - 1.2), (left - bleed - 1.2, top), zoom, media)
    if bleed:
        scene.rect(Rect(left - bleed, top - bleed, width + 2 * bleed, height + 2 * bleed), fill="#fde8e8")
    with_bleed = Rect(left - bleed, top - bleed, width + 2 * bleed, height + 2 * bleed)
    contour = Contour.of(media)
    _contour(scene, contour, box, 0.0, fill=parse_colour(media.stock).hex)
    scene.picture(Picture(art, with_bleed))
    if bleed:
        scene.rect(with_bleed, stroke=_RED, dash=True)
    _contour(scene, contour, box, 0.0, stroke=_FAINT, thickness=0.25)
    safe = media.safe
    if 0 < safe < min(media.label_width, media.label_height) / 2:
        _contour(scene, contour, box, safe, stroke=_GREEN, dash=True)
    elements = place_elements(layout.template, layout.units_per_package)
    for item in elements:
        if isinstance(item.element, SymbolElement):
            scene.rect(box(item.rect), stroke=_BLUE, dash=True)
    badges: dict[int | None, int] = {}
    for number, finding in enumerate(findings, 1):
        colour = _RED if finding.severity == "error" else _AMBER
        before = badges.get(finding.element_index, 0)
        badges[finding.element_index] = before + 1
        rects = (item.rect for item in elements if item.index == finding.element_index)
        x, y, wide, high = box(next(rects, Rect(0.0, 0.0, media.label_width, media.label_height)))
        scene.rect(Rect(x - 0.5, y - 0.5, wide + 1, high + 1), stroke=colour, thickness=0.5)
        scene.badge(x + wide + 1.2 - 4.2 * before, y - 0.6, str(number), colour)


def _contour(scene: Scene, contour: Contour, box: Callable[[Rect], Rect], inset: float, **how: Any) -> None:
    """The label's contour, or one that lies `inset` mm inside it."""
    rect = box(Rect(inset, inset, contour.width - 2 * inset, contour.height - 2 * inset))
    zoom = rect.width / (contour.width - 2 * inset)
    radii = (max(contour.radius_x - inset, 0.0) * zoom, max(contour.radius_y - inset, 0.0) * zoom)
    scene.rect(rect, radii=radii, **how)


def _rulers(scene: Scene, across: tuple[float, float], down: tuple[float, float], zoom: float, media: Media) -> None:
    """Millimetres along the label's top and left edge, every fifth longer, every tenth with its number."""
    for (x, y), length, upright in ((across, media.label_width, False), (down, media.label_height, True)):
        step = 1 if zoom > 0.9 else 5
        for millimetre in range(0, int(length + 0.001) + 1, step):
            size = 2.2 if millimetre % 10 == 0 else 1.5 if millimetre % 5 == 0 else 0.8
            at = millimetre * zoom
            if upright:
                scene.line(x, y + at, x - size, y + at, _FAINT, 0.15)
            else:
                scene.line(x + at, y, x + at, y - size, _FAINT, 0.15)
            if millimetre % 10 == 0:
                if upright:
                    scene.text(x - 2.8, y + at + 0.8, str(millimetre), 2.1, _FAINT, align="right")
                else:
                    scene.text(x + at, y - 2.8, str(millimetre), 2.1, _FAINT, align="center")
