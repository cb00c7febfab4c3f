"""reconcile."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bss_mfg.cli.common import App, jobs_option, json_option, pass_app, print_json, say, shown_path
from bss_mfg.cli.progress import progress_bar
from bss_mfg.core.text import counted

if TYPE_CHECKING:
    from bss_mfg.core.capped_list import CappedList
    from bss_mfg.reconcile.reconciliation import Reconciliation

MOST_SHOWN = 50
"""Differences of a kind that are shown as text; --json has more."""


@click.command(epilog="Example: bss-mfg reconcile bulb-2026-11 --private-key dev-keys/amazon.private.pem")
@click.argument("batch_id", metavar="BATCH")
@click.option("--folder", type=click.Path(path_type=Path), help="Where the files lie (default: the batch's folder).")
@click.option("--private-key", type=click.Path(path_type=Path), help="A development key: open the barcodes, too.")
@jobs_option
@json_option
@pass_app
@click.pass_context
def reconcile(
    ctx: click.Context, app: App, batch_id: str, folder: Path | None, private_key: Path | None, jobs: int, as_json: bool
) -> None:
    """Prove that programming files, labels and control logs say the same as the ledger.

    Reads all that lies in the folder, and deeper, unit by unit; names each difference by unit and file. Writes nothing.
    Exit 1 if something differs, or what should be there is not found.
    """
    from bss_mfg.core.files import read_bytes
    from bss_mfg.core.processes import ProcessExecutor, cores
    from bss_mfg.manifest.log_mapping import find_mapping
    from bss_mfg.payload.product_keys import load_private_key
    from bss_mfg.reconcile.reconciliation import reconcile as run

    key = load_private_key(read_bytes(private_key, "private key", 1 << 16), str(private_key)) if private_key else None
    # Always in other processes: a file that someone changed may crash a reader.
    with app.workspace.open_ledger(app.actor) as ledger, ProcessExecutor(jobs or cores()) as executor:
        batch = ledger.batches.get(batch_id)
        mapping = find_mapping(batch.spec, app.workspace.root / "specs")
        outcome = run(
            ledger,
            app.vault(ledger),
            batch,
            folder or app.workspace.batch_folder(batch.id),
            mapping,
            private_key=key,
            executor=executor,
            progress=progress_bar(f"{batch_id}: labels"),
        )
    if as_json:
        print_json(document(outcome))
    else:
        show(outcome)
    if outcome.agrees:
        say(f"OK: what was read agrees with the ledger, batch {batch_id}")
        return
    found = outcome.difference_count
    say(f"WRONG: {counted(found, 'difference')} from the ledger" if found else "WRONG: there was nothing to compare")
    ctx.exit(1)


def show(outcome: Reconciliation) -> None:
    """A line for each kind, then one for each difference; notes go to stderr."""
    for account in outcome.comparisons:
        thing = "package" if account.kind == "labels" else "unit"
        click.echo(
            f"{account.kind:<12}  {counted(account.files.total, 'file')}, {counted(account.compared, thing)} compared, "
            f"{counted(account.differences.total, 'difference')}"
        )
    for account in outcome.comparisons:
        for one in account.differences[:MOST_SHOWN]:
            who = one.unit or (f"package {one.package}" if one.package else "-")
            click.echo(f"{one.kind:<12}  {who}  {one.file or '-'}: {one.what}")
        if more := _more(account.differences):
            click.echo(f"{account.kind:<12}  {more}")
    for account in outcome.comparisons:
        for note in account.notes[:MOST_SHOWN]:
            say(f"Note: {account.kind}: {note.file + ': ' if note.file else ''}{note.what}")
        if more := _more(account.notes):
            say(f"Note: {account.kind}: {more}")


def _more(some: CappedList[Any]) -> str:
    """What is not shown as text, and where it is."""
    if some.total <= MOST_SHOWN:
        return ""
    listed = "all" if not some.more else f"the first {len(some):,}"
    return f"and {some.total - MOST_SHOWN:,} more: --json has {listed}"


def document(outcome: Reconciliation) -> dict[str, object]:
    """The JSON document."""
    return {
        "batch": outcome.batch.id,
        "folder": shown_path(outcome.folder),
        "agrees": outcome.agrees,
        "keys_compared": not outcome.retired,
        "kinds": [
            {
                "kind": account.kind,
                "files": list(account.files),
                "compared": account.compared,
                "found": {
                    "files": account.files.total,
                    "differences": account.differences.total,
                    "notes": account.notes.total,
                },
                "differences": [
                    {"unit": one.unit or None, "package": one.package, "file": one.file or None, "what": one.what}
                    for one in account.differences
                ],
                "notes": [{"file": note.file or None, "what": note.what} for note in account.notes],
            }
            for account in outcome.comparisons
        ],
    }
