"""What every report says in the same words: the verdict, the sample, what was read, where a label lies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from bss_mfg.core.text import count_words, printable, printable_name
from bss_mfg.imaging.label_content import ContentFault, ContentFinding
from bss_mfg.report.statistics import Statistics
from bss_mfg.verify.fault_groups import FaultGroup
from bss_mfg.verify.finding_rows import finding_row
from bss_mfg.verify.findings import FINDING_KINDS, Finding, FindingKind, OtherCode
from bss_mfg.verify.outcome import Verification

MOST_FAILURES_SHOWN = 200
"""Labels that are not right whose pictures a report shows; the rest is counted."""
MOST_OTHER_CODES = 10
"""Codes that are neither ours nor expected that are told one by one as text."""
MEANINGS: Mapping[str, str] = {
    "matched": "read, and the same as in the ledger",
    "missing": "not found where it should be",
    "duplicate": "the same label twice",
    "foreign": "not of this batch",
    "unreadable": "printed, but can't be read",
    "mismatched": "differs from the ledger",
    "misprinted": "reads right, but is mirrored, inverted, scaled, of a wrong size or shifted",
    "content": "a text, code or picture beside the symbol is not what it should be",
    "below-grade": "its print quality is below the least grade",
    "old-picture": "the picture was read before the label was made again: scan the new label",
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
            "accept": Headline("The lot is accepted", "good"),
            "reject": Headline("The lot is rejected", "bad"),
            "incomplete": Headline("The sample is not complete", "warn"),
        }
        return verdicts[outcome.decision.verdict]
    if not outcome.no_fault:
        return Headline("Not all labels are right", "bad")
    if outcome.too_poor:
        return Headline("Not all could be judged", "bad")
    if outcome.counts["missing"]:
        return Headline("Right so far (partial check)", "warn")
    if outcome.not_judged:
        return Headline("Right as far as it could be judged", "warn")
    return Headline("All labels are right", "good")


def open_words(outcome: Verification) -> str:
    """What was not proven of printed labels in which no fault was found; empty where all of them was judged."""
    left = outcome.not_judged
    some = (
        f"on {count_words(left.labels, 'label')} not all texts, codes and pictures could be compared"
        * bool(left.labels),
        f"on {count_words(left.doubtful, 'label')} a character could pass for one much like it" * bool(left.doubtful),
    )
    return ", and ".join(filter(None, some))


def sample_words(outcome: Verification) -> str:
    """The sampling plan and what was found of the sample, in a line; empty where no sample was checked."""
    decision = outcome.decision
    if decision is None:
        return ""
    unchecked = f", {len(decision.open):,} not checked yet" if decision.open else ""
    return f"{decision.plan.description}. Found wrong: {len(decision.wrong):,}{unchecked}."


def read_words(outcome: Verification) -> str:
    """What was read."""
    resumed = (
        f" ({count_words(outcome.resumed, 'file')} with {count_words(outcome.resumed_labels, 'label')} were read and "
        "found right before, and not again)"
        if outcome.resumed
        else ""
    )
    drawn = "label files as they were drawn, and no print" if not outcome.shows_prints else both_words(outcome)
    pages = f"{count_words(outcome.pages, 'page')} of {count_words(outcome.files, 'file')}{resumed}"
    return "; ".join(filter(None, (pages, drawn)))


def both_words(outcome: Verification) -> str:
    """Of how many labels the drawing and the print were read; empty where not both were shown."""
    file, printed = outcome.labels_read.get("file", 0), outcome.labels_read.get("print", 0)
    if not file or not outcome.shows_prints:
        return ""
    return f"read right: {count_words(file, 'label')} in label files, {printed:,} in prints"


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
        words = f"{row['verdict']}: {item.name}: {row['detail']}. Answered by {printable_name(file)}, page {page}"
        rows.append((f"{row['file']}, page {row['page']}", words))
    return [*rows, ("", f"and {more:,} more")] if more else rows


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
    rows = [
        (
            f"{printable_name(code.file)}, page {code.page}",
            f"{code.expected or 'not expected'}: {printable(code.text, 120)} ({code.kind.value})",
        )
        for code in outcome.other_codes[:MOST_FAILURES_SHOWN]
    ]
    more = len(outcome.other_codes) - len(rows)
    return [*rows, ("", f"and {more:,} more")] if more else rows


def place_words(row: Mapping[str, object]) -> str:
    """Where the label of a finding lies; `row` as `finding_row` gives it."""
    if not row["file"]:
        return ""
    x, y = row["x_mm"], row["y_mm"]
    position = f", {_from_edge(x, 'left')}, {_from_edge(y, 'top')}" if x is not None else ""
    return f"{row['file']}, page {row['page']}{position}"


def _from_edge(mm: Any, side: str) -> str:
    return f"{-mm} mm beyond the {side} edge" if mm < 0 else f"{mm} mm from the {side}"


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
            printable_name(_seen_words(fault)),
            fault.planned_picture,
            fault.seen_picture,
        )
        for fault in finding.content
    ]


def _seen_words(fault: ContentFinding) -> str:
    if fault.fault in (ContentFault.MISSING_CODE, ContentFault.MISSING_TEXT, ContentFault.MISSING_PICTURE):
        return "nothing"
    if fault.fault is ContentFault.UNREADABLE_CODE:
        return "can't be read"
    if fault.fault is ContentFault.LOW_CODE:
        return f"{fault.seen} of its height"
    if fault.fault is ContentFault.PALE_TEXTS:
        return f"pale: {fault.seen}"
    if fault.fault in (ContentFault.MOVED_TEXT, ContentFault.MOVED_PICTURE):
        return f"moved by {fault.seen}"
    return fault.seen or "something else"


def grading_words(facts: Statistics) -> str:
    """By which standards, in what light and how finely the labels were graded, and how many were."""
    low, high = facts.pixels_per_module or (0, 0)
    unreadable = f" {facts.unreadable:,} unreadable, which count as 0." if facts.unreadable else ""
    measured = (
        f"Light by {' and '.join(facts.curves)}, of colours their red channel, for 660 nm. Aperture "
        f"{facts.aperture:.2f} X; {low:.1f} to {high:.1f} pixels per module (at least {facts.least_pixels:g} to be "
        "graded). "
        if facts.aperture is not None
        else ""
    )
    standards = " and ".join(facts.standards) or "ISO/IEC 15415"
    return (
        f"Indicative grades by the formulas of {standards}: a scanner or a camera isn't a calibrated verifier. "
        f"{measured}{facts.graded:,} graded, {facts.not_gradable:,} not gradable.{unreadable}"
    )


def grade_words(grade: Mapping[str, Any] | None) -> str:
    """The grade of one label, as `finding_row` has it: letter and formal grade."""
    if not grade:
        return ""
    return f"{grade['letter']} {grade['formal']}" if grade["gradable"] else "not gradable"


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
