"""Acceptance sampling by attributes: ISO 2859-1, single plans, general inspection level II.

In each of the three master tables (2-A, 2-B, 2-C) the acceptance number depends only on the sum of the code letter's
and the AQL's positions, so each table is one line here, and the arrows follow from it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, get_args

from bss_mfg.core.languages import phrase
from bss_mfg.errors import InputError

InspectionSeverity = Literal["normal", "tightened", "reduced"]
INSPECTION_SEVERITIES: tuple[InspectionSeverity, ...] = get_args(InspectionSeverity)


_INSPECTIONS = {
    "normal": phrase("normal"),
    "tightened": phrase("tightened"),
    "reduced": phrase("reduced"),
}


class LotVerdict(StrEnum):
    """What is decided of a lot; the values are those of the history and of JSON."""

    ACCEPT = "accept"
    REJECT = "reject"
    INCOMPLETE = "incomplete"
    """Not all of the sample was checked."""


AQLS = (
    "0.010",
    "0.015",
    "0.025",
    "0.040",
    "0.065",
    "0.10",
    "0.15",
    "0.25",
    "0.40",
    "0.65",
    "1.0",
    "1.5",
    "2.5",
    "4.0",
    "6.5",
    "10",
)
"""Acceptance quality limits in percent nonconforming."""

_LETTERS = "ABCDEFGHJKLMNPQRS"
_LOT_LIMITS = (8, 15, 25, 50, 90, 150, 280, 500, 1_200, 3_200, 10_000, 35_000, 150_000, 500_000)
"""Largest lot of each code letter from A on, level II (table 1); beyond them Q."""
_SIZES: Mapping[InspectionSeverity, tuple[int, ...]] = {
    "normal": (2, 3, 5, 8, 13, 20, 32, 50, 80, 125, 200, 315, 500, 800, 1250, 2000),
    "tightened": (2, 3, 5, 8, 13, 20, 32, 50, 80, 125, 200, 315, 500, 800, 1250, 2000, 3150),
    "reduced": (2, 2, 2, 3, 5, 8, 13, 20, 32, 50, 80, 125, 200, 315, 500, 800),
}
_UP, _DOWN = -1, -2
_DIAGONAL: Mapping[InspectionSeverity, tuple[int, tuple[int, ...]]] = {
    "normal": (14, (0, _UP, _DOWN, 1, 2, 3, 5, 7, 10, 14, 21)),
    "tightened": (15, (0, _DOWN, _DOWN, 1, 2, 3, 5, 8, 12, 18)),
    "reduced": (14, (0, _UP, _DOWN, _DOWN, 1, 2, 3, 5, 6, 8, 10)),
}
"""The first sum with an acceptance number, and the acceptance numbers and arrows from there on. Before it the arrow
points down, after the last up."""


@dataclass(frozen=True, slots=True)
class SamplingPlan:
    """How many packages of a lot to check, and how many may be wrong: at most `accept` to accept the lot, `reject` or
    more to reject it. A sample as large as the lot is a check of everything."""

    aql: str
    inspection: InspectionSeverity
    lot: int
    letter: str
    sample: int
    accept: int
    reject: int

    @property
    def description(self) -> str:
        """The plan in one line."""
        return phrase(
            "ISO 2859-1, level II, {inspection} inspection, AQL {aql}: lot of {lot:,}, code letter {letter}, check "
            "{sample:,}, accept with up to {accept}, reject from {reject} wrong",
            inspection=_INSPECTIONS.get(self.inspection, self.inspection), aql=self.aql, lot=self.lot,
            letter=self.letter, sample=self.sample, accept=self.accept, reject=self.reject,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class LotDecision:
    """What the checked sample says of its lot. `wrong` and `open` are package numbers: found wrong, and not yet
    checked."""

    plan: SamplingPlan
    verdict: LotVerdict
    wrong: tuple[int, ...]
    open: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DecidedLot:
    """A lot that was decided, for the switching rules."""

    plan: SamplingPlan
    accepted: bool
    wrong: int


def aql_of(name: str) -> str:
    """The AQL that a plan's name like `aql-1.0` means; `InputError` for any other."""
    value = name.lower().removeprefix("aql-").removesuffix("%")
    for aql in AQLS:
        try:
            if float(value) == float(aql):
                return aql
        except ValueError:
            break
    raise InputError(
        f"there is no sampling plan {name[:40]!a}",
        way_out="Plans are aql- and one of " + ", ".join(AQLS) + "; for example aql-1.0.",
    )


