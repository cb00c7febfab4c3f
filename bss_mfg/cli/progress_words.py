"""How far a piece of work is, and times and rates in words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Work:
    """How far a piece of work is. Its label is `name: what`, in which the name gives way first, and has `room` columns
    at least, so that bars stand below each other. Without a `total` nobody knows yet how much it is."""

    label: str
    done: int
    total: int | None
    note: str = ""
    room: int = 0
    failed: int = 0


def duration_words(seconds: float) -> str:
    """A time that is left: 0:07, 12:30, 2:05:00."""
    minutes, second = divmod(int(seconds + 0.5), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{second:02}" if hours else f"{minutes}:{second:02}"


def rate_words(rate: float, done: int) -> str:
    """Things a second; nothing where there were too few to tell."""
    return f"{rate:,.0f}/s" if done >= 100 and rate else ""
