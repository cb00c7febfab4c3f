"""manifest make|status|acknowledge|upload."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bss_mfg.cli.common import App, DefaultGroup, json_option, pass_app, print_json, print_table, say, shown_path
from bss_mfg.cli.progress import progress_bar
from bss_mfg.core.text import counted
from bss_mfg.errors import InputError

if TYPE_CHECKING:
    from bss_mfg.ledger.ledger import Ledger
    from bss_mfg.manifest.make import PackageChoice
    from bss_mfg.model import Batch


@click.group(cls=DefaultGroup, default="make", epilog="Example: bss-mfg manifest bulb-2026-11 --out upload/")
def manifest() -> None:
    """Write what is uploaded, follow what became of it.

    `bss-mfg manifest BATCH ...` is short for `bss-mfg manifest make BATCH ...`.
    """


@manifest.command(epilog="Example: bss-mfg manifest make bulb-2026-11 --format control-log --out upload/")
@click.argument("batch_id", metavar="BATCH")
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
@click.option("--max-logs", type=click.IntRange(1), help="Most logs in a file; then another is begun.")
@click.option("--max-bytes", type=click.IntRange(1), help="Most octets of a file; then another is begun.")
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
    from bss_mfg.core.files import make_folder, write_atomically
    from bss_mfg.ledger.events import ManifestMade
    from bss_mfg.tables import manifest_csv, manifest_jsonl

    out = Path(to)
    folder = out.is_dir() or to.endswith(("/", "\\"))
    if to == "-":
        raise click.UsageError("A manifest goes into a file or folder; `bss-mfg table BATCH --out -` writes to stdout.")
    if (rejected or missing or max_logs or max_bytes) and kind == "control-log" and not folder and not out.suffix:
        raise click.UsageError(f"There is no folder {to}: say --out {to}/ to make it.")
    if (rejected or missing or max_logs or max_bytes) and (kind != "control-log" or not folder):
        raise click.UsageError("--rejected, --missing and the limits belong to control logs in a folder (--out DIR/).")
    if rejected and missing:
        raise click.UsageError("--rejected and --missing exclude each other.")
    if folder:
        make_folder(out)
    with app.workspace.open_ledger(app.actor) as ledger:
        batch = ledger.batches.get(batch_id)
        left = len(ledger.packages.scrapped(batch.id))
        if kind == "control-log":
            which: PackageChoice = "rejected" if rejected else "missing" if missing else "all"
            files = _control_logs(app, ledger, batch, out, which, (max_logs, max_bytes), as_file=not folder)
        else:
            out = out / f"{batch_id}.{kind}" if folder else out
            sha = write_atomically(out, manifest_csv(ledger, batch) if kind == "csv" else manifest_jsonl(ledger, batch))
            ledger.exports.record_table(batch.id, ManifestMade(file=out.name, format=kind, sha256=sha))
            files = [{"file": str(out), "sha256": sha, "packages": batch.packages - left}]
    if as_json:
        print_json({"batch": batch_id, "format": kind, "files": files, "left_out": left})
    for one in files:
        if not as_json:
            click.echo(shown_path(Path(str(one["file"]))))
        lay = "; was made before" if one.get("before") else ""
        say(f"OK: {kind} of {counted(int(str(one['packages'])), 'package')}; SHA-256 {one['sha256']}{lay}")
    if not files:
        say(f"OK: nothing to write: no package of {batch_id} is {'rejected' if rejected else 'missing'}")
    if left:
        say(f"Left out: {counted(left, 'package')} with a scrapped unit")


def _control_logs(
    app: App,
    ledger: Ledger,
    batch: Batch,
    out: Path,
    which: PackageChoice,
    limits: tuple[int | None, int | None],
    *,
    as_file: bool,
) -> list[dict[str, object]]:
    from bss_mfg.manifest.log_mapping import load_mapping
    from bss_mfg.manifest.make import FileLimits, make_control_logs

    mapping = load_mapping(batch.spec, app.workspace.root / "specs")
    if assumed := mapping.assumed:
        say(
            f"Note: the names {', '.join(assumed)} are assumptions: compare them with Amazon's guide, correct "
            f"specs/{batch.spec}.control-log.toml (`bss-mfg spec copy {batch.spec}`)."
        )
    made = make_control_logs(
        ledger, batch, mapping, out, datetime.now(UTC), which=which, limits=FileLimits(*limits), as_file=as_file
    )
    return [
        {
            "file": str(one.path),
            "sha256": one.sha256,
            "packages": one.contents.all_packages,
            "device_logs": one.contents.device_logs,
            "bundle_logs": one.contents.bundle_logs,
            "before": one.made_before,
        }
        for one in made
    ]


@manifest.command(epilog="Example: bss-mfg manifest status bulb-2026-11")
@click.argument("batch_id", metavar="BATCH")
@json_option
@pass_app
def status(app: App, batch_id: str, as_json: bool) -> None:
    """Show which packages are in which control log, and what became of them.

    A unit waits until a feedback file accepts or rejects it (`manifest acknowledge`).
    """
    from bss_mfg.core.ranges import range_pairs

    with app.workspace.open_ledger(app.actor) as ledger:
        batch = ledger.batches.get(batch_id)
        files = ledger.exports.control_logs(batch.id)
        missing = list(ledger.exports.packages_where(batch.id, "missing"))
        rejected = ledger.exports.rejected_units(batch.id, 1_000_000 if as_json else 20)
        uploads = ledger.exports.uploads(batch.id)
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
            }
        )
        return
    if files:
        rows = [
            (one.file, one.at, str(one.units), str(one.waiting), str(one.accepted), str(one.rejected)) for one in files
        ]
        print_table(rows, ("FILE", "MADE", "UNITS", "WAITING", "ACCEPTED", "REJECTED"))
    for serial, reason in rejected:
        click.echo(f"rejected: {serial}  {reason!a}")
    if missing:
        some = ", ".join(f"{low}" if low == high else f"{low}-{high}" for low, high in range_pairs(missing)[:10])
        say(f"In no control log: {counted(len(missing), 'package')} (numbers {some}); --missing writes it")
    waiting, bad = sum(one.waiting for one in files), sum(one.rejected for one in files)
    say(f"{counted(waiting, 'unit')} waiting, {sum(one.accepted for one in files):,} accepted, {bad:,} rejected")


@manifest.command(epilog="Example: bss-mfg manifest acknowledge feedback-20261124.json")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--product", help="Whose serials they are, where several products share some.")
@json_option
@pass_app
@click.pass_context
def acknowledge(ctx: click.Context, app: App, file: Path, product: str | None, as_json: bool) -> None:
    """Read Amazon's feedback file: mark units as accepted or rejected, with the reason.

    What the file looks like is not published: its shape stands in specs/amazon-ffs-feedback.toml. The same file twice
    changes nothing. Exit 1 where something was rejected, or could not be understood.
    """
    from bss_mfg.core.files import read_bytes
    from bss_mfg.manifest.feedback import load_feedback_mapping, read_feedback
    from bss_mfg.manifest.make import acknowledge as write_down

    mapping = load_feedback_mapping(app.workspace.root / "specs")
    found = read_feedback(read_bytes(file, "feedback file", 1 << 30), file.name, mapping)
    with app.workspace.open_ledger(app.actor) as ledger:
        before = ledger.exports.feedback_read_at(found.sha256)
        done = None if before else write_down(ledger, found, product)
    counts = found.counts
    unanswered = {
        state: [serial for serial, verdict in found.answers.items() if verdict.state == state]
        for state in ("contradictory", "unclear")
    }
    if as_json:
        print_json(
            {
                "file": str(file),
                "sha256": found.sha256,
                "read_before": before,
                "entries": found.entries,
                "accepted": done.accepted if done else 0,
                "rejected": done.rejected if done else 0,
                "unchanged": done.unchanged if done else 0,
                "repeated": counts["repeated"],
                "unknown": list(done.unknown) if done else [],
                "ambiguous": list(done.ambiguous) if done else [],
                **unanswered,
                "unreadable": found.unreadable,
                "batches": list(done.batches) if done else [],
            }
        )
    if done is None:
        say(f"OK: this file was read before, at {before}; nothing was changed")
        return
    for what, serials in (
        ("unknown here", done.unknown),
        ("shared by several products", done.ambiguous),
        *unanswered.items(),
    ):
        for serial in serials[:20]:
            reason = found.answers[serial].reason if what in unanswered else ""
            say(f"{what}: {serial!a}" + (f", {reason!a}" if reason else ""))
        if len(serials) > 20:
            say(f"{what}: and {len(serials) - 20:,} more")
    for problem in found.problems:
        say(f"not understood: {problem}")
    if mapping.assumed:
        say(f"Note: {', '.join(mapping.assumed)} of the feedback mapping are assumptions.")
    wrong = counts["rejected"] + len(done.unknown) + len(done.ambiguous) + found.unreadable
    wrong += sum(map(len, unanswered.values()))
    word = "WRONG" if wrong else "OK"
    say(
        f"{word}: {done.accepted:,} accepted, {done.rejected:,} rejected, {done.unchanged:,} unchanged, "
        f"{len(done.unknown):,} unknown, {counts['repeated']:,} repeated"
        + "".join(f", {len(serials):,} {state}" for state, serials in unanswered.items() if serials)
    )
    if counts["rejected"]:
        say("Correct what was rejected, then: bss-mfg manifest BATCH --rejected --out DIR/")
    if wrong:
        ctx.exit(1)


@manifest.command(epilog="Example: bss-mfg manifest upload upload/ --to s3://bucket/control-logs")
@click.argument("paths", metavar="FILE|DIR...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--to", required=True, metavar="s3://BUCKET/PREFIX|DIR", help="Where to.")
@click.option("--endpoint", metavar="URL", help="An S3 server other than Amazon's.")
@json_option
@pass_app
def upload(app: App, paths: tuple[Path, ...], to: str, endpoint: str | None, as_json: bool) -> None:
    """Bring control logs to an S3 bucket or a folder, each verified by its checksum.

    Only files that are as their sidecars say. What lies there already is left; other content of the same name is never
    overwritten (exit 4). Run it again after an interruption. S3 needs the extra: pip install 'bss-mfg[s3]'.
    """
    from bss_mfg.ledger.events import ManifestUploaded
    from bss_mfg.manifest.sidecar import read_sidecar
    from bss_mfg.manifest.upload import upload as bring

    files = [one for path in paths for one in (sorted(path.glob("C_CONTROL_LOG_*.txt")) if path.is_dir() else [path])]
    if not files:
        raise InputError("no control log is there", where=paths[0], way_out="Name the files, or their folder.")
    sidecars = {path: read_sidecar(path) for path in files}
    done = []
    with app.workspace.open_ledger(app.actor) as ledger:
        for one in bring(files, to, endpoint=endpoint, progress=progress_bar("upload")):
            if one.sent:
                uploaded = ManifestUploaded(file=one.path.name, sha256=one.sha256, address=one.where)
                ledger.exports.record_upload(sidecars[one.path].batch, uploaded)
            done.append(one)
            if not as_json:
                click.echo(one.where)
    if as_json:
        print_json(
            {
                "to": to,
                "files": [
                    {
                        "file": str(one.path),
                        "where": one.where,
                        "sha256": one.sha256,
                        "octets": one.size,
                        "sent": one.sent,
                    }
                    for one in done
                ],
            }
        )
    sent = sum(one.sent for one in done)
    say(f"OK: {counted(sent, 'file')} uploaded and verified, {len(done) - sent:,} there before")
