"""Constants of JSON and CBOR members that are no text: numbers, true, false, null, lists and tables."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any


def check_member(value: Any) -> Any:
    """`value` if it is what a member can hold; `ValueError` of dates, of numbers that JSON can't write, of names that
    are no text."""
    for one in leaves(value):
        if not isinstance(one, str | int | float | bool | None) or (isinstance(one, float) and not math.isfinite(one)):
            raise ValueError("a constant is a text, a number, true, false, a list or a table of these")
    return value


def leaves(value: Any) -> Iterator[Any]:
    """The names and values in it, however deep."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield name if isinstance(name, str) else object()  # which no constant is
            yield from leaves(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from leaves(one)
    else:
        yield value


def member_of_text(text: str) -> Any:
    """What a JSON text says; `ValueError` where it is none."""
    try:
        return check_member(json.loads(text))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def member_text(value: Any) -> str:
    """The one JSON text that we write of a value: `1`, `1.0` and `true` are three."""
    return json.dumps(value, separators=(",", ":"))


def holds_null(value: Any) -> bool:
    """Whether there is a null in it, which TOML can't say."""
    return any(one is None for one in leaves(value))
