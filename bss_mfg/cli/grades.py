"""grades import|compare|mappings|copy: a print verifier's grades, and ours beside them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bss_mfg.cli import suggestions
from bss_mfg.cli.common import (
    App,
    json_option,
    pass_app,
    print_details,
    print_json,
    print_table,
    print_text,
    print_words,
    say,
    shown_path,
)
from bss_mfg.cli.parameters import GradeLetter
from bss_mfg.core.text import count_words, printable
from bss_mfg.version import __version__

if TYPE_CHECKING:
    from bss_mfg.verifier_data.comparison import Comparison
    from bss_mfg.verifier_data.importing import Import, ImportedRow

MOST_LINES = 20
"""Symbols that are not fine that are told one by one as text."""
SHOWN_ROWS = 5
"""Symbols that a dry run shows with all that was understood."""


@click.group()
def grades() -> None:
    """Bring in a print verifier's grades, and compare ours with them."""


@grades.command("import", epilog="Example: bss-mfg grades import bulb-2026-11 export.csv --mapping my-verifier")
@click.argument("batch_id", metavar="BATCH", shell_complete=suggestions.batches)
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--mapping",
    "mapping_name",
    required=True,
    metavar="NAME|FILE",
    shell_complete=suggestions.verifier_mappings,
    help="Where each value stands in the export: a mapping by name (`bss-mfg grades mappings`), or its .toml file.",
)
@click.option("--dry-run", is_flag=True, help="Show the first symbols as they are understood; store nothing.")
@json_option
@pass_app
@click.pass_context
def import_(
    ctx: click.Context,
    app: App,
    batch_id: str,
    files: tuple[Path, ...],
    mapping_name: str,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Bring in what a print verifier (ISO/IEC 15426) exported: CSV or XML, a symbol a row or element.

    Each symbol is matched by its decoded string, byte for byte. It only adds to the history: nothing is issued, and no
    label counts as read. A measurement that is there already is not stored again. Exit 1 if a symbol is of another
    batch or of none, is there twice, or has no data or grade; exit 3, and nothing is stored, if a value can't be read.
    """
    from bss_mfg.verifier_data.importing import ImportRequest, RowKind, import_grades
    from bss_mfg.verifier_data.mapping import FOLDER, load_mapping

    mapping = load_mapping(mapping_name, app.workspace.root / FOLDER)
    with app.workspace.open_ledger(app.actor) as ledger:
        batch = ledger.batches.get(batch_id)
        done = import_grades(ledger, batch, ImportRequest(files, mapping, app.zone, dry_run))
    if as_json:
        print_json(_import_document(done))
    else:
        _print_import(done)
    if mapping.status == "assumed":
        say(f"Note: the mapping {mapping.name} is assumed: compare what --dry-run shows with the verifier's screen.")
    stored = f"{count_words(done.stored, 'measurement')} {'would be stored' if dry_run else 'stored'}"
    known = f", {done.counts[RowKind.KNOWN]:,} known before" if done.counts[RowKind.KNOWN] else ""
    say(f"{'OK' if done.fine else 'WRONG: not every symbol is a label of this batch, once'}: {stored}{known}")
    if not done.fine:
        ctx.exit(1)


def _import_document(done: Import) -> dict[str, Any]:
    return {
        "batch": done.batch.id,
        "mapping": done.mapping.name,
        "mapping_status": done.mapping.status,
        "dry_run": done.dry_run,
        "fine": done.fine,
        "stored": done.stored,
        "counts": {kind.value: count for kind, count in done.counts.items()},
        "rows": [_row_record(row) for row in done.rows],
    }


def _row_record(row: ImportedRow) -> dict[str, Any]:
    one = row.measurement
    return {
        "file": str(one.file),
        "row": one.number,
        "kind": row.kind.value,
        "package": row.package,
        "detail": row.detail,
        "new": row.new,
        "data": one.text,
        "grade": one.grade,
        "grades": dict(one.grades),
        "formal": one.formal,
        "measured_at": one.measured_at,
        "measured_by": one.measured_by,
        "verifier": one.verifier,
    }


def _print_import(done: Import) -> None:
    """Of a dry run the first symbols as understood; then every symbol that is not fine, and the counts."""
    from bss_mfg.verifier_data.importing import FINE

    for row in done.rows[:SHOWN_ROWS] if done.dry_run else ():
        _print_understood(row)
    wrong = [row for row in done.rows if row.kind not in FINE]
    for row in wrong[:MOST_LINES]:
        data = f" {printable(row.measurement.text, 60)}" if row.measurement.text else ""
        print_words(f"{row.kind.upper()}:{data}: {row.detail} [{row.measurement.where}]")
    if len(wrong) > MOST_LINES:
        print_words(f"and {len(wrong) - MOST_LINES:,} more; --json has all")
    print_words(", ".join(f"{count:,} {kind.value}" for kind, count in done.counts.items() if count) or "no symbol")


def _print_understood(row: ImportedRow) -> None:
    from bss_mfg.imaging.grade_parameters import PARAMETERS
    from bss_mfg.verifier_data.exports import shown_grade

    one = row.measurement
    package = f", package {row.package}" if row.package else ""
    details = [
        ("Symbol", str(one.where)),
        ("Becomes", f"{row.kind.value}{package}"),
        ("Data", printable(one.text)),
        ("Overall", shown_grade(one.grade)),
        ("Formal", one.formal),
        ("Measured", one.measured_at),
        ("By", one.measured_by),
        ("Verifier", one.verifier),
        *((PARAMETERS[name], shown_grade(grade)) for name, grade in one.grades.items()),
    ]
    print_details([(name, value) for name, value in details if value])
    print_text("")


@grades.command(epilog="Example: bss-mfg grades compare bulb-2026-11 --min-grade C --report grades.html")
@click.argument("batch_ids", metavar="BATCH...", nargs=-1, required=True, shell_complete=suggestions.batches)
@click.option(
    "--min-grade",
    metavar="GRADE",
    type=GradeLetter(),
    help="Name labels that either calls lower: A, B, C, D, or a number up to 4. Else what template and product ask.",
)
@click.option(
    "--report",
    "reports",
    multiple=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write both grades of every label: .html, .pdf, .csv or .json. May be given more than once; an older HTML "
    "report of this kind is replaced.",
)
@json_option
@pass_app
@click.pass_context
def compare(
    ctx: click.Context,
    app: App,
    batch_ids: tuple[str, ...],
    min_grade: float | None,
    reports: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Put our grades beside a print verifier's: label by label, and how far they agree.

    Of each label the newest measurement that was imported, and the newest grade that `bss-mfg verify --grade` gave a
    print. Exit 1 if either calls a label lower than the least grade.
    """
    from bss_mfg.core import clock
    from bss_mfg.label.from_workspace import least_grade_asked
    from bss_mfg.report.comparison_data import comparison_document
    from bss_mfg.report.comparison_file import check_comparison_file, write_comparison
    from bss_mfg.verifier_data.comparison import compare as compare_grades

    for report in reports:
        check_comparison_file(report)
    with app.workspace.open_ledger(app.actor) as ledger:
        batches = [ledger.batches.get(batch_id) for batch_id in dict.fromkeys(batch_ids)]
        asked = {batch.id: min_grade or least_grade_asked(app.workspace, batch) for batch in batches}
        least = {batch_id: grade for batch_id, grade in asked.items() if grade is not None}
        found = compare_grades(ledger, batches, least)
    for report in reports:
        write_comparison(found, report, app.zone.shown(clock.now()), __version__)
    if as_json:
        print_json(comparison_document(found))
    else:
        _print_comparison(found)
    for report in reports:
        say(f"Report: {shown_path(report)}")
    _conclude(found, batch_ids[0])
    if found.below:
        ctx.exit(1)


def _print_comparison(found: Comparison) -> None:
    from bss_mfg.report.comparison_words import below_words, grade_text, limits_words, parameter_words, signed

    rows = [
        (
            parameter_words(one.name),
            f"{one.labels:,}",
            f"{one.same_letter:,}",
            signed(one.mean, 2).replace("\u2212", "-"),
            "" if one.deviation is None else f"{one.deviation:.2f}",
            limits_words(one).replace("\u2212", "-"),
        )
        for one in found.agreement
    ]
    if rows:
        heads = ("parameter", "labels", "same letter", "mean difference", "deviation", "limits of agreement")
        print_table(rows, heads)
    for label in found.below:
        ours = grade_text(label.ours.grade if label.ours else None, letter=True) or "not graded"
        theirs = grade_text(label.theirs.grade, letter=True)
        print_words(f"BELOW GRADE: {label.serials}: ours {ours}, verifier {theirs} [says: {below_words(label)}]")


def _conclude(found: Comparison, batch_id: str) -> None:
    if not found.labels:
        say("No grade of a verifier was brought in yet: `bss-mfg grades import`")
        return
    more = f", {found.only_theirs:,} graded by the verifier only" if found.only_theirs else ""
    more += f", {found.only_ours:,} by us only" if found.only_ours else ""
    if not found.compared:
        say(f"No label has a grade of both: grade the prints with `bss-mfg verify {batch_id} SCANS --grade`{more}")
    elif found.below:
        say(f"WRONG: {count_words(len(found.below), 'label')} below the least grade{more}")
    else:
        say(f"OK: {count_words(found.compared, 'label')} compared, ours minus the verifier's{more}")


@grades.command(epilog="Example: bss-mfg grades mappings")
@json_option
@pass_app
def mappings(app: App, as_json: bool) -> None:
    """List the mappings: those of the workspace (verifiers/NAME.toml), and examples that come with bss-mfg."""
    from bss_mfg.errors import BssError
    from bss_mfg.verifier_data.mapping import FOLDER, load_mapping, mapping_names

    folder = app.workspace.root / FOLDER
    records: list[dict[str, str]] = []
    for name, origin in mapping_names(folder).items():
        try:
            found = load_mapping(name, folder)
        except BssError as error:
            say(f"BROKEN: {error}")
            continue
        kind = found.file.kind
        records.append({"name": name, "origin": origin, "kind": kind, "status": found.status, "title": found.title})
    if as_json:
        print_json(records)
    else:
        print_table([tuple(record.values()) for record in records], ("NAME", "ORIGIN", "KIND", "STATUS", "TITLE"))


@grades.command(epilog="Example: bss-mfg grades copy example-csv --as my-verifier")
@click.argument("name", shell_complete=suggestions.verifier_mappings)
@click.option("--as", "new_name", required=True, metavar="NAME", help="What the copy is called.")
@pass_app
def copy(app: App, name: str, new_name: str) -> None:
    """Copy an example mapping into the workspace's verifiers/ folder, to change it there by an export of yours."""
    from bss_mfg.verifier_data.mapping import FOLDER, copy_mapping

    print_text(shown_path(copy_mapping(name, new_name, app.workspace.root / FOLDER)))
