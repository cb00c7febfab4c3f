"""What is known of a sample's units and product, and how each value would be written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any

from pydantic import ValidationError

from bss_mfg.payload.fitting.chains import Chain, may_hold_chain, read_chains, written_chains
from bss_mfg.payload.formats import format_of
from bss_mfg.payload.layouts.descriptions import PlaintextValue
from bss_mfg.payload.product_keys import PrivateKey
from bss_mfg.payload.sources import COLUMN_FORMATS, FORMATS_OF
from bss_mfg.payload.spec_samples import SampleUnit, SpecSample
from bss_mfg.payload.unit_order import UNIT_ORDERS, UnitOrder, permutation, sort_source

Format = str | tuple[str, ...]
"""A format by its name, or a chain of them."""


@dataclass(frozen=True)
class KnownUnit:
    """The values of one unit by their sources: bytes of our own sources, the text of an identities file's columns.
    `repr` shows none of them. `number`: which unit (from 1) it is in the sample that lists it."""

    values: Mapping[str, bytes | str] = field(repr=False)
    number: int = 0

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources that have a value."""
        return tuple(self.values)

    @cached_property
    def written_values(self) -> Mapping[str, WrittenValue]:
        """Each value, by its source, in every form: written once for all that look for it."""
        return {source: WrittenValue(self, source) for source in self.values}

    def sortable(self, source: str) -> bytes | None:
        """A value that units can be sorted by; None where there is none."""
        value = self.values.get(source)
        return value if isinstance(value, bytes) else None

    def written(self, source: str, format: Format) -> bytes | None:
        """A value as it stands in a plaintext in a format, or as the text of a field; None where it can't be so."""
        try:
            data = self.parsed(source, format)
            return data if format == "raw" else format_of(format).encoding.encode(data)
        except ValueError:
            return None

    def parsed(self, source: str, format: Format) -> bytes:
        """The bytes that a format writes; `ValueError` where a column's text can't be so."""
        value = self.values[source]
        if isinstance(value, bytes):
            return value
        return bytes.fromhex(value) if format == "raw" else format_of(format).parse_input(value)

    def chains(self, source: str, text: bytes) -> list[Chain]:
        """The chains of encodings that make this text of a value."""
        return read_chains(text, source, partial(self.parsed, source))

    def octets(self, source: str, format: Format) -> int | None:
        """How many bytes a spec has to say that a value has: of a column, and of a MAC of 8 bytes."""
        value = self.values[source]
        if isinstance(value, str):
            return len(self.parsed(source, format))
        return len(value) if source == "unit.mac" and len(value) != 6 else None


@dataclass(frozen=True)
class WrittenValue:
    """A value of a unit in every form that is long enough to be found, written when it is first looked for."""

    unit: KnownUnit
    source: str

    @cached_property
    def forms(self) -> tuple[bytes, ...]:
        """In every format."""
        return _long(_forms(self.unit, self.source))

    @cached_property
    def chained(self) -> tuple[bytes, ...]:
        """Through every chain of two encodings."""
        parsed = partial(self.unit.parsed, self.source)
        return _long(text for _, text in written_chains(self.source, parsed, 2))


def _forms(unit: KnownUnit, source: str) -> Iterator[bytes]:
    for format in formats_of(source, in_plaintext=True):
        if text := unit.written(source, format):
            yield text
    if source == "unit.uuid" and isinstance(data := unit.values[source], bytes):
        digits = data.hex()
        dashed = "-".join([digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]])
        yield from (dashed.encode(), dashed.upper().encode())


def _long(texts: Iterable[bytes]) -> tuple[bytes, ...]:
    return tuple(dict.fromkeys(text for text in texts if len(text) >= LEAST_NEEDLE))


@dataclass(frozen=True, slots=True)
class Known:
    """A sample as the search sees it. `facts` are the product's `pid`, `upc`, `ean`, as far as they are known."""

    name: str
    string: str
    units: tuple[KnownUnit, ...]
    facts: Mapping[str, str]
    key: PrivateKey | None = field(default=None, repr=False)

    def places(self, order: UnitOrder) -> tuple[int, ...] | None:
        """Which unit (from 0) stands in each place in some order; None where a value to sort by is not known."""
        return _places(self.units, order)

    def in_places(self, places: Sequence[int]) -> Known:
        """The same with the units in other places, each told by its number (from 0) here."""
        return replace(self, units=tuple(self.units[place] for place in places))

    @property
    def text(self) -> bytes:
        """The string as bytes, to look for values in it."""
        return self.string.encode()

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources of which every unit has a value."""
        return tuple(s for s in self.units[0].sources if all(s in unit.values for unit in self.units))


def known_sample(sample: SpecSample, key: PrivateKey | None) -> Known:
    """A sample with the private key that opens it, if there is one."""
    units = tuple(_known_unit(unit, number) for number, unit in enumerate(sample.units, 1))
    return Known(sample.name, sample.string, units, dict(sample.product), key)


def _known_unit(unit: SampleUnit, number: int) -> KnownUnit:
    values: dict[str, bytes | str] = {}
    if unit.uuid:
        values["unit.uuid"] = unit.uuid.bytes
    if unit.oob:
        values["unit.oob"] = unit.oob.reveal()
    if unit.serial:
        values["unit.serial"] = unit.serial.encode("ascii")
    if unit.mac:
        values["unit.mac"] = bytes.fromhex(re.sub("[^0-9A-Fa-f]", "", unit.mac))
    values.update({f"unit.{name}": text for name, text in unit.extra.items()})
    return KnownUnit(values, number)


def plaintext_value(content: Mapping[str, Any]) -> PlaintextValue | None:
    """A value of a plaintext, or None where a spec can't say that."""
    try:
        return PlaintextValue.model_validate(content)
    except ValidationError:
        return None


