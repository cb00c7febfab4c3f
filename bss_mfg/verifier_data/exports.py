"""What a verifier measured, out of its export by a mapping: each symbol's data and grades, checked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from bss_mfg.core.clock import TimeZone
from bss_mfg.core.text import has_control_characters, printable
from bss_mfg.errors import InputError, Location, ValueProblem
from bss_mfg.verifier_data import mapping as mappings
from bss_mfg.verifier_data.csv_export import csv_rows
from bss_mfg.verifier_data.grade_values import Grade, agree, letter_of_grade, parse_formal, parse_grade
from bss_mfg.verifier_data.source_row import LONGEST, SourceRow
from bss_mfg.verifier_data.xml_export import xml_rows

_LONGEST_NAME = 200
Unmarked = Literal["prefix", "suffix"]


@dataclass(frozen=True, slots=True)
class Measurement:
    """One symbol as the verifier measured it.

    `text` is the decoded data without what the export adds; `unmarked` says which mark that the mapping promises was
    not there. `grade` is None where the export says that there is none. `measured_at` is UTC, empty where not told.
    """

    file: Path
    number: int
    where: Location
    text: str
    unmarked: Unmarked | None
    grade: Grade | None
    grades: Mapping[str, Grade]
    formal: str
    measured_at: str
    measured_by: str
    verifier: str


def read_export(path: Path, mapping: mappings.Mapping, zone: TimeZone) -> Iterator[Measurement]:
    """The symbols of an export in order. `zone` is that of its times where the mapping names none. `InputError` for a
    value that is not written as the mapping says, with file, row and place."""
    places = list(dict.fromkeys(mapping.places().values()))
    form = mapping.file
    rows = csv_rows(path, form, places) if isinstance(form, mappings.CsvFile) else xml_rows(path, form, places)
    reader = _Reader(path, mapping, TimeZone(mapping.time.zone) if mapping.time and mapping.time.zone else zone)
    return map(reader.read, rows)


class _Reader:
    """Reads rows by a mapping."""

    def __init__(self, path: Path, mapping: mappings.Mapping, zone: TimeZone) -> None:
        self._path, self._mapping, self._zone = path, mapping, zone

    def read(self, row: SourceRow) -> Measurement:
        mapping = self._mapping
        if long := next((place for place, text in row.texts.items() if len(text) > LONGEST), None):
            raise self._error(row, long, f"has more than {LONGEST:,} characters")
        text, unmarked = self._data(row.texts[mapping.data.place])
        formal = self._name(row, mapping.formal)
        return Measurement(
            file=self._path,
            number=row.number,
            where=row.where,
            text=text,
            unmarked=unmarked,
            grade=self._overall(row, formal),
            grades=self._grades(row),
            formal=formal,
            measured_at=self._time(row),
            measured_by=self._name(row, mapping.operator),
            verifier=self._name(row, mapping.verifier),
        )

    def _data(self, text: str) -> tuple[str, Unmarked | None]:
        """The decoded data without what the export adds, and which mark was not there. Without data there are none."""
        data = self._mapping.data
        if not text:
            return text, None
        unmarked: Unmarked | None = None
        if data.prefix:
            start = max((one for one in data.prefix if text.startswith(one)), key=len, default="")
            text, unmarked = text[len(start) :], unmarked if start else "prefix"
        if data.suffix:
            end = max((one for one in data.suffix if text.endswith(one)), key=len, default="")
            text, unmarked = text[: len(text) - len(end)], unmarked if end else "suffix"
        if data.replace:
            marks = "|".join(re.escape(mark) for mark in sorted(data.replace, key=len, reverse=True))
            text = re.sub(marks, lambda found: data.replace[found[0]], text)
        return text, unmarked

    def _overall(self, row: SourceRow, formal: str) -> Grade | None:
        overall, of_formal = self._mapping.overall, None
        if formal:
            assert self._mapping.formal is not None  # noqa: S101  (it stood there)
            try:
                of_formal = parse_formal(formal)
            except ValueProblem as error:
                raise self._error(row, self._mapping.formal.place, str(error)) from None
        if overall is None:
            return of_formal
        # What is not said of the overall grade is as with the parameters.
        own = overall if overall.model_fields_set - {"place"} else self._mapping.grades
        grade = self._grade(row, overall.place, own)
        if grade is None or of_formal is None:
            return grade if grade is not None else of_formal
        if not agree(grade, of_formal):
            words = f"{grade} is not the grade in {formal[:60]!a}"
            raise self._error(row, overall.place, words, "Check what the mapping names, or the export.")
        return grade if isinstance(grade, float) else of_formal

    def _grades(self, row: SourceRow) -> dict[str, Grade]:
        found = {
            name: self._grade(row, place, self._mapping.grades) for name, place in self._mapping.parameters.items()
        }
        return {name: grade for name, grade in found.items() if grade is not None}

    def _grade(self, row: SourceRow, place: mappings.Place, how: mappings.HowWritten) -> Grade | None:
        text = row.texts[place].strip()
        if text in self._mapping.grades.none:
            return None
        if how.pattern:
            found = re.search(how.pattern, text[:1000])
            if found is None:
                raise self._error(row, place, f"{text[:60]!a} does not match the pattern {how.pattern}")
            text = found[1] or ""
        try:
            return parse_grade(text, how.written, self._mapping.grades.decimal)
        except ValueProblem as error:
            raise self._error(row, place, str(error)) from None

    def _time(self, row: SourceRow) -> str:
        """When, in UTC as the ledger writes it."""
        time = self._mapping.time
        text = " ".join(row.texts[place].strip() for place in self._mapping.times()).strip()
        if time is None or not text:
            return ""
        try:
            moment = datetime.fromisoformat(text) if time.format == "iso" else datetime.strptime(text, time.format)
            if moment.tzinfo is None:
                return self._zone.utc(moment.isoformat(timespec="seconds"))
            return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        except (ValueError, OverflowError):
            form = "an ISO 8601 time" if time.format == "iso" else f"a time like {time.format}"
            raise self._error(row, self._mapping.times()[0], f"{text[:60]!a} is not {form}") from None

    def _name(self, row: SourceRow, value: mappings.Value | None) -> str:
        """A short text on one line; empty where there is none."""
        if value is None:
            return ""
        text = row.texts[value.place].strip()
        if len(text) > _LONGEST_NAME or has_control_characters(text):
            raise self._error(row, value.place, f"{text[:40]!a} isn't a text of one line")
        return text

    def _error(self, row: SourceRow, place: mappings.Place, what: str, way_out: str = "") -> InputError:
        column = f"column {place}" if isinstance(place, int) else printable(place, 60)
        key = f"{row.where.key}, {column}" if row.where.key else column
        return InputError(
            what,
            where=Location(row.where.file, row.where.line, row.where.row, key),
            way_out=way_out or "Correct the mapping, where it says how this is written; --dry-run shows what it reads.",
        )


def shown_grade(grade: Grade | None) -> str:
    """A grade for people: number and letter, or the letter alone."""
    if grade is None:
        return ""
    return grade if isinstance(grade, str) else f"{grade:.1f} {letter_of_grade(grade)}"
