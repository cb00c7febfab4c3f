"""verify, inspect."""

from __future__ import annotations

from pathlib import Path

import click

from bss_mfg import __version__
from bss_mfg.cli.common import App, details, json_option, pass_app, print_json, progress, say, shown_path


@click.command(epilog="Example: bss-mfg verify bulb-2026-11 scans/*.png --report report.html")
@click.argument("batch_id", metavar="BATCH")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--partial", is_flag=True, help="Labels whose place is in no picture are no fault: more comes later.")
@click.option("--second-reader", is_flag=True, help="Also read each symbol with libdmtx.")
@click.option(
    "--report", type=click.Path(path_type=Path), help="Write a self-contained HTML page; an older report is replaced."
)
@click.option("--grade", is_flag=True, help="Also grade each symbol's print quality: indicative, ISO/IEC 15415.")
@click.option("--jobs", type=click.IntRange(0, 64), default=0, help="Reading processes; 0: one per core, up to 4.")
@json_option
@pass_app
@click.pass_context
def verify(
    ctx: click.Context, app: App, batch_id: str, files: tuple[Path, ...], partial: bool, second_reader: bool,
    report: Path | None, grade: bool, jobs: int, as_json: bool,
) -> None:  # fmt: skip
    """Read printed labels back and compare them with the ledger.

    FILES are PDFs, pictures or folders. Names every missing, duplicate, foreign, unreadable or mismatched label with
    serial and place. Exit 0 only if all is right, 1 if something is wrong.
    """
    from bss_mfg.files import already_there, place
    from bss_mfg.ledger.audit import now
    from bss_mfg.scan.job import Wanted, rows_of
    from bss_mfg.scan.job import verify as run
    from bss_mfg.scan.report import html_report, is_report, place_words

    if report and report.exists() and not is_report(report):
        raise already_there(report)
    with app.workspace.open_ledger(app.actor) as ledger:
        outcome = run(
            ledger, ledger.batch(batch_id), files, Wanted(partial, second_reader, grade, report is not None, jobs),
            progress=progress(f"{batch_id}: verify"),
        )  # fmt: skip
    if report:
        place(report, html_report(outcome, now(), __version__), replace=True)
    rows = list(rows_of(outcome))
    if as_json:
        print_json(
            {
                "batch": batch_id, "right": outcome.right, "partial": partial, "counts": outcome.counts,
                "files": outcome.files, "pages": outcome.pages,
                "broken_files": [{"file": name, "reason": reason} for name, reason in outcome.broken],
                "findings": rows,
            }
        )  # fmt: skip
    else:
        for row in rows:
            if row["verdict"] != "matched" and not (partial and row["unseen"]):
                name = row["serials"] or "(not one of ours)"
                where = place_words(row)
                click.echo(f"{row['verdict'].upper()}: {name}: {row['detail']}" + (f" [{where}]" if where else ""))
        for name, reason in outcome.broken:
            click.echo(f"UNREADABLE FILE: {name}: {reason}")
        click.echo(", ".join(f"{count:,} {kind}" for kind, count in outcome.counts.items()))
    if report:
        say(f"Report: {shown_path(report)}")
    if outcome.right and outcome.unseen:
        say(f"OK so far: all labels that were shown are right, {outcome.unseen:,} of the batch were not shown")
    else:
        say("OK: all labels are right" if outcome.right else "WRONG: not all labels are right")
    if not outcome.right:
        ctx.exit(1)


@click.command(epilog="Example: bss-mfg inspect box.jpg --private-key dev-keys/amazon.private.pem")
@click.argument("target", metavar="STRING|FILE")
@click.option("--private-key", type=click.Path(path_type=Path), help="A development key, to look inside.")
@json_option
@pass_app
@click.pass_context
def inspect(ctx: click.Context, app: App, target: str, private_key: Path | None, as_json: bool) -> None:
    """Explain any barcode, field by field.

    Works without a workspace too. OOB keys are never shown, only their SHA-256. Exit 1 if a string is not as its spec
    says.
    """
    from bss_mfg.errors import InputError
    from bss_mfg.files import read_bytes
    from bss_mfg.inspection import explain, strings_of
    from bss_mfg.payload.keys import load_private_key
    from bss_mfg.payload.spec import packaged, packaged_names

    try:
        specs = [app.workspace.spec(name).spec for name in app.workspace.spec_names()]
    except InputError:
        if app.workspace_option:
            raise
        specs = [packaged(name).spec for name in packaged_names()]
    key = load_private_key(read_bytes(private_key, "private key", 1 << 16), str(private_key)) if private_key else None
    symbols = [{**explain(text, specs, key), **place} for text, place in strings_of(target)]
    if as_json:
        print_json(symbols)
    else:
        for number, symbol in enumerate(symbols):
            if number:
                click.echo()
            _print_symbol(symbol)
    if any(symbol["problems"] for symbol in symbols):
        ctx.exit(1)


def _print_symbol(symbol: dict[str, object]) -> None:
    fields, notes = symbol["fields"], symbol["notes"]
    details(
        [
            ("payload", str(symbol["payload"])),
            ("spec", str(symbol["spec"] or "unknown")),
            *[("note", str(note)) for note in (notes if isinstance(notes, list) else [])],
            *([("at", f"{symbol['file']}, page {symbol['page']}")] if "file" in symbol else []),
        ]
    )
    for field in fields if isinstance(fields, list) else []:
        click.echo(f"  {field['key']:<5} {field['status']:<10} {field['value']}")
        if field["note"]:
            click.echo(f"  {'':<16} {field['note']}")
    units = symbol.get("units")
    for unit in units if isinstance(units, list) else []:
        key = f", OOB key of {unit['oob_key_octets']} octets, SHA-256 {unit['oob_key_sha256']}" if len(unit) > 1 else ""
        click.echo(f"  unit  Device UUID {unit['uuid']}{key}")
    problems = symbol["problems"]
    for problem in problems if isinstance(problems, list) else []:
        click.echo(f"  WRONG: {problem}")
