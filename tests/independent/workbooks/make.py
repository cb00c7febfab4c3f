"""Damaged, odd and lying workbooks and CSV files, each with the truth about it. The same bytes every time.

`all_files(table)` writes one table in more than a hundred ways, by hand and by other programs' libraries. Run as a
script it fills a folder, to look at them or to try another program: `python -m tests.independent.workbooks.make DIR`.
"""

from __future__ import annotations

import io
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
SHEET = "xl/worksheets/sheet1.xml"


class Truth(Enum):
    """What is right for a file: exit codes of `batch create`, `import-issued` and `program --check`."""

    ALL = (0, 0, 0)
    """All rows are read."""
    REFUSED = (3, 3, 3)
    """It is refused by name."""
    VALUE = (3, 3, 1)
    """All rows are there and one value is none: a readback differs in it."""
    BLANK = (3, 3, 0)
    """Blank rows between others are a mistake in a list of identities, and nothing in a readback."""


@dataclass(frozen=True)
class Made:
    """A file: its name, bytes and truth, and the options to read it with. `says` is in the message that refuses it."""

    name: str
    data: bytes
    truth: Truth
    options: tuple[str, ...] = ()
    says: str = ""


@dataclass(frozen=True)
class Table:
    """A header and its rows, all text."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def all(self) -> tuple[tuple[str, ...], ...]:
        return (self.header, *self.rows)


# --- workbooks by hand ------------------------------------------------------------------------------------------------


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def letters(column: int) -> str:
    return chr(65 + column)


def shared_row(number: int, cells: Sequence[str], first: int) -> str:
    inside = "".join(
        f'<c r="{letters(at)}{number}" t="s"><v>{first + at}</v></c>' for at, text in enumerate(cells) if text
    )
    return f'<row r="{number}">{inside}</row>'


def inline_row(number: int, cells: Sequence[str]) -> str:
    inside = "".join(
        f'<c r="{letters(at)}{number}" t="inlineStr"><is><t>{escaped(text)}</t></is></c>'
        for at, text in enumerate(cells)
        if text
    )
    return f'<row r="{number}">{inside}</row>'


def sheet_of(rows: str, before: str = "", after: str = "") -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<worksheet xmlns="{MAIN}" xmlns:r="{RELATIONS}">'
        f"{before}<sheetData>{rows}</sheetData>{after}</worksheet>"
    )


def workbook_of(*sheets: tuple[str, str]) -> str:
    """Names and states, part sheet1.xml onwards."""
    listed = "".join(
        f'<sheet name="{escaped(name)}" sheetId="{at}" state="{state}" r:id="rId{at}"/>'
        for at, (name, state) in enumerate(sheets, 1)
    )
    return f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets>{listed}</sheets></workbook>'


def relations_of(*targets: tuple[str, str, str]) -> str:
    """Ids, kinds and targets."""
    listed = "".join(
        f'<Relationship Id="{name}" Type="{RELATIONS}/{kind}" Target="{target}"/>' for name, kind, target in targets
    )
    return f'<Relationships xmlns="{PACKAGE}/relationships">{listed}</Relationships>'


STYLES = (
    f'<styleSheet xmlns="{MAIN}"><numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/></numFmts>'
    '<cellXfs count="3"><xf numFmtId="0"/><xf numFmtId="49"/><xf numFmtId="164"/></cellXfs></styleSheet>'
)


def types_of(*kinds: tuple[str, str]) -> str:
    """Parts of SpreadsheetML and what they are."""
    said = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    listed = "".join(f'<Override PartName="/xl/{part}" ContentType="{said}.{kind}+xml"/>' for part, kind in kinds)
    relations = "application/vnd.openxmlformats-package.relationships+xml"
    return (
        f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" ContentType="{relations}"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{listed}</Types>'
    )


TYPES = types_of(
    ("workbook.xml", "sheet.main"),
    ("worksheets/sheet1.xml", "worksheet"),
    ("worksheets/sheet2.xml", "worksheet"),
    ("sharedStrings.xml", "sharedStrings"),
    ("styles.xml", "styles"),
)


def parts_of(table: Table) -> dict[str, str]:
    """A plain workbook with shared texts."""
    width = len(table.header)
    rows = "".join(shared_row(number, cells, (number - 1) * width) for number, cells in enumerate(table.all, 1))
    texts = "".join(f"<si><t>{escaped(text)}</t></si>" for cells in table.all for text in cells)
    count = width * len(table.all)
    return {
        "[Content_Types].xml": TYPES,
        "_rels/.rels": relations_of(("rId1", "officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": workbook_of(("Units", "visible")),
        "xl/_rels/workbook.xml.rels": relations_of(
            ("rId1", "worksheet", "worksheets/sheet1.xml"),
            ("rId8", "sharedStrings", "sharedStrings.xml"),
            ("rId9", "styles", "styles.xml"),
        ),
        SHEET: sheet_of(rows, f'<dimension ref="A1:{letters(width - 1)}{len(table.all)}"/>'),
        "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}" count="{count}" uniqueCount="{count}">{texts}</sst>',
        "xl/styles.xml": STYLES,
    }


def inline_parts(table: Table) -> dict[str, str]:
    """A workbook whose cells have their own texts, and that shares none."""
    rows = "".join(inline_row(number, cells) for number, cells in enumerate(table.all, 1))
    parts = parts_of(table) | {SHEET: sheet_of(rows)}
    del parts["xl/sharedStrings.xml"]
    parts["xl/_rels/workbook.xml.rels"] = relations_of(
        ("rId1", "worksheet", "worksheets/sheet1.xml"), ("rId9", "styles", "styles.xml")
    )
    return parts


def packed(parts: Mapping[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in parts.items():
            info = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            info.compress_type = method
            archive.writestr(info, content)
    return out.getvalue()


def changed(parts: Mapping[str, str], name: str, *pairs: tuple[str, str]) -> dict[str, str]:
    """The parts with one of them changed; a text that is not there is a mistake of this script."""
    text = parts[name]
    for old, new in pairs:
        assert old in text, (name, old)
        text = text.replace(old, new)
    return {**parts, name: text}


def strict(parts: Mapping[str, str]) -> dict[str, str]:
    """The parts in the namespaces of Strict Open XML (ISO/IEC 29500-1)."""
    return {
        name: text.replace(MAIN, "http://purl.oclc.org/ooxml/spreadsheetml/main").replace(
            RELATIONS, "http://purl.oclc.org/ooxml/officeDocument/relationships"
        )
        for name, text in parts.items()
    }


def two_sheets(table: Table, first: tuple[str, str], second: tuple[str, str], other: str) -> dict[str, str]:
    """The table on the second sheet, `other` on the first."""
    parts = parts_of(table)
    return parts | {
        "xl/workbook.xml": workbook_of(first, second),
        "xl/_rels/workbook.xml.rels": relations_of(
            ("rId1", "worksheet", "worksheets/sheet2.xml"),
            ("rId2", "worksheet", "worksheets/sheet1.xml"),
            ("rId8", "sharedStrings", "sharedStrings.xml"),
            ("rId9", "styles", "styles.xml"),
        ),
        "xl/worksheets/sheet2.xml": other,
    }


NOTES = sheet_of('<row r="1"><c r="A1" t="inlineStr"><is><t>notes</t></is></c></row>')


def odd_workbooks(table: Table) -> Iterator[Made]:
    """Workbooks in which every row can be read."""
    parts, inline = parts_of(table), inline_parts(table)
    count, width = len(table.all), len(table.header)
    size = f'<dimension ref="A1:{letters(width - 1)}{count}"/>'
    last = inline[SHEET].rindex("</sheetData>")

    def all_of(name: str, made: Mapping[str, str | bytes], *options: str) -> Made:
        return Made(f"{name}.xlsx", packed(made), Truth.ALL, options)

    def resized(name: str, declared: str) -> Made:
        return all_of(name, changed(parts, SHEET, (size, declared)))

    def more_rows(name: str, rows: str, before: str = "", after: str = "") -> Made:
        text = inline[SHEET]
        text = text[:last] + rows + text[last:]
        text = text.replace("<sheetData>", before + "<sheetData>").replace("</sheetData>", "</sheetData>" + after)
        return all_of(name, {**inline, SHEET: text})

    yield all_of("plain", parts)
    yield all_of("own texts", inline)
    yield resized("size one cell", '<dimension ref="A1"/>')
    yield resized("size six rows", '<dimension ref="A1:A6"/>')
    yield resized("size two columns", '<dimension ref="A1:B31"/>')
    yield resized("size the whole sheet", '<dimension ref="A1:XFD1048576"/>')
    yield resized("size nonsense", '<dimension ref="?"/>')
    yield resized("size none", "visible")
    yield all_of("spans lie", changed(parts, SHEET, ("<row ", '<row spans="1:1" ')))
    yield all_of("strict", strict(parts))
    yield all_of("strict own texts", strict(inline))
    prefixed = (
        parts[SHEET].replace("<", "<x:").replace("<x:/", "</x:").replace("<x:?", "<?").replace("xmlns=", "xmlns:x=")
    )
    yield all_of("prefixed names", {**parts, SHEET: prefixed})
    bare = parts[SHEET]
    for at in range(width):
        for number in range(1, count + 1):
            bare = bare.replace(f' r="{letters(at)}{number}"', "")
    yield all_of("cells without places", {**parts, SHEET: bare})
    for number in range(1, count + 1):
        bare = bare.replace(f'<row r="{number}">', "<row>")
    yield all_of("rows without numbers", {**parts, SHEET: bare})
    runs = "".join(
        f'<si><r><t>{escaped(text[:2])}</t></r><r><rPr><b/></rPr><t xml:space="preserve">{escaped(text[2:])}</t></r>'
        '<rPh sb="0" eb="1"><t>READ ALOUD</t></rPh></si>'
        for cells in table.all
        for text in cells
    )
    yield all_of("pieces of text", {**parts, "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}">{runs}</sst>'})
    texts = "xl/sharedStrings.xml"
    yield all_of("shared texts counted wrong", changed(parts, texts, (f'count="{width * count}"', 'count="1"')))
    blank = "".join(f'<row r="{count + n}" s="1"><c r="A{count + n}" s="1"/></row>' for n in range(1, 15))
    yield more_rows("blank rows at the end", blank)
    yield more_rows("blank rows far below", '<row r="1048576" s="1"><c r="A1048576" s="1"/></row>')
    yield more_rows("hidden blank rows", f'<row r="{count + 1}" hidden="1"><c r="A{count + 1}"/></row>')
    yield more_rows("hidden blank columns", "", '<cols><col min="8" max="16384" width="9" hidden="1"/></cols>')
    wide = inline[SHEET].replace("</row>", '<c t="inlineStr"><is><t> </t></is></c><c s="1"/></row>')
    yield all_of("blank columns", {**inline, SHEET: wide})
    yield more_rows("rows hidden by default", "", '<sheetFormatPr defaultRowHeight="15" zeroHeight="1"/>')
    yield more_rows(
        "a filter that hides nothing", "", "", '<autoFilter ref="A1:C31"><filterColumn colId="0"/></autoFilter>'
    )
    yield more_rows("merged far below", "", "", '<mergeCells count="1"><mergeCell ref="A90:C91"/></mergeCells>')
    extension = '<extLst><ext uri="{x}"><y:row xmlns:y="urn:y"><y:c>hidden</y:c></y:row></ext></extLst>'
    yield more_rows("an extension", "", "", extension)
    yield all_of("a blank sheet before", two_sheets(table, ("Empty", "visible"), ("Units", "visible"), sheet_of("")))
    yield all_of("a blank hidden sheet", two_sheets(table, ("Empty", "hidden"), ("Units", "visible"), sheet_of("")))
    chart = two_sheets(table, ("Chart", "visible"), ("Units", "visible"), "<chartsheet/>")
    rels = "xl/_rels/workbook.xml.rels"
    yield all_of(
        "a chart before",
        changed(
            chart, rels, ('/worksheet" Target="worksheets/sheet2.xml', '/chartsheet" Target="worksheets/sheet2.xml')
        ),
    )
    yield all_of(
        "chosen of two", two_sheets(table, ("Notes", "visible"), ("Units", "visible"), NOTES), "--sheet", "Units"
    )
    yield all_of(
        "chosen and hidden", two_sheets(table, ("Notes", "visible"), ("Units 2", "hidden"), NOTES), "--sheet", "Units 2"
    )
    yield all_of(
        "chosen with hidden rows", changed(parts, SHEET, ('<row r="7">', '<row r="7" hidden="1">')), "--sheet", "units"
    )
    extra = Table((*table.header, "Note"), tuple((*cells, "checked") for cells in table.rows))
    yield replace(all_of("a column passed over", parts_of(extra)), options=("--ignore", "note"))
    yield all_of("an absolute target", changed(parts, rels, ('"worksheets/sheet1.xml', '"/xl/worksheets/sheet1.xml')))
    yield all_of("a roundabout target", changed(parts, rels, ('"worksheets/', '"./x/../worksheets/')))
    yield all_of("a target in capitals", changed(parts, rels, ("sheet1.xml", "SHEET1.xml")))
    yield all_of("styles cut", {**parts, "xl/styles.xml": STYLES[:90]})
    no_styles = dict(parts)
    del no_styles["xl/styles.xml"]
    yield all_of("styles missing", no_styles)
    utf16 = parts[SHEET].replace("UTF-8", "UTF-16").encode("utf-16")
    yield all_of("a sheet in UTF-16", {**parts, SHEET: utf16})
    formula_texts = inline[SHEET].replace('t="inlineStr"><is><t>', 't="str"><v>').replace("</t></is>", "</v>")
    yield all_of("plain text cells", {**inline, SHEET: formula_texts})
    yield all_of(
        "blanks at the ends", changed(inline, SHEET, ("</t></is>", "\u00a0</t></is>"), ("<is><t>", "<is><t> "))
    )
    yield Made("not packed.xlsx", packed(parts, zipfile.ZIP_STORED), Truth.ALL)
    yield Made("text before the ZIP.xlsx", b"PK\x03\x04" + packed(parts), Truth.ALL)


def bad_workbooks(table: Table) -> Iterator[Made]:
    """Workbooks of which nobody can say that all was read, or whose values are none."""
    parts, inline = parts_of(table), inline_parts(table)
    count = len(table.all)
    rels, texts = "xl/_rels/workbook.xml.rels", "xl/sharedStrings.xml"
    whole = packed(parts)

    def bad(name: str, made: Mapping[str, str | bytes], says: str, truth: Truth = Truth.REFUSED) -> Made:
        return Made(f"{name}.xlsx", packed(made), truth, says=says)

    def sheet(name: str, says: str, *pairs: tuple[str, str], truth: Truth = Truth.REFUSED) -> Made:
        return bad(name, changed(inline, SHEET, *pairs), says, truth)

    def cell(name: str, says: str, content: str) -> Made:
        """The first serial is something else."""
        old = inline_row(2, table.rows[0])
        begin = old[: old.index('<c r="B2"')]
        return sheet(name, says, (begin, f'<row r="2">{content}'))

    # What people don't see.
    hidden = two_sheets(table, ("Old list", "hidden"), ("Units", "visible"), parts[SHEET])
    yield bad("a hidden first sheet", hidden, "hidden sheet: 'Old list'")
    yield bad(
        "a very hidden sheet",
        two_sheets(table, ("Old", "veryHidden"), ("Units", "visible"), NOTES),
        "hidden sheet: 'Old'",
    )
    yield bad(
        "the only filled sheet is hidden",
        two_sheets(table, ("A", "visible"), ("B", "hidden"), sheet_of("")),
        "sheet: 'B'",
    )
    yield bad(
        "two filled sheets", two_sheets(table, ("Notes", "visible"), ("Units", "visible"), NOTES), "'Notes', 'Units'"
    )
    yield sheet("a hidden row", "row 7 of the sheet 'Units'", ('<row r="7">', '<row r="7" hidden="1">'))
    yield sheet("a hidden last row", f"row {count} of", (f'<row r="{count}">', f'<row r="{count}" hidden="true">'))
    yield sheet("a row of no height", "row 7", ('<row r="7">', '<row r="7" ht="0" customHeight="1">'))
    columns = '<cols><col min="2" max="2" width="9" {}/></cols><sheetData>'
    yield sheet("a hidden column", "column B", ("<sheetData>", columns.format('hidden="1"')))
    yield sheet("a column of no width", "column B", ("<sheetData>", columns.replace('"9"', '"0"').format("")))
    yield sheet(
        "filtered rows", "by a filter", ('<row r="9">', '<row r="9" hidden="1">'),
        ("</sheetData>", '</sheetData><autoFilter ref="A1:C31"><filterColumn colId="0"/></autoFilter>'),
    )  # fmt: skip
    merged = '</sheetData><mergeCells count="1"><mergeCell ref="B2:B4"/></mergeCells>'
    yield sheet("merged cells", "merged cells (B2:B4)", ("</sheetData>", merged))

    # Values that are no text.
    yield cell("a formula", "formula", '<c r="A2" t="str"><f>"A"&amp;1</f><v>A1</v></c>')
    yield cell("a shared formula", "formula", '<c r="A2" t="str"><f t="shared" si="0"/><v>A1</v></c>')
    yield cell("a number", "is a number", '<c r="A2"><v>17</v></c>')
    yield cell("a rounded number", "is a number", '<c r="A2"><v>1.23E+11</v></c>')
    yield cell("a date", "is a date", '<c r="A2" s="2"><v>46000</v></c>')
    yield cell("a strict date", "is a date", '<c r="A2" t="d"><v>2026-01-02</v></c>')
    yield cell("a truth value", "bool", '<c r="A2" t="b"><v>1</v></c>')
    yield cell("an error", "error", '<c r="A2" t="e"><v>#N/A</v></c>')
    yield cell("an unknown kind", "unknown kind", '<c r="A2" t="zz"><v>1</v></c>')
    yield cell("two values", "two values", '<c r="A2" t="str"><v>1</v><v>2</v></c>')
    yield cell("lines in a cell", "several lines", '<c r="A2" t="inlineStr"><is><t>A1\nA2</t></is></c>')
    yield cell("lines in a cell, escaped", "several lines", '<c r="A2" t="inlineStr"><is><t>A1_x000A_A2</t></is></c>')
    yield cell("half a character", "can't be read", '<c r="A2" t="inlineStr"><is><t>A_xD800_</t></is></c>')

    # Damage.
    yield Made("empty.xlsx", b"", Truth.REFUSED, says="empty")
    for share in (1, 3, 5, 7, 9):
        yield Made(
            f"cut at {share} tenths.xlsx", whole[: len(whole) * share // 10], Truth.REFUSED, says="not a readable XLSX"
        )
    yield Made("cut at the end.xlsx", whole[:-30], Truth.REFUSED, says="not a readable XLSX")
    inside = whole.index(b"sheet1.xml") + 60
    yield Made("flipped bits.xlsx", whole[:inside] + bytes([whole[inside] ^ 0xFF]) + whole[inside + 1 :], Truth.REFUSED,
               says="not a readable XLSX")  # fmt: skip
    stored = packed(inline, zipfile.ZIP_STORED)
    other = stored.replace(table.rows[3][0].encode(), table.rows[3][0][::-1].encode(), 1)
    yield Made("another check sum.xlsx", other, Truth.REFUSED, says="not a readable XLSX")
    for name in ("xl/workbook.xml", SHEET, texts, rels, "_rels/.rels"):
        gone = dict(parts)
        del gone[name]
        yield bad(f"without {Path(name).name}", gone, "XLSX" if name != "_rels/.rels" else "no workbook")
        yield bad(f"half of {Path(name).name}", {**parts, name: parts[name][: len(parts[name]) // 2]}, "XLSX")
    yield bad("a sheet that is no XML", {**parts, SHEET: "serial,uuid\n"}, "XLSX")
    yield bad("a sheet that is another part", {**parts, SHEET: STYLES}, "holds something else")
    yield bad("a text that is not there", changed(parts, SHEET, ("<v>7</v>", "<v>7000</v>")), "is not there")
    yield bad("a negative text", changed(parts, SHEET, ("<v>7</v>", "<v>-1</v>")), "is not there")
    yield bad("a text of no number", changed(parts, SHEET, ("<v>7</v>", "<v>x</v>")), "is not there")
    yield bad("a sheet without relation", changed(parts, "xl/workbook.xml", ('r:id="rId1"', 'r:id="rId7"')), "XLSX")
    outside = changed(parts, rels, ('Target="worksheets/sheet1.xml"', 'Target="http://x/s.xml" TargetMode="External"'))
    yield bad("a sheet elsewhere", outside, "XLSX")
    twice = two_sheets(table, ("Units", "visible"), ("units", "visible"), NOTES)
    yield bad("two sheets of one name", twice, "one name")
    yield sheet("a row twice", "comes after", ('<row r="8">', '<row r="7">'))
    seventh, eighth = (inline_row(number, table.all[number - 1]) for number in (7, 8))
    yield sheet("rows out of order", "comes after", (seventh + eighth, eighth + seventh))
    yield sheet("a row below the sheet", "XLSX", (f'<row r="{count}">', '<row r="1048577">'))
    yield sheet("a row of no number", "XLSX", ('<row r="8">', '<row r="eight">'))
    yield sheet("a cell twice", "out of order", ('r="B8"', 'r="A8"'))
    yield sheet("a cell of another row", "stands in row", ('r="B8"', 'r="B9"'))
    yield sheet("a cell of no place", "a cell", ('r="B8"', 'r="8B"'))
    yield sheet("cells twice", "twice", ("</sheetData>", "</sheetData><sheetData/>"))
    yield sheet("rows outside", "where they belong", ("<sheetData>", "<sheetData/><row/><sheetData>"))
    choice = '<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"/>'
    yield sheet("something for one program", "only one program", ('<row r="8">', choice + '<row r="8">'))
    entities = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>\n<worksheet'
    yield sheet("entities", "document type", ("<worksheet", entities))
    outer = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>\n<worksheet'
    yield sheet("an outer entity", "document type", ("<worksheet", outer))
    yield sheet("an unknown encoding", "XLSX", ('encoding="UTF-8"', 'encoding="klingon"'))
    yield sheet("bytes that are no UTF-8", "XLSX", ('encoding="UTF-8"', 'encoding="UTF-16"'))

    # ZIP.
    yield Made("a bomb.xlsx", bomb(parts), Truth.REFUSED, says="unpacks to more")
    yield Made("a bomb that lies.xlsx", bomb(parts, 5_000), Truth.REFUSED, says="not a readable XLSX")
    yield Made("a part twice.xlsx", twice_in(parts), Truth.REFUSED, says="in it twice")
    yield Made("a part with a password.xlsx", flagged(whole), Truth.REFUSED, says="password")
    yield Made("an odd packing.xlsx", packed(parts, zipfile.ZIP_BZIP2), Truth.REFUSED, says="packed in a way")

    # Other files.
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
    sealed = "EncryptionInfo".encode("utf-16-le") + bytes(64) + "EncryptedPackage".encode("utf-16-le")
    yield Made("encrypted.xlsx", ole + sealed + bytes(600), Truth.REFUSED, says="encrypted with a password")
    yield Made("old.xls", ole + "Workbook".encode("utf-16-le") + bytes(600), Truth.REFUSED, says=".xls")
    yield bad("binary", {"_rels/.rels": "", "xl/workbook.bin": ""}, ".xlsb")
    yield bad("opendocument", {"mimetype": "application/vnd.oasis.opendocument.spreadsheet"}, "OpenDocument")
    document = {"_rels/.rels": relations_of(("a", "officeDocument", "word/d.xml")), "word/d.xml": "<d/>"}
    yield bad("document", document, "no workbook")
    yield bad("plain ZIP", {"list.csv": "serial\nA1\n"}, "no workbook")
    yield Made("empty ZIP.xlsx", packed({}), Truth.REFUSED, says="no workbook")
    yield Made("a PDF.xlsx", b"%PDF-1.7\n" + bytes(99), Truth.REFUSED, says="is a PDF")
    yield Made("a page.xls", b"<html><table><tr><td>serial</td></tr></table></html>", Truth.REFUSED, says="HTML")
    yield Made("packed.csv.gz", b"\x1f\x8b\x08" + bytes(99), Truth.REFUSED, says="gzip")

    # Tables that are none.
    yield bad("a further column", parts_of(with_column(table, "note", "x")), "--ignore note")
    yield bad("a column twice", parts_of(with_column(table, table.header[1], "x")), "named twice")
    yield bad(
        "a column without name",
        parts_of(Table((*table.header[:1], "", *table.header[1:]), tuple((*c[:1], "", *c[1:]) for c in table.rows))),
        "no name",
    )
    yield bad(
        "values without header",
        parts_of(Table((*table.header, ""), tuple((*cells, "x") for cells in table.rows))),
        "cells, the header has",
    )
    yield bad("no rows", parts_of(Table(table.header, ())), "no rows")
    yield bad("blank", parts_of(Table((), ())), "is empty")
    yield bad("no header", parts_of(Table(table.rows[0], table.rows[1:])), "serial is missing")
    lower = "".join(inline_row(number, cells) for number, cells in enumerate(table.all, 2))
    yield bad("a blank first row", {**inline, SHEET: sheet_of('<row r="1"/>' + lower)}, "first row is blank")
    gap = Table(table.header, (*table.rows[:4], ("",) * len(table.header), *table.rows[4:]))
    yield bad("a blank row between", parts_of(gap), "is blank", Truth.BLANK)
    far = changed(
        inline,
        SHEET,
        (f'<row r="{count}">', '<row r="1048576">'),
        *((f'r="{x}{count}"', f'r="{x}1048576"') for x in "ABC"),
    )
    yield bad("a million blank rows between", far, "as all are to row 1048575", Truth.BLANK)
    again = Table(table.header, (*table.rows[:9], table.header, *table.rows[9:]))
    yield bad("the header once more", parts_of(again), "header once more")


def with_column(table: Table, name: str, value: str) -> Table:
    return Table((*table.header, name), tuple((*cells, value) for cells in table.rows))


def bomb(parts: Mapping[str, str], declared: int | None = None) -> bytes:
    """A workbook of some MB whose sheet unpacks to more than a GiB: blanks inside of a sheet that is right else. It may
    say that it is smaller."""
    begin, end = parts[SHEET].encode().split(b"<sheetData>")
    data, size, check = blown_up(begin, b"<sheetData>" + end)
    others = {name: text.encode() for name, text in parts.items() if name != SHEET}
    return raw_zip(others, (SHEET, data, declared or size, check))


@cache
def blown_up(begin: bytes, end: bytes, mib: int = 1_100) -> tuple[bytes, int, int]:
    """Bytes with many blanks in between: packed, and their size and check sum."""
    packer, blanks = zlib.compressobj(9, zlib.DEFLATED, -15), b" " * (1 << 20)
    first = packer.compress(begin) + packer.flush(zlib.Z_FULL_FLUSH)
    once = packer.compress(blanks) + packer.flush(zlib.Z_FULL_FLUSH)
    last = packer.compress(end) + packer.flush()
    check = zlib.crc32(begin)
    for _ in range(mib):
        check = zlib.crc32(blanks, check)
    return first + once * mib + last, len(begin) + mib * len(blanks) + len(end), zlib.crc32(end, check)


def raw_zip(stored: Mapping[str, bytes], deflated: tuple[str, bytes, int, int]) -> bytes:
    """A ZIP file written by hand: `deflated` is a name, its packed bytes, their unpacked size and check sum."""
    entries = [(name, data, len(data), zlib.crc32(data), 0) for name, data in stored.items()]
    entries.append((*deflated, 8))
    out, listed = b"", b""
    for name, data, size, check, method in entries:
        title = name.encode()
        fields = struct.pack("<HHHHHIIIHH", 20, 0, method, 0, 0x21, check, len(data), size, len(title), 0)
        listed += b"PK\x01\x02\x14\x00" + fields + struct.pack("<HHHII", 0, 0, 0, 0, len(out)) + title
        out += b"PK\x03\x04" + fields + title + data
    count = len(entries)
    return out + listed + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, count, count, len(listed), len(out), 0)


def twice_in(parts: Mapping[str, str]) -> bytes:
    """A sheet that is in the package twice, with other values: which one is read depends on the program."""
    other = parts[SHEET].replace("<v>7</v>", "<v>8</v>").encode()
    check = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = check.compress(other) + check.flush()
    return raw_zip({name: text.encode() for name, text in parts.items()}, (SHEET, data, len(other), zlib.crc32(other)))


def flagged(data: bytes) -> bytes:
    """Every part of a ZIP file marked as encrypted."""
    out, at = bytearray(data), 0
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = 0
        while (at := data.find(mark, at)) >= 0:
            out[at + place] |= 1
            at += 4
    return bytes(out)


# --- workbooks by libraries -------------------------------------------------------------------------------------------


def library_workbooks(table: Table) -> Iterator[Made]:
    """Workbooks that other libraries wrote; of those that are not installed there are none."""
    import openpyxl

    for mode in (False, True):
        book: Any = openpyxl.Workbook(write_only=mode)
        sheet = book.create_sheet("Units") if mode else book.active
        for cells in table.all:
            sheet.append(list(cells))
        out = io.BytesIO()
        book.save(out)
        yield Made(f"openpyxl{' stream' if mode else ''}.xlsx", out.getvalue(), Truth.ALL)
    try:
        import xlsxwriter
    except ImportError:
        return
    writers: dict[str, tuple[dict[str, Any], Callable[[Any, Any], object], Truth, str]] = {
        "plain": ({}, lambda book, sheet: None, Truth.ALL, ""),
        "in constant memory": ({"constant_memory": True}, lambda book, sheet: None, Truth.ALL, ""),
        "with a filter": ({}, lambda book, sheet: sheet.autofilter(0, 0, 30, 2), Truth.ALL, ""),
        "filtered": ({}, lambda book, sheet: sheet.set_row(5, None, None, {"hidden": True}), Truth.REFUSED, "row 6"),
        "a hidden column": (
            {}, lambda book, sheet: sheet.set_column(1, 1, None, None, {"hidden": True}), Truth.REFUSED, "column B",
        ),
        "a table": ({}, lambda book, sheet: sheet.add_table(0, 0, 30, 2, {"header_row": False}), Truth.ALL, ""),
        "a hidden sheet": ({}, lambda book, sheet: filled(book.add_worksheet("Old")).hide(), Truth.REFUSED, "'Old'"),
        "rows hidden by default": ({}, lambda book, sheet: sheet.set_default_row(hide_unused_rows=True), Truth.ALL, ""),
    }  # fmt: skip
    for name, (options, change, truth, says) in writers.items():
        out = io.BytesIO()
        book = xlsxwriter.Workbook(out, {"in_memory": True, **options})
        sheet = book.add_worksheet("Units")
        for number, cells in enumerate(table.all):
            sheet.write_row(number, 0, cells)
        change(book, sheet)
        book.close()
        yield Made(f"xlsxwriter {name}.xlsx", out.getvalue(), truth, says=says)


def filled(sheet: Any) -> Any:
    sheet.write_string(0, 0, "old")
    return sheet


# --- CSV --------------------------------------------------------------------------------------------------------------


def csv_of(table: Table, mark: str = ",", end: str = "\n") -> str:
    return "".join(mark.join(cells) + end for cells in table.all)


def csv_files(table: Table) -> Iterator[Made]:
    """CSV files, right and wrong."""
    text, width = csv_of(table), len(table.header)
    lines = text.splitlines()

    def right(name: str, data: str | bytes, *options: str) -> Made:
        return Made(f"{name}.csv", data if isinstance(data, bytes) else data.encode(), Truth.ALL, options)

    def wrong(name: str, data: str | bytes, says: str, truth: Truth = Truth.REFUSED) -> Made:
        return Made(f"{name}.csv", data if isinstance(data, bytes) else data.encode(), truth, says=says)

    yield right("plain", text)
    yield right("with a mark", "\ufeff" + text)
    yield right("lines of Windows", csv_of(table, end="\r\n"))
    yield right("lines of old Macs", csv_of(table, end="\r"))
    yield right("semicolons", csv_of(table, ";"))
    yield right("tabs", csv_of(table, "\t"))
    yield right("a hint", "sep=;\r\n" + csv_of(table, ";", "\r\n"))
    yield right("a hint of bars", "\ufeffsep=|\n" + csv_of(table, "|"))
    yield right("quoted", "".join(",".join(f'"{cell}"' for cell in cells) + "\n" for cells in table.all))
    yield right("no end of the last line", text[:-1])
    yield right("blank lines at the end", text + "\n\n" + "," * (width - 1) + "\n")
    yield right("blank columns on the right", "".join(f"{line},,\n" for line in lines))
    yield right(
        "blanks at the ends", "".join("\u00a0,".join(f" {cell}" for cell in cells) + "\n" for cells in table.all)
    )
    yield right("a column passed over", csv_of(with_column(table, "Note", "x")), "--ignore", "NOTE")

    yield wrong("utf-16", text.encode("utf-16"), "UTF-16")
    yield wrong("utf-16 big end first", b"\xfe\xff" + text.encode("utf-16-be"), "UTF-16")
    yield wrong("utf-16 without mark", text.encode("utf-16-le"), "NUL")
    yield wrong("utf-32", text.encode("utf-32-be"), "NUL")
    yield wrong("latin-1", text.replace(table.rows[4][0], "\u00e9" + table.rows[4][0]).encode("latin-1"), "row 6")
    yield wrong("a NUL", text[:200] + "\0" + text[200:], "NUL")
    yield wrong("a NUL at the end", text + "\0\0\0\0\n", "NUL")
    yield wrong("a quote that is never closed", text.replace(lines[5], '"' + lines[5], 1), "CSV")
    yield wrong(
        "two quotes that are never closed",
        text.replace(lines[5], '"' + lines[5]).replace(lines[9], '"' + lines[9]),
        "CSV",
    )
    broken = text.replace(table.rows[4][0], '"' + table.rows[4][0]).replace(
        table.rows[6][0] + ",", table.rows[6][0] + '",'
    )
    yield wrong("a quote over three lines", broken, "over the end of its line")
    yield wrong("cut in a value", text[:-5], "row 31")
    yield wrong("cut after a mark", text[: text.rindex(",") + 1], "cut off")
    yield wrong("cut in a line", text[: text.rindex(",") - 5], "cells, the header has")
    yield wrong("a short line", text.replace(lines[7], lines[7].rpartition(",")[0]), "cells, the header has")
    yield wrong("a long line", text.replace(lines[7], lines[7] + ",x"), "cells, the header has")
    yield wrong("a column twice", csv_of(with_column(table, table.header[0], "x")), "named twice")
    yield wrong("a further column", csv_of(with_column(table, "note", "x")), "--ignore note")
    yield wrong("the header once more", text + text.replace(lines[1], "", 1), "header once more")
    yield wrong("no header", text.partition("\n")[2], "serial is missing")
    yield wrong("a blank first line", "\n" + text, "first row is blank")
    yield wrong("only a header", lines[0] + "\n", "no rows")
    yield wrong("empty", "", "is empty")
    yield wrong("only a mark", "\ufeff", "is empty")
    yield wrong("a line without end", text + "A" * 70_000, "characters")
    yield wrong("a blank line between", text.replace(lines[7], "\n" + lines[7]), "is blank", Truth.BLANK)
    inside = text.replace(table.rows[4][0], table.rows[4][0][:3] + "\u00a0" + table.rows[4][0][3:])
    yield wrong("a blank inside", inside, "row 6", Truth.VALUE)
    rounded = text.replace(table.rows[4][0], "1.23E+11")
    yield wrong("rounded", rounded, "row 6", Truth.VALUE)
    short = table.rows[4][1]
    yield wrong("a digit less", text.replace(short, short[:-1]), "row 6", Truth.VALUE)


def all_files(table: Table) -> Iterator[Made]:
    """All of them."""
    for kind in (odd_workbooks, bad_workbooks, library_workbooks, csv_files):
        yield from kind(table)


def example(count: int = 30) -> Table:
    """A table to look at."""
    rows = tuple((f"X{n:07}", f"{n:032X}", f"{n:012X}") for n in range(1, count + 1))
    return Table(("serial", "uuid", "mac"), rows)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for made in all_files(example()):
        (folder / made.name).write_bytes(made.data)
        print(f"{made.truth.name:<8} {made.name} {' '.join(made.options)}")
