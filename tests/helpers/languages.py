"""A language of brackets, and what stands outside of them: what nobody marked for translation."""

from __future__ import annotations

import gettext
import importlib.util
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from types import ModuleType

from bss_mfg.core.languages import CODES, Language, language

ROOT = Path(__file__).resolve().parents[2]
OTHERS = tuple(code for code in CODES if code != "en")


class _Brackets(gettext.NullTranslations):
    """Each text in brackets, so that what isn't marked stands outside."""

    def __init__(self, marks: str = "⟦⟧") -> None:
        super().__init__()
        self._marks = marks

    def gettext(self, message: str) -> str:
        return (
            f"{self._marks[0]}{message}{self._marks[1]}"
            if message in known_texts() and message.strip(" ,;")
            else message
        )

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


@cache
def known_texts() -> frozenset[str]:
    """All texts that are marked, as they were extracted; a test holds that they are current."""
    from babel.messages.pofile import read_po

    with (ROOT / "bss_mfg" / "core" / "catalogues" / "bss-mfg.pot").open("rb") as file:
        texts = [message.id for message in read_po(file) if message.id]
    return frozenset(one for text in texts for one in ([text] if isinstance(text, str) else text))


BRACKETS = Language("xx", _Brackets())
"""Speaks English in brackets."""
LATIN_BRACKETS = Language("xx", _Brackets("«»"))
"""The same in brackets that Latin fonts have."""


def unmarked(text: str, data: Iterable[str] = ()) -> list[str]:
    """Words of two letters or more outside of all brackets, without those of `data` (names, serials, commands)."""
    for one in sorted(data, key=len, reverse=True):
        text = text.replace(one, " ")
    text = re.sub(r"`[^`]*`", " ", text)
    while (bare := re.sub(r"⟦[^⟦⟧]*⟧", " ", text)) != text:
        text = bare
    text = re.sub(r"⟦[^⟦⟧\n]*$", " ", text, flags=re.MULTILINE)  # what a screen had no room for
    return re.findall(r"[A-Za-z]{2,}", text)


def all_languages() -> list[Language]:
    """Those that there are."""
    return [language(code) for code in CODES]


def catalogue_tool() -> ModuleType:
    """What extracts and compiles the catalogues."""
    spec = importlib.util.spec_from_file_location("catalogue_tool", ROOT / ".ci" / "languages.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
