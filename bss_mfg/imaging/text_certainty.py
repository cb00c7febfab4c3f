"""How sure a picture lets one be of its texts, by how far its own characters, of which most are right, lean towards
others.

Noise is not all that makes a right character look like another: thin dots of a coarse printer, a blur or the squares of
a JPEG change each character in its own way. What they do is seen on all characters of a page. The more these lean
towards others, the more two characters must differ to be told apart.
"""

from __future__ import annotations

from collections.abc import Mapping
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


def differ_times(leanings: Mapping[float, Floats]) -> float:
    """How many times more than usual characters must differ. `leanings`: by so many times, how far each character leans
    to the likeliest of those that differ so much; -inf where none does."""
    import numpy as np

    for times, leaning in leanings.items():
        told = leaning[leaning > -inf]
        if len(told) and float(np.median(told)) <= _LEANING:
            return times
    return inf


def times_by_size(sets: Mapping[int, tuple[float, Mapping[float, Floats]]]) -> dict[int, float]:
    """The same for each set of characters of a page (numbered, with their em in mm): texts that are all wrong lean
    to others, too, so a larger type is judged as well as a smaller one at the least."""
    import numpy as np

    enough = {
        number: (em, differ_times(leanings)) for number, (em, leanings) in sets.items() if _count(leanings) >= _FEWEST
    }
    together: dict[float, Floats] = {}
    for _, leanings in sets.values():
        for times, leaning in leanings.items():
            together[times] = np.concatenate([together[times], leaning]) if times in together else leaning
    # Runs that are judged as a whole say nothing of this.
    everything = differ_times(together) if together else STEPS[0]
    found = {}
    for number, (em, _) in sets.items():
        smaller = [times for other, times in enough.values() if other <= em * _SMALLER]
        found[number] = min(smaller, default=everything)
    return found


def _count(leanings: Mapping[float, Floats]) -> int:
    return max((int((leaning > -inf).sum()) for leaning in leanings.values()), default=0)
