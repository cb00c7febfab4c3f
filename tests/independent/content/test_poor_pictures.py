"""In poor pictures, right texts are not called wrong, and wrong ones do not pass without a word."""

from __future__ import annotations

import pytest

from tests.independent.content.poor_pictures import Bench, Shot, Tally, run, shots


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench.build(tmp_path_factory.mktemp("poor") / "w")


def test_poor_pictures_of_all_sorts_are_judged_right_or_not_at_all(bench: Bench) -> None:
    """A sample of all settings, blurs, printers and kinds of labels. Keys are random, so no two runs see the same
    pictures: at the promised one false alarm in 10,000 labels, every fortieth run has one, and one in 3,000 has two."""
    tally = run(bench, list(shots(64, 1)))
    assert len(tally.alarms) <= 1, tally.alarms
    assert not tally.silent
    assert tally.right > 150
    assert tally.found >= 4
    assert tally.seen > 0
    assert tally.judged >= 0.9 * tally.seen


@pytest.mark.parametrize(
    "shot",
    [
        Shot("sheet", 200, "middle", 0.5, 2.0, "fine", 0.0),
        Shot("sheet", 300, "dither", 0.5, 2.0, "fine", 0.0),
        Shot("roll", 200, "jpeg", 1.6, 2.0, "fine", 0.0),
        Shot("sheet", 600, "grey", 0.5, 2.0, "203", 0.0),
        Shot("sheet", 300, "grey", 2.5, 2.0, "203", 0.0),
    ],
    ids=["black and white", "dithered", "few pixels", "coarse printer", "out of focus"],
)
def test_right_labels_are_not_called_wrong(bench: Bench, shot: Shot) -> None:
    tally = run(bench, [(seed, 1, shot) for seed in range(2)])
    assert tally.right >= 2
    assert not tally.alarms


@pytest.mark.parametrize("mode", ["middle", "dither"])
def test_a_wrong_text_in_black_and_white_is_told_as_not_judged(bench: Bench, mode: str) -> None:
    tally = Tally()
    bench.judge(Shot("sheet", 300, mode, 0.5, 2.0, "fine", 1.0), 1, 5, tally)
    assert tally.wrong == 12 == tally.told + tally.found
