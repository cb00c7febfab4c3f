"""Single labels in photographs: without a sheet around it and without a resolution, a worn symbol alone says whose it
is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bss_mfg.imaging import search
from bss_mfg.imaging.budget import LOOK_COST
from bss_mfg.imaging.fitting import Surroundings
from bss_mfg.verify.outcome import VerifyOptions
from bss_mfg.verify.verification import verify
from tests.helpers.factory import Factory, make_factory, print_sheets
from tests.helpers.pictures import Grey
from tests.helpers.repeatable import RepeatableSource
from tests.helpers.scans import PX, sheet

PACKAGE = 2
"""One of those, a third of all, whose symbol hangs together with each of these lines of type."""
TYPE = [(3, 20, 40, 24, 120), (1, 24, 60, 28, 200), (3, 30, 40, 24, 160)]
"""Lines of type that hang together with the symbol they stand beside, in coarse pixels: a seed, how far beside it, from
line to line, how high, how wide."""


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Factory:
    """Two batches of one sheet each, always with the same symbols, whatever the run's seed: whether a worn one is found
    without looking for it depends on its modules."""
    source = RepeatableSource("worn labels")
    with pytest.MonkeyPatch.context() as patch:
        source.install(patch)
        with source.of("their factory"):
            return print_sheets(make_factory(tmp_path_factory.mktemp("worn") / "w"))


@pytest.fixture
def busy_label(printed: Factory) -> Callable[..., Grey]:
    """A symbol of batch B that is worn in its middle, or one that nobody knows, close to lines of type."""
    with printed.ledger() as ledger:
        label_file = next(file for file in ledger.prints.label_files("B") if file.each == "package")
    x, y, side, _ = (round(length * PX) for length in label_file.symbol_boxes[PACKAGE - 1])
    worn = sheet(printed, "B")[y - 40 : y + side + 40, x - 40 : x + side + 1].copy()
    worn[40 + side * 3 // 10 : 40 + side * 7 // 10, 40 + side * 3 // 10 : 40 + side * 7 // 10] = 255
    module = side // label_file.modules
    dark = np.random.default_rng(7).random((label_file.modules, label_file.modules)) < 0.5
    unknown = np.full_like(worn, 255)
    modules = np.kron(dark, np.ones((module, module), bool))
    unknown[40 : 40 + len(modules), 40 : 40 + len(modules)][modules] = 0

    def draw(seed: int, gap: int, line_px: int, type_px: int, width: int, is_ours: bool = True) -> Grey:
        rng = np.random.default_rng(seed)
        label = np.pad(worn if is_ours else unknown, ((0, 0), (0, gap + width + 40)), constant_values=255)
        for row in range(40, 40 + side - type_px, line_px):
            ink = np.kron(rng.random((type_px // 4, width // 4)) < 0.45, np.ones((4, 4), bool))
            left = 40 + side + gap
            label[row : row + type_px, left : left + width] = np.where(ink, 25, 255)
        return np.pad(label, 100, constant_values=255)

    return draw


def unreadable(line: Factory, picture: Grey, file: Path) -> list[int | None]:
    """The packages that are named though no reader reads their symbols."""
    Image.fromarray(picture).save(file)  # without a resolution, as of a camera
    with line.ledger() as ledger:
        outcome = verify(ledger, ledger.batches.get("B"), [file], VerifyOptions(partial=True))
        return [item.package for item in outcome.findings if item.kind.value == "unreadable"]


def look_at_no_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    full = search.find_patches

    def likely(grey: Grey, limit: int, module_px: float | None) -> search.Patches:
        return search.Patches(full(grey, limit, module_px).likely, [])

    monkeypatch.setattr(search, "find_patches", likely)


@pytest.mark.parametrize("type_", TYPE)
def test_a_worn_label_is_known_though_its_texts_hang_together_with_it(
    printed: Factory,
    tmp_path: Path,
    busy_label: Callable[..., Grey],
    type_: tuple[int, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    picture = busy_label(*type_)
    assert unreadable(printed, picture, tmp_path / "worn.png") == [PACKAGE]
    look_at_no_hidden(monkeypatch)
    assert PACKAGE not in unreadable(printed, picture, tmp_path / "control.png"), "nothing hides it"


@pytest.mark.parametrize(("copies", "looks"), [(1, [1]), (2, [1, 2]), (4, [0])])
def test_a_picture_in_which_nothing_is_read_costs_hardly_more(
    printed: Factory,
    tmp_path: Path,
    busy_label: Callable[..., Grey],
    copies: int,
    looks: list[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What may be hidden is looked for, four ways round, in two patches at most, and not read by stronger means."""
    picture = np.vstack([busy_label(*TYPE[0], is_ours=False)] * copies)
    searches: list[None] = []
    best_shift = Surroundings.best_shift

    def counted(self: Surroundings, light: np.ndarray) -> object:
        searches.append(None)
        return best_shift(self, light)

    monkeypatch.setattr(Surroundings, "best_shift", counted)
    assert PACKAGE not in unreadable(printed, picture, tmp_path / "all.png")
    with_hidden = len(searches)
    searches.clear()
    look_at_no_hidden(monkeypatch)
    assert PACKAGE not in unreadable(printed, picture, tmp_path / "likely.png")
    assert (with_hidden - len(searches)) / LOOK_COST in looks
