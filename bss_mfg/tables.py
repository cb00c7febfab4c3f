"""Tables for the factory's own systems: CSV, JSON lines, XLSX, Parquet, without keys. All stream, at any size but for
XLSX, whose sheets end after a million rows. (A barcode string may show a PIN, where the product's spec says so.)"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from bss_mfg.core.text import FORMULA_STARTS, starts_formula
from bss_mfg.errors import BssError, InputError, MissingError
from bss_mfg.installation import how_to_add
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.unit_columns import INTEGER_COLUMNS, UNIT_COLUMNS
from bss_mfg.ledger.unit_table import ALL_UNITS, UnitFilter
from bss_mfg.model import FIELD_PREFIX, Batch

RowChunks = Iterable[list[tuple[Any, ...]]]
"""Rows in lists, as `Ledger.unit_rows` gives them."""

DEFAULT_COLUMNS = ("batch", "package", "serial", "uuid", "mac", "payload", "state")
"""The columns of a table where none are named."""

XLSX_ROWS = 1_048_575
"""Rows that a sheet holds under its header (ECMA-376 and Excel: 1,048,576 in all)."""

ROW_GROUP = 8_192
"""Rows of a Parquet row group, at least, but for the last: what is held in memory at once."""

PANDAS_VERSION = "3.1.1"
"""The pandas whose notes on types a Parquet file carries; pandas itself is not needed to write them."""

_ESCAPE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
"""What a workbook would take for an escaped character (ECMA-376-1, 22.9.2.19)."""
_JSON = json.JSONEncoder(separators=(",", ":"))


class Table:
    """The units of a batch as a table: which columns, in this order, and which units.

    `count` is how many rows were written. `InputError` for a column that there is not, or that is named twice.
    """

    def __init__(
        self,
        ledger: Ledger,
        batch: Batch,
        columns: Sequence[str] = DEFAULT_COLUMNS,
        unit_filter: UnitFilter = ALL_UNITS,
    ) -> None:
        self.count = 0
        self._ledger, self._batch, self._columns, self._unit_filter = ledger, batch, tuple(columns), unit_filter
        known = (*UNIT_COLUMNS, *(name for name in batch.facts if name.startswith(FIELD_PREFIX)))
        for name in self._columns:
            if name not in known or self._columns.count(name) > 1:
                raise InputError(
                    f"the column {name[:40]!a} is named twice"
                    if name in known
                    else f"there is no column {name[:40]!a}",
                    where="--columns",
                    way_out=f"The columns are {', '.join(known)}; name each only once.",
                )

    def csv(self) -> Iterator[bytes]:
        """As CSV."""
        return csv_rows(self._columns, self._count_rows())

    def jsonl(self) -> Iterator[bytes]:
        """As JSON lines."""
        return json_rows(self._columns, self._count_rows())

    def xlsx(self, path: Path) -> None:
        """As a workbook at `path`; `InputError` for more rows than a sheet holds, before anything is written."""
        count = sum(len(rows) for rows in self._ledger.tables.rows(self._batch.id, ("unit",), self._unit_filter))
        if count > XLSX_ROWS:
            raise InputError(
                f"{count:,} units don't fit: a sheet holds {XLSX_ROWS:,} rows under its header",
                where=f"batch {self._batch.id}",
                way_out="Write csv or parquet, or take fewer units with --state, --since or --until.",
            )
        write_xlsx(path, self._columns, self._count_rows())

    def parquet(self, path: Path) -> None:
        """As a Parquet file at `path`; `MissingError` without pyarrow."""
        write_parquet(path, self._columns, self._count_rows())

    def _count_rows(self) -> RowChunks:
        self.count = 0
        for rows in self._ledger.tables.rows(self._batch.id, self._columns, self._unit_filter):
            self.count += len(rows)
            yield rows


# --- formats ------------------------------------------------------------------------------------------------------


def csv_rows(names: Sequence[str], slices: RowChunks) -> Iterator[bytes]:
    """CSV: UTF-8, CRLF, every cell quoted; `InputError` for a cell that a spreadsheet would run."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL)
    writer.writerow(names)
    for rows in slices:
        refuse_formulas(names, rows)
        writer.writerows(rows)
        yield buffer.getvalue().encode("utf-8")
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue().encode("utf-8")


