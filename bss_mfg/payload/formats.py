"""How a value is written in a barcode string: named formats, each a way from bytes to text and back."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass

from bss_mfg.payload.product_keys import COMPRESSED_SPKI, compressed_spki


@dataclass(frozen=True, slots=True)
class ValueFormat:
    """`write` makes the text of bytes, `read` is its inverse and raises `ValueError`, `parse_input` makes bytes of the
    text that a factory's file holds. `widest_characters` are those of this format that need most room in a symbol."""

    write: Callable[[bytes], str]
    read: Callable[[str], bytes]
    parse_input: Callable[[str], bytes]
    widest_characters: str

    def size(self, byte_count: int) -> int:
        """Characters that so many bytes make."""
        return len(self.write(b"Z" * byte_count))

    @property
    def alphabet(self) -> frozenset[str]:
        """The characters that any bytes make (of formats of bytes)."""
        return frozenset(self.write(bytes(range(256)) * 3) + self.write(b"x"))

    def read_strict(self, text: str) -> bytes:
        """The bytes of a text; `ValueError` where it is not the one text that they make."""
        found = self.read(text)
        if self.write(found) != text:
            raise ValueError("a character is wrong or missing")
        return found


def _text(data: bytes) -> str:
    return data.decode("ascii")


def _ascii(text: str) -> bytes:
    return text.encode("ascii")


def _alphanumeric(data: bytes) -> str:
    text = data.decode("ascii", "replace")
    if not re.fullmatch(r"[A-Za-z0-9]*", text):
        raise ValueError("holds something other than letters and digits")
    return text


def _spki(data: bytes) -> str:
    return base64.b64encode(compressed_spki(data)).decode("ascii")


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise ValueError("is not base64") from None


def _binary(write: Callable[[bytes], str], read: Callable[[str], bytes], hardest: str) -> ValueFormat:
    return ValueFormat(write, read, bytes.fromhex, hardest)


BINARY: dict[str, ValueFormat] = {
    "hex-upper": _binary(lambda data: data.hex().upper(), bytes.fromhex, "A1B2C3D4E5F6A7B8C9D0"),
    "hex-lower": _binary(lambda data: data.hex(), bytes.fromhex, "a1b2c3d4e5f6a7b8c9d0"),
    "base64": _binary(lambda data: base64.b64encode(data).decode("ascii"), _base64, "aZ+b9/C3xQ7yK1wV5tR8"),
    "base64url": _binary(
        lambda data: base64.urlsafe_b64encode(data).decode("ascii"),
        lambda text: base64.b64decode(text, altchars=b"-_", validate=True),
        "aZ-b9_C3xQ7yK1wV5tR8",
    ),
    "base32": _binary(
        lambda data: base64.b32encode(data).decode("ascii").rstrip("="),
        lambda text: base64.b32decode(text + "=" * (-len(text) % 8)),
        "A2B3C4D5E6F7G2H3I4J5",
    ),
}
"""Formats of any bytes. A factory's file holds these as hex."""

SPKI = "spki-p256-compressed"
"""base64 of the DER SubjectPublicKeyInfo (RFC 5480) of a P-256 key with its point compressed."""

SPKI_CHARACTERS = -(-COMPRESSED_SPKI // 3) * 4

FORMATS: dict[str, ValueFormat] = {
    **BINARY,
    "text": ValueFormat(_text, _ascii, _ascii, "aZ-b9_C3xQ7yK1wV5tR8"),
    "alphanumeric": ValueFormat(_alphanumeric, _ascii, _ascii, "aZ1b9XC3xQ7yK1wV5tR8"),
    SPKI: ValueFormat(_spki, _base64, _base64, "aZ+b9/C3xQ7yK1wV5tR8"),
}
"""All formats of text by name."""
