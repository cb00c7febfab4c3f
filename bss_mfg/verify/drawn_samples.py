"""Samples in the ledger: which packages were drawn of a batch, and what was decided by their labels."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bss_mfg.errors import InputError
from bss_mfg.ledger.events import SampleDecided, SampleDrawn, SamplePlanEvent
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.model import Batch
from bss_mfg.verify.findings import Finding, FindingKind
from bss_mfg.verify.sampling_plans import (
    DecidedLot,
    InspectionSeverity,
    LotDecision,
    LotVerdict,
    SamplingPlan,
    decide_lot,
    drawn_numbers,
    next_inspection,
    sampling_plan,
)


@dataclass(frozen=True, slots=True)
class DrawnSample:
    """A sample: its plan, and the seed that it can be drawn again from. `seq` is its event in the history."""

    plan: SamplingPlan
    seed: str
    seq: int = 0

    @property
    def numbers(self) -> tuple[int, ...]:
        """The package numbers in it, ascending."""
        return drawn_numbers(self.plan, self.seed)


def last_drawn_sample(ledger: Ledger, batch: Batch) -> DrawnSample | None:
    """The sample that was drawn last of a batch, or None."""
    newest: DrawnSample | None = None
    for event, drawn in ledger.history.records(SampleDrawn, batch.id):
        newest = DrawnSample(_plan_of(drawn), drawn.seed, event.seq)
    return newest


def current_drawn_sample(ledger: Ledger, batch: Batch) -> DrawnSample:
    """The sample that was drawn last; `InputError` if there is none."""
    found = last_drawn_sample(ledger, batch)
    if found is None:
        raise InputError(
            "no sample was drawn of it yet",
            where=f"batch {batch.id}",
            way_out=f"`bss-mfg sample {batch.id}` draws one.",
        )
    return found


def draw_sample(
    ledger: Ledger, batch: Batch, aql: str, inspection: InspectionSeverity, again: bool = False
) -> tuple[DrawnSample, bool]:
    """The sample of a batch, and whether it was drawn just now. The same command twice gives the same sample.

    A sample by another plan, or a new one with `again`, is drawn beside the old one, which stays in the history. Which
    packages come is known to nobody before: the seed is random.
    """
    plan = sampling_plan(aql, batch.packages, inspection)
    before = last_drawn_sample(ledger, batch)
    if before and before.plan == plan and not again:
        return before, False
    draw = DrawnSample(plan, secrets.token_hex(16))
    ledger.history.append(batch.id, SampleDrawn(**_plan_fields(plan), seed=draw.seed))
    return current_drawn_sample(ledger, batch), True


def record_decision(ledger: Ledger, batch: Batch, decision: LotDecision) -> None:
    """Write down what was decided of a lot; an incomplete check decides nothing."""
    if decision.verdict is not LotVerdict.INCOMPLETE:
        ledger.history.append(
            batch.id,
            SampleDecided(**_plan_fields(decision.plan), decision=decision.verdict.value, wrong=list(decision.wrong)),
        )


def advised_inspection(ledger: Ledger, product: str, aql: str) -> tuple[InspectionSeverity, str]:
    """Which inspection the next lot of a product gets by the switching rules, and why."""
    batches = {batch.id for batch in ledger.batches.all() if batch.product == product}
    lots: dict[str, DecidedLot] = {}
    for event, decided in ledger.history.records(SampleDecided):
        # Only the first decision on a lot counts: one that comes back after sorting says nothing of the process.
        if event.batch in batches and event.batch not in lots and decided.aql == aql:
            accepted = decided.decision == LotVerdict.ACCEPT
            lots[event.batch] = DecidedLot(_plan_of(decided), accepted, len(decided.wrong))
    return next_inspection(list(lots.values()))


def _plan_fields(plan: SamplingPlan) -> dict[str, Any]:
    return {
        "aql": plan.aql,
        "inspection": plan.inspection,
        "lot": plan.lot,
        "letter": plan.letter,
        "sample": plan.sample,
        "accept": plan.accept,
        "reject": plan.reject,
    }


def _plan_of(event: SamplePlanEvent) -> SamplingPlan:
    return SamplingPlan(event.aql, event.inspection, event.lot, event.letter, event.sample, event.accept, event.reject)


def label_places(ledger: Ledger, batch: Batch, numbers: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Each package with its serials and where its present label was printed last (None where no file shows it)."""
    in_force = ledger.prints.in_force(batch.id)
    unprinted = ledger.prints.unprinted(batch.id)
    for number in numbers:
        package = next(ledger.packages.stream(batch.id, number, 1))
        files = () if number in unprinted else reversed(in_force.files)
        place = next((part.place_of(number) for part in files if number in in_force.numbers_in(part)), None)
        yield {
            "package": number,
            "serials": package.serials_text,
            "file": place.file if place else None,
            "page": place.page if place else None,
            "x_mm": round(place.x_mm, 1) if place else None,
            "y_mm": round(place.y_mm, 1) if place else None,
        }


def decide(draw: DrawnSample, findings: Iterable[Finding]) -> LotDecision:
    """What the drawn sample says of its lot: of its printed labels, for our own files are no sample of a print."""
    right: set[int] = set()
    wrong: set[int] = set()
    for item in findings:
        if item.package and not item.unseen and item.of == "print" and item.kind is not FindingKind.OLD_PICTURE:
            (right if item.kind is FindingKind.MATCHED else wrong).add(item.package)
    return decide_lot(draw.plan, draw.numbers, right, wrong)
