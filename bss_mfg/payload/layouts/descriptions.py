"""What a spec says of a plaintext: which values, how each is written, and how they are put together."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from bss_mfg.core.models import FileModel
from bss_mfg.payload.formats import format_label, format_of
from bss_mfg.payload.layouts.member_constants import check_member, member_of_text, member_text
from bss_mfg.payload.schemes.terms import Hex
from bss_mfg.payload.sources import (
    Chain,
    FormatName,
    Unique,
    can_be_written,
    check_source,
    column_of,
    may_repeat,
)

IntegerFormat = Literal["u8", "u16-be", "u16-le", "u32-be", "u32-le"]
"""A number in 1, 2 or 4 bytes, the most (be) or the least (le) significant byte first."""
CheckName = Literal["crc16-ccitt-false", "crc16-x25", "crc32", "sha256"]
"""crc16-ccitt-false: 0x1021 from 0xFFFF; crc16-x25: the same reflected and inverted, as in Zigbee install codes;
crc32: of zlib; sha256: its first bytes."""
ONCE = ("constant", "package.units", "product.pid", "product.upc", "product.ean", "check", "padding")
"""Sources of what stands in a plaintext once, and not for each unit."""


def _source(value: str) -> str:
    return value if value in ("check", "padding") else check_source(value)


class PlaintextValue(FileModel):
    """A piece of a plaintext: of each unit (`unit.*`), or once."""

    source: Annotated[str, AfterValidator(_source)] = Field(description="Where the bytes come from.")
    format: FormatName | IntegerFormat | Literal["json"] | Chain = Field(
        "raw", description="raw: the bytes themselves; else their text. json: of a constant, a member as JSON text."
    )
    octets: Annotated[int, Field(ge=1, le=1024)] | None = Field(
        None,
        description="unit.mac (6 if not given) and columns of the identities file: how many bytes it has. check: how "
        "many of its bytes are written. padding: up to how many bytes in all.",
    )
    unique: Unique | None = Field(
        None, description="unit.mac and columns of the identities file: where no two units have the same value."
    )
    value: Annotated[Any, AfterValidator(check_member)] = Field(
        None,
        description="constant: its text, or with format raw its hex digits; json, cbor: also a number, true, false, a "
        "list or a table.",
    )
    each_unit: bool = Field(False, description="constant: for each unit, not once.")
    check: CheckName | None = Field(None, description="check: of all bytes in front of it.")
    byte_order: Literal["big", "little"] = Field("big", description="check: which byte of a CRC comes first.")
    multiple: Annotated[int, Field(ge=2, le=256)] | None = Field(
        None, description="padding: up to the next multiple of so many bytes."
    )
    fill: Annotated[Hex, Field(min_length=2, max_length=2)] = Field("00", description="padding: the byte.")
    tag: Hex = Field("", description="Bytes in front of the value and its length (TLV).")
    length: IntegerFormat | None = Field(None, description="The value's length in bytes, in front of it.")
    name: str = Field("", pattern=r"^[A-Za-z0-9_.\-]{0,32}$", description="json, cbor: the member.")

    @model_validator(mode="after")
    def _fits(self) -> PlaintextValue:
        is_number = self.format in ("u8", "u16-be", "u16-le", "u32-be", "u32-le")
        if is_number and self.source != "package.units":
            raise ValueError(f"{self.source} can't be written as {format_label(self.format)}")
        if self.source in ("check", "padding"):
            self._check_own()
        elif self.source == "encrypted":
            raise ValueError("a plaintext holds no encrypted value")
        elif self.format == "json":
            if self.source != "constant":
                raise ValueError("json is the format of a constant")
            member_of_text(str(self.value))
        elif not is_number and self.format != "raw" and not can_be_written(self.source, self.format):
            raise ValueError(f"{self.source} can't be written as {format_label(self.format)}")
        elif self.source == "package.units" and self.format == "raw":
            raise ValueError("package.units is written as decimal, u8, u16-be, u16-le, u32-be or u32-le")
        if (self.source == "constant") != (self.value is not None) or (self.each_unit and self.source != "constant"):
            raise ValueError("a constant has a value, and only a constant has one, or stands for each unit")
        if not isinstance(self.value, str | None) and self.format != "raw":
            raise ValueError("a constant with a format is a text")
        if isinstance(self.value, str) and self.format == "raw":
            bytes.fromhex(self.value)
        if self.source.startswith("product.") and self.format != "text":
            raise ValueError(f"{self.source} is written as text")
        takes_octets = self.source in ("unit.mac", "check", "padding") or column_of(self.source)
        if self.octets is not None and not takes_octets:
            raise ValueError(f"octets has no meaning with {self.source}")
        if self.unique is not None and not (self.is_of_unit and may_repeat(self.source)):
            raise ValueError(f"{self.source} is unique in a workspace in any case")
        if self.octets is None and self.source.startswith("unit.") and column_of(self.source):
            raise ValueError(f"{self.source} is a column of the identities file: give its number of bytes as `octets`")
        return self

    def _check_own(self) -> None:
        if self.format != "raw" or self.length or self.tag or self.name:
            raise ValueError(f"{self.source} is written as it is")
        if (self.source == "check") != (self.check is not None):
            raise ValueError("a check says which: crc16-ccitt-false, crc16-x25, crc32 or sha256")
        if self.source == "padding" and (self.octets is None) == (self.multiple is None):
            raise ValueError("padding has octets or multiple")

    @property
    def is_of_unit(self) -> bool:
        """Whether it stands for each unit."""
        return self.each_unit or self.source.startswith("unit.")

    def size(self, oob_bytes: int) -> int:
        """Bytes of a value of a unit, without tag and length; at most where it is a serial."""
        if self.each_unit:
            return len(self.constant)
        known = {"unit.uuid": 16, "unit.oob": oob_bytes, "unit.mac": 6, "unit.serial": 50}
        size = self.octets or known[self.source]
        return size if self.format in ("raw", "text") else format_of(self.format).size(size)

    @property
    def has_fixed_size(self) -> bool:
        """Whether every value has `size` bytes."""
        return self.source != "unit.serial" and self.has_fixed_format

    @property
    def has_fixed_format(self) -> bool:
        """Whether values of one length are written with one length: nothing is compressed."""
        return isinstance(self.format, str) or format_of(self.format).is_fixed

    @property
    def number_format(self) -> str:
        """The format of a number of units: it is no chain."""
        return self.format if isinstance(self.format, str) else ""

    def __hash__(self) -> int:
        return hash((self.source, self.format, self.name, self.tag, self.each_unit))  # a list in `value` has none

    @property
    def is_member(self) -> bool:
        """Whether it is a constant that JSON and CBOR write in a way of their own: a number, true, a list ..."""
        return self.format == "json" or not isinstance(self.value, str | None)

    @property
    def member(self) -> Any:
        """Such a constant's value."""
        return member_of_text(str(self.value)) if self.format == "json" else self.value

    @property
    def is_text(self) -> bool:
        """Whether it is written as text, and not as bytes."""
        if self.is_member:
            return True
        return self.format != "raw" and (isinstance(self.format, str) or format_of(self.format).is_text)

    @property
    def constant(self) -> bytes:
        """The bytes of a constant; the JSON text of one that is a member."""
        if self.is_member:
            return member_text(self.member).encode()
        value = self.value or ""
        return bytes.fromhex(value) if self.format == "raw" else value.encode("utf-8")


