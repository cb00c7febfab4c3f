"""How much two characters have to differ, by how far those of a page lean towards others."""

from __future__ import annotations

from math import inf

import numpy as np

from bss_mfg.imaging.text_certainty import STEPS, Leanings, differ_times, no_leanings, times_by_size


def leanings(*by_step: float, count: int = 60) -> Leanings:
    return lambda times: np.full(count, by_step[STEPS.index(times)])


SHARP, POOR = leanings(0.01, 0.0, 0.0, -inf), leanings(0.3, 0.25, 0.2, 0.2)


def test_characters_must_differ_more_in_a_poorer_picture() -> None:
    assert differ_times(SHARP) == 1.0
    assert differ_times(leanings(0.2, 0.1, 0.04, 0.0)) == 2.0
    assert differ_times(POOR) == inf


def test_some_wrong_characters_say_nothing_of_a_picture() -> None:
    assert differ_times(lambda times: np.concatenate([SHARP(times), np.full(25, 1.0)])) == 1.0


def test_a_larger_text_that_is_wrong_on_all_labels_is_judged() -> None:
    """Its characters all lean to others; the smaller type shows that the picture is sharp."""
    wrong = leanings(1.0, 1.0, 1.0, 1.0)
    assert times_by_size({1: (3.0, wrong), 2: (2.0, SHARP)})[1] == 1.0
    assert times_by_size({1: (3.0, wrong), 2: (5.0, SHARP)})[1] == inf


def test_few_characters_are_judged_as_the_others_of_their_size() -> None:
    few = leanings(0.2, 0.2, 0.2, 0.2, count=5)
    assert times_by_size({1: (2.0, few), 2: (2.0, SHARP)}) == {1: 1.0, 2: 1.0}
    assert times_by_size({1: (2.0, few)}) == {1: inf}
    assert times_by_size({1: (2.0, leanings(0.0, 0.0, 0.0, 0.0, count=5))}) == {1: 1.0}


def test_a_page_without_characters_is_judged_as_usual() -> None:
    assert times_by_size({1: (2.0, no_leanings)}) == {1: 1.0}
