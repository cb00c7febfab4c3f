"""How labels are printed, as options of `labels` and `reprint`."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bss_mfg.cli import suggestions
from bss_mfg.cli.common import Command
from bss_mfg.cli.language_option import label_language_option
from bss_mfg.cli.parameters import WholeNumber
from bss_mfg.cli.sending import send_option

if TYPE_CHECKING:
    from bss_mfg.label.from_workspace import PrintWishes
    from bss_mfg.label.layout.press import Press
    from bss_mfg.model import FillOrder, SymbolStyle


@dataclass(frozen=True, slots=True)
class PrintingOptions:
    """What `labels` and `reprint` have in common; the fields are the options' names, None where nothing was typed."""

    template: str | None
    printer: str | None
    dpi: str | None
    start_at: int | None
    symbols: SymbolStyle | None
    order: FillOrder | None
    label_language: str | None
    out: Path | None
    send: str | None
    pdfx: bool
    pdfa: bool
    icc: Path | None

    def press(self) -> Press:
        """The standard that was asked for, with its printing condition."""
        from bss_mfg.label.layout.press import open_press

        if self.pdfx and self.pdfa:
            raise click.UsageError("--pdfx and --pdfa contradict each other.")
        return open_press("PDF/X-4" if self.pdfx else "PDF/A-2b" if self.pdfa else "", self.icc)

    def wishes(self, **more: Any) -> PrintWishes:
        """What was typed of how to print."""
        from bss_mfg.label.from_workspace import PrintWishes

        if self.printer and self.dpi:
            raise click.UsageError("--printer and --dpi contradict each other.")
        return PrintWishes(
            template=self.template,
            printer=self.printer or (f"pdf-{self.dpi}" if self.dpi else None),
            start_at=self.start_at,
            order=self.order,
            symbols=self.symbols,
            language=self.label_language,
            **more,
        )

    @property
    def names_printer(self) -> bool:
        """Whether a printer was asked for."""
        return bool(self.printer or self.dpi)

    def of_files(self) -> dict[str, object]:
        """Options of files that are made here, by name."""
        return {f"--{name}": getattr(self, name) for name in ("send", "out", "pdfx", "pdfa", "icc")}

    def typed(self) -> list[str]:
        """The options that a command which goes on has to repeat."""
        given = (
            ("--template", self.template),
            ("--printer", self.printer),
            ("--dpi", self.dpi),
            ("--symbols", self.symbols),
            ("--order", self.order),
            ("--label-language", self.label_language),
            ("--out", self.out),
            ("--icc", self.icc),
        )
        words = [str(part) for name, value in given if value is not None for part in (name, value)]
        return words + ["--pdfx"] * self.pdfx + ["--pdfa"] * self.pdfa


def printing_options(function: Command) -> Callable[..., Any]:
    """Adds the options of `PrintingOptions`, and hands them over as one argument, `printing`."""

    @functools.wraps(function)
    def command(*arguments: Any, **options: Any) -> Any:
        printing = PrintingOptions(**{field.name: options.pop(field.name) for field in fields(PrintingOptions)})
        return function(*arguments, printing=printing, **options)

    options: list[Callable[[Any], Any]] = [
        click.option(
            "--template",
            shell_complete=suggestions.templates,
            help="Template by name or file (default: as printed last, else the product's or workspace's).",
        ),
        click.option(
            "--printer",
            shell_complete=suggestions.printers,
            help="A printer of the workspace, or a built-in one (`bss-mfg printer list`; default: as printed last, "
            "else the product's or workspace's, else pdf-300).",
        ),
        click.option("--dpi", type=click.Choice(["203", "300", "600"]), help="Short for --printer pdf-203 and so on."),
        click.option("--start-at", type=WholeNumber(1), help="First label of a used sheet (default: 1)."),
        click.option(
            "--symbols",
            type=click.Choice(["mask", "vector"]),
            help="mask: exact and small; vector: one path, for those who edit the PDF (default: as printed last, else "
            "mask).",
        ),
        click.option(
            "--order",
            type=click.Choice(["rows", "columns", "snake"]),
            help="In which order the places of a page are filled (default: as printed last, else rows).",
        ),
        label_language_option("Of the product's own fields: de, or base (default: as printed last, else as set)."),
        click.option("--out", type=click.Path(path_type=Path), help="Folder (default: batches/BATCH/labels)."),
        send_option(
            "Send the files to the printer: tcp://HOST:9100, cups://QUEUE and others, see the printer file (without "
            "value: the printer's address)."
        ),
        click.option("--pdfx", is_flag=True, help="PDF/X-4 for a print shop, with the profile that it names: --icc."),
        click.option("--pdfa", is_flag=True, help="PDF/A-2b for the archive."),
        click.option(
            "--icc",
            type=click.Path(path_type=Path, dir_okay=False),
            help="ICC profile of the printing condition, for --pdfx and --pdfa.",
        ),
    ]
    decorated: Callable[..., Any] = command
    for option in reversed(options):
        decorated = option(decorated)
    return decorated
