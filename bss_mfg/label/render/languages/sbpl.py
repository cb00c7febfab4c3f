"""SBPL, of SATO printers.

SATO SBPL Programming Reference (e and Pro series, PN 9001096): <ESC>A and <ESC>Z (start and end), <ESC>V and <ESC>H
(place, from 1), <ESC>GH (custom graphics in hex, 2-37: blocks of 8 x 8 dots, row after row, 1 is a black dot; at most
248 x 267 blocks), <ESC>Q (quantity), <ESC>CS (speed), and in streams of their own <ESC>#E (darkness, 2-51), <ESC>IG
(sensor, 6-10), <ESC>PM (print mode). Hex, for no line between here and a SATO then takes a data byte for its own.
"""

from __future__ import annotations

import re

from bss_mfg.label.render.languages.page_dots import Dots, bands_of
from bss_mfg.label.template.printer import Printer

_STX, _ESC, _ETX = b"\x02", b"\x1b", b"\x03"
COMMANDS = re.compile(rb"(?P<end>\x1bQ1\x1bZ\x03)")
"""A label's end; there is no binary data."""
_SENSOR = {"mark": 0, "gap": 1, "continuous": 2}
_PRINT_MODE = {"tear": 1, "cut": 2, "peel": 7}
_MAX_WIDTH, _MAX_HEIGHT = 248, 256 * 8
"""Blocks across; dots down."""


def first_bytes(printer: Printer) -> bytes:
    """What must be set in a stream of its own: at the head of a file, for the printer keeps it."""
    settings = printer.settings
    commands = []
    if settings.darkness is not None:
        commands.append(f"#E{settings.darkness}")
    if settings.tracking:
        commands.append(f"IG{_SENSOR[settings.tracking]}")
    if settings.after:
        commands.append(f"PM{_PRINT_MODE[settings.after]}")
    return b"".join(_STX + _ESC + b"A" + _ESC + command.encode() + _ESC + b"Z" + _ETX for command in commands)


def render_page(dots: Dots, printer: Printer) -> bytes:
    """One label."""
    out = [_STX, _ESC, b"A"]
    if printer.settings.speed is not None:
        out += [_ESC, f"CS{printer.settings.speed:g}".encode()]
    for band in bands_of(dots, _MAX_WIDTH * _MAX_HEIGHT, _MAX_WIDTH, step=8):
        for top in range(0, band.height, _MAX_HEIGHT):
            rows = band.data[top * band.width_bytes : (top + _MAX_HEIGHT) * band.width_bytes]
            blocks = len(rows) // band.width_bytes // 8
            head = f"V{band.y + top + 1:04d}\x1bH{band.x + 1:04d}\x1bGH{band.width_bytes:03d}{blocks:03d}"
            out += [_ESC, head.encode(), rows.hex().upper().encode()]
    return b"".join([*out, _ESC, b"Q1", _ESC, b"Z", _ETX])
