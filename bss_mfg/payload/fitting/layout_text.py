"""Layouts of text, JSON and CBOR that a plaintext can have."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from bss_mfg.payload.fitting.known import Format, formats_of, plaintext_value
from bss_mfg.payload.fitting.layout_binary import Candidate, Plain
from bss_mfg.payload.fitting.once import MOST_UNKNOWN, is_plausible_constant
from bss_mfg.payload.layouts.descriptions import Layout, PlaintextValue
from bss_mfg.payload.layouts.member_constants import holds_null, leaves, member_text

_SEPARATORS = (
    ",",
    ";",
    "|",
    ":",
    "/",
    " ",
    "\n",
    "\r\n",
    "\t",
    "-",
    "_",
    "=",
    ", ",
    "; ",
    "&",
    "+",
    ".",
    "#",
    "*",
    "::",
)
_OWN_SEPARATOR = (";", "|")
_MOST_PARTS, _MOST_NUMBER = 24, 2**32
"""Names and values in a constant of JSON or CBOR, and its numbers: what is longer is a value that a sample does not
tell."""


def text_layouts(plain: Plain) -> Iterator[Candidate]:
    """Texts with separators. Of one unit nobody can tell what stands between two: `;`, or `|` where that is taken."""
    try:
        text = plain.data.decode("ascii")
    except UnicodeDecodeError:
        return
    count = len(plain.units)
    for separator in _SEPARATORS:
        others = [one for one in _SEPARATORS if one != separator] if count > 1 else [None]
        for other in others:
            parts = text.split(other) if other else [text]
            if len(parts) == count:
                between = other or next(one for one in _OWN_SEPARATOR if one != separator)
                layout = Layout(kind="text", separator=separator, unit_separator=between)
                yield from (
                    (values, layout) for values in _text_values(plain, [part.split(separator) for part in parts])
                )


def _text_values(plain: Plain, parts: Sequence[Sequence[str]]) -> Iterator[tuple[PlaintextValue, ...]]:
    own = len(parts[-1])
    head = len(parts[0]) - own
    if head < 0 or any(len(part) != own for part in parts[1:]):
        return
    if len(parts) == 1:  # what stands once comes first: up to the first value of the unit
        for start in range(own):
            alone = [[part] for part in parts[0][start:]]
            for values in _unit_values(plain, alone, allow_first_constant=start == 0):
                once = [list(_once(plain, text)) for text in parts[0][:start]]
                yield from (tuple(chosen) for chosen in product(*once, *values))
        return
    rows = [list(row) for row in zip(parts[0][head:], *parts[1:], strict=True)]
    for values in _unit_values(plain, rows, allow_first_constant=True):
        once = [list(_once(plain, text)) for text in parts[0][:head]]
        yield from (tuple(chosen) for chosen in product(*once, *values))


def _unit_values(
    plain: Plain, rows: Sequence[Sequence[str]], *, allow_first_constant: bool
) -> Iterator[list[list[PlaintextValue]]]:
    """For each column of texts (one of each unit) what it can be; nothing where a column can't be told."""
    found = [list(_of_units(plain, row)) for row in rows]
    if not any(value.source.startswith("unit.") for column in found for value in column):
        return
    if all(found) and (allow_first_constant or found[0][0].source != "constant"):
        yield found


def _of_units(plain: Plain, texts: Sequence[str], name: str = "") -> Iterator[PlaintextValue]:
    known = False
    for source in plain.units[0].sources:
        for format in _formats(plain, source, texts):
            known = True
            octets = plain.units[0].octets(source, format)
            value = {"source": source, "format": format, "name": name} | ({"octets": octets} if octets else {})
            if made := plaintext_value(value):
                yield made
    if not known and len(set(texts)) == 1 and is_plausible_constant(texts[0].encode()):
        yield PlaintextValue(source="constant", format="text", value=texts[0], each_unit=True, name=name)


def _formats(plain: Plain, source: str, texts: Sequence[str]) -> list[Format]:
    """In which formats, or else through which chains, a value of each unit is written so."""
    pairs = list(zip(plain.units, (text.encode() for text in texts), strict=True))
    if not all(source in unit.values for unit in plain.units):
        return []

    def fits(format: Format) -> bool:
        return all(unit.written(source, format) == text for unit, text in pairs)

    found: list[Format] = [format for format in formats_of(source, in_plaintext=False) if fits(format)]
    unit, text = pairs[0]
    return found or [chain for chain in unit.chains(source, text) if fits(chain)]


def _once(plain: Plain, text: str, name: str = "") -> Iterator[PlaintextValue]:
    if text == str(len(plain.units)):
        yield PlaintextValue(source="package.units", format="decimal", name=name)
    facts = [key for key, value in plain.facts.items() if value == text and key in ("pid", "upc", "ean")]
    yield from (PlaintextValue(source=f"product.{key}", format="text", name=name) for key in facts)
    if not facts and is_plausible_constant(text.encode()):
        yield PlaintextValue(source="constant", format="text", value=text, name=name)


