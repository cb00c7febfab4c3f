"""A verifier's exports are read by what the mapping says, or refused by file, row and place."""

from __future__ import annotations

import codecs
import os
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bss_mfg.core.clock import UTC_ZONE, TimeZone
from bss_mfg.core.toml_files import TomlDocument, validate
from bss_mfg.errors import InputError
from bss_mfg.verifier_data.exports import Measurement, read_export
from bss_mfg.verifier_data.mapping import Mapping, load_mapping, mapping_names, packaged_text
from tests.helpers.exports import SHORT, Symbol, csv_export, xml_export

EXAMPLE_CSV, EXAMPLE_XML = (load_mapping(name, None) for name in ("example-csv", "example-xml"))
SYMBOLS = [Symbol("ABV:OB04;1", 3.2, dict.fromkeys(SHORT, 3.2)), Symbol('A"B;,\t2', 0.0, {"decode": 0.0}, 7)]
TENTHS = st.integers(0, 40).map(lambda tenths: tenths / 10)
PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=60)


def mapping(**tables: Any) -> Mapping:
    """A mapping of a table with the columns Data and Grade, but for what is said."""
    data = {
        "format": 1,
        "name": "own",
        "status": "checked",
        "file": {"kind": "csv"},
        "data": {"from": "Data"},
        "overall": {"from": "Grade"},
        **tables,
    }
    return validate(TomlDocument("own.toml", "", data), Mapping)


def read(tmp_path: Path, content: str | bytes, using: Mapping, zone: TimeZone = UTC_ZONE) -> list[Measurement]:
    path = tmp_path / "export"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(read_export(path, using, zone))


def refused(tmp_path: Path, content: str | bytes, using: Mapping) -> InputError:
    with pytest.raises(InputError) as caught:
        read(tmp_path, content, using)
    assert caught.value.way_out
    return caught.value


def same(found: list[Measurement], symbols: list[Symbol], *, without: str = "") -> bool:
    return [(one.text, one.grade, dict(one.grades), one.formal) for one in found] == [
        (one.data, one.grade, {name: grade for name, grade in one.grades.items() if name != without}, one.formal)
        for one in symbols
    ]


# --- tables -------------------------------------------------------------------------------------------------------


def test_the_example_table_is_read_whole(tmp_path: Path) -> None:
    found = read(tmp_path, csv_export(SYMBOLS).encode("windows-1252"), EXAMPLE_CSV, TimeZone("Europe/Berlin"))
    assert same(found, SYMBOLS)
    assert (found[0].measured_at, found[0].measured_by) == ("2026-11-28T13:00:05Z", "M. Öz")
    assert [(one.number, one.verifier) for one in found] == [(2, "VX-1 4711"), (3, "VX-1 4711")]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_byte_order_mark_comes_before_what_the_mapping_says(tmp_path: Path, encoding: str, delimiter: str) -> None:
    example = tomllib.loads(packaged_text("example-csv"))
    example["file"]["delimiter"] = delimiter
    example["grades"]["decimal"] = "."
    text = csv_export(SYMBOLS, delimiter=delimiter, decimal=".")
    mark = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}.get(encoding, b"")
    found = read(tmp_path, mark + text.encode(encoding), mapping(**example))
    assert same(found, SYMBOLS) and found[0].measured_by == "M. Öz"


@given(st.lists(st.tuples(PRINTABLE, TENTHS, st.dictionaries(st.sampled_from(list(SHORT)), TENTHS)), max_size=6))
def test_what_is_exported_comes_back(tmp_path_factory: pytest.TempPathFactory, rows: list[Any]) -> None:
    symbols = [Symbol(data, grade, grades) for data, grade, grades in rows]
    folder = tmp_path_factory.getbasetemp()
    assert same(read(folder, csv_export(symbols).encode("windows-1252"), EXAMPLE_CSV), symbols)
    if symbols:
        found = read(folder, xml_export(symbols), EXAMPLE_XML)
        assert same(found, symbols, without="reflectance_margin")


def test_a_table_without_a_header_and_with_letters(tmp_path: Path) -> None:
    lines = ["2026-11-28T14:00:05\tS1<CR><LF>\tB\tA\tB\tF\tC", "2026-11-28T14:00:06+02:00\tS2\tA\tA\t\tA\tA"]
    found = read(tmp_path, "\r\n".join(lines).encode("utf-16-le"), load_mapping("example-letters", None))
    assert [(one.text, one.unmarked, one.grade) for one in found] == [("S1", None, "B"), ("S2", "suffix", "A")]
    assert found[0].grades["axial_nonuniformity"] == "F" and "modulation" not in found[1].grades
    assert [one.measured_at for one in found] == ["2026-11-28T14:00:05Z", "2026-11-28T12:00:06Z"]


