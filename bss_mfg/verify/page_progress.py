"""What is done to a page at the moment, for whoever waits for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class PageStep(StrEnum):
    """What is done to a page."""

    READING = "reading"
    ATTEMPTS = "attempts"
    """Stronger attempts at places, or at patches that look like a symbol, where quick reading read nothing."""
    SECOND_READER = "second-reader"
    GRADING = "grading"
    CONTENT = "content"
    """Texts, codes and artwork are compared with what was to be printed."""


@dataclass(frozen=True, slots=True)
class PageProgress:
    """A `step` that begins on a `page` (from 1) of the `pages` of a file; `count` things it is done to, 0 where it is
    the page."""

    file: str
    page: int
    pages: int
    step: PageStep
    count: int = 0


TellStep = Callable[[PageStep, int], None]
"""Called with a step that begins, and how many things it is done to."""
TellPage = Callable[[PageProgress], None]
"""Called with what begins on a page: from any thread."""


def tell_no_step(step: PageStep, count: int) -> None:
    """The `TellStep` of a page that nobody waits for."""


def tell_no_page(progress: PageProgress) -> None:
    """The `TellPage` of pages that nobody waits for."""
