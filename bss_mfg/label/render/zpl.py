"""Label rows -> ZPL II. Every field is the dots we planned: what the printer's own fonts or encoders would make of it,
nobody here can know.

`^BX`, the printer's own Data Matrix, is used only where every conforming encoder makes the same symbol: an even number
of digits packs best as digit pairs (ISO/IEC 16022, 5.2.2), whatever the look-ahead; and where dots are square, for it
knows one module size. Every other payload can be encoded in several right ways, and is sent as a `^GF` graphic. (ZPL II
Programming Guide: ^BX, ^GF, Appendix "Alternative data compression scheme" and ":Z64:".)
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from bss_mfg.label.layout.file_content import LabelFileContent
from bss_mfg.label.layout.label_rows import LabelRow
from bss_mfg.label.layout.symbol_fit import SymbolPlan
from bss_mfg.label.render.glyphs import TextStrip, rotate_text
from bss_mfg.label.render.patches import Bits
from bss_mfg.label.render.raster import LabelBitmaps, label_bitmaps
from bss_mfg.label.render.symbols import symbols_of
from bss_mfg.label.render.turned_pages import turned_pages
from bss_mfg.label.render.zpl_settings import zpl_settings_before, zpl_settings_inside
from bss_mfg.label.template.printer import Printer
from bss_mfg.symbol import Matrix

MAX_FIELD = 99_999
"""Bytes of one ^GF: what is larger, a printer cuts to this (Programming Guide, ^GF, parameters b and c)."""


def render_zpl(content: LabelFileContent) -> bytes:
    """One format (`^XA` to `^XZ`) for each page."""
    layout = content.layout
    if layout.printer.rotate:
        return _turned_zpl(content)
    bitmaps = label_bitmaps(layout)
    only_adds = bitmaps.only_adds
    fixed = {place: _fixed_fields(bitmaps, place) if only_adds else "" for place in range(len(layout.places))}
    width, height = layout.page_dots
    before, inside = _settings(layout.printer)
    head = f"{before}^XA^CI28^PW{width}^LL{height}^LH0,0^PON^PMN{inside}\n"
    out: list[bytes] = []
    place = content.start_at - 1
    fields: list[str] = []
    for number, row in enumerate(content.rows):
        fields.append(fixed[place])
        fields += (_added_fields if only_adds else _flat_field)(bitmaps, place, row)
        place += 1
        if place == len(layout.places) or number == len(content.rows) - 1:
            out.append("".join([head, *fields, "^PQ1^XZ\n"]).encode("ascii"))
            fields, place = [], 0
    return b"".join(out)


def _added_fields(bitmaps: LabelBitmaps, place: int, row: LabelRow) -> Iterator[str]:
    """What changes on a label to which black dots are only added: a field for each symbol, shape and line of text."""
    x, y = bitmaps.origin(place)
    layout = bitmaps.layout
    for plan, matrix in symbols_of(layout, row):
        native = plan is layout.symbol and plan.module_dots_x == plan.module_dots_y and is_native(row.payload)
        at = plan.origins[place]
        yield _native(row.payload, plan, *at) if native else _symbol(matrix, plan, *at)
    for patch in bitmaps.shapes(row):
        yield packed_field(x + patch.x, y + patch.y, patch.black)
    for dx, dy, strip, turn in bitmaps.strips(row):
        yield _text(x + dx, y + dy, strip, turn)


def _fixed_fields(bitmaps: LabelBitmaps, place: int) -> str:
    x, y = bitmaps.origin(place)
    return "".join(packed_field(x + patch.x, y + patch.y, patch.black) for patch in bitmaps.fixed_layers if patch)


def _flat_field(bitmaps: LabelBitmaps, place: int, row: LabelRow) -> Iterator[str]:
    """A label on which white covers what changes: fields can't take dots away, so it goes out as one."""
    x, y = bitmaps.origin(place)
    if patch := bitmaps.flat(place, row):
        yield packed_field(x + patch.x, y + patch.y, patch.black)


