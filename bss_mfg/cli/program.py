"""program."""

from __future__ import annotations

import hashlib
from pathlib import Path

import click

from bss_mfg.cli.common import App, json_option, pass_app, print_json, say, shown_path
from bss_mfg.core.text import counted

FORMATS = ("csv", "jsonl", "bin", "hex", "zephyr", "zephyr-shell", "esp-nvs", "c-header")
MOST_LISTED = 10_000
"""Differences that --json lists; any further ones are counted."""


@click.command(epilog="Example: bss-mfg program bulb-2026-11 --format esp-nvs --out /media/line/bulb/")
@click.argument("batch_id", metavar="BATCH")
@click.option("--format", "kind", type=click.Choice(FORMATS), help="csv, jsonl: one file; the others: a file a unit.")
@click.option("--layout", type=click.Path(path_type=Path), help="Of bin and hex: a layout file (TOML).")
@click.option("--out", metavar="PATH", help="Folder to fill; of csv and jsonl also the file to make. Files are 0600.")
@click.option("--to", multiple=True, metavar="age1...", help="Encrypt to a station's age public key; repeat for more.")
@click.option("--again", is_flag=True, help="Release keys a second time.")
@click.option("--reason", default="", help="Of --again: why, for the history.")
@click.option(
    "--check",
    "readback",
    type=click.Path(path_type=Path),
    help="Instead: compare what the flasher read "
    "back (CSV or XLSX with serial, uuid, oob_key or oob_sha256) with the ledger.",
)
@click.option(
    "--jobs",
    type=click.IntRange(0, 64),
    default=0,
    help="Of --check: working processes; 0: one per core where that pays.",
)
@json_option
@pass_app
@click.pass_context
def program(
    ctx: click.Context,
    app: App,
    batch_id: str,
    kind: str | None,
    layout: Path | None,
    out: str | None,
    to: tuple[str, ...],
    again: bool,
    reason: str,
    readback: Path | None,
    jobs: int,
    as_json: bool,
) -> None:
    """Write the OOB keys of a batch for the line's flasher, or check what it read back.

    The only command that ever releases a key, and each key once: a second time it says --again and why. Whoever has
    these files can join the devices: keep them on the line's machine, and delete them when the batch is flashed.
    """
    if readback:
        if kind or out or again or to or layout:
            raise click.UsageError("--check compares only: leave the other options out.")
        _check(ctx, app, batch_id, readback, jobs, as_json)
        return
    if not kind or not out:
        raise click.UsageError("Say --format and --out (or --check FILE).")
    if out == "-":
        raise click.UsageError("Keys go into files only: name a folder or file.")
    if again and not reason.strip():
        raise click.UsageError("--again wants --reason TEXT: why, for the history.")
    if layout and kind not in ("bin", "hex"):
        raise click.UsageError("--layout belongs to --format bin or hex.")
    from bss_mfg.core.files import make_folder, read_bytes
    from bss_mfg.payload.spec import spec_from_text
    from bss_mfg.programming.image_layout import load_layout
    from bss_mfg.programming.registry import formats
    from bss_mfg.programming.release import ReleaseOptions, release_keys

    form = formats(load_layout(layout) if layout else None)[kind]
    target = Path(out)
    if out.endswith(("/", "\\")):
        make_folder(target)
    digest = hashlib.sha256(read_bytes(layout, "layout")).hexdigest() if layout else None
    with app.workspace.open_ledger(app.actor) as ledger, app.vault(ledger) as vault:
        batch = ledger.batches.get(batch_id)
        done = release_keys(ledger, vault, batch, form, target, ReleaseOptions(to, again, reason, digest))
    spec = spec_from_text(batch.spec_text, f"spec of batch {batch.id}").spec
    if as_json:
        print_json(
            {
                "batch": batch_id,
                "format": kind,
                "units": done.units,
                "sealed_to": list(to),
                "brought": list(spec.columns) if form.has_extra_columns else [],
                "files": [str(path) for path in done.files],
                "indexes": [str(path) for path in done.indexes],
            }
        )
    elif form.one_file_per == "batch":
        click.echo(shown_path(done.files[0]))
    else:
        click.echo(shown_path(target))
    if spec.columns and not form.has_extra_columns:
        say(
            f"Warning: {kind} has no room for {', '.join(spec.columns)} of the identities file: the flasher must have "
            "them from elsewhere, or from --format csv or jsonl (--again --reason TEXT)."
        )
    if not spec.holds_oob:
        say(f"Note: the barcodes of this batch hold no OOB key ({spec.name}): who scans one does not learn these keys.")
    secret = f"Sealed to {counted(len(to), 'station')}." if to else "Keep it secret."
    say(f"OK: {kind} with the OOB keys of {counted(done.units, 'unit')}. {secret}")


def _check(ctx: click.Context, app: App, batch_id: str, readback: Path, jobs: int, as_json: bool) -> None:
    from bss_mfg.core.processes import open_executor
    from bss_mfg.programming.readback import check_readback, read_readback

    found, listed = 0, []
    with app.workspace.open_ledger(app.actor) as ledger, app.vault(ledger) as vault:
        batch = ledger.batches.get(batch_id)
        with open_executor(jobs, batch.units) as executor:
            for one in check_readback(read_readback(readback), ledger, batch, vault, executor):
                found += 1
                if not as_json:
                    click.echo(f"{'row ' + str(one.row) if one.row else 'no row':>10}  {one.serial}  {one.text}")
                elif found <= MOST_LISTED:
                    listed.append({"kind": one.kind, "serial": one.serial, "row": one.row, "text": one.text})
    if as_json:
        print_json({"batch": batch_id, "file": str(readback), "found": found, "differences": listed})
    if found:
        say(f"WRONG: {shown_path(readback)}: {counted(found, 'difference')} from the ledger")
        ctx.exit(1)
    say(f"OK: what was read back in {shown_path(readback)} is what was issued in batch {batch_id}")
