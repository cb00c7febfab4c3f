"""The order of bits in bytes."""

from __future__ import annotations

import binascii

REVERSED_BITS = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))
"""Each byte with its bits in reverse order; a table for `bytes.translate`."""


def reversed_crc16(data: bytes, start: int) -> int:
    """The CRC-16 of `data` by the polynomial 0x1021 with bits taken lowest first, before any final inversion.

    CRC-16/KERMIT has `start` 0; CRC-16/X-25 has 0xFFFF and inverts the result (ITU-T V.41 and X.25).
    """
    # crc_hqx is the same polynomial with the bits in the other order.
    crc = binascii.crc_hqx(data.translate(REVERSED_BITS), start)
    return int.from_bytes(crc.to_bytes(2).translate(REVERSED_BITS), "little")
