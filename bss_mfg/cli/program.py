"""program."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bss_mfg.cli import suggestions
from bss_mfg.cli.approval_options import ApprovalOptions, approval_options
from bss_mfg.cli.common import App, json_option, pass_app, print_json, print_text, say, shown_path
from bss_mfg.cli.parameters import WholeNumber
from bss_mfg.cli.table_options import say_passed_over, table_options
from bss_mfg.core.text import count_words, listing
from bss_mfg.programming.names import NAMES

if TYPE_CHECKING:
    from bss_mfg.core.read_tables import TableOptions
    from bss_mfg.ledger.approvals import Consent
    from bss_mfg.ledger.releases import Release as OpenRelease
    from bss_mfg.payload.spec import Spec
    from bss_mfg.programming.format import Format
    from bss_mfg.programming.release import ReleasedFiles

MOST_LISTED = 10_000
"""Differences that --json lists; any further ones are counted."""


@click.command(epilog="Example: bss-mfg program bulb-2026-11 --format esp-nvs --out /media/line/")
@click.argument("batch_id", metavar="BATCH", shell_complete=suggestions.batches)
@click.option(
    "--format",
    "kind",
    type=click.Choice(NAMES),
    help="csv, jsonl: one file; the others: a file for each unit.",
)
@click.option("--layout", type=click.Path(path_type=Path), help="For bin and hex: a layout file (TOML).")
@click.option(
    "--out",
    metavar="PATH",
    help="Folder to fill; for csv and jsonl also the file to make. Files are 0600. A folder outside of the workspace "
    "must be there: it may be a stick.",
)
@click.option(
    "--to",
    multiple=True,
    metavar="age1...",
    help="Encrypt to a station's age public key; repeat for more (default: seal_to below [program] in bss-mfg.toml). "
    "The files' names end in .age.",
)
@click.option("--clear", is_flag=True, help="In clear, where bss-mfg.toml names stations to seal to; with --reason.")
@click.option("--claim", type=WholeNumber(1), metavar="N", help="Only the next N units that no flasher has.")
@click.option(
    "--for",
    "flasher",
    default="",
    metavar="FLASHER",
    shell_complete=suggestions.flashers,
    help="With --claim: the flasher; sealed to its key.",
)
@click.option("--again", is_flag=True, help="Release keys a second time; with --claim those not reported in time.")
@click.option("--reason", default="", help="With --again or --clear: why, for the history.")
@click.option(
    "--check",
    "readback",
    type=click.Path(path_type=Path),
    help="Instead: compare what the flasher read "
    "back (CSV or XLSX with serial, uuid, oob_key or oob_sha256) with the ledger.",
)
@click.option("--without-keys", is_flag=True, help="With --check: the file has no keys; compare Device UUIDs only.")
@approval_options
@table_options
@click.option(
    "--jobs",
    type=WholeNumber(0, 64),
    default=0,
    help="With --check: worker processes; 0: one per core where that pays.",
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
    clear: bool,
    claim: int | None,
    flasher: str,
    again: bool,
    reason: str,
    readback: Path | None,
    without_keys: bool,
    approval: ApprovalOptions,
    table: TableOptions,
    jobs: int,
    as_json: bool,
) -> None:
    """Write the OOB keys of a batch for the line's flasher, or check what it read back.

    The only command that ever releases a key, and each key once: a second time it needs --again and --reason. What is
    cut off counts as released; the same command continues it. Whoever has these files can join the devices: keep
    them on the line's machine, and delete them when the batch is flashed. Where bss-mfg.toml names the stations that
    flash, the files are sealed to these. With --claim several flashers share a batch: each unit goes to one of them,
    sealed to its own key (`station init --flasher`).
    """
    if readback:
        if kind or out or again or to or clear or layout or claim or flasher or approval.is_given:
            raise click.UsageError("--check compares only: leave the other options out.")
        _check(ctx, app, _Readback(batch_id, readback, table, without_keys, jobs), as_json=as_json)
        return
    if without_keys or table.sheet or table.ignore:
        raise click.UsageError("--without-keys, --sheet and --ignore belong to --check.")
    options = _Options(batch_id, kind or "", layout, out or "", to, clear, again, reason, claim, flasher)
    _refuse_wrong_options(options)
    with approval.consent() as consent:
        done = _release(app, options, consent)
    if as_json:
        print_json(_document(options, done))
    elif done.form.one_file_per == "batch":
        print_text(shown_path(done.files.files[0]))
    else:
        print_text(shown_path(Path(options.out)))
    _print_notes(options, done)


@dataclass(frozen=True, slots=True)
class _Options:
    """What is to be released, and how."""

    batch: str
    form: str
    layout: Path | None
    out: str
    to: tuple[str, ...]
    clear: bool
    again: bool
    reason: str
    claim: int | None
    flasher: str


@dataclass(frozen=True, slots=True)
class _Release:
    """What was released, in which format, of which spec; releases of the batch that are still cut off, and how many
    units wait for theirs; to whom it is sealed."""

    files: ReleasedFiles
    form: Format
    spec: Spec
    cut_off: tuple[OpenRelease, ...]
    waiting: int
    to: tuple[str, ...]


def _refuse_wrong_options(options: _Options) -> None:
    if not options.form or not options.out:
        raise click.UsageError("Say --format and --out (or --check FILE).")
    if options.out == "-":
        raise click.UsageError("Keys go into files only: name a folder or file.")
    if bool(options.claim) != bool(options.flasher) or (options.claim and options.to):
        raise click.UsageError("--claim N and --for FLASHER belong together, and say to whom it is sealed: no --to.")
    if options.clear and (options.to or options.claim):
        raise click.UsageError("--clear seals to nobody: leave --to and --claim out.")
    if options.clear and not options.reason.strip():
        raise click.UsageError("--clear needs --reason TEXT: why the keys leave in clear, for the history.")
    if options.again and not options.reason.strip():
        raise click.UsageError("--again needs --reason TEXT: why, for the history.")
    if options.layout and options.form not in ("bin", "hex"):
        raise click.UsageError("--layout belongs to --format bin or hex.")


def _release(app: App, options: _Options, consent: Consent) -> _Release:
    from bss_mfg.core import clock
    from bss_mfg.core.files import read_bytes
    from bss_mfg.payload.spec import spec_from_text
    from bss_mfg.programming.image_layout import load_layout
    from bss_mfg.programming.open_releases import seals_to
    from bss_mfg.programming.registry import formats
    from bss_mfg.programming.release import FlasherClaim, ReleaseOptions, release_keys
    from bss_mfg.programming.release_place import is_meant_as_folder

    layout = options.layout
    form = formats(load_layout(layout) if layout else None)[options.form]
    out = Path(options.out)
    digest = hashlib.sha256(read_bytes(layout, "layout")).hexdigest() if layout else None
    with app.workspace.open_ledger(app.actor) as ledger, app.vault(ledger) as vault:
        batch = ledger.batches.get(options.batch)
        to, claim = options.to, None
        if options.claim:
            to = (ledger.flash.recipient(options.flasher),)
            since = clock.hours_ago(app.workspace.config().flash.overdue_hours)
            claim = FlasherClaim(options.flasher, options.claim, since)
        elif not to and not options.clear:
            named = app.workspace.config().program.seal_to
            to = seals_to(ledger.releases.open(batch.id), options.out, form, named)
        clear_reason = options.reason if options.clear else None
        how = ReleaseOptions(
            to, options.again, options.reason, digest, is_meant_as_folder(options.out), claim, clear_reason, consent
        )
        files = release_keys(ledger, vault, batch, form, out, how)
        cut_off = tuple(ledger.releases.open(batch.id))
        waiting = ledger.exports.count_unreleased(batch.id)
    spec = spec_from_text(batch.spec_text, f"spec of batch {batch.id}").spec
    return _Release(files, form, spec, cut_off, waiting, to)


def _document(options: _Options, done: _Release) -> dict[str, Any]:
    return {
        "batch": options.batch,
        "format": options.form,
        "units": done.files.units,
        "sealed_to": list(done.to),
        "brought": list(done.spec.columns) if done.form.has_extra_columns else [],
        "files": [str(path) for path in done.files.files],
        "indexes": [str(path) for path in done.files.indexes],
        "resumed": done.files.resumed,
    }


def _print_notes(options: _Options, done: _Release) -> None:
    from bss_mfg.programming.open_releases import release_command, release_text

    spec = done.spec
    if spec.columns and not done.form.has_extra_columns:
        say(
            f"Warning: {options.form} has no room for {', '.join(spec.columns)} of the identities file: the flasher "
            "must have them from elsewhere, or from --format csv or jsonl (--again --reason TEXT)."
        )
    if not spec.holds_oob:
        say(f"Note: the barcodes of this batch hold no OOB key ({spec.name}): who scans one does not learn these keys.")
    if any(path.name == f"{Path(options.out).name}.age" for path in done.files.files):
        say(f"Note: it is sealed, so its name ends in .age: {shown_path(done.files.files[0])}")
    if done.files.resumed:
        say("Note: this completed a release that was cut off.")
    for release in done.cut_off:
        say(f"Warning: another release was not completed: {release_text(release)}. `{release_command(release)}`")
    if done.waiting and not options.claim:
        say(f"Note: {count_words(done.waiting, 'unit')} more wait for their release: run the same command again.")
    secret = f"Sealed to {options.flasher or count_words(len(done.to), 'station')}." if done.to else "Keep it secret."
    say(f"OK: {options.form} with the OOB keys of {count_words(done.files.units, 'unit')}. {secret}")


@dataclass(frozen=True, slots=True)
class _Readback:
    """What the flasher read back of a batch, and how its file is read; `jobs` processes compare it, 0 for as many as
    pay."""

    batch: str
    file: Path
    table: TableOptions
    without_keys: bool
    jobs: int


def _check(ctx: click.Context, app: App, readback: _Readback, *, as_json: bool) -> None:
    from bss_mfg.core.capped_list import CappedList
    from bss_mfg.core.processes import open_executor
    from bss_mfg.programming.readback import ReadbackDifference, check_readback, read_readback

    found = CappedList[ReadbackDifference](MOST_LISTED if as_json else 0)
    rows = read_readback(readback.file, readback.table, without_keys=readback.without_keys)
    with app.workspace.open_ledger(app.actor) as ledger, app.vault(ledger) as vault:
        batch = ledger.batches.get(readback.batch)
        with open_executor(readback.jobs, batch.units) as executor:
            for one in check_readback(rows, ledger, batch, vault, executor):
                found.add(one)
                if not as_json:
                    print_text(f"{'row ' + str(one.row) if one.row else 'no row':>10}  {one.serial}  {one.text}")
    if as_json:
        differences = [{"kind": one.kind, "serial": one.serial, "row": one.row, "text": one.text} for one in found]
        print_json(
            {
                "batch": readback.batch,
                "file": str(readback.file),
                "columns": list(rows.columns),
                "rows": rows.row_count,
                "found": found.total,
                "differences": differences,
            }
        )
    say_passed_over(readback.file, rows.passed_over)
    say(f"Compared: {listing(rows.columns)} of {count_words(rows.row_count, 'row')}")
    if found.total:
        say(f"WRONG: {shown_path(readback.file)}: {count_words(found.total, 'difference')} from the ledger")
        ctx.exit(1)
    say(f"OK: what was read back in {shown_path(readback.file)} is what was issued in batch {readback.batch}")
