"""The verification report as a PDF for the batch's folder: verdict, counts, failures with pictures, maps, grades."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

from bss_mfg.core.languages import ENGLISH, Language, counted, phrase
from bss_mfg.imaging.label_pictures import PICTURE_BORDER_MODULES, LabelPicture
from bss_mfg.report import pdf_parts
from bss_mfg.report.pdf_parts import TONES, Typeface, build_pdf, typeface
from bss_mfg.report.pdf_parts import space as _space
from bss_mfg.report.sheet_maps import MARKS, SheetMap, draw_sheets
from bss_mfg.report.statistics import PARAMETERS, ParameterStatistics, Statistics, statistics
from bss_mfg.report.wording import (
    MEANINGS,
    Comparison,
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
from bss_mfg.verify.outcome import REPORT_TITLE, Verification

if TYPE_CHECKING:
    from bss_mfg.imaging.defects import Defects

_VERDICT_COLOURS = {
    "matched": "#b7dfc5",
    "missing": "#f3c3c4",
    "duplicate": "#f5d9a3",
    "foreign": "#d9c8f0",
    "unreadable": "#f3c3c4",
    "mismatched": "#f0a9ab",
    "misprinted": "#f7cba4",
    "content": "#c3d3f2",
    "below-grade": "#efe3a0",
    "old-picture": "#d9cdbf",
    "unseen": "#eceff2",
    "none": "#ffffff",
}
MOST_PDF_MAPS = 24
_LONGEST = 400
"""Characters that are shown of one text or code: a row has to find room on a page."""


@dataclass(frozen=True)
class _Page:
    """Writes texts in the operators' language, with fonts that have its letters."""

    language: Language
    face: Typeface

    def text(self, words: str, limit: int = 2000, **more: Any) -> Any:
        return pdf_parts.text(self.language(words), limit, face=self.face, **more)

    def head(self, words: str) -> Any:
        return pdf_parts.head(self.language(words), face=self.face)

    def table(self, rows: list[list[Any]], widths: tuple[float, ...], ruled: bool = True) -> Any:
        shown = [[self.language(cell) if isinstance(cell, str) else cell for cell in row] for row in rows]
        return pdf_parts.table(shown, widths, ruled, face=self.face)

    def called(self, kind: str, name: str) -> str:
        """A label that is not right: what it is, in capitals, and which."""
        return f"{self.language(phrase(str(kind))).upper()}  {self.language(name)}"


def pdf_report(outcome: Verification, made_at: str, version: str, language: Language = ENGLISH) -> Iterator[bytes]:
    """An A4 PDF. Characters that its fonts can't show are written as escapes."""
    page = _Page(language, typeface(language))
    story = [item for section in _sections(page, outcome, made_at, version) for item in section]
    title = language.said("Verification of batch {batch}", batch=outcome.batch.id)
    yield build_pdf(REPORT_TITLE + outcome.batch.id, version, story, page.face, title)


def _sections(page: _Page, outcome: Verification, made_at: str, version: str) -> Iterator[list[Any]]:
    from reportlab.lib.colors import HexColor

    batch = outcome.batch
    words, tone = headline(outcome)
    left, signed = open_words(outcome), checkpoint_words(outcome)
    grey = HexColor("#5b6470")
    yield [
        page.text(phrase("Verification of batch {batch}", batch=batch.id), textColor=grey, fontSize=11, leading=14),
        page.text(words, fontName=page.face.bold, fontSize=22, leading=30, textColor=HexColor(TONES[tone])),
        page.text(about_words(outcome, made_at, version), textColor=grey),
        *([page.text(signed, textColor=grey)] if signed else []),
        *([page.text(sample_words(outcome), spaceBefore=6)] if outcome.decision else []),
        *(
            [page.text(phrase("Not all was judged: {what}. The notes say why.", what=left), spaceBefore=6)]
            if left
            else []
        ),
    ]
    yield [
        _space(4),
        page.table(
            [[page.language.number(count), str(kind), MEANINGS[kind]] for kind, count in shown_counts(outcome).items()],
            (20, 28, 126),
        ),
    ]
    lists = (
        (phrase("Files that could not be read"), outcome.broken),
        (phrase("Pages that were not understood"), not_understood_rows(outcome)),
        (phrase("Answered by a later picture"), answered_rows(outcome)),
        (phrase("Notes on files and pages"), outcome.troubles),
        (phrase("Other codes"), other_code_rows(outcome)),
    )
    for head, found in lists:
        if found:
            yield [page.head(head), page.table([[name, reason] for name, reason in found], (80, 94))]
    yield _failures(page, outcome)
    yield _maps(page, outcome)
    yield _grades(page, outcome, statistics(outcome))


