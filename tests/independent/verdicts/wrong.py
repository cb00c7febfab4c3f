"""Wrong scenes: what was done to the labels, and what has to be found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from PIL import Image

from tests.independent.verdicts.books import DOTS, Books, cell
from tests.independent.verdicts.press import MEDIA, Grey

Fault = tuple[str, int | None]
"""The kind of a finding, and the number of its package; a page that is not understood has None."""
FLAT = ("flat", "fine", "pdf")


@dataclass(frozen=True)
class WrongScene:
    """Pages of a batch that somebody spoiled. Each of `faults` has to be among the findings; `media` are those in which
    it can be seen."""

    name: str
    batch: str
    pages: Callable[[Books, Generator], list[Grey]]
    faults: frozenset[Fault]
    media: tuple[str, ...] = MEDIA


def wrong_scenes() -> Iterator[WrongScene]:
    """All of them."""
    for name, edit, faults in _SHEET_FAULTS:
        yield _of_sheet(name, edit, faults)
    for name, edit, faults in _FLAT_FAULTS:
        yield _of_sheet(name, edit, faults, FLAT)
    yield WrongScene("copies: a place of the second set is blank", "C", _second_copy(5), frozenset({("missing", 5)}))
    yield WrongScene(
        "copies: one set only",
        "C",
        lambda books, rng: [books.page("C")],
        frozenset({("missing", n) for n in range(1, 7)}),
    )
    yield WrongScene("repeated: one of a pair is missing", "D", lambda books, rng: [_roll(books, [1, 3, 4], "D")],
                     frozenset({("missing", 1)}))  # fmt: skip
    yield WrongScene("repeated: one too many", "D", lambda books, rng: [_roll(books, [1, 2, 2, 3, 4], "D")],
                     frozenset({("duplicate", 1)}))  # fmt: skip
    yield WrongScene("a copy on the other sheet, its own place blank", "A", _moved_to_other_sheet, frozenset(
        {("missing", 8), ("missing", 2), ("mismatched", 8)}
    ))  # fmt: skip
    yield WrongScene("the back of the sheet too", "A", _with_back_side, frozenset({("not-understood", None)}))
    yield WrongScene("roll: a stranger", "R", lambda books, rng: [_roll(books, [1]), _roll_of_strangers(books)],
                     frozenset({("foreign", None)}))  # fmt: skip
    yield WrongScene("roll: one of three is garbled", "R", lambda books, rng: [_garbled_roll(books, rng, [1, 2, 3], 2)],
                     frozenset({("unreadable", 2)}))  # fmt: skip
    yield WrongScene("roll: a single garbled label", "R",
                     lambda books, rng: [_roll(books, [1]), _noise_roll(books, rng)],
                     frozenset({("not-understood", None)}))  # fmt: skip
    yield WrongScene("roll: a blank label", "R",
                     lambda books, rng: [_roll(books, [1]), np.full((400, 700), 255, np.uint8)],
                     frozenset({("not-understood", None)}))  # fmt: skip
    yield WrongScene("roll: the same label twice", "R", lambda books, rng: [_roll(books, [1, 1, 2])],
                     frozenset({("duplicate", 1)}))  # fmt: skip
    yield WrongScene("roll: mirrored", "R", lambda books, rng: [np.fliplr(_roll(books, [2]))],
                     frozenset({("misprinted", 2)}))  # fmt: skip
    yield WrongScene("roll: inverted", "R", lambda books, rng: [_inverted_symbol(books, 3)],
                     frozenset({("misprinted", 3)}))  # fmt: skip
    for percent in (90, 110):
        yield WrongScene(f"roll: {percent} %", "R", _scaled_roll(percent / 100), frozenset({("misprinted", 1)}), FLAT)


Edit = Callable[[Grey, Books, Generator], Grey]


def _of_sheet(name: str, edit: Edit, faults: list[Fault], media: tuple[str, ...] = MEDIA) -> WrongScene:
    return WrongScene(
        name, "A", lambda books, rng: [edit(books.page("A"), books, rng), books.page("A", 2)], frozenset(faults), media
    )


def _symbol_area(books: Books, batch: str, place: int, grown: float = 0) -> tuple[slice, slice]:
    x, y, width, height = books.symbol(batch, place)
    return (
        slice(round(y - grown), round(y + height + grown)),
        slice(round(x - grown), round(x + width + grown)),
    )


# --- what is done to a page -------------------------------------------------------------------------------------------


def _blank(*places: int) -> Edit:
    def edit(page: Grey, books: Books, rng: Generator) -> Grey:
        for place in places:
            page[cell(place)] = 255
        return page

    return edit


def _symbol_blank(place: int) -> Edit:
    def edit(page: Grey, books: Books, rng: Generator) -> Grey:
        page[_symbol_area(books, "A", place, 3)] = 255
        return page

    return edit


def _garbled(*places: int) -> Edit:
    """Modules at random in a symbol's place."""

    def edit(page: Grey, books: Books, rng: Generator) -> Grey:
        for place in places:
            _paint_noise(page, books.symbol("A", place), rng)
        return page

    return edit


