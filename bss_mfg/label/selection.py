"""Which labels of a batch are printed: by serial, and never those of scrapped or shipped packages."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass

from bss_mfg.core.text import one_or
from bss_mfg.errors import InputError, RefusedError
from bss_mfg.label.layout.label_rows import label_count
from bss_mfg.label.template.loading import LoadedTemplate
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.model import Batch


@dataclass(frozen=True, slots=True)
class WithdrawnPackages:
    """Packages that get no label any more: with a scrapped unit, or shipped."""

    scrapped: Set[int] = frozenset()
    shipped: Set[int] = frozenset()

    @classmethod
    def of(cls, ledger: Ledger, batch: Batch) -> WithdrawnPackages:
        """Those of a batch by now."""
        return cls(ledger.packages.scrapped(batch.id), ledger.packages.shipped(batch.id))

    @property
    def numbers(self) -> Set[int]:
        """The numbers of all of them."""
        return self.scrapped | self.shipped

    def refuse(self, ledger: Ledger, batch: Batch, numbers: Sequence[int]) -> None:
        """`RefusedError` if a label that was named is one of them."""
        if scrapped := sorted(self.scrapped & set(numbers)):
            raise RefusedError(
                f"{len(scrapped):,} of these packages {one_or(len(scrapped), 'holds', 'hold')} a scrapped unit",
                where=f"batch {batch.id}",
                problems=[_serials(ledger, batch, number) for number in scrapped[:10]],
                way_out="A scrapped unit gets no label. Leave them out, or `bss-mfg replace` the units.",
            )
        if shipped := sorted(self.shipped & set(numbers)):
            raise RefusedError(
                f"{len(shipped):,} of these packages {one_or(len(shipped), 'was', 'were')} shipped",
                where=f"batch {batch.id}",
                problems=[_serials(ledger, batch, number) for number in shipped[:10]],
                way_out="If they came back, record that first: "
                f"`bss-mfg ship {batch.id} {_first_serial(ledger, batch, shipped[0])} --returned`.",
            )


def _serials(ledger: Ledger, batch: Batch, package: int) -> str:
    return next(ledger.packages.stream(batch.id, package, 1)).serials_text


def _first_serial(ledger: Ledger, batch: Batch, package: int) -> str:
    return next(ledger.packages.stream(batch.id, package, 1)).units[0].serial


@dataclass(frozen=True, slots=True)
class LabelChoice:
    """Which labels of a batch: those of some `serials`, or all from `start` to `end`, both included; by default all."""

    serials: Sequence[str] = ()
    start: str | None = None
    end: str | None = None

    @property
    def is_all(self) -> bool:
        """Whether nothing was chosen."""
        return not self.serials and not self.is_span

    @property
    def is_span(self) -> bool:
        """Whether the labels follow each other: then those in between that may not be printed are left out."""
        return self.start is not None or self.end is not None


def select_label_numbers(
    ledger: Ledger, batch: Batch, template: LoadedTemplate, choice: LabelChoice
) -> tuple[int, ...]:
    """Label numbers of a choice; `InputError` names the serials that are unknown."""
    each, per_carton = template.definition.each, template.definition.packages_per_carton or batch.packages
    serials = choice.serials
    named = [*serials, *(serial for serial in (choice.start, choice.end) if serial is not None)]
    known = ledger.units.positions(batch.id, named)
    unknown = [serial for serial in named if serial not in known]
    if unknown:
        raise ledger.units.unknown_serials(batch.id, unknown)

    if taken := ledger.units.successors(batch.id, serials):
        raise RefusedError(
            f"{len(taken):,} of these units {one_or(len(taken), 'was', 'were')} scrapped, and others took their places",
            where=f"batch {batch.id}",
            problems=[f"{old} by {new}" for old, new in list(taken.items())[:10]],
            way_out="Name the new serials.",
        )

    def number(serial: str) -> int:
        package, unit = known[serial]
        return {"package": package, "unit": unit, "carton": (package - 1) // per_carton + 1, "batch": 1}[each]

    if choice.is_span:
        first = 1 if choice.start is None else number(choice.start)
        last = label_count(batch, each, per_carton) if choice.end is None else number(choice.end)
        if first > last:
            raise InputError(
                f"the label of {choice.end} comes before that of {choice.start}",
                way_out=f"Turn them round: --from {choice.end} --to {choice.start}.",
            )
        return tuple(range(first, last + 1))
    return tuple(dict.fromkeys(number(serial) for serial in serials))


def serial_after(ledger: Ledger, batch: Batch, template: LoadedTemplate, serial: str) -> str:
    """The serial by which the next label is chosen, after that of a serial; `InputError` where it is the last one."""
    (number,) = select_label_numbers(ledger, batch, template, LabelChoice(start=serial, end=serial))
    each, per_carton = template.definition.each, template.definition.packages_per_carton or batch.packages
    if number >= label_count(batch, each, per_carton):
        raise InputError(f"the label of {serial} is the last one: none comes after it", where=f"batch {batch.id}")
    return serial_of_label(ledger, batch, template, number + 1)


def serial_of_label(ledger: Ledger, batch: Batch, template: LoadedTemplate, number: int) -> str:
    """A serial by which a label is chosen: that of its unit, or of the first one in its package or carton."""
    each, per_carton = template.definition.each, template.definition.packages_per_carton or batch.packages
    size = batch.units_per_package
    package = {"package": number, "unit": (number - 1) // size + 1, "carton": (number - 1) * per_carton + 1, "batch": 1}
    units = ledger.packages.get(batch.id, package[each]).units
    return units[(number - 1) % size if each == "unit" else 0].serial