class Layout(FileModel):
    """How the values of a plaintext are put together.

    binary: one after the other; text: joined with `separator`, units with `unit_separator`; json and cbor: members by
    their names, those of the units in a list under `units`, or without a name beside the others (one unit only).
    """

    kind: Literal["binary", "text", "json", "cbor"] = "binary"
    order: Literal["unit-by-unit", "value-by-value"] = Field(
        "unit-by-unit", description="binary: all values of one unit, or one value of all units, stand together."
    )
    separator: Annotated[str, Field(max_length=4)] = Field(",", description="text: between values.")
    unit_separator: Annotated[str, Field(max_length=4)] = Field(";", description="text: between units.")
    units: Annotated[str, Field(max_length=32)] = Field("units", description="json, cbor: the member of the units.")
    spaces: bool = Field(False, description="json: a space behind each comma and colon.")
    encode: tuple[()] | Chain = Field((), description="What the whole plaintext goes through, as deflate.")

    @property
    def has_fixed_size(self) -> bool:
        """Whether a plaintext is as long as its values say."""
        return not self.encode or format_of(self.encode).is_fixed

    @property
    def is_flat(self) -> bool:
        """Whether the members of one unit stand beside the others, in no list."""
        return self.kind in ("json", "cbor") and not self.units


def _broken_by(value: PlaintextValue, layout: Layout) -> str:
    """The separator that can stand in a value of bytes; of what is text anyway nothing is known."""
    if not value.is_of_unit or value.each_unit or value.format in ("text", "alphanumeric"):
        return ""
    characters = format_of(value.format).alphabet
    both = (layout.separator, layout.unit_separator)
    return next((one for one in both if one and characters.issuperset(one)), "")


def check_plaintext(values: tuple[PlaintextValue, ...], layout: Layout) -> None:
    """`ValueError` where values can't be put together so."""
    if not any(value.source.startswith("unit.") for value in values):
        raise ValueError("a plaintext holds something of a unit")
    if layout.kind in ("json", "cbor"):
        names = [(value.is_of_unit and bool(layout.units), value.name) for value in values]
        if any(not value.name for value in values) or len(set(names)) != len(names):
            raise ValueError(f"in a {layout.kind} layout each value has a name of its own")
    elif any(value.name for value in values):
        raise ValueError("names belong to json and cbor layouts")
    for value in values:
        if layout.kind != "binary" and (value.tag or value.length or value.source in ("check", "padding")):
            raise ValueError("tag, length, check and padding belong to binary layouts")
        if layout.kind not in ("json", "cbor") and value.is_member:
            raise ValueError("a constant that isn't a text belongs to json and cbor layouts")
        if layout.kind in ("text", "json") and not value.is_text:
            raise ValueError(f"in a {layout.kind} layout {value.source} is written as text, not raw")
        if layout.kind == "text" and (found := _broken_by(value, layout)):
            raise ValueError(f"{format_label(value.format)} of {value.source} can hold the separator {found!r}")
    if layout.kind == "text":
        if not layout.separator or not layout.unit_separator or layout.separator == layout.unit_separator:
            raise ValueError("a text layout has two different separators")
        flags = [value.is_of_unit for value in values]
        if any(before and not now for before, now in pairwise(flags)):
            raise ValueError("in a text layout what stands once comes first")
