"""Codes with known texts, to check what a scanner and a computer make of them: those of the setup sheet."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from bss_mfg.core.languages import SEMICOLON, joined, phrase
from bss_mfg.station.answers import ScanAnswer, ScanWord, answer_of
from bss_mfg.verify.keyboards.detect import detect_keyboard
from bss_mfg.verify.scanned import strip_scanner_marks
from bss_mfg.verify.scanner_settings import detect_scanner_setting

_HEAD = "BSSMFG-CHECK:"
CHECK_TEXTS = (
    f"{_HEAD}ABCDEFGHIJKLMNOPQRSTUVWXYZ;abcdefghijklmnopqrstuvwxyz;0123456789;:;_+/=-.;END;",
    f"{_HEAD}1234567890 Az Yz Qq Ww Mm ;:_+/=;END;",
)
"""What the check symbols say: all characters of the barcode strings, and those that layouts change first."""


class _CheckStrings:
    """The check texts, as keyboard settings are looked for in them."""

    starts: Sequence[str] = CHECK_TEXTS

    def is_known(self, text: str) -> bool:
        return strip_scanner_marks(text)[0] in CHECK_TEXTS

    def by_uuid(self, value: uuid.UUID) -> str:
        return ""

    def by_shape(self, length: int, same: Sequence[tuple[int, int]]) -> Sequence[str]:
        return [text for text in CHECK_TEXTS if len(text) == length]

    def by_parts(self, parts: Sequence[str]) -> Sequence[str]:
        return CHECK_TEXTS


def check_read(text: str) -> ScanAnswer | None:
    """The answer to a check symbol; None for any other read. It is no label, and not recorded."""
    if not any(len(known) // 2 < len(text) < 3 * len(known) for known in CHECK_TEXTS):
        return None
    strings = _CheckStrings()
    plain, marks = strip_scanner_marks(text)
    if plain in CHECK_TEXTS:
        right = phrase("scanner and computer are set right")
        if marks.aim_prefix:
            more = phrase("it sends an {marks} too, which is taken off here", marks=marks.description)
            return answer_of(ScanWord.SCANNER_OK, joined(SEMICOLON, (right, more)))
        return answer_of(ScanWord.SCANNER_OK, right)
    if plain.swapcase() in CHECK_TEXTS:
        return answer_of(ScanWord.SCANNER_WRONG, phrase("upper and lower case are swapped: caps lock is on"))
    if plain in {change(known) for known in CHECK_TEXTS for change in (str.upper, str.lower)}:
        detail = phrase(
            "all letters have one case: the scanner or the computer changes them; set it to leave the case alone"
        )
        return answer_of(ScanWord.SCANNER_WRONG, detail)
    if setting := detect_scanner_setting(plain, strings.is_known, strings.starts):
        return answer_of(ScanWord.SCANNER_WRONG, setting.detail)
    keyboard = detect_keyboard(plain, strings)
    if keyboard and (keyboard.text in CHECK_TEXTS or keyboard.layouts or keyboard.changes):
        return answer_of(ScanWord.SCANNER_WRONG, keyboard.description)
    return None
