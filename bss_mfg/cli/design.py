"""template list|copy|preview, media list, schema, preflight: what a designer types."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bss_mfg.cli import suggestions
from bss_mfg.cli.common import (
    App,
    json_option,
    pass_app,
    print_details,
    print_json,
    print_table,
    print_text,
    print_words,
    say,
    shown_path,
)
from bss_mfg.cli.language_option import label_language_option
from bss_mfg.cli.parameters import WholeNumber

if TYPE_CHECKING:
    from bss_mfg.core.languages import Language
    from bss_mfg.label.layout.design_check import Example
    from bss_mfg.label.layout.findings import DesignFindings
    from bss_mfg.label.layout.preflight import Preflight
    from bss_mfg.label.preview.watching import ExampleSource
    from bss_mfg.label.template.printer import Printer

_LANGUAGE_HELP = "Of the product's own fields: de, or base (default: as set for the product or the workspace)."


@click.group()
def template() -> None:
    """List, copy and preview label templates."""


@template.command("list", epilog="Example: bss-mfg template list")
@json_option
@pass_app
def template_list(app: App, as_json: bool) -> None:
    """List all templates: those that come with bss-mfg, and the workspace's own, if you are in one."""
    from bss_mfg.errors import BssError
    from bss_mfg.label.template.loading import load_template
    from bss_mfg.workspace.template_files import template_names

    rows: list[tuple[str, ...]] = []
    for name, source in template_names(app.templates_folder).items():
        try:
            definition = load_template(app.template_file(name)).definition
            media = definition.media
            size = f"{media.label_width:g} x {media.label_height:g} mm"
            rows.append((name, source, definition.each, media.use or media.kind, size, definition.title))
        except BssError as error:
            rows.append((name, source, "-", "-", "-", f"broken: {error.what}"))
    if as_json:
        print_json([dict(zip(("name", "source", "each", "media", "label", "title"), row, strict=True)) for row in rows])
    else:
        print_table(rows, ("name", "source", "each", "media", "label", "title"))


@template.command("copy", epilog="Example: bss-mfg template copy minimal my-label")
@click.argument("name", shell_complete=suggestions.templates)
@click.argument("new_name", metavar="NEW")
@pass_app
def template_copy(app: App, name: str, new_name: str) -> None:
    """Copy a template, with its artwork and fonts, to change it.

    The copy goes into the workspace's templates/ folder; without a workspace, into this folder.
    """
    from bss_mfg.workspace.template_files import copy_template

    for path in copy_template(app.template_file(name), app.templates_folder or Path.cwd(), new_name):
        print_text(shown_path(path))


@dataclass(frozen=True, slots=True)
class _Shown:
    """Whose labels a preview shows, in which language."""

    product: str | None
    batch: str | None
    units: int
    language: str | None

    def example(self, app: App) -> Example:
        """The example that it names."""
        from bss_mfg.label import examples

        if self.product and self.batch:
            raise click.UsageError("--product and --batch contradict each other.")
        if self.batch:
            return examples.batch_example(app.workspace, self.batch, app.actor, self.language)
        if self.product:
            return examples.product_example(app.workspace, self.product, self.language)
        if self.language:
            raise click.UsageError("--label-language is of a product's own fields: give --product or --batch, too.")
        return examples.made_up_example(self.units)


@template.command("preview", epilog="Example: bss-mfg template preview my-label --product bulb --watch")
@click.argument("name", metavar="TEMPLATE", shell_complete=suggestions.templates)
@click.option("--product", shell_complete=suggestions.products, help="Show this product's longest and shortest labels.")
@click.option("--batch", shell_complete=suggestions.batches, help="Show a batch's own first and last labels.")
@click.option(
    "--units",
    default=1,
    show_default=True,
    type=WholeNumber(1, 64),
    help="Units in a package, when neither is given.",
)
@label_language_option(_LANGUAGE_HELP)
@click.option(
    "--printer",
    default="pdf-300",
    show_default=True,
    shell_complete=suggestions.printers,
    help="For this printer's dots.",
)
@click.option("--page", is_flag=True, help="Draw the whole page as it is printed (.png, .pdf), without rulers.")
@click.option("--out", type=click.Path(path_type=Path), help="FILE.png, .pdf or .svg (default: TEMPLATE-preview.png).")
@click.option("--replace", is_flag=True, help="Overwrite the file of an earlier preview.")
@click.option("--watch", is_flag=True, help="Serve a page on this computer that redraws when a file is saved.")
@click.option("--port", default=8765, show_default=True, type=WholeNumber(0, 65535), help="For --watch; 0: any.")
@pass_app
def template_preview(
    app: App,
    name: str,
    product: str | None,
    batch: str | None,
    units: int,
    label_language: str | None,
    printer: str,
    page: bool,
    out: Path | None,
    replace: bool,
    watch: bool,
    port: int,
) -> None:
    """Draw a template with rulers, quiet zones, safe area and bleed, and every finding where it happens.

    The longest and the shortest case stand side by side; with --page they fill a page. Exit 1 if something would
    not print.
    """
    path = app.template_file(name)
    shown = _Shown(product, batch, units, label_language)
    target, example = app.printer(printer), shown.example(app)
    if watch and page:
        raise click.UsageError("--watch shows the whole page anyway: leave out --page.")
    if watch:
        _serve(path, target, _example_source(app, example, shown), port, app.language)
        return
    file = out or Path(f"{path.stem}-{'page' if page else 'preview'}.png")
    form = file.suffix.lower().lstrip(".")
    if form not in (("png", "pdf") if page else ("png", "pdf", "svg")):
        raise click.UsageError("--out ends in .png or .pdf." if page else "--out ends in .png, .pdf or .svg.")
    if page:
        _draw_page(path, target, example, file, replace)
    else:
        _draw(path, target, example, file, replace, app.language)


