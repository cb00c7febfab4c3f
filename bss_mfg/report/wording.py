"""What every report says in the same words: the verdict, the sample, what was read, where a label lies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from bss_mfg.core.languages import AND, BOTH, COMMA, SEMICOLON, counted, joined, moment, phrase
from bss_mfg.core.text import printable, printable_name
from bss_mfg.imaging.label_content import ContentFault, ContentFinding
from bss_mfg.report.statistics import Statistics
from bss_mfg.transparency.signed_note import to_base64
from bss_mfg.verify.fault_groups import FaultGroup
from bss_mfg.verify.finding_rows import finding_row
from bss_mfg.verify.findings import FINDING_KINDS, Finding, FindingKind, OtherCode
from bss_mfg.verify.outcome import Verification

MOST_FAILURES_SHOWN = 200
"""Labels that are not right whose pictures a report shows; the rest is counted."""
MOST_OTHER_CODES = 10
"""Codes that are neither ours nor expected that are told one by one as text."""
MEANINGS: Mapping[str, str] = {
    "matched": phrase("read, and the same as in the ledger"),
    "missing": phrase("not found where it should be"),
    "duplicate": phrase("the same label twice"),
    "foreign": phrase("not of this batch"),
    "unreadable": phrase("printed, but can't be read"),
    "mismatched": phrase("differs from the ledger"),
    "misprinted": phrase("reads right, but is mirrored, inverted, scaled, of a wrong size or shifted"),
    "content": phrase("a text, code or picture beside the symbol is not what it should be"),
    "below-grade": phrase("its print quality is below the least grade"),
    "old-picture": phrase("the picture was read before the label was made again: scan the new label"),
}

Tone = Literal["good", "warn", "bad", "soft"]
"""How a word or number is coloured; the names are classes of the page's style sheet."""


class Headline(NamedTuple):
    """The verdict in large letters, and its tone."""

    text: str
    tone: Tone


def headline(outcome: Verification) -> Headline:
    """The verdict of a verification, or of the sample that it checked."""
    if outcome.decision:
        verdicts: dict[str, Headline] = {
            "accept": Headline(phrase("The lot is accepted"), "good"),
            "reject": Headline(phrase("The lot is rejected"), "bad"),
            "incomplete": Headline(phrase("The sample is not complete"), "warn"),
        }
        return verdicts[outcome.decision.verdict]
    if not outcome.no_fault:
        return Headline(phrase("Not all labels are right"), "bad")
    if outcome.too_poor:
        return Headline(phrase("Not all could be judged"), "bad")
    if outcome.counts["missing"]:
        return Headline(phrase("Right so far (partial check)"), "warn")
    if outcome.not_judged:
        return Headline(phrase("Right as far as it could be judged"), "warn")
    return Headline(phrase("All labels are right"), "good")


def open_words(outcome: Verification) -> str:
    """What was not proven of printed labels in which no fault was found; empty where all of them was judged."""
    left = outcome.not_judged
    not_compared = counted(
        "on {count:,} label not all texts, codes and pictures could be compared",
        "on {count:,} labels not all texts, codes and pictures could be compared",
        left.labels,
    )
    doubtful = counted(
        "on {count:,} label a character could pass for one much like it",
        "on {count:,} labels a character could pass for one much like it",
        left.doubtful,
    )
    return joined(AND, (not_compared if left.labels else "", doubtful if left.doubtful else ""))


def sample_words(outcome: Verification) -> str:
    """The sampling plan and what was found of the sample, in a line; empty where no sample was checked."""
    decision = outcome.decision
    if decision is None:
        return ""
    found = {"plan": decision.plan.description, "wrong": len(decision.wrong), "open": len(decision.open)}
    if decision.open:
        return phrase("{plan}. Found wrong: {wrong:,}, {open:,} not checked yet.", **found)
    return phrase("{plan}. Found wrong: {wrong:,}.", **found)


def about_words(outcome: Verification, made_at: str, version: str) -> str:
    """Of which batch a report is, what was read, and when."""
    batch = outcome.batch
    facts = {
        "product": batch.facts.get("title") or batch.product,
        "pid": batch.facts["pid"],
        "units": counted("{count:,} unit", "{count:,} units", batch.units),
        "packages": counted("{count:,} package", "{count:,} packages", batch.packages),
        "read": read_words(outcome),
        "moment": moment(made_at),
        "version": version,
    }
    if outcome.second_reader:
        return phrase(
            "{product} (product id {pid}), {units} in {packages}. Read: {read}, on {moment} by bss-mfg {version}, "
            "with a second reader.",
            **facts,
        )
    return phrase(
        "{product} (product id {pid}), {units} in {packages}. Read: {read}, on {moment} by bss-mfg {version}.", **facts
    )