def _turned_zpl(content: LabelFileContent) -> bytes:
    """Pages that are turned go out as one graphic each."""
    before, inside = _settings(content.layout.printer)
    formats = [
        f"{before}^XA^CI28^PW{page.shape[1]}^LL{page.shape[0]}^LH0,0^PON^PMN{inside}\n"
        f"{packed_field(0, 0, page)}^PQ1^XZ\n"
        for page in turned_pages(content)
    ]
    return "".join(formats).encode("ascii")


def _settings(printer: Printer) -> tuple[str, str]:
    """What is set at the printer: before a format, and inside it."""
    return zpl_settings_before(printer.as_printed()), zpl_settings_inside(printer)


def is_native(payload: str) -> bool:
    """Whether every conforming encoder makes the same Data Matrix of this payload."""
    return len(payload) % 2 == 0 and payload.isascii() and payload.isdecimal()


def _native(payload: str, plan: SymbolPlan, x: int, y: int) -> str:
    return f"^FO{x},{y}^BXN,{plan.module_dots_x},200,{plan.columns},{plan.rows}^FD{payload}^FS\n"


def _symbol(matrix: Matrix, plan: SymbolPlan, x: int, y: int) -> str:
    """A symbol as a graphic: each row of modules once in hex, then repeated (`:`)."""
    packed = np.frombuffer(matrix.packed, np.uint8)
    width = matrix.stride * plan.module_dots_x
    rows = np.full((matrix.rows, 2 * width + plan.module_dots_y - 1), ord(":"), np.uint8)
    rows[:, : 2 * width] = _widen_dots(plan.module_dots_x)[packed].reshape(matrix.rows, 2 * width)
    fields, dots = [], plan.module_dots_y
    each = max(MAX_FIELD // (width * dots), 1)
    for top in range(0, matrix.rows, each):
        part = rows[top : top + each]
        total = width * len(part) * dots
        fields.append(f"^FO{x},{y + top * dots}^GFA,{total},{total},{width},{part.tobytes().decode('ascii')}^FS\n")
    return "".join(fields)


@lru_cache(maxsize=64)
def _widen_dots(dots: int) -> NDArray[np.uint8]:
    """Each byte of modules as the hex digits of its dots: 256 rows."""
    digits = "".join(f"{int(''.join(bit * dots for bit in f'{byte:08b}'), 2):0{2 * dots}X}" for byte in range(256))
    return np.frombuffer(digits.encode("ascii"), np.uint8).reshape(256, 2 * dots)


def _text(x: int, y: int, strip: TextStrip, turn: int) -> str:
    """A line of text as a graphic; empty rows at its top and bottom are left out."""
    if turn or x < 0 or y < 0:
        return packed_field(x, y, rotate_text(strip, turn))
    stride = strip.stride // 8
    data = strip.row_bytes
    kept = data.lstrip(b"\0")
    if not kept:
        return ""
    top = (len(data) - len(kept)) // stride
    bottom = -(-len(data.rstrip(b"\0")) // stride)
    return _deflate_graphic(x, y + top, data[top * stride : bottom * stride], stride, 1)


def packed_field(x: int, y: int, bits: Bits) -> str:
    """A large graphic: deflated (`:Z64:` with its CRC)."""
    if x < 0 or y < 0:
        bits, x, y = bits[max(-y, 0) :, max(-x, 0) :], max(x, 0), max(y, 0)
    if not bits.size:
        return ""
    packed = np.packbits(bits, axis=1)
    return _deflate_graphic(x, y, packed.tobytes(), packed.shape[1], 9)


def _deflate_graphic(x: int, y: int, data: bytes, stride: int, level: int) -> str:
    if len(data) > MAX_FIELD:
        each = MAX_FIELD // stride
        tops = range(0, len(data) // stride, each)
        parts = ((y + top, data[top * stride : (top + each) * stride]) for top in tops)
        return "".join(_deflate_graphic(x, below, part, stride, level) for below, part in parts)
    text = base64.b64encode(zlib.compress(data, level))
    crc = binascii.crc_hqx(text, 0)
    return f"^FO{x},{y}^GFA,{len(data)},{len(data)},{stride},:Z64:{text.decode('ascii')}:{crc:04X}^FS\n"