def _example_source(app: App, example: Example, shown: _Shown) -> ExampleSource:
    """Where a page that follows its files reads the example from: a product's can change, others can't."""
    from bss_mfg.label.examples import product_example, product_files
    from bss_mfg.label.preview.watching import ExampleSource

    product = shown.product
    if not product:
        return ExampleSource.fixed(example)
    workspace = app.workspace
    return ExampleSource(
        lambda: product_example(workspace, product, shown.language), lambda: product_files(workspace, product)
    )


def _serve(path: Path, printer: Printer, source: ExampleSource, port: int, language: Language) -> None:
    """Serve the preview until Ctrl-C."""
    from bss_mfg.label.preview.server import serve_preview

    def started(address: str) -> None:
        print_text(address)
        say("Open this page; it redraws when the template or the product is saved. Ctrl-C ends it.")

    try:
        serve_preview(path, printer, source, port, started, language)
    except KeyboardInterrupt:
        say("Ended.")
        raise click.exceptions.Exit(130) from None


def _draw(path: Path, printer: Printer, example: Example, file: Path, replace: bool, language: Language) -> None:
    """Write the preview to a file, and its findings as messages."""
    from bss_mfg.core.files import write_atomically
    from bss_mfg.label.preview.preview import draw_preview
    from bss_mfg.label.template.loading import load_template

    preview = draw_preview(load_template(path), printer, example, language)
    form: Any = file.suffix.lower().lstrip(".")
    write_atomically(file, [preview.render(form)], replace=replace)
    _tell_preview(file, preview.design.findings)


def _draw_page(path: Path, printer: Printer, example: Example, file: Path, replace: bool) -> None:
    """Write a whole page of labels to a file, and the findings as messages."""
    from bss_mfg.core.files import write_atomically
    from bss_mfg.label.layout.design_check import check_design
    from bss_mfg.label.preview.whole_page import WholePage
    from bss_mfg.label.template.loading import load_template

    template = load_template(path)
    design, page = check_design(template, printer, example), WholePage.of(template, printer, example)
    write_atomically(file, [page.pdf if file.suffix.lower() == ".pdf" else page.png], replace=replace)
    _tell_preview(file, design.findings)


def _tell_preview(file: Path, findings: DesignFindings) -> None:
    """Name the file and what was found. Exit 1 if something would not print."""
    print_text(shown_path(file))
    for finding in findings.items:
        say(f"{finding.severity.upper()}: {finding}")
    if findings.errors:
        raise click.exceptions.Exit(1)


@click.group()
def media() -> None:
    """List the sheets and rolls that templates can use."""


@media.command("list", epilog="Example: bss-mfg media list --maker avery")
@click.option("--maker", help="Only this maker's.")
@json_option
def media_list(maker: str | None, as_json: bool) -> None:
    """List the media library: names for `use` in a template's [media], with the makers' part numbers."""
    from bss_mfg.label.template.media import media_library

    media_by_name = {
        name: item for name, item in media_library().items() if maker is None or item["maker"].lower() == maker.lower()
    }
    if as_json:
        print_json([{"name": name, **item} for name, item in media_by_name.items()])
        return
    print_table(
        [
            (
                name,
                item["kind"],
                item.get("page", "-"),
                f"{item['label_width']:g} x {item['label_height']:g}"
                + (", round" if item.get("shape") == "round" else ""),
                str(item.get("columns", 1) * item.get("rows", 1)),
                ", ".join(item["parts"]),
            )
            for name, item in media_by_name.items()
        ],
        ("name", "kind", "page", "label mm", "per page", "part numbers"),
    )


