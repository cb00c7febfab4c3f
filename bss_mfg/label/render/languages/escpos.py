"""ESC/POS, of Epson's and other receipt printers, with the commands for label and black mark paper.

ESC/POS Application Programming Guide (TM-L90, ver. 10.01): ESC @ (initialise), GS ( K functions 49 and 50 (density,
speed), GS v 0 (raster bit image, 1 is a black dot), ESC J (print and feed, in dots), FS ( L functions 65, 66, 67 (feed
to the peeling, cutting, print starting position, pages 654 to 656), GS V (cut). The paper's layout is kept in the
printer (GS ( E): it isn't changed here.
"""

from __future__ import annotations

import re

import numpy as np

from bss_mfg.label.render.languages.page_dots import Dots
from bss_mfg.label.template.printer import Printer

COMMANDS = re.compile(rb"(?P<start>\x1b@)|\x1dv0\x00(?P<raster>.{4})", re.DOTALL)
"""A label's start, and what binary data follows: width in bytes and height in dots, low byte first."""
_RASTER = b"\x1dv0\x00"
_TO_PEEL, _TO_CUT, _TO_START = b"\x1c(L\x02\x00A0", b"\x1c(L\x02\x00B0", b"\x1c(L\x02\x00C0"
_CUT, _FEED_AND_CUT = b"\x1dV\x00", b"\x1dVA\x00"
_MAX_ROWS = 1_024
"""Of one raster image, that any printer takes."""


def render_page(dots: Dots, printer: Printer) -> bytes:
    """One label: its rows from the first to the last, for this language has no places down the page."""
    settings = printer.settings
    out = [b"\x1b@"]
    if settings.darkness is not None:
        out.append(b"\x1d(K\x02\x00\x31" + bytes([settings.darkness % 256]))
    if settings.speed is not None:
        out.append(b"\x1d(K\x02\x00\x32" + bytes([round(settings.speed)]))
    packed = np.packbits(dots, axis=1)
    for top in range(0, len(packed), _MAX_ROWS):
        rows, width = packed[top : top + _MAX_ROWS].shape
        size = width.to_bytes(2, "little") + rows.to_bytes(2, "little")
        out += [_RASTER, size, packed[top : top + _MAX_ROWS].tobytes()]
    if settings.feed_mm:
        out.append(b"\x1bJ" + bytes([min(round(settings.feed_mm * printer.dots_per_mm_y), 255)]))
    return b"".join([*out, *_finish(printer)])


def data_length(command: re.Match[bytes]) -> int:
    """How many bytes of dots follow a raster image's head."""
    size = command["raster"]
    return int.from_bytes(size[:2], "little") * int.from_bytes(size[2:], "little")


def _finish(printer: Printer) -> list[bytes]:
    """What brings the label to where it is taken, and the paper to the next one."""
    tracking, after = printer.settings.tracking, printer.settings.after
    on_labels = tracking in ("gap", "mark")
    if after == "peel":
        return [_TO_PEEL]
    if after == "cut":
        return [_TO_CUT, _CUT] if on_labels else [_FEED_AND_CUT]
    return [_TO_START] if on_labels else []
