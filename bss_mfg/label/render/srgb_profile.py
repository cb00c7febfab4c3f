"""The ICC profile of sRGB, the same bytes everywhere (IEC 61966-2-1; ICC.1:2001-04, version 2.4)."""

from __future__ import annotations

import struct
from functools import lru_cache

_ENTRIES = 1024
_WHITE = (0.96420, 1.0, 0.82491)
"""D50, the white of the profile connection space."""
_PRIMARIES = {
    b"rXYZ": (0.43607, 0.22249, 0.01392),
    b"gXYZ": (0.38515, 0.71687, 0.09708),
    b"bXYZ": (0.14307, 0.06061, 0.71410),
}
"""The primaries of sRGB, adapted to D50 by Bradford's method."""


@lru_cache(maxsize=1)
def srgb_profile() -> bytes:
    """The profile of sRGB as a display."""
    name = b"sRGB IEC61966-2.1\0"
    description = b"desc\0\0\0\0" + struct.pack(">I", len(name)) + name + bytes(78)
    curve = b"curv\0\0\0\0" + struct.pack(f">I{_ENTRIES}H", _ENTRIES, *map(_curve, range(_ENTRIES)))
    tags = {
        b"desc": description,
        b"cprt": b"text\0\0\0\0Public domain\0",
        b"wtpt": _xyz(_WHITE),
        **{name: _xyz(values) for name, values in _PRIMARIES.items()},
    }
    at = 128 + 4 + 12 * (len(tags) + 3)
    table, body = [], b""
    for tag, data in tags.items():
        table.append(struct.pack(">4sII", tag, at + len(body), len(data)))
        body += data + bytes(-len(data) % 4)
    table += [struct.pack(">4sII", tag, at + len(body), len(curve)) for tag in (b"rTRC", b"gTRC", b"bTRC")]
    body += curve + bytes(-len(curve) % 4)
    head = struct.pack(
        ">I4xI4s4s4s6H4s24xI12s48x",
        at + len(body),
        0x02400000,
        b"mntr",
        b"RGB ",
        b"XYZ ",
        *(2000, 1, 1, 0, 0, 0),
        b"acsp",
        0,
        _xyz(_WHITE)[8:],
    )
    return head + struct.pack(">I", len(table)) + b"".join(table) + body


def _curve(step: int) -> int:
    value = step / (_ENTRIES - 1)
    linear = value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
    return round(linear * 65535)


def _xyz(values: tuple[float, float, float]) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in values))
