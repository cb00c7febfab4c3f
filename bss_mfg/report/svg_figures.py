"""Drawings of the report as SVG: maps of sheets, failed symbols with their wrong modules, charts of grades.

Colours are names of the page's style sheet, so that a figure follows light, dark and print. Everything is put together
by `Markup.format`, which escapes what it inserts.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence

from markupsafe import Markup

from bss_mfg.core.languages import ENGLISH, Language, phrase
from bss_mfg.imaging.defects import Defects
from bss_mfg.imaging.grade_scale import letter_of
from bss_mfg.imaging.label_pictures import PICTURE_BORDER_MODULES, PICTURE_PIXELS_PER_MODULE, LabelPicture
from bss_mfg.report.sheet_maps import MARKS, MapPlace, PlaceVerdict
from bss_mfg.report.statistics import (
    LETTERS,
    PARAMETERS,
    PageStatistics,
    ParameterStatistics,
    PlaceStatistics,
    Statistics,
)

_NOTHING = Markup("")
_PAPER = Markup('<rect class="paper" x="0" y="0" width="{:g}" height="{:g}"/>')
_PLACE = Markup(
    '<g class="cell {}"><title>{}</title><rect x="{:.2f}" y="{:.2f}" width="{:.2f}" height="{:.2f}" rx="{:.2f}"/>{}</g>'
)
_PICTURE = Markup('<img alt="{}" src="data:image/png;base64,{}">')
_SYMBOL = Markup(
    '<svg class="symbol" role="img" viewBox="{0} {0} {1} {1}"><title>{2}</title>'
    '<image href="data:image/png;base64,{3}" x="{0}" y="{0}" width="{1}" height="{1}"/>'
    '<path class="wrong" d="{4}"/><path class="dark" d="{5}"/></svg>'
)
_SIDE = Markup("<figure>{}<figcaption>{}: <b>{}</b></figcaption></figure>")
_SIDE_PICTURE = Markup('<img alt="{}" src="data:image/png;base64,{}">')
_BAR = Markup('<span class="g{}" style="width:{:.2f}%"></span>')
_TITLED_BAR = Markup('<span class="g{}" style="width:{:.2f}%" title="{}: {:,}"></span>')
_LETTER_ROW = Markup('<tr><th scope="row">{}</th><td class="bar">{}</td><td class="number">{}</td></tr>')
_PARAMETER_ROW = Markup(
    '<tr><th scope="row">{}</th><td class="bar">{}</td><td class="number">{}</td><td class="number">{}</td></tr>'
)
_BARS = Markup('<table class="bars">{}</table>')
_BARS_HEAD = Markup("<tr><th></th><th>{}</th><th>{}</th><th>{}</th></tr>")
_HEAT_PLACE = Markup(
    '<g class="heat {}"><title>{}</title><rect x="{:.2f}" y="{:.2f}" width="{:.2f}" height="{:.2f}"/>{}</g>'
)
_RULE = Markup('<path class="rule" d="M{} {:.1f}H{}"/>')
_LINE = Markup('<path class="line" d="M{}"/>')
_DOT = Markup('<circle class="dot" cx="{:.1f}" cy="{:.1f}" r="3"><title>{}</title></circle>')
_FAULT = Markup('<rect class="fault" x="{:.1f}" y="{:.1f}" width="4" height="10"><title>{}</title></rect>')
_WORD = Markup('<text x="{:.2f}" y="{:.2f}" dy=".35em" font-size="{:.2f}">{}</text>')
_SVG = Markup('<svg class="{}" role="img" viewBox="0 0 {:g} {:g}">{}</svg>')


def sheet(page_mm: tuple[float, float], places: Iterable[MapPlace], speak: Language = ENGLISH) -> Markup:
    """One page with a coloured box for each label."""
    return _map(page_mm, places, "sheet", speak)


def ribbon(labels: Sequence[PlaceVerdict], speak: Language = ENGLISH, across: int = 50) -> Markup:
    """Labels of a roll in the order of printing, `across` in a row."""
    side = 10.0
    rows = -(-len(labels) // across)
    places = (
        MapPlace((index % across * side + 0.5, index // across * side + 0.5, side - 1, side - 1), *label)
        for index, label in enumerate(labels)
    )
    return _map((min(across, len(labels)) * side, rows * side), places, "ribbon", speak)


def _map(size_mm: tuple[float, float], places: Iterable[MapPlace], kind: str, speak: Language) -> Markup:
    shapes = [_PAPER.format(*size_mm)]
    for place in places:
        x, y, width, height = place.box
        mark = _text_element(MARKS.get(place.verdict, ""), x + width / 2, y + height / 2, width * 0.42)
        shapes.append(_PLACE.format(place.verdict, speak(place.words), x, y, width, height, width / 14, mark))
    return _svg(*size_mm, shapes, kind)


def symbol(picture: LabelPicture, defects: Defects | None, speak: Language = ENGLISH) -> Markup:
    """The picture of a failed label. Where its grid is known, each wrong module is framed: a dot says that it should
    be dark, an empty frame that it should be light."""
    data = base64.b64encode(picture.png).decode("ascii")
    if not picture.upright or defects is None:
        return _PICTURE.format(speak(phrase("the label as it was seen")), data)
    frames = "".join(f"M{column} {row}h1v1h-1z" for row, column, _ in defects.wrong_modules)
    dots = "".join(f"M{column + 0.3} {row + 0.3}h.4v.4h-.4z" for row, column, dark in defects.wrong_modules if dark)
    title = speak.counted(
        "{count:,} wrong module of {size}, {pixels} pixels each",
        "{count:,} wrong modules of {size}, {pixels} pixels each",
        len(defects.wrong_modules),
        size=f"{defects.size} x {defects.size}",
        pixels=PICTURE_PIXELS_PER_MODULE,
    )
    side = defects.size + 2 * PICTURE_BORDER_MODULES
    return _SYMBOL.format(-PICTURE_BORDER_MODULES, side, title, data, frames, dots)


def side(caption: str, words: str, png: bytes | None) -> Markup:
    """One side of a comparison: its picture where there is one, and what it is in words."""
    shown = _SIDE_PICTURE.format(f"{caption}: {words}", base64.b64encode(png).decode("ascii")) if png else _NOTHING
    return _SIDE.format(shown, caption, words)


def letters(facts: Statistics, speak: Language = ENGLISH) -> Markup:
    """How many labels got each letter."""
    total = max(facts.graded + facts.unreadable + facts.not_gradable, 1)
    counts = [(letter, facts.letters[letter]) for letter in LETTERS]
    if facts.not_gradable:
        counts.append((speak(phrase("not gradable")), facts.not_gradable))
    rows = [
        _LETTER_ROW.format(
            name, _BAR.format(name if name in LETTERS else "n", 100 * count / total), speak.number(count)
        )
        for name, count in counts
    ]
    return _BARS.format(_join_shapes(rows))


def parameters(found: Sequence[ParameterStatistics], speak: Language = ENGLISH) -> Markup:
    """Each parameter's grades as one divided bar."""
    rows = [_BARS_HEAD.format(*map(speak, (phrase("A to F"), phrase("mean"), phrase("lowest"))))]
    for item in found:
        total = max(sum(item.counts), 1)
        bars = [
            _TITLED_BAR.format(letter, 100 * count / total, letter, count)
            for letter, count in zip(LETTERS, item.counts, strict=True)
            if count
        ]
        rows.append(
            _PARAMETER_ROW.format(
                speak(PARAMETERS[item.name]),
                _join_shapes(bars),
                speak.number(item.mean, ".1f"),
                speak.number(item.lowest, ".1f"),
            )
        )
    return _BARS.format(_join_shapes(rows))


