"""`labels --pdfx` and `--pdfa`: labels for a press and for an archive."""

from __future__ import annotations

import pikepdf

from tests.helpers.factory import Factory
from tests.helpers.press import TEMPLATE, prepared


def test_a_press_gets_its_standard_and_nobody_else(factory: Factory) -> None:
    prepared(factory, 0)
    plain = ("labels", "B1", "--template", "across", "--printer", "pdf-600")
    without = factory.cli(*plain, "--pdfx")
    assert without.code == 3
    assert "--icc" in without.err
    assert factory.cli(*plain, "--pdfx", "--pdfa").code == 2
    assert factory.cli(*plain[:-1], "zpl-203", "--pdfa").code == 3
    made = factory.cli(*plain, "--pdfa", "--json")
    assert made.code == 0, made.err
    with pikepdf.open(made.json["files"][0]) as document:
        assert document.Root.OutputIntents[0].S == "/GTS_PDFA1"
    assert factory.cli(*plain, "--pdfa").code == 4, "made before"
    assert factory.cli(*plain).code == 4, "made before, to a standard"
    assert factory.cli("verify", "B1", made.json["files"][0]).code == 0


def test_what_can_not_conform_is_refused_before_a_file_is_made(factory: Factory) -> None:
    prepared(factory, 0)
    path = factory.root / "templates" / "across.toml"
    path.write_text(TEMPLATE.replace('"lemonchiffon"', '"cmyk(0, 5, 30, 0)"'), "utf-8")
    refused = factory.cli("labels", "B1", "--template", "across", "--printer", "pdf-600", "--pdfa")
    assert refused.code == 3, refused.err
    assert "CMYK" in refused.err
    assert not list((factory.root / "batches").glob("**/*.pdf"))


def test_a_printers_file_says_what_its_pdfs_are_made_to(factory: Factory) -> None:
    prepared(factory, 0)
    path = factory.root / "printers" / "press.toml"
    path.write_text(path.read_text("utf-8") + 'standard = "PDF/X-4"\n', "utf-8")
    missing = factory.cli("labels", "B1", "--template", "across", "--printer", "press")
    assert missing.code == 3
    assert "needs the profile" in missing.err
    path.write_text(path.read_text("utf-8").replace("PDF/X-4", "PDF/A-2b"), "utf-8")
    made = factory.cli("labels", "B1", "--template", "across", "--printer", "press", "--json")
    assert made.code == 0, made.err
    with pikepdf.open(made.json["files"][0]) as document:
        assert document.Root.OutputIntents[0].S == "/GTS_PDFA1"
    assert factory.cli("verify", "B1", made.json["files"][0]).code == 0
    path.write_text(path.read_text("utf-8").replace('"pdf"', '"zpl"'), "utf-8")
    assert "standard is for PDF" in factory.cli("printer", "show", "press").err
