"""Fields of a product, in its languages, and of a batch: on labels, in tables, in the history, and refused by name."""

from __future__ import annotations

import re
from pathlib import Path

import pypdfium2
import pytest

from bss_mfg.ledger.events import BatchIssued
from tests.helpers.factory import Factory

TEMPLATE = """format = 1
media = { kind = "roll", label_width = 100, label_height = 50 }
sample = { x = 40, y = 40, width = 56, height = 8 }
element = [
  { kind = "data-matrix", x = 2, y = 2, size = 30 },
  { kind = "text", x = 40, y = 5, width = 50, text = "{fields.sku} {fields.lot} {fields.note}" },
  { kind = "text", x = 40, y = 12, width = 50, text = "always {fields.de.note}" },
  { kind = "text", x = 40, y = 20, width = 50, text = "first lot", when = "fields.lot = L1" },
]
"""
FIELDS = {"sku": "AB-1", "note": "Indoor use", "de": {"note": "Innenbereich"}, "de-AT": {"sku": "AT-1"}}


@pytest.fixture
def shop(factory: Factory) -> Factory:
    factory.add(oob_bytes=16, fields=FIELDS, batch_fields={"lot": "L2026-0001"})
    folder = factory.root / "templates"
    folder.mkdir(exist_ok=True)
    (folder / "own.toml").write_text(TEMPLATE, "utf-8")
    return factory


def words(path: Path) -> list[str]:
    page = pypdfium2.PdfDocument(path)[0].get_textpage().get_text_range()
    return [line.strip() for line in page.splitlines() if line.strip() and line.strip() != "SAMPLE"]


def labels(shop: Factory, batch: str, *more: object) -> list[str]:
    done = shop.cli("labels", batch, "--template", "own", *more)
    assert done.code == 0, done.err
    return words(shop.root / f"batches/{batch}/labels/{batch}-labels-0001.pdf")


def test_labels_show_the_fields_in_their_language(shop: Factory) -> None:
    assert shop.cli("batch", "create", "bulb", "--units", 2, "--id", "B1", "--field", "lot=L1").code == 0
    assert labels(shop, "B1") == ["AB-1 L1 Indoor use", "always Innenbereich", "first lot"]
    assert labels(shop, "B1", "--label-language", "de", "--again") == [
        "AB-1 L1 Innenbereich", "always Innenbereich", "first lot"
    ]  # fmt: skip
    assert labels(shop, "B1", "--label-language", "de-at", "--again")[0] == "AT-1 L1 Innenbereich"
    # A torn label is printed as it was, whatever the product's file says by now.
    path = shop.root / "products" / "bulb.toml"
    path.write_text(path.read_text("utf-8").replace("AT-1", "XX").replace("Innenbereich", "YY"), "utf-8")
    assert shop.cli("reprint", "B1", "ebK300000001", "--reason", "torn").code == 0
    assert words(shop.root / "batches/B1/labels/B1-reprint-001-0001.pdf")[0] == "AT-1 L1 Innenbereich"
    refused = shop.cli("labels", "B1", "--label-language", "fr", "--again")
    assert refused.code == 3
    assert "'fr'" in refused.err
    assert "de, de-AT" in refused.err


def test_another_language_is_another_print(shop: Factory) -> None:
    shop.cli("batch", "create", "bulb", "--units", 2, "--id", "B1", "--field", "lot=L1")
    labels(shop, "B1")
    done = shop.cli("labels", "B1", "--label-language", "de")
    assert done.code == 4
    assert "language de (it was base)" in done.err


def test_there_is_a_way_back_to_the_fields_of_every_language(shop: Factory) -> None:
    shop.cli("batch", "create", "bulb", "--units", 2, "--id", "B1", "--field", "lot=L1")
    first = labels(shop, "B1")
    german = labels(shop, "B1", "--label-language", "de", "--again")
    assert german != first
    again = shop.cli("labels", "B1", "--again")
    assert "language de" in again.err
    for typed in ("", "none"):
        refused = shop.cli("labels", "B1", "--label-language", typed, "--again")
        assert refused.code == 3
        assert "base: what [fields] says" in refused.err
    assert labels(shop, "B1", "--label-language", "base", "--again") == first


