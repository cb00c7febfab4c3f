"""The label of a carton or a pallet that was packed by scanning: one file, drawn from what is in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bss_mfg.errors import InputError
from bss_mfg.label.layout.file_content import LabelFileContent
from bss_mfg.label.layout.findings import DesignFindings
from bss_mfg.label.layout.label_rows import RowMaker
from bss_mfg.label.layout.page_layout import lay_out
from bss_mfg.label.layout.row_checks import RowChecker
from bss_mfg.label.render.by_language import SUFFIX, render_label_file
from bss_mfg.label.template.expressions import Value
from bss_mfg.label.template.loading import LoadedTemplate
from bss_mfg.label.template.printer import Printer
from bss_mfg.model import Batch, Package


@dataclass(frozen=True, slots=True)
class PackedGoods:
    """What a carton or pallet holds: its number, the batches of its packages (the first one's product is told), the
    packages in order, and on a pallet how many cartons they are in."""

    number: int
    batches: Sequence[Batch]
    packages: Sequence[Package]
    sscc: str | None = None
    cartons: int = 0

    @property
    def is_pallet(self) -> bool:
        """Whether it is a pallet."""
        return self.cartons > 0

    @property
    def values(self) -> Mapping[str, Value]:
        """What its label shows otherwise than that of a batch's own carton."""
        ids = [batch.id for batch in self.batches]
        return {
            "batch": ids[0] if len(ids) == 1 else f"{ids[0]} and {len(ids) - 1} more",
            "sscc": self.sscc or "",
            "pallet": self.number if self.is_pallet else 0,
            "cartons": self.cartons or 1,
        }


@dataclass(frozen=True, slots=True)
class PackingLabel:
    """With what labels of cartons or pallets are drawn."""

    template: LoadedTemplate
    printer: Printer

    def check(self) -> None:
        """`InputError` where the template is for something else."""
        if self.template.definition.each != "carton":
            raise InputError(
                f"the template {self.template.name} is for each {self.template.definition.each}, not for cartons",
                way_out='Take one with each = "carton", such as logistic-105x148.',
            )

    @property
    def suffix(self) -> str:
        """The ending of its files."""
        return SUFFIX[self.printer.language]

    def draw(self, goods: PackedGoods) -> bytes:
        """The label file. The same goods give the same bytes. `InputError` where the label can't be printed."""
        batch = goods.batches[0]
        layout = lay_out(self.template, self.printer, 0, batch.stage, batch.units_per_package)
        maker = RowMaker(layout, batch, more=goods.values)
        row = maker.packed_row(goods.packages, goods.number)
        findings = DesignFindings(self.template)
        checker = RowChecker(maker.layout, findings)
        checker.check_fixed_texts()
        checker.check(row)
        findings.refuse()
        title = f"{'Pallet' if goods.is_pallet else 'Carton'} {goods.number}"
        return render_label_file(LabelFileContent(title, maker.layout, (row,), 1, "mask"))