def checkpoint_words(outcome: Verification) -> str:
    """Which history was signed before the report was made; empty where none was."""
    signed = outcome.checkpoint
    if signed is None:
        return ""
    return phrase(
        "Signed checkpoint: {events:,} events of {origin}, {root}",
        events=signed.size,
        origin=signed.origin,
        root=to_base64(signed.root),
    )


def read_words(outcome: Verification) -> str:
    """What was read."""
    files = counted("{count:,} file", "{count:,} files", outcome.files)
    pages: str = counted("{count:,} page of {files}", "{count:,} pages of {files}", outcome.pages, files=files)
    if outcome.resumed:
        pages = phrase(
            "{pages} ({files} with {labels} were read and found right before, and not again)",
            pages=pages,
            files=counted("{count:,} file", "{count:,} files", outcome.resumed),
            labels=_labels(outcome.resumed_labels),
        )
    no_print = phrase("label files as they were drawn, and no print")
    return joined(SEMICOLON, (pages, both_words(outcome) if outcome.shows_prints else no_print))


def both_words(outcome: Verification) -> str:
    """Of how many labels the drawing and the print were read; empty where not both were shown."""
    file, printed = outcome.labels_read.get("file", 0), outcome.labels_read.get("print", 0)
    if not file or not outcome.shows_prints:
        return ""
    return phrase("read right: {labels} in label files, {printed:,} in prints", labels=_labels(file), printed=printed)


def _labels(count: int) -> str:
    return counted("{count:,} label", "{count:,} labels", count)


def not_understood_rows(outcome: Verification) -> list[tuple[str, str]]:
    """The pages of which it is not known what they show, and what was seen there."""
    return [(page.where, page.seen.description) for page in outcome.not_understood]


def fault_line(group: FaultGroup) -> str:
    """What was found of a label, or of most labels of a page: what it is, whose, why, and where."""
    row = finding_row(group.finding)
    where = group_place(group)
    return f"{row['verdict'].upper()}: {group.name}: {group.detail}" + (f" [{where}]" if where else "")


def group_place(group: FaultGroup) -> str:
    """Where they lie: of several the page."""
    row = finding_row(group.finding)
    return place_words(row if group.count == 1 else {**row, "x_mm": None})


def shown_counts(outcome: Verification) -> dict[FindingKind, int]:
    """How many findings of each kind there are, and none where that is what was asked for."""
    asked = {FindingKind.MATCHED} | ({FindingKind.BELOW_GRADE} if outcome.options.min_grade is not None else set())
    return {kind: count for kind in FINDING_KINDS if (count := outcome.counts[kind]) or kind in asked}


def count_line(outcome: Verification) -> str:
    """The same in a line."""
    return ", ".join(f"{count:,} {kind}" for kind, count in shown_counts(outcome).items())


def answered_rows(outcome: Verification) -> list[tuple[str, str]]:
    """The faults that are none any more: where each was seen, what it was, and which later picture says otherwise."""
    rows: list[tuple[str, str]] = []
    more = 0
    for item, (file, page) in outcome.findings.answered():
        if len(rows) == MOST_FAILURES_SHOWN:
            more += 1
            continue
        row = finding_row(item)
        words = phrase(
            "{verdict}: {label}: {detail}. Answered by {file}, page {page}",
            verdict=phrase(row["verdict"]),
            label=item.name,
            detail=row["detail"],
            file=printable_name(file),
            page=page,
        )
        rows.append((phrase("{file}, page {page}", file=row["file"], page=row["page"]), words))
    return [*rows, ("", phrase("and {count:,} more", count=more))] if more else rows


def other_code_lines(codes: Sequence[OtherCode]) -> list[str]:
    """The codes that are not ours, in lines: those that are expected counted, the first of the others one by one."""
    expected = Counter(code.expected for code in codes if code.expected)
    others = [code for code in codes if not code.expected]
    lines = [f"OTHER CODE: {name}: {count:,}, as expected" for name, count in expected.items()]
    lines += [
        f"OTHER CODE: {printable(code.text, 60)} ({code.kind.value}) [{printable_name(code.file)}, page {code.page}]"
        for code in others[:MOST_OTHER_CODES]
    ]
    if len(others) > MOST_OTHER_CODES:
        lines.append(f"OTHER CODE: {len(others) - MOST_OTHER_CODES:,} more that are not expected")
    return lines


def other_code_rows(outcome: Verification) -> list[tuple[str, str]]:
    """The same for pages: where, and what."""
    rows: list[tuple[str, str]] = [
        (
            phrase("{file}, page {page}", file=printable_name(code.file), page=code.page),
            phrase(
                "{expected}: {text} ({kind})",
                expected=code.expected or phrase("not expected"),
                text=printable(code.text, 120),
                kind=code.kind.value,
            ),
        )
        for code in outcome.other_codes[:MOST_FAILURES_SHOWN]
    ]
    more = len(outcome.other_codes) - len(rows)
    return [*rows, ("", phrase("and {count:,} more", count=more))] if more else rows


