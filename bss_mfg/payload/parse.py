"""Barcode strings taken apart: strictly, and with the reason when they don't fit."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bss_mfg.core.languages import phrase
from bss_mfg.core.text import count_words
from bss_mfg.errors import InputError
from bss_mfg.model import Secret
from bss_mfg.payload.formats import format_label, format_of
from bss_mfg.payload.layouts.reading import read_plaintext
from bss_mfg.payload.product_keys import PrivateKey
from bss_mfg.payload.sources import column_of
from bss_mfg.payload.spec import Spec, SpecField


@dataclass(frozen=True, slots=True)
class ParsedField:
    """One `key:value`; `field` is the spec's description of it, or None for an unknown key."""

    key: str
    value: str
    field: SpecField | None


@dataclass(frozen=True, slots=True)
class OpenedUnit:
    """One unit's credentials out of the encrypted field; `extra` by the names of the identities file's columns."""

    uuid: uuid.UUID | None
    key: Secret | None
    serial: str | None = None
    mac: str | None = None
    extra: Mapping[str, Secret] = field(default_factory=dict)


def split_fields(text: str, spec: Spec) -> tuple[ParsedField, ...]:
    """The fields of a string in order; a trailing terminator is optional. `InputError` where it has no such shape."""
    if spec.bare:
        return (ParsedField(spec.field[0].key, text, spec.field[0]),)
    body = text.removesuffix(spec.terminator) if spec.terminator else text
    described = {field.key: field for field in spec.field}
    fields: list[ParsedField] = []
    for number, piece in enumerate(body.split(spec.field_separator), 1):
        key, separator, value = piece.partition(spec.key_separator)
        if not separator:
            raise InputError(
                f"field {number} of the string, {piece[:40]!a}, has no '{spec.key_separator}'",
                way_out="The string is cut off, or is of another kind.",
            )
        fields.append(ParsedField(key, value, described.get(key)))
    return tuple(fields)


def find_faults(fields: Iterable[ParsedField], spec: Spec) -> list[str]:
    """What is wrong with a string's fields: missing, doubled, unknown, out of order, wrong constant, wrong value."""
    listed = list(fields)
    keys = [field.key for field in listed]
    found: list[str] = [
        phrase("field {key} appears {count} times", key=key, count=keys.count(key))
        for key in sorted({k for k in keys if keys.count(k) > 1})
    ]
    found += [
        phrase("field {key} is missing", key=field.key)
        for field in spec.field
        if not field.optional and field.key not in keys
    ]
    found += [
        phrase("field {key} is not in the spec", key=ascii(item.key[:16])) for item in listed if item.field is None
    ]
    found += [
        phrase(
            "field {key} is {value}, should be {expected}",
            key=item.key,
            value=ascii(item.value[:20]),
            expected=ascii(item.field.value),
        )
        for item in listed
        if item.field and item.field.source == "constant" and item.value != item.field.value
    ]
    found += [fault for item in listed for fault in _faults(item, spec)]
    order = [field.key for field in spec.field]
    present = [key for key in keys if key in order]
    if not found and present != sorted(present, key=order.index):
        found.append("the fields are in another order than in the spec")
    return found


def _faults(item: ParsedField, spec: Spec) -> list[str]:
    found: list[str] = []
    # Device UUIDs are taken apart by `uuids`, which says more.
    if item.field and item.field.source != "unit.uuid":
        for value in unit_values(item, spec):
            try:
                item.field.check_value(value)
            except InputError as error:
                found.append(error.what)
    return found


def unit_values(item: ParsedField, spec: Spec) -> tuple[str, ...]:
    """The values of the package's units in one field, as they are written; empty for a field that is not of units."""
    if item.field is None or not item.field.source.startswith("unit."):
        return ()
    return (item.value,) if spec.max_units == 1 else tuple(item.value.split(spec.list_separator))


def told_units(fields: Iterable[ParsedField], spec: Spec) -> int | None:
    """How many units a string says that it speaks of: as many as its lists have members, else what it says in figures;
    None where only its plaintext could tell."""
    listed = list(fields)
    # The least: a single serial may hold the separator.
    if counts := [count for item in listed if (count := len(unit_values(item, spec)))]:
        return min(counts)
    figures = (item.value[:4] for item in listed if item.field and item.field.source == "package.units")
    if count := next((int(value) for value in figures if value.isdecimal()), 0):
        return count
    if of_units := [item for item in listed if item.field and item.field.encryption and item.field.each == "unit"]:
        return len(ciphertexts(of_units[0], spec))
    return 1 if spec.max_units == 1 else None


def unit_count(fields: Iterable[ParsedField], spec: Spec) -> int:
    """How many units a string speaks of, as far as it says so, else one."""
    return told_units(fields, spec) or 1


def matching_spec(text: str, specs: Iterable[Spec]) -> Spec | None:
    """The spec whose first constant field (ABV) the string starts with."""
    for spec in specs:
        first = spec.field[0]
        if first.source == "constant" and text.startswith(f"{first.key}{spec.key_separator}{first.value}"):
            return spec
    return None