@click.command(epilog="Example: bss-mfg schema template > template.schema.json")
@click.argument("what", type=click.Choice(["template", "printer", "product", "spec", "verifier-mapping"]))
def schema(what: str) -> None:
    """Print the JSON Schema of a file that people edit.

    Editors complete and check TOML with it.
    """
    from pydantic import BaseModel

    from bss_mfg.core.json_schemas import editor_schema
    from bss_mfg.label.template.printer import PrinterFile
    from bss_mfg.label.template.template import Template
    from bss_mfg.payload.spec import Spec
    from bss_mfg.verifier_data.mapping import Mapping
    from bss_mfg.workspace.product import Product

    models: dict[str, type[BaseModel]] = {
        "template": Template,
        "printer": PrinterFile,
        "product": Product,
        "spec": Spec,
        "verifier-mapping": Mapping,
    }
    print_text(json.dumps(editor_schema(models[what]), indent=2))


@click.command(epilog="Example: bss-mfg preflight bulb --template my-label --printer zpl-203")
@click.argument("product", shell_complete=suggestions.products)
@click.option(
    "--template",
    "name",
    shell_complete=suggestions.templates,
    help="Template by name or file (default: the product's).",
)
@click.option(
    "--printer",
    shell_complete=suggestions.printers,
    help="A printer (`bss-mfg printer list`; default: the product's or workspace's, else pdf-300).",
)
@label_language_option(_LANGUAGE_HELP)
@json_option
@pass_app
def preflight(
    app: App, product: str, name: str | None, printer: str | None, label_language: str | None, as_json: bool
) -> None:
    """Check that a product's labels will print, before they are issued.

    The longest payload and texts are laid out with a template on a printer.
    Exit 1 if anything will not print.
    """
    from bss_mfg.label import examples
    from bss_mfg.label.from_workspace import DEFAULT_PRINTER
    from bss_mfg.label.layout.design_check import check_design
    from bss_mfg.label.layout.preflight import preflight as check
    from bss_mfg.label.template.loading import load_template

    workspace = app.workspace
    chosen = workspace.print_defaults(workspace.product(product).product)
    loaded = load_template(workspace.template_file(name or chosen.template or ""))
    target = app.printer(printer or chosen.printer or DEFAULT_PRINTER)
    outcome = check(check_design(loaded, target, examples.product_example(workspace, product, label_language)))
    if as_json:
        print_json(outcome.record())
    else:
        _show(outcome)
    if not outcome.prints:
        raise click.exceptions.Exit(1)


def _show(outcome: Preflight) -> None:
    layout, symbol = outcome.design.layout, outcome.symbol
    printer, media_ = layout.printer, layout.template.definition.media
    rows = [
        ("Subject", outcome.design.example.title),
        (
            "Template",
            f"{layout.template.name}, labels of {media_.label_width:g} x {media_.label_height:g} mm, "
            f"{len(layout.places)} a page",
        ),
        (
            "Printer",
            f"{printer.name}, {printer.language}, {round(printer.dots_per_mm_x, 4):g} x "
            f"{round(printer.dots_per_mm_y, 4):g} dots/mm",
        ),
    ]
    if symbol:
        payload = f"{outcome.design.example.longest_payload} characters, {symbol.characters_to_spare} to spare"
        size = f"{symbol.width_mm:.2f} x {symbol.height_mm:.2f} mm in a square of {symbol.room_mm:g} mm"
        dots = f"{symbol.module_dots_x} x {symbol.module_dots_y} dots"
        rows += [
            ("Longest payload", payload),
            ("Symbol", f"{symbol.modules}x{symbol.modules} modules, {size}"),
            ("Module", f"{dots}, {symbol.module_x_mm:.3f} x {symbol.module_y_mm:.3f} mm"),
            ("Quiet zone", f"{symbol.quiet_zone_mm:.2f} mm"),
            ("Contrast", f"about {symbol.contrast:.0%}"),
            ("Next size", str(outcome.next_size)),
        ]
    print_details(rows)
    print_text("")
    print_table(
        [
            (
                str(text.element_index + 1),
                text.text[:44],
                text.font,
                f"{text.size:g}",
                f"{text.printed_size:g}",
                str(text.lines),
            )
            for text in outcome.texts()
        ],
        ("element", "longest text", "font", "size", "printed", "lines"),
    )
    print_text("")
    for finding in outcome.design.findings.items:
        print_words(f"{finding.severity.upper()}: {finding}")
    print_words("OK: everything will print" if outcome.prints else "FAIL: this will not print")
