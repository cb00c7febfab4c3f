"""How sure a picture lets one be of its texts, by how far its own characters, of which most are right, lean towards
others.

Noise is not all that makes a right character look like another: thin dots of a coarse printer, a blur or the squares of
a JPEG change each character in its own way. What they do is seen on all characters of a page. The more these lean
towards others, the more two characters must differ to be told apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Floats

STEPS = (1.0, 1.5, 2.0, 3.0)
"""How many times more than usual characters may have to differ; more is not judged."""
_LEANING = 0.05
"""How far, between itself (0) and another (1), half of the characters may lean towards the likeliest other one."""
_FEWEST = 24
"""Characters that say something of a picture by themselves."""
_SMALLER = 1.25
"""How many times larger than others type may be for what is told of these to hold of it, too."""


Leanings = Callable[[float], "Floats"]
"""Tells, by how many times more than usual others must differ, how far each character of a font leans to the likeliest
of those that do; -inf where none does. Few characters have others that differ by more."""


def no_leanings(_: float) -> Floats:
    """Of a font without characters that could be another."""
    import numpy as np

    return np.zeros(0)


def differ_times(leanings: Leanings) -> float:
    """How many times more than usual characters must differ."""
    import numpy as np

    for times in STEPS:
        leaning = leanings(times)
        told = leaning[leaning > -inf]
        if len(told) and float(np.median(told)) <= _LEANING:
            return times
    return inf


def times_by_size(sets: Mapping[int, tuple[float, Leanings]]) -> dict[int, float]:
    """The same for each set of characters of a page (numbered, with their em in mm): texts that are all wrong lean
    to others, too, so a larger type is judged as well as a smaller one at the least."""
    counts = {number: int((leanings(STEPS[0]) > -inf).sum()) for number, (_, leanings) in sets.items()}
    enough = {
        number: (em, differ_times(leanings)) for number, (em, leanings) in sets.items() if counts[number] >= _FEWEST
    }
    found = {}
    for number, (em, _) in sets.items():
        smaller = [times for other, times in enough.values() if other <= em * _SMALLER]
        found[number] = min(smaller) if smaller else _times_together([leanings for _, leanings in sets.values()])
    return found


def _times_together(sets: Sequence[Leanings]) -> float:
    """How many times more than usual characters must differ by all of a page."""
    import numpy as np

    every = [leanings(STEPS[0]) for leanings in sets]
    if not any(map(len, every)):  # runs that are judged as a whole say nothing of this
        return STEPS[0]
    return differ_times(lambda times: np.concatenate([leanings(times) for leanings in sets]))
