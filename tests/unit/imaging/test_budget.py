"""The attempts at a page are counted: what is refused stays refused, and half is half."""

from __future__ import annotations

from bss_mfg.imaging.budget import ENHANCE_COST, FIT_COST, AttemptBudget, AttemptLimits


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


def test_limits_are_enough_for_a_sheet_that_is_wholly_damaged() -> None:
    """24 labels at their places: enhanced pictures, a search, a fit and two fits anew."""
    limits = AttemptLimits.for_patience()
    assert limits.steps >= 24 * (ENHANCE_COST + 3 * (1 + FIT_COST))
    assert limits.second_reads >= 24


def test_patience_multiplies_what_a_page_may_cost_and_nothing_else_does() -> None:
    once, thrice = AttemptLimits.for_patience(), AttemptLimits.for_patience(3)
    assert (thrice.steps, thrice.second_reads) == (3 * once.steps, 3 * once.second_reads)
    # About 5 ms a step and 200 ms a reading of libdmtx: with what quick reading costs, a page takes 15 s at most.
    assert once.steps * 0.005 + once.second_reads * 0.2 <= 13.5
