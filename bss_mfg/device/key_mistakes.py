"""A unit's key as firmware gets it wrong: cut off, reversed, as text, not at all.

A device that tells its random to a peer whose confirmation it hasn't checked tells how it made its own. It is compared
with the unit's own key, wrongly used, and never with other units' keys.
"""

from __future__ import annotations

from collections.abc import Iterator

from bss_mfg.device.verdict import VerdictKind
from bss_mfg.model import Secret

_DIGITS = b"0123456789abcdef", b"0123456789ABCDEF"


def mistaken_keys(key: Secret) -> Iterator[tuple[VerdictKind, Secret]]:
    """Keys of the same length that a mistake makes of `key`, each with its name. The caller wipes them; nothing is made
    on the way that can't be wiped."""
    data = bytearray()
    key.feed(data.extend)
    size = len(data)
    try:
        yield VerdictKind.ZERO_KEY, Secret(bytes(size))
        yield VerdictKind.REVERSED_KEY, _moved(data[::-1])
        for digits in _DIGITS:
            yield VerdictKind.TEXT_KEY, _moved(_text(data, digits))
        for kept in range(1, size):
            for taken_from in (0, size - kept):
                for put_to in (0, size - kept):
                    yield VerdictKind.TRIMMED_KEY, _moved(_part(data, kept, taken_from, put_to))
    finally:
        data[:] = bytes(size)


def _text(data: bytearray, digits: bytes) -> bytearray:
    """As many of its hex digits as it has bytes."""
    text = bytearray(len(data))
    for at in range(len(data)):
        text[at] = digits[data[at // 2] >> 4 if at % 2 == 0 else data[at // 2] & 15]
    return text


def _part(data: bytearray, kept: int, taken_from: int, put_to: int) -> bytearray:
    """A part of it among zeros. A slice of a bytearray would be a copy that stays."""
    part = bytearray(len(data))
    memoryview(part)[put_to : put_to + kept] = memoryview(data)[taken_from : taken_from + kept]
    return part


def _moved(data: bytearray) -> Secret:
    """A secret of bytes, which are wiped here."""
    secret = Secret(data)
    data[:] = bytes(len(data))
    return secret
