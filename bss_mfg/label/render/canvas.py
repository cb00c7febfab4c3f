"""The canvas of reportlab as label files need it: the same bytes for the same drawing, never scaled."""

from __future__ import annotations

from io import BytesIO
from typing import Any

INSET = 0.05
"""Dots by which each painted shape is smaller on every side."""


def new_canvas(buffer: BytesIO, page: tuple[float, float], title: str) -> Any:
    """A canvas whose bytes depend on what is drawn only, and whose viewers are told not to scale."""
    from reportlab import rl_config
    from reportlab.pdfgen.canvas import Canvas

    rl_config.useA85 = 0  # plain binary streams: a fifth smaller
    canvas: Any = Canvas(buffer, pagesize=page, invariant=1, pageCompression=1)
    canvas.setTitle(title)
    canvas.setAuthor("")
    canvas.setSubject("")
    canvas.setCreator("bss-mfg")
    canvas.setViewerPreference("PrintScaling", "None")
    return canvas
