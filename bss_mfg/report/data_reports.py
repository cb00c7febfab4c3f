"""The findings as one JSON document and as CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from typing import Any

from bss_mfg.core.text import printable, printable_name
from bss_mfg.report.statistics import PARAMETERS, Statistics, statistics
from bss_mfg.transparency.checkpoint import Checkpoint
from bss_mfg.transparency.signed_note import to_base64
from bss_mfg.verify.finding_rows import finding_row, finding_rows
from bss_mfg.verify.findings import OtherCode
from bss_mfg.verify.outcome import Verification
from bss_mfg.verify.page_account import PageAccount, PageOutcome

_COLUMNS = (
    "verdict",
    "serials",
    "package",
    "file",
    "page",
    "x_mm",
    "y_mm",
    "detail",
    "unused_error_correction",
    "wrong_modules",
)


_OF_CONTENT = {
    "content_fault": "fault",
    "content_element": "element",
    "content_planned": "planned",
    "content_seen": "seen",
}
"""Columns of texts, codes and artwork that are wrong, with the member of a finding's `content` that each shows."""


class _LazyList(list[Any]):
    """A list for the JSON encoder whose items are made when it writes them: there may be a million."""

    def __init__(self, count: int, items: Iterable[Any]) -> None:
        super().__init__()
        self._count, self._items = count, items

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Any]:
        return iter(self._items)


def _document(outcome: Verification) -> dict[str, Any]:
    """What `verify --json` prints: docs/formats/json.md names every field."""
    return {
        "batch": outcome.batch.id,
        "right": outcome.passed,
        "partial": outcome.partial,
        "wrong_batch": outcome.wrong_batch,
        "checkpoint": _checkpoint_row(outcome.checkpoint) if outcome.checkpoint else None,
        "resumed": outcome.resumed,
        "resumed_labels": outcome.resumed_labels,
        "counts": outcome.counts,
        "labels_read": dict(outcome.labels_read),
        "not_judged": asdict(outcome.not_judged),
        "files": outcome.files,
        "pages": outcome.pages,
        "page_counts": {ended.value: outcome.page_counts.get(ended, 0) for ended in PageOutcome},
        "not_understood": [_account_row(page) for page in outcome.not_understood],
        "other_codes": [_code_row(code) for code in outcome.other_codes],
        "broken_files": [{"file": name, "reason": reason} for name, reason in outcome.broken],
        "troubles": [{"file": name, "reason": reason} for name, reason in outcome.troubles],
        "sample": asdict(outcome.decision) if outcome.decision else None,
        "statistics": _statistics(outcome, statistics(outcome)) if outcome.options.grade else None,
        "answered": [
            {**finding_row(item), "answered_by": {"file": printable_name(file), "page": page}}
            for item, (file, page) in outcome.findings.answered()
        ],
        "findings": _LazyList(len(outcome.findings), finding_rows(outcome)),
    }


def _checkpoint_row(signed: Checkpoint) -> dict[str, Any]:
    return {"origin": signed.origin, "events": signed.size, "root": to_base64(signed.root)}


def _account_row(page: PageAccount) -> dict[str, Any]:
    return {
        "file": printable_name(page.file),
        "page": page.page,
        "seen": page.seen.description,
        "blank": page.seen.blank,
        "each": page.seen.each,
    }


def _code_row(code: OtherCode) -> dict[str, Any]:
    return {
        "file": printable_name(code.file),
        "page": code.page,
        "kind": code.kind.value,
        "text": code.text,
        "expected": code.expected or None,
        "x_mm": code.x_mm,
        "y_mm": code.y_mm,
    }


def _statistics(outcome: Verification, facts: Statistics) -> dict[str, Any]:
    plain = asdict(replace(facts, over_time=()))
    plain["letters"] = dict(facts.letters)
    worst = outcome.findings.pick(facts.worst)
    plain["worst"] = [worst[index].serials for index in facts.worst]
    plain["positions"] = plain.pop("positions")
    del plain["over_time"]  # to the end, as one that is read when it is written
    plain["over_time"] = _LazyList(len(facts.over_time), map(asdict, facts.over_time))
    return plain


def json_report(outcome: Verification) -> Iterator[bytes]:
    """The document, in pieces."""
    waiting: list[str] = []
    for text in json.JSONEncoder(indent=2, ensure_ascii=True).iterencode(_document(outcome)):
        waiting.append(text)
        if len(waiting) > 10_000:
            yield "".join(waiting).encode("ascii")
            waiting.clear()
    yield ("".join(waiting) + "\n").encode("ascii")


def csv_report(outcome: Verification) -> Iterator[bytes]:
    """A line for each finding, each page that was not understood, and each code that is not ours: all cells quoted,
    and none that a spreadsheet takes for a formula."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL)
    of_parameters = [f"grade_{name}" for name in PARAMETERS]
    columns = [*_COLUMNS, "grade", "letter", "pixels_per_module", *of_parameters, "formal_grade", *_OF_CONTENT]
    writer.writerow(columns)
    for row in finding_rows(outcome):
        grade: dict[str, Any] = row["grade"] or {}
        parameters = grade.get("grades", {})
        cells = [
            *(row[name] for name in _COLUMNS),
            grade.get("overall"),
            grade.get("letter"),
            grade.get("pixels_per_module"),
            *(parameters.get(name) for name in PARAMETERS),
            grade.get("formal"),
            *(" | ".join(str(fault[name]) for fault in row["content"]) for name in _OF_CONTENT.values()),
        ]
        writer.writerow([safe_cell(value) for value in cells])
        if buffer.tell() > 1 << 16:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    for item, (file, number) in outcome.findings.answered():
        row = finding_row(item)
        words = f"{row['verdict']}: {row['detail']}; answered by {printable_name(file)}, page {number}"
        row |= {"verdict": PageOutcome.ANSWERED.value, "detail": words}
        writer.writerow([safe_cell(row.get(name)) for name in columns])
    for page in outcome.not_understood:
        row = {**_account_row(page), "verdict": PageOutcome.NOT_UNDERSTOOD.value, "detail": page.seen.description}
        writer.writerow([safe_cell(row.get(name)) for name in columns])
    for code in outcome.other_codes:
        words = f"{code.expected or 'not expected'}: {printable(code.text, 200)} ({code.kind.value})"
        row = {**_code_row(code), "verdict": "other-code", "detail": words}
        writer.writerow([safe_cell(row.get(name)) for name in columns])
    yield buffer.getvalue().encode()


def safe_cell(value: object) -> str:
    """A text that a spreadsheet shows and never runs: what begins like a formula gets an apostrophe."""
    if value is None:
        return ""
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text[:1] in set("=+-@\t\r\n") else text
