"""TSPL and TSPL2, of TSC printers and many others.

TSPL/TSPL2 Programming Manual: SIZE, GAP, BLINE, OFFSET, SPEED, DENSITY, CLS, BITMAP, PRINT, SET TEAR, SET PEEL, SET
CUTTER. In a BITMAP a 0 is a black dot (its example draws an arrow in zeros); mode 0 overwrites what is there.
"""

from __future__ import annotations

import re

from bss_mfg.label.render.languages.page_dots import Dots, bands_of
from bss_mfg.label.template.printer import Printer

COMMANDS = re.compile(rb"(?P<end>PRINT 1,1\r\n)|BITMAP \d+,\d+,(?P<width>\d+),(?P<height>\d+),0,")
"""A label's end, and what binary data follows."""
_AFTER = {"tear": ("SET TEAR ON",), "peel": ("SET PEEL ON",), "cut": ("SET TEAR OFF", "SET CUTTER 1")}


def render_page(dots: Dots, printer: Printer) -> bytes:
    """One label: its size, what is set, its dots."""
    height, width = dots.shape
    size = f"SIZE {width / printer.dots_per_mm_x:.2f} mm,{height / printer.dots_per_mm_y:.2f} mm"
    out = [f"{line}\r\n".encode() for line in (size, *_settings(printer), "CLS")]
    for band in bands_of(dots):
        out += [f"BITMAP {band.x},{band.y},{band.width_bytes},{band.height},0,".encode(), band.inverted, b"\r\n"]
    return b"".join([*out, b"PRINT 1,1\r\n"])


def _settings(printer: Printer) -> list[str]:
    settings = printer.settings
    lines = []
    if settings.tracking == "continuous":
        lines.append("GAP 0 mm,0 mm")
    elif settings.tracking:
        lines.append(f"{'GAP' if settings.tracking == 'gap' else 'BLINE'} {settings.gap_mm:g} mm,0 mm")
    if settings.speed is not None:
        lines.append(f"SPEED {settings.speed:g}")
    if settings.darkness is not None:
        lines.append(f"DENSITY {settings.darkness}")
    if settings.after:
        lines += _AFTER[settings.after]
    if settings.feed_mm is not None:
        lines.append(f"OFFSET {round(settings.feed_mm, 2):g} mm")
    return lines