def find_bare_spec(text: str, specs: Iterable[Spec]) -> Spec | None:
    """The spec whose bare value the string can be. It says little: any serial number fits."""
    return next((spec for spec in specs if spec.bare and not find_faults(split_fields(text, spec), spec)), None)


def value_bytes(value: str, kind: str | tuple[str, ...]) -> bytes:
    """The bytes of a formatted value; `InputError` where it is not of that format."""
    try:
        return format_of(kind).read_strict(value)
    except ValueError:
        raise InputError(
            f"the value {value[:24]!a} is not {format_label(kind)}", way_out="A character is wrong or missing."
        ) from None


def device_uuids(fields: Iterable[ParsedField], spec: Spec) -> tuple[uuid.UUID, ...]:
    """The Device UUIDs that the string lists in clear; empty where it lists none."""
    for item in fields:
        if item.field and item.field.source == "unit.uuid":
            values = [value_bytes(value, item.field.format) for value in item.value.split(spec.list_separator)]
            if any(len(value) != 16 for value in values):
                raise InputError(f"a Device UUID in {item.key} is not 16 bytes long", way_out="The string is cut off.")
            return tuple(uuid.UUID(bytes=value) for value in values)
    return ()


def ciphertexts(item: ParsedField, spec: Spec) -> tuple[str, ...]:
    """The encrypted values of a field as they are written: one, or one of each unit."""
    is_list = item.field is not None and item.field.each == "unit"
    return tuple(item.value.split(spec.list_separator)) if is_list else (item.value,)


def open_credentials(fields: Iterable[ParsedField], spec: Spec, key: PrivateKey, units: int) -> tuple[OpenedUnit, ...]:
    """Decrypt the encrypted fields with a development key and take their plaintexts apart into the `units`."""
    units = max(units, 1)
    found: list[dict[str, bytes]] = [{} for _ in range(units)]
    opened = False
    for item in fields:
        if item.field and (suite := item.field.encryption):
            opened = True
            texts = [suite.open(key, value_bytes(text, item.field.format)) for text in ciphertexts(item, spec)]
            for unit, values in zip(found, split_plaintexts(texts, item.field, units), strict=True):
                unit.update(values)
    if not opened:
        raise InputError("the string has no encrypted field that the spec knows", way_out="Check the spec.")
    return tuple(opened_unit(values) for values in found)


def open_package(fields: Iterable[ParsedField], spec: Spec, key: PrivateKey) -> tuple[OpenedUnit, ...]:
    """As `open_credentials`, of as many units as the string says; else of as many as the plaintext can be cut into.
    `InputError` where that is several numbers."""
    listed = list(fields)
    if (told := told_units(listed, spec)) is not None:
        return open_credentials(listed, spec, key, told)
    found: list[tuple[OpenedUnit, ...]] = []
    for count in range(1, spec.max_units + 1):
        try:
            found.append(open_credentials(listed, spec, key, count))
        except InputError as error:
            wrong = error
    if not found:
        raise wrong
    if len(found) > 1:
        counts = " or ".join(str(len(units)) for units in found)
        raise InputError(
            f"nothing in the string says of how many units it is: its plaintext can be cut into {counts}",
            way_out="Give the spec a field or a value with the number of units (package.units).",
        )
    return found[0]


def split_plaintexts(texts: Sequence[bytes], field: SpecField, units: int) -> list[dict[str, bytes]]:
    """The values of each unit, by their sources, out of the plaintexts of an encrypted field; `InputError` where they
    are laid out otherwise."""
    each = field.each == "unit"
    try:
        if each and len(texts) != units:
            raise ValueError(f"there are {len(texts)} ciphertexts")
        return [
            values
            for text in texts
            for values in read_plaintext(text, field.plaintext, field.layout, 1 if each else units)
        ]
    except ValueError as error:
        sizes = " and ".join(str(len(text)) for text in texts)
        raise InputError(
            f"the decrypted field of {sizes} bytes can't be cut into {count_words(units, 'unit')} by the spec's "
            f"plaintext: {error}",
            way_out="Check the spec's plaintext and the number of units.",
        ) from None


def opened_unit(found: Mapping[str, bytes]) -> OpenedUnit:
    """The credentials that a plaintext holds of one unit."""
    try:
        return OpenedUnit(
            uuid.UUID(bytes=found["unit.uuid"]) if "unit.uuid" in found else None,
            Secret(found["unit.oob"]) if "unit.oob" in found else None,
            found["unit.serial"].decode("ascii") if "unit.serial" in found else None,
            found["unit.mac"].hex().upper() if "unit.mac" in found else None,
            {name: Secret(value) for source, value in found.items() if (name := column_of(source))},
        )
    except ValueError:  # a UUID of another length, a serial that is none
        raise InputError(
            "a value in the decrypted field can't be one of a unit", way_out="Check the spec's plaintext."
        ) from None