def _failures(page: _Page, outcome: Verification) -> list[Any]:
    failures = find_failures(outcome)
    if not failures.total:
        return []
    rows = []
    for group in failures.first:
        finding, picture = group.finding, outcome.pictures.get(group.index)
        found = comparisons(finding)
        words = [
            page.text(page.called(finding.kind, group.name), fontName=page.face.bold),
            *([] if found else [page.text(group.detail)]),
            page.text(group_place(group), textColor="#5b6470"),
            *[part for item in found[:1] for part in _comparison(page, item)],
        ]
        rows.append([_figure(picture, finding.defects) if picture else "", words])
        # Each in a row of its own: a row is not broken at the end of a page, and has to find room on one.
        rows += [["", _comparison(page, item)] for item in found[1:]]
    more = (
        [page.text(phrase("{count:,} more; the JSON and CSV reports list all.", count=failures.more))]
        if failures.more
        else []
    )
    return [page.head(phrase("What is wrong ({count:,})", count=failures.total)), page.table(rows, (36, 138)), *more]


def _comparison(page: _Page, item: Comparison) -> list[Any]:
    """What was planned beside what is seen."""
    sides = [
        [
            *([_picture(png)] if png else []),
            page.text(
                phrase("{caption}: {words}", caption=caption, words=words),
                _LONGEST,
                fontSize=8,
                leading=10,
                textColor="#5b6470",
            ),
        ]
        for caption, words, png in (
            (phrase("Planned"), item.planned, item.planned_picture),
            (phrase("Seen"), item.seen, item.seen_picture),
        )
    ]
    return [
        page.text(item.words, 2 * _LONGEST, spaceBefore=4, spaceAfter=2),
        page.table([sides], (69, 69), ruled=False),
    ]


def _picture(png: bytes) -> Any:
    """A small picture: at most 64 mm wide and 24 mm high, and no larger than 8 pixels a millimetre."""
    from reportlab.lib.units import mm
    from reportlab.platypus import Image

    image = Image(BytesIO(png))
    scale = min(mm / 8, 64 * mm / image.imageWidth, 24 * mm / image.imageHeight)
    image.drawWidth, image.drawHeight = image.imageWidth * scale, image.imageHeight * scale
    image.hAlign = "LEFT"
    return image


def _figure(picture: LabelPicture, defects: Defects | None) -> Any:
    """A failed label, with its wrong modules framed where its grid is known."""
    from reportlab.lib.units import mm
    from reportlab.lib.utils import ImageReader
    from reportlab.platypus import Flowable

    side = 30 * mm

    class Figure(Flowable):  # type: ignore[misc]
        def wrap(self, *_: float) -> tuple[float, float]:
            return side, side

        def draw(self) -> None:
            image = ImageReader(BytesIO(picture.png))
            width, height = image.getSize()
            scale = side / max(width, height)
            self.canv.drawImage(image, 0, side - height * scale, width * scale, height * scale)
            if not picture.upright or defects is None:
                return
            module = side / (defects.size + 2 * PICTURE_BORDER_MODULES)
            self.canv.setStrokeColor("#e5001b")
            self.canv.setFillColor("#e5001b")
            self.canv.setLineWidth(0.3)
            for row, column, dark in defects.wrong_modules[:1500]:
                x, y = (column + PICTURE_BORDER_MODULES) * module, side - (row + PICTURE_BORDER_MODULES + 1) * module
                self.canv.rect(x, y, module, module)
                if dark:
                    self.canv.rect(x + module / 3, y + module / 3, module / 3, module / 3, stroke=0, fill=1)

    return Figure()