def test_the_settings_choose_the_language(shop: Factory) -> None:
    path = shop.root / "products" / "bulb.toml"
    path.write_text(path.read_text("utf-8") + '\n[print]\nlanguage = "de-CH"\ntemplate = "own"\n', "utf-8")
    done = shop.cli("run", "bulb", "--units", 2, "--id", "B1", "--field", "lot=L2")
    assert done.code == 0, done.err
    assert words(shop.root / "batches/B1/labels/B1-labels-0001.pdf") == ["AB-1 L2 Innenbereich", "always Innenbereich"]


def test_a_product_may_keep_to_the_base_fields(shop: Factory) -> None:
    (shop.root / "bss-mfg.toml").open("a", encoding="utf-8").write('\n[print]\nlanguage = "de"\n')
    path = shop.root / "products" / "bulb.toml"
    path.write_text(path.read_text("utf-8") + '\n[print]\nlanguage = "base"\ntemplate = "own"\n', "utf-8")
    done = shop.cli("run", "bulb", "--units", 2, "--id", "B1", "--field", "lot=L2")
    assert done.code == 0, done.err
    assert words(shop.root / "batches/B1/labels/B1-labels-0001.pdf")[0] == "AB-1 L2 Indoor use"


def test_a_batch_is_asked_for_its_fields(shop: Factory) -> None:
    create = ("batch", "create", "bulb", "--units", 2, "--id", "B1")
    for more, said in {
        (): "have the field lot",
        ("--field", "lott=1"): "no batch field 'lott'",
        ("--field", "sku=1", "--field", "lot=1"): "no batch field 'sku'",
        ("--field", "lot"): "NAME=VALUE",
        ("--field", "lot=1", "--field", "lot=2"): "given twice",
        ("--field", "lot=" + "x" * 201): "at most 200",
        ("--field", "lot=a\tb"): "control character",
    }.items():
        refused = shop.cli(*create, *more)
        assert refused.code == 3, refused.err
        assert said in refused.err
    assert shop.cli(*create, "--field", "lot=L1").code == 0
    assert shop.cli(*create, "--field", "lot=L1").code == 0
    other = shop.cli(*create, "--field", "lot=L2")
    assert other.code == 4
    assert "fields.lot: L2, it was L1" in other.err


def test_fields_are_shown_recorded_and_in_tables(shop: Factory) -> None:
    shop.cli("batch", "create", "bulb", "--units", 2, "--id", "B1", "--field", "lot=L1")
    expected = {"sku": "AB-1", "note": "Indoor use", "de.note": "Innenbereich", "de-AT.sku": "AT-1", "lot": "L1"}
    assert shop.cli("batch", "show", "B1", "--json").json["fields"] == expected
    assert "lot = L1" in shop.cli("batch", "show", "B1").out
    with shop.ledger() as ledger:
        ((_, issued),) = ledger.history.records(BatchIssued, "B1")
    assert issued.fields == expected
    done = shop.cli("table", "B1", "--format", "csv", "--columns", "serial,fields.lot,fields.de.note", "--out", "-")
    assert done.out.splitlines()[1] == '"ebK300000001","L1","Innenbereich"'
    refused = shop.cli("table", "B1", "--format", "csv", "--columns", "fields.color", "--out", "-")
    assert refused.code == 3
    assert "fields.lot" in refused.err


def test_an_unknown_field_is_found_before_anything_is_issued(shop: Factory) -> None:
    path = shop.root / "templates" / "own.toml"
    path.write_text(path.read_text("utf-8").replace("{fields.sku}", "{fields.skuu}"), "utf-8")
    done = shop.cli("template", "preview", "own", "--product", "bulb", "--out", shop.root / "p.png")
    assert done.code == 1
    assert "no field {fields.skuu}" in done.err
    assert "fields.sku" in done.err
    assert shop.cli("run", "bulb", "--units", 2, "--id", "B1", "--field", "lot=1", "--template", "own").code == 3
    assert not shop.rows("SELECT * FROM batch")


