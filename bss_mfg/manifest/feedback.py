"""Feedback files: what became of the devices of an uploaded control log.

The format of Amazon's file is not public. So a feedback mapping says where its list is, which fields count and which
words mean what. All text of such a file is hostile: bounded in length here, and escaped by whoever shows it.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field, model_validator

from bss_mfg.core.capped_list import CappedList
from bss_mfg.core.models import FileModel
from bss_mfg.core.text import is_one_line, storable
from bss_mfg.core.toml_files import load_toml, parse_toml, validate
from bss_mfg.core.untrusted import LIMITS, Reader
from bss_mfg.errors import InputError, Location
from bss_mfg.ledger.exports import Answer, AnswerFile, FeedbackCounts
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.manifest.json_stream import stream_members, value_at

MAPPING_FILE = "amazon-ffs-feedback.toml"
MAX_ENTRIES = LIMITS[Reader.FEEDBACK].items
MAX_SERIAL, MAX_REASON = 64, 500
"""Characters: a longer serial can't be one of ours, a longer reason is cut."""
MOST_PROBLEMS = 10
"""Entries that could not be read of which a feedback names what is wrong."""

Status = Literal["published", "assumed"]
_PATH = r"^[^.\s]+(\.[^.\s]+)*$"
DottedPath = Annotated[str, Field(pattern=_PATH)]
StatusWord = Annotated[str, Field(min_length=1, max_length=64)]


class JsonShape(FileModel):
    """Paths, separated by dots: of the list in the document, and of the fields in each of its objects."""

    status: Status
    list: Annotated[str, Field(pattern=rf"{_PATH}|^$")] = Field(description="Empty: the document is the list.")
    serial: DottedPath
    verdict: DottedPath
    reason: DottedPath | Literal[""] = ""


class CsvShape(FileModel):
    """Names of the columns in the first line."""

    status: Status
    delimiter: Literal[",", ";", "\t", "|"] = ","
    serial: StatusWord
    verdict: StatusWord
    reason: StatusWord | Literal[""] = ""


