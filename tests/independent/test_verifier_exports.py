"""Exports that programs nobody here wrote have made: read as they were meant."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import openpyxl
import pandas
import pytest

from bss_mfg.core.clock import TimeZone
from bss_mfg.core.toml_files import TomlDocument, validate
from bss_mfg.verifier_data.exports import read_export
from bss_mfg.verifier_data.mapping import Mapping, load_mapping
from tests.helpers.office import soffice
from tests.needs import needs

ROWS = [
    ("ABV:OB04;UPC:841667145075;1", 3.3, 4.0, datetime.datetime(2026, 11, 28, 14, 0, 5)),
    ('S"2;,\t|', 0.0, 0.0, datetime.datetime(2026, 3, 29, 3, 0, 0)),
    ("S3\r\nnext", 2.5, 1.2, datetime.datetime(2026, 10, 25, 1, 59, 59)),
]
UTC = ["2026-11-28T13:00:05Z", "2026-03-29T01:00:00Z", "2026-10-24T23:59:59Z"]
"""The same moments, in Berlin before, at the beginning of and after summer time."""


def mapping(**tables: Any) -> Mapping:
    data = {
        "format": 1, "name": "own", "status": "checked", "data": {"from": "Data"}, "overall": {"from": "Grade"},
        "parameters": {"modulation": "MOD"}, **tables,
    }  # fmt: skip
    return validate(TomlDocument("own.toml", "", data), Mapping)


def found(path: Path, using: Mapping) -> list[tuple[object, ...]]:
    return [
        (one.text, one.grade, one.grades["modulation"], one.measured_at)
        for one in read_export(path, using, TimeZone("Europe/Berlin"))
    ]


EXPECTED = [(data, grade, part, at) for (data, grade, part, _), at in zip(ROWS, UTC, strict=True)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize(("delimiter", "decimal"), [(",", "."), (";", ","), ("\t", ","), ("|", ".")])
def test_a_table_that_pandas_wrote(tmp_path: Path, encoding: str, delimiter: str, decimal: str) -> None:
    frame = pandas.DataFrame(ROWS, columns=["Data", "Grade", "MOD", "At"])
    path = tmp_path / "e.csv"
    with path.open("w", encoding=encoding, newline="") as file:
        frame.to_csv(file, sep=delimiter, decimal=decimal, index=False, date_format="%d.%m.%Y %H:%M:%S")
    using = mapping(
        file={"kind": "csv", "delimiter": delimiter, "encoding": "windows-1252" if encoding == "cp1252" else "utf-8"},
        grades={"decimal": decimal},
        time={"from": "At", "format": "%d.%m.%Y %H:%M:%S"},
    )
    assert found(path, using) == EXPECTED


@needs("soffice")
@pytest.mark.parametrize("charset", ["76", "65535"])
def test_a_table_that_libreoffice_saved_in_german(tmp_path: Path, charset: str) -> None:
    """Numbers and dates as cells show them; UTF-8 and UTF-16."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Data", "Grade", "MOD", "Date", "Time"])
    for number, (data, grade, part, at) in enumerate(ROWS[:2], 2):
        sheet.append([data, grade, part, at, at])
        for column, shown in zip("BCDE", ("0.0", "0.0", "DD.MM.YYYY", "HH:MM:SS"), strict=True):
            sheet[f"{column}{number}"].number_format = f"[$-407]{shown}"
    book.save(tmp_path / "e.xlsx")
    soffice(tmp_path / "e.xlsx", f"csv:Text - txt - csv (StarCalc):59,34,{charset},1,,0,false,true", tmp_path / "out")
    using = mapping(
        file={"kind": "csv", "delimiter": ";", "encoding": "utf-8" if charset == "76" else "utf-16-le"},
        grades={"decimal": ","},
        time={"from": ["Date", "Time"], "format": "%d.%m.%Y %H:%M:%S"},
    )
    assert found(tmp_path / "out" / "e.csv", using) == EXPECTED[:2]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "us-ascii", "iso-8859-1"])
def test_a_document_that_elementtree_wrote(tmp_path: Path, encoding: str) -> None:
    """With prefixes of its own, and everything that XML escapes."""
    space = "{urn:example:verifier}"
    root = ElementTree.Element(f"{space}Report")
    ElementTree.SubElement(root, f"{space}Session", operator='"M. Öz" <&>', device="VX")
    symbols = ElementTree.SubElement(root, f"{space}Symbols")
    for data, grade, part, at in ROWS[:2]:
        symbol = ElementTree.SubElement(symbols, f"{space}Symbol", measured=at.isoformat())
        ElementTree.SubElement(symbol, f"{space}Data").text = data
        ElementTree.SubElement(symbol, f"{space}Formal").text = f"{grade}/10/660/45Q"
        ElementTree.SubElement(symbol, f"{space}Parameter", name="MOD", grade=str(part))
    ElementTree.indent(root)
    ElementTree.ElementTree(root).write(tmp_path / "e.xml", encoding=encoding, xml_declaration=True)
    using = load_mapping("example-xml", None)
    assert found(tmp_path / "e.xml", using) == EXPECTED[:2]
    [first, _] = read_export(tmp_path / "e.xml", using, TimeZone(""))
    assert (first.measured_by, first.formal) == ('"M. Öz" <&>', "3.3/10/660/45Q")
