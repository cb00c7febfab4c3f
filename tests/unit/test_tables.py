"""Tables of units: the ledger's own words in CSV, JSON lines, XLSX and Parquet; nothing lost, nothing secret, nothing
that a spreadsheet runs; and what LibreOffice makes of them is read back exactly."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from bss_mfg import tables
from bss_mfg.core import clock
from bss_mfg.errors import InputError, MissingError
from bss_mfg.issuing.batch import create_batch
from bss_mfg.issuing.from_workspace import batch_spec
from bss_mfg.issuing.replacement import ReplacementRequest, replace_units
from bss_mfg.issuing.request import BatchRequest
from bss_mfg.ledger import unit_table
from bss_mfg.ledger.events import ManifestUploaded
from bss_mfg.ledger.keys import open_keys
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.unit_columns import INTEGER_COLUMNS, UNIT_COLUMNS
from bss_mfg.ledger.unit_table import UnitFilter
from bss_mfg.manifest.unit_lists import csv_list, jsonl_list
from bss_mfg.model import Identity
from bss_mfg.tables import DEFAULT_COLUMNS, Table, csv_rows, json_rows, write_xlsx
from tests.helpers import ROOT
from tests.helpers.factory import Factory, a_read


@pytest.fixture
def line(factory: Factory) -> Factory:
    """Four packages of two: 1 issued, 2 printed with a replaced unit, 3 shipped, 4 with a scrapped unit."""
    factory.add(oob_bytes=16, units_per_package=2)
    factory.issue(8)
    with factory.ledger() as ledger:
        ledger.reads.record("B1", [a_read(3)])
        ledger.packages.ship("B1", ["ebK300000005"], "pallet 1")
        ledger.units.scrap("B1", ["ebK300000003", "ebK300000008"], "dropped")
        replace(factory, ledger, "ebK300000003")
    done = factory.cli("reprint", "B1", "ebK300000009", "--reason", "replaced", "--template", "multipack-100x70")
    assert done.code == 0, done.err
    return factory


def replace(factory: Factory, ledger: Ledger, serial: str) -> str:
    """Issue a new unit in a scrapped one's place; its serial."""
    loaded = factory.workspace.product("bulb")
    batch = ledger.batches.get("B1")
    request = ReplacementRequest(batch, loaded, batch_spec(batch), [serial], "dropped")
    return replace_units(ledger, factory.workspace.open_vault(), request)[serial]


def table(factory: Factory, *columns: str, **wanted: Any) -> list[tuple[Any, ...]]:
    with factory.ledger() as ledger:
        return list(chain.from_iterable(ledger.tables.rows("B1", columns, UnitFilter(**wanted))))


def test_each_unit_stands_in_its_place_with_its_state(line: Factory) -> None:
    assert table(line, "package", "unit", "serial", "state", "replaced_by", "revision", "prints", "print_verified") == [
        (1, 1, "ebK300000001", "issued", None, 1, 0, 0),
        (1, 2, "ebK300000002", "issued", None, 1, 0, 0),
        (2, 3, "ebK300000003", "scrapped", "ebK300000009", None, None, None),
        (2, 9, "ebK300000009", "printed", None, 2, 1, 0),
        (2, 4, "ebK300000004", "printed", None, 2, 1, 0),
        (3, 5, "ebK300000005", "shipped", None, 1, 0, 1),
        (3, 6, "ebK300000006", "shipped", None, 1, 0, 1),
        (4, 7, "ebK300000007", "issued", None, 1, 0, 0),
        (4, 8, "ebK300000008", "scrapped", None, 1, 0, 0),
    ]


def test_the_states_are_those_of_the_life(line: Factory) -> None:
    found = dict(table(line, "serial", "state"))
    with line.ledger() as ledger:
        assert found == ledger.units.states("B1", list(found))


def test_who_was_replaced_twice_names_the_next_only(line: Factory) -> None:
    with line.ledger() as ledger:
        ledger.units.scrap("B1", ["ebK300000009"], "dropped too")
        assert replace(line, ledger, "ebK300000009") == "ebK300000010"
    found = [row for row in table(line, "serial", "replaced_by", "payload", "package") if row[3] == 2]
    assert [row[:2] for row in found] == [
        ("ebK300000003", "ebK300000009"),
        ("ebK300000009", "ebK300000010"),
        ("ebK300000010", None),
        ("ebK300000004", None),
    ]
    assert [bool(row[2]) for row in found] == [False, False, True, True]


