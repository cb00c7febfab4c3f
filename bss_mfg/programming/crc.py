"""Check sums of binary images by name."""

from __future__ import annotations

import binascii
import zlib
from collections.abc import Callable, Mapping
from types import MappingProxyType

from bss_mfg.core.bits import reversed_crc16

CRC_ALGORITHMS: Mapping[str, tuple[int, Callable[[bytes], int]]] = MappingProxyType(
    {
        "crc32": (4, zlib.crc32),
        "crc16-ccitt-false": (2, lambda data: binascii.crc_hqx(data, 0xFFFF)),
        "crc16-xmodem": (2, lambda data: binascii.crc_hqx(data, 0)),
        "crc16-kermit": (2, lambda data: reversed_crc16(data, 0)),
    }
)
"""Check sums by name: their size in bytes and how they are computed. "CRC-16 CCITT" alone is the name of three."""