def heat(places: Sequence[PlaceStatistics], page_mm: tuple[float, float], speak: Language = ENGLISH) -> Markup:
    """The sheet with the mean grade of each place over all pages; without grades the share of labels not right."""
    graded = any(place.grade is not None for place in places)
    shapes = [_PAPER.format(*page_mm)]
    for place in places:
        tone, word = _heat_tone(place, graded)
        middle = place.x_mm + place.width_mm / 2, place.y_mm + place.height_mm / 2
        shapes.append(
            _HEAT_PLACE.format(
                tone,
                _seen_words(place.labels, place.wrong, speak),
                place.x_mm,
                place.y_mm,
                place.width_mm,
                place.height_mm,
                _text_element(word, *middle, place.width_mm * 0.3),
            )
        )
    return _svg(*page_mm, shapes, "sheet")


def _heat_tone(place: PlaceStatistics, graded: bool) -> tuple[str, str]:
    """The colour of a place and what it shows."""
    if not place.labels:
        return "none", ""
    if graded:
        return ("gF", "-") if place.grade is None else (f"g{letter_of(place.grade)}", f"{place.grade:.1f}")
    share = place.wrong / place.labels
    return "gA" if not share else "gC" if share < 0.1 else "gF", f"{share:.0%}" if share else ""


def trend(pages: Sequence[PageStatistics], speak: Language = ENGLISH) -> Markup:
    """Mean grade of each page in the order of reading, and marks where something was not right."""
    width, height, left, foot = 720.0, 180.0, 30.0, 22.0
    step = (width - left - 10) / max(len(pages) - 1, 1)

    def point(index: int, grade: float) -> tuple[float, float]:
        return left + index * step, 10 + (height - foot - 20) * (4 - grade) / 4

    shapes = []
    for grade in range(5):
        _, y = point(0, grade)
        shapes += [_RULE.format(left, y, width - 10), _text_element(str(grade), 12, y, 12)]
    line = [point(index, item.grade) for index, item in enumerate(pages) if item.grade is not None]
    if len(line) > 1:
        shapes.append(_LINE.format("L".join(f"{x:.1f} {y:.1f}" for x, y in line)))
    for index, item in enumerate(pages):
        where = speak.said("{file}, page {page}", file=item.file, page=item.page)
        words = f"{where}: {_seen_words(item.labels, item.wrong, speak)}"
        if item.grade is not None and len(pages) <= 400:
            shapes.append(_DOT.format(*point(index, item.grade), words))
        if item.wrong:
            x, _ = point(index, 0)
            shapes.append(_FAULT.format(x - 2, height - foot + 6, words))
    return _svg(width, height, shapes, "trend")


def _seen_words(labels: int, wrong: int, speak: Language) -> str:
    return speak.counted(
        "{count:,} label, {wrong:,} not right", "{count:,} labels, {wrong:,} not right", labels, wrong=wrong
    )


def _text_element(text: str, x: float, y: float, size: float) -> Markup:
    return _WORD.format(x, y, size, text) if text else _NOTHING


def _svg(width: float, height: float, shapes: Iterable[Markup], kind: str) -> Markup:
    return _SVG.format(kind, width, height, _join_shapes(shapes))


def _join_shapes(shapes: Iterable[Markup]) -> Markup:
    return _NOTHING.join(shapes)
