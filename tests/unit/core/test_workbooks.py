"""No damage of a workbook ends in anything but its rows or a refusal."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bss_mfg.core.read_tables import PassedOver, TableOptions, open_table
from bss_mfg.errors import InputError
from bss_mfg.tables import write_xlsx
from tests.independent.workbooks.make import SHEET, example, inline_parts, packed, parts_of

TABLE = example(3)
PARTS = {"shared": parts_of(TABLE), "inline": inline_parts(TABLE)}
BYTES = {name: packed(parts) for name, parts in PARTS.items()}


def rows_of(path: Path, options: TableOptions = TableOptions()) -> list[list[str]]:  # noqa: B008  (frozen)
    return [row.cells for row in open_table(path, TABLE.header, "list", options).rows]


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kind=st.sampled_from(sorted(BYTES)), at=st.floats(0, 1), bits=st.integers(1, 255), size=st.integers(1, 40))
def test_changed_bytes_are_found_or_change_nothing(tmp_path: Path, kind: str, at: float, bits: int, size: int) -> None:
    """The check sums see to it: a package has no byte that may change a value unseen."""
    data = bytearray(BYTES[kind])
    begin = int(at * (len(data) - 1))
    for place in range(begin, min(begin + size, len(data))):
        data[place] ^= bits
    path = tmp_path / "x.xlsx"
    path.write_bytes(data)
    try:
        found = rows_of(path)
    except InputError as error:
        assert str(path) in str(error)
    else:
        assert found == [list(cells) for cells in TABLE.rows]


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(sorted(PARTS)),
    part=st.integers(0, 6),
    at=st.floats(0, 1),
    size=st.integers(0, 30),
    text=st.text(st.sampled_from('<>/="& :!?[]x01A\u00a0'), max_size=8),
)
def test_xml_that_is_broken_anywhere_is_refused_or_read(
    tmp_path: Path, kind: str, part: int, at: float, size: int, text: str
) -> None:
    parts = dict(PARTS[kind])
    name = sorted(parts)[part % len(parts)]
    begin = int(at * len(parts[name]))
    parts[name] = parts[name][:begin] + text + parts[name][begin + size :]
    path = tmp_path / "x.xlsx"
    path.write_bytes(packed(parts))
    try:
        rows_of(path)
    except InputError as error:
        assert str(path) in str(error)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=300) | st.text(max_size=200).map(str.encode), begins=st.sampled_from([b"", b"serial\n"]))
def test_no_bytes_break_the_reader(tmp_path: Path, data: bytes, begins: bytes) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(begins + data)
    try:
        rows_of(path)
    except InputError as error:
        assert str(path) in str(error)


def test_what_is_passed_over_is_counted(tmp_path: Path) -> None:
    blank = "".join(f'<row r="{number}"><c r="F{number}" s="1"/></row>' for number in range(5, 19))
    parts = PARTS["inline"]
    (tmp_path / "x.xlsx").write_bytes(
        packed({**parts, SHEET: parts[SHEET].replace("</sheetData>", blank + "</sheetData>")})
    )
    (tmp_path / "x.csv").write_text("serial,mac,,\nA1,,,\nA2,\n,,,\n\n")
    for name, wanted in (("x.xlsx", PassedOver(14, 3)), ("x.csv", PassedOver(2, 2))):
        table = open_table(tmp_path / name, TABLE.header, "list")
        assert sum(1 for _ in table.rows) == (3 if name == "x.xlsx" else 2)
        assert table.passed_over == wanted
    assert str(PassedOver(14, 1)) == "14 blank rows at the end and 1 blank column on the right"
    assert str(PassedOver()) == ""


def test_what_looks_escaped_goes_through_a_workbook_unchanged(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "x.xlsx", ("serial",), [[("A_x0041_B",), ("_x005F_",)]])
    assert rows_of(tmp_path / "x.xlsx") == [["A_x0041_B"], ["_x005F_"]]


def test_pieces_marks_and_sheets_of_openpyxl_are_read(tmp_path: Path) -> None:
    from openpyxl.cell.rich_text import CellRichText, TextBlock
    from openpyxl.cell.text import InlineFont

    book = openpyxl.Workbook()
    book.active.append(["serial"])
    book.active["A2"] = CellRichText("A", TextBlock(InlineFont(b=True), "1"))
    book.create_sheet("Notes")["B2"] = "x"
    book.save(tmp_path / "x.xlsx")
    assert rows_of(tmp_path / "x.xlsx", TableOptions("sheet")) == [["A1"]]
    with pytest.raises(InputError, match="'Sheet', 'Notes'"):
        rows_of(tmp_path / "x.xlsx")
    with pytest.raises(InputError, match=r"has no sheet 'Units'.*Its sheets are: Sheet, Notes"):
        rows_of(tmp_path / "x.xlsx", TableOptions("Units"))


@pytest.mark.parametrize("ignore", ["serial", "MAC "])
def test_a_column_that_is_read_cannot_be_passed_over(tmp_path: Path, ignore: str) -> None:
    (tmp_path / "x.csv").write_text("serial,mac\nA1,\n")
    with pytest.raises(InputError, match="is read, so it can't be passed over"):
        open_table(tmp_path / "x.csv", TABLE.header, "list", TableOptions(ignore=(ignore,)))


def test_a_csv_file_has_no_sheets(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("serial\nA1\n")
    with pytest.raises(InputError, match="Leave out --sheet"):
        open_table(tmp_path / "x.csv", TABLE.header, "list", TableOptions("x"))
