"""Spec files: what a barcode string is made of, as data.

Amazon publishes a part of its barcode formats; the rest stands in a partner document. So every field of a spec is
marked `published` or `assumed`, and a manufacturer corrects assumed fields in a spec file of the workspace and signs
them off (`bss-mfg spec confirm`). No code changes.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from importlib import resources
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from bss_mfg.core.models import FileModel
from bss_mfg.core.text import count_words
from bss_mfg.core.toml_files import TomlDocument, parse_toml, validate
from bss_mfg.errors import InputError
from bss_mfg.payload.formats import SPKI, SPKI_CHARACTERS, format_label, format_of
from bss_mfg.payload.layouts.descriptions import Layout, PlaintextValue, check_plaintext
from bss_mfg.payload.schemes.descriptions import SchemeDescription
from bss_mfg.payload.schemes.jwe import COMPACT_JWE
from bss_mfg.payload.signing import Confirmation, Samples
from bss_mfg.payload.sources import (
    SAFE_VALUE,
    UNIQUE_FROM,
    Chain,
    FormatName,
    Source,
    Unique,
    check_field_format,
    column_of,
    may_repeat,
)
from bss_mfg.payload.spec_names import MAPPING_SUFFIX, packaged_names
from bss_mfg.payload.suites import OWN, PRESETS, Suite, described, preset
from bss_mfg.payload.unit_order import UnitOrder


def _check_safe(value: str) -> str:
    if not SAFE_VALUE.fullmatch(value):
        raise ValueError("only letters, digits and + / = _ - . are allowed in a barcode value (no ';', ':', '\\')")
    return value


class SpecField(FileModel):
    """One `key:value` of the barcode string."""

    key: Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,16}$", description="The field's key.")]
    status: Literal["published", "assumed"] = Field(description="Whether Amazon's public pages say so.")
    source: Source = Field(description="Where the value comes from.")
    value: Annotated[str, AfterValidator(_check_safe)] | None = Field(None, description="The value of a constant.")
    format: FormatName | Chain = Field("text", description="How the value is written: a format, or a chain of them.")
    min_length: Annotated[int, Field(ge=1)] | None = Field(None, description="Least characters of a unit's value.")
    max_length: Annotated[int, Field(ge=1, le=1024)] | None = Field(None, description="Most characters of it.")
    secret: bool = Field(False, description="The value opens the device: no message shows it.")
    unique: Unique | None = Field(
        None, description="unit.mac and columns of the identities file: where no two units have the same value."
    )
    optional: bool = Field(False, description="Left out where the product has no such value.")
    note: str = Field("", description="What is known and what is a guess.")
    suite: str | None = Field(None, description="encrypted: a named encryption scheme.")
    info: str = Field("", description="suite: context bytes bound to the ciphertext (HPKE info, KDF SharedInfo).")
    scheme: SchemeDescription | None = Field(None, description="encrypted: a scheme of its own, instead of a suite.")
    plaintext: tuple[PlaintextValue, ...] = Field((), description="encrypted: the values of the plaintext, in order.")
    layout: Layout = Field(Layout(), description="encrypted: how the values are put together.")
    each: Literal["package", "unit"] = Field(
        "package", description="encrypted: one ciphertext of all units, or one of each, joined with list_separator."
    )

    @model_validator(mode="after")
    def _check_consistent(self) -> SpecField:
        if (self.source == "constant") != (self.value is not None):
            raise ValueError("a constant has a value, and only a constant has one")
        if self.source == "unit.oob":
            raise ValueError("unit.oob is a secret: it is allowed only in the plaintext of an encrypted field")
        if self.plaintext:
            check_plaintext(self.plaintext, self.layout)
        elif self.layout != Layout() or self.each != "package":
            raise ValueError("layout and each belong to an encrypted field")
        ways = (self.suite is not None) + (self.scheme is not None)
        if (self.source == "encrypted") != bool(ways) or (self.source == "encrypted") != bool(self.plaintext):
            raise ValueError(
                "an encrypted field has a suite or a scheme, and a plaintext, and only an encrypted one has them"
            )
        if ways > 1 or (self.scheme and self.info):
            raise ValueError("a scheme stands instead of suite and info")
        if self.suite is not None and self.suite not in PRESETS:
            raise ValueError(f"unknown suite; known are {', '.join(PRESETS)}")
        check_field_format(self.source, self.format)
        if self.source == "encrypted" and self.format == "text" and not self._is_jwe:
            raise ValueError("only a jwe is a text already: give the format of the bytes")
        column = column_of(self.source)
        if self.secret and not column:
            raise ValueError("secret belongs to a column of the identities file")
        if self.unique is not None and not may_repeat(self.source):
            raise ValueError("unique belongs to unit.mac and to columns of the identities file")
        if (self.min_length or self.max_length) and (
            self.format == SPKI or not (column or self.source in ("unit.serial", "unit.mac"))
        ):
            raise ValueError(f"{self.source} as {format_label(self.format)} has a length of its own")
        if column and self.format != SPKI and self.max_length is None:
            raise ValueError(f"{self.source} is a column of the identities file: give its max_length")
        if self.lengths[0] > self.lengths[1]:
            raise ValueError("min_length is larger than max_length")
        return self

    @property
    def encryption(self) -> Suite | None:
        """How an encrypted field is sealed; None of any other."""
        if self.scheme:
            return described(self.scheme)
        return preset(self.suite, self.info.encode("utf-8")) if self.suite else None

    @property
    def _is_jwe(self) -> bool:
        return self.scheme is not None and self.scheme.kind == "jwe"

    @property
    def ciphertext_characters(self) -> frozenset[str]:
        """What characters an encrypted value can have."""
        return COMPACT_JWE if self.format == "text" else format_of(self.format).alphabet

    @property
    def lengths(self) -> tuple[int, int]:
        """The least and the most characters that each value of a unit has."""
        if self.format == SPKI:
            return SPKI_CHARACTERS, SPKI_CHARACTERS
        if self.source == "unit.uuid":
            return format_of(self.format).size(16), format_of(self.format).size(16)
        least, most = (12, 12) if self.source == "unit.mac" else (1, 50)
        return self.min_length or least, self.max_length or most

    @property
    def varies(self) -> bool:
        """Whether the values of units may have one length or another."""
        return self.source.startswith("unit.") and self.lengths[0] != self.lengths[1]

    def check_value(self, value: str) -> str:
        """`value` if it can be one unit's value of this field; else `InputError` names the field and what is wrong."""
        shown = "" if self.secret else f"{value[:40]!a} "
        least, most = self.lengths
        wrong = ""
        if not SAFE_VALUE.fullmatch(value):
            wrong = "would break the barcode string: only letters, digits and + / = _ - . are allowed in it"
        elif not least <= len(value) <= most:
            wanted = str(least) if least == most else f"{least} to {most}"
            wrong = f"has {len(value)} characters, {wanted} are wanted"
        else:
            try:
                format_of(self.format).read_strict(value)
            except ValueError as error:
                # Our own words; those of a library could quote the value.
                wrong = str(error) if self.format in ("alphanumeric", SPKI) else f"is not {format_label(self.format)}"
        if wrong:
            raise InputError(
                f"the value {shown}of {self.key} {wrong}",
                way_out="Correct it where it comes from: the product's serial pattern, or the identities file.",
            )
        return value


