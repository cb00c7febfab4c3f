"""What is told of a label that is not right is the reason, and not what follows from it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.helpers.factory import Factory
from tests.helpers.pictures import Grey, pdfium
from tests.helpers.scans import cell, sheet
from tests.helpers.wrong_labels import Press, ScanModel
from tests.independent.test_unit_labels import CARTON, DEVICE


def saved(page: Grey | Image.Image, to: Path) -> Path:
    Image.fromarray(np.asarray(page)).save(to, dpi=(300, 300))
    return to


def paled(page: Grey, levels: int) -> Grey:
    """The same in so many levels of grey, near white."""
    return (255 - levels + page.astype(float) * levels / 255).astype(np.uint8)


@pytest.mark.parametrize(("noise", "pale"), [(0, 14), (1, 7)])
def test_a_page_that_is_printed_too_pale_is_not_called_blank(
    printed: Factory, tmp_path: Path, noise: int, pale: int
) -> None:
    random = np.random.default_rng(3)
    for levels, words in ((pale, "too pale to be read: print it darker"), (0, "blank: nothing is printed on it")):
        page = paled(sheet(printed, "B"), levels) - np.abs(random.normal(0, noise, sheet(printed, "B").shape))
        done = printed.cli("verify", "B", saved(np.clip(page, 0, 255).astype(np.uint8), tmp_path / "scan.png"))
        assert words in done.out
        (told,) = printed.cli("verify", "B", tmp_path / "scan.png", "--json").json["not_understood"]
        assert told["blank"] is (levels == 0)


def test_a_pale_label_among_others_is_told_from_one_that_is_covered(printed: Factory, tmp_path: Path) -> None:
    page = sheet(printed, "B")
    page[cell(4)] = paled(page[cell(4)], 7)
    page[cell(12)], page[cell(13)] = 255, 235
    found = printed.cli("verify", "B", saved(page, tmp_path / "scan.png"), "--json").json["findings"]
    told = {item["package"]: (item["verdict"], item["detail"]) for item in found if item["verdict"] != "matched"}
    assert {package: verdict for package, (verdict, _) in told.items()} == {
        4: "unreadable", 12: "missing", 13: "missing"
    }  # fmt: skip
    assert "too pale to be read: print it darker" in told[4][1]


@pytest.fixture(scope="module")
def factory(new_factory: Callable[[], Factory]) -> Factory:
    """A batch with labels of units and cartons."""
    factory = new_factory()
    for name, text in (("device", DEVICE), ("carton", CARTON)):
        (factory.root / "templates" / f"{name}.toml").write_text(text)
    factory.add(oob_bytes=16, units_per_package=2)
    factory.issue(12, "A")
    for template in ("device", "carton"):
        factory.label("A", template)
    return factory


def test_units_labels_on_a_small_and_turned_page_are_scaled_and_no_duplicates(factory: Factory, tmp_path: Path) -> None:
    """The corners of bars that lie aslant are not found: they don't make a second label of theirs."""
    page = Image.fromarray(Press.of(factory, "A", each="unit").page())
    small = Image.new("L", page.size, 255)
    small.paste(page.resize((int(page.width * 0.9), int(page.height * 0.9))), (60, 60))
    turned = small.rotate(10, fillcolor=255, resample=Image.Resampling.BICUBIC, expand=True)
    done = factory.cli("verify", "A", saved(turned, tmp_path / "p.png"), "--each", "unit", "--partial", "--json")
    shown = [item for item in done.json["findings"] if not item["unseen"]]
    assert [(item["verdict"], item["print_faults"]) for item in shown] == [("misprinted", ["scaled"])] * 6


def test_a_mirrored_carton_label_with_bars_alone_is_mirrored_and_nothing_else(factory: Factory, tmp_path: Path) -> None:
    """Bars read the same either way; its texts lie where they would be in a mirror."""
    press = Press.of(factory, "A", each="carton")
    page = ScanModel(skew=0.2).scan(press.page(), 300, 1)
    x, y, width, height = (int(side * 300 / 25.4) for side in press.label_file.symbol_boxes[0])
    label = np.pad(page[y : y + height, x : x + width], 150, constant_values=230)
    for name, shown in (("right", label), ("mirrored", np.fliplr(label))):
        found = factory.cli(
            "verify", "A", saved(shown, tmp_path / f"{name}.png"), "--each", "carton", "--partial", "--json"
        ).json["findings"]
        told = [(item["verdict"], item["print_faults"]) for item in found if not item["unseen"]]
        assert told == ([("matched", [])] if name == "right" else [("misprinted", ["mirrored"])])


@pytest.fixture(scope="module")
def cartons(new_factory: Callable[[], Factory]) -> Factory:
    """A batch with the label of its one carton, as it is shipped with bss-mfg."""
    factory = new_factory()
    factory.add(oob_bytes=16)
    factory.issue(12)
    factory.label(template="carton-105x74")
    return factory


def carton_of(cartons: Factory) -> Grey:
    """Its label as it was drawn."""
    (file,) = (cartons.root / "batches" / "B1" / "labels").glob("*.pdf")
    return pdfium(file, 300)


@pytest.mark.parametrize("levels", [2, 256])
@pytest.mark.parametrize("turn", [np.fliplr, np.flipud])
def test_a_mirrored_label_is_known_by_where_its_other_codes_lie(
    cartons: Factory, tmp_path: Path, levels: int, turn: Callable[[Grey], Grey]
) -> None:
    """Its bars read either way, and in black and white its texts can't be judged."""
    grey = carton_of(cartons)
    if levels == 2:
        grey = np.where(grey > 127, 255, 0).astype(np.uint8)
    for page, verdict in ((grey, "matched"), (turn(grey), "misprinted")):
        done = cartons.cli("verify", "B1", saved(page, tmp_path / "scan.png"), "--each", "carton", "--json")
        assert [item["verdict"] for item in done.json["findings"]] == [verdict]
        assert done.json["other_codes"] == []


def test_a_label_without_its_number_is_one_of_ours_that_does_not_say_which(cartons: Factory, tmp_path: Path) -> None:
    grey = carton_of(cartons)
    grey[round(46 / 25.4 * 300) :] = 255
    done = cartons.cli("verify", "B1", saved(grey, tmp_path / "scan.png"), "--each", "carton", "--json")
    assert done.code == 1
    (found,) = [item for item in done.json["findings"] if not item["unseen"]]
    assert (found["verdict"], "its Code 128, which says which it is, was not read" in found["detail"]) == (
        "mismatched", True
    ), found  # fmt: skip
