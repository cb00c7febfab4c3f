"""Codes on a box that are not ours: listed apart, asked for where the product says so, and no foreign labels."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from bss_mfg.core.code_patterns import SymbolKind
from bss_mfg.core.toml_files import parse_toml, validate
from bss_mfg.errors import InputError
from bss_mfg.report.data_reports import json_report
from bss_mfg.verify.outcome import VerifyOptions
from bss_mfg.verify.verification import verify
from bss_mfg.workspace.product import Product, product_text
from tests.helpers.factory import Factory
from tests.helpers.scans import cell, sheet

AZ = "AZ:ABCDEFGHIJKLMNOPQRSTUVWX{}"
FORMATS = zxingcpp.BarcodeFormat
PRODUCT = 'format = 1\npid = "ebK3"\npublic_key = "k.pem"\n'
EXPECT = """
[[expect.code]]
name = "Transparency"
kind = "data-matrix"
pattern = "AZ:[A-Z0-9]{26}"
must = true

[[expect.code]]
name = "web"
pattern = "https://example[.]com/.*"
"""


@pytest.fixture(scope="module")
def line(new_factory: Callable[[], Factory]) -> Factory:
    """A batch on a sheet, and another one."""
    factory = new_factory()
    factory.add(oob_bytes=16)
    for batch in ("A", "B"):
        factory.issue(24, batch)
        factory.label(batch)
    return factory


@pytest.fixture(scope="module")
def expecting(line: Factory, tmp_path_factory: pytest.TempPathFactory) -> Factory:
    """The same, whose product expects codes on its boxes."""
    factory = line.copied(tmp_path_factory.mktemp("expecting") / "w")
    with (factory.root / "products" / "bulb.toml").open("a") as file:
        file.write(EXPECT)
    return factory


def code(text: str, form: Any, **options: Any) -> np.ndarray:
    return np.asarray(zxingcpp.write_barcode_to_image(zxingcpp.create_barcode(text, form, **options), scale=6))


def box(factory: Factory, to: Path, numbers: list[int], *codes: np.ndarray, batch: str = "A") -> Path:
    """A picture of boxes, a label each, and other codes below them."""
    page = sheet(factory, batch)
    picture = np.full((2000, 1000 * len(numbers) + 600), 235, np.uint8)
    for at, number in enumerate(numbers):
        label = page[cell(number)]
        picture[150 : 150 + label.shape[0], 100 + 1000 * at : 100 + 1000 * at + label.shape[1]] = label
    for at, one in enumerate(codes):
        x, y = 150 + 1000 * (at % len(numbers)), 620 + 550 * (at // len(numbers))
        picture[y : y + one.shape[0], x : x + one.shape[1]] = one
    Image.fromarray(picture).save(to)
    return to


def verified(factory: Factory, file: Path) -> dict[str, Any]:
    """What `verify --partial --json` says, read in this process."""
    options = VerifyOptions(partial=True, expected=factory.workspace.expected_codes("bulb"))
    with factory.ledger() as ledger:
        outcome = verify(ledger, ledger.batches.get("A"), [file], options)
        document: dict[str, Any] = json.loads(b"".join(json_report(outcome)))
    return document


def test_other_codes_are_listed_in_all_reports_and_not_foreign(line: Factory, tmp_path: Path) -> None:
    codes = [
        code(AZ.format("YZ"), FORMATS.DataMatrix),
        code("https://example.com/<b>", FORMATS.QRCode),
        code("(01)09521234543213(21)X7", FORMATS.DataMatrix, gs1=True),
    ]
    file = box(line, tmp_path / "box.png", [2], *codes)
    reports = [tmp_path / f"r.{kind}" for kind in ("csv", "json", "html", "pdf")]
    outcome = line.cli("verify", "A", file, "--partial", *(word for one in reports for word in ("--report", one)))
    assert outcome.code == 0, outcome.out
    assert f"OTHER CODE: {AZ.format('YZ')} (data-matrix) [box.png, page 1]" in outcome.out
    document = json.loads(reports[1].read_text())
    assert (document["counts"]["matched"], document["counts"]["foreign"]) == (1, 0)
    assert [(one["kind"], one["text"], one["expected"]) for one in document["other_codes"]] == [
        ("data-matrix", AZ.format("YZ"), None),
        ("qr", "https://example.com/<b>", None),
        ("gs1-data-matrix", "010952123454321321X7", None),
    ]
    rows = list(csv.DictReader(reports[0].open()))
    assert [row["verdict"] for row in rows if row["verdict"] not in ("matched", "missing")] == ["other-code"] * 3
    page = reports[2].read_text()
    assert "<h2>Other codes</h2>" in page
    assert "not expected: https://example.com/&lt;b&gt; (qr)" in page
    pdf = pypdfium2.PdfDocument(reports[3])
    assert "not expected: https://example.com/<b> (qr)" in "".join(one.get_textpage().get_text_range() for one in pdf)


def test_labels_of_other_batches_stay_foreign(line: Factory, tmp_path: Path) -> None:
    stranger = sheet(line, "B")[cell(5)]
    document = verified(line, box(line, tmp_path / "box.png", [2], stranger))
    assert (document["right"], document["counts"]["foreign"], document["other_codes"]) == (False, 1, [])


def test_an_unknown_code_in_a_labels_place_or_by_itself_is_foreign(line: Factory, tmp_path: Path) -> None:
    page = sheet(line, "A")
    rows, columns = cell(5)
    page[rows, columns] = 255
    symbol = code(AZ.format("YZ"), FORMATS.DataMatrix)[::2, ::2]
    high, wide = symbol.shape  # a label's own symbol stands at its left
    page[rows.start + 90 : rows.start + 90 + high, columns.start + 60 : columns.start + 60 + wide] = symbol
    Image.fromarray(page).save(tmp_path / "sheet.png", dpi=(300, 300))
    counts = verified(line, tmp_path / "sheet.png")["counts"]
    assert (counts["foreign"], counts["missing"]) == (1, 1)
    Image.fromarray(np.pad(symbol, 200, constant_values=255)).save(tmp_path / "alone.png")
    document = verified(line, tmp_path / "alone.png")
    assert (document["right"], document["counts"]["foreign"], document["other_codes"]) == (False, 1, [])


def test_a_code_that_must_be_there_is_asked_for(expecting: Factory, tmp_path: Path) -> None:
    codes = [code(AZ.format(end), FORMATS.DataMatrix) for end in ("YZ", "Y2")]
    document = verified(expecting, box(expecting, tmp_path / "both.png", [3, 2], *codes))
    assert document["right"]
    assert [one["expected"] for one in document["other_codes"]] == ["Transparency"] * 2
    outcome = expecting.cli("verify", "A", box(expecting, tmp_path / "one.png", [3, 2], codes[0]), "--partial")
    assert outcome.code == 1
    assert "CONTENT: ebK300000002: the other code Transparency is missing" in outcome.out
    assert "OTHER CODE: Transparency: 1, as expected" in outcome.out


def test_a_printed_sheet_has_no_boxes(expecting: Factory, tmp_path: Path) -> None:
    Image.fromarray(sheet(expecting, "A")).save(tmp_path / "sheet.png", dpi=(300, 300))
    document = verified(expecting, tmp_path / "sheet.png")
    assert (document["right"], document["other_codes"]) == (True, [])


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ('name = "a"\npattern = "["', "isn't a regular expression"),
        ('name = "a"\npattern = "A"\nkind = "matrix"', "kind"),
        ('name = "a"\npattern = "A"\n[[expect.code]]\nname = "a"\npattern = "B"', "two codes have the name 'a'"),
    ],
)
def test_a_wrong_pattern_is_refused(lines: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        validate(parse_toml(f"{PRODUCT}[[expect.code]]\n{lines}\n", "p.toml"), Product)
    assert says in str(caught.value) + " ".join(caught.value.problems)


def test_what_is_expected_is_written_as_it_was_read() -> None:
    product = validate(parse_toml(PRODUCT + EXPECT, "p.toml"), Product)
    again = validate(parse_toml(product_text(product), "p.toml"), Product)
    assert again.expect == product.expect
    assert [(one.name, one.kind, one.must) for one in again.expect.patterns] == [
        ("Transparency", SymbolKind.DATA_MATRIX, True),
        ("web", None, False),
    ]


def test_the_station_names_an_expected_code_and_records_nothing(expecting: Factory) -> None:
    outcome = expecting.cli("scan", "A", "--json", stdin=f"{AZ.format('YZ')}\r\n]Q1https://example.com/1\n")
    assert outcome.code == 0, outcome.out
    answers = [json.loads(text) for text in outcome.out.splitlines()]
    assert [(one["tone"], one["word"]) for one in answers] == [("note", "OTHER CODE")] * 2
    outcome = expecting.cli("scan", "A", "--json", stdin=f"]C0{AZ.format('YZ')}\n")  # in a symbol of another kind
    assert (outcome.code, json.loads(outcome.out)["word"]) == (1, "OTHER LABEL")
    with expecting.ledger() as ledger:
        reads = [event for event in ledger.history.events("A") if event.kind == "read"]
    assert len([event for event in reads if event.data["file"] == "scanner"]) == 1
