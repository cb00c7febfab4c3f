"""A unit's key as firmware gets it wrong: cut off, reversed, as text, not at all.

A device that tells its random to a peer whose confirmation it hasn't checked tells how it made its own. It is compared
with the unit's own key, wrongly used, and never with other units' keys.
"""

from __future__ import annotations

from collections.abc import Iterator

from bss_mfg.device.verdict import VerdictKind
from bss_mfg.model import Secret


def mistaken_keys(key: Secret) -> Iterator[tuple[VerdictKind, Secret]]:
    """Keys of the same length that a mistake makes of `key`, each with its name. The caller wipes them."""
    data = bytearray()
    key.feed(data.extend)
    size = len(data)
    try:
        yield VerdictKind.ZERO_KEY, Secret(bytes(size))
        yield VerdictKind.REVERSED_KEY, _joined(data[::-1])
        for digits in (data.hex(), data.hex().upper()):
            yield VerdictKind.TEXT_KEY, Secret(digits[:size].encode("ascii"))
        for kept in range(1, size):
            zeros = bytearray(size - kept)
            for part in (data[:kept], data[-kept:]):
                yield VerdictKind.TRIMMED_KEY, _joined(part, zeros)
                yield VerdictKind.TRIMMED_KEY, _joined(zeros, part)
    finally:
        data[:] = bytes(size)


def _joined(*parts: bytearray) -> Secret:
    """A secret of parts, which are wiped unless they are zeros."""
    secret = Secret(b"".join(parts))
    for part in parts:
        part[:] = bytes(len(part))
    return secret
