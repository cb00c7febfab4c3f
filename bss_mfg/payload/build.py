"""From units to the barcode string: made once per package, at issue."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence

from bss_mfg.errors import InputError
from bss_mfg.model import Unit
from bss_mfg.payload.keys import ProductKey
from bss_mfg.payload.spec import SAFE_VALUE, PlaintextPart, Spec, SpecField
from bss_mfg.payload.suites import SUITES

MAX_PAYLOAD = 1556
"""Octets that the largest square Data Matrix (144x144) holds in Base 256 (ISO/IEC 16022, table 7)."""

_WRITE: dict[str, Callable[[bytes], str]] = {
    "hex-upper": lambda octets: octets.hex().upper(),
    "hex-lower": lambda octets: octets.hex(),
    "base64": lambda octets: base64.b64encode(octets).decode("ascii"),
    "base64url": lambda octets: base64.urlsafe_b64encode(octets).decode("ascii"),
    "base32": lambda octets: base64.b32encode(octets).decode("ascii").rstrip("="),
    "text": lambda octets: octets.decode("ascii"),
}

_UNIT_OCTETS: dict[str, Callable[[Unit], bytes]] = {
    "unit.serial": lambda unit: unit.serial.encode("ascii"),
    "unit.uuid": lambda unit: unit.uuid.bytes,
    "unit.oob": lambda unit: unit.key.reveal() if unit.key else _no_value("OOB key"),
    "unit.mac": lambda unit: bytes.fromhex(unit.mac.replace(":", "")) if unit.mac else _no_value("MAC address"),
}


def _no_value(what: str) -> bytes:
    raise InputError(
        f"the spec wants a {what} for each unit, and this one has none",
        way_out="Bring it in the identities file, or use a spec without that field.",
    )


class PayloadBuilder:
    """Builds the strings of one batch. The product's values are checked once, each string's rest as it is made.

    `facts` holds `pid` and, where the product has one, `upc` or `ean`.
    """

    def __init__(self, spec: Spec, facts: Mapping[str, str], key: ProductKey | None) -> None:
        self._spec = spec
        self._makers: list[str | Callable[[Sequence[Unit]], str]] = []
        for index, field in enumerate(spec.field):
            value = self._static(field, facts)
            if field.optional and value == "":
                continue
            head = (spec.field_separator if self._makers else "") + field.key + spec.key_separator
            self._makers.append(head if value is None else head + checked(value, field.key))
            if value is None:
                self._makers.append(self._dynamic(spec.field[index], key))
        self._makers.append(spec.terminator)

    @staticmethod
    def _static(field: SpecField, facts: Mapping[str, str]) -> str | None:
        if field.source == "constant":
            return field.value
        if field.source.startswith("product."):
            name = field.source.removeprefix("product.")
            value = facts.get(name, "")
            if not value and not field.optional:
                raise InputError(
                    f"the spec's field {field.key} wants the product's {name.upper()}, and it has none",
                    way_out="Add it to the product's file.",
                )
            return value
        return None

    def _dynamic(self, field: SpecField, key: ProductKey | None) -> Callable[[Sequence[Unit]], str]:
        if field.source == "package.units":
            return lambda units: str(len(units))
        write = _WRITE[field.format]
        if field.source == "encrypted":
            if key is None or field.suite is None:
                raise InputError("the spec encrypts a field, and the product has no public key")
            suite = SUITES[field.suite]
            suite.check_key(key.kind, "the product's public key")
            seal = suite.sealer(key.key, field.info.encode("utf-8"))
            parts = field.plaintext
            return lambda units: write(seal(b"".join([plaintext_of(unit, parts) for unit in units])))
        octets = _UNIT_OCTETS[field.source]
        separator = self._spec.list_separator
        if field.source in ("unit.serial", "unit.mac"):
            return lambda units: separator.join(checked(write(octets(unit)), field.key) for unit in units)
        return lambda units: separator.join(write(octets(unit)) for unit in units)

    def build(self, units: Sequence[Unit]) -> str:
        """The barcode string of a package of `units` (each with its key). Encrypts afresh on each call."""
        return "".join([maker if isinstance(maker, str) else maker(units) for maker in self._makers])


def plaintext_of(unit: Unit, parts: Sequence[PlaintextPart]) -> bytes:
    """The plaintext octets of one unit."""
    pieces: list[bytes] = []
    for part in parts:
        octets = _UNIT_OCTETS[part.source](unit)
        pieces.append(octets if part.format == "raw" else _WRITE[part.format](octets).encode("ascii"))
    return b"".join(pieces)


def checked(value: str, key: str) -> str:
    """`value` if it can stand in a barcode string without breaking it."""
    if not value or not SAFE_VALUE.fullmatch(value):
        raise InputError(
            f"the value {value[:60]!a} of {key} would break the barcode string",
            way_out="Only letters, digits and + / = _ - . may stand in a value (no ';', ':', '\\', space or accents).",
        )
    return value


def longest_example(spec: Spec, facts: Mapping[str, str], key_bits: int, units: int, oob_bytes: int) -> str:
    """A string of the same shape as any that the batch can hold, with the characters that need most room.

    Hex letters and digits alternate so that no digit pair packs, and base64 mixes cases, digits and signs. Encoding
    it gives the symbol size that every real string of this shape fits in. No key is involved.
    """
    hardest = {
        "hex-upper": "A1B2C3D4E5F6A7B8C9D0",
        "hex-lower": "a1b2c3d4e5f6a7b8c9d0",
        "base64": "aZ+b9/C3xQ7yK1wV5tR8",
        "base64url": "aZ-b9_C3xQ7yK1wV5tR8",
        "base32": "A2B3C4D5E6F7G2H3I4J5",
        "text": "aZ-b9_C3xQ7yK1wV5tR8",
    }

    def fill(kind: str, size: int) -> str:
        pattern = hardest[kind]
        return (pattern * (size // len(pattern) + 1))[:size]

    def text_size(kind: str, octets: int) -> int:
        return len(_WRITE[kind](b"\x5a" * octets)) if kind != "text" else octets

    octets_of = {"unit.uuid": 16, "unit.oob": oob_bytes, "unit.serial": 50, "unit.mac": 6}
    pieces: list[str] = []
    for field in spec.field:
        value = PayloadBuilder._static(field, facts)
        if value == "":
            continue
        if value is None and field.source == "package.units":
            value = str(units)
        elif value is None and field.source == "encrypted":
            plain = sum(
                octets_of[part.source] if part.format == "raw" else text_size(part.format, octets_of[part.source])
                for part in field.plaintext
            )
            sealed = SUITES[field.suite or ""].sealed_size(plain * units, key_bits)
            value = fill(field.format, text_size(field.format, sealed))
        elif value is None:
            size = 12 if field.source == "unit.mac" else text_size(field.format, octets_of[field.source])
            value = spec.list_separator.join(fill(field.format, size) for _ in range(units))
        pieces.append(field.key + spec.key_separator + value)
    text = spec.field_separator.join(pieces) + spec.terminator
    if len(text) > MAX_PAYLOAD:
        raise InputError(
            f"the barcode string of {units} units would have {len(text):,} characters; a Data Matrix holds at most "
            f"{MAX_PAYLOAD:,}",
            way_out="Put fewer units in a package.",
        )
    return text
