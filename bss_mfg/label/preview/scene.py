"""A drawing in mm that can be written as PDF, SVG and PNG: rectangles, lines, texts, badges, label pictures."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Literal
from xml.sax.saxutils import escape

from bss_mfg.core.units import POINTS_PER_INCH, POINTS_PER_MM
from bss_mfg.label.preview.scene_text import draw_text
from bss_mfg.label.render.artwork_forms import add_artwork_forms, embed_pdf_artwork
from bss_mfg.label.render.canvas import new_canvas
from bss_mfg.label.template.artwork import Artwork
from bss_mfg.label.template.fonts import load_bundled_font
from bss_mfg.model import Rect

Align = Literal["left", "center", "right"]
PNG_SCALE = 2.2
"""Pixels per point of a PNG."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A one-page PDF fitted into a rectangle (mm, y down)."""

    artwork: Artwork
    rect: Rect


@dataclass(frozen=True, slots=True)
class _Rect:
    rect: Rect
    fill: str | None
    stroke: str | None
    thickness: float
    dash: bool
    radii: tuple[float, float]


@dataclass(frozen=True, slots=True)
class _Line:
    points: tuple[float, float, float, float]
    colour: str
    thickness: float


@dataclass(frozen=True, slots=True)
class _Text:
    x: float
    y: float
    text: str
    size: float
    colour: str
    bold: bool
    align: Align


@dataclass(frozen=True, slots=True)
class _Badge:
    x: float
    y: float
    text: str
    colour: str


