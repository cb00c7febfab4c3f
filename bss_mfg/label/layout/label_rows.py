"""From the ledger's records to what each label says: one row a label, for packages, units, cartons or the batch."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bss_mfg.core.clock import TimeZone
from bss_mfg.core.languages import phrase
from bss_mfg.core.ranges import consecutive_ranges
from bss_mfg.label.layout.codes import VariableSlot
from bss_mfg.label.layout.findings import DesignFindingKind, DesignFindings
from bss_mfg.label.layout.page_layout import PageLayout
from bss_mfg.label.template.expressions import Value, Values
from bss_mfg.ledger.history_state import NO_HISTORY, HistoryState
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.model import FIELD_PREFIX, Batch, LabelScope, Package, Unit


@dataclass(frozen=True, slots=True)
class LabelRow:
    """What differs from label to label, in the layout's order: the payload, the changing texts, the texts of codes
    (None: not on this label), and which conditional shapes are drawn."""

    payload: str
    texts: tuple[str | None, ...]
    codes: tuple[str | None, ...]
    shapes_drawn: tuple[bool, ...] = ()


_OF_PACKAGE: Mapping[str, Callable[[Package], Value]] = {
    "package": lambda package: package.number,
    "units": lambda package: len(package.units),
    "count": lambda _: 1,
    "unit": lambda _: 1,
    "serial": lambda package: package.units[0].serial,
    "serials": lambda package: package.serials_text,
    "first_serial": lambda package: package.units[0].serial,
    "last_serial": lambda package: package.units[-1].serial,
    "uuid": lambda package: package.units[0].uuid,
    "mac": lambda package: package.units[0].mac or "",
    "payload": lambda package: package.payload,
}
"""What a package's label may show that differs from package to package; only what a layout uses is looked up."""