def _paint_noise(page: Grey, symbol: tuple[float, float, float, float], rng: Generator) -> None:
    x, y, width, _ = symbol
    module = width / 48
    dots = rng.random((48, 48)) < 0.5
    rows = (np.arange(round(width)) / module).astype(int).clip(0, 47)
    page[round(y) : round(y) + len(rows), round(x) : round(x) + len(rows)] = np.where(dots[np.ix_(rows, rows)], 0, 255)


def _covered(place: int, grey: int) -> Edit:
    def edit(page: Grey, books: Books, rng: Generator) -> Grey:
        page[cell(place)] = grey
        return page

    return edit


def _swapped(a: int, b: int) -> Edit:
    def edit(page: Grey, books: Books, rng: Generator) -> Grey:
        first, second = page[cell(a)].copy(), page[cell(b)].copy()
        _paste(page, second, cell(a))
        _paste(page, first, cell(b))
        return page

    return edit


def _copy(there: int, here: int, *, gone: bool = False) -> Edit:
    def edit(page: Grey, books: Books, rng: Generator) -> Grey:
        _paste(page, page[cell(there)].copy(), cell(here))
        if gone:
            page[cell(there)] = 255
        return page

    return edit


def _paste(page: Grey, piece: Grey, area: tuple[slice, slice]) -> None:
    rows, columns = min(piece.shape[0], area[0].stop - area[0].start), min(piece.shape[1], area[1].stop - area[1].start)
    page[area[0].start : area[0].start + rows, area[1].start : area[1].start + columns] = piece[:rows, :columns]


def _stranger(*places: int) -> Edit:
    def edit(page: Grey, books: Books, rng: Generator) -> Grey:
        other = books.page("B")
        for place in places:
            _paste(page, other[cell(place)], cell(place))
        return page

    return edit


def _upside_down(place: int) -> Edit:
    def edit(page: Grey, books: Books, rng: Generator) -> Grey:
        _paste(page, np.rot90(page[cell(place)], 2).copy(), cell(place))
        return page

    return edit


def _moved(place: int, right_mm: float, down_mm: float) -> Edit:
    """A label's print moved within its place."""

    def edit(page: Grey, books: Books, rng: Generator) -> Grey:
        rows, columns = cell(place)
        piece = page[rows, columns].copy()
        page[rows, columns] = 255
        dx, dy = round(right_mm * DOTS), round(down_mm * DOTS)
        ink = np.argwhere(piece < 128)
        (top, left), (bottom, right) = ink.min(axis=0), ink.max(axis=0) + 1
        page[
            rows.start + top + dy : rows.start + bottom + dy, columns.start + left + dx : columns.start + right + dx
        ] = piece[top:bottom, left:right]
        return page

    return edit


def _resized(place: int, ratio: float) -> Edit:
    """A symbol drawn smaller about its own centre."""

    def edit(page: Grey, books: Books, rng: Generator) -> Grey:
        area = _symbol_area(books, "A", place)
        piece = Image.fromarray(page[area])
        side = round(piece.width * ratio)
        small = np.asarray(piece.resize((side, side), Image.Resampling.LANCZOS))
        page[area] = 255
        top = (area[0].start + area[0].stop - side) // 2
        left = (area[1].start + area[1].stop - side) // 2
        page[top : top + side, left : left + side] = small
        return page

    return edit


