"""Right scenes: pictures of labels that are as they should be, in which nothing may be found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from tests.independent.verdicts.books import Books, cell
from tests.independent.verdicts.press import MEDIA, Grey
from tests.independent.verdicts.wrong import FLAT, scaled


@dataclass(frozen=True)
class RightScene:
    """Pages of a batch, and how often the picture is taken; each time from elsewhere."""

    name: str
    batch: str
    pages: Callable[[Books, Generator], list[Grey]]
    times: int
    media: tuple[str, ...] = MEDIA


def right_scenes() -> Iterator[RightScene]:
    """All of them."""
    yield RightScene("a sheet", "A", lambda books, rng: [books.page("A", int(rng.integers(1, 3)))], 12)
    yield RightScene("both sheets", "A", lambda books, rng: [books.page("A"), books.page("A", 2)], 3)
    yield RightScene("both copies", "C", lambda books, rng: [books.page("C"), books.page("C")], 3)
    yield RightScene("each label twice", "D", lambda books, rng: [_roll(books, [1, 2, 3, 4], "D")], 4)
    yield RightScene("a roll label", "R", lambda books, rng: [_roll(books, [int(rng.integers(1, 5))])], 5)
    yield RightScene("a strip of a roll", "R", lambda books, rng: [_roll(books, [1, 2, 3])], 4)
    yield RightScene("a label cut off a sheet", "A", _single, 4)
    yield RightScene("a part of a sheet", "A", _part, 4)
    yield RightScene("upside down", "A", lambda books, rng: [np.rot90(books.page("A"), 2).copy()], 2)
    yield RightScene("sideways", "A", lambda books, rng: [np.rot90(books.page("A")).copy()], 1)
    for permille in (992, 1008):
        yield RightScene(f"printed at {permille / 10} %", "A", _stretched(permille / 1000), 2, FLAT)


def _single(books: Books, rng: Generator) -> list[Grey]:
    page = books.page("A")
    return [np.pad(page[cell(int(rng.integers(1, 7)))], 60, constant_values=255)]


def _part(books: Books, rng: Generator) -> list[Grey]:
    return [np.ascontiguousarray(books.page("A")[: round(80 * 300 / 25.4)])]


def _roll(books: Books, numbers: list[int], batch: str = "R") -> Grey:
    labels = [books.page(batch, number) for number in numbers]
    return np.vstack([np.pad(label, ((20, 20), (60, 60)), constant_values=255) for label in labels])


def _stretched(share: float) -> Callable[[Books, Generator], list[Grey]]:
    """Within what paper and printers do."""
    return lambda books, rng: [scaled(books.page("A"), share)]