def label_count(batch: Batch, each: LabelScope, per_carton: int | None) -> int:
    """How many labels a template makes of a batch."""
    return {
        "package": batch.packages,
        "unit": batch.units,
        "carton": -(-batch.packages // (per_carton or 1)),
        "batch": 1,
    }[each]


def unknown_fields(layout: PageLayout, known: Container[str]) -> Iterator[tuple[int, str]]:
    """The fields that a layout shows or asks for and that there are not: element (from 0), and name."""
    slots = [(plan.element_index, slot) for slot, plan in layout.texts]
    slots += [(plan.placed_element.index, plan.slot) for plan in layout.codes]
    slots += [(item.index, slot) for item, slot in zip(layout.shapes, layout.conditions, strict=True)]
    for element, slot in slots:
        for name in sorted(slot.names):
            if name.startswith(FIELD_PREFIX) and name not in known:
                yield element, name


def note_unknown_fields(layout: PageLayout, known: Collection[str], findings: DesignFindings) -> None:
    """Note where a layout shows a field that there is not."""
    names = sorted(name for name in known if name.startswith(FIELD_PREFIX))
    for element, name in unknown_fields(layout, known):
        findings.error(
            DesignFindingKind.UNKNOWN_FIELD,
            element,
            phrase("the batch has no field {field}", field=f"{{{name}}}"),
            phrase("Known: {names}.", names=", ".join(names))
            if names
            else phrase("Its product's file has no [fields] and no [batch_fields]."),
        )


_NOTHING_MORE: Mapping[str, Value] = {}


class RowMaker:
    """Makes the rows of one batch for one layout; `layout` is that layout with all constants filled in. `more` values
    stand for those of the batch."""

    def __init__(
        self,
        layout: PageLayout,
        batch: Batch,
        history: HistoryState = NO_HISTORY,
        more: Mapping[str, Value] = _NOTHING_MORE,
    ) -> None:
        template = layout.template.definition
        self._batch, self._each = batch, template.each
        self._per_carton = template.packages_per_carton or batch.packages
        self._base: dict[str, Value] = {
            "batch": batch.id,
            "packages": batch.packages,
            "batch_units": batch.units,
            "product": batch.product,
            "stage": batch.stage,
            "date": TimeZone(batch.facts.get("timezone", "")).day(batch.created_at),
            "ledger_events": history.events,
            "ledger_head": history.head,
            "checkpoint_events": history.checkpoint_events,
            "checkpoint": history.checkpoint,
            "payload": "",
            "package": 0,
            "unit": 0,
            "carton": 0,
            "cartons": -(-batch.packages // self._per_carton),
            "uuid": "",
            "mac": "",
            "serials": "",
            **{name: batch.facts.get(name, "") for name in ("title", "pid", "upc", "ean", "code")},
            "sscc": "",
            "pallet": 0,
            **{name: value for name, value in batch.facts.items() if name.startswith(FIELD_PREFIX)},
            **more,
        }
        findings = DesignFindings(layout.template)
        note_unknown_fields(layout, self._base, findings)
        findings.refuse()
        self.constants = self._constants()
        """What is the same on every label."""
        self.layout = self._layout = layout.with_constants(self.constants)
        layout = self.layout
        # Most templates show values of the package alone; then the units' values need not be made.
        slots = [slot for slot, _ in layout.texts] + [plan.slot for plan in layout.codes] + list(layout.conditions)
        self._by_unit = any(slot.unit is not None for slot in slots)
        used = frozenset().union(*(slot.names for slot in slots))
        self._kept = {name: value for name, value in self._base.items() if name in used}
        self._package_values = [(name, value) for name, value in _OF_PACKAGE.items() if name in used]

    @property
    def batch(self) -> Batch:
        """The batch whose labels these are."""
        return self._batch

    @property
    def per_carton(self) -> int:
        """Packages in a carton; all of the batch where the template has no cartons."""
        return self._per_carton

    def _constants(self) -> dict[str, Value]:
        """What is the same on every label."""
        changing = {"payload", "package", "unit", "carton", "uuid", "mac", "serials"}
        constants = {name: value for name, value in self._base.items() if name not in changing}
        if self._each == "package":
            constants |= {"units": self._batch.units_per_package, "count": 1}
        return constants

    def rows(self, ledger: Ledger, numbers: Sequence[int]) -> Iterator[LabelRow]:
        """The rows of label numbers (from 1), streamed from the ledger."""
        batch, size = self._batch, self._batch.units_per_package
        for span in consecutive_ranges(numbers):
            if self._each == "package":
                for package in ledger.packages.stream(batch.id, span.start, len(span)):
                    yield self._package(package)
            elif self._each == "unit":
                first, last = (span[0] - 1) // size + 1, (span[-1] - 1) // size + 1
                for package in ledger.packages.stream(batch.id, first, last - first + 1):
                    for unit_number, unit in enumerate(package.units, (package.number - 1) * size + 1):
                        if unit_number in span:
                            yield self._unit(package, unit)
            elif self._each == "carton":
                for carton in span:
                    start = (carton - 1) * self._per_carton + 1
                    yield self._group(list(ledger.packages.stream(batch.id, start, self._per_carton)), carton)
            else:
                ends = [*ledger.packages.stream(batch.id, 1, 1), *ledger.packages.stream(batch.id, batch.packages, 1)]
                yield self._group(ends, 0)

    def row_of(self, package: Package) -> LabelRow:
        """The row of one label of a package, which need not be in the ledger."""
        if self._each == "package":
            return self._package(package)
        if self._each == "unit":
            return self._unit(package, package.units[-1])
        return self._group([package], 0 if self._each == "batch" else -(-package.number // self._per_carton))

    def packed_row(self, packages: Sequence[Package], number: int) -> LabelRow:
        """The row of a carton or pallet with this number that holds these packages, of whatever batches."""
        return self._group(packages, number)

    def _package(self, package: Package) -> LabelRow:
        values = {**self._kept, **{name: value(package) for name, value in self._package_values}}
        return self._row(package.payload, values, package.units)

    def _unit(self, package: Package, unit: Unit) -> LabelRow:
        number = package.units.index(unit) + 1
        values: dict[str, Value] = {
            **self._base,
            "package": package.number,
            "units": 1,
            "count": 1,
            "serials": package.serials_text,
            "first_serial": unit.serial,
            "last_serial": unit.serial,
            "payload": package.payload,
            **_unit_values(unit, number),
        }
        return self._row("", values, (unit,))

    def _group(self, packages: Sequence[Package], carton: int) -> LabelRow:
        is_batch = carton == 0
        first, last = packages[0].units[0], packages[-1].units[-1]
        values: dict[str, Value] = {
            **self._base,
            "carton": carton,
            "package": packages[0].number,
            "count": self._batch.packages if is_batch else len(packages),
            "units": self._batch.units if is_batch else sum(len(package.units) for package in packages),
            "first_serial": first.serial,
            "last_serial": last.serial,
            **_unit_values(first, 1),
        }
        return self._row("", values, packages[0].units)

    def _row(self, payload: str, values: Values, units: Sequence[Unit]) -> LabelRow:
        layout = self._layout
        by_unit = (
            [{**values, **_unit_values(unit, number)} for number, unit in enumerate(units, 1)] if self._by_unit else []
        )
        return LabelRow(
            payload,
            tuple([_text(slot, values, by_unit) for slot, _ in layout.texts]),
            tuple([_text(plan.slot, values, by_unit) for plan in layout.codes]),
            tuple([bool(_slot_values(slot, values, by_unit)) for slot in layout.conditions]),
        )


def _unit_values(unit: Unit, number: int) -> dict[str, Value]:
    return {"unit": number, "serial": unit.serial, "uuid": unit.uuid, "mac": unit.mac or ""}


def _slot_values(slot: VariableSlot, values: Values, by_unit: Sequence[Values]) -> Values | None:
    """The values that a slot is about, or None where its condition does not hold or its unit is not there."""
    if slot.unit is not None:
        if slot.unit >= len(by_unit):
            return None
        values = by_unit[slot.unit]
    return None if slot.when and not slot.when.holds(values) else values


def _text(slot: VariableSlot, values: Values, by_unit: Sequence[Values]) -> str | None:
    if slot.unit is None and slot.when is None:
        return slot.text.fill(values) or None
    own_values = _slot_values(slot, values, by_unit)
    return None if own_values is None else slot.text.fill(own_values) or None