class Words(FileModel):
    """What the verdict may say; upper and lower case are the same."""

    status: Status
    accepted: Annotated[tuple[StatusWord, ...], Field(min_length=1)]
    rejected: Annotated[tuple[StatusWord, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _apart(self) -> Words:
        if {word.casefold() for word in self.accepted} & {word.casefold() for word in self.rejected}:
            raise ValueError("a word can't mean accepted and rejected")
        return self


class FeedbackMapping(FileModel):
    """A feedback mapping file."""

    format: Literal[1]
    name: str
    title: str = ""
    json_: JsonShape = Field(alias="json")
    csv: CsvShape
    words: Words

    @property
    def assumed(self) -> tuple[str, ...]:
        """The tables that Amazon's public pages do not describe."""
        tables = {"json": self.json_.status, "csv": self.csv.status, "words": self.words.status}
        return tuple(name for name, status in tables.items() if status == "assumed")


class AnswerState(StrEnum):
    """What a feedback file says of a serial."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    CONTRADICTORY = "contradictory"
    """More than one thing."""
    UNCLEAR = "unclear"
    """A word that the mapping lacks."""


class SerialAnswer(NamedTuple):
    """What a file says of one serial.

    `reason` is the first that is given (of the rejection, where there is one; the word itself where it is unclear);
    `times` counts the entries.
    """

    state: AnswerState
    reason: str
    times: int

    @property
    def repeated(self) -> bool:
        return self.times > 1


@dataclass(frozen=True, slots=True)
class Feedback:
    """A feedback file: answers by serial in the file's order. Serials and reasons may hold any character.

    `unreadable` counts entries without a serial or verdict; `problems` describes the first of them.
    """

    name: str
    sha256: str
    answers: Mapping[str, SerialAnswer]
    entries: int
    unreadable: int
    problems: tuple[str, ...]

    @property
    def counts(self) -> Mapping[str, int]:
        """Serials by state, and `repeated`."""
        counts = Counter[str](answer.state for answer in self.answers.values())
        counts["repeated"] = sum(answer.repeated for answer in self.answers.values())
        return counts

    def serials(self, state: AnswerState) -> list[str]:
        """The serials of a state."""
        return [serial for serial, answer in self.answers.items() if answer.state == state]


def load_feedback_mapping(specs_folder: Path) -> FeedbackMapping:
    """The workspace's own feedback mapping, or the packaged one."""
    if (specs_folder / MAPPING_FILE).is_file():
        return validate(load_toml(specs_folder / MAPPING_FILE, "feedback mapping"), FeedbackMapping)
    packaged = resources.files("bss_mfg.manifest") / MAPPING_FILE
    return validate(parse_toml(packaged.read_text("utf-8"), MAPPING_FILE), FeedbackMapping)


class FeedbackEntry(NamedTuple):
    """One entry of a file, from line `line` on; serial and verdict may be of any type, None where there is none."""

    line: int
    serial: Any
    verdict: Any
    reason: str


def read_feedback(data: bytes, name: str, mapping: FeedbackMapping) -> Feedback:
    """What a feedback file says: its path, `name`, ends with .json or .csv, else its first character tells which it is.

    Beside the file itself, memory holds one line for each serial. `InputError` where it is of another shape than the
    mapping says, or no verdict has a word that the mapping knows.
    """
    is_json = _is_json(data, name)
    rows = _json_entries(data, name, mapping.json_) if is_json else _csv_entries(data, name, mapping.csv)
    state_of = _states(mapping.words)
    answers: dict[str, SerialAnswer] = {}
    shared: dict[SerialAnswer, SerialAnswer] = {}
    problems = CappedList[str](MOST_PROBLEMS)
    entries = 0
    for entry in rows:
        entries += 1
        if entries > MAX_ENTRIES:
            raise InputError(f"has more than {MAX_ENTRIES:,} entries", where=name, way_out="Cut it into several files.")
        if problem := _problem(entry):
            problems.add(f"line {entry.line}: {problem}")
            continue
        answer = _merge_answers(answers.get(entry.serial), _answer(entry, state_of))
        answers[entry.serial] = shared.setdefault(answer, answer)  # most of a million say the same
    _refuse_all_unclear(answers, name, mapping)
    return Feedback(
        Path(name).name, hashlib.sha256(data).hexdigest(), answers, entries, problems.total, tuple(problems)
    )


def _is_json(data: bytes, name: str) -> bool:
    suffix = Path(name).suffix.lower()
    return suffix == ".json" or (suffix != ".csv" and data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"[", b"{"))


def _states(words: Words) -> Mapping[str, AnswerState]:
    states = {word.strip().casefold(): AnswerState.ACCEPTED for word in words.accepted}
    return states | {word.strip().casefold(): AnswerState.REJECTED for word in words.rejected}


def _answer(entry: FeedbackEntry, state_of: Mapping[str, AnswerState]) -> SerialAnswer:
    """What one entry says."""
    word, reason = entry.verdict, entry.reason
    state = state_of.get(word.strip().casefold(), AnswerState.UNCLEAR)
    if state is AnswerState.UNCLEAR:
        reason = f"{word[:MAX_SERIAL]}: {reason}" if reason else word[:MAX_SERIAL]
    return SerialAnswer(state, storable(reason[:MAX_REASON]), 1)


def _merge_answers(previous: SerialAnswer | None, answer: SerialAnswer) -> SerialAnswer:
    """The answer to a serial that was named before."""
    if previous is None:
        return answer
    if previous.state == answer.state:
        return SerialAnswer(answer.state, previous.reason or answer.reason, previous.times + 1)
    rejected = answer.state is AnswerState.REJECTED
    reason = (answer.reason or previous.reason) if rejected else (previous.reason or answer.reason)
    return SerialAnswer(AnswerState.CONTRADICTORY, reason, previous.times + 1)


def _refuse_all_unclear(answers: Mapping[str, SerialAnswer], name: str, mapping: FeedbackMapping) -> None:
    if answers and all(answer.state is AnswerState.UNCLEAR for answer in answers.values()):
        word = next(iter(answers.values())).reason
        raise InputError(
            f"no entry has a verdict that the feedback mapping {mapping.name} knows; the first says {word[:60]!a}",
            where=name,
            way_out=f"Correct [words] in the workspace's specs/{MAPPING_FILE}.",
        )


def _problem(entry: FeedbackEntry) -> str:
    """What keeps an entry from being read; empty where nothing does."""
    serial, word = entry.serial, entry.verdict
    if not isinstance(serial, str) or not serial.strip():
        return "there is no serial"
    if len(serial) > MAX_SERIAL:
        return f"the serial has {len(serial):,} characters"
    if not is_one_line(serial):
        return f"the serial {serial!a} has characters that can't be printed"
    if not isinstance(word, str) or not word.strip():
        return f"there is no verdict on {serial!a}"
    return ""


def _json_entries(data: bytes, name: str, shape: JsonShape) -> Iterator[FeedbackEntry]:
    serial, verdict = shape.serial.split("."), shape.verdict.split(".")
    reason = shape.reason.split(".") if shape.reason else None
    for line, entry in stream_members(data, shape.list.split(".") if shape.list else [], name):
        yield FeedbackEntry(
            line,
            value_at(entry, serial),
            _status_word(value_at(entry, verdict)),
            _text(value_at(entry, reason)) if reason else "",
        )


def _status_word(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, (bool, int)) else value


def _text(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)


def _csv_entries(data: bytes, name: str, shape: CsvShape) -> Iterator[FeedbackEntry]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            "is not UTF-8 text", where=Location(name, line=line), way_out="Fetch the file again."
        ) from None
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=shape.delimiter, strict=True)
    try:
        header = [cell.strip().casefold() for cell in next(reader, [])]
        columns = {wanted: _column(header, wanted, name) for wanted in (shape.serial, shape.verdict)}
        reason = shape.reason.strip().casefold()
        last = header.index(reason) if reason in header else None
        for row in reader:
            if row:
                serial, verdict = (
                    row[column].strip() if (column := columns[wanted]) < len(row) else None
                    for wanted in (shape.serial, shape.verdict)
                )
                text = row[last] if last is not None and last < len(row) else ""
                yield FeedbackEntry(reader.line_num, serial, verdict, text)
    except csv.Error as error:
        raise InputError(
            f"is not the CSV that it should be: {error}",
            where=Location(name, line=reader.line_num),
            way_out="The file is damaged, cut off, or of another kind.",
        ) from None


