"""flash report, flash list."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import click

from bss_mfg.cli import suggestions
from bss_mfg.cli.common import App, json_option, pass_app, print_json, print_table, say
from bss_mfg.core.text import count_words, listing

_MOST_NAMED = 20


@click.group()
def flash() -> None:
    """Record what flashers say of units, and show what they claimed."""


@flash.command(epilog="Example: bss-mfg flash report /media/line/results.csv")
@click.argument("file", metavar="FILE|-")
@json_option
@pass_app
@click.pass_context
def report(ctx: click.Context, app: App, file: str, as_json: bool) -> None:
    """Record which units were flashed, and how their tests ended.

    FILE is CSV with a header, or JSON lines (- reads standard input): serial or uuid, result (pass or fail), and detail
    of failed ones. All or none; of a unit the last row counts, and the same file again changes nothing: where it says
    otherwise than a later one, that is told. A unit that had passed and is said to have failed counts as failed and is
    named (exit 1), and so is one that failed and was shipped before. A unit that has proven its key on air before has
    to prove it again; rows that an earlier report of the same log had don't count as another flashing.
    """
    from bss_mfg.core.files import read_bytes
    from bss_mfg.ledger.flash import ReportFile
    from bss_mfg.programming.flash_reports import MAX_BYTES, read_reports, rows_told_before

    name = "standard input" if file == "-" else Path(file).name
    data = (
        sys.stdin.buffer.read(MAX_BYTES + 1) if file == "-" else read_bytes(Path(file), "flasher's report", MAX_BYTES)
    )
    reports = read_reports(data, "standard input" if file == "-" else file)
    with app.workspace.open_ledger(app.actor) as ledger:
        before = rows_told_before(data, name, ledger.flash.reported_files())
        done = ledger.flash.report(ReportFile(name, hashlib.sha256(data).hexdigest(), before), reports)
    if as_json:
        print_json(
            {
                "passed": done.passed,
                "failed": done.failed,
                "known": done.known,
                "contradicted": done.contradicted,
                "outdated": done.outdated,
                "unproven": done.unproven,
                "shipped": done.shipped,
            }
        )
    known = f", {done.known:,} known before" if done.known else ""
    bad = done.contradicted or done.shipped
    say(f"{'FAILED' if bad else 'OK'}: {done.passed:,} passed, {done.failed:,} failed{known}")
    if done.outdated:
        say(f"Note: reported before, and since then otherwise, which counts: {listing(done.outdated, _MOST_NAMED)}.")
        say("Were they tested again, with the same result file? Then say when in a column of it, and report that.")
    if done.unproven:
        named = listing(done.unproven, _MOST_NAMED)
        say(f"Flashed after they had proven their keys: {named}; `bss-mfg station pair BATCH` asks for it again")
    if done.contradicted:
        say(f"Had passed before, count as failed now: {listing(done.contradicted, _MOST_NAMED)}")
    if done.shipped:
        named = listing(done.shipped, _MOST_NAMED)
        say(f"Failed, and shipped before: {named}. Where to: `bss-mfg returns {done.shipped[0]}`")
    if bad:
        ctx.exit(1)


@flash.command("list", epilog="Example: bss-mfg flash list bulb-2026-11")
@click.argument("batch_id", metavar="BATCH", required=False, shell_complete=suggestions.batches)
@json_option
@pass_app
def list_(app: App, batch_id: str | None, as_json: bool) -> None:
    """List what flashers claimed, of one batch or of all, and how much of it they have reported.

    What is not reported in time ([flash] overdue_hours in bss-mfg.toml) is overdue. Nothing is claimed again by itself:
    `program BATCH --claim N --for FLASHER --again --reason TEXT` lets another flasher have it.
    """
    from bss_mfg.core import clock

    since = clock.hours_ago(app.workspace.config().flash.overdue_hours)
    with app.workspace.open_ledger(app.actor) as ledger:
        if batch_id:
            ledger.batches.get(batch_id)
        claims = ledger.flash.claims(batch_id)
    late = {claim.release for claim in claims if claim.unreported and claim.at < since}
    if as_json:
        print_json(
            [
                {
                    "release": one.release,
                    "batch": one.batch,
                    "at": one.at,
                    "flasher": one.flasher,
                    "units": one.units,
                    "passed": one.passed,
                    "failed": one.failed,
                    "unreported": one.unreported,
                    "overdue": one.release in late,
                }
                for one in claims
            ]
        )
        return
    rows = [
        (
            one.batch,
            app.zone.shown(one.at),
            one.flasher,
            *(f"{number:,}" for number in (one.units, one.passed, one.failed, one.unreported)),
            "overdue" if one.release in late else "",
        )
        for one in claims
    ]
    if not rows:
        say("No flasher has claimed units.")
        return
    print_table(rows, ("BATCH", "CLAIMED", "FLASHER", "UNITS", "PASSED", "FAILED", "UNREPORTED", ""))
    unreported = sum(one.unreported for one in claims if one.release in late)
    if unreported:
        say(f"Note: {count_words(unreported, 'unit')} overdue")
