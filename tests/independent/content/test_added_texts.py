"""More behind a text, or before it: its own characters are all right."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bss_mfg.imaging import text_ocr
from bss_mfg.imaging.label_content import ContentFault, LabelContent, check_labels
from bss_mfg.imaging.page_frame import frame_at_dpi
from bss_mfg.imaging.text_judge import NOT_MADE_OUT
from bss_mfg.label.layout.label_rows import LabelRow
from tests.helpers.factory import Factory
from tests.helpers.pictures import Grey
from tests.helpers.wrong_labels import Edit, Press, ScanModel, with_text
from tests.independent.content.marks import expected_of
from tests.independent.content.test_other_texts import instead, of_each_kind, verified

DRAWN, AROUND_MM = 600, 5
SHEET, ROLL, TURNED = "sheet-a4-24", "roll-50x30", "turned"
SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
SCANS = {
    "plain": ScanModel(skew=0),
    "noisy": ScanModel(1.1, 12, 0, 0.8, 50),
    "fine": ScanModel(1.2, 5, 0, dpi=600),
    "coarse": ScanModel(0.5, 5, 0, dpi=240),
}

TURNED_TEMPLATE = """
format = 1
sample = { x = 39, y = 42, width = 20.5, height = 13.5 }
element = [
  { kind = "data-matrix", x = 2, y = 2, size = 28 },
  { kind = "text", x = 2, y = 32, width = 36, text = "{title}", font = "sans-bold", size = 8 },
  { kind = "text", x = 34, y = 4, width = 26, text = "{serial}", font = "mono", size = 7, rotate = 90 },
  { kind = "text", x = 42, y = 4, width = 26, text = "{batch}", size = 7, rotate = 270 },
  { kind = "box", x = 2, y = 38, width = 34, height = 10, fill = true },
  { kind = "text", x = 5, y = 40, width = 30, text = "Number {package}", size = 8, color = "#ffffff" },
]
[media]
kind = "roll"
label_width = 60
label_height = 56
"""
"""Texts that are turned, and one in white on black."""


@pytest.fixture(scope="module")
def made(new_factory: Callable[[], Factory]) -> Factory:
    factory = new_factory()
    factory.add(oob_bytes=16)
    (factory.root / "templates" / f"{TURNED}.toml").write_text(TURNED_TEMPLATE)
    for template, units in ((SHEET, 24), (ROLL, 2), (TURNED, 2)):
        factory.issue(units, template)
        factory.label(template, template)
    return factory


@pytest.fixture(scope="module")
def sheets(new_factory: Callable[[], Factory]) -> Factory:
    return of_each_kind(new_factory())


def changing(edits: dict[str, str]) -> Callable[[int, LabelRow], LabelRow]:
    """Texts that begin with one are replaced, as a format says."""

    def change(_: int, row: LabelRow) -> LabelRow:
        for begin, shape in edits.items():
            (old,) = [text for text in row.texts if text and text.startswith(begin)]
            row = with_text(row, old, shape.format(old))
        return row

    return change


def contents(
    factory: Factory, press: Press, page: Grey, model: ScanModel, beyond: Callable[[Grey], Grey] = lambda page: page
) -> list[LabelContent]:
    """What is found of the labels of a page at `DRAWN` dpi, with white around it."""
    around = round(AROUND_MM * DRAWN / 25.4)
    page = beyond(np.pad(page, around, constant_values=255))
    to_pixels = frame_at_dpi(press.label_file, 1, model.dpi).matrix.copy()
    to_pixels[2, :2] += around * model.dpi / DRAWN
    expected = expected_of(factory, press)
    return check_labels(model.scan(page, DRAWN), expected, [to_pixels] * len(expected.labels))


def said(found: LabelContent) -> list[tuple[ContentFault, str]]:
    return [(fault.fault, fault.planned) for fault in found.faults]


@pytest.mark.parametrize("scan", SCANS)
@pytest.mark.parametrize("shape", ["{}7", "{}l", "{} Pro", "X{}", "1{}"])
def test_more_at_either_end_of_one_text_is_found(made: Factory, shape: str, scan: str) -> None:
    press = Press.of(made, SHEET)
    wrong = {number: "ebK" if number % 2 else "Package" for number in range(1, 13)}

    def change(number: int, row: LabelRow) -> LabelRow:
        return changing({wrong[number]: shape})(number, row) if number in wrong else row

    found = contents(made, press, press.page(1, DRAWN, change), SCANS[scan])
    for number, content in enumerate(found, 1):
        planned = [text for text in press.rows[number].texts if text and text.startswith(wrong.get(number, "~"))]
        assert said(content) == [(ContentFault.WRONG_TEXT, text) for text in planned], number
        assert not content.not_judged


@pytest.mark.parametrize("end", ["{}~", "~{}"])
def test_every_letter_and_digit_is_seen(made: Factory, end: str) -> None:
    press = Press.of(made, SHEET)
    for start in range(0, len(SIGNS), 12):
        signs = SIGNS[start : start + 12]

        def change(number: int, row: LabelRow, signs: str = signs) -> LabelRow:
            more = end.replace("~", signs[number - 1 : number]) if number <= len(signs) else "{}"
            return changing({"Package": more})(number, row)

        found = contents(made, press, press.page(1, DRAWN, change), SCANS["plain"])
        unseen = [sign for sign, content in zip(signs, found, strict=False) if not content.faults]
        assert not unseen
        assert not [content.faults for content in found[len(signs) :] if content.faults]


@pytest.mark.parametrize("medium", ["plain", "photo"])
@pytest.mark.parametrize(
    ("kind", "edit"),
    [
        ("sheet", instead(("{title}", "{title} Pro"))),
        ("sheet", instead(("of {packages},", "of {packages}0,"), (", {units} in pack", ""))),
        ("retail", instead(("{packages}", "{packages}0"))),
        ("roll", instead(("{title}", "{title} II"))),
        ("unit", instead(("{title}", "{title}s"))),
    ],
)
def test_more_on_every_label_is_found(sheets: Factory, tmp_path: Path, kind: str, edit: Edit, medium: str) -> None:
    found = verified(sheets, tmp_path, kind, medium, edit)
    assert not found.passed
    assert {fault for fault, _ in found.faults} == {"wrong text"}
    assert sum(found.faults.values()) == found.labels


@pytest.mark.parametrize("scan", SCANS)
@pytest.mark.parametrize(("begin", "is_white"), [("ebK", False), ("Number", True)])
@pytest.mark.parametrize("shape", ["{}8", "H{}"])
def test_turned_and_white_texts_are_looked_at_too(
    made: Factory, begin: str, is_white: bool, shape: str, scan: str
) -> None:
    press = Press.of(made, TURNED)
    (right,) = contents(made, press, press.page(1, DRAWN), SCANS[scan])
    assert not right.faults
    assert not right.not_judged
    (found,) = contents(made, press, press.page(1, DRAWN, changing({begin: shape})), SCANS[scan])
    assert [fault for fault, _ in said(found)] == [ContentFault.WRONG_TEXT]
    assert found.faults[0].planned.startswith(begin)


def test_it_is_said_that_more_is_there(made: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it is may be a guess; that it is there is none."""
    press = Press.of(made, SHEET)
    page = press.page(1, DRAWN, changing({"ebK": "{}7"}))
    monkeypatch.setattr(text_ocr, "_engine", lambda: None)
    found = contents(made, press, page, SCANS["plain"])
    for number, content in enumerate(found, 1):
        (fault,) = content.faults
        assert (fault.seen, fault.guess) == (f"{press.rows[number].texts[0]}{NOT_MADE_OUT}", False)


