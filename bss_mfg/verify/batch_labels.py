"""What the ledger says of the labels of a batch, looked up for the pages at hand. The ledger is only read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from bss_mfg.imaging.attempts import UnreadSymbol
from bss_mfg.imaging.defects import Defects
from bss_mfg.imaging.grid import SampledGrid
from bss_mfg.imaging.page_attempts import best_likeness
from bss_mfg.ledger.labels_in_force import LabelsInForce
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.model import LabelFile, LabelScope, Package
from bss_mfg.payload.spec import Spec, spec_from_text
from bss_mfg.symbol import Matrix, data_matrix
from bss_mfg.verify.diagnosis import known_specs

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_COMPARED_PACKAGES = 500
"""Packages of a batch up to which a symbol that says nothing is compared with all of them."""


@lru_cache(maxsize=8)
def _is_bare(spec_text: str, where: str) -> bool:
    """Whether a spec's barcodes are a Code 128; a process asks for each few pages."""
    return spec_from_text(spec_text, where).spec.bare


@dataclass(slots=True)
class BatchLabels:
    """The packages, label files and specs that the pages of a batch are compared with."""

    ledger: Ledger
    batch_id: str
    serials: dict[int, str] = field(default_factory=dict)
    expected: dict[int, Package] = field(default_factory=dict)
    """The packages of the pages at hand, where it is known which they are."""
    batch_modules: NDArray[np.bool_] | None = None
    """The modules of all packages (n, rows, columns), of a small batch; made when first needed."""
    _label_files: list[LabelFile] | None = None
    _specs: list[Spec] | None = None
    linear: bool = field(init=False)
    """Whether the batch's packages have a Code 128: it is read, but has no modules to compare or grade."""

    def __post_init__(self) -> None:
        batch = self.ledger.batches.get(self.batch_id)
        self.linear = _is_bare(batch.spec_text, f"spec of batch {batch.id}")

    def prefetch_packages(self, label_file: LabelFile, pages: Sequence[int]) -> None:
        """Fetch the packages of some pages at once: one by one they cost more than reading them does. Packages that lie
        far apart are left to be fetched one by one."""
        numbers = [number for page in pages for number in label_file.packages_on(page)]
        if numbers and max(numbers) - min(numbers) < 2 * len(numbers):
            for package in self.ledger.packages.stream(self.batch_id, min(numbers), max(numbers) - min(numbers) + 1):
                self.expected[package.number] = package
                self.serials[package.number] = package.serials_text

    @property
    def label_files(self) -> list[LabelFile]:
        """All label files of the batch."""
        if self._label_files is None:
            self._label_files = package_label_files(self.ledger, self.batch_id)
        return self._label_files

    def label_file_of(self, package: int) -> LabelFile | None:
        """The label file that a package's label was drawn in last; None where it never was."""
        return next((file for file in reversed(self.label_files) if package in file.numbers), None)

    @property
    def specs(self) -> list[Spec]:
        """What a label in this factory can be."""
        if self._specs is None:
            self._specs = known_specs(self.ledger)
        return self._specs

    def identify(self, symbol: UnreadSymbol) -> tuple[SampledGrid, int | None]:
        """The package of a symbol that no reader reads: by what it says with its fixed patterns drawn anew, else, in a
        small batch, by its likeness."""
        if symbol.restored:
            known = self.ledger.packages.find_by_payload(symbol.restored.decode("utf-8", "surrogateescape"))
            return symbol.grids[0], known[1] if known and known[0] == self.batch_id else None
        if self.batch_modules is None:
            import numpy as np

            size = symbol.grids[0].warp.size
            batch = self.ledger.batches.get(self.batch_id)
            packages = self.ledger.packages.stream(batch.id) if batch.packages <= MAX_COMPARED_PACKAGES else ()
            self.batch_modules = np.array([data_matrix(package.payload.encode(), size).bits() for package in packages])
        sampled, index = best_likeness(symbol, self.batch_modules)
        return sampled, None if index is None else index + 1

    def matrix(self, package: int, size: int) -> Matrix:
        known = self.expected.get(package) or next(self.ledger.packages.stream(self.batch_id, package, 1))
        return data_matrix(known.payload.encode(), size)

    def name_other_label(self, defects: Defects, other: int | None) -> Defects:
        return replace(defects, other=self.serials_of([other])[other]) if other else defects

    def serials_of(self, numbers: Iterable[int]) -> Mapping[int, str]:
        wanted = sorted(set(numbers))
        if len(self.serials) > 1_000:
            self.serials.clear()
        missing = [number for number in wanted if number not in self.serials]
        for number in missing:
            if number in self.serials:
                continue
            # Neighbours are fetched together: pages hold runs of packages.
            count = missing[-1] - number + 1 if missing[-1] - number < 500 else 1
            for package in self.ledger.packages.stream(self.batch_id, number, count):
                self.serials[package.number] = package.serials_text
        return {number: self.serials[number] for number in wanted if number in self.serials}


@dataclass(frozen=True, slots=True)
class KnownLabels:
    """The label files of a batch for one kind of label, as the ledger knew them at one moment: all `files` in the order
    of printing, and which label was in force in which."""

    files: tuple[LabelFile, ...]
    in_force: LabelsInForce


def known_labels(ledger: Ledger, batch: str, each: LabelScope) -> KnownLabels:
    """What the ledger knows of the label files of a batch now."""
    with ledger.moment():
        return KnownLabels(tuple(label_files_of(ledger, batch, each)), ledger.prints.in_force(batch, each))


def package_label_files(ledger: Ledger, batch: str) -> list[LabelFile]:
    """The files that hold the batch's package labels, in the order of printing."""
    return label_files_of(ledger, batch, "package")


def label_files_of(ledger: Ledger, batch: str, each: LabelScope) -> list[LabelFile]:
    """The files that hold the batch's labels of one kind, in the order of printing."""
    return [part for part in ledger.prints.label_files(batch) if part.each == each]