def member_layouts(plain: Plain) -> Iterator[Candidate]:
    """JSON and CBOR with named members."""
    for kind, whole in _documents(plain.data):
        for spaces in (False, True) if kind == "json" else (False,):
            for units, once, listed in _holders(whole, len(plain.units)):
                layout = Layout(kind=kind, spaces=spaces, units=units)
                for values in _members(plain, whole, once, listed):
                    yield values, layout


def _documents(data: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
    import cbor2

    try:
        found = json.loads(data)
        if isinstance(found, dict):
            yield "json", found
    except (ValueError, RecursionError):
        pass
    try:
        found = cbor2.loads(data)
        if isinstance(found, dict) and all(isinstance(key, str) for key in found):
            yield "cbor", found
    except (cbor2.CBORDecodeError, RecursionError, ValueError):
        pass


def _holders(whole: Mapping[str, Any], count: int) -> Iterator[tuple[str, Mapping[str, Any], list[Mapping[str, Any]]]]:
    """(the member that lists units, what stands beside it, the units)."""
    for name, value in whole.items():
        is_list = isinstance(value, list) and len(value) == count and all(isinstance(one, dict) for one in value)
        if is_list and 0 < len(name) <= 32:
            yield name, {key: one for key, one in whole.items() if key != name}, value
    if count == 1:
        yield "", {}, [whole]


def _members(
    plain: Plain, whole: Mapping[str, Any], once: Mapping[str, Any], listed: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[PlaintextValue, ...]]:
    if any(list(one) != list(listed[0]) for one in listed):
        return
    columns: list[list[PlaintextValue]] = []

    def add_units() -> None:
        for name in listed[0]:
            texts = [one[name] for one in listed]
            columns.append(list(_member_of_units(plain, texts, name, alone=listed[0] is whole)))

    if listed[0] is whole:
        add_units()
    else:
        for name, value in whole.items():
            if name in once:
                columns.append(list(_member_once(plain, value, name)))
            else:
                add_units()
    for chosen in product(*columns):
        if any(value.source.startswith("unit.") for value in chosen):
            yield tuple(chosen)


def _member_of_units(plain: Plain, shown: Sequence[Any], name: str, *, alone: bool) -> Iterator[PlaintextValue]:
    if all(isinstance(one, bytes) for one in shown):
        for source in plain.units[0].sources:
            if all(unit.written(source, "raw") == data for unit, data in zip(plain.units, shown, strict=True)):
                octets = plain.units[0].octets(source, "raw")
                value = {"source": source, "format": "raw", "name": name} | ({"octets": octets} if octets else {})
                if made := plaintext_value(value):
                    yield made
    elif all(isinstance(one, str) for one in shown):
        found = list(_of_units(plain, shown, name))
        yield from (value for value in found if not (alone and value.source == "constant"))
        if alone and (not found or found[0].source == "constant"):
            yield from _member_once(plain, shown[0], name)
    elif alone:
        yield from _member_once(plain, shown[0], name)
    elif all(repr(one) == repr(shown[0]) for one in shown):
        yield from _member_constant(shown[0], name, each_unit=True)


def _member_once(plain: Plain, shown: Any, name: str) -> Iterator[PlaintextValue]:
    if isinstance(shown, str):
        yield from (value for value in _once(plain, shown, name) if value.source != "package.units")
    elif isinstance(shown, bytes):
        if is_plausible_constant(shown):
            yield PlaintextValue(source="constant", format="raw", value=shown.hex(), name=name)
    else:
        if isinstance(shown, int) and not isinstance(shown, bool) and shown == len(plain.units):
            yield PlaintextValue(source="package.units", format="decimal", name=name)
        yield from _member_constant(shown, name)


def _member_constant(shown: Any, name: str, *, each_unit: bool = False) -> Iterator[PlaintextValue]:
    """A constant that is no text; a long number, many of them, or a text that may be a value is none."""
    parts = list(leaves(shown))
    numbers = [one for one in parts if isinstance(one, int | float)]
    texts = [one for one in parts if isinstance(one, str)]
    if not all(one is None or isinstance(one, str | int | float) for one in parts):  # bytes, dates of CBOR
        return
    if len(parts) > _MOST_PARTS or any(abs(one) > _MOST_NUMBER for one in numbers):
        return
    if len(numbers) > MOST_UNKNOWN or not all(is_plausible_constant(one.encode()) for one in texts):
        return
    said = {"format": "json", "value": member_text(shown)} if holds_null(shown) else {"value": shown}
    if made := plaintext_value({"source": "constant", **said, "each_unit": each_unit, "name": name}):
        yield made