def _maps(page: _Page, outcome: Verification) -> list[Any]:
    from reportlab.platypus import KeepTogether

    maps = draw_sheets(outcome)
    shown = maps.sheets[:MOST_PDF_MAPS]
    if not shown:
        return []
    drawn = [[_map(item), page.text(_map_words(item), fontSize=7, leading=9)] for item in shown]
    rows: list[list[Any]] = [
        [*drawn[at : at + 4], *[""] * (4 - len(drawn[at : at + 4]))] for at in range(0, len(drawn), 4)
    ]
    rest = maps.more + len(maps.sheets) - len(shown)
    note = (
        [page.text(counted("{count:,} more page not shown.", "{count:,} more pages not shown.", rest))] if rest else []
    )
    return [
        KeepTogether([page.head(phrase("Where it lies")), page.table(rows[:1], (43, 43, 43, 43))]),
        *([page.table(rows[1:], (43, 43, 43, 43))] if rows[1:] else []),
        *note,
    ]


def _map_words(item: SheetMap) -> str:
    where = phrase("{file}, page {page}", file=item.file, page=item.page)
    return phrase("{page}: {count} not right", page=where, count=item.faults)


def _numbers(language: Language, item: ParameterStatistics) -> list[str]:
    means = (language.number(value, ".1f") for value in (item.mean, item.lowest))
    return [*means, *map(language.number, item.counts)]


def _map(item: SheetMap) -> Any:
    from reportlab.graphics.shapes import Drawing, Rect, String
    from reportlab.lib.colors import HexColor
    from reportlab.lib.units import mm

    scale = 38 * mm / item.size_mm[0]
    width, height = item.size_mm[0] * scale, item.size_mm[1] * scale
    drawing = Drawing(width, height)
    line = HexColor("#d9dee4")
    drawing.add(Rect(0, 0, width, height, fillColor=HexColor("#ffffff"), strokeColor=line, strokeWidth=0.5))
    for place in item.places:
        x, y, across, down = (value * scale for value in place.box)
        drawing.add(
            Rect(
                x,
                height - y - down,
                across,
                down,
                fillColor=HexColor(_VERDICT_COLOURS[place.verdict]),
                strokeColor=None,
            )
        )
        if mark := MARKS[place.verdict]:
            size = across * 0.5
            drawing.add(
                String(
                    x + across / 2,
                    height - y - down / 2 - size / 3,
                    mark,
                    fontSize=size,
                    fontName="Helvetica-Bold",
                    textAnchor="middle",
                )
            )
    return drawing


def _grades(page: _Page, outcome: Verification, facts: Statistics) -> list[Any]:
    if not facts.graded and not facts.not_gradable:
        return []
    letters = [[letter, page.language.number(number)] for letter, number in facts.letters.items()]
    parameters = [["", phrase("mean"), phrase("lowest"), *facts.letters]] + [
        [PARAMETERS[item.name], *_numbers(page.language, item)] for item in facts.parameters
    ]
    worst = [[row["serials"], grade_words(row["grade"]), place_words(row)] for row in worst_rows(outcome, facts)]
    return [
        page.head(phrase("Print quality")),
        page.text(grading_words(facts)),
        _space(2),
        page.table(letters, (20, 20)),
        _space(3),
        *([page.table(parameters, (50, 18, 18, 17, 17, 17, 17, 17))] if facts.parameters else []),
        *([page.head(phrase("The worst labels")), page.table(worst, (55, 33, 86))] if worst else []),
    ]
