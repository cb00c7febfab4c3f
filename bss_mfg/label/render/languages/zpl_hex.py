"""ZPL II for printers that only resemble a Zebra: the page as `^GF` graphics in plain hex digits, and no other field.

Nothing is compressed and no symbol is left to the printer: clones often know neither `:Z64:` nor the repetition marks
of Zebra's data compression, and have a Data Matrix of their own making. (ZPL II Programming Guide, P1099958, ^GF: A is
ASCII hexadecimal; at most 99999 bytes a field.)
"""

from __future__ import annotations

from bss_mfg.label.render.languages.page_dots import Dots, bands_of
from bss_mfg.label.render.zpl_settings import zpl_settings_before, zpl_settings_inside
from bss_mfg.label.template.printer import Printer

END = b"^XZ\n"
_MAX_BYTES = 65_536


def render_page(dots: Dots, printer: Printer) -> bytes:
    """One format, `^XA` to `^XZ`."""
    height, width = dots.shape
    out = [
        f"{zpl_settings_before(printer)}^XA^PW{width}^LL{height}^LH0,0^PON^PMN{zpl_settings_inside(printer)}\n".encode()
    ]
    for band in bands_of(dots, _MAX_BYTES):
        size = len(band.data)
        out.append(f"^FO{band.x},{band.y}^GFA,{size},{size},{band.width_bytes},{band.data.hex().upper()}^FS\n".encode())
    return b"".join([*out, b"^PQ1", END])