def place_words(row: Mapping[str, object]) -> str:
    """Where the label of a finding lies; `row` as `finding_row` gives it."""
    if not row["file"]:
        return ""
    x, y = row["x_mm"], row["y_mm"]
    page = phrase("{file}, page {page}", file=row["file"], page=row["page"])
    return joined(COMMA, (page, _from_left(x), _from_top(y))) if x is not None else page


def _from_left(mm: Any) -> str:
    return phrase("{mm} mm beyond the left edge", mm=-mm) if mm < 0 else phrase("{mm} mm from the left", mm=mm)


def _from_top(mm: Any) -> str:
    return phrase("{mm} mm beyond the top edge", mm=-mm) if mm < 0 else phrase("{mm} mm from the top", mm=mm)


class Comparison(NamedTuple):
    """A text, code or piece of artwork of a label that is not as planned: what is wrong in a sentence, both sides in
    words, and both as PNG where there is a picture."""

    words: str
    planned: str
    seen: str
    planned_picture: bytes | None
    seen_picture: bytes | None


def comparisons(finding: Finding) -> list[Comparison]:
    """In what a label differs from what was to be on it."""
    return [
        Comparison(
            fault.words,
            printable_name(fault.planned),
            _seen_words(fault),
            fault.planned_picture,
            fault.seen_picture,
        )
        for fault in finding.content
    ]


def _seen_words(fault: ContentFinding) -> str:
    if fault.fault in (ContentFault.MISSING_CODE, ContentFault.MISSING_TEXT, ContentFault.MISSING_PICTURE):
        return phrase("nothing")
    if fault.fault is ContentFault.UNREADABLE_CODE:
        return phrase("can't be read")
    if fault.fault is ContentFault.LOW_CODE:
        return phrase("{share} of its height", share=fault.seen)
    if fault.fault is ContentFault.PALE_TEXTS:
        return phrase("pale: {seen}", seen=fault.seen)
    if fault.fault in (ContentFault.MOVED_TEXT, ContentFault.MOVED_PICTURE):
        return phrase("moved by {distance}", distance=fault.seen)
    return printable_name(fault.seen) or phrase("something else")


def grading_words(facts: Statistics) -> str:
    """By which standards, in what light and how finely the labels were graded, and how many were."""
    low, high = facts.pixels_per_module or (0, 0)
    indicative = phrase(
        "Indicative grades by the formulas of {standards}: a scanner or a camera isn't a calibrated verifier.",
        standards=joined(BOTH, facts.standards) or "ISO/IEC 15415",
    )
    measured: str = ""
    if facts.aperture is not None:
        measured = phrase(
            "Light by {curves}, of colours their red channel, for 660 nm. Aperture {aperture:.2f} X; {low:.1f} to "
            "{high:.1f} pixels per module (at least {least:g} to be graded).",
            curves=joined(BOTH, facts.curves),
            aperture=facts.aperture,
            low=low,
            high=high,
            least=facts.least_pixels,
        )
    graded = phrase(
        "{graded:,} graded, {not_gradable:,} not gradable.", graded=facts.graded, not_gradable=facts.not_gradable
    )
    unreadable = phrase("{count:,} unreadable, which count as 0.", count=facts.unreadable) if facts.unreadable else ""
    return joined(" ", (indicative, measured, graded, unreadable))


def grade_words(grade: Mapping[str, Any] | None) -> str:
    """The grade of one label, as `finding_row` has it: letter and formal grade."""
    if not grade:
        return ""
    return f"{grade['letter']} {grade['formal']}" if grade["gradable"] else phrase("not gradable")


@dataclass(frozen=True, slots=True)
class Failures:
    """The labels that are not right: how many, the first of them, and whether the wrong modules of any are known."""

    total: int
    first: tuple[FaultGroup, ...]
    has_wrong_modules: bool

    @property
    def more(self) -> int:
        """How many are counted only."""
        return self.total - sum(group.count for group in self.first)


def find_failures(outcome: Verification) -> Failures:
    """The labels that are not right; in a partial check, and where another batch was shown, not those that are in no
    picture."""
    total, has_wrong_modules = 0, False
    first: list[FaultGroup] = []
    for group in outcome.findings.fault_groups():
        defects = group.finding.defects
        has_wrong_modules = has_wrong_modules or bool(defects and defects.wrong_modules)
        if group.finding.unseen and (outcome.partial or outcome.wrong_batch):
            continue
        total += group.count
        if len(first) < MOST_FAILURES_SHOWN:
            first.append(group)
    return Failures(total, tuple(first), has_wrong_modules)


def worst_rows(outcome: Verification, facts: Statistics) -> list[dict[str, Any]]:
    """The labels with the worst grades as `finding_row` gives them, the worst first."""
    findings = outcome.findings.pick(facts.worst)
    return [finding_row(findings[index]) for index in facts.worst]
