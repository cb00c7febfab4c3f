"""A one-to-one substitution of characters, learned from a text and the text that it should be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

MANY_REPEATS = 24
"""So many characters must repeat earlier ones: what fewer agree on may be chance."""
MAX_PAIRS = 32
_FEWEST_CHANGES = 3
_FEWEST_PLACES = 8
_SHORTEST_START = 20
"""So many kinds of characters change, at so many places: fewer may be a fault of one label."""


def learn_substitution(text: str, meant: str) -> Mapping[str, str] | None:
    """The characters that changed, and what they became, where each stands for one and the same throughout; None where
    they don't, or so little changed that it may be a fault of one label."""
    changes = _changes(text, meant) if len(text) == len(meant) else None
    places = sum(one != other for one, other in zip(meant, text, strict=False))
    return changes if changes and len(changes) >= _FEWEST_CHANGES and places >= _FEWEST_PLACES else None


def learn_start(text: str, start: str) -> Mapping[str, str] | None:
    """The same by how a text begins, of which the end may have lost characters."""
    if len(start) < _SHORTEST_START or len(text) < len(start):
        return None
    beginning = text[: len(start)]
    places = sum(one != other for one, other in zip(start, beginning, strict=True))
    return _changes(beginning, start) if places >= _FEWEST_CHANGES else None


def _changes(text: str, meant: str) -> Mapping[str, str] | None:
    pairs = dict.fromkeys(zip(meant, text, strict=True))
    if len({one for one, _ in pairs}) != len(pairs) or len({other for _, other in pairs}) != len(pairs):
        return None
    return {one: other for one, other in pairs if one != other}


def repeated_places(text: str) -> Sequence[tuple[int, int]]:
    """Pairs of places (from 0) with the same character: whatever a substitution makes of a text, these stay the same.
    Empty where they are too few to tell one text from others. The rarest characters, which tell most, come first."""
    last: dict[str, int] = {}
    pairs: list[tuple[int, int]] = []
    for place, character in enumerate(text):
        if character in last:
            pairs.append((last[character], place))
        last[character] = place
    if len(pairs) < MANY_REPEATS:
        return []
    # What is encrypted stands at the end and differs most from label to label.
    return sorted(pairs, reverse=True)[:MAX_PAIRS]
