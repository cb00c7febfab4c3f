"""In which order the units of a package stand in its barcode string: as they were issued, or sorted by a value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, TypeVar, get_args

UnitOrder = Literal[
    "issued", "reversed", "serial", "serial-descending", "uuid", "uuid-descending", "mac", "mac-descending", "oob",
    "oob-descending",
]  # fmt: skip
UNIT_ORDERS: tuple[UnitOrder, ...] = get_args(UnitOrder)
_DESCENDING = "-descending"
UnitT = TypeVar("UnitT")


def sort_source(order: UnitOrder) -> str:
    """The source of the values that units are sorted by; empty where they are not sorted."""
    return "" if order in ("issued", "reversed") else f"unit.{order.removesuffix(_DESCENDING)}"


def in_order(units: Sequence[UnitT], order: UnitOrder, value: Callable[[UnitT, str], bytes]) -> Sequence[UnitT]:
    """Units, given as they were issued, in another order. `value` gives the bytes of a source; they are compared byte
    by byte, and units of the same value stay as they were issued."""
    if order == "issued":
        return units
    if order == "reversed":
        return units[::-1]
    source = sort_source(order)
    return sorted(units, key=lambda unit: value(unit, source), reverse=order.endswith(_DESCENDING))


def permutation(values: Sequence[bytes | None], order: UnitOrder) -> tuple[int, ...] | None:
    """Which unit (from 0) stands in each place, told by the values that `order` sorts by; None where one is missing."""
    if sort_source(order) and None in values and len(values) > 1:
        return None
    places = in_order(range(len(values)), order, lambda at, _: values[at] or b"")
    return tuple(places)
