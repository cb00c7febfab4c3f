"""Which conditions of a template can hold on one label."""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_args

from bss_mfg.label.layout.geometry import PlacedElement
from bss_mfg.label.template.expressions import NUMBERS, Condition, compile_condition
from bss_mfg.model import Stage


def may_meet(one: PlacedElement, other: PlacedElement) -> bool:
    """Whether both can be on the same label, by their conditions."""
    if not one.element.when or not other.element.when:
        return True
    first, second = compile_condition(one.element.when), compile_condition(other.element.when)
    if first.name != second.name:
        return True
    values = telling_values(first.name, (first, second))
    return any(first.holds({first.name: value}) and second.holds({first.name: value}) for value in values)


def telling_values(name: str, conditions: Iterable[Condition]) -> list[str | int]:
    """Values of a name that tell conditions on it apart."""
    operands = [one.operand for one in conditions if one.name == name and one.operand]
    if name in NUMBERS:
        steps = {int(operand) + step for operand in operands for step in (-1, 0, 1)}
        least = 0 if name in ("carton", "cartons", "pallet", "ledger_events", "checkpoint_events") else 1
        return [least, *sorted(value for value in steps if value > least)]
    if name == "stage":
        return list(get_args(Stage))
    return ["", "x", *operands]
