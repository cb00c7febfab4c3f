"""A made-up package by a spec, taken apart: each field of its string, each part and each value of what is encrypted.

It is for people who compare a spec with a guide. Nothing in it was ever issued: units count up, encrypted bytes are
drawn from a stream of SHA-256, and are always the same.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from bss_mfg.model import Secret, Unit
from bss_mfg.payload.formats import OF_UUIDS, SPKI, encode_whole, format_of
from bss_mfg.payload.layouts.descriptions import Layout, PlaintextValue
from bss_mfg.payload.layouts.plan import check_bytes, integer_bytes, padding_bytes, steps
from bss_mfg.payload.layouts.writing import PlaintextWriter
from bss_mfg.payload.schemes.points import CURVES, point_bytes
from bss_mfg.payload.sealed_pieces import Piece, PieceKind, made_up_key, sealed_pieces, stream
from bss_mfg.payload.sources import column_of
from bss_mfg.payload.spec import Spec, SpecField
from bss_mfg.payload.suites import Suite
from bss_mfg.payload.unit_order import in_order

PLACEHOLDERS: Mapping[str, str] = {"pid": "XxXx", "upc": "000000000000", "ean": "0000000000000"}
"""Of a product that nobody has named: they look like no product's, and need as much room."""
NO_FACTS: Mapping[str, str] = {}

