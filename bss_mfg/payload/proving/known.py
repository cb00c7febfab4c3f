"""What a sample tells of its units and its product, in the form that strings are built from."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bss_mfg.errors import InputError, ValueProblem
from bss_mfg.model import Unit
from bss_mfg.payload.build import plaintext_getter, value_getter
from bss_mfg.payload.formats import FORMATS, decode_whole, format_of
from bss_mfg.payload.layouts.writing import PlaintextWriter
from bss_mfg.payload.parse import ParsedField
from bss_mfg.payload.proving.evidence import Fault, Observation, Part
from bss_mfg.payload.sources import COLUMN_FORMATS, FORMATS_OF
from bss_mfg.payload.spec import Spec, SpecField
from bss_mfg.payload.spec_samples import LoadedSample, SampleUnit
from bss_mfg.payload.unit_order import UnitOrder, permutation, sort_source

NO_SERIAL = "0"
"""Stands where a sample tells no serial; nothing is compared with it."""


@dataclass(slots=True)
class Examination:
    """A sample that is held against a spec, and what was seen so far."""

    spec: Spec
    loaded: LoadedSample
    has_macs: bool = True
    fields: tuple[ParsedField, ...] = ()
    observations: list[Observation] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    opened: bool = False

    @property
    def name(self) -> str:
        """How the sample is called."""
        return self.loaded.sample.name

    @property
    def units(self) -> tuple[SampleUnit, ...]:
        """The units that the sample tells of, as they should stand in the string."""
        return tuple(unit for _, unit in self.numbered)

    @property
    def numbered(self) -> tuple[tuple[int, SampleUnit], ...]:
        """The same with their numbers (from 1) in the sample. Where it does not tell what the spec sorts them by, they
        stand as the sample has them."""
        told = self.loaded.sample.units
        places = unit_places(told, self.spec.unit_order) or range(len(told))
        return tuple((place + 1, told[place]) for place in places)

    @property
    def facts(self) -> dict[str, str]:
        """The product's values: as the sample tells them, else as they stand in the string."""
        found = {
            item.field.source.removeprefix("product."): item.value
            for item in self.fields
            if item.field and item.field.source.startswith("product.")
        }
        return {**found, **self.loaded.sample.product}

    @property
    def tag(self) -> str:
        """Tells samples of other units from this one."""
        told = "\n".join(f"{unit.uuid} {unit.serial} {unit.mac}" for unit in self.units)
        return hashlib.sha256(told.encode()).hexdigest()


def source_known(unit: SampleUnit, source: str) -> bool:
    """Whether a sample tells a value of a unit."""
    told: Mapping[str, object] = {
        "unit.serial": unit.serial, "unit.uuid": unit.uuid, "unit.oob": unit.oob, "unit.mac": unit.mac,
    }  # fmt: skip
    return told[source] is not None if source in told else source.removeprefix("unit.") in unit.extra


def sources_of(unit: SampleUnit) -> Iterator[str]:
    """The sources that a sample tells of a unit."""
    columns = (f"unit.{name}" for name in unit.extra)
    for source in ("unit.serial", "unit.uuid", "unit.oob", "unit.mac", *columns):
        if source_known(unit, source):
            yield source


def unit_places(units: Sequence[SampleUnit], order: UnitOrder) -> tuple[int, ...] | None:
    """Which unit of a sample (from 0) stands in each place of a string in some order; None where a value to sort by is
    not told."""
    source = sort_source(order)

    def value(unit: SampleUnit) -> bytes | None:
        is_told = source and source_known(unit, source)
        return value_getter(source, "raw", "")(as_unit(1, unit)) if is_told else None

    return permutation([value(unit) for unit in units], order)


def as_unit(number: int, unit: SampleUnit) -> Unit:
    """A unit of a sample as strings are built from it; what is not told is empty."""
    nothing = uuid.UUID(int=0)
    return Unit(
        number, unit.serial or NO_SERIAL, unit.uuid or nothing, unit.mac, unit.oob, extra=dict(unit.extra)
    )  # fmt: skip


def formats_of(source: str) -> tuple[str, ...]:
    """The formats of text that a source can be written in."""
    return tuple(name for name in FORMATS_OF.get(source, COLUMN_FORMATS) if name in FORMATS)


def written(unit: Unit, source: str, format: str | tuple[str, ...]) -> str | None:
    """A value of a unit in a format, or None where it can't be written so."""
    try:
        return format_of(format).write(value_getter(source, format, "")(unit))
    except (InputError, ValueProblem, ValueError):
        return None


def compose(described: SpecField, units: Sequence[Unit], facts: Mapping[str, str]) -> bytes:
    """The plaintext of an encrypted field; `InputError`, `ValueError` or `OverflowError` where it can't be written."""
    getters = {value: plaintext_getter(value, described.key) for value in described.plaintext if value.is_of_unit}
    return PlaintextWriter(described.plaintext, described.layout, getters, facts).write(units)


def same_plaintext(described: SpecField, ours: bytes, theirs: bytes) -> bool:
    """Whether two plaintexts of one field say the same: what is compressed, others may have compressed otherwise."""
    if ours == theirs or any(not value.has_fixed_format for value in described.plaintext):
        return True  # those values are compared one by one
    encode = described.layout.encode
    if described.layout.has_fixed_size:
        return False
    try:
        return decode_whole(ours, encode) == decode_whole(theirs, encode)
    except ValueError:
        return False


def part_of(described: SpecField, name: str) -> Part:
    """A part of a field."""
    return Part(described.key, name)
