"""What a flasher says of units, read from its file: CSV with a header, or JSON lines.

A row names a unit by `serial` or `uuid` and says `result`, `pass` or `fail`; `detail` is kept of failed ones. Other
columns are the flasher's own and passed over.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from bss_mfg.core.text import printable, storable
from bss_mfg.core.untrusted import LIMITS, Reader
from bss_mfg.errors import InputError, Location
from bss_mfg.ledger.flash import UnitReport

MAX_BYTES = LIMITS[Reader.FLASH_REPORT].size
"""Bytes of a file: half a million units."""
_DETAIL = 200
"""Characters of a detail that are kept."""
_RESULTS = {"pass": True, "fail": False}
_WAY_OUT = "A row has serial or uuid, and result: pass or fail. Nothing was recorded."


def read_reports(data: bytes, name: str) -> list[UnitReport]:
    """All rows of a file. `InputError` names the first one that is wrong."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("is not UTF-8 text", where=name, way_out="Save it as UTF-8.") from None
    rows = _json_lines(text, name) if text.lstrip().startswith("{") else _csv_rows(text, name)
    reports = [_report(row, number, name) for number, row in rows]
    if not reports:
        raise InputError("says nothing of any unit", where=name, way_out=_WAY_OUT)
    return reports


def rows_told_before(data: bytes, name: str, reported: Collection[str]) -> int:
    """The last row of the longest beginning of a log that was reported before, as a log that grows is; 0 where none
    was. `reported` are the SHA-256 of earlier files, in hex."""
    digest, at, longest = hashlib.sha256(), 0, 0
    for line in data.splitlines(keepends=True) if reported else ():
        text = line.rstrip(b"\r\n")
        for piece in (text, line[len(text) :]):
            digest.update(piece)
            at += len(piece)
            if digest.hexdigest() in reported:
                longest = at
    return read_reports(data[:longest], name)[-1].row if longest else 0


def _report(row: Mapping[str, Any], number: int, name: str) -> UnitReport:
    named = _text(row.get("serial")) or _text(row.get("uuid"))
    result = _RESULTS.get(_text(row.get("result")).lower())
    if not named or result is None:
        key = "result" if named else "serial"
        raise InputError(
            f"says {printable(_text(row.get('result')), 40)!r}" if named else "names no unit",
            where=Location(name, row=number, key=key),
            way_out=_WAY_OUT,
        )
    return UnitReport(number, named, result, printable(_text(row.get("detail")), _DETAIL))


def _text(value: object) -> str:
    return storable(str(value).strip()) if isinstance(value, (str, int)) else ""


def _csv_rows(text: str, name: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    try:
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        header = [cell.strip().lower() for cell in next(reader, [])]
        for number, cells in enumerate(reader, 2):
            if any(cell.strip() for cell in cells):
                if len(cells) != len(header):
                    raise InputError(
                        f"has {len(cells)} cells, the header {len(header)}",
                        where=Location(name, row=number),
                        way_out=_WAY_OUT,
                    )
                yield number, dict(zip(header, cells, strict=True))
    except csv.Error as error:
        raise InputError(f"isn't CSV: {error}", where=name, way_out=_WAY_OUT) from None


def _json_lines(text: str, name: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict):
            raise InputError("isn't a JSON object", where=Location(name, line=number), way_out=_WAY_OUT)
        yield number, row
