"""Brother raster mode, of QL label printers and P-touch tape printers: each page is a print job of its own.

Raster Command References (see `brother_media`), section 4: NUL (invalidate), ESC @, ESC i a 1 (raster mode), ESC i z
(print information), ESC i M, A and K (cutting), ESC i d (margin), M (compression), g and G (raster line), Z (empty
line), Control-Z (print and feed). A line goes from the head's right to its left, first pin in the highest bit.

The QL-800 knows no compression, so a QL gets plain lines; P-touch lines are packed as TIFF PackBits.
"""

from __future__ import annotations

import re

import numpy as np

from bss_mfg.errors import InputError
from bss_mfg.label.render.languages.brother_media import BrotherMedium, find_medium, is_tape, right_pins
from bss_mfg.label.render.languages.page_dots import Dots
from bss_mfg.label.template.printer import Printer

COMMANDS = re.compile(
    rb"(?P<end>\x1a)|g\x00(?P<plain>.)|G(?P<packed>..)|\x1biz.{10}|\x1bi[aMKA].|\x1bid..|M.", re.DOTALL
)
"""A label's end, and what binary data follows."""
_INVALIDATE = bytes(400)
_CONTINUOUS, _DIE_CUT = 0x0A, 0x0B
_KIND, _WIDTH, _LENGTH, _RECOVER = 0x02, 0x04, 0x08, 0x80
_CUT = {"tear": b"\x1biM\x00", "cut": b"\x1biM\x40\x1biA\x01\x1biK\x08"}
_MIN_MARGIN_MM = {True: 2.0, False: 3.0}
"""Fed before and after each continuous page, P-touch or not."""


def render_page(dots: Dots, printer: Printer) -> bytes:
    """One print job. `InputError` where something black lies where the head can't print."""
    medium = find_medium(printer, dots.shape[1], dots.shape[0])
    lines = _head_lines(dots, printer, medium)
    tape = is_tape(printer)
    flags = _WIDTH | _RECOVER if tape else _KIND | _WIDTH | _LENGTH | _RECOVER
    kind = 0 if tape else _DIE_CUT if medium.length_mm else _CONTINUOUS
    margin = 0 if medium.length_mm else round(_MIN_MARGIN_MM[tape] * printer.dots_per_mm_y)
    information = bytes([flags, kind, medium.width_mm, medium.length_mm]) + len(lines).to_bytes(4, "little") + b"\0\0"
    out = [_INVALIDATE, b"\x1b@\x1bia\x01\x1biz", information, _CUT.get(printer.settings.after or "", b"")]
    out += [b"\x1bid", margin.to_bytes(2, "little"), b"M\x02" if tape else b"M\x00"]
    out += _tape_lines(lines) if tape else _plain_lines(lines)
    return b"".join([*out, b"\x1a"])


def data_length(command: re.Match[bytes]) -> int:
    """How many bytes of dots follow a raster line's head."""
    if command["packed"]:
        return int.from_bytes(command["packed"], "little")
    return command["plain"][0] if command["plain"] else 0


def _head_lines(dots: Dots, printer: Printer, medium: BrotherMedium) -> np.ndarray:
    """The page as lines of the head, in bytes: it lies in the middle of its medium, turned as the pins are counted."""
    height, width = dots.shape
    printable_width, printable_height = medium.printable
    rows = printable_height or height
    head = np.zeros((rows, printer.head_pins), bool)
    left = printer.head_pins - right_pins(printer, medium) - printable_width
    x, y = (printable_width - width) // 2, (rows - height) // 2
    inside = dots[max(-y, 0) : max(-y, 0) + rows, max(-x, 0) : max(-x, 0) + printable_width]
    if int(inside.sum()) != int(dots.sum()):
        raise InputError(
            f"{printer.name} can't print to the edges of a medium {medium.width_mm} mm wide: only the middle "
            f"{printable_width / printer.dots_per_mm_x:.4g} mm",
            way_out="Move what lies at the edges inwards, or choose a narrower template; `margins` in the printer's "
            "file tell it before labels are made.",
        )
    top, start = max(y, 0), left + max(x, 0)
    head[top : top + inside.shape[0], start : start + inside.shape[1]] = inside
    return np.packbits(head[:, ::-1], axis=1)


def _plain_lines(lines: np.ndarray) -> list[bytes]:
    heads = np.tile(np.frombuffer(bytes([0x67, 0x00, lines.shape[1]]), np.uint8), (len(lines), 1))
    return [np.concatenate([heads, lines], axis=1).tobytes()]


def _tape_lines(lines: np.ndarray) -> list[bytes]:
    out = []
    for line in lines:
        packed = pack_bits(line.tobytes()) if line.any() else b""
        out.append(b"G" + len(packed).to_bytes(2, "little") + packed if packed else b"Z")
    return out


def pack_bits(data: bytes) -> bytes:
    """TIFF PackBits: runs of one byte, and stretches of others (TIFF 6.0, section 9; Brother's "M" command)."""
    out = bytearray()
    position = 0
    for run in re.finditer(rb"(.)\1{2,}", data, re.DOTALL):
        _literal(out, data[position : run.start()])
        left = run.end() - run.start()
        while left:
            count = min(left, 128)
            out += bytes([(257 - count) % 256, data[run.start()]])
            left -= count
        position = run.end()
    _literal(out, data[position:])
    return bytes(out)


def _literal(out: bytearray, data: bytes) -> None:
    for start in range(0, len(data), 128):
        part = data[start : start + 128]
        out.append(len(part) - 1)
        out += part