def _all_resized(ratio: float) -> Edit:
    def edit(page: Grey, books: Books, rng: Generator) -> Grey:
        for place in range(1, 7):
            page = _resized(place, ratio)(page, books, rng)
        return page

    return edit


def _inverted(place: int) -> Edit:
    def edit(page: Grey, books: Books, rng: Generator) -> Grey:
        area = _symbol_area(books, "A", place, 12)
        page[area] = 255 - page[area]
        return page

    return edit


def _mirrored(place: int) -> Edit:
    def edit(page: Grey, books: Books, rng: Generator) -> Grey:
        area = _symbol_area(books, "A", place)
        page[area] = np.fliplr(page[area].copy())
        return page

    return edit


def _scaled(share: float) -> Edit:
    """The whole page, "fitted": about its centre, on paper as large as before."""

    def edit(page: Grey, books: Books, rng: Generator) -> Grey:
        return scaled(page, share)

    return edit


def scaled(page: Grey, share: float, high_share: float | None = None) -> Grey:
    """A page whose print is larger or smaller on the same paper."""
    rows, columns = page.shape
    high = high_share or share
    size = round(columns * share), round(rows * high)
    print_of = np.asarray(Image.fromarray(page).resize(size, Image.Resampling.LANCZOS))
    paper = np.full((max(rows, size[1]), max(columns, size[0])), 255, np.uint8)
    top, left = (paper.shape[0] - size[1]) // 2, (paper.shape[1] - size[0]) // 2
    paper[top : top + size[1], left : left + size[0]] = print_of
    return paper


def _only(place: int) -> Edit:
    def edit(page: Grey, books: Books, rng: Generator) -> Grey:
        return _blank(*[other for other in range(1, 7) if other != place])(page, books, rng)

    return edit


def _striped(place: int) -> Edit:
    """Without its finder: the print head's edge is dead."""

    def edit(page: Grey, books: Books, rng: Generator) -> Grey:
        rows, columns = _symbol_area(books, "A", place, 2)
        width = round((columns.stop - columns.start) / 48 * 1.6)
        page[rows, columns.start : columns.start + width] = 255
        page[rows.stop - width : rows.stop, columns] = 255
        return page

    return edit


def _whole(value: int) -> Edit:
    return lambda page, books, rng: np.full_like(page, value)


_EVERY = [("misprinted", number) for number in range(1, 7)]
_SHEET_FAULTS: list[tuple[str, Edit, list[Fault]]] = [
    ("a blank label", _blank(3), [("missing", 3)]),
    ("two blank labels", _blank(1, 6), [("missing", 1), ("missing", 6)]),
    ("a label without its symbol", _symbol_blank(4), [("missing", 4)]),
    ("four of six blank", _blank(1, 2, 4, 5), [("missing", number) for number in (1, 2, 4, 5)]),
    ("a garbled symbol", _garbled(2), [("unreadable", 2)]),
    ("three garbled symbols", _garbled(1, 4, 5), [("unreadable", number) for number in (1, 4, 5)]),
    ("all garbled", _garbled(1, 2, 3, 4, 5, 6), [("not-understood", None)]),
    ("covered by white paper", _covered(5, 250), [("missing", 5)]),
    ("covered by a dark thing", _covered(5, 60), [("missing", 5)]),
    ("two swapped", _swapped(2, 5), [("mismatched", 2), ("mismatched", 5)]),
    ("two neighbours swapped", _swapped(3, 4), [("mismatched", 3), ("mismatched", 4)]),
    ("a copy over another label", _copy(1, 6), [("duplicate", 1), ("missing", 6)]),
    ("moved over another, its own place blank", _copy(1, 6, gone=True), [
        ("mismatched", 1), ("missing", 6), ("missing", 1),
    ]),
    ("a stranger", _stranger(2), [("foreign", None), ("missing", 2)]),
    ("three strangers", _stranger(1, 2, 6), [("foreign", None), ("missing", 1), ("missing", 2), ("missing", 6)]),
    ("upside down in its place", _upside_down(3), [("misprinted", 3)]),
    ("an inverted symbol", _inverted(6), [("misprinted", 6)]),
    ("a mirrored symbol", _mirrored(1), [("misprinted", 1)]),
    ("a mirrored sheet", lambda page, books, rng: np.fliplr(page).copy(), _EVERY),
    ("a negative", lambda page, books, rng: 255 - page, _EVERY),
    ("without its finder", _striped(2), [("unreadable", 2)]),
    ("blank paper", _whole(255), [("not-understood", None)]),
]  # fmt: skip
_FLAT_FAULTS: list[tuple[str, Edit, list[Fault]]] = [
    ("shifted by 3 mm", _moved(4, 3, 0), [("misprinted", 4)]),
    ("shifted by 2.5 mm both ways", _moved(2, 2.5, 2.5), [("misprinted", 2)]),
    ("a symbol of 85 %", _resized(3, 0.85), [("misprinted", 3)]),
    ("symbols of 88 %", _all_resized(0.88), _EVERY),
    *[(f"fit to page: {percent} %", _scaled(percent / 100), _EVERY) for percent in (90, 94, 97, 103, 106)],
    ("stretched by 4 % to one side", lambda page, books, rng: scaled(page, 1.0, 0.96), _EVERY),
    ("stretched to one side", lambda page, books, rng: scaled(page, 1.0, 0.9), _EVERY),
    ("one label left", _only(2), [("missing", number) for number in (1, 3, 4, 5, 6)]),
]


