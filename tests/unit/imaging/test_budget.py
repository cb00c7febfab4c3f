"""The attempts at a page are counted: what is refused stays refused, and half is half."""

from __future__ import annotations

import pytest

from bss_mfg.imaging.budget import AttemptBudget, AttemptLimits


def test_what_cannot_be_afforded_is_refused_for_good() -> None:
    budget = AttemptBudget(AttemptLimits(5, 1))
    assert [budget.take_steps(count) for count in (3, 3, 1)] == [True, False, False]
    assert budget.refusals == 2
    assert [budget.take_second_read(), budget.take_second_read()] == [True, False]


def test_a_half_is_taken_from_the_whole_and_leaves_the_rest() -> None:
    budget = AttemptBudget(AttemptLimits(10, 4))
    half = budget.half()
    assert [half.take_steps(1) for _ in range(7)] == [True] * 5 + [False] * 2
    assert [half.take_second_read() for _ in range(3)] == [True, True, False]
    assert budget.refusals == 0
    assert [budget.take_steps(1) for _ in range(6)] == [True] * 5 + [False]
    assert [budget.take_second_read() for _ in range(3)] == [True, True, False]


@pytest.mark.parametrize("labels", [1, 24, 48, 100])
def test_limits_are_enough_for_a_sheet_that_is_wholly_damaged(labels: int) -> None:
    """Found anywhere: five patterns in four turns, five fits; then at its place, refitted, and compared with all."""
    limits = AttemptLimits.for_labels(labels)
    assert labels * (5 * (4 + 2)) <= limits.steps // 2
    assert labels * (3 + 6 + labels - 1) <= limits.steps // 2 or labels > 24
    assert 2 * labels <= limits.second_reads or labels > 60


def test_limits_are_bounded() -> None:
    assert AttemptLimits.for_labels(10_000) == AttemptLimits(12_000, 120)
