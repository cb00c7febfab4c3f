"""Sample files: what a guide prints of a barcode string and of the devices in it, to prove a spec with."""

from __future__ import annotations

import hashlib
import re
import unicodedata
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from bss_mfg.core.models import FileModel
from bss_mfg.core.text import count_words
from bss_mfg.core.toml_files import TomlDocument, parse_toml, validate
from bss_mfg.credentials import OOB_SIZES, check_mac, check_serial
from bss_mfg.errors import InputError, ValueProblem
from bss_mfg.model import Secret
from bss_mfg.payload.product_keys import PrivateKey

MOST_UNITS = 64
"""Devices that a sample may speak of, as many as a package may hold."""
_COLUMN = re.compile(r"[a-z][a-z0-9_]{0,30}")
_PUNCTUATION = re.compile(r"[\s:\-]")
"""What people write between the digits of a key."""


_NAMES = {"\n": "a line break", "\r": "a line break", "\t": "a tab"}
_SHOWN = 20
"""Characters that are shown in front of one that can't be."""


def _check_characters(string: str) -> str:
    for at, character in enumerate(string):
        if not " " <= character <= "~":
            name = f"U+{ord(character):04X} ({unicodedata.name(character, 'a control character')})"
            before = f"behind '{'...' if at > _SHOWN else ''}{string[max(at - _SHOWN, 0) : at]}'"
            raise ValueError(
                f"{_NAMES.get(character, name)} stands {before if at else 'at its beginning'}, character {at + 1} of "
                "it; a barcode string is one line of printable ASCII"
            )
    return string


class _SampleTable(FileModel):
    """A sample file. What its units say is read apart from this: a message of ours never shows a key."""

    format: Literal[1] = Field(description="Version of this file format.")
    string: Annotated[str, Field(min_length=1, max_length=4096), AfterValidator(_check_characters)]
    document: str = ""
    private_key: Annotated[str, Field(min_length=1)] | None = None
    product: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,30}$")], str] = Field(
        {}, description="Values of the product."
    )
    unit: Any


@dataclass(frozen=True, slots=True)
class SampleUnit:
    """One device of a sample, as far as the guide tells it. `extra` are columns of the identities file, by name; `repr`
    shows neither them nor the key."""

    uuid: uuid.UUID | None = None
    oob: Secret | None = None
    serial: str | None = None
    mac: str | None = None
    extra: Mapping[str, str] = field(default_factory=dict, repr=False, hash=False)


@dataclass(frozen=True, slots=True)
class SpecSample:
    """A sample file. `name` is how messages call it; `document` says where it was printed; `private_key` names the file
    of the key that opens it, beside the sample; `product` has the product's values (`pid`, `upc`, `ean`) where they
    are known."""

    name: str
    digest: str
    string: str
    units: tuple[SampleUnit, ...]
    product: Mapping[str, str] = field(default_factory=dict)
    private_key: str | None = None
    document: str = ""


@dataclass(frozen=True, slots=True)
class LoadedSample:
    """A sample and, where there is one, the private key that opens it; `repr` shows no key."""

    sample: SpecSample
    private_key: PrivateKey | None = field(default=None, repr=False)


def sample_from_text(text: str, name: str) -> SpecSample:
    """Parse and check the text of a sample file; `InputError` names the line of what is wrong, never a key."""
    document = parse_toml(text, name)
    table = validate(document, _SampleTable)
    return SpecSample(
        name=name,
        digest=hashlib.sha256(text.encode()).hexdigest(),
        string=table.string,
        units=_units(document),
        product=dict(table.product),
        private_key=table.private_key,
        document=table.document,
    )


def _units(document: TomlDocument) -> tuple[SampleUnit, ...]:
    listed = document.data["unit"]
    if not isinstance(listed, list) or not listed or not all(isinstance(one, dict) for one in listed):
        raise InputError(
            "the devices are not listed as [[unit]] tables",
            where=document.locate(("unit",)),
            way_out="Write one [[unit]] for each device in the package, in the guide's order.",
        )
    if len(listed) > MOST_UNITS:
        raise InputError(
            f"it lists {count_words(len(listed), 'unit')}, a package holds at most {MOST_UNITS}",
            where=document.locate(("unit", MOST_UNITS)),
            way_out="Give each barcode string a sample file of its own.",
        )
    units = tuple(_unit(document, index, dict(one)) for index, one in enumerate(listed))
    seen: set[uuid.UUID] = set()
    for index, unit in enumerate(units):
        if unit.uuid and unit.uuid in seen:
            raise InputError(
                f"two units have the Device UUID {unit.uuid}",
                where=document.locate(("unit", index, "uuid")),
                way_out="Each [[unit]] is another device: correct one of them.",
            )
        seen.update([unit.uuid] if unit.uuid else [])
    return units


def _unit(document: TomlDocument, index: int, said: dict[str, Any]) -> SampleUnit:
    def refuse(key: str, what: str, way_out: str) -> InputError:
        place = ("unit", index, key) if key else ("unit", index)
        return InputError(what, where=document.locate(place), way_out=way_out)

    if not said:
        raise refuse("", "nothing is known of this unit", "Give its uuid, oob, serial or mac as the guide prints them.")
    for key, value in said.items():
        if not _COLUMN.fullmatch(key):
            raise refuse(key, "cannot be the name of a column", "Names have small letters, digits and _.")
        if not isinstance(value, str) or not value:
            raise refuse(key, "should be a text that is not empty", "Write the value in double quotes, digits too.")
    try:
        serial = check_serial(said.pop("serial")) if "serial" in said else None
    except ValueProblem as error:
        raise refuse("serial", str(error), "Copy the serial as the guide prints it.") from None
    try:
        mac = check_mac(said.pop("mac")) if "mac" in said else None
    except ValueError as error:
        raise refuse(
            "mac",
            f"is an address {error}" if str(error).startswith("which") else str(error),
            "Copy the MAC address as the guide prints it.",
        ) from None
    try:
        device = uuid.UUID(said.pop("uuid")) if "uuid" in said else None
    except ValueError:
        raise refuse("uuid", "is not a UUID of 32 hex digits", "Copy it as the guide prints it.") from None
    oob = None
    if "oob" in said:
        try:
            oob = Secret(bytes.fromhex(_PUNCTUATION.sub("", said.pop("oob"))))
        except ValueError:
            raise refuse("oob", "is not hex", "Write the OOB key as hex digits.") from None
        if len(oob) not in OOB_SIZES:
            raise refuse("oob", f"has {len(oob)} bytes; an OOB key has 16 or 32", "Write it as 32 or 64 hex digits.")
    return SampleUnit(device, oob, serial, mac, said)