def test_lines_above_the_header_and_cells_over_several_lines(tmp_path: Path) -> None:
    text = 'Report of\n"a ""day"""\n\nData,Grade,x\n"S\r\n1",3.2,\n\n,,\nS2,1.0,\n'
    found = read(tmp_path, text, mapping(file={"kind": "csv", "header": 4}))
    assert [(one.number, one.text, one.grade) for one in found] == [(5, "S\r\n1", 3.2), (9, "S2", 1.0)]


def test_what_the_export_adds_is_taken_off_once_and_only_there(tmp_path: Path) -> None:
    data = {"from": "Data", "prefix": ["]d1", "]d"], "suffix": ["<CR>"], "replace": {"<GS>": "\x1d", "<CR>": "\r"}}
    rows = ["]d1S<GS>1<CR>", "]d1]d1S<CR><CR>", "S<CR>", "]d2S"]
    found = read(tmp_path, "Data,Grade\n" + "".join(f"{row},3\n" for row in rows), mapping(data=data))
    assert [(one.text, one.unmarked) for one in found] == [
        ("S\x1d1", None), ("]d1S\r", None), ("S", "prefix"), ("2S", "suffix"),
    ]  # fmt: skip


def test_a_part_of_a_cell_is_the_grade(tmp_path: Path) -> None:
    using = mapping(
        overall={"from": "Grade", "pattern": r"\((.*)\)", "written": "letter"},
        grades={"none": ["n/a"], "pattern": r"^([0-9.]+) \("},
        parameters={"symbol_contrast": "SC", "modulation": "MOD"},
    )
    [one] = read(tmp_path, "Data,Grade,SC,MOD\nS,3.2 (B),4.0 (78 %),n/a\n", using)
    assert (one.grade, dict(one.grades)) == ("B", {"symbol_contrast": 4.0})


@pytest.mark.parametrize(
    ("content", "row", "key"),
    [
        (b"Data,Overall\nS,3\n", 1, ""),
        (b"Data;Grade\nS;3\n", 1, ""),
        (b"Data,Grade,Grade\nS,3,3\n", 1, ""),
        (b"Data,Grade\nS,3\nT\n", 3, ""),
        (b"Data,Grade\nS,3,4\n", 2, ""),
        (b"Data,Grade\nS,3\nT,4.5\n", 3, "Grade"),
        (b"Data,Grade\nS,3\nT,3 of 4\n", 3, "Grade"),
        (b'Data,Grade\nS,3\nT,3\n"U,3\n', 4, ""),
        (b"Data,Grade\nS,3\n\xff\xfe,3\n", 3, ""),
        ("Data,Grade\nS,3\n".encode("utf-16-le"), 1, ""),
        (b"Data,Grade\nS," + b"3" * 70_000 + b"\n", 2, ""),
        (b"Data,Grade\n" + b"S" * 20_001 + b",3\n", 2, "Data"),
        (b"", None, ""),
    ],
)
def test_what_is_wrong_in_a_table_is_named_by_its_row(
    tmp_path: Path, content: bytes, row: int | None, key: str
) -> None:
    error = refused(tmp_path, content, mapping())
    assert error.file == str(tmp_path / "export") and error.key == key
    assert row is None or error.row == row


@pytest.mark.parametrize("value", ["28.11.2026", "2026-13-01T00:00:00", "now", "0001-01-01T00:00:00+14:00"])
def test_what_is_no_time_is_refused(tmp_path: Path, value: str) -> None:
    error = refused(tmp_path, f"Data,Grade,At\nS,3,{value}\n", mapping(time={"from": "At"}))
    assert (error.row, error.key) == (2, "At")


def test_a_formal_grade_is_the_overall_one_or_agrees_with_it(tmp_path: Path) -> None:
    using = mapping(formal={"from": "Formal"})
    found = read(tmp_path, "Data,Grade,Formal\nS,,3.2/10/660/45Q\nT,3.2,B/10/660/45Q\nU,,\n", using)
    assert [one.grade for one in found] == [3.2, 3.2, None]
    assert refused(tmp_path, "Data,Grade,Formal\nS,3.2,2.9/10/660/45Q\n", using).key == "Grade"
    assert refused(tmp_path, "Data,Grade,Formal\nS,3.2,3.2 of 4\n", using).key == "Formal"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "export")
    for using in (mapping(), EXAMPLE_XML):
        with pytest.raises(InputError):
            list(read_export(tmp_path / "export", using, UTC_ZONE))


# --- XML ----------------------------------------------------------------------------------------------------------


def xml_mapping(element: str = "r/s", **tables: Any) -> Mapping:
    return mapping(
        file={"kind": "xml", "element": element, **tables}, data={"from": "@data"}, overall={"from": "grade"}
    )


