"""Another text on every label, or on the only one: nothing on the page shows how the right one looks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from bss_mfg.label.expected import WorkspaceLabels
from bss_mfg.verify.outcome import VerifyOptions
from bss_mfg.verify.verification import verify
from tests.helpers.factory import Factory
from tests.helpers.wrong_labels import Edit, Press, ScanModel
from tests.independent.verdicts.press import take

KINDS = {
    "sheet": ("sheet-a4-24", "package"),
    "retail": ("retail-letter-10", "package"),
    "roll": ("roll-50x30", "package"),
    "unit": ("device-30x20", "unit"),
    "carton": ("carton-105x74", "carton"),
}
SCANS = {"plain": ScanModel(), "noisy": ScanModel(1.0, 12, -0.8, 0.8, 50), "fine": ScanModel(1.2, 5, dpi=600)}
CASES = ["plain", "noisy", "fine", "photo", "pdf"]


def of_each_kind(factory: Factory) -> Factory:
    """A batch of each kind of labels."""
    factory.add(oob_bytes=16)
    for kind, (template, _) in KINDS.items():
        factory.issue(24, kind)
        factory.label(kind, template)
    return factory


@pytest.fixture(scope="module")
def made(new_factory: Callable[[], Factory]) -> Factory:
    return of_each_kind(new_factory())


def instead(*pairs: tuple[str, str]) -> Edit:
    def edit(text: str) -> str:
        for old, new in pairs:
            assert old in text
            text = text.replace(old, new)
        return text

    return edit


@dataclass(frozen=True)
class Said:
    """Whether a verification passed, how many labels it saw, and the faults of these with the planned texts."""

    passed: bool
    labels: int
    faults: Counter[tuple[str, str]]
    seen: frozenset[str]
    """What stands there instead, where that is not said to be a guess."""


def verified(factory: Factory, folder: Path, kind: str, medium: str, edit: Edit = str) -> Said:
    """The first page of a batch, its template edited, and seen by a scanner or camera."""
    each = KINDS[kind][1]
    page = Press.of(factory, kind, each=each, edit=edit).page(1, 600 if medium in SCANS else 300)
    page = page if kind in ("sheet", "retail") else np.pad(page, 120, constant_values=255)
    if medium in SCANS:
        file = SCANS[medium].save(page, 600, folder / "scan.png", seed=3)
    else:
        file = take(page, medium, np.random.default_rng(1), folder, "page")
    options = VerifyOptions(partial=True, labels=WorkspaceLabels(factory.root), each=each)  # type: ignore[arg-type]
    with factory.ledger() as ledger:
        outcome = verify(ledger, ledger.batches.get(kind), [file], options)
        found = [fault for item in outcome.findings for fault in item.content]
        faults = [(fault.fault.value, fault.planned) for fault in found]
    labels = sum(count for kind_found, count in outcome.counts.items() if kind_found != "missing")
    return Said(outcome.passed, labels, Counter(faults), frozenset(fault.seen for fault in found if not fault.guess))


@pytest.mark.parametrize("medium", CASES)
@pytest.mark.parametrize("kind", KINDS)
def test_another_products_title_on_every_label_is_found(made: Factory, tmp_path: Path, kind: str, medium: str) -> None:
    said = verified(made, tmp_path, kind, medium, instead(("{title}", "Candle Lamp")))
    assert not said.passed
    assert said.faults == {("wrong text", "Mesh Bulb"): said.labels}


@pytest.mark.parametrize("medium", ["noisy", "photo"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_right_title_is_not(made: Factory, tmp_path: Path, kind: str, medium: str) -> None:
    said = verified(made, tmp_path, kind, medium)
    assert said.passed
    assert not said.faults


def test_another_text_is_found_beside_a_right_one_of_its_font(made: Factory, tmp_path: Path) -> None:
    """Half of the font's characters are wrong: that must not pass for the picture's noise."""
    said = verified(made, tmp_path, "retail", "plain", instead(('"{batch}"', '"B0042"')))
    assert said.faults == {("wrong text", "retail"): 10}
    assert "retnil" not in said.seen


def smaller(text: str) -> str:
    """Four fifths of the title's size."""
    return re.sub(r"size = ([0-9.]+)\nfit", lambda found: f"size = {0.8 * float(found[1])}\nfit", text)


ALONE = instead(("Serial number", "Seriennummer"))
"""Most of its letters are those of the right text, nearly in their places."""

SAME_ON_ALL: dict[str, tuple[Edit, int]] = {
    "another language": (instead(("Serial number", "Seriennummer"), ("Batch {batch}", "Charge {batch}")), 2),
    "swapped": (instead(("{title}", "~"), ("Serial number", "{title}"), ("~", "Serial number")), 2),
    "another font": (instead(('"sans-bold"', '"mono"')), 1),
    "a smaller size": (smaller, 1),
    "a longer name": (instead(("{title}", "Garden Lights")), 1),
    "a shorter name": (instead(("{title}", "Fan")), 1),
    "nothing": (instead(("{title}", " ")), 1),
    "a prefix before serials": (instead(('"{serial}"', '"S/N {serial}"')), 1),
    "numbers in place of serials": (instead(('"{serial}"', '"{package:06}"')), 1),
    "all constants": (
        instead(("{title}", "Candle Lamp"), ("Serial number", "Made by"), ("Batch {batch}", "Not for sale")),
        3,
    ),
}
"""What is done to every label, and how many of its texts are wrong then."""


@pytest.mark.parametrize("medium", ["plain", "photo"])
@pytest.mark.parametrize("kind", ["sheet", "roll"])
@pytest.mark.parametrize("case", SAME_ON_ALL)
def test_what_is_wrong_on_every_label_is_found(
    made: Factory, tmp_path: Path, case: str, kind: str, medium: str
) -> None:
    edit, wrong = SAME_ON_ALL[case]
    said = verified(made, tmp_path, kind, medium, edit)
    assert not said.passed
    assert {fault for fault, _ in said.faults} <= {"wrong text", "missing text"}
    if case == "another language" and kind == "roll":
        # Of a lone label's one small font more is wrong than right, and one of the two is much like what it should be:
        # the label is named by the other.
        assert said.faults[("wrong text", "Batch roll")] == 1, said.faults
    else:
        assert sum(said.faults.values()) == wrong * said.labels, said.faults


@pytest.mark.parametrize("medium", ["plain", "photo"])
@pytest.mark.parametrize("kind", ["sheet", "roll"])
def test_a_text_that_is_much_like_the_right_one_is_found(made: Factory, tmp_path: Path, kind: str, medium: str) -> None:
    said = verified(made, tmp_path, kind, medium, ALONE)
    assert not said.passed
    assert said.faults == {("wrong text", "Serial number"): said.labels}


def test_a_character_of_small_type_is_a_guess(made: Factory, tmp_path: Path) -> None:
    """A lone device label says its serial in type of 4 points: which digit stands there is not sure, that one is wrong
    is."""
    said = verified(made, tmp_path, "unit", "plain", instead(('"{serial}"', '"ebK300000041"')))
    assert said.faults == {("wrong text", "ebK300000073"): 1}
    assert not said.seen
