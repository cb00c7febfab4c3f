"""Least grades: labels below fail by name, whoever asked for them; grades by a reflectance card."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from PIL import Image

from bss_mfg.ledger.events import LabelRead
from tests.helpers.factory import Factory
from tests.helpers.scans import sheet


@pytest.fixture
def soft_scan(printed: Factory, tmp_path: Path) -> Path:
    """A scan on which the symbol of label 5 is so pale that it has lost its contrast, and is read all the same."""
    page = sheet(printed, "A")
    with printed.ledger() as ledger:
        [file] = ledger.prints.label_files("A")
    x, y, width, height = (side * 300 / 25.4 for side in file.symbol_boxes[4])
    symbol = slice(int(y) - 2, int(y + height) + 3), slice(int(x) - 2, int(x + width) + 3)
    page[symbol] = (255 - (255 - page[symbol].astype(float)) * 0.12).astype(np.uint8)
    Image.fromarray(page).save(tmp_path / "scan.png", dpi=(300, 300))
    return tmp_path / "scan.png"


@pytest.fixture
def asking(printed: Factory) -> Iterator[list[Path]]:
    """Files that a test changes, put right again afterwards."""
    changed = [printed.root / "products" / "bulb.toml"]
    texts = [path.read_bytes() for path in changed]
    yield changed
    for path, text in zip(changed, texts, strict=True):
        path.write_bytes(text)


def test_a_label_below_the_least_grade_fails_by_name(printed: Factory, soft_scan: Path, tmp_path: Path) -> None:
    reports = [tmp_path / f"report.{kind}" for kind in ("html", "csv", "pdf")]
    options = [word for report in reports for word in ("--report", report)]
    outcome = printed.cli("verify", "A", soft_scan, "--json", "--min-grade", "C", *options)
    assert outcome.code == 1, outcome.err
    counts = outcome.json["counts"]
    wrong = [(row["verdict"], row["detail"]) for row in outcome.json["findings"] if row["verdict"] != "matched"]
    assert (counts["matched"], counts["below-grade"]) == (23, 1), wrong
    row = next(row for row in outcome.json["findings"] if row["verdict"] == "below-grade")
    assert row["serials"] == "ebK300000005"
    assert row["grade"]["overall"] < 1.5 and row["grade"]["formal"] in row["detail"]
    assert "symbol contrast" in row["detail"] and "at least 1.5" in row["detail"]
    assert "below-grade" in reports[0].read_text() and "below-grade" in reports[1].read_text()
    with printed.ledger() as ledger:
        reads = {read.package: read for _, read in ledger.history.records(LabelRead, "A")}
    assert (reads[5].grades, reads[5].formal) == (row["grade"]["grades"], row["grade"]["formal"])


def test_it_is_named_in_words_too(printed: Factory, soft_scan: Path) -> None:
    text = printed.cli("verify", "A", soft_scan, "--min-grade", "1.5")
    assert text.code == 1 and "BELOW-GRADE: ebK300000005" in text.out


def test_what_cannot_be_graded_is_not_good_enough(printed: Factory, tmp_path: Path) -> None:
    page = Image.fromarray(sheet(printed, "A"))
    page.resize((page.width // 2, page.height // 2)).save(tmp_path / "coarse.png", dpi=(150, 150))
    outcome = printed.cli("verify", "A", tmp_path / "coarse.png", "--json", "--min-grade", "D")
    assert outcome.code == 1
    assert outcome.json["counts"]["below-grade"] > 0
    row = next(row for row in outcome.json["findings"] if row["verdict"] == "below-grade")
    assert "too few" in row["detail"] and row["grade"]["formal"] == ""


def test_the_product_asks_for_a_grade(printed: Factory, soft_scan: Path, asking: list[Path]) -> None:
    product = asking[0].read_text()
    asking[0].write_text(product.replace("format = 1", 'format = 1\nmin_grade = "B"', 1))
    outcome = printed.cli("verify", "A", soft_scan, "--json")
    assert (outcome.code, outcome.json["counts"]["below-grade"]) == (1, 1)
    # Who names a grade in the call means that one.
    assert printed.cli("verify", "A", soft_scan, "--min-grade", "0.1").code == 0
    asking[0].write_text(product.replace("format = 1", 'format = 1\nmin_grade = "E"', 1))
    wrong = printed.cli("verify", "A", soft_scan)
    assert wrong.code == 3 and "min_grade" in wrong.err


def test_the_template_asks_for_a_grade(printed: Factory, soft_scan: Path) -> None:
    packaged = Path(__file__).parents[2] / "templates" / "sheet-a4-24.toml"
    own = printed.root / "templates" / "sheet-a4-24.toml"
    own.parent.mkdir(exist_ok=True)
    own.write_text(packaged.read_text().replace("format = 1", 'format = 1\nmin_grade = "A"', 1))
    try:
        outcome = printed.cli("verify", "A", soft_scan, "--json")
        assert (outcome.code, outcome.json["counts"]["below-grade"]) == (1, 1)
    finally:
        own.unlink()


@pytest.mark.parametrize("grade", ["E", "F", "5", "0", "-1", "good"])
def test_what_is_no_grade_is_refused(printed: Factory, soft_scan: Path, grade: str) -> None:
    outcome = printed.cli("verify", "A", soft_scan, "--min-grade", grade)
    assert outcome.code == 2 and "a grade" in outcome.err


def test_resume_passes_over_what_was_not_graded(printed: Factory, soft_scan: Path) -> None:
    assert printed.cli("verify", "A", soft_scan, "--resume", "--min-grade", "C").code == 2


def card(folder: Path, *patches: tuple[float, int]) -> Path:
    """A card with square patches: (reflectance in percent, grey)."""
    picture = np.full((60, 60 * len(patches)), 128, np.uint8)
    lines = ['format = 1\ntitle = "grey card"\npicture = "card.png"']
    for index, (reflectance, grey) in enumerate(patches):
        picture[:, 60 * index : 60 * index + 60] = grey
        lines.append(f"[[patch]]\nreflectance = {reflectance}\nbox = [{60 * index + 10}, 10, 40, 40]")
    Image.fromarray(picture).save(folder / "card.png")
    (folder / "card.toml").write_text("\n".join(lines))
    return folder / "card.toml"


def test_a_card_tells_the_reflectance(printed: Factory, soft_scan: Path, tmp_path: Path) -> None:
    """White paper of 255 sends back 80 % by the card, and black 2 %: contrast 78 % in place of 100."""
    outcome = printed.cli(
        "verify", "A", soft_scan, "--json", "--grade", "--calibrate", card(tmp_path, (80, 255), (2, 0))
    )
    assert outcome.code == 0, outcome.err
    grade = outcome.json["findings"][0]["grade"]
    assert grade["values"]["symbol_contrast"] == pytest.approx(78, abs=0.2)
    assert grade["calibrated"] and "grey card" in grade["curve"]


def test_a_card_that_is_no_straight_line_of_light_is_refused(printed: Factory, soft_scan: Path, tmp_path: Path) -> None:
    """A grey of 128 is 22 % of the light, whatever its number looks like."""
    wrong = printed.cli(
        "verify", "A", soft_scan, "--calibrate", card(tmp_path, (90, 255), (45, 128), (0, 0)), "--grade"
    )
    assert wrong.code == 3 and "by the other patches" in wrong.err
    (tmp_path / "card.toml").write_text("format = 1\n[[patch]]\nreflectance = 80\nbox = [0, 0, 9, 9]")
    assert "names no picture" in printed.cli("verify", "A", soft_scan, "--calibrate", tmp_path / "card.toml").err
    (tmp_path / "card.toml").write_text("format = 1\n[[patch]]\nreflectance = 80")
    assert "either a box" in printed.cli("verify", "A", soft_scan, "--calibrate", tmp_path / "card.toml").err


def test_bars_are_graded_too(factory: Factory, tmp_path: Path) -> None:
    """A label with a Code 128, scanned straight, askew, and printed pale."""
    factory.add("sensor", spec="amazon-1d-code128", template="bars-70x40", serial="SN{n:010}")
    factory.issue(3, "S1", "sensor")
    made = factory.label("S1", "bars-70x40", 203)
    scans = tmp_path / "scans"
    scans.mkdir()
    for number, page in enumerate(pypdfium2.PdfDocument(made.files[0])):
        scan = Image.fromarray(page.render(scale=600 / 72, grayscale=True).to_numpy())
        if number == 1:
            scan = scan.rotate(7, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
        if number == 2:
            scan = scan.point(lambda value: 255 - (255 - value) * 0.12)
        scan.save(scans / f"{number}.png", dpi=(600, 600))
    outcome = factory.cli("verify", "S1", scans, "--json", "--min-grade", "C")
    assert outcome.code == 1, outcome.err
    rows = {row["serials"]: row for row in outcome.json["findings"]}
    straight, askew, pale = (rows[f"SN000000000{number}"] for number in (1, 2, 3))
    for row in (straight, askew):
        assert (row["verdict"], row["grade"]["standard"]) == ("matched", "ISO/IEC 15416")
        assert row["grade"]["overall"] >= 3.8, row["grade"]
        # X is 3 dots of 203 dpi, 0.375 mm: an aperture of 0.25 mm, 10 thousandths of an inch.
        assert row["grade"]["formal"] == f"{row['grade']['overall']:.1f}/10/660/45"
    assert pale["verdict"] == "below-grade" and pale["grade"]["grades"]["symbol_contrast"] < 1.5
    text = factory.cli("verify", "S1", scans, "--grade", "--report", tmp_path / "report.html")
    assert "ISO/IEC 15416" in text.out and "ISO/IEC 15416" in (tmp_path / "report.html").read_text()
