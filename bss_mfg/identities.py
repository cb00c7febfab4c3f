"""Identity files from an ERP or a module supplier: CSV or XLSX, read as text, every doubt refused by row.

A spreadsheet loses leading zeros and turns long numbers into 1.23E+11 before we see them; what still shows the damage
is refused with its row, nothing is guessed back.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import uuid
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from bss_mfg.credentials import check_serial
from bss_mfg.errors import InputError
from bss_mfg.files import read_bytes
from bss_mfg.model import Identity, IssuedBefore

_FLOAT = re.compile(r"[0-9]+([.,][0-9]+)?[eE][+-]?[0-9]+|[0-9]+[.,][0-9]+")
_COLUMNS = ("serial", "uuid", "mac")
_BEFORE = (*_COLUMNS, "oob_key", "oob_sha256")
_MOST_NAMED = 8


def read_identities(path: Path) -> tuple[Identity, ...]:
    """The identities of a file, in its order; `InputError` names every bad row (at most eight)."""
    columns, width, rows = _table(path, _COLUMNS)
    found: list[Identity] = []
    problems: list[str] = []
    seen: dict[str, dict[object, int]] = {name: {} for name in _COLUMNS}
    for number, cells in rows:
        if not any(cell.strip() for cell in cells):
            problems.append(f"row {number} is blank")
            continue
        try:
            identity = _identity(cells, columns, width)
            for name, value in (("serial", identity.serial), ("uuid", identity.uuid), ("mac", identity.mac)):
                if value is not None and (first := seen[name].setdefault(value, number)) != number:
                    raise ValueError(f"has the {name} of row {first}")
        except ValueError as error:
            problems.append(f"row {number} {error}")
            continue
        found.append(identity)
    if problems:
        more = [f"and {len(problems) - _MOST_NAMED} more rows"] if len(problems) > _MOST_NAMED else []
        raise InputError(
            "the identities can't be used",
            where=str(path),
            problems=[*problems[:_MOST_NAMED], *more],
            way_out="Correct these rows (in a spreadsheet: format the columns as text before pasting). "
            "Nothing was issued.",
        )
    if not found:
        raise InputError("has a header and no rows", where=str(path), way_out="Add one row per unit.")
    return tuple(found)


def read_issued_before(path: Path) -> Iterator[IssuedBefore]:
    """The identities of a file that others issued: serial, and uuid, oob_key or oob_sha256 (hex) as far as known.

    Keys are hashed at once, and no message holds one. `InputError` at the first bad row.
    """
    columns, width, rows = _table(path, _BEFORE)
    for number, cells in rows:
        where = f"{path}, row {number}"
        try:
            if len(cells) != width:
                raise ValueError(f"has {len(cells)} cells, the header has {width}")
            digest = _digest(cells, columns)
            plain = {name: index for name, index in columns.items() if name in _COLUMNS}
            identity = _identity(cells, plain, width)
        except ValueError as error:
            raise InputError(f"the row {error}", where=where, way_out="Correct it. Nothing was imported.") from None
        yield IssuedBefore(number, identity.serial, identity.uuid, digest)


def _digest(cells: list[str], columns: dict[str, int]) -> bytes | None:
    """The SHA-256 of a row's OOB key. Says nothing of the key itself."""
    key = cells[columns["oob_key"]].strip() if "oob_key" in columns else ""
    digest = cells[columns["oob_sha256"]].strip() if "oob_sha256" in columns else ""
    if key:
        if not re.fullmatch(r"([0-9A-Fa-f]{32}){1,2}", key):
            raise ValueError("has an oob_key that is not 32 or 64 hex digits")
        found = hashlib.sha256(bytes.fromhex(key)).digest()
        if digest and digest.lower() != found.hex():
            raise ValueError("has an oob_sha256 that is not the one of its oob_key")
        return found
    if digest and not re.fullmatch(r"[0-9A-Fa-f]{64}", digest):
        raise ValueError("has an oob_sha256 that is not 64 hex digits")
    return bytes.fromhex(digest) if digest else None


def _table(path: Path, allowed: Sequence[str]) -> tuple[dict[str, int], int, Iterator[tuple[int, list[str]]]]:
    """Where each column stands, how many there are, and the rows under the header with their numbers."""
    data = read_bytes(path, "identities file")
    rows = _xlsx(data, path) if data[:4] == b"PK\x03\x04" else _csv(data, path)
    header = next(rows, None)
    if header is None:
        raise InputError("is empty", where=str(path), way_out="It needs a header line with the column serial.")
    return _columns(header[1], path, allowed), len(header[1]), rows