def sampling_plan(aql: str, lot: int, inspection: InspectionSeverity = "normal") -> SamplingPlan:
    """The plan for a lot of `lot` packages. Raises `InputError` if the tables have none."""
    if lot < 2:
        raise InputError("a lot of one is not sampled", way_out="Check the one package.")
    letter = next((index for index, most in enumerate(_LOT_LIMITS) if lot <= most), len(_LOT_LIMITS))
    used, accept = _row(letter, AQLS.index(aql), inspection)
    size = min(_SIZES[inspection][used], lot)
    return SamplingPlan(aql, inspection, lot, _LETTERS[used], size, accept, accept + 1)


def _row(letter: int, column: int, inspection: InspectionSeverity) -> tuple[int, int]:
    """The row of the table, and the acceptance number, that a code letter leads to along the arrows. An arrow that
    would leave the table points the other way."""

    def entry(row: int) -> int:
        first, numbers = _DIAGONAL[inspection]
        at = row + column - first
        return _DOWN if at < 0 else _UP if at >= len(numbers) else numbers[at]

    steps = (1, -1) if entry(letter) == _DOWN else (-1, 1)
    for step in steps:
        row = letter
        while 0 <= row < len(_SIZES[inspection]):
            if entry(row) >= 0:
                return row, entry(row)
            row += step
    raise AssertionError("every column of the table has a number")


def drawn_numbers(plan: SamplingPlan, seed: str) -> tuple[int, ...]:
    """The numbers 1 to `plan.lot` that are in the sample, ascending.

    The seed decides all: the draw can be repeated by anyone who knows it. Numbers are the first distinct ones of
    SHA-256(seed, 0), SHA-256(seed, 1), ... as integers modulo the lot (2**256 is so large that none is favoured).
    """
    if plan.sample * 2 > plan.lot:
        rest = _pick_numbers(seed, plan.lot, plan.lot - plan.sample)
        return tuple(number for number in range(1, plan.lot + 1) if number not in rest)
    return tuple(sorted(_pick_numbers(seed, plan.lot, plan.sample)))


def _pick_numbers(seed: str, lot: int, count: int) -> Collection[int]:
    picked: set[int] = set()
    turn = 0
    while len(picked) < count:
        digest = hashlib.sha256(f"{seed}:{turn}".encode()).digest()
        picked.add(int.from_bytes(digest) % lot + 1)
        turn += 1
    return picked


def decide_lot(
    plan: SamplingPlan, sample: Sequence[int], right: Collection[int], wrong: Collection[int]
) -> LotDecision:
    """Accept or reject by the sampled packages that were found right and wrong; a package in both is wrong.

    A lot is rejected as soon as too many are wrong, and accepted only when all of the sample was checked.
    """
    bad = tuple(number for number in sample if number in wrong)
    left = tuple(number for number in sample if number not in wrong and number not in right)
    if len(bad) >= plan.reject:
        return LotDecision(plan, LotVerdict.REJECT, bad, left)
    return LotDecision(plan, LotVerdict.INCOMPLETE if left else LotVerdict.ACCEPT, bad, left)


def next_inspection(history: Sequence[DecidedLot]) -> tuple[InspectionSeverity, str]:
    """Which inspection the next lot gets by the switching rules (clause 9.3), and why; `history` is oldest first.

    "reduced" means that it may be used: the standard asks that production is steady and that someone responsible
    agrees.
    """
    inspection: InspectionSeverity = "normal"
    why = "the first lots are inspected normally"
    recent: list[bool] = []
    score = 0
    for lot in history:
        if lot.plan.inspection != inspection:
            # The people decided otherwise (they may at any time): their choice starts anew.
            inspection, recent, score = lot.plan.inspection, [], 0
            why = f"the last lot was under {inspection} inspection"
        recent = [*recent, lot.accepted][-5:]
        if inspection == "normal":
            score = _switching_score(lot, score)
            if recent.count(False) >= 2:
                inspection, recent, score = "tightened", [], 0
                why = "2 of the last 5 lots were rejected"
        elif inspection == "tightened":
            if len(recent) == 5 and all(recent):
                inspection, recent, score = "normal", [], 0
                why = "5 lots in a row were accepted under tightened inspection"
        elif not lot.accepted:
            inspection, recent, score = "normal", [], 0
            why = "a lot was rejected under reduced inspection"
    if inspection == "normal" and score >= 30:
        return "reduced", f"the switching score is {score}"
    return inspection, why


def _switching_score(lot: DecidedLot, score: int) -> int:
    """The switching score after a lot under normal inspection (9.3.3.2)."""
    if lot.plan.accept >= 2:
        column = AQLS.index(lot.plan.aql)
        tighter = sampling_plan(AQLS[max(column - 1, 0)], lot.plan.lot).accept
        return score + 3 if lot.accepted and lot.wrong <= tighter else 0
    return score + 2 if lot.accepted else 0
