"""How a value is written in a barcode string: named formats and chains of them, ways from bytes to text and back."""

from __future__ import annotations

import base64
import re
import string
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from bss_mfg.payload.encodings import COMPRESSIONS, OF_BYTES, OF_UUIDS, Encoding, chained
from bss_mfg.payload.product_keys import COMPRESSED_SPKI, compressed_spki

__all__ = [
    "BINARY", "FORMATS", "OF_UUIDS", "SPKI", "SPKI_CHARACTERS", "STEPS", "ValueFormat", "decode_whole", "encode_whole",
    "format_label", "format_of", "last_step",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class ValueFormat:
    """A format or a chain. `parse_input` makes bytes of the text that a factory's file holds."""

    encoding: Encoding
    parse_input: Callable[[str], bytes]

    def write(self, data: bytes) -> str:
        """The text of bytes; `ValueError` where this format has none."""
        return self.encoding.encode(data).decode("ascii")

    def read_strict(self, text: str) -> bytes:
        """The bytes of a text; `ValueError` where it is not one that they make."""
        return self.encoding.decode(text.encode("ascii"))

    def size(self, byte_count: int) -> int:
        """Characters that so many bytes make; at most unless `is_fixed`."""
        return self.encoding.size(byte_count)

    @property
    def is_fixed(self) -> bool:
        """Whether so many bytes make always as many characters."""
        return self.encoding.is_fixed

    @property
    def is_text(self) -> bool:
        """Whether it writes text: a chain may end in bytes."""
        return bool(self.encoding.characters)

    @property
    def alphabet(self) -> frozenset[str]:
        """The characters that it writes."""
        return self.encoding.characters

    @property
    def widest_characters(self) -> str:
        """Those of them that need most room in a symbol."""
        return self.encoding.widest


def _ascii(text: str) -> bytes:
    return text.encode("ascii")


def _check_ascii(data: bytes) -> bytes:
    data.decode("ascii")
    return data


def _check_alphanumeric(data: bytes) -> bytes:
    if not re.fullmatch(rb"[A-Za-z0-9]*", data):
        raise ValueError("holds something other than letters and digits")
    return data


def _read_base64(text: bytes | str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise ValueError("is not base64") from None


def _read_spki(text: bytes) -> bytes:
    found = compressed_spki(_read_base64(text))
    if base64.b64encode(found) != text:
        raise ValueError("a character is wrong or missing")
    return found


BINARY: dict[str, ValueFormat] = {name: ValueFormat(one, bytes.fromhex) for name, one in OF_BYTES.items()}
"""Formats of any bytes. A factory's file holds these as hex."""

SPKI = "spki-p256-compressed"
"""base64 of the DER SubjectPublicKeyInfo (RFC 5480) of a P-256 key with its point compressed."""

SPKI_CHARACTERS = -(-COMPRESSED_SPKI // 3) * 4
_LETTERS = string.ascii_letters + string.digits
_TEXT = Encoding(
    _check_ascii, _check_ascii, lambda count: count, frozenset(map(chr, range(32, 127))), "aZ-b9_C3xQ7yK1wV5tR8"
)
_ALPHANUMERIC = Encoding(
    _check_alphanumeric, _check_alphanumeric, lambda count: count, frozenset(_LETTERS), "aZ1b9XC3xQ7yK1wV5tR8"
)
_SPKI = Encoding(
    lambda data: base64.b64encode(compressed_spki(data)), _read_spki, lambda count: SPKI_CHARACTERS,
    frozenset(_LETTERS + "+/="), "aZ+b9/C3xQ7yK1wV5tR8",
)  # fmt: skip

FORMATS: dict[str, ValueFormat] = {
    **BINARY,
    **{name: ValueFormat(one, bytes.fromhex) for name, one in OF_UUIDS.items()},
    "text": ValueFormat(_TEXT, _ascii),
    "alphanumeric": ValueFormat(_ALPHANUMERIC, _ascii),
    SPKI: ValueFormat(_SPKI, _read_base64),
}
"""All formats of text by name."""

_COMPRESSED = {name: ValueFormat(one, bytes.fromhex) for name, one in COMPRESSIONS.items()}
STEPS = (*BINARY, *OF_UUIDS, *COMPRESSIONS)
"""What a chain can hold; in front of them all it may have `text`."""


@cache
def format_of(name: str | tuple[str, ...]) -> ValueFormat:
    """A format by its name, or a chain of them: the first is applied first."""
    if isinstance(name, str):
        return FORMATS[name]
    steps = [{**FORMATS, **_COMPRESSED}[step] for step in name]
    return ValueFormat(chained(tuple(step.encoding for step in steps)), steps[0].parse_input)


def last_step(name: str | tuple[str, ...]) -> str:
    """The format of a chain that writes its text."""
    return name if isinstance(name, str) else name[-1]


def format_label(name: str | tuple[str, ...]) -> str:
    """A format or a chain as people read it."""
    return name if isinstance(name, str) else ", then ".join(name)


def encode_whole(data: bytes, steps: tuple[str, ...]) -> bytes:
    """Bytes through some steps; as they are where there are none."""
    return format_of(steps).encoding.encode(data) if steps else data


def decode_whole(data: bytes, steps: tuple[str, ...]) -> bytes:
    """The inverse; `ValueError` where they don't fit."""
    return format_of(steps).encoding.decode(data) if steps else data
