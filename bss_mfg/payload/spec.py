"""Spec files: what a barcode string is made of, as data.

Amazon publishes a part of its barcode formats; the rest stands in a partner document. So every field of a spec is
marked `published` or `assumed`, and a manufacturer corrects assumed fields in a spec file of the workspace and signs
them off in `[confirmation]`. No code changes.
"""

from __future__ import annotations

import datetime
import hashlib
import re
from dataclasses import dataclass
from importlib import resources
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from bss_mfg.errors import InputError
from bss_mfg.payload.suites import SUITES
from bss_mfg.tomlfile import Document, parse, validate

Format = Literal["text", "hex-upper", "hex-lower", "base64", "base64url", "base32", "decimal", "raw"]
Source = Literal[
    "constant",
    "product.pid",
    "product.upc",
    "product.ean",
    "package.units",
    "unit.serial",
    "unit.uuid",
    "unit.mac",
    "unit.oob",
    "encrypted",
]

SAFE_VALUE = re.compile(r"[A-Za-z0-9+/=_.\-]*")
"""Characters that survive every known parser of the family: no `;`, `:`, `\\`, space, control or non-ASCII."""

BYTES_FORMATS = ("hex-upper", "hex-lower", "base64", "base64url", "base32")
FORMATS_OF: dict[str, tuple[str, ...]] = {
    "unit.uuid": (*BYTES_FORMATS, "raw"),
    "unit.oob": (*BYTES_FORMATS, "raw"),
    "unit.mac": ("text", "hex-upper", "hex-lower", "raw"),
    "unit.serial": ("text",),
    "package.units": ("decimal",),
    "encrypted": BYTES_FORMATS,
}


def _safe(value: str) -> str:
    if not SAFE_VALUE.fullmatch(value):
        raise ValueError("only letters, digits and + / = _ - . may stand in a barcode value (no ';', ':', '\\')")
    return value


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PlaintextPart(_Strict):
    """A piece of the encrypted field's plaintext, repeated for each unit of the package."""

    source: Source = Field(description="Where the octets come from.")
    format: Format = Field("raw", description="raw: the octets themselves; else their text.")

    @model_validator(mode="after")
    def _fits(self) -> PlaintextPart:
        if self.source not in ("unit.uuid", "unit.oob", "unit.serial", "unit.mac"):
            raise ValueError("a plaintext part comes from unit.uuid, unit.oob, unit.serial or unit.mac")
        if self.format not in FORMATS_OF[self.source]:
            raise ValueError(f"{self.source} can't be written as {self.format}")
        return self


class SpecField(_Strict):
    """One `key:value` of the barcode string."""

    key: Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,16}$", description="The field's key.")]
    status: Literal["published", "assumed"] = Field(description="Whether Amazon's public pages say so.")
    source: Source = Field(description="Where the value comes from.")
    value: Annotated[str, AfterValidator(_safe)] | None = Field(None, description="The value of a constant.")
    format: Format = Field("text", description="How the value is written.")
    optional: bool = Field(False, description="Left out where the product has no such value.")
    note: str = Field("", description="What is known and what is a guess.")
    suite: str | None = Field(None, description="encrypted: the encryption suite.")
    info: str = Field("", description="encrypted: context octets bound to the ciphertext (HPKE info, KDF SharedInfo).")
    plaintext: tuple[PlaintextPart, ...] = Field((), description="encrypted: the plaintext of each unit, in order.")

    @model_validator(mode="after")
    def _consistent(self) -> SpecField:
        if (self.source == "constant") != (self.value is not None):
            raise ValueError("a constant has a value, and only a constant has one")
        if self.source == "unit.oob":
            raise ValueError("unit.oob is a secret: it may stand only in the plaintext of an encrypted field")
        if (self.source == "encrypted") != bool(self.suite) or (self.source == "encrypted") != bool(self.plaintext):
            raise ValueError("an encrypted field has a suite and a plaintext, and only an encrypted one has them")
        if self.suite and self.suite not in SUITES:
            raise ValueError(f"unknown suite; known are {', '.join(SUITES)}")
        if self.format not in FORMATS_OF.get(self.source, ("text",)) or self.format == "raw":
            raise ValueError(f"{self.source} can't be written as {self.format}")
        return self