def test_preflight_and_preview_speak_the_language_that_is_wished(shop: Factory) -> None:
    def texts(*more: object) -> set[str]:
        done = shop.cli("preflight", "bulb", "--template", "own", "--json", *more)
        assert done.code == 0, done.err
        return {item["text"] for item in done.json["texts"]}

    assert {"AB-1 L2026-0001 Indoor use"} <= texts()
    assert {"AB-1 L2026-0001 Innenbereich"} <= texts("--label-language", "de")
    assert {"AT-1 L2026-0001 Innenbereich"} <= texts("--label-language", "de-AT")
    assert {"AB-1 L2026-0001 Indoor use"} <= texts("--label-language", "base")
    unknown = shop.cli("preflight", "bulb", "--template", "own", "--label-language", "fr")
    assert unknown.code == 3
    assert "Known: de, de-AT, and base" in unknown.err
    shop.cli("batch", "create", "bulb", "--units", 2, "--id", "B1", "--field", "lot=L1")
    pictures = []
    for number, more in enumerate([
        ("--product", "bulb"), ("--product", "bulb", "--label-language", "de"),
        ("--batch", "B1"), ("--batch", "B1", "--label-language", "de"),
    ]):  # fmt: skip
        file = shop.root / f"{number}.png"
        assert shop.cli("template", "preview", "own", *more, "--out", file).code == 0
        pictures.append(file.read_bytes())
    assert len(set(pictures)) == 4
    assert shop.cli("template", "preview", "own", "--label-language", "de").code == 2


def test_a_batch_without_fields_is_what_it_was(factory: Factory) -> None:
    """The digest by which a request is known again is not changed by fields that nobody has."""
    factory.add(oob_bytes=16)
    factory.issue(2)
    ((facts,),) = factory.rows("SELECT facts FROM batch")
    assert "fields" not in facts
    assert factory.cli("batch", "show", "B1", "--json").json["fields"] == {}


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('[fields]\nSku = "1"', "can't be a field's name"),
        ('[fields]\n"de.note" = "1"', "can't be a field's name"),
        ('[fields.german]\nnote = "1"', "isn't a language"),
        ('[fields.de]\nnote = "1"', "has no value for other languages"),
        ('[fields]\nnote = "a\\tb"', "control character"),
        ('[batch_fields]\n"Lot" = "1"', "can't be a field's name"),
    ],
)
def test_wrong_fields_of_a_product_are_named(factory: Factory, table: str, said: str) -> None:
    factory.add(oob_bytes=16)
    path = factory.root / "products" / "bulb.toml"
    path.write_text(path.read_text("utf-8") + "\n" + table + "\n", "utf-8")
    done = factory.cli("product", "show", "bulb")
    assert done.code == 3, done.out
    assert said in done.err


def test_the_language_of_operators_is_not_that_of_labels(shop: Factory) -> None:
    """One word has one meaning: the fields' old option says what to type, and that works."""
    assert shop.cli("batch", "create", "bulb", "--units", 2, "--id", "B1", "--field", "lot=L1").code == 0
    file = shop.root / "preview.png"
    for command in (
        ("labels", "B1", "--template", "own", "--again"),
        ("preflight", "bulb", "--template", "own"),
        ("template", "preview", "own", "--product", "bulb", "--out", file),
    ):
        refused = shop.cli(*command, "--language", "de")
        assert refused.code == 2, command
        (option,) = re.findall(r"--label-language \w+", refused.err)
        assert shop.cli(*command, *option.split()).code == 0, command
        assert shop.cli("--language", "de", *command, *(["--replace"] if file in command else [])).code == 0, command
