"""What values a spec can name: their sources, and the formats that each can be written in."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator

from bss_mfg.payload.formats import BINARY, FORMATS

FormatName = Literal[
    "text",
    "alphanumeric",
    "hex-upper",
    "hex-lower",
    "base64",
    "base64url",
    "base32",
    "spki-p256-compressed",
    "decimal",
    "raw",
]

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
    "unit.uuid": (*BYTES_FORMATS, "raw"),
    "unit.mac": ("hex-upper", "hex-lower", "raw"),
    "unit.oob": (*BYTES_FORMATS, "raw"),
    "encrypted": (*BYTES_FORMATS, "text"),
}
"""Known sources, and how their values can be written."""

COLUMN_FORMATS = (*FORMATS, "raw")
"""How the values can be written that only a factory's identities file has."""

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
