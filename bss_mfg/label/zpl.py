"""A part's rows -> ZPL II. Every field is the dots we planned: what the printer's own fonts or encoders would make of
it, nobody here can know.

`^BX`, the printer's own Data Matrix, is used only where every conforming encoder makes the same symbol: an even number
of digits packs best as digit pairs (ISO/IEC 16022, 5.2.2), whatever the look-ahead. Every other payload can be encoded
in several right ways, and is sent as a `^GF` graphic. (ZPL II Programming Guide: ^BX, ^GF, Appendix "Alternative data
compression scheme" and ":Z64:".)
"""

from __future__ import annotations

import base64
import binascii
import zlib

import numpy as np

from bss_mfg.label.layout import SymbolPlan
from bss_mfg.label.pdf import PartJob
from bss_mfg.label.raster import Bits, Pieces, modules_of
from bss_mfg.symbol import Matrix


def render_zpl(job: PartJob) -> bytes:
    """One format (`^XA` to `^XZ`) for each page."""
    layout = job.layout
    pieces = Pieces(layout)
    width, height = layout.page_dots
    fixed = {cell: "".join(packed_field(*piece) for piece in pieces.fixed(cell)) for cell in range(len(layout.cells))}
    head = f"^XA^CI28^PW{width}^LL{height}^LH0,0^PON^PMN\n"
    out: list[str] = []
    cell = job.start_at - 1
    fields: list[str] = []
    for number, row in enumerate(job.rows):
        fields.append(fixed[cell])
        for plan, matrix in pieces.symbols(row):
            native = layout.symbol is plan and is_native(row.payload)
            x, y = plan.origins[cell]
            fields.append(_native(row.payload, plan, x, y) if native else _symbol(matrix, plan, x, y))
        x, y = pieces.origin(cell)
        fields += [packed_field(x + dx, y + dy, bits) for dx, dy, bits in pieces.shapes(row)]
        fields += [_rows_field(x + dx, y + dy, bits) for dx, dy, bits in pieces.texts(row)]
        cell += 1
        if cell == len(layout.cells) or number == len(job.rows) - 1:
            out += [head, *fields, "^PQ1^XZ\n"]
            fields, cell = [], 0
    return "".join(out).encode("ascii")


def is_native(payload: str) -> bool:
    """Whether every conforming encoder makes the same Data Matrix of this payload."""
    return len(payload) % 2 == 0 and payload.isascii() and payload.isdecimal()


def _native(payload: str, plan: SymbolPlan, x: int, y: int) -> str:
    return f"^FO{x},{y}^BXN,{plan.dots_x},200,{plan.columns},{plan.rows}^FD{payload}^FS\n"


def _symbol(matrix: Matrix, plan: SymbolPlan, x: int, y: int) -> str:
    """A symbol as a graphic: each row of modules once, then repeated (`:`)."""
    wide = np.repeat(modules_of(matrix), plan.dots_x, axis=1)
    packed = np.packbits(wide, axis=1)
    stride = packed.shape[1]
    text, digits = packed.tobytes().hex().upper(), 2 * stride
    repeat = ":" * (plan.dots_y - 1)
    rows = repeat.join([text[at : at + digits] for at in range(0, len(text), digits)])
    total = stride * matrix.rows * plan.dots_y
    return f"^FO{x},{y}^GFA,{total},{total},{stride},{rows}{repeat}^FS\n"


def _rows_field(x: int, y: int, bits: Bits) -> str:
    """A small graphic: rows in hex, empty ends cut (`,`)."""
    rows = np.flatnonzero(bits.any(axis=1))
    if not len(rows):
        return ""
    columns = np.flatnonzero(bits.any(axis=0))
    top, left = int(rows[0]), int(columns[0])
    bits = bits[top : rows[-1] + 1, left : columns[-1] + 1]
    x, y = x + left, y + top
    if x < 0 or y < 0:  # ^FO can't point off the label
        bits, x, y = bits[max(-y, 0) :, max(-x, 0) :], max(x, 0), max(y, 0)
        if not bits.size:
            return ""
    packed = np.packbits(bits, axis=1)
    stride = packed.shape[1]
    text, digits = packed.tobytes().hex().upper(), 2 * stride
    lines = []
    for at in range(0, len(text), digits):
        line = text[at : at + digits]
        kept = line.rstrip("0")
        kept += "0" * (len(kept) % 2)
        # A comma after a full row would begin another one.
        lines.append(kept if len(kept) == digits else kept + ",")
    total = stride * len(lines)
    return f"^FO{x},{y}^GFA,{total},{total},{stride},{''.join(lines)}^FS\n"


def packed_field(x: int, y: int, bits: Bits) -> str:
    """A large graphic: deflated (`:Z64:` with its CRC)."""
    if x < 0 or y < 0:
        bits, x, y = bits[max(-y, 0) :, max(-x, 0) :], max(x, 0), max(y, 0)
    if not bits.size:
        return ""
    packed = np.packbits(bits, axis=1)
    text = base64.b64encode(zlib.compress(packed.tobytes(), 9))
    crc = binascii.crc_hqx(text, 0)
    return f"^FO{x},{y}^GFA,{packed.size},{packed.size},{packed.shape[1]},:Z64:{text.decode()}:{crc:04X}^FS\n"
