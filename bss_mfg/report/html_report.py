"""The verification report: one self-contained HTML page. The template escapes all text; the page loads nothing."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from markupsafe import Markup

from bss_mfg.core.files_to_read import open_to_read
from bss_mfg.core.languages import COMMA, ENGLISH, Language, joined, phrase
from bss_mfg.errors import BssError
from bss_mfg.imaging.grade_scale import UEC_LEVELS, grade_of
from bss_mfg.report import svg_figures
from bss_mfg.report.sheet_maps import MARKS, draw_rolls, draw_sheets
from bss_mfg.report.statistics import PARAMETERS, Statistics, statistics
from bss_mfg.report.wording import (
    MEANINGS,
    Comparison,
    Tone,
    about_words,
    answered_rows,
    checkpoint_words,
    comparisons,
    find_failures,
    grade_words,
    grading_words,
    group_place,
    headline,
    not_understood_rows,
    open_words,
    other_code_rows,
    place_words,
    sample_words,
    shown_counts,
    worst_rows,
)
from bss_mfg.verify.fault_groups import FaultGroup
from bss_mfg.verify.finding_rows import finding_rows
from bss_mfg.verify.outcome import Verification

if TYPE_CHECKING:
    from jinja2 import Environment

    from bss_mfg.imaging.defects import Defects
    from bss_mfg.imaging.label_pictures import LabelPicture

BLOCK_CHARACTERS = 1 << 16
"""Text that is handed on at once."""
COLUMNS = (
    phrase("Serial"), phrase("Package"), phrase("Verdict"), phrase("Grade"), phrase("Unused ECC"), phrase("Place"),
    phrase("Detail"),
)  # fmt: skip
_GENERATOR = "bss-mfg verify"
_GENERATOR_TAG = Markup('<meta name="generator" content="{}">').format(_GENERATOR)


def is_report(path: Path) -> bool:
    """Whether a file is a report of an earlier verification, which a new one may replace."""
    return is_page_of(path, _GENERATOR)


def is_page_of(path: Path, generator: str) -> bool:
    """Whether a file is a page that names this generator in its head."""
    try:
        with open_to_read(path, "report") as file:
            return f'content="{generator}"'.encode() in file.read(1000)
    except (OSError, BssError):
        return False


def html_report(outcome: Verification, made_at: str, version: str, language: Language = ENGLISH) -> Iterator[bytes]:
    """The page, in blocks: memory stays flat, however many labels there are. `made_at` is printed as it is."""
    room = files("bss_mfg.report")
    style, script = (room.joinpath(f"page.{kind}").read_text("utf-8") for kind in ("css", "js"))
    batch = outcome.batch
    failures = find_failures(outcome)
    facts = statistics(outcome)
    texts = (
        environment()
        .get_template("report.html.jinja")
        .generate(
            generator_tag=_GENERATOR_TAG,
            script_sha256=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii"),
            style=Markup(style),  # noqa: S704  (files of this package)
            script=Markup(script),  # noqa: S704
            batch=batch,
            headline=headline(outcome),
            about=about_words(outcome, made_at, version),
            checkpoint=checkpoint_words(outcome),
            _=language.said,
            ngettext=language.counted,
            shown=language,
            number=language.number,
            speak=language,
            language=language.page_code,
            sample=sample_words(outcome),
            open=open_words(outcome),
            tiles=_tiles(outcome),
            troubles=(
                _Troubles(phrase("Files that could not be read"), outcome.broken),
                _Troubles(phrase("Pages that were not understood"), not_understood_rows(outcome)),
                _Troubles(phrase("Answered by a later picture"), answered_rows(outcome), phrase("What it was")),
                _Troubles(phrase("Notes on files and pages"), outcome.troubles),
                _Troubles(phrase("Other codes"), other_code_rows(outcome), phrase("Code")),
            ),
            failures=failures,
            cards=[_card(group, outcome.pictures.get(group.index)) for group in failures.first],
            sheet_maps=draw_sheets(outcome),
            roll_maps=draw_rolls(outcome),
            legend=_legend(outcome),
            facts=facts,
            grading=grading_words(facts),
            worst=_worst_labels(outcome, facts),
            total=len(outcome.findings),
            columns=COLUMNS,
            row_blocks=_row_blocks(outcome, language),
            figures=svg_figures,
        )
    )
    # Names of files may hold surrogates, which UTF-8 has not.
    return (block.encode("utf-8", "backslashreplace") for block in join_texts(texts))


def environment() -> Environment:
    """The templates of this room; they escape all text."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("bss_mfg.report"), autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True
    )


