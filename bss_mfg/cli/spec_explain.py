"""spec explain: a spec as a picture of a made-up string, for people who hold a guide beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bss_mfg.cli import suggestions
from bss_mfg.cli.common import App, json_option, pass_app, print_json, print_table, print_text, say, shown_path
from bss_mfg.cli.parameters import WholeNumber
from bss_mfg.cli.spec_check import spec_file_of
from bss_mfg.version import __version__

if TYPE_CHECKING:
    from bss_mfg.payload.spec import SpecFile
    from bss_mfg.report.spec_sheet import SizeRow, SpecSheet


@click.command(epilog="Example: bss-mfg spec explain amazon-bss-ob04 --out ob04.pdf")
@click.argument("target", metavar="NAME|FILE", shell_complete=suggestions.specs)
@click.option(
    "--out",
    "outs",
    multiple=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write a sheet to read, to print and to sign: .html or .pdf. May be given more than once; an earlier HTML "
    "sheet is replaced.",
)
@click.option("--units", type=WholeNumber(1, 64), help="Units in the package that is shown (default: 2, where it may).")
@click.option("--oob-bytes", type=click.Choice(["16", "32"]), default="16", help="Bytes of the OOB keys in it.")
@json_option
@pass_app
def explain(app: App, target: str, outs: tuple[Path, ...], units: int | None, oob_bytes: str, as_json: bool) -> None:
    """Show what each field and each encrypted byte of a barcode string is, by a spec's name or file.

    The package is made up: nothing is issued, and no key of a product or device is used. Shows the sizes of packages
    and symbols as well, what is insecure, and what is assumed: a sheet for Amazon's contact to sign.
    """
    from bss_mfg.report.spec_sheet import SheetRequest, spec_sheet
    from bss_mfg.report.spec_sheet_data import spec_sheet_document
    from bss_mfg.workspace.spec_samples import readable_samples

    if outs:
        from bss_mfg.report.spec_sheet_file import check_sheet_file, write_sheet

        for out in outs:
            check_sheet_file(out)
    file, folder = spec_file_of(app, target)
    shown = min(2, file.spec.max_units) if units is None else units
    samples, problems = readable_samples(folder, file.spec)
    sheet = spec_sheet(file, SheetRequest(shown, int(oob_bytes), samples, _product_with(app, file)))
    for out in outs:
        write_sheet(sheet, out, __version__)
    if as_json:
        print_json(spec_sheet_document(sheet))
    elif not outs:
        _print_sheet(sheet)
    for problem in problems:
        say(f"NOTE: left out: {problem}")
    for out in outs:
        say(f"Sheet: {shown_path(out)}")


def _product_with(app: App, file: SpecFile) -> dict[str, str]:
    """The values of the one product of the workspace that has a spec; empty where none or several have."""
    from bss_mfg.errors import BssError

    found: list[dict[str, str]] = []
    if (workspace := app.any_workspace) is None:
        return {}
    for name in workspace.product_names():
        try:
            product = workspace.product(name).product
        except BssError:  # whoever uses that product hears what is wrong; the sheet does without
            continue
        if product.spec == file.spec.name:
            found.append({key: product.facts[key] for key in ("pid", "upc", "ean")})
    return found[0] if len(found) == 1 else {}


def _print_sheet(sheet: SpecSheet) -> None:
    print_text(f"{sheet.anatomy.text}\n")
    rows = [(row.key, row.known, f"{row.characters}", f"{row.holds}; {row.written}") for row in sheet.fields]
    print_table(rows, ("KEY", "KNOWN", "CHARACTERS", "HOLDS"))
    for block in sheet.blocks:
        print_text(f"\n{block.key}: {block.title}. {block.layout}")
        spans = [("plaintext", span) for span in block.plaintext] + [("encrypted", span) for span in block.sealed]
        listed = [(of, span.place, f"{span.size}", span.label) for of, span in spans]
        print_table(listed, ("OF", "BYTES", "SIZE", "WHAT"))
        if block.text:
            print_text(f"\nThe plaintext as a text: {block.text}")
    print_text("")
    sizes = [
        (f"{row.units}", f"{row.oob_bytes}" if sheet.spec.holds_oob else "-", *_size_cells(row)) for row in sheet.sizes
    ]
    print_table(sizes, ("UNITS", "OOB BYTES", "CHARACTERS", "MODULES"))
    for block in sheet.blocks:
        for cost in block.warnings:
            say(f"WARNING: {block.key}: {cost}")
    say(f"{sheet.state_words}; SHA-256 {sheet.digest}")


def _size_cells(row: SizeRow) -> tuple[str, str]:
    if row.problem:
        return "-", row.problem
    return f"{row.characters}", f"{row.modules}x{row.modules}" if row.modules else "-"
