"""Labels of units and cartons: read back, compared, accounted for by place."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bss_mfg.label.expected import WorkspaceLabels
from bss_mfg.label.layout.label_rows import LabelRow
from bss_mfg.verify.finding_rows import finding_row
from bss_mfg.verify.outcome import VerifyOptions
from bss_mfg.verify.request import ReadRequest
from bss_mfg.verify.tasks import FileDescription, PageTask, describe_file
from bss_mfg.verify.verification import verify
from tests.helpers.factory import Factory
from tests.helpers.wrong_labels import Press, ScanModel, with_code, with_text

SHEET = """
[media]
kind = "sheet"
page = [130, 125]
margin_left = 4
margin_top = 4
columns = 2
rows = 3
label_width = 60
label_height = 38
"""
DEVICE = f"""
format = 1
each = "unit"
sample = {{ x = 46, y = 20, width = 13, height = 14.5 }}
element = [
  {{ kind = "qr", x = 1, y = 1, size = 20, text = "https://id.example.com/01/{{code:gtin}}/21/{{serial}}" }},
  {{ kind = "text", x = 22, y = 2, width = 34, size = 7, text = "{{serial}}" }},
  {{ kind = "text", x = 22, y = 12, width = 34, size = 7, text = "Device {{unit}} of package {{package}}" }},
  {{ kind = "code-128", x = 1, y = 23, width = 44, height = 10 }},
]
{SHEET}
"""
CARTON = f"""
format = 1
each = "carton"
packages_per_carton = 2
sample = {{ x = 46, y = 20, width = 13, height = 14.5 }}
element = [
  {{ kind = "gs1-128", x = 1, y = 2, width = 58, height = 14, text = "(00)35012345{{carton:09}}" }},
  {{ kind = "data-matrix-text", x = 1, y = 18, width = 16, height = 16, text = "{{batch}}/{{carton}}" }},
  {{ kind = "text", x = 18, y = 19, width = 26, size = 7, text = "Carton {{carton}} of {{cartons}}" }},
  {{ kind = "text", x = 18, y = 24, width = 26, size = 7, text = "{{first_serial}}" }},
]
{SHEET}
"""
SERIALS = [f"ebK3{number:08}" for number in range(13)]
SCAN = ScanModel()


def no_change(_: int, row: LabelRow) -> LabelRow:
    return row


@pytest.fixture(scope="module")
def factory(new_factory: Callable[[], Factory]) -> Factory:
    """Six packages of two units: labels of the twelve units on two sheets, of three cartons on one."""
    factory = new_factory()
    (factory.root / "templates" / "device.toml").write_text(DEVICE)
    (factory.root / "templates" / "carton.toml").write_text(CARTON)
    factory.add(oob_bytes=16, units_per_package=2)
    factory.issue(12)
    factory.label(template="device")
    factory.label(template="carton")
    return factory


def scanned(
    factory: Factory, to: Path, change: Callable[[int, LabelRow], LabelRow] = no_change, page: int = 1,
    each: str = "unit", spoil: Callable[[np.ndarray], None] = lambda page: None, **model: Any,
) -> Path:  # fmt: skip
    drawn = Press.of(factory, each=each).page(page, change=change)
    spoil(drawn)
    return replace(SCAN, **model).save(drawn, 300, to, seed=3)


def found(factory: Factory, file: Path, each: Any = "unit", batch: str = "B1") -> dict[tuple[str, str], str]:
    """By verdict and serial what is said of labels that are not right."""
    options = VerifyOptions(partial=True, each=each, labels=WorkspaceLabels(factory.root))
    with factory.ledger() as ledger:
        outcome = verify(ledger, ledger.batches.get(batch), [file], options)
        rows = [finding_row(item) for item in outcome.findings]
        found.matched = outcome.counts["matched"]  # type: ignore[attr-defined]
        found.passed = outcome.passed  # type: ignore[attr-defined]
    return {
        (row["verdict"], row["serials"]): row["detail"]
        for row in rows
        if row["verdict"] != "matched" and not row["unseen"]
    }


def only(number: int, change: Callable[[LabelRow], LabelRow]) -> Callable[[int, LabelRow], LabelRow]:
    return lambda at, row: change(row) if at == number else row


@pytest.mark.parametrize(("page", "each", "labels"), [(1, "unit", 6), (2, "unit", 6), (1, "carton", 3)])
def test_right_labels_match(factory: Factory, tmp_path: Path, page: int, each: str, labels: int) -> None:
    file = scanned(factory, tmp_path / "right.png", page=page, each=each)
    assert found(factory, file, each) == {}
    assert (found.matched, found.passed) == (labels, True)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda row: with_code(row, 1, SERIALS[9]), f"the Code 128 says '{SERIALS[9]}', not '{SERIALS[2]}'"),
        (lambda row: with_code(row, 1, "ebK3X"), "the Code 128 says 'ebK3X'"),
        (lambda row: with_code(row, 1, None), "the Code 128 'ebK300000002' is missing"),
        (lambda row: with_code(row, 0, "https://x.example.com"), "the QR Code says 'https://x.example.com'"),
        (lambda row: with_text(row, SERIALS[2], SERIALS[3]), f"the text says '{SERIALS[3]}', not '{SERIALS[2]}'"),
        (lambda row: with_text(row, SERIALS[2], None), "the text 'ebK300000002' is missing"),
    ],
)
def test_a_label_that_says_something_else_is_named(
    factory: Factory, tmp_path: Path, change: Callable[[LabelRow], LabelRow], words: str
) -> None:
    faults = found(factory, scanned(factory, tmp_path / "wrong.png", only(2, change)))
    assert list(faults) == [("content", SERIALS[2])]
    assert words in faults["content", SERIALS[2]]
    assert found.matched == 5  # type: ignore[attr-defined]


@pytest.mark.parametrize("single", [False, True])
@pytest.mark.parametrize("left", [0.12, 0.5])
@pytest.mark.parametrize(("each", "at", "kind", "name"), [
    ("unit", 1, "Code 128", SERIALS[2]), ("carton", 0, "GS1-128", "carton 2"),
])  # fmt: skip
def test_bars_that_lost_their_height_are_named_and_nothing_else(
    factory: Factory, tmp_path: Path, each: str, at: int, kind: str, name: str, left: float, single: bool
) -> None:
    """The corners of the bars say how labels lie: those of such bars are not believed."""
    with factory.ledger() as ledger:
        press = Press.of(factory, each=each)
        expected = WorkspaceLabels(factory.root).open(ledger).labels(press.label_file, [2], [1])
    assert not isinstance(expected, str)
    area = expected.labels[0].codes[at].area

    def spoil(page: np.ndarray) -> None:
        x, y, right, bottom = (round(side * 300 / 25.4) for side in (area.x, area.y, area.right, area.bottom))
        page[round(y + left * (bottom - y)) : bottom + 3, x:right] = 255
        if single:
            page[:, : round(64 * 300 / 25.4)] = 255
            page[round(42 * 300 / 25.4) :] = 255

    faults = found(factory, scanned(factory, tmp_path / "low.png", each=each, spoil=spoil), each)
    (words,) = [words for (verdict, serial), words in faults.items() if verdict != "missing"]
    assert ("content", name) in faults
    assert words.startswith(f"the bars of the {kind} ") and ";" not in words
    assert abs(int(re.search(r"have (\d+)%", words)[1]) - 100 * left) <= 6  # type: ignore[index]


def test_labels_in_wrong_places_are_named(factory: Factory, tmp_path: Path) -> None:
    rows = Press.of(factory, each="unit").rows
    swap = {2: rows[5], 5: rows[2]}
    faults = found(factory, scanned(factory, tmp_path / "swapped.png", lambda number, row: swap.get(number, row)))
    assert set(faults) == {("mismatched", SERIALS[2]), ("mismatched", SERIALS[5])}
    faults = found(
        factory, scanned(factory, tmp_path / "copy.png", lambda number, row: rows[1] if number == 2 else row)
    )
    assert set(faults) == {("duplicate", SERIALS[1]), ("missing", SERIALS[2])}
    assert f"a copy of the label of {SERIALS[1]}" in faults["missing", SERIALS[2]]


def test_blank_places_and_labels_that_nobody_can_read_are_named(factory: Factory, tmp_path: Path) -> None:
    def spoil(page: np.ndarray) -> None:
        places = Press.of(factory, each="unit").label_file.symbol_boxes[:2]
        for box, ink in zip(places, (None, np.random.default_rng(1)), strict=True):
            x, y, width, height = (round(edge * 300 / 25.4) for edge in box)
            page[y : y + height, x : x + width] = 255 if ink is None else ink.integers(0, 2, (height, width)) * 255

    faults = found(factory, scanned(factory, tmp_path / "spoilt.png", spoil=spoil))
    assert set(faults) == {("missing", SERIALS[1]), ("unreadable", SERIALS[2])}


def test_labels_of_other_batches_and_strangers_are_foreign(factory: Factory, tmp_path: Path) -> None:
    line = factory.copied(tmp_path / "w")
    line.issue(2, "B2")
    line.label("B2", template="device")
    with line.ledger() as ledger:
        other = next(ledger.packages.stream("B2", 1, 1)).units[0].serial
    foreign = Press.of(line, "B2", each="unit").rows[1]
    faults = found(line, scanned(line, tmp_path / "foreign.png", lambda number, row: foreign if number == 3 else row))
    assert set(faults) == {("foreign", other), ("missing", SERIALS[3])}
    assert "belongs to batch B2" in faults["foreign", other]
    assert "a foreign label is in its place" in faults["missing", SERIALS[3]]


def test_labels_of_scrapped_and_replaced_units_are_taken_off(factory: Factory, tmp_path: Path) -> None:
    line = factory.copied(tmp_path / "w")
    file = scanned(line, tmp_path / "before.png")
    assert line.cli("scrap", "B1", SERIALS[2], SERIALS[4], "--reason", "torn").code == 0
    assert line.cli("replace", "B1", SERIALS[4], "--reason", "torn").code == 0
    faults = found(line, file)
    assert ("mismatched", SERIALS[2]) in faults
    assert "was scrapped" in faults["mismatched", SERIALS[2]]
    assert "was replaced by" in faults["mismatched", SERIALS[4]]


def test_a_carton_says_what_it_holds(factory: Factory, tmp_path: Path) -> None:
    change = only(2, lambda row: with_text(with_code(row, 1, "B1/3"), SERIALS[5], SERIALS[9]))
    faults = found(factory, scanned(factory, tmp_path / "carton.png", change, each="carton"), "carton")
    (words,) = faults.values()
    assert list(faults) == [("content", "carton 2")]
    assert "the Data Matrix says 'B1/3', not 'B1/2'" in words
    assert SERIALS[9] in words


@pytest.mark.parametrize("turn", [0, 90, 180])
def test_a_single_label_is_compared_too(factory: Factory, tmp_path: Path, turn: int) -> None:
    from PIL import Image

    def single(change: Callable[[int, LabelRow], LabelRow], name: str) -> Path:
        sheet = np.asarray(Image.open(scanned(factory, tmp_path / "sheet.png", change, skew=1.0)))
        box = Press.of(factory, each="unit").label_file.symbol_boxes[1]
        x, y, width, height = (round(edge * 300 / 25.4) for edge in box)
        label = Image.fromarray(sheet[y - 20 : y + height + 20, x - 20 : x + width + 20]).rotate(turn, expand=True)
        label.save(tmp_path / name)
        return tmp_path / name

    assert found(factory, single(no_change, "right.png")) == {}
    assert found.matched == 1  # type: ignore[attr-defined]
    wrong = single(only(2, lambda row: with_code(row, 1, SERIALS[9])), "wrong.png")
    (faults,) = found(factory, wrong).items()
    assert faults[0] == ("content", SERIALS[2])


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda label: label, None),
        (lambda label: label[:, ::-1], "it is mirrored"),
        (lambda label: 255 - label, "it is inverted"),
        (lambda label: smaller(label, 0.9), "of its size"),
    ],
)
def test_a_single_label_that_is_printed_otherwise_than_drawn_is_misprinted(
    factory: Factory, tmp_path: Path, change: Callable[[np.ndarray], np.ndarray], fault: str | None
) -> None:
    from PIL import Image

    drawn = Press.of(factory, each="unit").page(1)
    box = Press.of(factory, each="unit").label_file.symbol_boxes[1]
    scale = drawn.shape[1] / 130
    left, top, right, bottom = ((edge * scale) for edge in (box[0], box[1], box[0] + box[2], box[1] + box[3]))
    label = change(drawn[round(top) : round(bottom), round(left) : round(right)])
    page = np.pad(label, round(6 * scale), constant_values=255)
    Image.fromarray(np.ascontiguousarray(page)).save(tmp_path / "one.png", dpi=(scale * 25.4,) * 2)
    faults = found(factory, tmp_path / "one.png")
    if fault is None:
        assert faults == {}
        assert found.matched == 1  # type: ignore[attr-defined]
    else:
        assert list(faults) == [("misprinted", SERIALS[2])]
        assert fault in faults["misprinted", SERIALS[2]]


@pytest.mark.parametrize(("share", "mirrored"), [(0.94, False), (1.0, True)])
def test_a_sheet_that_is_scaled_or_mirrored_is_misprinted(
    factory: Factory, tmp_path: Path, share: float, mirrored: bool
) -> None:
    from PIL import Image

    drawn = smaller(Press.of(factory, each="unit").page(1), share)
    dpi = drawn.shape[1] / share / 130 * 25.4
    Image.fromarray(np.ascontiguousarray(drawn[:, ::-1] if mirrored else drawn)).save(
        tmp_path / "sheet.png", dpi=(dpi, dpi)
    )
    faults = found(factory, tmp_path / "sheet.png")
    assert {verdict for verdict, _ in faults} == {"misprinted"}
    assert len(faults) == 6
    assert all(("it is mirrored" if mirrored else "fit to page") in words for words in faults.values())


def test_a_label_file_of_units_holds_no_label_of_a_package(factory: Factory) -> None:
    press = Press.of(factory, each="unit")
    with factory.ledger() as ledger:
        (file,) = factory.root.rglob(press.label_file.file)
        other = describe_file(PageTask(ReadRequest(ledger.place, ledger.actor, "B1", "package"), file))
        own = describe_file(PageTask(ReadRequest(ledger.place, ledger.actor, "B1", "unit"), file))
    assert isinstance(other, FileDescription)
    assert isinstance(own, FileDescription)
    assert (other.shows_labels, own.shows_labels) == (False, True)


def smaller(picture: np.ndarray, share: float) -> np.ndarray:
    from PIL import Image

    height, width = picture.shape
    size = round(width * share), round(height * share)
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS))


def test_the_command_says_it(factory: Factory, tmp_path: Path) -> None:
    file = scanned(factory, tmp_path / "wrong.png", only(2, lambda row: with_code(row, 1, "ebK3X")))
    report = tmp_path / "report.html"
    done = factory.cli("verify", "B1", file, "--each", "unit", "--partial", "--jobs", 1, "--json", "--report", report)
    assert done.code == 1
    wrong = next(row for row in done.json["findings"] if row["verdict"] == "content")
    assert (wrong["each"], wrong["label"], wrong["package"], wrong["serials"]) == ("unit", 2, None, SERIALS[2])
    assert SERIALS[2] in report.read_text()
    with factory.ledger() as ledger:
        assert not any("verified" in event.kind for event in ledger.history.events_of((), "B1"))
    refused = factory.cli("verify", "B1", file, "--each", "unit", "--grade")
    assert refused.code == 2
