"""Acceptance sampling: the published tables' cells, the draw, the decision and the switching rules."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bss_mfg.errors import InputError
from bss_mfg.verify.sampling_plans import (
    AQLS,
    INSPECTION_SEVERITIES,
    DecidedLot,
    InspectionSeverity,
    aql_of,
    decide_lot,
    drawn_numbers,
    next_inspection,
    sampling_plan,
)

# Lot, AQL -> code letter used, sample, acceptance number, as printed in the standard's master tables.
NORMAL = [
    (1000, "1.0", "J", 80, 2), (2000, "0.65", "K", 125, 2), (100, "1.0", "E", 13, 0), (200, "1.0", "H", 50, 1),
    (500, "2.5", "H", 50, 3), (3200, "2.5", "K", 125, 7), (5000, "4.0", "L", 200, 14), (20000, "0.10", "N", 500, 1),
    (40000, "0.010", "Q", 1250, 0), (8, "1.0", "E", 8, 0), (8, "6.5", "A", 2, 0), (8, "10", "C", 5, 1),
    (600000, "1.0", "Q", 1250, 21), (600000, "2.5", "N", 500, 21), (10000, "0.15", "M", 315, 1),
]  # fmt: skip
TIGHTENED = [
    (2000, "0.65", "K", 125, 1), (1000, "1.0", "J", 80, 1), (3200, "1.0", "K", 125, 2), (10000, "1.0", "L", 200, 3),
    (150, "1.0", "F", 20, 0), (280, "1.0", "J", 80, 1), (100000, "1.0", "N", 500, 8), (600000, "1.0", "Q", 1250, 18),
    (500, "2.5", "H", 50, 2), (600000, "0.025", "S", 3150, 1),
]  # fmt: skip
REDUCED = [
    (90, "1.0", "E", 5, 0), (150, "1.0", "E", 5, 0), (280, "1.0", "J", 32, 1), (1000, "1.0", "J", 32, 1),
    (3200, "1.0", "K", 50, 2), (10000, "1.0", "L", 80, 3), (35000, "1.0", "M", 125, 5), (100000, "1.0", "N", 200, 6),
    (500000, "1.0", "P", 315, 8), (600000, "1.0", "Q", 500, 10), (280, "2.5", "G", 13, 1),
    (600000, "2.5", "N", 200, 10),
]  # fmt: skip


@pytest.mark.parametrize(
    ("inspection", "lot", "aql", "letter", "sample", "accept"),
    [
        (name, *row)
        for name, rows in zip(INSPECTION_SEVERITIES, (NORMAL, TIGHTENED, REDUCED), strict=True)
        for row in rows
    ],
)
def test_published_cells(
    inspection: InspectionSeverity, lot: int, aql: str, letter: str, sample: int, accept: int
) -> None:
    plan = sampling_plan(aql, lot, inspection)
    assert (plan.letter, plan.sample, plan.accept, plan.reject) == (letter, sample, accept, accept + 1)


@given(st.sampled_from(AQLS), st.integers(2, 2_000_000), st.sampled_from(INSPECTION_SEVERITIES))
def test_every_lot_has_a_plan_and_tightened_is_never_laxer(aql: str, lot: int, inspection: InspectionSeverity) -> None:
    plan = sampling_plan(aql, lot, inspection)
    assert 1 <= plan.sample <= lot
    assert 0 <= plan.accept < plan.reject
    normal, tightened = sampling_plan(aql, lot), sampling_plan(aql, lot, "tightened")
    if aql == "10" and 5 <= lot <= 8:
        # The one place where the tables' arrows part: 2-A leads from letter A down to C, 2-B has a plan at A.
        assert (normal.sample, normal.accept, tightened.sample, tightened.accept) == (5, 1, 2, 0)
        return
    assert (tightened.accept + 1) / tightened.sample <= (normal.accept + 1) / normal.sample + 1e-9


@given(st.sampled_from(AQLS), st.integers(2, 20_000), st.text(max_size=8))
def test_a_draw_is_of_the_lot_distinct_and_repeatable(aql: str, lot: int, seed: str) -> None:
    plan = sampling_plan(aql, lot)
    numbers = drawn_numbers(plan, seed)
    assert numbers == drawn_numbers(plan, seed)
    assert len(set(numbers)) == len(numbers) == plan.sample
    assert list(numbers) == sorted(numbers)
    assert numbers[0] >= 1
    assert numbers[-1] <= lot


def test_another_seed_draws_others_and_all_are_drawn_alike() -> None:
    plan = sampling_plan("1.0", 1000)
    assert drawn_numbers(plan, "a") != drawn_numbers(plan, "b")
    hits = [0] * 10
    for turn in range(200):
        for number in drawn_numbers(plan, str(turn)):
            hits[(number - 1) // 100] += 1
    assert max(hits) < 1.1 * min(hits)


def test_decision_at_the_edges() -> None:
    plan = sampling_plan("1.0", 1000)  # 80, accept up to 2
    sample = drawn_numbers(plan, "x")
    assert decide_lot(plan, sample, sample, ()).verdict == "accept"
    assert decide_lot(plan, sample, sample, sample[:2]).verdict == "accept"
    assert decide_lot(plan, sample, sample, sample[:3]).verdict == "reject"
    assert decide_lot(plan, sample, (), sample[:3]).verdict == "reject"
    early = decide_lot(plan, sample, sample[:-1], sample[:2])
    assert (early.verdict, early.open) == ("incomplete", sample[-1:])
    others = [number for number in range(1, 1001) if number not in sample]
    assert decide_lot(plan, sample, sample, others).verdict == "accept"


@pytest.mark.parametrize("name", ["aql-1.0", "AQL-1", "1.0", "aql-1.00%"])
def test_names_of_plans(name: str) -> None:
    assert aql_of(name) == "1.0"


@pytest.mark.parametrize("name", ["aql-3", "", "aql-", "nan", "-1.0", "../x"])
def test_unknown_plans_are_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(InputError, match=r"0\.065"):
        aql_of(name)


def lots(
    inspection: InspectionSeverity, *accepted: bool, aql: str = "1.0", lot: int = 1000, wrong: int = 0
) -> list[DecidedLot]:
    plan = sampling_plan(aql, lot, inspection)
    return [DecidedLot(plan, item, wrong if item else plan.reject) for item in accepted]


def test_two_rejected_of_five_tighten_and_five_accepted_loosen() -> None:
    assert next_inspection([])[0] == "normal"
    assert next_inspection(lots("normal", True, False, True))[0] == "normal"
    assert next_inspection(lots("normal", False, True, True, True, False))[0] == "tightened"
    assert next_inspection(lots("normal", False, True, True, True, True, False))[0] == "normal"
    tight = lots("normal", False, False) + lots("tightened", True, True, True, True)
    assert next_inspection(tight)[0] == "tightened"
    assert next_inspection(tight + lots("tightened", True))[0] == "normal"
    assert next_inspection(tight + lots("tightened", False, True, True, True, True))[0] == "tightened"


def test_the_switching_score_allows_reduced_inspection() -> None:
    # Acceptance number 2: three points for a lot that one step tighter would have accepted too.
    assert next_inspection(lots("normal", *[True] * 9))[0] == "normal"
    assert next_inspection(lots("normal", *[True] * 10))[0] == "reduced"
    assert next_inspection(lots("normal", *[True] * 10, wrong=2))[0] == "normal"
    # Acceptance number 0: two points for each accepted lot.
    assert next_inspection(lots("normal", *[True] * 14, aql="0.15", lot=100))[0] == "normal"
    assert next_inspection(lots("normal", *[True] * 15, aql="0.15", lot=100))[0] == "reduced"
    assert next_inspection(lots("normal", *[True] * 10) + lots("reduced", True, True))[0] == "reduced"
    assert next_inspection(lots("normal", *[True] * 10) + lots("reduced", True, False))[0] == "normal"