_OF_SOURCE = {
    "unit.uuid": PieceKind.UUID, "unit.oob": PieceKind.OOB, "unit.serial": PieceKind.SERIAL, "unit.mac": PieceKind.MAC,
    "constant": PieceKind.CONSTANT, "package.units": PieceKind.COUNT, "check": PieceKind.CHECK,
    "padding": PieceKind.PADDING,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class EncryptedValue:
    """One ciphertext: what is encrypted, what comes of it, and the text that stands in the string."""

    plaintext: tuple[Piece, ...]
    sealed: tuple[Piece, ...]
    text: str


@dataclass(frozen=True, slots=True)
class FieldAnatomy:
    """A field with its value; `encrypted` has one ciphertext, or one for each unit."""

    field: SpecField
    text: str
    encrypted: tuple[EncryptedValue, ...] = ()


@dataclass(frozen=True, slots=True)
class Anatomy:
    """A made-up package of so many units."""

    spec: Spec
    units: tuple[Unit, ...]
    fields: tuple[FieldAnatomy, ...]
    oob_bytes: int

    @property
    def text(self) -> str:
        """The whole barcode string."""
        spec = self.spec
        if spec.bare:
            return self.fields[0].text
        named = (f"{one.field.key}{spec.key_separator}{one.text}" for one in self.fields)
        return spec.field_separator.join(named) + spec.terminator


def facts_of(spec: Spec, known: Mapping[str, str] = NO_FACTS) -> dict[str, str]:
    """What the product of a made-up package has, `known` or else a placeholder: its id, and the UPC, or else the EAN,
    that the spec asks for."""
    sources = {one.source for one in spec.values_of_units}
    codes = [name for name in ("upc", "ean") if f"product.{name}" in sources]
    chosen = next((name for name in codes if known.get(name)), *codes[:1]) if codes else ""
    needed = {one.source for one in spec.values_of_units if not getattr(one, "optional", False)}
    kept = {"pid", *(name for name in codes if name == chosen or f"product.{name}" in needed)}
    return {name: known.get(name) or value for name, value in PLACEHOLDERS.items() if name in kept}


def explain(spec: Spec, units: int, oob_bytes: int, known: Mapping[str, str] = NO_FACTS) -> Anatomy:
    """A made-up package, of a product of which some values are `known`. `InputError` where the spec allows fewer units,
    or an RSA key holds less."""
    spec.check_units(units)
    facts, values = facts_of(spec, known), MadeUpValues(oob_bytes)
    members = tuple(_unit(spec, number, oob_bytes, facts["pid"]) for number in range(1, units + 1))
    fields: list[FieldAnatomy] = []
    stand = in_order(members, spec.unit_order, values.sorted_by)
    for field in spec.field:
        if field.source == "constant":
            fields.append(FieldAnatomy(field, field.value or ""))
        elif field.source == "package.units":
            fields.append(FieldAnatomy(field, str(units)))
        elif field.source.startswith("product."):
            if value := facts.get(field.source.removeprefix("product."), ""):
                fields.append(FieldAnatomy(field, value))
        elif field.encryption:
            groups = [(member,) for member in stand] if field.each == "unit" else [stand]
            made = tuple(_encrypted(field, field.encryption, group, facts, values) for group in groups)
            fields.append(FieldAnatomy(field, spec.list_separator.join(one.text for one in made), made))
        else:
            texts = [format_of(field.format).write(values.of(field, member)) for member in stand]
            fields.append(FieldAnatomy(field, spec.list_separator.join(texts)))
    return Anatomy(spec, members, tuple(fields), oob_bytes)


# --- units ------------------------------------------------------------------------------------------------------------


def _unit(spec: Spec, number: int, oob_bytes: int, pid: str) -> Unit:
    drawn = bytearray(stream(f"uuid {number}", 16))
    drawn[6], drawn[8] = drawn[6] & 0x0F | 0x40, drawn[8] & 0x3F | 0x80  # RFC 9562, version 4
    mac_bytes = 6
    least, most, extra = 1, 50, dict[str, str]()
    for one in spec.values_of_units:
        if one.source == "unit.mac":
            mac_bytes = one.lengths[0] // 2 if isinstance(one, SpecField) else one.octets or 6
        elif one.source == "unit.serial" and isinstance(one, SpecField):
            least, most = one.lengths
        elif column := column_of(one.source):
            extra.setdefault(column, _column_text(one, column, number))
    mac = (0x02 << 8 * (mac_bytes - 1) | number).to_bytes(mac_bytes, "big").hex(":").upper()
    serial = (pid + str(number).rjust(max(8, least - 4), "0"))[-most:]
    key = Secret(made_up_oob(number, oob_bytes))
    return Unit(number, serial, uuid.UUID(bytes=bytes(drawn)), mac, key, extra=extra)


def made_up_oob(number: int, size: int) -> bytes:
    """An OOB key that everybody takes for a made-up one: 00, 01, 02 ..."""
    return bytes((16 * (number - 1) + index) % 256 for index in range(size))


def _column_text(one: SpecField | PlaintextValue, column: str, number: int) -> str:
    """A column's value as the identities file would have it: hex digits, or text."""
    if one.format == SPKI:
        point = point_bytes(CURVES["P-256"], made_up_key("P-256", f"{column} {number}"), "compressed")
        # The header of RFC 5480: id-ecPublicKey, prime256v1, a BIT STRING of 33 bytes.
        header = bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200")
        return format_of(SPKI).write(header + point)
    first = one.format if isinstance(one.format, str) else one.format[0]
    is_text = first in ("text", "alphanumeric")
    if isinstance(one, PlaintextValue):
        size = one.octets or 1
    else:
        most = one.lengths[1]
        size = max(n for n in range(most + 1) if format_of(one.format).size(n) <= most)
    size = 16 if first in OF_UUIDS else size
    drawn = stream(f"{column} {number}", size)
    return "".join("0123456789ABCDEF"[byte % 16] for byte in drawn) if is_text else drawn.hex()


@dataclass(frozen=True, slots=True)
class MadeUpValues:
    """The values of made-up units, whose OOB keys have so many bytes."""

    oob_bytes: int

    def of(self, one: SpecField | PlaintextValue, unit: Unit) -> bytes:
        """The bytes of a value before they are written."""
        if isinstance(one, PlaintextValue) and one.each_unit:
            return one.constant
        if column := column_of(one.source):
            text = unit.extra[column]
            return bytes.fromhex(text) if one.format == "raw" else format_of(one.format).parse_input(text)
        return self.sorted_by(unit, one.source)

    def sorted_by(self, unit: Unit, source: str) -> bytes:
        """The bytes of a value that units can be sorted by."""
        known = {
            "unit.serial": unit.serial.encode(),
            "unit.uuid": unit.uuid.bytes,
            "unit.mac": bytes.fromhex((unit.mac or "").replace(":", "")),
            "unit.oob": made_up_oob(unit.number, self.oob_bytes),
        }
        return known[source]

    def written(self, one: PlaintextValue, unit: Unit) -> bytes:
        """A value as it stands in a plaintext."""
        found = self.of(one, unit)
        return found if one.format == "raw" or one.each_unit else format_of(one.format).encoding.encode(found)


# --- what is encrypted ------------------------------------------------------------------------------------------------


def _encrypted(
    field: SpecField, suite: Suite, units: Sequence[Unit], facts: Mapping[str, str], values: MadeUpValues
) -> EncryptedValue:
    plaintext = tuple(_PlaintextPieces(field.plaintext, field.layout, facts, values).of(units))
    whole = b"".join(one.data for one in plaintext)
    seed = f"{field.key} {units[0].number}"
    sealed = tuple(sealed_pieces(suite, len(encode_whole(whole, field.layout.encode)), seed))
    text = format_of(field.format).write(b"".join(one.data for one in sealed))
    return EncryptedValue(plaintext, sealed, text)


@dataclass(frozen=True, slots=True)
class _PlaintextPieces:
    """Takes made-up plaintexts apart, what holds the values between them."""

    values: tuple[PlaintextValue, ...]
    layout: Layout
    facts: Mapping[str, str]
    made_up: MadeUpValues

    def of(self, units: Sequence[Unit]) -> Iterator[Piece]:
        """The plaintext of some units, in its order."""
        return self._binary(units) if self.layout.kind == "binary" else self._text(units)

    def _text(self, units: Sequence[Unit]) -> Iterator[Piece]:
        shown: list[tuple[PlaintextValue, Unit]] = []

        def getter(value: PlaintextValue, unit: Unit) -> bytes:
            shown.append((value, unit))
            return self.made_up.written(value, unit)

        getters = {value: partial(getter, value) for value in self.values if value.is_of_unit}
        whole = PlaintextWriter(self.values, self.layout, getters, self.facts).compose(units)
        at = 0
        for value, unit in shown:  # in the order in which they are written
            data = self.made_up.written(value, unit)
            found = whole.find(data, at)
            if found < 0:  # JSON writes it otherwise
                continue
            if found > at:
                yield Piece(PieceKind.FRAME, whole[at:found])
            yield Piece(_kind(value), data, _name(value), unit.number)
            at = found + len(data)
        if at < len(whole):
            yield Piece(PieceKind.FRAME, whole[at:])

    def _binary(self, units: Sequence[Unit]) -> Iterator[Piece]:
        so_far = bytearray()
        for step in steps(self.values, self.layout):
            for unit in units if step.of_units else (None,):
                for value in step.values:
                    written = self.made_up.written(value, unit) if unit else None
                    data = _once(value, bytes(so_far), len(units), self.facts) if written is None else written
                    number = unit.number if unit else 0
                    length = integer_bytes(len(data), value.length) if value.length else b""
                    frame = bytes.fromhex(value.tag) + length
                    so_far += frame + data
                    if frame:
                        yield Piece(PieceKind.FRAME, frame, "", number)
                    if data:
                        yield Piece(_kind(value), data, _name(value), number)


def _once(value: PlaintextValue, so_far: bytes, units: int, facts: Mapping[str, str]) -> bytes:
    if value.source == "constant":
        return value.constant
    if value.source == "package.units":
        return str(units).encode() if value.format == "decimal" else integer_bytes(units, value.number_format)
    if value.source == "check":
        return check_bytes(value, so_far)
    if value.source == "padding":
        return padding_bytes(value, len(so_far))
    return facts[value.source.removeprefix("product.")].encode()


def _kind(value: PlaintextValue) -> PieceKind:
    if value.source.startswith("product."):
        return PieceKind.PRODUCT
    return _OF_SOURCE.get(value.source, PieceKind.COLUMN)


def _name(value: PlaintextValue) -> str:
    return column_of(value.source) or (value.source.removeprefix("product.") if "product." in value.source else "")
