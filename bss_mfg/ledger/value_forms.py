"""What JSON in columns of the ledger has to be like, and which columns hold moments."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, TypedDict, Union, get_args, get_origin, get_type_hints, is_typeddict

from bss_mfg.ledger.event_kind import EventKind
from bss_mfg.ledger.events import RECORDS
from bss_mfg.ledger.queue_records import QueuedPrinting
from bss_mfg.ledger.schema_tables import Column

_MOST_NUMBERS = 1 << 40
"""More than any batch has: a range of so many would fill all memory."""


class _Places(TypedDict):
    cells: Sequence[tuple[float, float, float, float]]
    page: tuple[float, float]
    modules: int | None


class Geometry(_Places, total=False):
    """Where on a label file what lies, as `prints` keeps it."""

    numbers: Sequence[int]
    each: str
    companions: Sequence[tuple[float, float, float, float]]
    registration_tolerance: float
    copy: int
    repeat: int


def fits(value: object, hint: Any) -> bool:
    """Whether what JSON gave is of a type, as annotations write it."""
    if hint in (int, str, bool, NoneType):
        return type(value) is hint
    if hint is float:
        return type(value) in (int, float)
    origin, of = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return any(fits(value, one) for one in of)
    if origin is Literal:
        return value in of and isinstance(value, str)
    if origin is tuple:
        return isinstance(value, list) and len(value) == len(of) and all(map(fits, value, of))
    if is_typeddict(hint):
        return _has_keys(value, get_type_hints(hint), hint.__required_keys__)
    if is_dataclass(hint):
        needed = frozenset(one.name for one in fields(hint) if one.default is MISSING)
        return _has_keys(value, get_type_hints(hint), needed)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return isinstance(value, dict) and all(fits(key, of[0]) and fits(one, of[1]) for key, one in value.items())
    return isinstance(value, list) and all(fits(one, of[0]) for one in value)


def _has_keys(value: object, hints: Mapping[str, Any], needed: frozenset[str]) -> bool:
    return (
        isinstance(value, dict)
        and needed <= value.keys() <= hints.keys()
        and all(fits(one, hints[name]) for name, one in value.items())
    )


def _json_of(hint: Any) -> Callable[[bytes], bool]:
    return lambda text: fits(_read(text), hint)


def _pairs(text: bytes) -> bool:
    pairs = _read(text)
    return fits(pairs, Sequence[tuple[int, int]]) and all(0 <= last - first < _MOST_NUMBERS for first, last in pairs)


def _read(text: bytes) -> Any:
    """What JSON says; an object that is of no type where it can't be read."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return object()


FORMS: Mapping[tuple[str, str], Callable[[bytes], bool]] = {
    ("batch", "facts"): _json_of(Mapping[str, str]),
    ("printed", "geometry"): _json_of(Geometry),
    ("release", "sealed_to"): _json_of(Sequence[str]),
    ("release", "numbers"): _pairs,
    ("queued", "numbers"): _pairs,
    ("queued", "printing"): _json_of(QueuedPrinting),
    ("stretch", "numbers"): _pairs,
}
"""The columns that hold JSON, and whether a text is of the form that is kept there; `is_record` apart."""


def is_moment(column: Column) -> bool:
    """Whether a column holds moments, as the clock writes them."""
    return column.kind == "TEXT" and (column.name == "at" or column.name.endswith("_at"))


def is_record(column: Column) -> bool:
    """Whether a column holds what events say: there are many, and the database itself looks whether they are JSON."""
    return column.name == "data"


def strange_keys(kind: str, data: Mapping[str, Any]) -> list[str]:
    """The keys of an event that are of another type than its record's. An event of an older ledger may lack some."""
    try:
        record = RECORDS[EventKind(kind)]
    except ValueError:
        return ["kind"]
    hints = get_type_hints(record)
    keys = [(one.name, hints[name]) for name, one in record.keys_of_event.items() if one.spread is None]
    return [name for name, hint in keys if data.get(name) is not None and not fits(data[name], hint)]