def formats_of(source: str, *, in_plaintext: bool) -> tuple[str, ...]:
    """The formats that a source can have: `raw` first and only in a plaintext; a serial's text is its raw bytes."""
    named = [name for name in FORMATS_OF.get(source, COLUMN_FORMATS) if name != "raw"]
    if not in_plaintext:
        return tuple(named)
    return ("raw",) if source == "unit.serial" else ("raw", *named)


LEAST_NEEDLE = 6
"""Bytes of a value whose being there is no chance."""
_TEXT, _TEXT_INSIDE = re.compile(rb"[ -~]*"), re.compile(rb"[ -~]{%d}" % LEAST_NEEDLE)


@dataclass(frozen=True)
class Needles:
    """What finds any of some values in a plaintext, in any format; of a lone serial less than `LEAST_NEEDLE` bytes says
    nothing. Chains of two encodings are looked for where there is enough text."""

    values: tuple[WrittenValue, ...] = field(repr=False)

    def stand_in(self, data: bytes) -> bool:
        """Whether a value stands there."""
        if any(form in data for form in self._bytes):
            return True
        if not _TEXT_INSIDE.search(data):  # as most of what is searched: bytes of chance
            return False
        return any(text in data for text in self._texts) or any(text in data for text in self._chains(data))

    def place_in(self, data: bytes) -> int | None:
        """Where the first value stands: one in a format, else one through a chain; None where none does."""
        for texts in ((*self._bytes, *self._texts), self._chains(data)):
            if places := [place for text in texts if (place := data.find(text)) >= 0]:
                return min(places)
        return None

    def _chains(self, data: bytes) -> Iterable[bytes]:
        return (text for value in self.values for text in value.chained) if may_hold_chain(data) else ()

    @cached_property
    def _bytes(self) -> tuple[bytes, ...]:
        return tuple(form for value in self.values for form in value.forms if not _TEXT.fullmatch(form))

    @cached_property
    def _texts(self) -> tuple[bytes, ...]:
        return tuple(form for value in self.values for form in value.forms if _TEXT.fullmatch(form))


def needles(units: Iterable[KnownUnit]) -> Needles:
    """What finds any value of the units in a plaintext."""
    return Needles(tuple(value for unit in units for value in unit.written_values.values()))


def standing(units: Sequence[KnownUnit], data: bytes) -> tuple[int, ...] | None:
    """Which unit (from 0) stands in each place of some bytes; None where one of them does not."""
    places: list[int] = []
    for unit in units:
        if (place := needles([unit]).place_in(data)) is None:
            return None
        places.append(place)
    return tuple(sorted(range(len(units)), key=places.__getitem__))


def orders_of(units: Sequence[KnownUnit], stand: tuple[int, ...]) -> list[UnitOrder]:
    """The orders that a spec can name in which units stand so."""
    return [order for order in UNIT_ORDERS if _places(units, order) == stand]


def _places(units: Sequence[KnownUnit], order: UnitOrder) -> tuple[int, ...] | None:
    return permutation([unit.sortable(sort_source(order)) for unit in units], order)


def other_order(units: Sequence[KnownUnit], data: bytes, *, fixed: bool) -> str:
    """In which order values of all units stand in some bytes, if it is another than that of the units; else nothing.
    `fixed`: other fields of the string have the order of the units."""
    stand = standing(units, data)
    if stand is None or list(stand) == sorted(stand):
        return ""
    # Where other fields show an order, the units were put in it: the sample's own list tells what orders are called.
    listed = sorted(units, key=lambda unit: unit.number) if fixed else units
    named = [
        "as the sample lists them" if order == "issued" else order
        for order in orders_of(listed, standing(listed, data) or ())
        if sort_source(order) != "unit.oob"
    ]
    which = f": {' or '.join(named)}" if named else ""
    if fixed:
        return f"in another order than in the other fields{which}; no spec can say that, it has one unit_order for all"
    return f"in another order than the sample's{which or ', and in none that a spec can say'}"
