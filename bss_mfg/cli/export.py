"""manifest, program."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from bss_mfg.cli.common import App, counted, pass_app, say, shown_path


@click.command(epilog="Example: bss-mfg manifest bulb-2026-11 --format control-log --out upload/")
@click.argument("batch_id", metavar="BATCH")
@click.option("--format", "kind", required=True, type=click.Choice(["control-log", "csv", "jsonl"]),
              help="control-log: Amazon's JSON; csv, jsonl: the factory's own systems.")  # fmt: skip
@click.option("--out", "to", required=True, metavar="PATH", help="File; or a folder, if it exists or ends with /.")
@pass_app
def manifest(app: App, batch_id: str, kind: str, to: str) -> None:
    """Write the control logs or tables of a batch.

    Holds no OOB key but the encrypted field of the barcode. Never overwrites a file (exit 4). In a folder, a control
    log gets the name that Amazon publishes, C_CONTROL_LOG_yyyyMMddhhmmss.txt.
    """
    from bss_mfg.export.controllog import control_log
    from bss_mfg.export.mapping import load_mapping
    from bss_mfg.export.tables import csv_table, json_lines
    from bss_mfg.files import make_folder, place

    out = Path(to)
    if out.is_dir() or to.endswith(("/", "\\")):
        make_folder(out)
        stamp = datetime.now(UTC).strftime("%Y%m%d%H%M%S")
        out = out / (f"C_CONTROL_LOG_{stamp}.txt" if kind == "control-log" else f"{batch_id}.{kind}")
    with app.workspace.open_ledger(app.actor) as ledger:
        batch = ledger.batch(batch_id)
        if kind == "control-log":
            mapping = load_mapping(batch.spec, app.workspace.root / "specs")
            pieces = control_log(ledger, batch, mapping)
            if assumed := mapping.assumed:
                say(
                    f"Note: the names {', '.join(assumed)} are assumptions: compare them with Amazon's guide, correct "
                    f"specs/{batch.spec}.control-log.toml (`bss-mfg spec copy {batch.spec}`)."
                )
        else:
            pieces = csv_table(ledger, batch) if kind == "csv" else json_lines(ledger, batch)
        sha = place(out, pieces)
        left = len(ledger.scrapped_packages(batch.id))
        ledger.note(batch.id, "manifest made", {"file": out.name, "format": kind, "sha256": sha})
    click.echo(shown_path(out))
    say(f"OK: {kind} of {counted(batch.packages - left, 'package')}; SHA-256 {sha}")
    if left:
        say(f"Left out: {counted(left, 'package')} with a scrapped unit")


@click.command(epilog="Example: bss-mfg program bulb-2026-11 --format csv --out /media/line/bulb.csv")
@click.argument("batch_id", metavar="BATCH")
@click.option("--format", "kind", required=True, type=click.Choice(["csv"]), help="File format.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="File to make (0600).")
@pass_app
def program(app: App, batch_id: str, kind: str, out: Path) -> None:
    """Write the OOB keys of a batch for the line's flasher.

    The only command that ever releases a key. Whoever has this file can join the devices: keep it on the line's
    machine, and delete it when the batch is flashed.
    """
    from bss_mfg.errors import InputError
    from bss_mfg.export.programming.release import write_programming_csv

    if out.is_dir():
        raise InputError("is a folder", where=str(out), way_out="Name the file to make.")
    with app.workspace.open_ledger(app.actor) as ledger, app.vault(ledger) as vault:
        count = write_programming_csv(ledger, vault, ledger.batch(batch_id), out)
    click.echo(shown_path(out))
    say(f"OK: {kind} with the OOB keys of {counted(count, 'unit')}. Keep it secret.")
