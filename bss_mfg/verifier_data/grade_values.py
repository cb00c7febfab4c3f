"""Grades as verifiers write them: numbers of the scale 4.0 to 0.0, letters, both, or the formal grade."""

from __future__ import annotations

import re
from enum import StrEnum

from bss_mfg.errors import ValueProblem
from bss_mfg.imaging.grade_scale import LETTERS, letter_of

Grade = float | str
"""A number of the scale, or the letter where no number was given."""

BEST = 4.0
_TOP = 0.1
"""A letter's range ends this much below the next better letter's."""
_SAME = 0.051
"""Numbers that may be one grade, once rounded to a tenth."""
_LETTER = r"[A-DFa-df]"
_NUMBER = r"[0-9]{1,2}(?:[.,][0-9]{1,3})?"
_FORMAL = re.compile(
    rf"(?:DPM ?)?(?P<grade>{_NUMBER}|{_LETTER}) ?/ ?(?P<aperture>[0-9]{{1,3}}) ?/ ?(?P<light>[0-9A-Za-z]{{1,8}})"
    r"(?: ?/ ?(?P<angle>[0-9A-Za-z]{1,8}))?"
)
"""Grade/aperture/light/angle (ISO/IEC 15415, 5.5; 15416 without the angle; 29158 with DPM in front)."""


class Written(StrEnum):
    """How a grade is written in a cell."""

    NUMBER = "number"
    LETTER = "letter"
    NUMBER_LETTER = "number-letter"
    LETTER_NUMBER = "letter-number"


_SHAPES = {
    Written.NUMBER: re.compile(rf"(?P<number>{_NUMBER})"),
    Written.LETTER: re.compile(rf"(?P<letter>{_LETTER})"),
    Written.NUMBER_LETTER: re.compile(rf"(?P<number>{_NUMBER})[ /|(-]*(?P<letter>{_LETTER})\)?"),
    Written.LETTER_NUMBER: re.compile(rf"(?P<letter>{_LETTER})[ /|(-]*(?P<number>{_NUMBER})\)?"),
}
_EXAMPLES = {
    Written.NUMBER: "3.2",
    Written.LETTER: "B",
    Written.NUMBER_LETTER: "3.2 (B)",
    Written.LETTER_NUMBER: "B (3.2)",
}


def parse_grade(text: str, written: Written, decimal: str) -> Grade:
    """The grade in a cell; a number where there is one. `decimal` is its mark, a point or a comma. `ValueProblem` for
    anything else, and where number and letter contradict each other."""
    found = _SHAPES[written].fullmatch(text.strip())
    if found is None:
        example = _EXAMPLES[written].replace(".", decimal)
        raise ValueProblem(f"{text[:40]!a} isn't a grade as in {example}")
    parts = found.groupdict()
    letter = parts.get("letter", "").upper()
    if "number" not in parts:
        return letter
    number = _number(parts["number"], decimal)
    if letter and letter != letter_of(number):
        raise ValueProblem(f"{text[:40]!a} contradicts itself: {number:g} is the letter {letter_of(number)}")
    return number


def parse_formal(text: str) -> Grade:
    """The overall grade in a formal grade, whose decimal mark may be either; `ValueProblem` where it is none."""
    found = _FORMAL.fullmatch(text.strip())
    if found is None:
        raise ValueProblem(f"{text[:60]!a} isn't a formal grade like 3.2/10/660/45Q")
    grade = found["grade"]
    return grade.upper() if grade.isalpha() else _number(grade.replace(",", "."), ".")


def _number(text: str, decimal: str) -> float:
    other = "," if decimal == "." else "."
    if other in text:
        raise ValueProblem(f"{text!a} has {other!r} for its decimal mark, the mapping says {decimal!r}")
    number = float(text.replace(",", "."))
    if number > BEST:
        raise ValueProblem(f"{text!a} is beyond the scale of grades, 4.0 to 0.0")
    return number


def letter_of_grade(grade: Grade) -> str:
    """Its letter, A to D or F."""
    return grade if isinstance(grade, str) else letter_of(grade)


def span_of(grade: Grade) -> tuple[float, float]:
    """The lowest and the highest number that it may be."""
    if not isinstance(grade, str):
        return grade, grade
    above = BEST
    for least, letter in (*LETTERS, (0.0, "F")):
        if letter == grade:
            return least, above
        above = round(least - _TOP, 1)
    raise ValueError(f"no letter of the scale: {grade}")


def is_below(grade: Grade, least: float) -> bool | None:
    """Whether it is below a least grade; None where its letter alone doesn't tell."""
    low, high = span_of(grade)
    if low >= least - 1e-9:
        return False
    return True if high < least - 1e-9 else None


def agree(one: Grade, other: Grade) -> bool:
    """Whether two ways to write a grade can mean the same: numbers but for rounding, else by their letters."""
    if isinstance(one, str) or isinstance(other, str):
        return letter_of_grade(one) == letter_of_grade(other)
    return abs(one - other) < _SAME
