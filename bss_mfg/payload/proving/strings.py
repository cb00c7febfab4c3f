"""What a sample says of the plain parts of its string: keys, separators, constants, values of product and units."""

from __future__ import annotations

from collections import Counter

from bss_mfg.errors import InputError
from bss_mfg.payload import parse
from bss_mfg.payload.formats import format_label
from bss_mfg.payload.parse import ParsedField
from bss_mfg.payload.proving.evidence import Alternative, Fault, FaultKind, Observation, Part
from bss_mfg.payload.proving.known import (
    Examination,
    as_unit,
    formats_of,
    part_of,
    source_known,
    sources_of,
    unit_places,
    written,
)
from bss_mfg.payload.spec import SpecField
from bss_mfg.payload.unit_order import UNIT_ORDERS, sort_source

SHORT = 6
"""Characters below which a value may stand in a string by chance."""


def split_string(seen: Examination) -> bool:
    """Take the string apart into its fields, and say what that proves; whether it could be."""
    spec, text = seen.spec, seen.loaded.sample.string
    try:
        seen.fields = parse.split_fields(text, spec)
    except InputError as error:
        seen.faults.append(Fault(FaultKind.UNREADABLE, seen.name, "", "string", error.what, found=text[:80]))
        return False
    if not spec.bare:
        several = len(seen.fields) > 1
        seen.observations.append(Observation(Part("", "separators"), excludes=several))
        _terminator(seen, text)
    _keys(seen)
    return True


def _terminator(seen: Examination, text: str) -> None:
    wanted = seen.spec.terminator
    if wanted and not text.endswith(wanted):
        what = f"the string does not end with {wanted!r}"
        seen.faults.append(Fault(FaultKind.MISSING, seen.name, "", "terminator", what, None, wanted, text[-1:]))
    seen.observations.append(Observation(Part("", "terminator")))


def _keys(seen: Examination) -> None:
    spec = seen.spec
    keys = [item.key for item in seen.fields]
    for key, count in Counter(keys).items():
        if count > 1:
            what = f"the field {key} is there {count} times"
            seen.faults.append(Fault(FaultKind.UNREADABLE, seen.name, key, "key", what))
    for item in seen.fields:
        if item.field is None:
            what = f"the spec has no field {item.key[:16]!a}"
            seen.faults.append(Fault(FaultKind.UNKNOWN, seen.name, item.key[:16], "key", what))
    for described in spec.field:
        if described.key not in keys and not described.optional:
            what = f"the string has no field {described.key}"
            seen.faults.append(Fault(FaultKind.MISSING, seen.name, described.key, "key", what))
    order = [described.key for described in spec.field]
    known = [key for key in keys if key in order]
    if known != sorted(known, key=order.index):
        what = "the fields are in another order"
        wanted = " ".join(sorted(known, key=order.index))
        seen.faults.append(Fault(FaultKind.UNREADABLE, seen.name, "", "order", what, None, wanted, " ".join(known)))
    elif len(known) > 1:
        seen.observations.append(Observation(Part("", "order")))
    if spec.max_units > 1:
        _unit_order(seen)


def _unit_order(seen: Examination) -> None:
    """In which other orders the units would stand the same."""
    told = seen.loaded.sample.units
    ours = unit_places(told, seen.spec.unit_order)
    left, excludes = [], False
    for order in UNIT_ORDERS:
        other = unit_places(told, order)
        if order == seen.spec.unit_order or (sort_source(order) == "unit.mac" and not seen.has_macs):
            continue
        if other is None or ours is None or other == ours:
            left.append(Alternative(order))
        else:
            excludes = True
    seen.observations.append(Observation(Part("", "unit_order"), frozenset(left), excludes))


def examine_field(seen: Examination, item: ParsedField, described: SpecField) -> None:
    """Say what a field that is not encrypted proves."""
    if described.source == "constant":
        _compare(seen, described, item.value, described.value or "")
        left = [Alternative("a value that is not always the same", seen.tag)]
        _observe(seen, described, "value", [*left, *_same_text(seen, item.value, described)])
    elif described.source == "package.units":
        count = len(seen.units)
        _compare(seen, described, item.value, str(count))
        _observe(seen, described, "value", [Alternative("a constant", str(count))])
    elif described.source.startswith("product."):
        _product(seen, item, described)
    else:
        _unit_values(seen, item, described)


def judge_rest(seen: Examination) -> None:
    """Faults of form that nothing else has named, as they are looked for in strings that are scanned."""
    if seen.faults:
        return
    for problem in parse.find_faults(seen.fields, seen.spec):
        seen.faults.append(Fault(FaultKind.UNREADABLE, seen.name, "", "string", problem))


