"""Orders in which units can stand in a string, where they do not stand as a sample lists them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bss_mfg.payload.fitting.known import Known, standing
from bss_mfg.payload.fitting.proof import explains
from bss_mfg.payload.fitting.report import MOST, FitReport, Question, Vary
from bss_mfg.payload.fitting.tally import Places, Tally
from bss_mfg.payload.unit_order import UNIT_ORDERS, UnitOrder


def other_orders(samples: Sequence[Known], tally: Tally) -> Mapping[Places, tuple[UnitOrder, ...]]:
    """The orders that the strings and what was opened of them show, by where the units of each sample then stand: most
    often one. Empty where nothing shows another order than the samples', or one that no spec can say."""
    shown = _shown(samples, tally)
    found: dict[Places, tuple[UnitOrder, ...]] = {}
    for order in UNIT_ORDERS:
        places = [sample.places(order) for sample in samples]
        known = tuple(one for one in places if one is not None)
        fits = all(shown.get(sample.name, one) == one for sample, one in zip(samples, places, strict=True))
        if len(known) == len(samples) and fits and any(list(one) != sorted(one) for one in known):
            found[known] = (*found.get(known, ()), order)
    return found if shown else {}


def _shown(samples: Sequence[Known], tally: Tally) -> dict[str, tuple[int, ...] | None]:
    """By the names of samples: where their units stand; None where that differs from field to field."""
    found: dict[str, tuple[int, ...] | None] = {}
    inside = [one for miss in tally.nearest.values() for one in miss.places]
    in_clear = [(sample.name, places) for sample in samples if (places := standing(sample.units, sample.text))]
    for name, places in (*inside, *in_clear):
        if len(places) > 1:
            found[name] = places if found.get(name, places) == places else None
    return found


def in_orders(report: FitReport, orders: Sequence[UnitOrder], samples: Sequence[Known]) -> FitReport:
    """What explains samples whose units were put in other places, as it explains the samples themselves."""
    specs = [spec.model_copy(update={"unit_order": order}) for order in orders for spec in report.specs]
    specs = [spec for spec in specs if all(explains(spec, sample) for sample in samples)]
    open_order = (Question("", tuple(orders), Vary.UNIT_ORDER),) if len(orders) > 1 else ()
    return replace(
        report,
        specs=tuple(specs[:MOST]),
        explanations=report.explanations * len(orders),
        questions=(*report.questions, *open_order),
    )
