"""Packages with a Code 128 on scans: their places are known, and all that is on their labels is compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bss_mfg.label.expected import WorkspaceLabels
from bss_mfg.label.layout.label_rows import LabelRow
from bss_mfg.verify.finding_rows import finding_row
from bss_mfg.verify.outcome import VerifyOptions
from bss_mfg.verify.verification import verify
from tests.helpers.factory import Factory
from tests.helpers.wrong_labels import Press, ScanModel, with_text

SHEET = """
format = 1
sample = { x = 40, y = 24, width = 19, height = 9 }
element = [
  { kind = "code-128", x = 2, y = 8, width = 56, height = 14, text = "{payload}", caption = "none" },
  { kind = "text", x = 2, y = 3, width = 40, size = 7, text = "{serial}" },
  { kind = "text", x = 2, y = 26, width = 34, size = 7, text = "Package {package}" },
]
[media]
kind = "sheet"
page = [130, 125]
margin_left = 4
margin_top = 4
columns = 2
rows = 3
label_width = 60
label_height = 34
"""


@pytest.fixture(scope="module")
def factory(new_factory: Callable[[], Factory]) -> Factory:
    factory = new_factory()
    (factory.root / "templates" / "bars.toml").write_text(SHEET)
    factory.add("sensor", spec="amazon-1d-code128", template="bars", serial="SN{n:08}")
    factory.issue(6, "B1", "sensor")
    factory.label(template="bars")
    return factory


def found(
    factory: Factory, to: Path, change: Callable[[int, LabelRow], LabelRow] = lambda _, row: row, skew: float = 0.4,
    spoil: Callable[[np.ndarray], None] = lambda page: None,
) -> dict[tuple[str, str], str]:  # fmt: skip
    """By verdict and serial what is said of labels that are not right."""
    page = Press.of(factory).page(change=change)
    spoil(page)
    file = replace(ScanModel(), skew=skew).save(page, 300, to, seed=3)
    options = VerifyOptions(partial=True, labels=WorkspaceLabels(factory.root))
    with factory.ledger() as ledger:
        outcome = verify(ledger, ledger.batches.get("B1"), [file], options)
        rows = [finding_row(item) for item in outcome.findings]
    return {(row["verdict"], row["serials"]): row["detail"] for row in rows if not row["unseen"]}


@pytest.mark.parametrize("skew", [0.4, 181.0])
def test_right_labels_match(factory: Factory, tmp_path: Path, skew: float) -> None:
    assert set(found(factory, tmp_path / "right.png", skew=skew)) == {("matched", f"SN{n:08}") for n in range(1, 7)}


def test_wrong_texts_and_swapped_labels_are_named(factory: Factory, tmp_path: Path) -> None:
    rows = Press.of(factory).rows

    def change(number: int, row: LabelRow) -> LabelRow:
        row = {5: rows[6], 6: rows[5]}.get(number, row)
        return with_text(row, "Package 2", "Package 3") if number == 2 else row

    wrong = {key: words for key, words in found(factory, tmp_path / "wrong.png", change).items() if key[0] != "matched"}
    assert set(wrong) == {("content", "SN00000002"), ("mismatched", "SN00000005"), ("mismatched", "SN00000006")}
    assert "says 'Package 3', not 'Package 2'" in wrong["content", "SN00000002"]


@pytest.mark.parametrize("single", [False, True])
@pytest.mark.parametrize("left", [0.12, 0.5])
def test_bars_that_lost_their_height_are_named_and_nothing_else(
    factory: Factory, tmp_path: Path, left: float, single: bool
) -> None:
    """On a sheet, and of a label alone, where nothing but these bars says how it lies."""

    press = Press.of(factory)

    def spoil(page: np.ndarray) -> None:
        x, y, width, height = (round(edge * 300 / 25.4) for edge in press.label_file.symbol_boxes[1])
        page[round(y + left * height) : y + height + 8, x - 8 : x + width + 8] = 255
        if single:
            page[:, : round(64 * 300 / 25.4)] = 255
            page[round(38 * 300 / 25.4) :] = 255

    faults = found(factory, tmp_path / "low.png", spoil=spoil)
    words = faults["content", "SN00000002"]
    assert words.startswith("the bars of the Code 128 'SN00000002' have ") and ";" not in words
    assert {verdict for verdict, _ in faults} == ({"content"} if single else {"content", "matched"})


def test_a_blank_place_is_named_with_its_place(factory: Factory, tmp_path: Path) -> None:
    def spoil(page: np.ndarray) -> None:
        x, y, width, height = (round(edge * 300 / 25.4) for edge in Press.of(factory).label_file.symbol_boxes[2])
        page[y - 8 : y + height + 8, x - 8 : x + width + 8] = 255

    faults = found(factory, tmp_path / "blank.png", spoil=spoil)
    assert faults["missing", "SN00000003"] == "its place is blank or covered"
    assert len(faults) == 6
