"""Espressif NVS: the CSV that esp-idf-nvs-partition-gen makes a partition image of, one unit a file.

Lines that start with # are skipped by that tool (its `generate`). Namespace and keys have at most 15 characters.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator

from bss_mfg.model import Unit
from bss_mfg.programming.model import (
    About,
    Format,
    Programmed,
    as_text,
    from_hex,
    not_of,
    octets_of,
    only,
    programmed,
)

_HEADER = ["key", "type", "encoding", "value"]
_NAMESPACE = ["bss", "namespace", "", ""]
_ROWS = {"serial": "string", "uuid": "hex2bin", "oob_key": "hex2bin"}


def _write(units: Iterable[Unit], about: About) -> Iterator[bytes]:
    unit = only(units)
    device, key = octets_of(unit)
    values = (unit.serial, device.hex().upper(), key.hex().upper())
    rows = [
        _HEADER,
        _NAMESPACE,
        *([name, "data", _ROWS[name], value] for name, value in zip(_ROWS, values, strict=True)),
    ]
    yield f"# {about}\n".encode("ascii")
    for row in rows:
        yield (",".join(row) + "\n").encode("ascii")


def _read(data: bytes) -> list[Programmed]:
    lines = [line for line in as_text(data).splitlines() if not line.startswith("#")]
    rows = list(csv.reader(lines))
    if rows[:2] != [_HEADER, _NAMESPACE]:
        raise not_of(f"does not start with {','.join(_HEADER)} and the namespace {_NAMESPACE[0]}")
    if [row[:3] for row in rows[2:]] != [[name, "data", encoding] for name, encoding in _ROWS.items()] or not all(
        len(row) == 4 for row in rows
    ):
        raise not_of(f"its rows are not {', '.join(_ROWS)}")
    serial, device, key = (row[3] for row in rows[2:])
    try:
        return [programmed(serial, from_hex(device, "uuid"), from_hex(key, "oob_key"))]
    except ValueError as error:
        raise not_of(str(error)) from None


ESP_NVS = Format("esp-nvs", ".nvs.csv", "unit", _write, _read)
