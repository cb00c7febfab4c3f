"""The state of a printer: what it says of itself, and whether a label would come out of it now."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class PrinterProblem(StrEnum):
    """Why no label comes out of a printer."""

    PAPER_OUT = "paper out"
    RIBBON_OUT = "ribbon out"
    HEAD_OPEN = "head or cover open"
    PAUSED = "paused"
    JAM = "paper jam"
    TOO_HOT = "head too hot"
    OFFLINE = "offline"
    NOT_ACCEPTING = "its queue takes no jobs"
    OTHER = "an error"


WAY_OUT = {
    PrinterProblem.PAPER_OUT: "Put in a new roll.",
    PrinterProblem.RIBBON_OUT: "Put in a new ribbon.",
    PrinterProblem.HEAD_OPEN: "Close it.",
    PrinterProblem.PAUSED: "End the pause, at the printer or in its queue.",
    PrinterProblem.JAM: "Take the jammed labels out.",
    PrinterProblem.TOO_HOT: "Let it cool.",
    PrinterProblem.OFFLINE: "Set it online.",
    PrinterProblem.NOT_ACCEPTING: "Let the queue accept jobs.",
    PrinterProblem.OTHER: "Its display says which.",
}
"""What the operator does about it."""


@dataclass(frozen=True, slots=True)
class PrinterStatus:
    """What a printer said. `waiting`: labels that it has and that aren't printed yet, None where it does not say;
    `busy`: whether it works on some, None likewise; `detail`: its own words, where it has some."""

    problems: tuple[PrinterProblem, ...] = ()
    waiting: int | None = None
    busy: bool | None = None
    detail: str = ""

    @property
    def is_idle(self) -> bool:
        """Whether all that it got is printed, as far as it says."""
        return not self.problems and (not self.waiting if self.waiting is not None else self.busy is False)

    @property
    def words(self) -> str:
        """As people read it."""
        if self.problems:
            return ", ".join(self.problems) + (f" ({self.detail})" if self.detail else "")
        return "ready" if self.is_idle else "printing" if self.waiting or self.busy else "ready, as far as it says"

    @property
    def way_out(self) -> str:
        """What the operator does about it; empty where nothing is wrong."""
        return " ".join(WAY_OUT[problem] for problem in self.problems)
