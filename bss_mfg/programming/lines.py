"""Formats with one unit a line: CSV and JSON lines. They stream: a line at a time, at any size."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from itertools import chain

from bss_mfg.errors import InputError
from bss_mfg.model import Unit
from bss_mfg.programming.model import (
    About,
    Format,
    Programmed,
    as_text,
    brought,
    from_hex,
    not_of,
    octets_of,
    programmed,
)

_HEADER = ["serial", "uuid", "oob_key"]
_COLUMN = re.compile(r"[a-z][a-z0-9_]{0,30}")


def _write_csv(units: Iterable[Unit], about: About) -> Iterator[bytes]:
    units = iter(units)
    first = next(units, None)
    columns = list(brought(first)) if first else []
    yield (",".join([*_HEADER, *columns]) + "\r\n").encode("ascii")
    for unit in chain([first] if first else [], units):
        more = brought(unit)
        if list(more) != columns:
            raise InputError(
                f"has not the columns {', '.join(columns) or 'serial and uuid alone'} that its batch began with",
                where=f"unit {unit.serial}",
                way_out="Use --format jsonl.",
            )
        device, key = octets_of(unit)
        row = f"{unit.serial},{device.hex().upper()},{key.hex().upper()}"
        yield (",".join([row, *map(_cell, more.values())]) + "\r\n").encode("ascii")


def _cell(value: str) -> str:
    return '"' + value.replace('"', '""') + '"' if '"' in value or "," in value else value


def _read_csv(data: bytes) -> list[Programmed]:
    reader = csv.reader(io.StringIO(as_text(data), newline=""), strict=True)
    found: list[Programmed] = []
    try:
        header = next(reader, [])
        if header[:3] != _HEADER or not all(map(_COLUMN.fullmatch, header[3:])):
            raise not_of(f"the header is not {','.join(_HEADER)}", "row 1")
        for cells in reader:
            if len(cells) != len(header):
                raise not_of(f"has {len(cells)} cells, not {len(header)}", f"row {reader.line_num}")
            found.append(programmed(cells[0], from_hex(cells[1], "uuid"), from_hex(cells[2], "oob_key")))
    except (csv.Error, ValueError) as error:
        raise not_of(str(error), f"row {reader.line_num}") from None
    return found


def _write_json(units: Iterable[Unit], about: About) -> Iterator[bytes]:
    marks = {"batch": about.batch, "product": about.product, "ledger": about.head, "bss_mfg": about.version}
    tail = json.dumps(marks, separators=(",", ":"))[1:]
    for unit in units:
        device, key = octets_of(unit)
        line = f'{{"serial":"{unit.serial}","uuid":"{device.hex().upper()}","oob_key":"{key.hex().upper()}",'
        if more := brought(unit):
            line += f'"brought":{json.dumps(more, separators=(",", ":"))},'
        yield f"{line}{tail}\n".encode("ascii")


def _read_json(data: bytes) -> list[Programmed]:
    found: list[Programmed] = []
    for number, line in enumerate(as_text(data).splitlines(), 1):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            raise not_of("is not JSON", f"row {number}") from None
        values = [row[name] for name in _HEADER if isinstance(row.get(name), str)] if isinstance(row, dict) else []
        if len(values) != len(_HEADER):
            raise not_of(f"has not the texts {', '.join(_HEADER)}", f"row {number}")
        try:
            found.append(programmed(values[0], from_hex(values[1], "uuid"), from_hex(values[2], "oob_key")))
        except ValueError as error:
            raise not_of(str(error), f"row {number}") from None
    return found


CSV = Format("csv", ".csv", "batch", _write_csv, _read_csv, brings=True)
JSONL = Format("jsonl", ".jsonl", "batch", _write_json, _read_json, brings=True)