def join_texts(texts: Iterable[str]) -> Iterator[str]:
    """The same text in blocks of at least `BLOCK_CHARACTERS`, but for the last."""
    waiting, size = list[str](), 0
    for text in texts:
        waiting.append(text)
        size += len(text)
        if size >= BLOCK_CHARACTERS:
            yield "".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield "".join(waiting)


class _Tile(NamedTuple):
    """How many labels have a verdict, and what it means."""

    verdict: str
    number: int
    tone: Tone
    meaning: str


def _tiles(outcome: Verification) -> list[_Tile]:
    tiles = []
    for kind, number in shown_counts(outcome).items():
        tone: Tone = "good" if kind == "matched" else "bad" if number else "soft"
        tiles.append(_Tile(kind, number, tone, MEANINGS[kind]))
    return tiles


class _Troubles(NamedTuple):
    """Files with which something is to be said, and what."""

    head: str
    files: Iterable[tuple[str, str]]
    column: str = phrase("Why")


class _Card(NamedTuple):
    """A label that is not right."""

    picture: LabelPicture | None
    defects: Defects | None
    verdict: str
    name: str
    detail: str
    place: str
    comparisons: list[Comparison]
    """In what it differs from what was to be on it; the detail says no more then."""


def _card(group: FaultGroup, picture: LabelPicture | None) -> _Card:
    finding = group.finding
    found = comparisons(finding)
    detail = "" if found else group.detail
    return _Card(picture, finding.defects, finding.kind.value, group.name, detail, group_place(group), found)


class _LegendEntry(NamedTuple):
    verdict: str
    mark: str
    words: str


def _legend(outcome: Verification) -> list[_LegendEntry]:
    verdicts = [_LegendEntry(kind, MARKS[kind], kind) for kind in shown_counts(outcome)]
    return [*verdicts, _LegendEntry("unseen", "", phrase("in no picture"))]


class _WorstLabel(NamedTuple):
    """A label with a low grade: `why` names the parameters that lowered it."""

    serials: str
    grade: str
    why: str
    place: str


def _worst_labels(outcome: Verification, facts: Statistics) -> list[_WorstLabel]:
    labels = []
    for row in worst_rows(outcome, facts):
        grades = row["grade"]["grades"]
        lowest = min(grades.values())
        named = (words for name, words in PARAMETERS.items() if grades.get(name) == lowest)
        why = joined(COMMA, named) if lowest < 4 else ""
        labels.append(_WorstLabel(row["serials"], grade_words(row["grade"]), why, place_words(row)))
    return labels


def _row_blocks(outcome: Verification, language: Language) -> Iterator[Markup]:
    """All findings as JSON for the page's script, which shows, searches and sorts them."""
    comma = ""
    for block in join_texts(_table_row(row, language) for row in finding_rows(outcome)):
        yield Markup(comma + block.removesuffix(","))  # noqa: S704  (JSON without a "<")
        comma = ","


def _table_row(row: dict[str, Any], language: Language) -> str:
    """One row of the table, a cell for each of `COLUMNS`, and a comma."""
    share = row["unused_error_correction"]
    cells = [
        row["serials"],
        row["package"],
        language(row["verdict"]),
        language(grade_words(row["grade"])),
        "" if share is None else f"{share:.0%} ({language.number(grade_of(share, UEC_LEVELS), '.1f')})",
        language(place_words(row)),
        language(row["detail"]),
    ]
    # "<" could end the script element; in JSON it has another spelling.
    return json.dumps(cells, ensure_ascii=True, separators=(",", ":")).replace("<", "\\u003c") + ","