def _uniqueness(value: SpecField | PlaintextValue) -> Unique:
    """How unique the values are: as the spec says, else by their size."""
    if value.unique is not None:
        return value.unique
    size = (value.octets or UNIQUE_FROM) if isinstance(value, PlaintextValue) else value.lengths[1]
    return "workspace" if size >= UNIQUE_FROM or value.source == "unit.mac" else False


class Spec(FileModel):
    """A spec file."""

    format: Literal[1] = Field(description="Version of this file format.")
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    title: str = ""
    symbology: Literal["data-matrix", "code-128"] = Field(
        "data-matrix", description="A Code 128 holds the bare value of the one field, without key and separators."
    )
    symbology_status: Literal["published", "assumed"] = "published"
    key_separator: Annotated[str, Field(pattern=r"^[:=]$")] = ":"
    field_separator: Annotated[str, Field(pattern=r"^[;|]$")] = ";"
    terminator: Annotated[str, Field(pattern=r"^[;|]?$")] = ";"
    list_separator: Annotated[str, Field(pattern=r"^[_.+/\-]$")] = "_"
    max_units: Annotated[int, Field(ge=1, le=64, description="Most devices in a package.")] = 64
    unit_order: UnitOrder = Field("issued", description="In which order the units of a package stand in the string.")
    field: Annotated[tuple[SpecField, ...], Field(min_length=1)]
    samples: Samples = Samples()
    confirmation: Confirmation | None = None

    @model_validator(mode="after")
    def _check_whole(self) -> Spec:
        keys = [field.key for field in self.field]
        if len(set(keys)) != len(keys):
            raise ValueError("two fields have the same key")
        for field in self.encrypted:
            if field.each == "package" and self.max_units > 1 and field.layout.is_flat:
                raise ValueError(f"{field.key} has no list of units: each = 'unit', or max_units = 1")
            self._check_separable(field)
        for field in self.field:
            # Specs of older versions may say base64url with an underscore; they are read as ever.
            is_new = field.source == "unit.uuid" and field.format not in ("base64", "base64url")
            if is_new and self.list_separator in format_of(field.format).alphabet:
                raise ValueError(
                    f"{format_label(field.format)} of {field.key} can hold the list_separator {self.list_separator!r}"
                )
        if self.bare and (len(self.field) > 1 or not self.field[0].source.startswith("unit.") or self.max_units > 1):
            raise ValueError("a code-128 has one field, with a value of a unit, and max_units = 1")
        return self

    def _check_separable(self, field: SpecField) -> None:
        characters = field.ciphertext_characters
        named = f"{format_label(field.format)} of {field.key}"
        if field.each == "unit" and self.list_separator in characters:
            raise ValueError(f"{named} can hold the list_separator {self.list_separator!r}")
        # What has other characters than SAFE_VALUE allows: base45, and hex with colons.
        for name in ("key_separator", "field_separator", "terminator"):
            separator = getattr(self, name)
            if separator in characters and not SAFE_VALUE.fullmatch(separator):
                raise ValueError(f"{named} can hold the {name} {separator!r}")
        if " " in characters and not self.terminator:
            raise ValueError(f"{named} can end in a blank, which readers drop: give a terminator")

    @property
    def bare(self) -> bool:
        """Whether the string is one value alone, without key and separators."""
        return self.symbology == "code-128"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that each unit must have in the identities file, beside serial, uuid and mac."""
        parts = [part.source for field in self.field for part in field.plaintext]
        sources = [field.source for field in self.field if field.source != "encrypted"]
        return tuple(dict.fromkeys(column for source in (*sources, *parts) if (column := column_of(source))))

    @property
    def secret_columns(self) -> frozenset[str]:
        """Those of `columns` that open a device: what is encrypted, and what the spec calls secret."""
        hidden = [part.source for field in self.field for part in field.plaintext]
        hidden += [field.source for field in self.field if field.secret]
        return frozenset(column for source in hidden if (column := column_of(source)))

    @property
    def values_of_units(self) -> Iterator[SpecField | PlaintextValue]:
        """The fields, and the parts of their plaintexts."""
        for field in self.field:
            yield field
            yield from field.plaintext

    @property
    def unique_columns(self) -> dict[str, Unique]:
        """`mac` and those of `columns` whose values must not come again, and where: the strictest that is said of
        each."""
        said: dict[str, list[Unique]] = {"mac": []}
        for one in self.values_of_units:
            if may_repeat(one.source):
                said.setdefault(one.source.removeprefix("unit."), []).append(_uniqueness(one))
        found: dict[str, Unique] = {}
        for column, some in said.items():
            if not some or "workspace" in some:
                found[column] = "workspace"
            elif "batch" in some:
                found[column] = "batch"
        return found

    @property
    def holds_oob(self) -> bool:
        """Whether the string carries the OOB keys of its devices."""
        return any(part.source == "unit.oob" for field in self.field for part in field.plaintext)

    def check_units(self, count: int) -> None:
        """Refuse packages of more devices than this barcode may speak of."""
        if count > self.max_units:
            raise InputError(
                f"the barcode {self.name} is for at most {count_words(self.max_units, 'device')} in a package, not "
                f"{count}",
                way_out="Correct units_per_package in the product's file, or choose another spec.",
            )

    @property
    def encrypted(self) -> tuple[SpecField, ...]:
        """The encrypted fields."""
        return tuple(field for field in self.field if field.source == "encrypted")

    @property
    def suite(self) -> str:
        """The suites of the encrypted fields, `own` where the spec describes a scheme; or an empty string."""
        return "+".join(dict.fromkeys(field.suite or OWN for field in self.encrypted))

    @property
    def assumed(self) -> tuple[str, ...]:
        """Keys of the fields that Amazon's public pages do not describe; `symbology` where they don't say that."""
        keys = tuple(field.key for field in self.field if field.status == "assumed")
        return (*keys, "symbology") if self.symbology_status == "assumed" else keys


def comparable_value(spec: Spec, column: str, value: str) -> bytes:
    """A column's value as two of them are compared: the bytes that its field writes, so that blanks and cases of hex
    digits make no difference. What can't be written is taken as it is: the barcode string will refuse it."""
    for one in spec.values_of_units:
        if column_of(one.source) == column:
            try:
                return bytes.fromhex(value) if one.format == "raw" else format_of(one.format).parse_input(value)
            except ValueError:
                return value.encode()
    return value.encode()


