"""A unit's key as firmware gets it wrong: cut off, reversed, as text, filled up wrongly, not at all.

A device that tells its random to a peer whose confirmation it hasn't checked tells how it made its own. It is compared
with the unit's own key, wrongly used, and never with other units' keys.
"""

from __future__ import annotations

from collections.abc import Iterator

from bss_mfg.device.pdu import Algorithm
from bss_mfg.device.verdict import VerdictKind
from bss_mfg.model import Secret

_DIGITS = b"0123456789abcdef", b"0123456789ABCDEF"
_ERASED = 0xFF
"""A byte of flash memory that nothing was written to."""


def mistaken_keys(key: Secret, algorithm: Algorithm) -> Iterator[tuple[VerdictKind, Secret]]:
    """AuthValues of an algorithm that a mistake makes of `key`, each with its name. Where a key happens to look alike
    either way, as one that ends with zeros, the right AuthValue is among them: ask for that one first. The caller wipes
    them; nothing is made on the way that can't be wiped."""
    data = bytearray()
    key.feed(data.extend)
    try:
        yield VerdictKind.ZERO_KEY, Secret(bytes(algorithm.size))
        for kind, parts in _mistakes(data, algorithm.size):
            yield kind, _moved(parts)
    finally:
        _wipe(data)


def _mistakes(data: bytearray, size: int) -> Iterator[tuple[VerdictKind, bytearray]]:
    """Of AuthValues with `size` bytes. Whoever takes one wipes it."""
    length = len(data)
    used = min(length, size)
    for put_to in sorted({0, size - used}):
        yield VerdictKind.REVERSED_KEY, _reversed(data, used, put_to, size)
    for digits in _DIGITS:
        for count in sorted({used, min(2 * length, size)}):
            yield VerdictKind.TEXT_KEY, _text(data, digits, count, size)
    if length < size:
        yield VerdictKind.PADDED_KEY, _placed(data, 0, length, size - length, size)
        yield VerdictKind.PADDED_KEY, _repeated(data, length, size)
        yield VerdictKind.PADDED_KEY, _placed(data, 0, length, 0, size, _ERASED)
    half = length // 2
    if half:
        yield VerdictKind.TRIMMED_KEY, _repeated(data, half, size)
        yield VerdictKind.TRIMMED_KEY, _placed(data, 0, half, 0, size, _ERASED)
    for kept in range(1, length):
        for taken_from in (0, length - kept):
            for put_to in sorted({0, used - kept, size - kept}):
                if put_to >= 0 and put_to + kept <= size:
                    yield VerdictKind.TRIMMED_KEY, _placed(data, taken_from, kept, put_to, size)


def _reversed(data: bytearray, count: int, put_to: int, size: int) -> bytearray:
    """So many of its bytes from the last one on, among zeros."""
    reverse = bytearray(size)
    for at in range(count):
        reverse[put_to + at] = data[-1 - at]
    return reverse


def _text(data: bytearray, digits: bytes, count: int, size: int) -> bytearray:
    """So many of its hex digits, and zeros after them."""
    text = bytearray(size)
    for at in range(count):
        text[at] = digits[data[at // 2] >> 4 if at % 2 == 0 else data[at // 2] & 15]
    return text


def _placed(data: bytearray, start: int, count: int, put_to: int, size: int, fill: int = 0) -> bytearray:
    """A part of it among bytes that are all the same. A slice of a bytearray would be a copy that stays."""
    part = bytearray([fill]) * size
    memoryview(part)[put_to : put_to + count] = memoryview(data)[start : start + count]
    return part


def _repeated(data: bytearray, count: int, size: int) -> bytearray:
    """So many of its bytes again and again."""
    whole = bytearray(size)
    for at in range(size):
        whole[at] = data[at % count]
    return whole


def _moved(data: bytearray) -> Secret:
    """A secret of bytes, which are wiped here."""
    secret = Secret(data)
    _wipe(data)
    return secret


def _wipe(data: bytearray) -> None:
    data[:] = bytes(len(data))
