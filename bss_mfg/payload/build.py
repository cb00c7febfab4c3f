"""From units to the barcode string: made once per package, at issue."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence

from bss_mfg.core.text import count_words
from bss_mfg.errors import InputError
from bss_mfg.model import Unit
from bss_mfg.payload.formats import BINARY, OF_UUIDS, format_label, format_of, last_step
from bss_mfg.payload.layouts.descriptions import PlaintextValue
from bss_mfg.payload.layouts.writing import PlaintextWriter
from bss_mfg.payload.product_keys import ProductKey
from bss_mfg.payload.sources import SAFE_VALUE, column_of
from bss_mfg.payload.spec import Spec, SpecField
from bss_mfg.payload.unit_order import in_order

MAX_PAYLOAD = 1556
"""Bytes that the largest square Data Matrix (144x144) holds in Base 256 (ISO/IEC 16022, table 7)."""

_UNIT_BYTES: dict[str, Callable[[Unit], bytes]] = {
    "unit.serial": lambda unit: unit.serial.encode("ascii"),
    "unit.uuid": lambda unit: unit.uuid.bytes,
    "unit.oob": lambda unit: unit.key.reveal() if unit.key else _refuse_missing_value(unit, "OOB key"),
    "unit.mac": lambda unit: (
        bytes.fromhex(unit.mac.replace(":", "")) if unit.mac else _refuse_missing_value(unit, "mac")
    ),
}


def _refuse_missing_value(unit: Unit, what: str) -> bytes:
    raise InputError(
        f"the spec needs a value of {what} for each unit, and {unit.serial} has none",
        way_out="Give it in the identities file, or use a spec without that field.",
    )


def value_getter(source: str, format: str | tuple[str, ...], key: str) -> Callable[[Unit], bytes]:
    """How the bytes of a source come out of a unit. `key` names the field in errors."""
    column = column_of(source)
    if not column:
        return _UNIT_BYTES[source]
    parse = bytes.fromhex if format == "raw" else format_of(format).parse_input

    def get_column(unit: Unit) -> bytes:
        if not (text := unit.extra.get(column, "")):
            return _refuse_missing_value(unit, column)
        try:
            return parse(text)
        except ValueError:
            # Without the value: it may be a secret.
            raise InputError(
                f"the {column} of {unit.serial} can't be written as {format_label(format)} in {key}",
                way_out="Correct the identities file: hex digits for bytes, base64 for a public key, else ASCII.",
            ) from None

    return get_column


def _product_value(field: SpecField, facts: Mapping[str, str]) -> str | None:
    """The value of a field that all of a product's strings share, empty where an optional one is left out; None of a
    field that is of units or of the package."""
    if field.source == "constant":
        return field.value
    if field.source.startswith("product."):
        name = field.source.removeprefix("product.")
        value = facts.get(name, "")
        if not value and not field.optional:
            raise InputError(
                f"the spec's field {field.key} needs the product's {name.upper()}, and it has none",
                way_out="Add it to the product's file.",
            )
        return value
    return None


class PayloadBuilder:
    """Builds the strings of one batch. The product's values are checked once, each string's rest as it is made.

    `facts` holds `pid` and, where the product has one, `upc` or `ean`.
    """

    def __init__(self, spec: Spec, facts: Mapping[str, str], key: ProductKey | None) -> None:
        self._spec = spec
        self._makers: list[str | Callable[[Sequence[Unit]], str]] = []
        for field in spec.field:
            value = _product_value(field, facts)
            if field.optional and value == "":
                continue
            prefix = (spec.field_separator if self._makers else "") + field.key + spec.key_separator
            if not spec.bare:
                self._makers.append(prefix if value is None else prefix + check_value(value, field.key))
            if value is None:
                self._makers.append(self._unit_values(field, key, facts))
        if not spec.bare:
            self._makers.append(spec.terminator)

    def _unit_values(
        self, field: SpecField, key: ProductKey | None, facts: Mapping[str, str]
    ) -> Callable[[Sequence[Unit]], str]:
        if field.source == "package.units":
            return lambda units: str(len(units))
        write = format_of(field.format).write
        if field.source == "encrypted":
            suite = field.encryption
            if key is None or suite is None:
                raise InputError("the spec encrypts a field, and the product has no public key")
            suite.check_key(key.kind, "the product's public key")
            seal = suite.sealer(key.key)
            getters = {part: plaintext_getter(part, field.key) for part in field.plaintext if part.is_of_unit}
            compose = PlaintextWriter(field.plaintext, field.layout, getters, facts).write
            if field.each == "package":
                return lambda units: write(seal(compose(units)))
            return lambda units: self._spec.list_separator.join([write(seal(compose([unit]))) for unit in units])
        get_bytes = value_getter(field.source, field.format, field.key)
        separator = self._spec.list_separator
        if field.source == "unit.uuid":
            return lambda units: separator.join([write(get_bytes(unit)) for unit in units])
        return lambda units: _join_values([_value(unit, field, get_bytes) for unit in units], separator, field.key)

    def build(self, units: Sequence[Unit]) -> str:
        """The barcode string of a package of `units` (each with its key). Encrypts afresh on each call."""
        self._spec.check_units(len(units))
        units = in_order(units, self._spec.unit_order, _sort_value)
        return "".join([maker if isinstance(maker, str) else maker(units) for maker in self._makers])


def _sort_value(unit: Unit, source: str) -> bytes:
    return _UNIT_BYTES[source](unit)


def _value(unit: Unit, field: SpecField, get_bytes: Callable[[Unit], bytes]) -> str:
    found = get_bytes(unit)
    try:
        return field.check_value(format_of(field.format).write(found))
    except ValueError as error:
        what, way_out = f"the {field.source} {error}, so it can't be in {field.key}", "Correct the identities file."
    except InputError as error:
        what, way_out = error.what, error.way_out
    raise InputError(what, where=f"unit {unit.serial}", way_out=way_out)


def _join_values(values: Sequence[str], separator: str, key: str) -> str:
    if len(values) > 1 and any(separator in value for value in values):
        raise InputError(
            f"a value of {key} holds the separator {separator!r} of the package's list",
            way_out="Give serials without it, or one device to a package.",
        )
    return separator.join(values)


def plaintext_getter(value: PlaintextValue, key: str) -> Callable[[Unit], bytes]:
    """How one part of the plaintext comes out of a unit."""
    if value.each_unit:
        constant = value.constant
        return lambda unit: constant
    get_bytes = value_getter(value.source, value.format, key)
    size = value.octets or (6 if value.source == "unit.mac" else None)
    encoding = None if value.format == "raw" else format_of(value.format).encoding

    def made(unit: Unit) -> bytes:
        found = get_bytes(unit)
        if size is not None and len(found) != size:
            raise InputError(
                f"the {value.source} of {unit.serial} has {len(found)} bytes, {key} needs {size}",
                way_out="Correct the identities file, or the spec's plaintext.",
            )
        return found if encoding is None else encoding.encode(found)

    return get_bytes if size is None and encoding is None else made


def plaintext_size(field: SpecField, facts: Mapping[str, str], units: int, oob_bytes: int) -> int:
    """Bytes of the plaintext of so many units, at most where a serial is in it, or something compressed."""
    fillers = {part: _filler(part.size(oob_bytes)) for part in field.plaintext if part.is_of_unit}
    plain = len(PlaintextWriter(field.plaintext, field.layout, fillers, facts).compose([None] * units))
    return format_of(field.layout.encode).size(plain) if field.layout.encode else plain


def _filler(size: int) -> Callable[[object], bytes]:
    return lambda unit: b"0" * size


def check_value(value: str, key: str) -> str:
    """`value` if it can stand in a barcode string without breaking it."""
    if not value or not SAFE_VALUE.fullmatch(value):
        raise InputError(
            f"the value {value[:60]!a} of {key} would break the barcode string",
            way_out="A value may have only letters, digits and + / = _ - . (no ';', ':', '\\', space or accents).",
        )
    return value


def longest_example(spec: Spec, facts: Mapping[str, str], key_bits: int, units: int, oob_bytes: int) -> str:
    """A string of the same shape as any that the batch can hold, with the characters that need most room.

    Hex letters and digits alternate so that no digit pair packs, and base64 mixes cases, digits and signs. No key is
    involved.
    """

    def fill(kind: str | tuple[str, ...], size: int) -> str:
        pattern = format_of(kind).widest_characters
        return (pattern * (size // len(pattern) + 1))[:size]

    return _example(spec, facts, key_bits, units, oob_bytes, fill)


Fill = Callable[[str | tuple[str, ...], int], str]
"""So many characters of a format."""
DRAWN = 256
MARGIN = "aZ"
"""Characters that a drawn example has more than a real string: beyond the worst of 256 lies one in some millions."""


def sizing_examples(spec: Spec, facts: Mapping[str, str], key_bits: int, units: int, oob_bytes: int) -> Iterator[str]:
    """Strings of the shape that a batch's have, always the same: a symbol that holds each of them holds the batch's.

    How much room a string needs depends on which digits and cases come to stand beside each other, so no single example
    is the worst. These are drawn from a stream of SHA-256, and a little longer than the real ones.
    """
    yield longest_example(spec, facts, key_bits, units, oob_bytes)
    for number in range(DRAWN):
        drawn = 0

        def fill(kind: str | tuple[str, ...], size: int, number: int = number) -> str:
            nonlocal drawn
            stream = b""
            while len(stream) < size:
                stream += hashlib.sha256(f"{number}:{drawn}".encode()).digest()
                drawn += 1
            if (last := last_step(kind)) in BINARY:
                return BINARY[last].write(stream)[:size]
            if last in OF_UUIDS:
                return format_of(last).write(stream[:16])[:size]
            return base64.b64encode(stream, b"-_" if kind == "text" else b"Qz").decode()[:size]

        yield _example(spec, facts, key_bits, units, oob_bytes, fill) + MARGIN


def _example(
    spec: Spec,
    facts: Mapping[str, str],
    key_bits: int,
    units: int,
    oob_bytes: int,
    fill: Fill,
) -> str:
    """A string of a batch's shape, its values made by `fill` of a format and a number of characters."""
    spec.check_units(units)
    pieces: list[str] = []
    for field in spec.field:
        value = _product_value(field, facts)
        if value == "":
            continue
        if value is None and field.source == "package.units":
            value = str(units)
        elif value is None and (suite := field.encryption):
            together = units if field.each == "package" else 1
            sealed = suite.sealed_size(plaintext_size(field, facts, together, oob_bytes), key_bits)
            one = format_of(field.format).size(sealed)
            value = spec.list_separator.join([fill(field.format, one)] * (units // together))
        elif value is None:
            value = spec.list_separator.join(fill(field.format, field.lengths[1]) for _ in range(units))
        pieces.append(value if spec.bare else field.key + spec.key_separator + value)
    text = spec.field_separator.join(pieces) + ("" if spec.bare else spec.terminator)
    if len(text) > MAX_PAYLOAD:
        raise InputError(
            f"the barcode string of {count_words(units, 'unit')} would have {len(text):,} characters; a Data Matrix "
            f"holds at most {MAX_PAYLOAD:,}",
            way_out="Put fewer units in a package.",
        )
    return text
