"""EPL2 (page mode), of Eltron's and Zebra's desktop printers.

EPL Programming Guide, 14245L-003: N (clear), q (width), Q (length and gap), D (density), S (speed), O (options), GW
(direct graphic write), P (print). In GW a 0 is a black dot; q and Q clear the image buffer, so they stand before N.
"""

from __future__ import annotations

import re

from bss_mfg.label.render.languages.page_dots import Dots, bands_of
from bss_mfg.label.template.printer import Printer

COMMANDS = re.compile(rb"(?P<end>P1\n)|GW\d+,\d+,(?P<width>\d+),(?P<height>\d+),")
"""A label's end, and what binary data follows."""
_OPTION = {"peel": "OP", "cut": "OC"}


def render_page(dots: Dots, printer: Printer) -> bytes:
    """One label: what is set, its dots, P1. The empty line ends whatever stood before."""
    height, width = dots.shape
    out = [f"{line}\n".encode() for line in ("", f"q{-(-width // 8) * 8}", *_settings(printer, height), "N")]
    for band in bands_of(dots):
        out += [f"GW{band.x},{band.y},{band.width_bytes},{band.height},".encode(), band.inverted, b"\n"]
    return b"".join([*out, b"P1\n"])


def _settings(printer: Printer, height: int) -> list[str]:
    settings = printer.settings
    lines = []
    if settings.tracking:
        gap = round((settings.gap_mm or 0.0) * printer.dots_per_mm_y)
        lines.append(f"Q{height}," + {"gap": f"{gap}", "mark": f"B{gap},0", "continuous": "0"}[settings.tracking])
    if settings.darkness is not None:
        lines.append(f"D{settings.darkness}")
    if settings.speed is not None:
        lines.append(f"S{settings.speed:g}")
    if settings.after:
        lines.append(_OPTION[settings.after])
    return lines
