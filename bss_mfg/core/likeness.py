"""Which names somebody may have meant who typed one that is none."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def names_like(name: str, known: Iterable[str], most: int = 3) -> list[str]:
    """Those of `known` that are `name` but for upper and lower case, or begin with it, or are a letter or two away; the
    best first."""
    wanted = name.strip().lower()[:64]
    if not wanted:
        return []
    by_lower = {one.lower(): one for one in known}
    if wanted in by_lower:
        return [by_lower[wanted]]
    begun = [one for low, one in by_lower.items() if low.startswith(wanted)]
    near = [by_lower[low] for low in difflib.get_close_matches(wanted, by_lower, n=most, cutoff=0.8)]
    return list(dict.fromkeys([*begun, *near]))[:most]


def question(near: list[str]) -> str:
    """`Is it a, b or c?`"""
    *others, last = near
    begun = f"{', '.join(others)} or " if others else ""
    return f"Is it {begun}{last}?"