class Confirmation(_Strict):
    """Who compared the assumed fields with Amazon's guide, when, and with which document."""

    by: Annotated[str, Field(pattern=r"\S")]
    on: datetime.date
    document: Annotated[str, Field(pattern=r"\S")]

    @model_validator(mode="after")
    def _in_the_past(self) -> Confirmation:
        # A day of grace: the other side of the world may be a day ahead.
        if self.on > datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(days=1):
            raise ValueError("a confirmation can't be dated in the future")
        return self


class Spec(_Strict):
    """A spec file."""

    format: Literal[1] = Field(description="Version of this file format.")
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    title: str = ""
    symbology: Literal["data-matrix"] = "data-matrix"
    key_separator: Annotated[str, Field(pattern=r"^[:=]$")] = ":"
    field_separator: Annotated[str, Field(pattern=r"^[;|]$")] = ";"
    terminator: Annotated[str, Field(pattern=r"^[;|]?$")] = ";"
    list_separator: Annotated[str, Field(pattern=r"^[_.\-]$")] = "_"
    field: Annotated[tuple[SpecField, ...], Field(min_length=1)]
    confirmation: Confirmation | None = None

    @model_validator(mode="after")
    def _whole(self) -> Spec:
        keys = [field.key for field in self.field]
        if len(set(keys)) != len(keys):
            raise ValueError("two fields have the same key")
        if len(self.encrypted) > 1:
            raise ValueError("at most one field may be encrypted")
        return self

    @property
    def encrypted(self) -> tuple[SpecField, ...]:
        """The encrypted field, if there is one."""
        return tuple(field for field in self.field if field.source == "encrypted")

    @property
    def suite(self) -> str:
        """The suite of the encrypted field, or an empty string."""
        return next((field.suite or "" for field in self.encrypted), "")

    @property
    def assumed(self) -> tuple[str, ...]:
        """Keys of the fields that Amazon's public pages do not describe."""
        return tuple(field.key for field in self.field if field.status == "assumed")


@dataclass(frozen=True, slots=True)
class SpecFile:
    """A spec with the text it was read from; the text is stored in the ledger with each batch."""

    spec: Spec
    text: str
    origin: str

    @property
    def digest(self) -> str:
        """SHA-256 of the file's text, in hex."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def from_document(document: Document, origin: str) -> SpecFile:
    """Validate a parsed spec file."""
    return SpecFile(validate(document, Spec), document.text, origin)


def from_text(text: str, name: str) -> SpecFile:
    """Parse and validate the text of a spec file; `name` is used in errors."""
    return from_document(parse(text, name), name)


def packaged_names() -> list[str]:
    """Names of the specs that come with bss-mfg."""
    folder = resources.files("bss_mfg.payload") / "specs"
    return sorted(
        item.name.removesuffix(".toml")
        for item in folder.iterdir()
        if item.name.endswith(".toml") and not item.name.endswith(".control-log.toml")
    )


def packaged(name: str) -> SpecFile:
    """A spec that comes with bss-mfg."""
    if name not in packaged_names():
        raise InputError(
            f"there is no spec named {name[:80]!a}",
            way_out=f"Known are: {', '.join(packaged_names())}; a workspace may hold more in its specs folder "
            "(`bss-mfg spec list`).",
        )
    text = (resources.files("bss_mfg.payload") / "specs" / f"{name}.toml").read_text("utf-8")
    return from_document(parse(text, f"{name}.toml (comes with bss-mfg)"), "packaged")


def packaged_mapping(name: str) -> str | None:
    """The text of the control log mapping that comes with a packaged spec, if there is one."""
    file = resources.files("bss_mfg.payload") / "specs" / f"{name}.control-log.toml"
    return file.read_text("utf-8") if file.is_file() else None


def require_confirmed(file: SpecFile) -> None:
    """Refuse a spec whose assumed fields nobody compared with Amazon's guide (for production)."""
    if file.spec.assumed and file.spec.confirmation is None:
        raise InputError(
            f"fields {', '.join(file.spec.assumed)} are assumptions that nobody has confirmed, so a production "
            "product can't be issued with it",
            where=f"spec {file.spec.name}",
            way_out="Copy it with `bss-mfg spec copy NAME`, correct the copy from Amazon's Provisionee Manufacturing "
            "Guide, and add [confirmation] with by, on and document at its end.",
        )