@dataclass
class Scene:
    """A page of `width` x `height` mm, y down, drawn in the order of the calls."""

    width: float
    height: float
    items: list[_Rect | _Line | _Text | _Badge | Picture] = field(default_factory=list)

    def rect(
        self,
        rect: Rect,
        *,
        fill: str | None = None,
        stroke: str | None = None,
        thickness: float = 0.2,
        dash: bool = False,
        radii: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        """A rectangle, its corners with radii in x and y: an oval where they are half of its sides."""
        self.items.append(_Rect(rect, fill, stroke, thickness, dash, radii))

    def line(self, x: float, y: float, x2: float, y2: float, colour: str, thickness: float) -> None:
        """A line."""
        self.items.append(_Line((x, y, x2, y2), colour, thickness))

    def text(
        self, x: float, y: float, text: str, size: float, colour: str, *, bold: bool = False, align: Align = "left"
    ) -> None:
        """A line of text on its baseline; `size` is the font's in mm. Control characters are shown as dots."""
        clean = "".join(mark if mark.isprintable() else "." for mark in text)
        self.items.append(_Text(x, y, clean, size, colour, bold, align))

    def badge(self, x: float, y: float, text: str, colour: str) -> None:
        """A number in a filled circle."""
        self.items.append(_Badge(x, y, text, colour))

    def picture(self, picture: Picture) -> None:
        """A label."""
        self.items.append(picture)

    def pdf(self) -> bytes:
        """The scene as a one-page PDF; labels stay vectors."""
        art = [item.artwork for item in self.items if isinstance(item, Picture)]
        buffer = BytesIO()
        canvas = new_canvas(buffer, (self.width * POINTS_PER_MM, self.height * POINTS_PER_MM), "Preview")
        forms = add_artwork_forms(canvas, art)
        canvas.scale(POINTS_PER_MM, POINTS_PER_MM)
        for item in self.items:
            canvas.saveState()
            self._draw_on_canvas(canvas, item, forms)
            canvas.restoreState()
        canvas.showPage()
        canvas.save()
        return embed_pdf_artwork(buffer.getvalue(), art)

    def _draw_on_canvas(self, canvas: Any, item: object, forms: dict[str, str]) -> None:
        if isinstance(item, _Rect):
            x, y, width, height = item.rect
            if item.fill:
                canvas.setFillColor(item.fill)
            if item.stroke:
                canvas.setStrokeColor(item.stroke)
                canvas.setLineWidth(item.thickness)
            if item.dash:
                canvas.setDash(1.2, 0.8)
            how = {"stroke": int(bool(item.stroke)), "fill": int(bool(item.fill))}
            bottom = self.height - y - height
            if item.radii[0] != item.radii[1]:
                canvas.ellipse(x, bottom, x + width, bottom + height, **how)
            elif item.radii[0]:
                canvas.roundRect(x, bottom, width, height, item.radii[0], **how)
            else:
                canvas.rect(x, bottom, width, height, **how)
        elif isinstance(item, _Line):
            canvas.setStrokeColor(item.colour)
            canvas.setLineWidth(item.thickness)
            x, y, x2, y2 = item.points
            canvas.line(x, self.height - y, x2, self.height - y2)
        elif isinstance(item, _Text):
            canvas.setFillColor(item.colour)
            share = {"left": 0.0, "center": 0.5, "right": 1.0}[item.align]
            draw_text(canvas, (item.x, self.height - item.y), item.text, item.size, bold=item.bold, share=share)
        elif isinstance(item, _Badge):
            canvas.setFillColor(item.colour)
            canvas.circle(item.x, self.height - item.y, 1.9, stroke=0, fill=1)
            canvas.setFillColor("#ffffff")
            canvas.setFont(load_bundled_font("sans-bold").reportlab_font.fontName, 2.6)
            canvas.drawCentredString(item.x, self.height - item.y - 0.93, item.text)
        elif isinstance(item, Picture):
            x, y, width, height = item.rect
            canvas.translate(x, self.height - y - height)
            canvas.scale(width / item.artwork.width, height / item.artwork.height)
            canvas.doForm(forms[item.artwork.file])

    def png(self) -> bytes:
        """The scene as pixels."""
        return _pixels(self.pdf(), PNG_SCALE)

    def svg(self) -> bytes:
        """The scene as SVG 1.1; labels are embedded as sharp pixels."""
        out = [
            f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
            f'width="{self.width:.2f}mm" height="{self.height:.2f}mm" viewBox="0 0 {self.width:.2f} {self.height:.2f}" '
            f'font-family="Liberation Sans, Arial, Helvetica, sans-serif">'
        ]
        out += [_as_svg(item) for item in self.items]
        return "\n".join([*out, "</svg>\n"]).encode("utf-8")


def _as_svg(item: object) -> str:
    if isinstance(item, _Rect):
        x, y, width, height = item.rect
        line = f' stroke="{item.stroke}" stroke-width="{item.thickness}"' if item.stroke else ""
        dash = ' stroke-dasharray="1.2 0.8"' if item.dash else ""
        corners = f' rx="{item.radii[0]:.3f}" ry="{item.radii[1]:.3f}"' if item.radii[0] else ""
        return (
            f'<rect x="{x:.3f}" y="{y:.3f}" width="{width:.3f}" height="{height:.3f}"{corners} '
            f'fill="{item.fill or "none"}"{line}{dash}/>'
        )
    if isinstance(item, _Line):
        x, y, x2, y2 = item.points
        return (
            f'<line x1="{x:.3f}" y1="{y:.3f}" x2="{x2:.3f}" y2="{y2:.3f}" stroke="{item.colour}" '
            f'stroke-width="{item.thickness}"/>'
        )
    if isinstance(item, _Text):
        anchor = {"left": "start", "center": "middle", "right": "end"}[item.align]
        weight = ' font-weight="bold"' if item.bold else ""
        return (
            f'<text x="{item.x:.3f}" y="{item.y:.3f}" font-size="{item.size}" fill="{item.colour}" '
            f'text-anchor="{anchor}"{weight}>{escape(item.text)}</text>'
        )
    if isinstance(item, _Badge):
        return (
            f'<circle cx="{item.x:.3f}" cy="{item.y:.3f}" r="1.9" fill="{item.colour}"/><text x="{item.x:.3f}" '
            f'y="{item.y + 0.93:.3f}" font-size="2.6" font-weight="bold" fill="#ffffff" text-anchor="middle">'
            f"{escape(item.text)}</text>"
        )
    assert isinstance(item, Picture)  # noqa: S101  (for the type checker)
    x, y, width, height = item.rect
    data = base64.b64encode(_pixels(item.artwork.data, 600 / POINTS_PER_INCH)).decode()
    return (
        f'<image x="{x:.3f}" y="{y:.3f}" width="{width:.3f}" height="{height:.3f}" preserveAspectRatio="none" '
        f'xlink:href="data:image/png;base64,{data}"/>'
    )


def _pixels(pdf: bytes, scale: float) -> bytes:
    """A one-page PDF as PNG; large pages get fewer pixels."""
    import pypdfium2

    document = pypdfium2.PdfDocument(pdf)
    try:
        page = document[0]
        width, height = page.get_size()
        scale = min(scale, (24_000_000 / (width * height)) ** 0.5)
        out = BytesIO()
        page.render(scale=scale).to_pil().save(out, "PNG")
        return out.getvalue()
    finally:
        document.close()
