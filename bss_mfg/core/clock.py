"""The time, for people. Callers say `clock.now()`, so that a test sets one clock for all of them."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> str:
    """UTC time for people to read; order comes from sequence numbers, never from the clock."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds_of(text: str) -> float:
    """Seconds since 1970 of a time that `now` gave."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()