def _columns(header: list[str], path: Path, allowed: Sequence[str]) -> dict[str, int]:
    names = [cell.strip().lower() for cell in header]
    unknown = [name for name in names if name not in allowed]
    doubled = {name for name in names if names.count(name) > 1}
    if "serial" not in names or unknown or doubled:
        what = (
            f"the column {sorted(doubled)[0][:40]!a} stands twice"
            if doubled
            else f"the column {unknown[0][:40]!a} is not known"
            if unknown
            else "the column serial is missing"
        )
        raise InputError(
            what,
            where=f"{path}, row 1",
            way_out=f"The header has the columns serial and, if wanted, {', '.join(allowed[1:-1])} and {allowed[-1]}.",
        )
    return {name: index for index, name in enumerate(names)}


def _identity(cells: list[str], columns: dict[str, int], width: int) -> Identity:
    if len(cells) != width:
        raise ValueError(f"has {len(cells)} cells, the header has {width}")
    values = {name: cells[index].strip() for name, index in columns.items()}
    for name, value in values.items():
        if value[:1] in ("=", "+", "-", "@") or any(ord(character) < 32 for character in value):
            raise ValueError(f"has a formula or control character in {name} ({value[:30]!a})")
        if _FLOAT.fullmatch(value):
            raise ValueError(f"has {name} {value[:30]!a}, a number that a spreadsheet has rounded")
    if not values["serial"]:
        raise ValueError("has no serial")
    return Identity(check_serial(values["serial"]), _uuid(values.get("uuid", "")), _mac(values.get("mac", "")))


def _uuid(text: str) -> uuid.UUID | None:
    if not text:
        return None
    if not re.fullmatch(r"[0-9A-Fa-f]{32}|[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", text):
        raise ValueError(f"has the uuid {text[:40]!a}, 32 hex digits are wanted")
    return uuid.UUID(text)


def _mac(text: str) -> str | None:
    if not text:
        return None
    digits = re.sub(r"[:-]", "", text).upper()
    if not re.fullmatch(r"[0-9A-F]{12}", digits):
        raise ValueError(f"has the mac {text[:40]!a}, 12 hex digits are wanted")
    return digits


def _csv(data: bytes, path: Path) -> Iterator[tuple[int, list[str]]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = data[: error.start].count(b"\n") + 1
        raise InputError("is not UTF-8 text", where=f"{path}, row {row}", way_out="Save it as 'CSV UTF-8'.") from error
    if "\0" in text:
        raise InputError(
            "holds NUL characters", where=str(path), way_out="Save it as 'CSV UTF-8', not as Unicode text."
        )
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count) if any(mark in first for mark in ",;\t") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            yield reader.line_num, cells
    except csv.Error as error:
        raise InputError(
            f"broken CSV ({error})", where=f"{path}, row {reader.line_num}", way_out="Check the quotes in that row."
        ) from error


def _xlsx(data: bytes, path: Path) -> Iterator[tuple[int, list[str]]]:
    import zipfile

    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=False)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise InputError("is not a readable XLSX file", where=str(path), way_out="Save it again, or as CSV.") from error
    try:
        sheet = book.worksheets[0]
        rows = sheet.iter_rows()
        for number, cells in enumerate(rows, 1):
            yield number, [_cell(cell, number, path) for cell in cells]
    finally:
        book.close()


def _cell(cell: object, row: int, path: Path) -> str:
    value = getattr(cell, "value", None)
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and value < 10**15:
        # A number cell has lost any leading zeros, and nobody can tell whether there were some.
        raise InputError(
            f"the cell {value} is a number, not text, so leading zeros may be lost",
            where=f"{path}, row {row}",
            way_out="Format the column as text and enter the values again, or export CSV from the source.",
        )
    raise InputError(
        f"a cell holds a {type(value).__name__}, not text",
        where=f"{path}, row {row}",
        way_out="Format the columns as text and enter the values again.",
    )


def foreign_uuids(identities: Iterable[Identity]) -> int:
    """How many identities bring a UUID that is not of RFC 9562's variant; some stacks refuse those."""
    return sum(1 for item in identities if item.uuid and item.uuid.variant != uuid.RFC_4122)


def read_table(path: Path, allowed: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of a CSV or XLSX file by column, as text, with their numbers; blank rows are passed over. `InputError`
    where a column is not `allowed`, serial is missing, or a row has too many or too few cells."""
    columns, width, rows = _table(path, allowed)
    for number, cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != width:
            raise InputError(
                f"the row has {len(cells)} cells, the header has {width}",
                where=f"{path}, row {number}",
                way_out="Correct it.",
            )
        yield number, {name: cells[index] for name, index in columns.items()}
