"""verify."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bss_mfg.cli import suggestions
from bss_mfg.cli.common import App, json_option, pass_app, print_blocks, print_words, say, shown_path
from bss_mfg.cli.executors import executor_option, processes_or_cluster
from bss_mfg.cli.language_option import language_option
from bss_mfg.cli.parameters import GradeLetter, WholeNumber
from bss_mfg.cli.verify_display import VerifyDisplay
from bss_mfg.core.text import count_words
from bss_mfg.version import __version__

if TYPE_CHECKING:
    from bss_mfg.core.clock import TimeZone
    from bss_mfg.core.languages import Language
    from bss_mfg.ledger.events import ReadSubject
    from bss_mfg.ledger.ledger import Ledger
    from bss_mfg.model import LabelScope
    from bss_mfg.verify.outcome import Verification
    from bss_mfg.verify.rescans import RescanRule
    from bss_mfg.verify.session_news import SessionNews
    from bss_mfg.verify.verification import Verifier

MOST_UNSEEN = 10
"""Labels whose place is in no file that are named one by one as text; more are counted, and named in reports."""

MOST_ANSWERED = 10
"""Faults that a later picture answers that are told one by one as text."""


@click.command(epilog="Example: bss-mfg verify bulb-2026-11 scans/*.png --report report.html")
@click.argument("batch_id", metavar="BATCH", shell_complete=suggestions.batches)
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--each",
    type=click.Choice(["package", "unit", "carton"]),
    default="package",
    help="What the labels are for. Those of units (devices) and cartons are compared code by code and text by text.",
)
@click.option(
    "--partial",
    is_flag=True,
    help="Labels whose place is in no picture are not faults: more pictures follow.",
)
@click.option("--second-reader", is_flag=True, help="Also read each symbol with libdmtx.")
@click.option("--grade", is_flag=True, help="Also grade each symbol's print quality: indicative, ISO/IEC 15415.")
@click.option(
    "--min-grade",
    metavar="GRADE",
    type=GradeLetter(),
    help="Grade, and fail labels below this: A, B, C, D, or a number up to 4. Else what template and product ask for.",
)
@click.option(
    "--calibrate",
    metavar="CARD",
    type=click.Path(path_type=Path),
    help="A reflectance card's file (TOML): grades are of the reflectance that its patches tell.",
)
@click.option("--sample", is_flag=True, help="Accept or reject by the sample that `bss-mfg sample` drew.")
@click.option(
    "--watch",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Read files as a scanner drops them there, until all labels are right or Ctrl-C.",
)
@click.option(
    "--rescans",
    is_flag=True,
    help="With --watch: no sheet was printed twice; a later picture of one judges it anew, whatever it showed.",
)
@click.option(
    "--report",
    "reports",
    multiple=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write what was found: .html, .pdf, .csv or .json. May be given more than once; an older HTML "
    "report is replaced.",
)
@click.option(
    "--resume", is_flag=True, help="Don't read again what an earlier verification read wholly and found right."
)
@click.option(
    "--of",
    type=click.Choice(["file", "print"]),
    help="What the FILES are, where bss-mfg can't tell: our own drawing, or pictures of what was printed. Recorded.",
)
@click.option(
    "--strict",
    is_flag=True,
    help="Fail also where the pictures are too poor for all texts, codes and artwork to be judged.",
)
@click.option(
    "--patience",
    type=WholeNumber(1, 100),
    default=1,
    metavar="N",
    help="Allow N times as many attempts on pages that are hard to read.",
)
@click.option("--jobs", type=WholeNumber(0, 64), default=0, help="Reading processes; 0: one per core.")
@executor_option
@json_option
@language_option
@pass_app
@click.pass_context
def verify(
    ctx: click.Context,
    app: App,
    batch_id: str,
    files: tuple[Path, ...],
    each: LabelScope,
    partial: bool,
    second_reader: bool,
    grade: bool,
    min_grade: float | None,
    calibrate: Path | None,
    sample: bool,
    watch: Path | None,
    rescans: bool,
    reports: tuple[Path, ...],
    resume: bool,
    of: ReadSubject | None,
    strict: bool,
    patience: int,
    jobs: int,
    scheduler: str | None,
    as_json: bool,
) -> None:
    """Read printed labels back and compare them with the ledger.

    FILES are PDFs, pictures or folders. Names every label that is missing, duplicate, foreign, unreadable, mismatched
    or misprinted with serial and place, and every page that is not understood; of more than ten labels that are in none
    of the files, how many (a report names all).

    With --each unit or carton, the labels of units or cartons are read and compared instead of those of packages.

    A picture, or a PDF page that is one, shows printed labels; a label file, or any page that a program drew, proves
    the drawing only. Exit 0 only if all is right (with --sample: the lot is accepted), 1 if something is wrong.
    """
    from bss_mfg.imaging.reflectance_card import load_calibration
    from bss_mfg.label.expected import WorkspaceLabels
    from bss_mfg.label.from_workspace import least_grade_asked
    from bss_mfg.report.data_reports import json_report
    from bss_mfg.verify.given_files import expand_folders, refuse_no_labels
    from bss_mfg.verify.outcome import VerifyOptions
    from bss_mfg.verify.verification import Verifier
    from bss_mfg.verify.verification import verify as verify_files

    if not files and watch is None:
        raise click.UsageError("Name files to verify, or a folder to --watch.")
    if rescans and watch is None:
        raise click.UsageError("--rescans is for --watch: else leave out the pictures that you took again.")
    if resume and (grade or sample or min_grade is not None):
        raise click.UsageError("--resume passes over files, but --grade and --sample need every label read.")
    if each != "package" and (second_reader or grade or sample or resume or min_grade is not None):
        raise click.UsageError(
            "--second-reader, --grade, --min-grade, --sample and --resume are for labels of packages, not with --each."
        )
    if strict and sample:
        raise click.UsageError("--strict is for labels, and --sample decides on a lot: ask for one of them.")
    writer = _ReportWriter(reports, app.zone, app.language)
    options = VerifyOptions(
        each=each,
        labels=WorkspaceLabels(app.workspace.root),
        partial=partial,
        second_reader=second_reader,
        grade=grade,
        calibration=load_calibration(calibrate) if calibrate else None,
        pictures=writer.shows_pictures,
        keep_pictures=each == "package",
        sample=sample,
        resume=resume,
        strict=strict,
        patience=patience,
        of=of,
        rescans=_rescan_rule(watch, rescans),
    )
    # Always in other processes: a picture from outside may crash a reader.
    with app.workspace.open_ledger(app.actor) as ledger, processes_or_cluster(scheduler, jobs) as executor:
        batch = ledger.batches.get(batch_id)
        least = min_grade if min_grade is not None else least_grade_asked(app.workspace, batch)
        if each != "package":
            refuse_no_labels(ledger, batch, each)
            least = None
        if least is not None:
            options = replace(options, grade=True, min_grade=least)
        options = replace(options, expected=app.workspace.expected_codes(batch.product))

        def write(outcome: Verification) -> None:
            writer.write(outcome)
            _keep_pictures(app, ledger, outcome)

        if watch is None:
            with VerifyDisplay(batch_id) as display:
                outcome = verify_files(
                    ledger, batch, files, options, display.progress, executor=executor, tell=display.tell
                )
        else:
            begun = expand_folders(ledger, batch, files, each)
            verifier = Verifier(ledger, batch, options, executor=executor)
            verifier.notes.add_passed_over(begun.passed_over)
            outcome = _watch_folder(verifier, begun.files, watch, write)
        write(outcome)
        print_blocks(json_report(outcome)) if as_json else _print_findings(outcome)
    for report in reports:
        say(f"Report: {shown_path(report)}")
    _conclude(outcome)
    if not outcome.passed:
        ctx.exit(1)


def _rescan_rule(watch: Path | None, rescans: bool) -> RescanRule:
    from bss_mfg.verify.rescans import RescanRule

    if watch is None:
        return RescanRule.NEVER
    return RescanRule.ALWAYS if rescans else RescanRule.AFTER_FAULTS


class _ReportWriter:
    """Writes the reports that were asked for, as often as there is something new."""

    def __init__(self, files: tuple[Path, ...], zone: TimeZone, language: Language) -> None:
        from bss_mfg.report.report_file import check_report

        self._files, self._zone, self._language, self._written = files, zone, language, False
        for file in files:
            check_report(file)

    @property
    def shows_pictures(self) -> bool:
        return any(file.suffix.lower() in (".html", ".pdf") for file in self._files)

    def write(self, outcome: Verification) -> None:
        from bss_mfg.core import clock
        from bss_mfg.report.report_file import write_report

        for file in self._files:
            write_report(
                outcome, file, self._zone.shown(clock.now()), __version__, again=self._written, language=self._language
            )
        self._written = True


def _keep_pictures(app: App, ledger: Ledger, outcome: Verification) -> None:
    """Keep what the board shows of prints that failed."""
    from bss_mfg.workspace.failure_pictures import FailurePictures

    digests = {event: ledger.history.digest_of(event) for event in outcome.pictures_by_event}
    FailurePictures.of(app.workspace.root).keep(
        {(event, digest): outcome.pictures_by_event[event].png for event, digest in digests.items() if digest}
    )


def _watch_folder(
    verifier: Verifier, files: tuple[Path, ...], folder: Path, write: Callable[[Verification], None]
) -> Verification:
    """Read what comes, say at once what is wrong with it, until all is right or Ctrl-C."""
    from bss_mfg.errors import InputError
    from bss_mfg.verify.folder_watch import new_files
    from bss_mfg.verify.picture_folders import list_folder

    said, told_complete = 0, False
    say(f"Watching {shown_path(folder)}; Ctrl-C ends.")
    try:
        coming = new_files(folder)
        if files:
            verifier.read_files(files)
        outcome = verifier.outcome()
        done = verifier.complete and not outcome.wrong_labels and not outcome.too_poor
        while not done:
            new = next(coming)
            if not new:
                continue
            verifier.read_files(new)
            outcome = verifier.outcome()
            wrong = outcome.wrong_labels
            say(
                f"{', '.join(shown_path(path) for path in new)}: {outcome.counts['matched']:,} matched so far, "
                f"{wrong:,} not right",
                bell=wrong > said,
            )
            said, done = wrong, verifier.complete and not wrong and not outcome.too_poor
            _say_news(verifier.take_news())
            if verifier.complete and not done and not told_complete:
                told_complete = True
                again = "what is not right" if wrong else "in grey or finer what could not be judged"
                say(f"A label of every package was read. Scan again {again}, or end with Ctrl-C.")
            write(outcome)
    except KeyboardInterrupt:
        say("Ended.")
    with contextlib.suppress(InputError):  # the folder is gone
        verifier.notes.add_passed_over(list_folder(folder).passed_over)
    return verifier.outcome(final=True)


def _say_news(news: SessionNews) -> None:
    from bss_mfg.report.wording import fault_line

    for group in news.faults:
        say(fault_line(group))
    if more := news.fault_count - sum(group.count for group in news.faults):
        say(f"... and {more:,} more")
    for name, reason in news.broken:
        say(f"UNREADABLE FILE: {name}: {reason}", bell=True)
    for page in news.not_understood:
        say(f"NOT UNDERSTOOD: {page.where}: {page.seen.description}", bell=True)
    for earlier, later in news.answered:
        say(f"{later.where}: the same sheet as {earlier.where}, judged anew")


def _print_findings(outcome: Verification) -> None:
    """Every label that is not right, a line each; then the counts. Labels of another batch are told once."""
    from bss_mfg.report.wording import both_words, count_line, fault_line, other_code_lines

    wrong_batch = outcome.wrong_batch
    if wrong_batch:
        print_words(f"WRONG BATCH: all {outcome.other_batches[wrong_batch]:,} belong to {wrong_batch}")
    unseen_shown = 0 if outcome.partial or outcome.unseen > MOST_UNSEEN else MOST_UNSEEN
    for group in outcome.findings.fault_groups():  # no walk over a million labels that are right
        item = group.finding
        if wrong_batch and (item.unseen or item.other_batch):
            continue
        if not item.unseen or unseen_shown:
            print_words(fault_line(group))
    if outcome.unseen > MOST_UNSEEN and not outcome.partial and not wrong_batch:
        print_words(f"MISSING: {count_words(outcome.unseen, 'label')} of the batch in none of these files")
    for name, reason in outcome.broken:
        print_words(f"UNREADABLE FILE: {name}: {reason}")
    for page in outcome.not_understood:
        print_words(f"NOT UNDERSTOOD: {page.where}: {page.seen.description}")
    _print_answered(outcome)
    for name, reason in outcome.troubles:
        print_words(f"NOTE: {name}: {reason}")
    for line in other_code_lines(outcome.other_codes):
        print_words(line)
    if outcome.options.grade:
        _print_grades(outcome)
    if outcome.resumed:
        print_words(
            f"{count_words(outcome.resumed, 'file')} with {count_words(outcome.resumed_labels, 'label')} read and "
            "found right before, not read again"
        )
    if words := both_words(outcome):
        print_words(words[0].upper() + words[1:])
    print_words(count_line(outcome))


def _print_answered(outcome: Verification) -> None:
    """The faults that a later picture answers: the first of them, how many more, and what follows from it."""
    from bss_mfg.report.wording import answered_rows

    rows = answered_rows(outcome)
    for where, words in rows[:MOST_ANSWERED]:
        print_words(f"ANSWERED: {words} [{where}]")
    if len(rows) > MOST_ANSWERED:
        print_words("ANSWERED: more; a report names all")
    if rows:
        print_words("The newest picture of a sheet judges it. If these are two sheets, destroy the first.")


def _print_grades(outcome: Verification) -> None:
    """The distribution, and the worst labels with the reason."""
    from bss_mfg.report.statistics import PARAMETERS, statistics
    from bss_mfg.verify.grade_faults import lowest_parameters

    facts = statistics(outcome)
    if facts.pixels_per_module is None:
        print_words("Grades: no label could be graded")
        return
    low, high = facts.pixels_per_module
    unreadable = f" (unreadable {facts.unreadable:,})" if facts.unreadable else ""
    print_words(
        f"Grades (indicative, {' and '.join(facts.standards)}): "
        + ", ".join(f"{letter} {count:,}" for letter, count in facts.letters.items())
        + f"{unreadable}; not gradable {facts.not_gradable:,}; aperture {facts.aperture:.2f} X, "
        f"{low:.1f} to {high:.1f} pixels per module"
    )
    worst = outcome.findings.pick(facts.worst)
    for item in (worst[index] for index in facts.worst):
        if item.grade and item.grade.overall is not None and item.grade.overall < 3:
            lowest = ", ".join(PARAMETERS[name] for name in lowest_parameters(item.grade))
            print_words(f"  {item.grade.letter} {item.grade.formal}  {item.serials}: {lowest}")


def _conclude(outcome: Verification) -> None:
    from bss_mfg.report.wording import open_words, sample_words

    left = open_words(outcome)
    if outcome.decision:
        word = {"accept": "ACCEPT", "reject": "REJECT", "incomplete": "INCOMPLETE"}[outcome.decision.verdict]
        say(f"{word}: {sample_words(outcome)}")
        if left:
            say(f"Not all was judged: {left} (the notes say why)")
        if outcome.decision.wrong:
            say("Take the wrong ones out of the lot, whatever the decision.")
    elif outcome.passed:
        right = "all labels that were shown are right" if outcome.unseen else "all labels are right"
        were = "was" if outcome.unseen == 1 else "were"
        unseen = f", {outcome.unseen:,} of the batch {were} not shown" if outcome.unseen else ""
        if left:
            say(f"OK as far as it could be judged{unseen}: {left} (the notes say why)")
        else:
            say(f"OK{' so far' * bool(outcome.unseen)}: {right}{unseen}")
    elif outcome.no_fault:
        say(f"NOT ALL JUDGED: nothing wrong was found, but {left} (the notes say why, and what helps)")
    elif outcome.wrong_batch:
        say(f"WRONG: these are labels of another batch: `bss-mfg verify {outcome.wrong_batch} ...`")
    elif outcome.pages and not any(outcome.counts[kind] for kind in outcome.counts if kind != "missing"):
        say("WRONG: no label was found in these pictures: the back of a sheet, blank, or of another kind?")
    else:
        if outcome.unseen:
            are = "is" if outcome.unseen == 1 else "are"
            say(f"{count_words(outcome.unseen, 'label')} {are} in none of these files; --partial leaves them out.")
        say("WRONG: not all labels are right")
    if outcome.passed and not outcome.shows_prints:
        say(f"These are label files, not prints: scan the printed labels (`bss-mfg scan {outcome.batch.id}`)")
