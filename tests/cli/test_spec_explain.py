"""spec explain: a made-up package for people, as text, JSON, HTML and PDF."""

from __future__ import annotations

import html
import itertools
import re
import shutil
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import zxingcpp

from bss_mfg.payload.anatomy import explain, facts_of
from bss_mfg.payload.confirmation import content_digest
from bss_mfg.payload.sealed_pieces import PieceKind
from bss_mfg.payload.spec import packaged_spec
from bss_mfg.report.spec_sheet_html import CLASSES
from bss_mfg.report.spec_sheet_pdf import KIND_COLOURS
from tests.helpers import ROOT
from tests.helpers.commands import run_cli
from tests.helpers.lumen import GUIDE, LUMEN

NAME = "amazon-bss-ob04"
HARD = """
format = 1
name = "hard"
title = "Ωμέγα 日本 & <b>bold</b>"
max_units = 12
[[field]]
key = "ABV"
status = "published"
source = "constant"
value = "OB04"
[[field]]
key = "BMD"
status = "assumed"
source = "encrypted"
format = "base64"
note = "<script>alert(1)</script>"
plaintext = [{ source = "unit.uuid", tag = "81", length = "u8" }, { source = "unit.oob" }]
[field.scheme]
kind = "ecies"
cipher = "aes-128-ctr"
kdf = { name = "kdf1", hash = "sha1" }
[[field]]
key = "BME"
status = "assumed"
source = "encrypted"
format = "hex-upper"
each = "unit"
layout = { kind = "json", units = "" }
plaintext = [{ source = "unit.pin", format = "text", octets = 8, name = "pin" }]
suite = "rsa-oaep-sha256"
"""


