"""reconcile."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bss_mfg.cli import suggestions
from bss_mfg.cli.common import App, jobs_option, json_option, pass_app, print_json, print_words, say, shown_path
from bss_mfg.cli.executors import executor_option, processes_or_cluster
from bss_mfg.cli.progress import progress_bar
from bss_mfg.core.text import count_words

if TYPE_CHECKING:
    from bss_mfg.core.capped_list import CappedList
    from bss_mfg.reconcile.reconciliation import Reconciliation

MOST_SHOWN = 50
"""Differences of a kind that are shown as text; --json has more."""


@click.command(epilog="Example: bss-mfg reconcile bulb-2026-11 --private-key dev-keys/amazon.private.pem")
@click.argument("batch_id", metavar="BATCH", shell_complete=suggestions.batches)
@click.option("--folder", type=click.Path(path_type=Path), help="Where the files lie (default: the batch's folder).")
@click.option("--private-key", type=click.Path(path_type=Path), help="A development key: open the barcodes, too.")
@jobs_option
@executor_option
@json_option
@pass_app
@click.pass_context
def reconcile(
    ctx: click.Context,
    app: App,
    batch_id: str,
    folder: Path | None,
    private_key: Path | None,
    jobs: int,
    scheduler: str | None,
    as_json: bool,
) -> None:
    """Prove that programming files, labels and control logs agree with the ledger.

    Reads all that lies in the folder, and deeper, unit by unit; names each difference by unit and file. Writes nothing.
    Exit 1 if something differs, or what should be there is not found.
    """
    from bss_mfg.core.files import read_bytes
    from bss_mfg.manifest.log_mapping import find_mapping
    from bss_mfg.payload.product_keys import load_private_key
    from bss_mfg.reconcile.reconciliation import ReconcileRequest
    from bss_mfg.reconcile.reconciliation import reconcile as compare

    key = load_private_key(read_bytes(private_key, "private key", 1 << 16), str(private_key)) if private_key else None
    # Always in other processes: a file that someone changed may crash a reader.
    with (
        app.workspace.open_ledger(app.actor) as ledger,
        app.vault(ledger) as vault,
        processes_or_cluster(scheduler, jobs) as executor,
    ):
        batch = ledger.batches.get(batch_id)
        mapping = find_mapping(batch.spec, app.workspace.root / "specs")
        request = ReconcileRequest(batch, folder or app.workspace.batch_folder(batch.id), mapping, key)
        with progress_bar(f"{batch_id}: labels") as progress:
            outcome = compare(ledger, vault, request, executor=executor, progress=progress)
    if as_json:
        print_json(document(outcome))
    else:
        show(outcome)
    if outcome.agrees:
        say(f"OK: what was read agrees with the ledger, batch {batch_id}")
        return
    found = outcome.difference_count
    say(
        f"WRONG: {count_words(found, 'difference')} from the ledger" if found else "WRONG: there was nothing to compare"
    )
    ctx.exit(1)


def show(outcome: Reconciliation) -> None:
    """A line for each kind, then one for each difference; notes go to stderr."""
    from bss_mfg.reconcile.comparison import FileKind

    for comparison in outcome.comparisons:
        thing = "package" if comparison.kind is FileKind.LABELS else "unit"
        print_words(
            f"{comparison.kind:<12}  {count_words(comparison.files.total, 'file')}, "
            f"{count_words(comparison.compared, thing)} compared, "
            f"{count_words(comparison.differences.total, 'difference')}"
        )
    for comparison in outcome.comparisons:
        for one in comparison.differences[:MOST_SHOWN]:
            who = one.unit or (f"package {one.package}" if one.package else "-")
            print_words(f"{one.kind:<12}  {who}  {one.file or '-'}: {one.what}")
        if more := _omitted_words(comparison.differences):
            print_words(f"{comparison.kind:<12}  {more}")
    for comparison in outcome.comparisons:
        for note in comparison.notes[:MOST_SHOWN]:
            say(f"Note: {comparison.kind}: {note.file + ': ' if note.file else ''}{note.what}")
        if more := _omitted_words(comparison.notes):
            say(f"Note: {comparison.kind}: {more}")


def _omitted_words(items: CappedList[Any]) -> str:
    """What is not shown as text, and where it is."""
    if items.total <= MOST_SHOWN:
        return ""
    listed = f"the first {len(items):,}" if items.omitted else "all"
    return f"and {items.total - MOST_SHOWN:,} more: --json has {listed}"


def document(outcome: Reconciliation) -> dict[str, object]:
    """The JSON document."""
    return {
        "batch": outcome.batch.id,
        "folder": shown_path(outcome.folder),
        "agrees": outcome.agrees,
        "keys_compared": not outcome.retired,
        "kinds": [
            {
                "kind": comparison.kind,
                "files": list(comparison.files),
                "compared": comparison.compared,
                "found": {
                    "files": comparison.files.total,
                    "differences": comparison.differences.total,
                    "notes": comparison.notes.total,
                },
                "differences": [
                    {"unit": one.unit or None, "package": one.package, "file": one.file or None, "what": one.what}
                    for one in comparison.differences
                ],
                "notes": [{"file": note.file or None, "what": note.what} for note in comparison.notes],
            }
            for comparison in outcome.comparisons
        ],
    }
