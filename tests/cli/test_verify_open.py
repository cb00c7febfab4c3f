"""What was not judged is no proof: the last line, JSON and reports say so."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.helpers import ROOT
from tests.helpers.commands import Outcome
from tests.helpers.factory import Factory
from tests.helpers.wrong_labels import Press, ScanModel, issue_content_sheet

ALL_RIGHT = "all labels are right"
NOTHING = {"labels": 0, "doubtful": 0, "by_picture": 0}


@pytest.fixture(scope="module")
def sheet(new_factory: Callable[[], Factory]) -> Factory:
    """Four packages on a sheet."""
    return issue_content_sheet(new_factory())


def scanned(factory: Factory, folder: Path, bits: int = 8) -> Path:
    model = ScanModel()
    grey = model.scan(Press.of(factory).page(1, 600), 600, seed=3)
    to = folder / "scan.png"
    Image.fromarray(grey if bits == 8 else np.where(grey < 128, 0, 255).astype(np.uint8)).save(
        to, dpi=(model.dpi, model.dpi)
    )
    return to


def verified(factory: Factory, *arguments: object) -> tuple[Outcome, dict[str, int]]:
    """A verification, and what of it was not judged."""
    outcome = factory.cli("verify", "B1", *arguments, "--jobs", 1)
    document = json.loads(factory.cli("verify", "B1", *arguments, "--jobs", 1, "--json").out)
    assert document["right"] is (outcome.code == 0)
    return outcome, document["not_judged"]


def test_all_is_judged_on_an_ordinary_scan(sheet: Factory, tmp_path: Path) -> None:
    outcome, left = verified(sheet, scanned(sheet, tmp_path))
    assert outcome.code == 0
    assert left == NOTHING
    assert ALL_RIGHT in outcome.err.splitlines()[-1]


def test_black_and_white_proves_the_codes_and_no_texts(sheet: Factory, tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    file = scanned(sheet, tmp_path, bits=1)
    outcome, left = verified(sheet, file)
    assert outcome.code == 0
    assert left == {"labels": 4, "doubtful": 0, "by_picture": 4}
    assert ALL_RIGHT not in outcome.err
    assert "4 labels" in outcome.err.splitlines()[-1]
    sheet.cli("verify", "B1", file, "--jobs", 1, "--report", report)
    verdict = re.search(r'<p class="verdict (\w+)">([^<]+)<', report.read_text("utf-8"))
    assert verdict and verdict[1] == "warn" and ALL_RIGHT not in verdict[2].lower()


@pytest.mark.parametrize(("bits", "code", "headline"), [(8, 0, "good"), (1, 1, "bad")])
def test_strict_asks_for_pictures_in_which_all_is_judged(
    sheet: Factory, tmp_path: Path, bits: int, code: int, headline: str
) -> None:
    report = tmp_path / "report.html"
    file = scanned(sheet, tmp_path, bits)
    outcome = sheet.cli("verify", "B1", file, "--strict", "--jobs", 1, "--report", report)
    assert outcome.code == code
    assert (ALL_RIGHT in outcome.err) is (code == 0)
    assert ("NOT ALL JUDGED" in outcome.err) is (code == 1)
    assert f'<p class="verdict {headline}">' in report.read_text("utf-8")
    document = sheet.cli("verify", "B1", file, "--strict", "--jobs", 1, "--json").json
    assert document["right"] is (code == 0)


def test_strict_is_not_for_samples(sheet: Factory, tmp_path: Path) -> None:
    assert sheet.cli("verify", "B1", scanned(sheet, tmp_path), "--strict", "--sample").code == 2


def test_small_type_that_hides_a_character_is_told(sheet: Factory, tmp_path: Path) -> None:
    sheet.label(template="device-30x20")
    label = np.pad(Press.of(sheet, each="unit").page(1, 600), 120, constant_values=255)
    file = ScanModel().save(label, 600, tmp_path / "unit.png", seed=3)
    outcome, left = verified(sheet, file, "--each", "unit", "--partial")
    assert outcome.code == 0
    assert left == {"labels": 0, "doubtful": 1, "by_picture": 1}
    assert sheet.cli("verify", "B1", file, "--each", "unit", "--partial", "--strict", "--jobs", 1).code == 1
    assert ALL_RIGHT not in outcome.err


def test_a_price_in_small_type_on_a_lone_label_is_told(sheet: Factory, tmp_path: Path) -> None:
    """Another digit on every label: 6 and 8 are not told apart there."""
    text = (ROOT / "templates" / "roll-50x30.toml").read_text("utf-8")
    (sheet.root / "templates" / "price.toml").write_text(text.replace("Serial number", "Price 9.58 EUR"), "utf-8")
    sheet.issue(1, "P1")
    sheet.label("P1", "price")
    press = Press.of(sheet, "P1", edit=lambda text: text.replace("9.58", "9.56"))
    label = np.pad(press.page(1, 600), 120, constant_values=255)
    file = ScanModel().save(label, 600, tmp_path / "price.png", seed=3)
    outcome = sheet.cli("verify", "P1", file, "--jobs", 1)
    assert outcome.code == 1 or ALL_RIGHT not in outcome.err


def test_labels_that_bss_mfg_did_not_draw_are_not_compared(sheet: Factory, tmp_path: Path) -> None:
    """Their template was thrown away: nobody knows what was to be on them."""
    factory = sheet.copied(tmp_path / "w")
    file = scanned(factory, tmp_path)
    (factory.root / "templates" / "sheet.toml").unlink()
    with factory.database(unguarded=True) as database:
        database.execute("UPDATE template SET text = ''")
    outcome, left = verified(factory, file, "--strict")
    assert outcome.code == 0
    assert left == {"labels": 4, "doubtful": 0, "by_picture": 0}
    assert ALL_RIGHT not in outcome.err


def test_a_label_file_is_no_picture_to_be_judged(sheet: Factory) -> None:
    file = sheet.root / "batches" / "B1" / "labels" / "B1-labels-0001.pdf"
    _, left = verified(sheet, file)
    assert left == NOTHING
    assert sheet.cli("verify", "B1", file, "--strict", "--jobs", 1).code == 0
