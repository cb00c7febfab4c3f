"""Templates and printers by their names in a workspace, and which of them a batch's labels are printed with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bss_mfg.errors import InputError
from bss_mfg.label.file_plan import LABELS_PER_FILE, LabelRequest
from bss_mfg.label.template.loading import LoadedTemplate, load_template
from bss_mfg.label.template.printer import Printer, find_printer
from bss_mfg.ledger.events import LabelFileEvent
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.model import Batch, FillOrder, SymbolStyle
from bss_mfg.printer_languages import LANGUAGES
from bss_mfg.workspace.product_fields import BASE_LANGUAGE, matching_language, require_language
from bss_mfg.workspace.publishing import require_published
from bss_mfg.workspace.workspace import Workspace

DEFAULT_PRINTER = "pdf-300"
"""Where nobody says otherwise."""


def named_template(workspace: Workspace, name: str) -> LoadedTemplate:
    """A template of the workspace, or one that comes with bss-mfg, or the path of a .toml file."""
    return load_template(workspace.template_file(name))


def named_printer(workspace: Workspace | None, name: str) -> Printer:
    """A printer of the workspace, if there is one, or a built-in one."""
    if workspace is None:
        return find_printer(name, None, [])
    return find_printer(name, workspace.printer_file(name), workspace.printer_names())


def sheet_words(template: LoadedTemplate, printer: Printer) -> str:
    """That a label printer would take a sheet of labels for one label, in words; empty where it doesn't."""
    media = template.definition.media
    labels = media.columns * media.rows
    if media.kind != "sheet" or labels == 1 or not LANGUAGES[printer.language].is_raw:
        return ""
    return f"{template.name} is a sheet of {labels} labels, and the label printer {printer.name} prints it as one label"


@dataclass(frozen=True, slots=True)
class PrintWishes:
    """What somebody says of how labels are to be printed; None: nothing."""

    template: str | None = None
    printer: str | None = None
    labels_per_file: int | None = None
    start_at: int | None = None
    order: FillOrder | None = None
    symbols: SymbolStyle | None = None
    copies: int | None = None
    collate: bool | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class PrintChoice:
    """How labels are printed. `last` says how the batch's labels were printed before, where they were."""

    template: LoadedTemplate
    printer: Printer
    labels_per_file: int
    start_at: int
    order: FillOrder
    symbols: SymbolStyle
    copies: int
    collate: bool
    language: str
    last: LabelFileEvent | None

    def request(self, numbers: tuple[int, ...] | None, **more: Any) -> LabelRequest:
        """What to print, in this way; `more` as the fields of `LabelRequest`."""
        return LabelRequest(
            numbers,
            start_at=self.start_at,
            copies=self.copies,
            collate=self.collate,
            labels_per_file=self.labels_per_file,
            order=self.order,
            language=self.language,
            symbols=self.symbols,
            **more,
        )

    @property
    def sheet_words(self) -> str:
        """That a label printer would take a sheet of labels for one label, in words; empty where it doesn't."""
        return sheet_words(self.template, self.printer)

    @property
    def words(self) -> str:
        """What is told of the last print: that it is like it, or what is otherwise. Empty where there is none."""
        if self.last is None:
            return ""
        pairs = (
            ("template", self.template.name, self.last.template),
            ("printer", self.printer.name, self.last.printer),
            ("language", self.language or BASE_LANGUAGE, self.last.language or BASE_LANGUAGE),
        )
        changed = [f"{name} {now} (it was {before})" for name, now, before in pairs if before and now != before]
        if changed:
            return f"Otherwise than printed last: {', '.join(changed)}"
        many = f", {self.copies} of each label" if self.copies > 1 and self.copies == self.last.copies else ""
        told = f", language {self.language}" if self.language else ""
        return f"As printed last: {self.template.name} on {self.printer.name}{told}{many}"


def choose_print(
    workspace: Workspace,
    ledger: Ledger,
    batch: Batch,
    wishes: PrintWishes,
    last: LabelFileEvent | None,
    *,
    same_place: bool = False,
) -> PrintChoice:
    """How the labels of a batch are printed: as is wished, else as `last`, else by the settings of the product and the
    workspace. With `same_place` they begin where the last ones began, else on a fresh page. `RefusedError` where files
    are published for all stations, and those of this workspace are others."""
    require_published(workspace, ledger)
    defaults = workspace.batch_print_defaults(batch.product, batch.template)
    template = _template(workspace, batch, wishes.template, last, defaults.template or batch.template)
    each = template.definition.each
    if last is None or last.each != each:
        last = ledger.prints.last_print(batch.id, each)
    name = wishes.printer or (last.printer if last else None) or defaults.printer or DEFAULT_PRINTER
    printer = named_printer(workspace, name)
    if each == "batch" and printer.language != "pdf" and name == defaults.printer and not wishes.printer:
        printer = named_printer(workspace, DEFAULT_PRINTER)  # a traveller is a page, whatever the labels are
    # How files are cut and filled belongs to a template on a printer.
    same = last if last and (last.template, last.printer) == (template.name, printer.name) else None
    return PrintChoice(
        template,
        printer,
        labels_per_file=wishes.labels_per_file or (same.labels_per_file if same else LABELS_PER_FILE),
        start_at=wishes.start_at or (same.start_at if same and same_place else 1),
        order=wishes.order or (same.order if same else "rows"),
        symbols=wishes.symbols or (same.symbols if same else "mask"),
        copies=wishes.copies or (same.copies if same else 1),
        collate=(same.collate if same else True) if wishes.collate is None else wishes.collate,
        language=_language(batch, wishes.language, last, defaults.language),
        last=last,
    )


def _language(batch: Batch, wished: str | None, last: LabelFileEvent | None, default: str | None) -> str:
    """The language of the batch's own fields: one that is wished must be there, a setting counts where it is."""
    if wished is not None:
        return "" if wished == BASE_LANGUAGE else require_language(batch.facts, wished, "--label-language")
    return last.language if last else matching_language(batch.facts, default or "")


def _template(
    workspace: Workspace, batch: Batch, wished: str | None, last: LabelFileEvent | None, default: str
) -> LoadedTemplate:
    if wished or last is None:
        return named_template(workspace, wished or default)
    try:
        return named_template(workspace, last.template)
    except InputError as error:
        if error.location.file:
            raise  # it is there, and it is wrong
        raise InputError(
            f"the labels of batch {batch.id} were printed last with the template {last.template!r}, which is not in "
            "this workspace",
            way_out="Name its file with --template FILE.toml.",
        ) from None


def least_grade_asked(workspace: Workspace, batch: Batch) -> float | None:
    """The least grade, 4 to 0, that the batch's product or its template asks for, the better of both; None where
    neither does. What has no file in this workspace asks for nothing."""
    from bss_mfg.core.toml_files import load_toml
    from bss_mfg.imaging.grade_scale import least_grade

    name = workspace.batch_print_defaults(batch.product, batch.template).template
    known = name in workspace.template_names()
    of_template = load_toml(workspace.template_file(name), "template").data.get("min_grade") if known else None
    words = [workspace.least_grade(batch.product), of_template]
    asked = [least for word in words if word and (least := least_grade(str(word))) is not None]
    return max(asked, default=None)
