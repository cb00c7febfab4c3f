"""Orders in files: what an order says, and the files that other systems write them in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from bss_mfg.core.files import read_text, require_safe_name
from bss_mfg.core.models import FileModel
from bss_mfg.core.read_tables import TableOptions, TableRows, open_table, rows_by_column
from bss_mfg.core.text import printable
from bss_mfg.core.worksheets import NumberCell
from bss_mfg.errors import BssError, InputError, Location

JSON_SUFFIX = ".json"
TABLE_SUFFIXES = (".csv", ".xlsx")
_COLUMNS = ("order", "product", "units", "template", "printer", "fields")
_TABLE = (
    "Give a CSV file (UTF-8) or a workbook with one sheet; its header has the columns order, product, units and, if "
    "wanted, template, printer and fields."
)
_AS_TEXT = "Format the column as text and enter the value again, or write CSV."
_MOST_UNITS = 10_000_000


class Order(FileModel):
    """An order: its number, which is the batch's id, so that it is issued once; the product and how many units; the
    template and the printer (default: as the product says) and the batch's own fields."""

    order: str
    product: str
    units: int = Field(ge=1, le=_MOST_UNITS)
    template: str | None = None
    printer: str | None = None
    fields: dict[str, str] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order as it stands in a file: its `number` there (from 1, as people count; 0 stands for the whole file), the
    order's own number as far as it can be read, and what it says, or why that can't be read."""

    number: int
    name: str
    order: Order | InputError


def read_orders(path: Path) -> list[OrderRow]:
    """The orders of a file, in order; `InputError` where it is no file of orders at all."""
    if path.suffix.lower() == JSON_SUFFIX:
        rows = [_row(path, number, values) for number, values in _json_orders(path)]
    else:
        rows = [_row(path, number, values) for number, values in _table_orders(path)]
    if not rows:
        raise InputError("holds no order", where=path, way_out="Give it one at least.")
    return rows


def _json_orders(path: Path) -> Iterator[tuple[int, object]]:
    try:
        document = json.loads(read_text(path, "file of orders"), object_pairs_hook=_without_twins)
    except (ValueError, RecursionError) as error:
        reason = f"line {error.lineno}: {error.msg}" if isinstance(error, json.JSONDecodeError) else str(error)
        raise InputError(f"is not JSON ({printable(reason, 120)})", where=path, way_out="Write it anew.") from None
    yield from enumerate(document if isinstance(document, list) else [document], 1)


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one order")
    return found


def _table_orders(path: Path) -> Iterator[tuple[int, object]]:
    for number, cells in rows_by_column(path, _open_orders(path)):
        if lost := [name for name, cell in cells.items() if isinstance(cell, NumberCell) and name != "units"]:
            where = Location(str(path), row=number, key=lost[0])
            yield number, InputError("is a number, so leading zeros may be lost", where=where, way_out=_AS_TEXT)
            continue
        given: dict[str, Any] = {name: value.strip() for name, value in cells.items() if value.strip()}
        if (units := given.get("units", "")).isdecimal() and len(units) < 10:
            given["units"] = int(units)
        try:
            if "fields" in given:
                given["fields"] = _fields(path, number, given["fields"])
        except InputError as error:
            yield number, error
        else:
            yield number, given


def _open_orders(path: Path) -> TableRows:
    try:
        return open_table(path, _COLUMNS, "file of orders", TableOptions(numbers=True))
    except InputError as error:  # the way out that others are told has options which nobody types here
        raise InputError(error.what, where=error.location, way_out=_TABLE) from None


def _fields(path: Path, number: int, text: str) -> dict[str, str]:
    """Fields in a cell: `lot=L123; colour=red`."""
    pairs = [pair.partition("=") for pair in text.split(";")]
    found = {name.strip(): value.strip() for name, equals, value in pairs if equals}
    if len(found) != len(pairs) or "" in found:
        raise InputError(
            f"{text[:60]!a} can't be read as fields",
            where=Location(str(path), row=number, key="fields"),
            way_out="Write them as lot=L123; colour=red, each name once.",
        )
    return found


def _row(path: Path, number: int, values: object) -> OrderRow:
    name = values.get("order") if isinstance(values, dict) else None
    return OrderRow(number, printable(name, 64) if isinstance(name, str) else "", _read(path, values, number))


def _read(path: Path, values: object, number: int) -> Order | InputError:
    if isinstance(values, InputError):
        return values
    where = Location(str(path), row=number)
    try:
        order = Order.model_validate(values, strict=True)
        require_safe_name(order.order, "number of an order")
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, one['loc'])) or 'order'}: {one['msg']}" for one in error.errors()]
        return InputError(
            "the order isn't one that can be read",
            where=where,
            problems=[printable(problem, 200) for problem in problems[:5]],
            way_out="An order has `order`, `product`, `units`, and may have `template`, `printer`, `fields`.",
        )
    except InputError as error:
        return InputError(error.what, where=where, way_out=error.way_out)
    return order


def failure_record(row: OrderRow, error: BssError) -> dict[str, Any]:
    """Why an order failed, for the system that gave it."""
    return {
        "row": row.number or None,
        "order": row.name or None,
        "exit_code": error.exit_code,
        "error": error.what,
        "problems": list(error.problems),
        "way_out": error.way_out,
    }
