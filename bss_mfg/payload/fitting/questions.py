"""What samples leave open, and what another sample should vary to tell explanations apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from bss_mfg.payload.fitting.known import Known
from bss_mfg.payload.fitting.report import Question, Vary
from bss_mfg.payload.formats import format_label
from bss_mfg.payload.layouts.descriptions import PlaintextValue
from bss_mfg.payload.spec import Spec, SpecField

MOST_READINGS = 8
"""Readings of a field that are told."""


def open_questions(specs: Sequence[Spec], samples: Sequence[Known], max_units: int | None) -> tuple[Question, ...]:
    """In which fields the explanations differ, and the sample that would decide it."""
    found: list[Question] = []
    for fields in zip(*(spec.field for spec in specs), strict=True) if specs else ():
        different = list(dict.fromkeys(_words(field) for field in fields))
        if len(different) > 1:
            distinct = {_words(field): field for field in fields}
            for vary in dict.fromkeys(_differences(list(distinct.values()))):
                found.append(Question(fields[0].key, tuple(different[:MOST_READINGS]), vary))
    one_unit = all(len(sample.units) == 1 for sample in samples)
    if specs and one_unit and max_units != 1 and not any(question.vary is Vary.UNITS for question in found):
        found.append(Question("", (), Vary.UNITS))
    return tuple(found)


def _differences(fields: Sequence[SpecField]) -> Iterator[Vary]:
    for one, other in pairwise(fields):
        if one.source != other.source:
            yield Vary.UNITS if "package.units" in (one.source, other.source) else Vary.PRODUCT
        elif one.format != other.format:
            yield Vary.PADDING if _padded(one.format) == _padded(other.format) else Vary.LETTERS
        elif one.each != other.each or one.layout != other.layout:
            yield Vary.UNITS
        elif one.plaintext != other.plaintext:
            yield from _of_plaintexts(one.plaintext, other.plaintext)
        else:
            yield Vary.KEY


def _padded(format: str | tuple[str, ...]) -> str:
    """The format, whether its texts are padded or not."""
    return format_label(format).removesuffix("-unpadded").removesuffix("-padded")


def _of_plaintexts(one: Sequence[PlaintextValue], other: Sequence[PlaintextValue]) -> Iterator[Vary]:
    def of(values: Sequence[PlaintextValue], what: str) -> list[object]:
        return [getattr(value, what) for value in values]

    counts = [sum(value.source == "package.units" for value in values) for values in (one, other)]
    if counts[0] != counts[1] or _each(one) != _each(other):
        yield Vary.UNITS
    lengths = [[value.length for value in values if value.source.startswith("unit.")] for values in (one, other)]
    if lengths[0] != lengths[1]:
        yield Vary.VALUE_LENGTH if any(value.source == "unit.serial" for value in one) else Vary.OOB_SIZE
    if [v for v in one if v.source == "padding"] != [v for v in other if v.source == "padding"]:
        yield Vary.OOB_SIZE
    facts = [[value.source for value in values if value.source.startswith("product.")] for values in (one, other)]
    if facts[0] != facts[1]:
        yield Vary.PRODUCT
    if of(one, "source") == of(other, "source") and of(one, "format") != of(other, "format"):
        yield Vary.LETTERS


def _each(values: Sequence[PlaintextValue]) -> list[bool]:
    return [value.each_unit for value in values if value.source == "constant"]


def _words(field: SpecField) -> str:
    """A field in a few words."""
    if not field.plaintext:
        return " ".join(
            filter(None, (field.source, field.value, format_label(field.format) if field.format != "text" else ""))
        )
    parts = [_value_words(value) for value in field.plaintext]
    order = "" if field.layout.order == "unit-by-unit" else ", value by value"
    kind = "" if field.layout.kind == "binary" else f"{field.layout.kind}: "
    return f"{format_label(field.format)}, of each {field.each}, {kind}{' | '.join(parts)}{order}"


def shown_constant(value: PlaintextValue) -> str:
    """A constant as it is read best: text in quotes, else hex digits."""
    data = value.constant
    if value.is_member:
        return data.decode()
    is_text = value.format != "raw" or (len(data) > 2 and data.isascii() and data.decode("ascii").isprintable())
    return f"'{data.decode()}'" if is_text else data.hex()


def _value_words(value: PlaintextValue) -> str:
    name = value.source.removeprefix("unit.").removeprefix("package.").removeprefix("product.")
    if value.source == "constant":
        name = f"constant {shown_constant(value)}" + (" of each unit" if value.each_unit else "")
    elif value.source == "padding":
        name = f"padding to {value.octets or f'a multiple of {value.multiple}'}"
    elif value.source == "check":
        name = f"{value.check}"
    elif value.format != "raw":
        name += f" {format_label(value.format)}"
    if value.tag:
        name = f"tag {value.tag} {name}"
    return f"{name} behind its length ({value.length})" if value.length else name