@dataclass(frozen=True, slots=True)
class SpecFile:
    """A spec with the text it was read from; the text is stored in the ledger with each batch. `confirmed_text` is that
    of when it was confirmed, where it was kept; `sample_digests` are the SHA-256 of its samples' files as they are now,
    empty of one that is missing."""

    spec: Spec
    text: str
    origin: str
    confirmed_text: str | None = None
    sample_digests: Mapping[str, str] = dataclass_field(default_factory=dict, hash=False)

    @property
    def digest(self) -> str:
        """SHA-256 of the file's text, in hex."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def spec_from_document(document: TomlDocument, origin: str) -> SpecFile:
    """Validate a parsed spec file."""
    return SpecFile(validate(document, Spec), document.text, origin)


def spec_from_text(text: str, name: str) -> SpecFile:
    """Parse and validate the text of a spec file; `name` is used in errors."""
    return spec_from_document(parse_toml(text, name), name)


def packaged_spec(name: str, own: Iterable[str] | None = None) -> SpecFile:
    """A spec that comes with bss-mfg; `own` are the names of the workspace's, where there is one."""
    if name not in packaged_names():
        known = sorted({*packaged_names(), *(own or ())})
        close = difflib.get_close_matches(name[:80], known, 1)
        more = "; a workspace may hold more in its specs folder" if own is None else ""
        raise InputError(
            f"there is no spec named {name[:80]!a}" + (f"; did you mean '{close[0]}'?" if close else ""),
            way_out=f"Known are: {', '.join(known)}{more} (`bss-mfg spec list`).",
        )
    text = (resources.files("bss_mfg.payload") / "specs" / f"{name}.toml").read_text("utf-8")
    return spec_from_document(parse_toml(text, f"{name}.toml (comes with bss-mfg)"), "packaged")


def packaged_mapping(name: str) -> str | None:
    """The text of the control log mapping that comes with a packaged spec, if there is one."""
    file = resources.files("bss_mfg.payload") / "specs" / f"{name}{MAPPING_SUFFIX}"
    return file.read_text("utf-8") if file.is_file() else None


def packaged_samples(name: str) -> dict[str, str]:
    """The texts of the samples that come with a packaged spec, by their names."""
    folder = resources.files("bss_mfg.payload") / "specs"
    return {file: folder.joinpath(file).read_text("utf-8") for file in packaged_spec(name).spec.samples.files}
