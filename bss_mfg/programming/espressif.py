"""Espressif NVS: the CSV that esp-idf-nvs-partition-gen makes a partition image of, one unit a file.

Lines that start with # are skipped by that tool (its `generate`). Namespace and keys have at most 15 characters.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator

from bss_mfg.errors import ValueProblem
from bss_mfg.model import Unit
from bss_mfg.programming.format import (
    FileMark,
    Format,
    ProgrammedUnit,
    ascii_text,
    bytes_from_hex,
    format_error,
    programmed_unit,
    single_unit,
    uuid_and_key,
)

_HEADER = ["key", "type", "encoding", "value"]
_NAMESPACE = ["bss", "namespace", "", ""]
_ROWS = {"serial": "string", "uuid": "hex2bin", "oob_key": "hex2bin"}


def _write(units: Iterable[Unit], mark: FileMark) -> Iterator[bytes]:
    unit = single_unit(units)
    uuid_bytes, key = uuid_and_key(unit)
    values = (unit.serial, uuid_bytes.hex().upper(), key.hex().upper())
    rows = [
        _HEADER,
        _NAMESPACE,
        *([name, "data", _ROWS[name], value] for name, value in zip(_ROWS, values, strict=True)),
    ]
    yield f"# {mark}\n".encode("ascii")
    for row in rows:
        yield (",".join(row) + "\n").encode("ascii")


def _read(data: bytes) -> list[ProgrammedUnit]:
    lines = [line for line in ascii_text(data).splitlines() if not line.startswith("#")]
    try:
        rows = list(csv.reader(lines))
    except csv.Error as error:  # its texts quote no cell
        raise format_error(str(error)) from None
    if rows[:2] != [_HEADER, _NAMESPACE]:
        raise format_error(f"does not start with {','.join(_HEADER)} and the namespace {_NAMESPACE[0]}")
    if [row[:3] for row in rows[2:]] != [[name, "data", encoding] for name, encoding in _ROWS.items()] or not all(
        len(row) == 4 for row in rows
    ):
        raise format_error(f"its rows are not {', '.join(_ROWS)}")
    serial, uuid_digits, key_digits = (row[3] for row in rows[2:])
    try:
        return [programmed_unit(serial, bytes_from_hex(uuid_digits, "uuid"), bytes_from_hex(key_digits, "oob_key"))]
    except ValueProblem as error:
        raise format_error(str(error)) from None


ESP_NVS = Format("esp-nvs", ".nvs.csv", "unit", _write, _read)
