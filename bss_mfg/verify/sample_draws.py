"""Samples in the ledger: which packages were drawn of a batch, and what was decided."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from bss_mfg.errors import InputError
from bss_mfg.ledger.store import Ledger
from bss_mfg.model import Batch
from bss_mfg.verify.sampling import Decision, Inspection, Lot, Plan, drawn, next_inspection, plan_of

_DRAWN, _DECIDED = "sample drawn", "sample decided"


@dataclass(frozen=True, slots=True)
class Draw:
    """A sample: its plan, and the seed that it can be drawn again from. `seq` is its event in the history."""

    plan: Plan
    seed: str
    seq: int = 0

    @property
    def numbers(self) -> tuple[int, ...]:
        """The package numbers in it, ascending."""
        return drawn(self.plan, self.seed)


def last_draw(ledger: Ledger, batch: Batch) -> Draw | None:
    """The sample that was drawn last of a batch, or None."""
    newest: Draw | None = None
    for event in ledger.events_of((_DRAWN,), batch.id):
        newest = Draw(_plan(event.data), event.data["seed"], event.seq)
    return newest


def current_draw(ledger: Ledger, batch: Batch) -> Draw:
    """The sample that was drawn last; `InputError` if there is none."""
    found = last_draw(ledger, batch)
    if found is None:
        raise InputError(
            "no sample was drawn of it yet",
            where=f"batch {batch.id}",
            way_out=f"`bss-mfg sample {batch.id}` draws one.",
        )
    return found


def draw_sample(
    ledger: Ledger, batch: Batch, aql: str, inspection: Inspection, again: bool = False
) -> tuple[Draw, bool]:
    """The sample of a batch, and whether it was drawn just now. The same command twice gives the same sample.

    A sample by another plan, or a new one with `again`, is drawn beside the old one, which stays in the history. Which
    packages come is known to nobody before: the seed is random.
    """
    plan = plan_of(aql, batch.packages, inspection)
    before = last_draw(ledger, batch)
    if before and before.plan == plan and not again:
        return before, False
    draw = Draw(plan, secrets.token_hex(16))
    ledger.note(batch.id, _DRAWN, {**_facts(plan), "seed": draw.seed})
    return current_draw(ledger, batch), True


def record_decision(ledger: Ledger, batch: Batch, decision: Decision) -> None:
    """Write down what was decided of a lot; an incomplete check decides nothing."""
    if decision.verdict != "incomplete":
        ledger.note(
            batch.id, _DECIDED, {**_facts(decision.plan), "decision": decision.verdict, "wrong": list(decision.wrong)}
        )


def advised(ledger: Ledger, product: str, aql: str) -> tuple[Inspection, str]:
    """Which inspection the next lot of a product gets by the switching rules, and why."""
    batches = {batch.id for batch in ledger.batches() if batch.product == product}
    lots: dict[str, Lot] = {}
    for event in ledger.events_of((_DECIDED,)):
        # Only the first decision on a lot counts: one that comes back after sorting says nothing of the process.
        if event.batch in batches and event.batch not in lots and event.data["aql"] == aql:
            accepted = event.data["decision"] == "accept"
            lots[event.batch] = Lot(_plan(event.data), accepted, len(event.data["wrong"]))
    return next_inspection(list(lots.values()))


def _facts(plan: Plan) -> dict[str, Any]:
    return {
        "aql": plan.aql, "inspection": plan.inspection, "lot": plan.lot, "letter": plan.letter, "sample": plan.sample,
        "accept": plan.accept, "reject": plan.reject,
    }  # fmt: skip


def _plan(data: Any) -> Plan:
    return Plan(
        data["aql"], data["inspection"], data["lot"], data["letter"], data["sample"], data["accept"], data["reject"]
    )


def places(ledger: Ledger, batch: Batch, numbers: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Each package with its serials and where its newest label was printed (None where there is none yet)."""
    parts = [part for part in ledger.printed_parts(batch.id) if part.each == "package"]
    for number in numbers:
        package = next(ledger.packages(batch.id, number, 1))
        place = next((part.place_of(number) for part in reversed(parts) if number in part.numbers), None)
        yield {
            "package": number,
            "serials": package.serials_text,
            "file": place.file if place else None,
            "page": place.page if place else None,
            "x_mm": round(place.x_mm, 1) if place else None,
            "y_mm": round(place.y_mm, 1) if place else None,
        }