@pytest.fixture(scope="module")
def sheets(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A folder with both sheets of a packaged spec, and the document."""
    folder = tmp_path_factory.mktemp("sheets")
    done = run_cli("spec", "explain", NAME, "--out", "s.pdf", "--out", "s.html", "--json", cwd=folder)
    assert done.code == 0, done.err
    return folder, done.json


def pdf_texts(path: Path) -> list[str]:
    document = pypdfium2.PdfDocument(path)
    try:
        return [" ".join(page.get_textpage().get_text_range().split()) for page in document]
    finally:
        document.close()


def test_the_document_counts_every_byte(tmp_path: Path) -> None:
    made = run_cli("spec", "explain", NAME, "--units", 3, "--oob-bytes", 32, "--json", cwd=tmp_path).json
    assert made["string"] == explain(packaged_spec(NAME).spec, 3, 32).text
    assert made["digest"] == content_digest(packaged_spec(NAME))
    assert made["symbol"] == 72
    (block,) = made["encrypted"]
    for spans, size in ((block["plaintext"], 3 * 48), (block["sealed"], 33 + 3 * 48 + 16)):
        ends = [span["start"] + span["bytes"] for span in spans]
        assert [span["start"] for span in spans] == [0, *ends[:-1]]
        assert ends[-1] == size
    assert [(row["units"], row["oob_bytes"], row["characters"], row["modules"]) for row in made["sizes"]][:2] == [
        (1, 16, 191, 48), (1, 32, 215, 52)
    ]  # fmt: skip
    assert {row["of"] for row in made["assumed"]} == {"BMU", "BMO", "BMD", "string"}


def test_the_page_loads_nothing_and_escapes_everything(tmp_path: Path) -> None:
    (tmp_path / "hard.toml").write_text(HARD, "utf-8")
    done = run_cli("spec", "explain", "hard.toml", "--out", "hard.html", cwd=tmp_path)
    assert done.code == 0, done.err
    page = (tmp_path / "hard.html").read_text("utf-8")
    assert not re.search(r"<script|<img|<link|https?://|url\(|@import", page)
    assert "&lt;b&gt;bold" in page
    for words in ("no MAC: a changed barcode", "SHA-1 in the KDF", "RSAES-OAEP", "Ωμέγα 日本"):
        assert words in page


def test_the_sheet_holds_what_is_to_be_signed(sheets: tuple[Path, dict[str, Any]]) -> None:
    folder, made = sheets
    texts = pdf_texts(folder / "s.pdf")
    assert len(texts) == 3
    assert all(made["digest"] in text and NAME in text for text in texts)
    whole = " ".join(texts)
    assert {row["words"] for row in made["assumed"] if row["words"] not in whole} == set()
    assert "Date, signature" in texts[-1]


def test_the_symbol_on_the_sheet_is_the_string(sheets: tuple[Path, dict[str, Any]]) -> None:
    document = pypdfium2.PdfDocument(sheets[0] / "s.pdf")
    picture = document[0].render(scale=6).to_pil().convert("L")
    document.close()
    read = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.DataMatrix)
    assert [one.text for one in read] == [explain(packaged_spec(NAME).spec, 2, 16).text]


@pytest.mark.parametrize("units", [1, 12])
def test_a_sheet_of_any_size_has_pages(tmp_path: Path, units: int) -> None:
    (tmp_path / "hard.toml").write_text(HARD, "utf-8")
    done = run_cli("spec", "explain", "hard.toml", "--units", units, "--out", "hard.pdf", cwd=tmp_path)
    assert done.code == 0, done.err
    whole = " ".join(pdf_texts(tmp_path / "hard.pdf"))
    assert f"OOB key, unit {units}" in whole
    assert "no MAC" in whole
    assert ("more than a Data Matrix holds" in whole) is (units > 2)


def test_sheets_are_the_same_each_time(sheets: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    again = run_cli("spec", "explain", NAME, "--out", "s.pdf", "--out", "s.html", "--json", cwd=tmp_path)
    assert again.json == sheets[1]
    for name in ("s.pdf", "s.html"):
        assert (tmp_path / name).read_bytes() == (sheets[0] / name).read_bytes()


def test_only_a_page_of_its_own_kind_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "mine.html").write_text("mine")
    (tmp_path / "mine.pdf").write_text("mine")
    for name, code in (("mine.html", 4), ("mine.pdf", 4), ("a.txt", 3), ("no/a.pdf", 3), ("a.html", 0), ("a.html", 0)):
        done = run_cli("spec", "explain", "amazon-1d-code128", "--out", name, cwd=tmp_path)
        assert done.code == code, done.err
    assert (tmp_path / "mine.html").read_text() == (tmp_path / "mine.pdf").read_text() == "mine"


@pytest.mark.parametrize("name", ["amazon-zss-ob02", "amazon-1d-code128"])
def test_every_kind_of_barcode_is_explained(tmp_path: Path, name: str) -> None:
    done = run_cli("spec", "explain", name, cwd=tmp_path)
    assert done.code == 0, done.err
    assert done.out.startswith(explain(packaged_spec(name).spec, 2 if "zss" in name else 1, 16).text)
    assert facts_of(packaged_spec(name).spec)["pid"] == "XxXx"


def test_the_product_with_the_spec_is_shown_as_it_is(tmp_path: Path) -> None:
    """By its own product id; where two products have the spec nobody can tell which, and placeholders stand there."""
    run_cli("init", ".", cwd=tmp_path)
    run_cli("dev-key", "stand-in", cwd=tmp_path)
    key = tmp_path / "dev-keys" / "stand-in.public.pem"
    shown = []
    for name, pid in (("bulb", "Qb7Z"), ("lamp", "Rc8Y")):
        options = ("--pid", pid, "--ean", "4006381333931", "--public-key", key, "--units-per-package", 1)
        assert run_cli("product", "add", name, *options, cwd=tmp_path).code == 0
        shown.append(run_cli("spec", "explain", "amazon-bss-ob04", cwd=tmp_path).out.splitlines()[0])
    assert ";PID:Qb7Z;" in shown[0]
    assert ";EAN:4006381333931;" in shown[0]
    assert ";PID:XxXx;" in shown[1]
    assert ";UPC:000000000000;" in shown[1]


def test_too_many_units_are_refused(tmp_path: Path) -> None:
    done = run_cli("spec", "explain", "amazon-wss-ob01", "--units", 2, cwd=tmp_path)
    assert done.code == 3
    assert "at most 1 device" in done.err


@pytest.mark.parametrize("names", [("single",), ("single", "pair")])
def test_what_samples_prove_need_not_be_ticked(tmp_path: Path, names: tuple[str, ...]) -> None:
    shutil.copytree(GUIDE, tmp_path, dirs_exist_ok=True)
    listed = ", ".join(f'"guide-{name}.sample.toml"' for name in names)
    (tmp_path / "lumen.toml").write_text(LUMEN.replace("FILES", listed))
    done = run_cli("spec", "explain", "lumen.toml", "--out", "lumen.html", "--json", cwd=tmp_path)
    assert done.code == 0, done.err
    made, page = done.json, (tmp_path / "lumen.html").read_text("utf-8")
    evidence = {row["key"]: row["evidence"] for row in made["fields"]}
    assert evidence.pop("PID") is None
    if len(names) == 2:
        assert set(evidence.values()) == {"proven"}
        # Two devices are sorted by each of their values, up or down.
        # And their serials have 7 characters: whether others may have more is not shown.
        told = {(one["of"], one["what"]): one["words"] for one in made["assumed"]}
        assert set(told) == {("string", "Order of units"), ("SER", "Lengths")}
        assert "7 characters" in told["SER", "Lengths"]
        assert "1 to 50" not in str(made["proven"])
        assert "Proven by them: ABV, CNT, SER, DID, SEC" in page
        assert "Not signed yet: 5 assumptions, all of them proven by samples" in page
        assert "Proven by the samples</h2>" in page
        proven = {(one["of"], one["what"]): one["words"] for one in made["proven"]}
        assert "its length in front of it (1 byte)" in proven["SEC", "Plaintext"]
        assert ("string", "Order") in proven
    else:
        assert set(evidence.values()) == {"only consistent"}
        assert {one["of"] for one in made["assumed"]} >= {"ABV", "CNT", "SER", "DID", "SEC"}
        assert "no sample has a key of 32 bytes" in page
        assert "Not confirmed: 5 assumptions" in page
        assert {one["of"] for one in made["proven"]} == {"string"}


@pytest.mark.parametrize("missing", ["guide-test-key.private.pem", "guide-single.sample.toml"])
def test_a_sheet_is_made_without_what_is_missing(tmp_path: Path, missing: str) -> None:
    """The test key was put away after the spec was signed: the sheet is still wanted."""
    shutil.copytree(GUIDE, tmp_path, dirs_exist_ok=True)
    listed = '"guide-single.sample.toml", "guide-pair.sample.toml"'
    (tmp_path / "lumen.toml").write_text(LUMEN.replace("FILES", listed))
    (tmp_path / missing).unlink()
    done = run_cli("spec", "explain", "lumen.toml", "--out", "lumen.html", "--json", cwd=tmp_path)
    assert done.code == 0, done.err
    assert missing in done.err
    evidence = {row["key"]: row["evidence"] for row in done.json["fields"]}
    assert evidence["SEC"] == "only consistent"
    page = (tmp_path / "lumen.html").read_text("utf-8")
    assert ("guide-single.sample.toml (not opened)" in page) is (missing != "guide-single.sample.toml")
    assert run_cli("spec", "check", "lumen.toml", cwd=tmp_path).code == 3


JSON = """
format = 1
name = "flat"
[[field]]
key = "SER"
status = "assumed"
source = "unit.serial"
[[field]]
key = "CRED"
status = "assumed"
source = "encrypted"
format = "base64"
suite = "rsa-oaep-sha256"
layout = { kind = "json", units = "devices" }
plaintext = [
    { source = "unit.uuid", format = "hex-lower", name = "id" },
    { source = "unit.oob", format = "base64", name = "oob" },
]
"""


def test_a_text_inside_is_shown_as_a_text(tmp_path: Path) -> None:
    (tmp_path / "flat.toml").write_text(JSON)
    arguments = ("spec", "explain", "flat.toml", "--units", 1)
    done = run_cli(*arguments, "--out", "f.html", "--out", "f.pdf", "--json", cwd=tmp_path)
    assert done.code == 0, done.err
    (block,) = done.json["encrypted"]
    assert re.fullmatch(r'{"devices":\[{"id":"[0-9a-f]{32}","oob":"[^"]{24}"}]}', block["text"])
    assert block["text"] in html.unescape((tmp_path / "f.html").read_text())
    assert block["text"][:30] in " ".join(pdf_texts(tmp_path / "f.pdf"))
    shown = run_cli(*arguments, cwd=tmp_path)
    assert block["text"] in shown.out
    assert "frame" not in shown.out
    assert "tags, lengths, separators, names" in shown.out


def test_binary_bytes_are_no_text(sheets: tuple[Path, dict[str, Any]]) -> None:
    assert [block["text"] for block in sheets[1]["encrypted"]] == [None]


def test_the_table_of_sizes_says_what_makes_strings_longer(tmp_path: Path) -> None:
    (tmp_path / "flat.toml").write_text(JSON)
    done = run_cli("spec", "explain", "flat.toml", "--out", "f.html", "--out", "f.pdf", cwd=tmp_path)
    assert done.code == 0, done.err
    for words in ((tmp_path / "f.html").read_text(), " ".join(pdf_texts(tmp_path / "f.pdf"))):
        assert "longer than the one above: SER has up to 50 characters" in words
    done = run_cli("spec", "explain", NAME, "--out", "n.html", cwd=tmp_path)
    assert "longer than the one above" not in (tmp_path / "n.html").read_text()


def test_each_kind_of_bytes_has_a_colour_of_its_own() -> None:
    """What stands in one plaintext must be told apart in it, on paper and on the page."""
    plain = [
        PieceKind.UUID, PieceKind.OOB, PieceKind.SERIAL, PieceKind.MAC, PieceKind.COLUMN, PieceKind.CONSTANT,
        PieceKind.COUNT, PieceKind.PRODUCT, PieceKind.CHECK, PieceKind.PADDING, PieceKind.FRAME,
    ]  # fmt: skip
    style = (ROOT / "bss_mfg/report/spec_sheet.css").read_text()
    for kinds in itertools.combinations(plain, 2):
        first, second = (bytes.fromhex(KIND_COLOURS[kind][1:]) for kind in kinds)
        assert sum(abs(one - other) for one, other in zip(first, second, strict=True)) >= 24, kinds
    for kind in plain:
        name = CLASSES.get(kind, f"k-{kind.value.lower()}")
        assert re.findall(rf"\.{name}(?:, \.[a-z-]+)? {{ background: (#[0-9a-f]+)", style)[-1:] == [
            KIND_COLOURS[kind]
        ], kind