def _compare(seen: Examination, described: SpecField, found: str, expected: str, *, unit: int | None = None) -> None:
    if found != expected:
        whose = f" of unit {unit}" if unit else ""
        shown = (None, None) if described.secret else (expected, found)
        named = format_label(described.format)
        what = f"{described.key}{whose} is another value than {described.source} written as {named}"
        seen.faults.append(Fault(FaultKind.VALUE, seen.name, described.key, "value", what, unit, *shown))


def _observe(
    seen: Examination, described: SpecField, name: str, left: list[Alternative], *, excludes: bool = True
) -> None:
    seen.observations.append(Observation(part_of(described, name), frozenset(left), excludes))


def _same_text(seen: Examination, text: str, described: SpecField) -> list[Alternative]:
    """Other sources of the product or the package that have this text."""
    found = {"package.units": str(len(seen.units))}
    found |= {f"product.{name}": value for name, value in seen.loaded.sample.product.items()}
    return [Alternative(source) for source, value in found.items() if value == text and source != described.source]


def _product(seen: Examination, item: ParsedField, described: SpecField) -> None:
    told = seen.loaded.sample.product.get(described.source.removeprefix("product."))
    if told is None:
        _observe(seen, described, "value", [Alternative(f"another value: the sample does not tell {described.source}")])
        return
    _compare(seen, described, item.value, told)
    _observe(seen, described, "value", _same_text(seen, item.value, described))


def _unit_values(seen: Examination, item: ParsedField, described: SpecField) -> None:
    spec, units = seen.spec, seen.units
    texts = parse.unit_values(item, spec)
    if len(texts) != len(units):
        what = f"{described.key} lists {len(texts)} values, the sample has {len(units)} units"
        counts = (str(len(units)), str(len(texts)))
        seen.faults.append(Fault(FaultKind.UNITS, seen.name, described.key, "units", what, None, *counts))
        return
    for number, text in enumerate(texts, 1):
        try:
            described.check_value(text)
        except InputError as error:
            fault = Fault(FaultKind.UNREADABLE, seen.name, described.key, "format", error.what, number)
            seen.faults.append(fault)
            return
    told = [
        (as_unit(number, unit), text)
        for (number, unit), text in zip(seen.numbered, texts, strict=True)
        if source_known(unit, described.source)
    ]
    for unit, text in told:
        expected = written(unit, described.source, described.format)
        if expected is None:
            named = format_label(described.format)
            what = f"the sample's {described.source} of unit {unit.number} can't be written as {named}"
            seen.faults.append(Fault(FaultKind.VALUE, seen.name, described.key, "format", what, unit.number))
        else:
            _compare(seen, described, text, expected, unit=unit.number)
    if len(told) < len(units):
        left = [Alternative(f"another value: the sample does not tell {described.source} of each unit")]
        _observe(seen, described, "value", left)
    else:
        _observe(seen, described, "value", _other_values(seen, described, texts))
        _observe_format(seen, described, texts)
    _observe_lengths(seen, described, texts)
    if spec.max_units > 1:
        is_list = len(told) > 1 and len({text for _, text in told}) > 1
        one = [] if is_list else [Alternative("another separator"), Alternative("another order of units")]
        _observe(seen, described, "units", one, excludes=is_list)


def _other_values(seen: Examination, described: SpecField, texts: tuple[str, ...]) -> list[Alternative]:
    """What else of the units is written the same."""
    left = [] if sum(map(len, set(texts))) >= SHORT else [Alternative("chance: so few characters")]
    units = [as_unit(number, unit) for number, unit in seen.numbered]
    for source in sources_of(seen.units[0]):
        if source in (described.source, "unit.oob") or not all(source_known(unit, source) for unit in seen.units):
            continue
        same = (tuple(written(unit, source, format) for unit in units) == texts for format in formats_of(source))
        left += [Alternative(source)] if any(same) else []
    return left


def _observe_format(seen: Examination, described: SpecField, texts: tuple[str, ...]) -> None:
    others = [name for name in formats_of(described.source) if name != described.format]
    others = [name for name in others if {name, described.format} != {"text", "alphanumeric"}]
    if not others:
        return
    units = [as_unit(number, unit) for number, unit in seen.numbered]
    left = [
        Alternative(name) for name in others if tuple(written(unit, described.source, name) for unit in units) == texts
    ]
    _observe(seen, described, "format", left)


def _observe_lengths(seen: Examination, described: SpecField, texts: tuple[str, ...]) -> None:
    """The least and the most characters, where the spec says them."""
    sizes = {len(text) for text in texts}
    for name, bound in (("min_length", described.min_length), ("max_length", described.max_length)):
        if bound is not None:
            _observe(seen, described, name, [] if bound in sizes else [Alternative("another length")])
