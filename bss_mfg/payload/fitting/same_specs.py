"""Specs that never write anything different: base64 of 6 bytes has no padding, and a count is a constant where each
ciphertext is of one unit.

Whether they do is tried out: plaintexts are written for made-up units, formats write bytes of every length that they
can have. Two that agree in all of these are one explanation.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from bss_mfg.errors import InputError
from bss_mfg.model import Secret, Unit
from bss_mfg.payload.build import plaintext_size
from bss_mfg.payload.formats import BINARY, OF_UUIDS, format_of
from bss_mfg.payload.proving.known import compose
from bss_mfg.payload.sources import column_of
from bss_mfg.payload.spec import Spec, SpecField

_LONGEST = 128
"""Bytes of a column's value."""
_COUNTS = (1, 2, 3, 5)
_OOB = (16, 32)
_KEY_BITS = {"RSA": (2048, 3072, 4096)}
_FACTS = {"pid": "Qx7Z", "upc": "012345678905", "ean": "4006381333931"}
_PROBES = 4
Sizes = frozenset[int]


def distinct(specs: Sequence[Spec]) -> list[Spec]:
    """The first of those that write the same of all values that they can have. What only checks more (`alphanumeric`
    beside `text`) is no other spec: no sample could ever show it."""
    if len(specs) < 2:
        return list(specs)
    several = [
        len({field.format for field in fields}) > 1 for fields in zip(*(one.field for one in specs), strict=True)
    ]
    known: dict[str, str] = {}
    found: dict[tuple[str, ...], Spec] = {}
    for spec in specs:
        parts = [spec.model_dump_json(exclude={"field"})]
        for field, formats_differ in zip(spec.field, several, strict=True):
            said = field.model_dump_json()
            if said not in known:
                known[said] = json.dumps(_field(field, spec.max_units, formats_differ=formats_differ))
            parts.append(known[said])
        found.setdefault(tuple(parts), spec)
    return list(found.values())


def _field(field: SpecField, max_units: int, *, formats_differ: bool) -> list[Any]:
    if field.source == "package.units" and max_units == 1:
        return [field.key, "constant", "1"]
    if not field.plaintext:
        return [field.model_dump(mode="json", exclude={"format"}), _format(field.format, _plain_sizes(field))]
    rest = field.model_dump(mode="json", exclude={"format", "plaintext", "layout"})
    sizes = _sealed_sizes(field, max_units) if formats_differ else None
    return [rest, _format(field.format, sizes), _plaintexts(field, max_units)]


# --- plaintexts ------------------------------------------------------------------------------------------------------


def _plaintexts(field: SpecField, max_units: int) -> list[Any]:
    """What a layout makes of made-up units; itself where it makes nothing of any."""
    most = max_units if field.each == "package" else 1
    made = [
        _made(field, [_unit(number, field, octets) for number in range(1, count + 1)])
        for count in _COUNTS
        if count <= most
        for octets in _OOB
    ]
    if any(made):
        return made
    return [field.layout.model_dump(mode="json"), [value.model_dump(mode="json") for value in field.plaintext]]


def _made(field: SpecField, units: Sequence[Unit]) -> str:
    try:
        return compose(field, units, _FACTS).hex()
    except (InputError, ValueError, OverflowError):
        return ""


def _unit(number: int, field: SpecField, oob: int) -> Unit:
    """A made-up unit, always the same; the length of its serial is that of no other."""
    stream = hashlib.shake_128(f"unit {number}".encode())
    digits = stream.hexdigest(1024)
    extra, mac = {}, 6
    for value in field.plaintext:
        octets = value.octets or 8
        if column := column_of(value.source):
            extra[column] = digits[: octets if value.format in ("text", "alphanumeric") else 2 * octets]
        elif value.source == "unit.mac":
            mac = value.octets or mac
    known = stream.digest(64)
    key, name = Secret(known[:oob]), "P" + digits[: 6 + number]
    return Unit(number, name, uuid.UUID(bytes=known[48:]), digits[: 2 * mac].upper(), key, extra=extra)


# --- formats ---------------------------------------------------------------------------------------------------------


def _format(format: str | tuple[str, ...], sizes: Sizes | None) -> Any:
    """What tells a format from others: its texts of values of these sizes, or its name."""
    if format == "alphanumeric":
        return "text"
    steps = (format,) if isinstance(format, str) else format
    if sizes and all(step in (*BINARY, *OF_UUIDS) for step in steps):
        return _texts(format, sizes)
    return format


@cache
def _texts(format: str | tuple[str, ...], sizes: Sizes) -> tuple[str, ...]:
    return tuple(_text(format, data) for size in sorted(sizes) for data in _probes(size))


def _text(format: str | tuple[str, ...], data: bytes) -> str:
    try:
        return format_of(format).write(data)
    except ValueError:
        return ""


def _probes(size: int) -> Iterator[bytes]:
    """Bytes with every kind of character in every format."""
    yield b"\xfb\xef\xbe\xff" * (size // 4) + b"\xff" * (size % 4)
    for number in range(_PROBES):
        yield hashlib.shake_128(f"bytes {number}".encode()).digest(size)


def _plain_sizes(field: SpecField) -> Sizes | None:
    """The bytes that a plain value can have."""
    known = {"unit.uuid": 16, "unit.mac": 6}
    if field.source in known and field.max_length is None:
        return frozenset((known[field.source],))
    if not column_of(field.source) or field.format not in BINARY:
        return None
    least, most = field.lengths
    write = format_of(field.format)
    return frozenset(size for size in range(1, _LONGEST) if least <= write.size(size) <= most)


def _sealed_sizes(field: SpecField, max_units: int) -> Sizes | None:
    """The bytes that an encrypted field can have; None where that can't be told."""
    suite = field.encryption
    fixed = field.layout.has_fixed_size and all(value.has_fixed_format for value in field.plaintext)
    if suite is None or not fixed or any(value.source == "unit.serial" for value in field.plaintext):
        return None
    oob = _OOB if any(value.source == "unit.oob" for value in field.plaintext) else _OOB[:1]
    sizes = set()
    for units in range(1, max_units + 1) if field.each == "package" else (1,):
        for octets in oob:
            for bits in _KEY_BITS.get(suite.key_kind, (0,)):
                try:
                    sizes.add(suite.sealed_size(plaintext_size(field, _FACTS, units, octets), bits))
                except InputError:  # RSA holds no more
                    continue
    return frozenset(sizes)
