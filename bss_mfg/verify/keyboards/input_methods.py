"""Input methods that make other characters of what a scanner types: full-width forms, punctuation, syllables."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from enum import Enum

from bss_mfg.core.languages import phrase


class InputMethod(Enum):
    """What is on. The values are for people."""

    FULL_WIDTH = phrase("full-width characters (a Chinese, Japanese or Korean input method)")
    CHINESE_PUNCTUATION = phrase("Chinese punctuation (a Chinese input method)")
    CHINESE = phrase("a Chinese input method")
    BOPOMOFO = phrase("a Chinese input method (Bopomofo)")
    JAPANESE = phrase("a Japanese input method")
    KOREAN = phrase("a Korean input method (Hangul)")


_CHINESE_MARKS = str.maketrans(
    {
        "：": ":", "；": ";", "，": ",", "。": ".", "、": "/", "＿": "_", "＋": "+", "＝": "=", "／": "/", "－": "-",
        "【": "[", "】": "]", "《": "<", "》": ">", "？": "?", "！": "!", "（": "(", "）": ")", "￥": "$", "·": "`",
        "“": '"', "”": '"', "‘": "'", "’": "'", "～": "~",
    }
)  # fmt: skip
"""What the keys of punctuation type while a Chinese input method is on, single characters."""
_SCRIPTS = (
    (InputMethod.JAPANESE, "HIRAGANA", "KATAKANA", "HALFWIDTH KATAKANA"),
    (InputMethod.KOREAN, "HANGUL", "HALFWIDTH HANGUL"),
    (InputMethod.BOPOMOFO, "BOPOMOFO"),
    (InputMethod.CHINESE, "CJK UNIFIED"),
)
_FEWEST = 4
"""So many characters of a script tell an input method: labels here have none at all."""


def undo_input_method(text: str, known: Callable[[str], bool]) -> tuple[InputMethod, str] | None:
    """The input method under which a text becomes one that is `known`, and that text."""
    marks = _undo_chinese_marks(text)
    wide = (unicodedata.normalize("NFKC", one) for one in (text, marks))
    candidates = [(InputMethod.CHINESE_PUNCTUATION, marks), *((InputMethod.FULL_WIDTH, one) for one in wide)]
    for method, candidate in candidates:
        for cased in (candidate, candidate.swapcase()):
            if candidate != text and known(cased):
                return method, cased
    return None


def _undo_chinese_marks(text: str) -> str:
    several = text.replace("——", "_").replace("……", "^").replace("¥", "$")
    return several.translate(_CHINESE_MARKS)


def method_by_script(text: str) -> InputMethod | None:
    """The input method that a text's script gives away. What an input method makes of a barcode string can't be
    undone: only that it was on can be told."""
    counts = dict.fromkeys(InputMethod, 0)
    for character in text:
        name = unicodedata.name(character, "")
        for method, *starts in _SCRIPTS:
            counts[method] += any(name.startswith(start) for start in starts)
    for method, *_ in _SCRIPTS:  # kana among Chinese characters are Japanese
        if counts[method] >= _FEWEST:
            return method
    wide = sum("\uff01" <= character <= "\uff5e" for character in text)
    return InputMethod.FULL_WIDTH if wide >= _FEWEST and re.search(r"[\uff10-\uff19\uff21-\uff3a]", text) else None
