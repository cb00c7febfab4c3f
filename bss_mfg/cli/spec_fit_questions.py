"""What samples leave open, for people: each reading has a number, and shows only what the others have otherwise."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile
from typing import TYPE_CHECKING

from bss_mfg.cli.common import say

if TYPE_CHECKING:
    from bss_mfg.payload.fitting.known import Known
    from bss_mfg.payload.fitting.report import Question

_ADVICE = {
    "value-length": "a sample whose serials have another length",
    "letters": "a sample whose values have letters, + or / (of base64), and another length (of its padding)",
    "padding": "a sample of another length in this field (other units or OOB keys): in this one padding would not show",
    "product": "a sample of another product",
    "private-key": "a sample to another key",
    "unit-order": "a sample of more units, each of whose values sorts them otherwise",
}
_BETWEEN = re.compile(r"( \| |, )")


def print_questions(questions: Sequence[Question], samples: Sequence[Known]) -> None:
    """The readings of each field once, and every sample that would decide."""
    from bss_mfg.payload.fitting.questions import MOST_READINGS

    for key in dict.fromkeys(question.key for question in questions):
        same = [question for question in questions if question.key == key]
        if readings := same[0].readings:
            begin, middles, end = apart(readings)
            rest = f"; in all: {begin}…{end}" if begin or end else ""
            count = f"the first {len(readings)}" if len(readings) == MOST_READINGS else str(len(readings))
            say(f"OPEN: {key or 'order of the units'}: {count} readings{rest}")
            for number, middle in enumerate(middles, 1):
                say(f"    {number}. {middle or '(no more than that)'}")
        else:
            say("OPEN: how the values of several units stand together")
        say("    Decided by " + ", or ".join(_advice(question.vary.value, samples) for question in same) + ".")


def apart(readings: Sequence[str]) -> tuple[str, list[str], str]:
    """What all readings begin with, what each has in the middle, what all end with: cut between values."""
    cut = [_BETWEEN.split(reading) for reading in readings]
    begin = _common(cut)
    rest = [words[begin:] for words in cut]
    end = _common([words[::-1] for words in rest])
    middles = ["".join(words[: len(words) - end]) for words in rest]
    return "".join(cut[0][:begin]), middles, "".join(rest[0][len(rest[0]) - end :])


def _common(lists: Sequence[Sequence[str]]) -> int:
    """With how many words all begin, each with what stands behind it."""
    same = takewhile(lambda words: len(set(words)) == 1, zip(*lists, strict=False))
    return len(list(same)) // 2 * 2


def _advice(vary: str, samples: Sequence[Known]) -> str:
    if vary == "units":
        counts = sorted({len(sample.units) for sample in samples})
        return f"a sample with another number of units than {_listed(counts)}"
    if vary == "oob-size":
        sizes = {len(unit.values.get("unit.oob", b"")) for sample in samples for unit in sample.units}
        known = next(iter(sizes)) if len(sizes) == 1 else 0
        other = {16: "32 bytes, as these have 16", 32: "16 bytes, as these have 32"}.get(known, "another length")
        return f"a sample with OOB keys of {other}"
    return _ADVICE[vary]


def _listed(numbers: Sequence[int]) -> str:
    return " and ".join(map(str, numbers))
