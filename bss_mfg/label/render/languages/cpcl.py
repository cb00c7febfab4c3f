"""CPCL, of Zebra's (Comtec's) mobile printers.

CPCL Programming Guide for Link-OS, P1073699-001, and Mobile Printing Systems CPCL Programming Manual: "!" (label
session), PAGE-WIDTH, CG (compressed graphics: binary, 1 is a black dot; section 7), CONTRAST, SPEED, GAP-SENSE,
BAR-SENSE, PRESENT-AT, CUT, FORM, PRINT. The two resolutions in a session's first line are always 200: places are dots.
"""

from __future__ import annotations

import re

from bss_mfg.label.render.languages.page_dots import Dots, bands_of
from bss_mfg.label.template.printer import Printer

COMMANDS = re.compile(rb"(?P<end>(?<!SENSE\r\n)PRINT\r\n)|CG (?P<width>\d+) (?P<height>\d+) \d+ \d+ ")
"""A label's end, and what binary data follows."""
_SENSE = {"gap": b"GAP-SENSE", "mark": b"BAR-SENSE"}


def first_bytes(printer: Printer) -> bytes:
    """The sensor is chosen in a session of its own, at the head of a file."""
    sense = _SENSE.get(printer.settings.tracking or "")
    return b"! UTILITIES\r\n" + sense + b"\r\nPRINT\r\n" if sense else b""


def render_page(dots: Dots, printer: Printer) -> bytes:
    """One label session."""
    height, width = dots.shape
    out = [f"! 0 200 200 {height} 1\r\nPAGE-WIDTH {width}\r\n".encode()]
    out += [f"{line}\r\n".encode() for line in _settings(printer)]
    for band in bands_of(dots):
        out += [f"CG {band.width_bytes} {band.height} {band.x} {band.y} ".encode(), band.data, b"\r\n"]
    if printer.settings.tracking != "continuous":
        out.append(b"FORM\r\n")
    return b"".join([*out, b"PRINT\r\n"])


def _settings(printer: Printer) -> list[str]:
    settings = printer.settings
    lines = []
    if settings.darkness is not None:
        lines.append(f"CONTRAST {settings.darkness}")
    if settings.speed is not None:
        lines.append(f"SPEED {settings.speed:g}")
    if settings.feed_mm is not None:
        lines.append(f"PRESENT-AT {round(settings.feed_mm * printer.dots_per_mm_y)} 1")
    if settings.after == "cut":
        lines.append("CUT")
    return lines
