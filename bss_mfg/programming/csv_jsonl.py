"""Formats with one unit a line: CSV and JSON lines. They stream: a line at a time, at any size."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator
from itertools import chain

from bss_mfg.core.text import count_words
from bss_mfg.errors import InputError, ValueProblem
from bss_mfg.model import Unit
from bss_mfg.programming.format import (
    FileMark,
    Format,
    ProgrammedUnit,
    ascii_text,
    bytes_from_hex,
    extra_columns,
    programmed_unit,
    row_error,
    uuid_and_key,
)

_HEADER = ["serial", "uuid", "oob_key"]
_COLUMN = re.compile(r"[a-z][a-z0-9_]{0,30}")


def _write_csv(units: Iterable[Unit], mark: FileMark) -> Iterator[bytes]:
    units = iter(units)
    first = next(units, None)
    columns = list(extra_columns(first)) if first else []
    yield (",".join([*_HEADER, *columns]) + "\r\n").encode("ascii")
    for unit in chain([first] if first else [], units):
        extra = extra_columns(unit)
        if list(extra) != columns:
            raise InputError(
                f"does not have the columns of its batch's first unit, {', '.join(columns) or 'serial and uuid alone'}",
                where=f"unit {unit.serial}",
                way_out="Use --format jsonl.",
            )
        uuid_bytes, key = uuid_and_key(unit)
        row = f"{unit.serial},{uuid_bytes.hex().upper()},{key.hex().upper()}"
        yield (",".join([row, *map(_cell, extra.values())]) + "\r\n").encode("ascii")


def _cell(value: str) -> str:
    return '"' + value.replace('"', '""') + '"' if '"' in value or "," in value else value


def _read_csv(data: bytes) -> list[ProgrammedUnit]:
    reader = csv.reader(io.StringIO(ascii_text(data), newline=""), strict=True)
    found: list[ProgrammedUnit] = []
    try:
        header = next(reader, [])
        if header[:3] != _HEADER or not all(map(_COLUMN.fullmatch, header[3:])):
            raise row_error(f"the header is not {','.join(_HEADER)}", 1)
        for cells in reader:
            if len(cells) != len(header):
                raise row_error(f"has {count_words(len(cells), 'cell')}, not {len(header)}", reader.line_num)
            found.append(
                programmed_unit(cells[0], bytes_from_hex(cells[1], "uuid"), bytes_from_hex(cells[2], "oob_key"))
            )
    except (csv.Error, ValueProblem) as error:  # the csv module's texts quote no cell
        raise row_error(str(error), reader.line_num) from None
    return found


def _write_json(units: Iterable[Unit], mark: FileMark) -> Iterator[bytes]:
    marks = {"batch": mark.batch, "product": mark.product, "ledger": mark.ledger_head, "bss_mfg": mark.version}
    tail = json.dumps(marks, separators=(",", ":"))[1:]
    for unit in units:
        uuid_bytes, key = uuid_and_key(unit)
        line = f'{{"serial":"{unit.serial}","uuid":"{uuid_bytes.hex().upper()}","oob_key":"{key.hex().upper()}",'
        if extra := extra_columns(unit):
            line += f'"brought":{json.dumps(extra, separators=(",", ":"))},'
        yield f"{line}{tail}\n".encode("ascii")


def _read_json(data: bytes) -> list[ProgrammedUnit]:
    found: list[ProgrammedUnit] = []
    for number, line in enumerate(ascii_text(data).splitlines(), 1):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            raise row_error("is not JSON", number) from None
        values = [row[name] for name in _HEADER if isinstance(row.get(name), str)] if isinstance(row, dict) else []
        if len(values) != len(_HEADER):
            raise row_error(f"does not have the texts {', '.join(_HEADER)}", number)
        try:
            found.append(
                programmed_unit(values[0], bytes_from_hex(values[1], "uuid"), bytes_from_hex(values[2], "oob_key"))
            )
        except ValueProblem as error:
            raise row_error(str(error), number) from None
    return found


CSV = Format("csv", ".csv", "batch", _write_csv, _read_csv, has_extra_columns=True)
JSONL = Format("jsonl", ".jsonl", "batch", _write_json, _read_json, has_extra_columns=True)