# --- several pages, copies, rolls -------------------------------------------------------------------------------------


def _second_copy(place: int) -> Callable[[Books, Generator], list[Grey]]:
    def pages(books: Books, rng: Generator) -> list[Grey]:
        return [books.page("C"), _blank(place)(books.page("C"), books, rng)]

    return pages


def _moved_to_other_sheet(books: Books, rng: Generator) -> list[Grey]:
    """Label 8, of the second sheet, lies over label 2 of the first; its own place is blank."""
    first, second = books.page("A"), books.page("A", 2)
    _paste(first, second[cell(2)].copy(), cell(2))
    second[cell(2)] = 255
    return [first, second]


def _with_back_side(books: Books, rng: Generator) -> list[Grey]:
    return [books.page("A"), np.full_like(books.page("A"), 255), books.page("A", 2)]


def _roll(books: Books, numbers: list[int], batch: str = "R") -> Grey:
    """Some labels of a roll under each other, on a liner wider than they are."""
    labels = [books.page(batch, number) for number in numbers]
    return np.vstack([np.pad(label, ((20, 20), (60, 60)), constant_values=255) for label in labels])


def _roll_of_strangers(books: Books) -> Grey:
    return np.pad(books.page("B")[cell(3)], 40, constant_values=255)


def _garbled_roll(books: Books, rng: Generator, numbers: list[int], spoiled: int) -> Grey:
    """The finder of one label of a strip is gone: it can be told by its grid."""
    labels = []
    for number in numbers:
        page = books.page("R", number)
        if number == spoiled:
            x, y, width, height = books.symbol("R", 1)
            module = width / 48
            page[round(y) - 2 : round(y + height) + 3, round(x) - 2 : round(x + 1.6 * module)] = 255
            page[round(y + height - 1.6 * module) : round(y + height) + 3, round(x) - 2 : round(x + width) + 3] = 255
        labels.append(np.pad(page, ((20, 20), (60, 60)), constant_values=255))
    return np.vstack(labels)


def _noise_roll(books: Books, rng: Generator) -> Grey:
    page = books.page("R", 2)
    _paint_noise(page, books.symbol("R", 1), rng)
    return np.pad(page, ((20, 20), (60, 60)), constant_values=255)


def _inverted_symbol(books: Books, number: int) -> Grey:
    page = books.page("R", number)
    x, y, width, height = (round(value) for value in books.symbol("R", 1))
    area = slice(max(y - 8, 0), y + height + 8), slice(max(x - 8, 0), x + width + 8)
    page[area] = 255 - page[area]
    return np.pad(page, ((20, 20), (60, 60)), constant_values=255)


def _scaled_roll(share: float) -> Callable[[Books, Generator], list[Grey]]:
    return lambda books, rng: [scaled(_roll(books, [1]), share)]
