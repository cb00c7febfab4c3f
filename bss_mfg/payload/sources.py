"""What values a spec can name: their sources, and the formats that each can be written in."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from bss_mfg.payload.formats import BINARY, FORMATS, OF_UUIDS, STEPS, format_label, format_of, last_step

FormatName = Literal[
    "text",
    "alphanumeric",
    "hex-upper",
    "hex-lower",
    "hex-upper-colons",
    "hex-lower-colons",
    "hex-upper-dashes",
    "hex-lower-dashes",
    "uuid-upper",
    "uuid-lower",
    "base64",
    "base64-unpadded",
    "base64url",
    "base64url-unpadded",
    "base32",
    "base32-padded",
    "base45",
    "spki-p256-compressed",
    "decimal",
    "raw",
]
Step = Literal[
    "text",
    "deflate",
    "zlib",
    "hex-upper",
    "hex-lower",
    "hex-upper-colons",
    "hex-lower-colons",
    "hex-upper-dashes",
    "hex-lower-dashes",
    "uuid-upper",
    "uuid-lower",
    "base64",
    "base64-unpadded",
    "base64url",
    "base64url-unpadded",
    "base32",
    "base32-padded",
    "base45",
    "decimal",
]


def _check_chain(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    if "text" in steps[1:] or steps == ("text",):
        raise ValueError("in a chain text stands first, and something behind it")
    return steps


Chain = Annotated[tuple[Step, ...], Field(min_length=1, max_length=4), AfterValidator(_check_chain)]
"""Encodings, each of what the one before it made; a leading `text` says that the value is ASCII."""

SAFE_VALUE = re.compile(r"[A-Za-z0-9+/=_.\-]*")
"""Characters that survive every known parser of the family: no `;`, `:`, `\\`, space, control or non-ASCII."""

BYTES_FORMATS = tuple(BINARY)
FORMATS_OF: dict[str, tuple[str, ...]] = {
    "constant": ("text",),
    "product.pid": ("text",),
    "product.upc": ("text",),
    "product.ean": ("text",),
    "package.units": ("decimal",),
    "unit.serial": ("text",),
    "unit.uuid": (*BYTES_FORMATS, *OF_UUIDS, "raw"),
    "unit.mac": (*(name for name in BYTES_FORMATS if name.startswith("hex-")), "raw"),
    "unit.oob": (*BYTES_FORMATS, "raw"),
    "encrypted": (*BYTES_FORMATS, "text"),
}
"""Known sources, and how their values can be written."""

COLUMN_FORMATS = (*(name for name in FORMATS if name != "decimal"), "raw")
"""How the values can be written that only a factory's identities file has. Digits in that file are `text`;
`decimal`, which is of bytes, stands only in a chain."""

_ASCII_SOURCES = ("unit.serial",)
"""Whose bytes are their text."""


def can_be_written(source: str, format: str | tuple[str, ...]) -> bool:
    """Whether a source's values have this format, or go through this chain."""
    if isinstance(format, str):
        return format in FORMATS_OF.get(source, COLUMN_FORMATS)
    if source in _ASCII_SOURCES:
        return format[0] == "text"
    if source in ("unit.uuid", "unit.mac", "unit.oob", "encrypted"):
        return all(step in STEPS for step in format)
    return bool(column_of(source))


def check_field_format(source: str, format: str | tuple[str, ...]) -> None:
    """`ValueError` where a field of the string can't be written so: in clear, with characters that break no string."""
    said = f"{source} can't be written as {format_label(format)}"
    if not can_be_written(source, format) or format == "raw":
        raise ValueError(said)
    if source in ("constant", "package.units") or source.startswith("product."):
        return
    if source in ("unit.serial", "unit.mac") and format not in ("text", "hex-upper", "hex-lower"):
        raise ValueError(f"{said} in clear")
    written = format_of(format)
    if not written.is_text or (source == "unit.uuid" and not written.is_fixed):
        raise ValueError(f"{said}: it has to end in text" + (" of a fixed length" if written.is_text else ""))
    unsafe = sorted(one for one in written.alphabet if not SAFE_VALUE.fullmatch(one))
    if unsafe and source != "encrypted" and format != "text":
        raise ValueError(f"{said}: {last_step(format)} writes {', '.join(map(repr, unsafe))}")


_BROUGHT = re.compile(r"unit\.(?!oob)[a-z][a-z0-9_]{0,30}")


def check_source(value: str) -> str:
    """`value` if it is a source, or a column of the identities file."""
    if value not in FORMATS_OF and not _BROUGHT.fullmatch(value):
        raise ValueError(f"should be {', '.join(FORMATS_OF)}, or unit.COLUMN with a column of the identities file")
    return value


Source = Annotated[str, AfterValidator(check_source)]

Unique = Literal["workspace", "batch", False]
"""Where no two units have the same value; False: they may."""

UNIQUE_FROM = 8
"""Characters (of a `raw` part: bytes) from which on a value of a unit is unique in a workspace unless the spec says
otherwise: shorter ones, such as a PIN of 4 digits, must come again."""


def column_of(source: str) -> str:
    """The column of the identities file that a source names, or an empty string for a source of our own."""
    return "" if source in FORMATS_OF or not source.startswith("unit.") else source.removeprefix("unit.")


def may_repeat(source: str) -> bool:
    """Whether a spec says how unique a source's values are: those of our own are so in any case."""
    return source == "unit.mac" or bool(column_of(source))
