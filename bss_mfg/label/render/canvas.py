"""The canvas of reportlab as label files need it: the same bytes for the same drawing, never scaled."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from typing import Any

from bss_mfg.label.template.fonts import load_bundled_font

INSET = 0.05
"""Dots by which each painted shape is smaller on every side."""


def new_canvas(buffer: BytesIO, page: tuple[float, float], title: str) -> Any:
    """A canvas whose bytes depend on what is drawn only, and whose viewers are told not to scale."""
    from reportlab import rl_config

    rl_config.useA85 = 0  # plain binary streams: a fifth smaller
    # Its own first font would be Helvetica, which is not embedded: a page would name a font that it need not have.
    canvas: Any = _canvas_class()(buffer, pagesize=page, invariant=1, pageCompression=1, initialFontName=_first_font())
    canvas.setTitle(title)
    canvas.setAuthor("")
    canvas.setSubject("")
    canvas.setCreator("bss-mfg")
    canvas.setViewerPreference("PrintScaling", "None")
    return canvas


@lru_cache(maxsize=1)
def _canvas_class() -> Any:
    """reportlab's canvas, but that a form has all resources that it uses: reportlab gives it fonts and forms alone."""
    from reportlab.pdfbase.pdfdoc import PDFFormXObject, PDFResourceDictionary
    from reportlab.pdfgen.canvas import Canvas

    class FormCanvas(Canvas):  # type: ignore[misc]
        def _setXObjects(self, thing: Any) -> None:  # noqa: N802  (reportlab's name)
            super()._setXObjects(thing)
            if isinstance(thing, PDFFormXObject):
                resources = PDFResourceDictionary()
                resources.basicFonts()
                resources.allProcs()
                resources.XObject = thing.XObjects or {}
                resources.ExtGState = getattr(thing, "ExtGState", None) or {}
                resources.setColorSpace(self._colorsUsed)
                resources.setShading(self._shadingUsed)
                thing.Resources = resources

    return FormCanvas


@lru_cache(maxsize=1)
def _first_font() -> str:
    return str(load_bundled_font("sans").reportlab_font.fontName)