def test_the_example_document_is_read_whole(tmp_path: Path) -> None:
    symbols = [Symbol("S\x1d1 <&>", 3.2), Symbol("S2", 0.0, {"decode": 0.0}, 7)]
    found = read(tmp_path, xml_export(symbols), EXAMPLE_XML)
    assert same(found, symbols, without="reflectance_margin")
    assert (found[1].measured_at, found[1].measured_by) == ("2026-11-28T14:07:05Z", "M. Öz & Co")
    assert (found[0].number, found[1].number) == (1, 2) and found[1].where.line > found[0].where.line > 1


def test_a_document_in_utf_16(tmp_path: Path) -> None:
    text = xml_export(SYMBOLS).replace('encoding="UTF-8"', 'encoding="UTF-16"')
    assert same(read(tmp_path, text.encode("utf-16"), EXAMPLE_XML), SYMBOLS, without="reflectance_margin")


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))


@pytest.mark.parametrize(
    "head",
    [
        f'<!DOCTYPE r [<!ENTITY l0 "ha">{LAUGHS}]>',
        '<!DOCTYPE r [<!ENTITY l11 SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE r SYSTEM "http://127.0.0.1:1/x.dtd">',
        f'<!DOCTYPE r [<!ENTITY l0 "{"ha" * 30_000}"><!ENTITY l11 "{"&l0;" * 30_000}">]>',
        "<!DOCTYPE r>",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "shift_jis"])
def test_entities_are_refused_before_any_is_read(tmp_path: Path, head: str, encoding: str) -> None:
    body = '<r a="&l11;"><s data="&l11;"><grade>3</grade></s></r>' if "l11" in head else "<r><s data=''/></r>"
    content = f'<?xml version="1.0" encoding="{encoding}"?>{head}{body}'.encode(encoding)
    error = refused(tmp_path, content, xml_mapping())
    if encoding != "shift_jis":  # else the second parser stops at it, or after it
        assert "DOCTYPE" in error.what


@pytest.mark.parametrize(
    "content",
    [
        "", "S,3", "<r><s data='S'>", "<r/>", "<other><s/></other>", "<r xmlns='urn:x'><s/></r>",
        f"{'<r>' * 300}{'</r>' * 300}", "<r><s data='S'><grade>3</grade><grade>4</grade></s></r>",
        "<r><s data='S'><grade>3</grade></s><s data='S'><grade>5</grade></s></r>", "<r>&nbsp;</r>",
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_document_is_named(tmp_path: Path, content: str) -> None:
    assert refused(tmp_path, content, xml_mapping()).file == str(tmp_path / "export")


def test_a_wrong_value_is_named_by_its_line_and_element(tmp_path: Path) -> None:
    content = "<r>\n<s data='S'><grade>3</grade></s>\n<s data='T'><grade>5</grade></s></r>"
    error = refused(tmp_path, content, xml_mapping())
    assert (error.line, error.key) == (3, "s[2], grade")


def test_paths_that_are_wrong_are_the_mappings_fault(tmp_path: Path) -> None:
    content = "<r><s data='S'><grade>3</grade></s></r>"
    assert refused(tmp_path, content, xml_mapping("v:r/s")).where == "mapping file"
    using = mapping(file={"kind": "xml", "element": "r/s"}, data={"from": "@data["})
    assert refused(tmp_path, content, using).where == "mapping file"


def test_a_document_that_is_too_large_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "export"
    with path.open("wb") as file:
        file.truncate((64 << 20) + 1)
    with pytest.raises(InputError):
        list(read_export(path, EXAMPLE_XML, UTC_ZONE))


# --- mappings -----------------------------------------------------------------------------------------------------


def test_what_is_shipped_is_assumed() -> None:
    names = mapping_names(None)
    assert set(names) == {"example-csv", "example-letters", "example-xml"}
    assert {load_mapping(name, None).status for name in names} == {"assumed"}


@pytest.mark.parametrize(
    "tables",
    [
        {"overall": None},
        {"data": {"from": 1}},
        {"file": {"kind": "csv", "header": 0}},
        {"data": {"from": ""}},
        {"file": {"kind": "csv", "delimiter": '"'}},
        {"file": {"kind": "csv", "encoding": "ebcdic"}},
        {"file": {"kind": "xml"}},
        {"file": {"kind": "pdf"}},
        {"parameters": {"contrast": "SC"}},
        {"time": {"from": "At", "zone": "Mars/Olympus"}},
        {"grades": {"pattern": "("}},
        {"grades": {"pattern": "A(B)(C)"}},
        {"status": "published"},
        {"unknown": 1},
    ],
)
def test_a_mapping_that_is_wrong_is_refused(tables: dict[str, Any]) -> None:
    given_tables = {name: table for name, table in tables.items() if table is not None}
    with pytest.raises(InputError):
        if tables.get("overall", 1) is None:
            data = {"format": 1, "name": "own", "status": "checked", "file": {"kind": "csv"}, "data": {"from": "Data"}}
            validate(TomlDocument("own.toml", "", data), Mapping)
        else:
            mapping(**given_tables)
