"""manifest make|status|acknowledge|upload."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from bss_mfg.cli import suggestions
from bss_mfg.cli.common import (
    App,
    DefaultGroup,
    json_option,
    pass_app,
    print_json,
    print_table,
    print_text,
    say,
    shown_path,
)
from bss_mfg.cli.feedback_display import MOST_SHOWN, count_wrong, feedback_document, say_unanswered, say_ways_out
from bss_mfg.cli.parameters import WholeNumber
from bss_mfg.cli.progress import progress_bar
from bss_mfg.cli.trials import say_trials
from bss_mfg.core.progress import no_progress
from bss_mfg.core.text import count_words, one_or

if TYPE_CHECKING:
    from bss_mfg.ledger.control_logs import ToWithdraw
    from bss_mfg.ledger.ledger import Ledger
    from bss_mfg.manifest.make import FileLimits, PackageChoice
    from bss_mfg.model import Batch


@click.group(cls=DefaultGroup, default="make", epilog="Example: bss-mfg manifest bulb-2026-11 --out upload/")
def manifest() -> None:
    """Make and upload control logs, and track what became of them.

    `bss-mfg manifest BATCH ...` is short for `bss-mfg manifest make BATCH ...`.
    """


@manifest.command(epilog="Example: bss-mfg manifest make bulb-2026-11 --format control-log --out upload/")
@click.argument("batch_id", metavar="BATCH", shell_complete=suggestions.batches)
@click.option(
    "--format",
    "kind",
    type=click.Choice(["control-log", "csv", "jsonl"]),
    default="control-log",
    show_default=True,
    help="control-log: Amazon's JSON; csv, jsonl: the factory's own systems.",
)
@click.option("--out", "to", required=True, metavar="PATH", help="File; or a folder, if it exists or ends with /.")
@click.option("--rejected", is_flag=True, help="Only packages with a unit that a feedback file rejected.")
@click.option("--missing", is_flag=True, help="Only packages with a unit in no control log yet.")
@click.option("--max-logs", type=WholeNumber(1), help="At most so many logs in a file; then another is begun.")
@click.option("--max-bytes", type=WholeNumber(1), help="At most so many bytes in a file; then another is begun.")
@json_option
@pass_app
def make(
    app: App,
    batch_id: str,
    kind: str,
    to: str,
    rejected: bool,
    missing: bool,
    max_logs: int | None,
    max_bytes: int | None,
    as_json: bool,
) -> None:
    """Write the control logs or tables of a batch.

    Holds no OOB key but the encrypted field of the barcode. Never overwrites a file (exit 4). In a folder, control logs
    get the names that Amazon publishes, C_CONTROL_LOG_yyyyMMddhhmmss.txt. Beside each lies NAME.json: SHA-256, counts,
    and the ledger's head.
    """
    from bss_mfg.core.files import make_folder
    from bss_mfg.manifest.make import FileLimits, PackageChoice

    limits = FileLimits(max_logs, max_bytes)
    target = _validate_target(to, kind, splits=rejected or missing or limits != FileLimits())
    if rejected and missing:
        raise click.UsageError("--rejected and --missing exclude each other.")
    packages = PackageChoice.REJECTED if rejected else PackageChoice.MISSING if missing else PackageChoice.ALL
    with app.workspace.open_ledger(app.actor) as ledger:
        batch = ledger.batches.get(batch_id)
        left_out = len(ledger.packages.scrapped(batch.id))
        if target.is_folder:
            make_folder(target.path)
        if kind == "control-log":
            files = _write_control_logs(app, ledger, batch, target, packages, limits)
        else:
            files = [_write_list(ledger, batch, target, kind, batch.packages - left_out)]
    if as_json:
        print_json({"batch": batch_id, "format": kind, "files": files, "left_out": left_out})
    _print_files(files, kind, as_json=as_json)
    if files and kind == "control-log":
        say_trials(app.workspace, [batch])
    if not files:
        say(f"OK: nothing to write: no package of {batch_id} is {packages}")
    if left_out:
        say(f"Left out: {count_words(left_out, 'package')} with a scrapped unit")


class _OutputTarget(NamedTuple):
    """Where the files go: into a folder, or one of them to a path."""

    path: Path
    is_folder: bool


def _validate_target(to: str, kind: str, *, splits: bool) -> _OutputTarget:
    """The target that --out names; `splits` where an option is given that only a folder of control logs allows."""
    path = Path(to)
    is_folder = path.is_dir() or to.endswith(("/", "\\"))
    if to == "-":
        raise click.UsageError("A manifest goes into a file or folder; `bss-mfg table BATCH --out -` writes to stdout.")
    if kind == "control-log" and not is_folder and not path.suffix and not path.exists():
        raise click.UsageError(f"There is no folder {to}: say --out {to}/ to make it, or --out {to}.txt for one file.")
    if splits and (kind != "control-log" or not is_folder):
        raise click.UsageError("--rejected, --missing and the limits belong to control logs in a folder (--out DIR/).")
    return _OutputTarget(path, is_folder)


def _write_control_logs(
    app: App, ledger: Ledger, batch: Batch, target: _OutputTarget, packages: PackageChoice, limits: FileLimits
) -> list[dict[str, Any]]:
    """The files that were written, or were there before, as --json has them."""
    from bss_mfg.manifest.log_mapping import load_mapping, where_to_correct
    from bss_mfg.manifest.make import ControlLogRequest, make_control_logs
    from bss_mfg.workspace.publishing import require_published

    require_published(app.workspace, ledger)
    specs = app.workspace.root / "specs"
    mapping = load_mapping(batch.spec, specs)
    if assumed := mapping.assumed:
        say(
            f"Note: the names {', '.join(assumed)} are assumptions: compare them with Amazon's guide, and "
            f"{where_to_correct(batch.spec, specs)}."
        )
    request = ControlLogRequest(
        batch, mapping, target.path, datetime.now(UTC), packages, limits, as_file=not target.is_folder
    )
    return [
        {
            "file": str(log.path),
            "sha256": log.sha256,
            "packages": log.contents.all_packages,
            "device_logs": log.contents.device_logs,
            "bundle_logs": log.contents.bundle_logs,
            "before": log.made_before,
        }
        for log in make_control_logs(ledger, request)
    ]


def _write_list(ledger: Ledger, batch: Batch, target: _OutputTarget, kind: str, packages: int) -> dict[str, Any]:
    """The file that was written, as --json has it."""
    from bss_mfg.manifest.make import ListFormat, make_list

    path = target.path / f"{batch.id}.{kind}" if target.is_folder else target.path
    return {"file": str(path), "sha256": make_list(ledger, batch, path, ListFormat(kind)), "packages": packages}


def _print_files(files: list[dict[str, Any]], kind: str, *, as_json: bool) -> None:
    for file in files:
        if not as_json:
            print_text(shown_path(Path(file["file"])))
        before = "; was made before" if file.get("before") else ""
        say(f"OK: {kind} of {count_words(file['packages'], 'package')}; SHA-256 {file['sha256']}{before}")


@manifest.command(epilog="Example: bss-mfg manifest status bulb-2026-11")
@click.argument("batch_id", metavar="BATCH", shell_complete=suggestions.batches)
@json_option
@pass_app
def status(app: App, batch_id: str, as_json: bool) -> None:
    """Show which packages are in which control log, and what became of them.

    A unit waits until a feedback file accepts or rejects it (`manifest acknowledge`). One that was scrapped after it
    stood in a control log is to be withdrawn, until that is acknowledged, too.
    """
    from bss_mfg.core.ranges import range_pairs

    with app.workspace.open_ledger(app.actor) as ledger:
        batch = ledger.batches.get(batch_id)
        files = ledger.exports.control_logs(batch.id)
        missing = list(ledger.exports.packages_where(batch.id, "missing"))
        rejected = ledger.exports.rejected_units(batch.id, 1_000_000 if as_json else MOST_SHOWN)
        uploads = ledger.exports.uploads(batch.id)
        to_withdraw = ledger.control_logs.to_withdraw(batch.id)
    if as_json:
        print_json(
            {
                "batch": batch_id,
                "manifests": [
                    {
                        "file": one.file,
                        "sha256": one.sha256,
                        "at": one.at,
                        "device_logs": one.device_logs,
                        "bundle_logs": one.bundle_logs,
                        "units": one.units,
                        "waiting": one.waiting,
                        "accepted": one.accepted,
                        "rejected": one.rejected,
                        "uploaded": [upload.address for upload in uploads if upload.sha256 == one.sha256],
                    }
                    for one in files
                ],
                "missing": range_pairs(missing),
                "rejected": [{"serial": serial, "reason": reason} for serial, reason in rejected],
                "to_withdraw": [asdict(one) for one in to_withdraw],
            }
        )
        return
    if files:
        rows = [
            (one.file, app.zone.shown(one.at), str(one.units), str(one.waiting), str(one.accepted), str(one.rejected))
            for one in files
        ]
        print_table(rows, ("FILE", "MADE", "UNITS", "WAITING", "ACCEPTED", "REJECTED"))
    for serial, reason in rejected:
        print_text(f"rejected: {serial}  {reason!a}")
    _print_to_withdraw(to_withdraw)
    if missing:
        some = ", ".join(f"{low}" if low == high else f"{low}-{high}" for low, high in range_pairs(missing)[:10])
        what = f"{count_words(len(missing), 'package')} ({one_or(len(missing), 'number', 'numbers')} {some})"
        say(f"In no control log: {what}; --missing writes it")
    waiting, bad = sum(one.waiting for one in files), sum(one.rejected for one in files)
    say(f"{count_words(waiting, 'unit')} waiting, {sum(one.accepted for one in files):,} accepted, {bad:,} rejected")


def _print_to_withdraw(units: Sequence[ToWithdraw]) -> None:
    for one in units[:MOST_SHOWN]:
        became = f"replaced by {one.replaced_by}" if one.replaced_by else "scrapped"
        print_text(f"to be withdrawn: {one.serial}  {became}; {one.answer} in {one.manifest}")
    if len(units) > MOST_SHOWN:
        print_text(f"to be withdrawn: and {len(units) - MOST_SHOWN:,} more")
    if units:
        some = " ".join(one.serial for one in units[:8]) + (" ..." if len(units) > 8 else "")
        say(
            "Tell Amazon to forget these units, as Amazon tells you to (how is not published), then: "
            f"`bss-mfg manifest acknowledge --withdrawn {some}`"
        )


@manifest.command(epilog="Example: bss-mfg manifest acknowledge feedback-20261124.json")
@click.argument("what", metavar="FILE | --withdrawn UNIT...", nargs=-1, required=True)
@click.option(
    "--for", "control_log", metavar="CONTROL-LOG", help="The one that it answers (default: each unit's newest)."
)
@click.option("--withdrawn", is_flag=True, help="Amazon was told to forget these scrapped units.")
@click.option("--reference", metavar="TEXT", default="", help="With --withdrawn: a case or mail, for the history.")
@click.option(
    "--product",
    shell_complete=suggestions.products,
    help="The product of these serials, if several products share some.",
)
@json_option
@pass_app
@click.pass_context
def acknowledge(
    ctx: click.Context,
    app: App,
    what: tuple[str, ...],
    control_log: str | None,
    withdrawn: bool,
    reference: str,
    product: str | None,
    as_json: bool,
) -> None:
    """Read Amazon's feedback file: mark units as accepted or rejected, with the reason.

    What the file looks like is not published; specs/amazon-ffs-feedback.toml describes the shape that is expected. The
    same file twice changes nothing, unless its units stand in newer control logs and it was written after these. Exit 1
    if something was rejected, could not be understood, or answers an older control log.

    With --withdrawn: that Amazon was told to forget units that were scrapped after they stood in a control log
    (`manifest status` names them). How Amazon takes a withdrawal is not published: do as Amazon tells you. UNIT: as for
    scrap; the old barcode of a package names the units that were on it.
    """
    if withdrawn:
        if control_log:
            raise click.UsageError("--for belongs to a feedback file, not to --withdrawn.")
        _acknowledge_withdrawn(app, what, reference, product, as_json=as_json)
        return
    if len(what) > 1:
        raise click.UsageError("Name one feedback file; serials belong to --withdrawn.")
    if reference:
        raise click.UsageError("--reference belongs to --withdrawn.")
    from bss_mfg.core.files import read_bytes
    from bss_mfg.core.folders import written_at
    from bss_mfg.manifest.feedback import acknowledge, load_feedback_mapping, read_feedback

    file = Path(what[0])
    mapping = load_feedback_mapping(app.workspace.root / "specs")
    feedback = read_feedback(read_bytes(file, "feedback file", 1 << 30), str(file), mapping)
    log = Path(control_log).name if control_log else None
    with app.workspace.open_ledger(app.actor) as ledger:
        done = acknowledge(ledger, feedback, written_at(file), log, product)
    if as_json:
        print_json(feedback_document(file, feedback, done.counts, done.read_before))
    if done.read_before:
        say(f"Note: this file was read before, at {done.read_before}")
    say_unanswered(feedback, done.counts, mapping)
    say_ways_out(app, file, done.counts)
    if count_wrong(feedback, done.counts):
        ctx.exit(1)


def _acknowledge_withdrawn(
    app: App, words: Sequence[str], reference: str, product: str | None, *, as_json: bool
) -> None:
    from bss_mfg.cli.unit_names import given_names
    from bss_mfg.verify.unit_names import serials_named

    names = given_names(words)
    with app.workspace.open_ledger(app.actor) as ledger:
        serials = [serial for name in names for serial in serials_named(ledger, name.text)]
        done = ledger.control_logs.withdraw(serials, reference, product)
    if as_json:
        print_json({"withdrawn": list(done.new), "before": list(done.before), "batches": list(done.batches)})
    before = f", {len(done.before):,} before" if done.before else ""
    say(f"OK: the withdrawal of {count_words(len(done.new), 'unit')} is written down{before}")


@manifest.command(epilog="Example: bss-mfg manifest upload upload/ --to s3://bucket/control-logs")
@click.argument("paths", metavar="FILE|DIR...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--to", required=True, metavar="s3://BUCKET/PREFIX|DIR", help="The target.")
@click.option("--endpoint", metavar="URL", help="An S3 server other than Amazon's.")
@json_option
@pass_app
def upload(app: App, paths: tuple[Path, ...], to: str, endpoint: str | None, as_json: bool) -> None:
    """Upload control logs to an S3 bucket or a folder, each verified by its checksum.

    Only files that are as their sidecars say. What is there already is left; other content of the same name is never
    overwritten (exit 4). Run it again after an interruption. S3 needs the extra 's3'.
    """
    from bss_mfg.manifest.upload import find_control_logs, upload_control_logs

    files = []
    with app.workspace.open_ledger(app.actor) as ledger:
        batches = sorted(set(find_control_logs(paths).values()))
        say_trials(app.workspace, map(ledger.batches.get, batches))
        with progress_bar("upload") as progress:
            for file in upload_control_logs(ledger, paths, to, endpoint=endpoint, progress=progress):
                files.append(file)
                if not as_json and progress is no_progress:
                    print_text(file.where)
        if not as_json and progress is not no_progress:  # a bar was drawn over again meanwhile
            for file in files:
                print_text(file.where)
    if as_json:
        print_json(
            {
                "to": to,
                "files": [
                    {
                        "file": str(file.path),
                        "where": file.where,
                        "sha256": file.sha256,
                        "octets": file.size,
                        "sent": file.sent,
                    }
                    for file in files
                ],
            }
        )
    sent = sum(file.sent for file in files)
    say(f"OK: {count_words(sent, 'file')} uploaded and verified, {len(files) - sent:,} there before")