def _column(header: list[str], column: str, name: str) -> int:
    if header.count(column.strip().casefold()) != 1:
        raise InputError(
            f"the first line does not name the column {column!a} once",
            where=name,
            way_out=f"Correct [csv] in the workspace's specs/{MAPPING_FILE}, or fetch the file again.",
        )
    return header.index(column.strip().casefold())


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What became of a feedback file: `counts` of what was recorded, and when it was read before, if it was."""

    counts: FeedbackCounts
    read_before: str | None


def acknowledge(
    ledger: Ledger, feedback: Feedback, written_at: float, control_log: str | None = None, product: str | None = None
) -> Acknowledgement:
    """Record what a feedback file, written at a time (seconds since 1970), says of units: the answer to their newest
    control logs, or to `control_log` only. Serials of which it says more than one thing, or nothing clear, are left as
    they are. `product` says whose serials they are, where several products share some."""
    file = AnswerFile(feedback.name, feedback.sha256, written_at, control_log, product)
    if control_log is not None and not ledger.control_logs.batch_of_name(control_log):
        raise InputError(
            f"no control log is named {control_log[:80]!a}",
            problems=[one.file for batch in ledger.batches.all() for one in ledger.exports.control_logs(batch.id)][
                -10:
            ],
            way_out="Name one of these, the newest: `bss-mfg manifest status BATCH` shows those of a batch.",
        )
    answers: dict[str, tuple[Answer, str]] = {}
    for serial, answer in feedback.answers.items():
        if answer.state is AnswerState.ACCEPTED:
            answers[serial] = ("accepted", "")
        elif answer.state is AnswerState.REJECTED:
            answers[serial] = ("rejected", answer.reason)
    before = ledger.exports.feedback_read_at(feedback.sha256)
    return Acknowledgement(ledger.exports.record_answers(answers, file), before)
