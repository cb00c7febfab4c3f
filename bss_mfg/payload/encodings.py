"""Encodings of bytes: each a way from bytes to bytes (those of text: ASCII) and back, with what it costs.

`decode` is strict: it raises `ValueError` for whatever is not the one text that some bytes make. Compressed data can be
written in many ways, so there it takes what decompresses in full with nothing left over.
"""

from __future__ import annotations

import base64
import binascii
import math
import string
import uuid
import zlib
from collections.abc import Callable
from dataclasses import dataclass

_BASE45 = string.digits + string.ascii_uppercase + " $%*+-./:"
"""The alphabet of RFC 9285, in order."""
_MOST_DECOMPRESSED = 65536
"""Bytes: far more than any symbol's plaintext, and no room for a decompression bomb."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """An encoding. `size`: how many bytes so many make, at most unless `is_fixed`. `characters`: all that it writes;
    none where it writes any bytes. `widest`: those of them that need most room in a symbol."""

    encode: Callable[[bytes], bytes]
    decode: Callable[[bytes], bytes]
    size: Callable[[int], int]
    characters: frozenset[str] = frozenset()
    widest: str = ""
    is_fixed: bool = True


def _text(
    write: Callable[[bytes], str], read: Callable[[str], bytes], characters: str, widest: str, *, example: bytes = b"Z"
) -> Encoding:
    """An encoding with one text for each value, as long as its bytes are many."""

    def decode(data: bytes) -> bytes:
        try:
            text = data.decode("ascii")
            found = read(text)
        except (ValueError, binascii.Error):
            raise ValueError("a character is wrong or missing") from None
        if write(found) != text:
            raise ValueError("a character is wrong or missing")
        return found

    def encode(data: bytes) -> bytes:
        return write(data).encode("ascii")

    return Encoding(encode, decode, lambda count: len(write(example * count)), frozenset(characters), widest)


def _padded(text: str, block: int) -> str:
    return text + "=" * (-len(text) % block)


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode("ascii")


def _read_base64url(text: str) -> bytes:
    return base64.b64decode(text, altchars=b"-_", validate=True)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _read_base64(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _base32(data: bytes) -> str:
    return base64.b32encode(data).decode("ascii")


def _base45(data: bytes) -> str:
    """RFC 9285, 4.1: two bytes make three characters, a last one makes two; the least significant comes first."""
    found = []
    for at in range(0, len(data), 2):
        rest = int.from_bytes(data[at : at + 2], "big")
        for _ in range(len(data[at : at + 2]) + 1):
            rest, digit = divmod(rest, 45)
            found.append(_BASE45[digit])
    return "".join(found)


def _read_base45(text: str) -> bytes:
    found = b""
    for at in range(0, len(text), 3):
        digits = [_BASE45.index(character) for character in text[at : at + 3]]
        number = sum(digit * 45**place for place, digit in enumerate(digits))
        if number >= 1 << 8 * (len(digits) - 1):
            raise ValueError
        found += number.to_bytes(len(digits) - 1, "big")
    return found


def decimal_digits(count: int) -> int:
    """How many digits so many bytes make: those of the largest number that they hold."""
    return int(8 * count * math.log10(2)) + 1 if count else 0


def _decimal(data: bytes) -> str:
    """The number that the bytes are (the first is the most significant), with zeros in front up to a width that tells
    how many bytes they were: each number of bytes has a width of its own."""
    width = decimal_digits(len(data))
    return f"{int.from_bytes(data, 'big'):0{width}d}" if data else ""


def _read_decimal(text: str) -> bytes:
    if not text.isdecimal() and text:
        raise ValueError
    count = 0
    while decimal_digits(count) < len(text):
        count += 1
    if decimal_digits(count) != len(text) or (text and int(text) >= 1 << 8 * count):
        raise ValueError
    return int(text or "0").to_bytes(count, "big")


def _grouped(separator: str, *, upper: bool) -> Encoding:
    """Pairs of hex digits with something between them, as MAC addresses are written."""

    def write(data: bytes) -> str:
        text = data.hex(separator) if data else ""
        return text.upper() if upper else text

    letters = string.digits + ("ABCDEF" if upper else "abcdef") + separator
    widest = separator.join(["A1", "B2", "C3", "D4"]) + separator
    return _text(
        write,
        lambda text: bytes.fromhex(text.replace(separator, "")),
        letters,
        widest if upper else widest.lower(),
    )


def _uuid(*, upper: bool) -> Encoding:
    """The form of RFC 9562, 4: 8-4-4-4-12 hex digits. 16 bytes and no others."""

    def write(data: bytes) -> str:
        if len(data) != 16:
            raise ValueError("a UUID has 16 bytes")
        text = str(uuid.UUID(bytes=data))
        return text.upper() if upper else text

    widest = "a1b2c3d4-e5f6-a7b8-c9d0-e1f2a3b4c5d6"
    letters = string.digits + ("ABCDEF" if upper else "abcdef") + "-"
    made = _text(write, lambda text: uuid.UUID(text).bytes, letters, widest.upper() if upper else widest)
    return Encoding(made.encode, made.decode, lambda count: 36, made.characters, made.widest)


def _deflate(window: int, wrapping: int) -> Encoding:
    """`window`: of zlib, negative without header and check sum."""

    def encode(data: bytes) -> bytes:
        engine = zlib.compressobj(9, zlib.DEFLATED, window)
        return engine.compress(data) + engine.flush()

    def decode(data: bytes) -> bytes:
        engine = zlib.decompressobj(window)
        try:
            found = engine.decompress(data, _MOST_DECOMPRESSED)
        except zlib.error:
            raise ValueError("it does not decompress") from None
        if not engine.eof or engine.unused_data:
            raise ValueError("it does not decompress to its end")
        return found

    # zlib's deflateBound() of its default window and memory level.
    return Encoding(
        encode, decode, lambda count: count + (count >> 12) + (count >> 14) + (count >> 25) + 7 + wrapping,
        is_fixed=False,
    )  # fmt: skip


_BASE64 = string.ascii_letters + string.digits + "+/"
_BASE64URL = string.ascii_letters + string.digits + "-_"
_BASE32 = string.ascii_uppercase + "234567"
_HARD, _HARD_URL = "aZ+b9/C3xQ7yK1wV5tR8", "aZ-b9_C3xQ7yK1wV5tR8"
_HEX_UPPER, _HEX_LOWER = "A1B2C3D4E5F6A7B8C9D0", "a1b2c3d4e5f6a7b8c9d0"

OF_BYTES: dict[str, Encoding] = {
    "hex-upper": _text(lambda data: data.hex().upper(), bytes.fromhex, string.digits + "ABCDEF", _HEX_UPPER),
    "hex-lower": _text(lambda data: data.hex(), bytes.fromhex, string.digits + "abcdef", _HEX_LOWER),
    "base64": _text(_base64, _read_base64, _BASE64 + "=", _HARD),
    "base64url": _text(_base64url, _read_base64url, _BASE64URL + "=", _HARD_URL),
    "base32": _text(
        lambda data: _base32(data).rstrip("="),
        lambda text: base64.b32decode(_padded(text, 8)),
        _BASE32,
        "A2B3C4D5E6F7G2H3I4J5",
    ),
    "base64-unpadded": _text(
        lambda data: _base64(data).rstrip("="), lambda text: _read_base64(_padded(text, 4)), _BASE64, _HARD
    ),
    "base64url-unpadded": _text(
        lambda data: _base64url(data).rstrip("="), lambda text: _read_base64url(_padded(text, 4)), _BASE64URL, _HARD_URL
    ),
    "base32-padded": _text(_base32, base64.b32decode, _BASE32 + "=", "A2B3C4D5E6F7G2H3I4J5"),
    "base45": _text(_base45, _read_base45, _BASE45, "A$B:C%2D*E+3F /G"),
    "decimal": _text(_decimal, _read_decimal, string.digits, "1234567890", example=b"\xff"),
    "hex-upper-colons": _grouped(":", upper=True),
    "hex-lower-colons": _grouped(":", upper=False),
    "hex-upper-dashes": _grouped("-", upper=True),
    "hex-lower-dashes": _grouped("-", upper=False),
}
"""Encodings of any bytes as text."""

OF_UUIDS: dict[str, Encoding] = {"uuid-upper": _uuid(upper=True), "uuid-lower": _uuid(upper=False)}
"""Encodings of 16 bytes as text."""

COMPRESSIONS: dict[str, Encoding] = {"deflate": _deflate(-15, 0), "zlib": _deflate(15, 6)}
"""deflate is RFC 1951, zlib the same with a header and a check sum (RFC 1950)."""


def chained(steps: tuple[Encoding, ...]) -> Encoding:
    """One encoding after the other."""
    if len(steps) == 1:
        return steps[0]

    def encode(data: bytes) -> bytes:
        for step in steps:
            data = step.encode(data)
        return data

    def decode(data: bytes) -> bytes:
        for step in reversed(steps):
            data = step.decode(data)
        return data

    def size(count: int) -> int:
        for step in steps:
            count = step.size(count)
        return count

    last = steps[-1]
    return Encoding(encode, decode, size, last.characters, last.widest, all(step.is_fixed for step in steps))
