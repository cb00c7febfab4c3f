"""labels."""

from __future__ import annotations

from pathlib import Path

import click

from bss_mfg.cli.common import App, json_option, pass_app, print_json, progress, say, shown_path


@click.command(epilog="Example: bss-mfg labels bulb-2026-11 --template roll-50x30 --dpi 203")
@click.argument("batch_id", metavar="BATCH")
@click.option("--template", help="Template by name or file (default: the product's at issue).")
@click.option(
    "--dpi", type=click.Choice(["203", "300", "600"]), default="300", show_default=True, help="The printer's."
)
@click.option("--start-at", type=click.IntRange(1), default=1, show_default=True, help="First label of a used sheet.")
@click.option("--symbols", type=click.Choice(["mask", "vector"]), default="mask", show_default=True,
              help="mask: exact and small; vector: one path, for those who edit the PDF.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path), help="Folder (default: batches/BATCH/labels).")
@json_option
@pass_app
def labels(
    app: App, batch_id: str, template: str | None, dpi: str, start_at: int, symbols: str, out: Path | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Make the label PDFs of a batch.

    Checks every label before the first file: symbol, module size on this printer, text, glyphs. Repeating the command
    keeps finished files; a file that is something else is never overwritten (exit 4). Print at 100 %, without scaling.
    """
    from bss_mfg.label.job import make_labels
    from bss_mfg.label.printer import GENERIC
    from bss_mfg.label.template import load_template

    workspace = app.workspace
    with workspace.open_ledger(app.actor) as ledger:
        batch = ledger.batch(batch_id)
        loaded = load_template(workspace.template_file(template or batch.template))
        made = make_labels(
            ledger, batch, loaded, GENERIC[int(dpi)], out or workspace.batch_folder(batch.id) / "labels",
            start_at=start_at, symbols="vector" if symbols == "vector" else "mask",
            progress=progress(f"{batch_id}: labels"),
        )  # fmt: skip
    plan = made.layout.symbol
    record = {
        "batch": batch.id, "template": loaded.name, "files": [str(path) for path in made.files],
        "unchanged": made.unchanged, "index": str(made.index), "labels": made.labels, "pages": made.pages,
        "modules": plan.modules, "dots_per_module": [plan.dots_x, plan.dots_y],
        "x_dimension_mm": round(made.layout.x_dimension_mm, 4), "sample": made.layout.sample,
    }  # fmt: skip
    if as_json:
        print_json(record)
    else:
        for path in made.files:
            click.echo(shown_path(path))
    kept = f" ({made.unchanged} files were there already)" if made.unchanged else ""
    say(
        f"OK: {made.labels:,} labels on {made.pages:,} pages{kept}; {plan.modules}x{plan.modules} modules of "
        f"{made.layout.x_dimension_mm:.3f} mm ({plan.dots_x} dots); index {shown_path(made.index)}"
    )
    if made.layout.sample:
        say("This is a development product: every label carries a SAMPLE mark.")
