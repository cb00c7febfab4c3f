"""The labels of a batch that are for units or cartons: how many there are, what they are called, which don't count."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bss_mfg.ledger.ledger import Ledger
from bss_mfg.model import Batch, LabelFile, LabelScope


@dataclass(frozen=True, slots=True)
class LabelNames:
    """The labels of one kind of a batch. Of units the number (from 1) is the unit's place in its batch."""

    ledger: Ledger
    batch: Batch
    each: LabelScope

    def count(self, label_files: Iterable[LabelFile]) -> int:
        """How many labels there are: of cartons the ledger knows only those that were made."""
        if self.each == "package":
            return self.batch.packages
        if self.each == "unit":
            return self.batch.units
        return max((max(file.numbers) for file in label_files), default=0)

    def of(self, numbers: Iterable[int]) -> dict[int, str]:
        """What labels are called: by the serial of the unit, or by the number of the carton."""
        wanted = sorted(set(numbers))
        if self.each == "carton":
            return {number: f"carton {number}" for number in wanted}
        size = self.batch.units_per_package if self.each == "unit" else 1
        found = {}
        for package in sorted({(number - 1) // size + 1 for number in wanted}):
            known = next(self.ledger.packages.stream(self.batch.id, package, 1), None)
            if known is None:
                continue
            if self.each == "package":
                found[package] = known.serials_text
            for at, unit in enumerate(known.units if self.each == "unit" else (), (package - 1) * size + 1):
                found[at] = unit.serial
        return {number: found[number] for number in wanted if number in found}

    def scrapped(self) -> set[int]:
        """The numbers of labels that are not to be there: of scrapped units whose place nobody took."""
        packages = self.ledger.packages.scrapped(self.batch.id)
        if self.each == "package":
            return packages
        if self.each != "unit":
            return set()
        units: Sequence[str] = [
            unit.serial
            for package in packages
            for unit in self.ledger.packages.get(self.batch.id, package).units
            if unit.scrapped
        ]
        return {place for _, place in self.ledger.units.positions(self.batch.id, units).values()}