def json_rows(names: Sequence[str], slices: RowChunks) -> Iterator[bytes]:
    """JSON lines: an object a row, compact, ASCII, null where there is nothing."""
    encode = _JSON.encode
    for rows in slices:
        yield "".join([encode(dict(zip(names, row, strict=True))) + "\n" for row in rows]).encode("ascii")


def write_xlsx(path: Path, names: Sequence[str], slices: RowChunks) -> None:
    """A workbook of one sheet at `path`; every cell is text and formatted as text, so that nothing becomes a number
    when it is edited."""
    import openpyxl
    from openpyxl.cell import WriteOnlyCell

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("units")
    sheet.freeze_panes = "A2"
    cells = [WriteOnlyCell(sheet) for _ in names]
    for cell in cells:
        cell.number_format = "@"
    sheet.append(list(names))
    try:
        for rows in slices:
            refuse_formulas(names, rows)
            for row in rows:
                for cell, value in zip(cells, row, strict=True):
                    cell.value = None if value is None else _ESCAPE.sub("_x005F_", str(value))
                sheet.append(cells)  # written at once, so the cells can be filled anew
    except BssError:
        sheet.close()  # openpyxl complains of a sheet that is left open
        raise
    book.save(path)


def write_parquet(path: Path, names: Sequence[str], slices: RowChunks) -> None:
    """A Parquet file at `path`, a row group at a time: text as strings, numbers as 64-bit integers, null where there
    is nothing. `MissingError` without pyarrow."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise MissingError(
            "Parquet needs pyarrow, which is not installed",
            way_out=f"{how_to_add('parquet')} The other formats work without.",
        ) from error

    types = [pyarrow.int64() if name in INTEGER_COLUMNS else pyarrow.string() for name in names]
    metadata = {"pandas": _pandas_types(names, pyarrow.__version__)}
    schema = pyarrow.schema(list(zip(names, types, strict=True)), metadata)
    with parquet.ParquetWriter(path, schema) as writer:
        for rows in _regroup(slices, ROW_GROUP):
            columns = [pyarrow.array(cells, kind) for cells, kind in zip(zip(*rows, strict=True), types, strict=True)]
            writer.write_table(pyarrow.Table.from_arrays(columns, schema=schema))


def _pandas_types(names: Sequence[str], pyarrow_version: str) -> str:
    """What pandas notes in its Parquet files, so that it reads its own types back: whole numbers stay whole beside
    nulls (https://pandas.pydata.org/docs/development/developer.html, "Storing pandas DataFrame objects")."""
    columns = [
        {
            "name": name,
            "field_name": name,
            "pandas_type": "int64" if name in INTEGER_COLUMNS else "object",
            "numpy_type": "Int64" if name in INTEGER_COLUMNS else "string",
            "metadata": None,
        }
        for name in names
    ]
    return json.dumps(
        {
            "index_columns": [],
            "column_indexes": [],
            "columns": columns,
            "attributes": {},
            "creator": {"library": "pyarrow", "version": pyarrow_version},
            "pandas_version": PANDAS_VERSION,
        }
    )


def refuse_formulas(names: Sequence[str], rows: list[tuple[Any, ...]]) -> None:
    """`InputError` for a cell that a spreadsheet would run. What is issued never begins so; a product's title may."""
    for name, cells in zip(names, zip(*rows, strict=True), strict=False):
        if name not in INTEGER_COLUMNS and not FORMULA_STARTS.isdisjoint({cell[:1] for cell in cells if cell}):
            value = next(cell for cell in cells if cell and starts_formula(cell))
            raise InputError(
                f"{value[:40]!a} would be run as a formula by a spreadsheet",
                where=f"column {name}",
                way_out="Leave the column out, or write jsonl or parquet, which no spreadsheet runs.",
            )


def _regroup(slices: RowChunks, size: int) -> Iterator[list[tuple[Any, ...]]]:
    """Slices put together into lists of at least `size` rows, but for the last."""
    held: list[tuple[Any, ...]] = []
    for rows in slices:
        held += rows
        if len(held) >= size:
            yield held
            held = []
    if held:
        yield held
