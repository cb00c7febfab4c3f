"""The words in which the station answers a read, and what they count as."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bss_mfg.core.languages import phrase
from bss_mfg.ledger.read_effects import ReadEffect, effect_of
from bss_mfg.ledger.reads import EarlierRead


class Tone(StrEnum):
    """How an answer is shown, and what it counts as; the values are those of JSON."""

    GOOD = "good"
    NOTE = "note"
    BAD = "bad"


class ScanWord(StrEnum):
    """What a read is called, as the screen shows it; the history has it in lower case."""

    OK = phrase("OK")
    COMPLETE = phrase("COMPLETE")
    NOW_THE_UNITS = phrase("NOW THE UNITS")
    UNIT_OK = phrase("UNIT OK")
    ALREADY = phrase("ALREADY")
    TWICE = phrase("TWICE")
    OTHER_LABEL = phrase("OTHER LABEL")
    WRONG_LABEL = phrase("WRONG LABEL")
    SCRAPPED = phrase("SCRAPPED")
    NOT_A_LABEL = phrase("NOT A LABEL")
    INCOMPLETE = phrase("INCOMPLETE")
    NOT_IN_THIS_BOX = phrase("NOT IN THIS BOX")
    OTHER_CODE = phrase("OTHER CODE")
    SCANNER_OK = phrase("SCANNER OK")
    SCANNER_WRONG = phrase("SCANNER SET WRONG")


_TONES = {
    ScanWord.OK: Tone.GOOD,
    ScanWord.COMPLETE: Tone.GOOD,
    ScanWord.NOW_THE_UNITS: Tone.GOOD,
    ScanWord.UNIT_OK: Tone.GOOD,
    ScanWord.SCANNER_OK: Tone.GOOD,
    ScanWord.ALREADY: Tone.NOTE,
    ScanWord.OTHER_CODE: Tone.NOTE,
    ScanWord.TWICE: Tone.NOTE,
}
"""Tones by their words; all others are bad, those of an unknown version too."""


@dataclass(frozen=True, slots=True)
class ScanAnswer:
    """The answer to one read: `word` is what the screen shows large (a string where another version recorded it),
    `detail` says why and what to do. The fields are keys of JSON."""

    tone: Tone
    word: ScanWord | str
    detail: str
    package: int | None = None
    serials: str = ""
    first_read: EarlierRead | None = None
    """Of a label that was read before: when, where and by whom it was read first."""

    @property
    def is_fault(self) -> bool:
        """Whether it rings: something is wrong, or was read before. Another code of our label is neither."""
        return self.tone is not Tone.GOOD and self.word != ScanWord.OTHER_CODE


def answer_of(word: ScanWord, detail: str, package: int | None = None, serials: str = "") -> ScanAnswer:
    return ScanAnswer(tone_of(word), word, detail, package, serials)


def tone_of(word: str) -> Tone:
    """The tone of a word, as it is shown."""
    return next((tone for known, tone in _TONES.items() if known == word), Tone.BAD)


def is_fault(verdict: str) -> bool:
    """Whether a read, by what the history calls it, showed no label that should be there: a hand scanner's word, or a
    verification's finding."""
    return effect_of(verdict) is not ReadEffect.RIGHT and tone_of(verdict.upper()) is Tone.BAD
