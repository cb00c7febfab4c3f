"""Barcode strings taken apart: strictly, and with the reason when they don't fit."""

from __future__ import annotations

import base64
import binascii
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from bss_mfg.errors import InputError
from bss_mfg.model import Secret
from bss_mfg.payload.keys import PrivateKey
from bss_mfg.payload.spec import PlaintextPart, Spec, SpecField
from bss_mfg.payload.suites import SUITES


@dataclass(frozen=True, slots=True)
class ParsedField:
    """One `key:value`; `field` is the spec's description of it, or None for an unknown key."""

    key: str
    value: str
    field: SpecField | None


@dataclass(frozen=True, slots=True)
class OpenedUnit:
    """One unit's credentials out of the encrypted field."""

    uuid: uuid.UUID | None
    key: Secret | None
    serial: str | None = None
    mac: str | None = None


def split(text: str, spec: Spec) -> tuple[ParsedField, ...]:
    """The fields of a string in order; a trailing terminator is optional. `InputError` where it has no such shape."""
    body = text.removesuffix(spec.terminator) if spec.terminator else text
    known = {field.key: field for field in spec.field}
    fields: list[ParsedField] = []
    for number, piece in enumerate(body.split(spec.field_separator), 1):
        key, separator, value = piece.partition(spec.key_separator)
        if not separator:
            raise InputError(
                f"field {number} of the string, {piece[:40]!a}, has no '{spec.key_separator}'",
                way_out="The string is cut off, or is of another kind.",
            )
        fields.append(ParsedField(key, value, known.get(key)))
    return tuple(fields)


def findings(fields: Iterable[ParsedField], spec: Spec) -> list[str]:
    """What is wrong with a string's fields: missing, doubled, unknown, out of order, wrong constant."""
    listed = list(fields)
    keys = [field.key for field in listed]
    found = [f"field {key} stands {keys.count(key)} times" for key in sorted({k for k in keys if keys.count(k) > 1})]
    found += [f"field {field.key} is missing" for field in spec.field if not field.optional and field.key not in keys]
    found += [f"field {item.key[:16]!a} is not in the spec" for item in listed if item.field is None]
    found += [
        f"field {item.key} is {item.value[:20]!a}, should be {item.field.value!a}"
        for item in listed
        if item.field and item.field.source == "constant" and item.value != item.field.value
    ]
    order = [field.key for field in spec.field]
    present = [key for key in keys if key in order]
    if not found and present != sorted(present, key=order.index):
        found.append("the fields stand in another order than in the spec")
    return found


def matching_spec(text: str, specs: Iterable[Spec]) -> Spec | None:
    """The spec whose first constant field (ABV) the string starts with."""
    for spec in specs:
        first = spec.field[0]
        if first.source == "constant" and text.startswith(f"{first.key}{spec.key_separator}{first.value}"):
            return spec
    return None


def octets(value: str, kind: str) -> bytes:
    """The octets of a formatted value; `InputError` where it is not of that format."""
    try:
        if kind == "hex-upper" and value == value.upper():
            return bytes.fromhex(value)
        if kind == "hex-lower" and value == value.lower():
            return bytes.fromhex(value)
        if kind == "base64":
            return base64.b64decode(value, validate=True)
        if kind == "base64url":
            return base64.b64decode(value, altchars=b"-_", validate=True)
        if kind == "base32":
            return base64.b32decode(value + "=" * (-len(value) % 8))
    except (ValueError, binascii.Error):
        pass
    raise InputError(f"the value {value[:24]!a} is not {kind}", way_out="A character is wrong or missing.")


def uuids(fields: Iterable[ParsedField], spec: Spec) -> tuple[uuid.UUID, ...]:
    """The Device UUIDs that the string lists in clear; empty where it lists none."""
    for item in fields:
        if item.field and item.field.source == "unit.uuid":
            values = [octets(value, item.field.format) for value in item.value.split(spec.list_separator)]
            if any(len(value) != 16 for value in values):
                raise InputError(f"a Device UUID in {item.key} has not 16 octets", way_out="The string is cut off.")
            return tuple(uuid.UUID(bytes=value) for value in values)
    return ()


def open_credentials(fields: Iterable[ParsedField], key: PrivateKey, units: int) -> tuple[OpenedUnit, ...]:
    """Decrypt the encrypted field with a development key and cut the plaintext into its `units`."""
    for item in fields:
        if item.field and item.field.source == "encrypted" and item.field.suite:
            suite = SUITES[item.field.suite]
            plain = suite.open(key, octets(item.value, item.field.format), item.field.info.encode("utf-8"))
            return _cut(plain, item.field.plaintext, units)
    raise InputError("the string has no encrypted field that the spec knows", way_out="Check the spec.")


def _cut(plain: bytes, parts: tuple[PlaintextPart, ...], units: int) -> tuple[OpenedUnit, ...]:
    """Cut a plaintext whose parts are raw: UUIDs have 16 octets, MACs 6, the key takes the rest (16 or 32)."""
    fixed = {"unit.uuid": 16, "unit.mac": 6}
    raw = all(part.format == "raw" for part in parts) and not any(p.source == "unit.serial" for p in parts)
    per_unit, rest = divmod(len(plain), max(units, 1))
    key_size = per_unit - sum(fixed.get(part.source, 0) for part in parts)
    has_key = any(part.source == "unit.oob" for part in parts)
    if not raw or rest or (has_key and key_size not in (16, 32)) or (not has_key and key_size):
        raise InputError(
            f"the decrypted field of {len(plain)} octets can't be cut into {units} units by the spec's plaintext",
            way_out="Check the spec's plaintext and the number of units.",
        )
    opened: list[OpenedUnit] = []
    for number in range(units):
        at = number * per_unit
        values: dict[str, bytes] = {}
        for part in parts:
            size = fixed.get(part.source, key_size)
            values[part.source] = plain[at : at + size]
            at += size
        opened.append(
            OpenedUnit(
                uuid.UUID(bytes=values["unit.uuid"]) if "unit.uuid" in values else None,
                Secret(values["unit.oob"]) if has_key else None,
                mac=values["unit.mac"].hex().upper() if "unit.mac" in values else None,
            )
        )
    return tuple(opened)