def test_payload_and_product_are_the_packages_own(line: Factory) -> None:
    with line.ledger() as ledger:
        packages = {unit.serial: (p.payload, unit.uuid) for p in ledger.packages.stream("B1") for unit in p.units}
        created = ledger.batches.get("B1").created_at
    for serial, payload, octets, *facts in table(
        line, "serial", "payload", "uuid", "mac", "batch", "product", "title", "pid", "upc", "ean", "stage", "spec",
        "created_at",
    ):  # fmt: skip
        if serial in packages:
            assert (payload, octets) == (packages[serial][0], packages[serial][1].hex.upper())
        assert facts == [
            None, "B1", "bulb", "Mesh Bulb", "ebK3", "841667145075", None, "development", "amazon-bss-ob04", created,
        ]  # fmt: skip


def test_units_are_chosen_by_state(line: Factory) -> None:
    assert table(line, "unit", states=("scrapped",)) == [(3,), (8,)]
    assert table(line, "unit", states=("printed", "shipped")) == [(9,), (4,), (5,), (6,)]
    assert table(line, "unit", states=("verified",)) == []


def test_units_are_chosen_by_the_day_of_their_last_event(factory: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
    factory.add(oob_bytes=16)
    days = [f"2026-11-{day:02}T12:00:00Z" for day in range(10, 20)]
    monkeypatch.setattr(clock, "now", lambda: days[0])
    factory.issue(6)

    def on(day: int) -> None:
        monkeypatch.setattr(clock, "now", lambda: days[day])

    on(1)
    factory.label(template="roll-50x30", numbers=(2, 4))
    with factory.ledger() as ledger:
        on(2)
        ledger.reads.record("B1", [a_read(3), a_read(4)])
        on(3)
        ledger.reads.record("B1", [a_read(None, "foreign")])
        ledger.packages.ship("B1", ["ebK300000004"], "pallet 1")
        ledger.units.scrap("B1", ["ebK300000005"], "dropped")
        on(4)
        replace(factory, ledger, "ebK300000005")
        on(5)
        ledger.packages.ship("B1", ["ebK300000004"], "back", returned=True)
    last = dict(table(factory, "unit", "last_event_at"))
    assert last == {1: days[0], 2: days[1], 3: days[2], 4: days[5], 5: days[4], 7: days[4], 6: days[0]}
    assert table(factory, "unit", since=days[2]) == [(3,), (4,), (5,), (7,)]
    assert table(factory, "unit", until=days[1]) == [(1,), (2,), (6,)]
    assert table(factory, "unit", since=days[1], until=days[2], states=("verified",)) == [(3,)]
    for options, units in (
        (["--since", "2026-11-12", "--until", "2026-11-14"], "357"),
        (["--until", "2026-11-11"], "126"),
        (["--until", "2026-11-11T11:59:59Z"], "16"),
        (["--since", "2026-11-12", "--state", "verified", "--state", "issued"], "37"),
    ):
        done = factory.cli("table", "B1", "--columns", "unit", "--format", "jsonl", "--out", "-", *options)
        assert "".join(re.findall(r"\d", done.out)) == units
    assert factory.cli("table", "B1", "--format", "csv", "--since", "24.11.2026", "--out", "-").code == 2


def test_no_column_is_secret(line: Factory) -> None:
    with line.ledger() as ledger:
        stored = line.rows("SELECT sealed_key, key_digest FROM unit")
        vault = line.workspace.open_vault()
        keys = [unit.key.reveal() for unit in open_keys(ledger).units("B1", vault) if unit.key]
        text = b"".join(Table(ledger, ledger.batches.get("B1"), tuple(UNIT_COLUMNS)).csv()).lower()
    for octets in chain(keys, *stored):
        assert octets.hex().encode() not in text
    for expression in UNIT_COLUMNS.values():
        assert not re.search(r"sealed|digest|wrapped|recovery|request", expression)


def test_the_documented_columns_are_the_columns() -> None:
    text = (ROOT / "docs" / "formats" / "tables.md").read_text().partition("\n## manifest")[0]
    documented = re.findall(r"^\| `(\w+)` \| (text|number) \|", text, re.MULTILINE)
    assert [(name, "number" if name in INTEGER_COLUMNS else "text") for name in UNIT_COLUMNS] == documented


def test_csv_quotes_every_cell_and_ends_lines_with_crlf(line: Factory) -> None:
    with line.ledger() as ledger:
        text = b"".join(Table(ledger, ledger.batches.get("B1"), ("serial", "mac", "prints")).csv()).decode()
    assert text.splitlines(keepends=True)[:4] == [
        '"serial","mac","prints"\r\n', '"ebK300000001","","0"\r\n', '"ebK300000002","","0"\r\n',
        '"ebK300000003","",""\r\n',
    ]  # fmt: skip
    assert text.count("\r\n") == 10 == text.count("\n")


def test_json_lines_have_numbers_texts_and_nulls(line: Factory) -> None:
    with line.ledger() as ledger:
        data = b"".join(Table(ledger, ledger.batches.get("B1"), ("package", "serial", "revision", "upc")).jsonl())
    lines = [json.loads(text) for text in data.splitlines()]
    assert lines[2] == {"package": 2, "serial": "ebK300000003", "revision": None, "upc": "841667145075"}
    assert list(lines[0]) == ["package", "serial", "revision", "upc"]
    assert len(lines) == 9


def test_a_workbook_holds_text_only(line: Factory, tmp_path: Path) -> None:
    out = tmp_path / "t.xlsx"
    columns = ("serial", "package", "upc", "payload", "revision")
    assert line.cli("table", "B1", "--format", "xlsx", "--columns", ",".join(columns), "--out", out).code == 0
    cells = list(openpyxl.load_workbook(out).active.iter_rows())
    assert [cell.value for cell in cells[0]] == list(columns)
    expected = [tuple(None if value is None else str(value) for value in row) for row in table(line, *columns)]
    assert [tuple(cell.value for cell in row) for row in cells[1:]] == expected
    assert {cell.data_type for row in cells for cell in row if cell.value is not None} == {"s"}
    assert {cell.number_format for row in cells[1:] for cell in row} == {"@"}


def test_parquet_has_strings_and_integers_in_row_groups(
    line: Factory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pandas
    from pyarrow import parquet

    monkeypatch.setattr(tables, "ROW_GROUP", 4)
    monkeypatch.setattr(unit_table, "UNITS_AT_ONCE", 2)
    columns = ("serial", "mac", "package", "revision", "upc", "replaced_by")
    with line.ledger() as ledger:
        Table(ledger, ledger.batches.get("B1"), columns).parquet(tmp_path / "t.parquet")
    file = parquet.ParquetFile(tmp_path / "t.parquet")
    assert [str(kind) for kind in file.schema_arrow.types] == ["string", "string", "int64", "int64", "string", "string"]
    assert [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)] == [5, 4]
    frame = pandas.read_parquet(tmp_path / "t.parquet")
    assert [pandas.api.types.is_string_dtype(kind) for kind in frame.dtypes] == [True, True, False, False, True, True]
    assert frame["revision"].dtype == "Int64"
    read = [tuple(None if pandas.isna(value) else value for value in row) for row in frame.itertuples(index=False)]
    assert read == table(line, *columns)


def test_a_parquet_file_is_the_one_that_pandas_would_write(
    line: Factory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Byte for byte, but for the version of pandas that it is said to be of, and the name that it has for texts."""
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    import pandas

    monkeypatch.setattr(tables, "ROW_GROUP", 4)
    monkeypatch.setattr(unit_table, "UNITS_AT_ONCE", 2)
    columns = tuple(UNIT_COLUMNS)
    with line.ledger() as ledger:
        Table(ledger, ledger.batches.get("B1"), columns).parquet(tmp_path / "ours.parquet")
    written = parquet.ParquetFile(tmp_path / "ours.parquet")
    types = {name: "Int64" if name in INTEGER_COLUMNS else "string" for name in columns}
    frame = pandas.DataFrame(table(line, *columns), columns=list(columns)).astype(types)
    empty = pyarrow.Schema.from_pandas(frame.iloc[:0], preserve_index=False)

    def notes(schema: Any) -> dict[str, Any]:
        told = json.loads(schema.metadata[b"pandas"])
        del told["pandas_version"]
        for column in told["columns"]:
            if column["numpy_type"] == "string":
                assert column.pop("pandas_type") in ("object", "unicode")  # before and after pandas 3
        return told  # type: ignore[no-any-return]

    assert notes(written.schema_arrow) == notes(empty)
    sizes = [written.metadata.row_group(number).num_rows for number in range(written.num_row_groups)]
    with parquet.ParquetWriter(tmp_path / "theirs.parquet", written.schema_arrow) as writer:
        for size in sizes:
            part, frame = frame.iloc[:size], frame.iloc[size:]
            writer.write_table(pyarrow.Table.from_pandas(part, written.schema_arrow, preserve_index=False))
    assert (tmp_path / "ours.parquet").read_bytes() == (tmp_path / "theirs.parquet").read_bytes()


def test_without_pyarrow_parquet_names_the_way_out(
    line: Factory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with line.ledger() as ledger, pytest.raises(MissingError, match=r'pip install "bss-mfg\[parquet\]"'):
        Table(ledger, ledger.batches.get("B1")).parquet(tmp_path / "t.parquet")


@pytest.mark.parametrize("title", ["=1+1", "+49 bulb", "-20 % bulb", "@SUM(A1)", "\tbulb"])
def test_what_a_spreadsheet_would_run_is_refused_and_not_quoted_away(title: str) -> None:
    slices = [[("A1", 1, "Bulb"), ("A2", 2, None)], [("A3", 3, title)]]
    names = ("serial", "package", "title")
    with pytest.raises(InputError, match="column title") as caught:
        list(csv_rows(names, slices))
    assert "jsonl" in caught.value.way_out
    with pytest.raises(InputError, match="would be run"):
        write_xlsx(Path("never"), names, slices)
    assert json.loads(b"".join(json_rows(names, slices)).splitlines()[2])["title"] == title


def test_more_rows_than_a_sheet_holds_are_refused_before(
    line: Factory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "XLSX_ROWS", 8)
    with line.ledger() as ledger:
        with pytest.raises(InputError, match="9 units don't fit") as caught:
            Table(ledger, ledger.batches.get("B1")).xlsx(tmp_path / "t.xlsx")
        assert "csv or parquet" in caught.value.way_out
        wanted = UnitFilter(states=("issued", "printed", "shipped"))
        fits = Table(ledger, ledger.batches.get("B1"), DEFAULT_COLUMNS, wanted)
        fits.xlsx(tmp_path / "t.xlsx")
    assert fits.count == 7


def test_no_lock_is_held_while_the_caller_works(line: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unit_table, "UNITS_AT_ONCE", 2)
    with line.ledger() as ledger:
        for columns in (("serial",), ("serial", "last_event_at")):
            slices = ledger.tables.rows("B1", columns)
            assert len(next(slices)) == 2
            with line.ledger() as other:
                other.history.append("B1", ManifestUploaded(file="test", sha256="0" * 64, address="test"))
            assert sum(len(some) for some in slices) == 7


@pytest.mark.parametrize("size", [1, 2, 3, 4, 1000])
def test_slices_of_any_size_give_the_same(line: Factory, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    whole = table(line, *UNIT_COLUMNS)
    monkeypatch.setattr(unit_table, "UNITS_AT_ONCE", size)
    assert table(line, *UNIT_COLUMNS) == whole


def old_csv(ledger: Ledger) -> bytes:
    """The manifest's table as it was always written."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(["batch", "package", "serial", "uuid", "mac", "payload"])
    for package in ledger.packages.stream("B1"):
        if not package.scrapped:
            writer.writerows(
                ["B1", package.number, unit.serial, unit.uuid.hex.upper(), unit.mac or "", package.payload]
                for unit in package.units
            )
    return text.getvalue().encode()


def old_jsonl(ledger: Ledger) -> bytes:
    """The manifest's lines as they were always written."""
    records = [
        {
            "batch": "B1", "package": package.number, "payload": package.payload,
            "units": [
                {"serial": unit.serial, "uuid": unit.uuid.hex.upper(), **({"mac": unit.mac} if unit.mac else {})}
                for unit in package.units
            ],
        }
        for package in ledger.packages.stream("B1") if not package.scrapped
    ]  # fmt: skip
    return "".join(json.dumps(record, separators=(",", ":")) + "\n" for record in records).encode()


def issue_known(factory: Factory, identities: Sequence[Identity], batch_id: str = "B1") -> None:
    """Issue a batch with identities of one's own."""
    loaded = factory.workspace.product("bulb")
    with factory.ledger() as ledger:
        spec = factory.workspace.spec(loaded.product.spec)
        request = BatchRequest(loaded, spec, len(identities), batch_id, identities)
        create_batch(ledger, factory.workspace.open_vault(), request)


def test_the_manifests_write_the_bytes_they_always_wrote(line: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
    for size in (1, 1000):
        monkeypatch.setattr(unit_table, "UNITS_AT_ONCE", size)
        with line.ledger() as ledger:
            batch = ledger.batches.get("B1")
            assert b"".join(csv_list(ledger, batch)) == old_csv(ledger)
            assert b"".join(jsonl_list(ledger, batch)) == old_jsonl(ledger)
            assert old_csv(ledger).count(b"\n") == 7  # package 4 holds a scrapped unit


def test_manifests_with_mac_addresses_too(factory: Factory) -> None:
    factory.add(oob_bytes=16, units_per_package=2)
    issue_known(factory, [Identity("A1", None, "C47C8D6A1025"), *(Identity(f"A{n}") for n in (2, 3, 4))])
    with factory.ledger() as ledger:
        batch = ledger.batches.get("B1")
        assert b"".join(csv_list(ledger, batch)) == old_csv(ledger)
        assert b"".join(jsonl_list(ledger, batch)) == old_jsonl(ledger)