def _on_a_desk(page: Grey) -> Grey:
    """The label is cut out a little too small, and lies on something dark; its neighbour's ink is near."""
    around, cut = round(AROUND_MM * DRAWN / 25.4), round(0.4 * DRAWN / 25.4)
    found = np.full_like(page, 60)
    inner = (slice(around + cut, -around - cut),) * 2
    found[inner] = page[inner]
    return found


def _dusty(page: Grey) -> Grey:
    """Specks of up to a fifth of a millimetre all over it, and fluff."""
    random, found = np.random.default_rng(5), page.copy()
    for _ in range(3 * page.size // DRAWN**2 * 40):
        y, x = (int(random.integers(12, side - 12)) for side in page.shape)
        high, wide = random.integers(1, 5, 2)
        found[y : y + high, x : x + wide] = random.integers(30, 160)
    return found


def _ruled(page: Grey) -> Grey:
    """Where labels are cut there are lines."""
    around, found = round(AROUND_MM * DRAWN / 25.4), page.copy()
    for at in (around - 3, -around + 1):
        found[at : at + 3] = found[:, at : at + 3] = 90
    return found


@pytest.mark.parametrize("scan", SCANS)
@pytest.mark.parametrize("beyond", [_on_a_desk, _dusty, _ruled])
@pytest.mark.parametrize("template", [ROLL, TURNED])
def test_what_lies_beside_right_labels_is_no_text(
    made: Factory, template: str, beyond: Callable[[Grey], Grey], scan: str
) -> None:
    press = Press.of(made, template)
    for content in contents(made, press, press.page(1, DRAWN), SCANS[scan], beyond):
        assert not [fault for fault in content.faults if "text" in fault.fault.value]


def test_where_the_picture_ends_behind_a_text_it_is_not_judged(made: Factory) -> None:
    """Whether more stood there nobody can say."""
    press = Press.of(made, ROLL)
    expected = expected_of(made, press)
    (label,) = expected.labels
    serial = next(text for text in label.texts if text.text.startswith("ebK"))
    model, scale = SCANS["plain"], SCANS["plain"].dpi / 25.4
    scanned = model.scan(press.page(1, DRAWN), DRAWN)
    ends = scanned[:, : round((serial.x + serial.width + 0.7) * scale)]
    (whole,) = contents(made, press, press.page(1, DRAWN), model)
    (found,) = check_labels(ends, expected, [frame_at_dpi(press.label_file, 1, model.dpi).matrix])
    assert not whole.not_judged
    assert not found.faults
    assert found.not_judged


def test_more_in_black_and_white_is_told_as_not_judged(made: Factory) -> None:
    press = Press.of(made, SHEET)
    page = press.page(1, DRAWN, changing({"ebK": "{}7"}))

    def black_and_white(found: Grey) -> Grey:
        return np.where(found < 128, 0, 255).astype(np.uint8)

    scanned = black_and_white(SCANS["fine"].scan(page, DRAWN))
    expected = expected_of(made, press)
    found = check_labels(scanned, expected, [frame_at_dpi(press.label_file, 1, 600).matrix] * len(expected.labels))
    for content in found:
        assert not content.faults
        assert content.without_grey
