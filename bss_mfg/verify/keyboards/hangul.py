"""Hangul syllables taken apart into the keys that typed them, on the Korean keyboard (KS X 5002, Dubeolsik)."""

from __future__ import annotations

import unicodedata

_KEYS = {
    "ㅂ": "q", "ㅃ": "Q", "ㅈ": "w", "ㅉ": "W", "ㄷ": "e", "ㄸ": "E", "ㄱ": "r", "ㄲ": "R", "ㅅ": "t", "ㅆ": "T",
    "ㅛ": "yY", "ㅕ": "uU", "ㅑ": "iI", "ㅐ": "o", "ㅒ": "O", "ㅔ": "p", "ㅖ": "P", "ㅁ": "aA", "ㄴ": "sS", "ㅇ": "dD",
    "ㄹ": "fF", "ㅎ": "gG", "ㅗ": "hH", "ㅓ": "jJ", "ㅏ": "kK", "ㅣ": "lL", "ㅋ": "zZ", "ㅌ": "xX", "ㅊ": "cC",
    "ㅍ": "vV", "ㅠ": "bB", "ㅜ": "nN", "ㅡ": "mM",
}  # fmt: skip
"""Letters, and the characters of the keys: most have one letter for both cases."""
_CLUSTERS = {
    "ㄳ": "ㄱㅅ", "ㄵ": "ㄴㅈ", "ㄶ": "ㄴㅎ", "ㄺ": "ㄹㄱ", "ㄻ": "ㄹㅁ", "ㄼ": "ㄹㅂ", "ㄽ": "ㄹㅅ", "ㄾ": "ㄹㅌ",
    "ㄿ": "ㄹㅍ", "ㅀ": "ㄹㅎ", "ㅄ": "ㅂㅅ", "ㅘ": "ㅗㅏ", "ㅙ": "ㅗㅐ", "ㅚ": "ㅗㅣ", "ㅝ": "ㅜㅓ", "ㅞ": "ㅜㅔ",
    "ㅟ": "ㅜㅣ", "ㅢ": "ㅡㅣ",
}  # fmt: skip
_LEADS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_TAILS = "ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ"


def _letters(character: str) -> str:
    """The letters of a syllable, as they stand alone."""
    found = ""
    for part in unicodedata.normalize("NFD", character):
        code = ord(part)
        for first, row in ((0x1100, _LEADS), (0x1161, _VOWELS), (0x11A8, _TAILS)):
            if 0 <= code - first < len(row):
                part = row[code - first]
                break
        found += _CLUSTERS.get(part, part)
    return found


def keys_of_hangul(text: str) -> list[str] | None:
    """For each key that was pressed, the characters that a US keyboard may have meant; None where no Hangul is in the
    text."""
    found = [_KEYS.get(letter, letter) for character in text for letter in _letters(character)]
    return found if any(len(one) > 1 or one not in text for one in found) else None
