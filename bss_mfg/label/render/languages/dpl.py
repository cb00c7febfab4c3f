"""DPL, of Datamax, Datamax-O'Neil and Honeywell printers: the page is sent as a PCX picture and placed on a label.

Class Series 2 and E-Class Programmer's Manuals: <SOH>D (no immediate commands: a picture's bytes are not to be taken
for some), <STX>I (image: module D, P = PCX "flipped", that is upright for a label that comes out foot first), <STX>L
(label), D (dot size), H (heat), P (speed), ":" (cut by), image record 1Y11000rrrrcccc, Q, E, <STX>x (delete), <STX>e,
<STX>r and <STX>c (gap, mark, continuous). A record's row and column are counted from the label's bottom left.
"""

from __future__ import annotations

import re
from io import BytesIO

from bss_mfg.label.render.languages.page_dots import Dots
from bss_mfg.label.template.printer import Printer

_SOH, _STX = b"\x01", b"\x02"
_IMAGE = re.compile(rb"\x02IDP(bss\d+)\r")
_SENSOR = {"gap": b"e", "mark": b"r"}


def render_page(dots: Dots, printer: Printer) -> bytes:
    """One label: the picture, the label that shows it, and the picture's deletion, which ends it."""
    picture = _pcx(dots)
    number = next(number for number in range(100) if _end(b"bss%d" % number) not in picture)
    name = b"bss%d" % number
    out = [_SOH, b"D", *_sensor(printer, dots.shape[0]), _STX, b"IDP", name, b"\r", picture, b"\r", _STX, b"L\r"]
    out += [b"D11\r", *(f"{line}\r".encode() for line in _settings(printer))]
    return b"".join([*out, b"1Y1100000000000", name, b"\rQ0001\rE\r", _end(name)])


def split_labels(data: bytes) -> list[bytes]:
    """The labels of a file: each ends where its picture is deleted."""
    labels, start = [], 0
    while image := _IMAGE.search(data, start):
        end = data.index(_end(image[1]), image.end()) + len(_end(image[1]))
        labels.append(data[start:end])
        start = end
    return labels


def _end(name: bytes) -> bytes:
    return _STX + b"xDG" + name + b"\r"


def _pcx(dots: Dots) -> bytes:
    """A PCX file: 1 bit a dot, top row first, 0 for black."""
    from PIL import Image

    out = BytesIO()
    Image.fromarray(~dots).save(out, "PCX")
    return out.getvalue()


def _sensor(printer: Printer, height: int) -> list[bytes]:
    tracking = printer.settings.tracking
    if not tracking:
        return []
    if tracking == "continuous":  # the length in hundredths of an inch
        return [_STX, b"n", _STX, f"c{round(height / printer.dots_per_mm_y / 25.4 * 100):04d}".encode()]
    return [_STX, b"c0000", _STX, _SENSOR[tracking]]


def _settings(printer: Printer) -> list[str]:
    settings = printer.settings
    lines = []
    if settings.darkness is not None:
        lines.append(f"H{settings.darkness:02d}")
    if settings.speed is not None:
        # A is 1 inch a second, and each letter half an inch more (manual, appendix "Speed Ranges").
        lines.append(f"P{chr(ord('A') + round((settings.speed - 1) * 2))}")
    if settings.after == "cut":
        lines.append(":0001")
    return lines
