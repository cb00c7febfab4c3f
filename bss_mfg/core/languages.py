"""Texts for operators: English in the code, in other languages by the catalogues of `core/catalogues`.

A `Phrase` is its English text, and knows from what it was put together: what is stored, sent as JSON or compared is
English whatever the language, and a screen asks its `Language` to show it. Catalogues are extracted by the names of
the functions here (`.ci/languages.py`), so their first arguments are literals.
"""

from __future__ import annotations

import gettext
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from importlib.resources import files
from typing import Any, Protocol

from bss_mfg.errors import InputError

CODES = ("en", "de", "es", "vi", "zh_CN")
"""The languages that there are, as gettext writes them (ISO 639-1, and ISO 3166-1 where the script depends on it)."""
OWN_NAMES: Mapping[str, str] = {
    "en": "English", "de": "Deutsch", "es": "Español", "vi": "Tiếng Việt", "zh_CN": "简体中文",
}  # fmt: skip
VARIABLE = "BSS_MFG_LANGUAGE"
_SYSTEM_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")
"""POSIX.1-2017, 8.2: the first of them that is set counts."""
_MARKS = {"en": (",", "."), "de": (".", ","), "es": (".", ","), "vi": (".", ","), "zh_CN": (",", ".")}
"""Between thousands, and before decimals (Unicode CLDR)."""


class _Made(Protocol):
    """From what a phrase was put together."""

    def shown(self, language: Language) -> str: ...


class Phrase(str):
    """A text for people: its English, which can be shown in another language."""

    made: _Made

    def __new__(cls, english: str, made: _Made | None = None) -> Phrase:
        made_phrase = super().__new__(cls, english)
        made_phrase.made = _Said(english, {}) if made is None else made
        return made_phrase

    def __str__(self) -> str:
        return "".join((self,))  # the English, and no phrase

    def __getnewargs__(self) -> tuple[Any, ...]:
        return self[:], self.made


@dataclass(frozen=True, slots=True)
class _Said:
    template: str
    values: Mapping[str, object]

    def shown(self, language: Language) -> str:
        return language.filled(language.translation(self.template), self.values)


@dataclass(frozen=True, slots=True)
class _Counted:
    one: str
    many: str
    count: int
    values: Mapping[str, object]

    def shown(self, language: Language) -> str:
        template = language.catalogue.ngettext(self.one, self.many, self.count)
        return language.filled(template, {"count": self.count, **self.values})


@dataclass(frozen=True, slots=True)
class _Joined:
    between: str
    parts: Sequence[str]

    def shown(self, language: Language) -> str:
        return language.translation(self.between).join(map(language.shown, self.parts))


@dataclass(frozen=True, slots=True)
class _Moment:
    text: str

    def shown(self, language: Language) -> str:
        found = _MOMENT.fullmatch(self.text)
        if language.code == "en" or found is None:
            return self.text
        day = language.said("{year}-{month}-{day}", year=found["year"], month=found["month"], day=found["day"])
        return f"{day} {found['clock']}{' UTC' if found['utc'] else ''}"


_MOMENT = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)[T ](?P<clock>\d\d:\d\d)(?::\d\d)?(?:(?P<utc>Z)|[+-]\d\d:\d\d)?"
)


def moment(text: str) -> Phrase:
    """A moment as `TimeZone.shown` writes it (ISO 8601): elsewhere than in English with the day as people write it."""
    return Phrase(text, _Moment(text))


def phrase(template: str, /, **values: object) -> Phrase:
    """A text with values, which may be phrases: `phrase("{serial} was scrapped", serial=...)`. Numbers with a format
    are written as the language does."""
    return Phrase(template.format(**values) if values else template, _Said(template, values))


def as_phrase(text: str) -> Phrase:
    """A text that may be a phrase, or is English and nothing else."""
    return text if isinstance(text, Phrase) else Phrase(text)


def counted(one: str, many: str, count: int, /, **values: object) -> Phrase:
    """A text with a number of things, `{count}`, that decides on its form."""
    english = (one if count == 1 else many).format(count=count, **values)
    return Phrase(english, _Counted(one, many, count, values))


def joined(between: str, parts: Iterable[str]) -> Phrase:
    """Texts in a row; those that are empty are left out. `between` is in the catalogues if it is a phrase somewhere."""
    kept = tuple(filter(None, parts))
    return Phrase(str(between).join(kept), _Joined(str(between), kept))


SEMICOLON = phrase("; ")
COMMA = phrase(", ")
AND = phrase(", and ")
OR = phrase(" or ")
BOTH = phrase(" and ")


@dataclass(frozen=True)
class Language:
    """One of `CODES`: shows phrases and numbers as it writes them."""

    code: str = "en"
    catalogue: gettext.NullTranslations = field(default_factory=gettext.NullTranslations, compare=False, repr=False)
    marks: tuple[str, str] = _MARKS["en"]

    def shown(self, text: str) -> str:
        """A text in this language: a phrase, or a word of a fixed list, such as a verdict; all others as they are."""
        return text.made.shown(self) if isinstance(text, Phrase) else self.translation(text)

    __call__ = shown

    def said(self, template: str, /, **values: object) -> str:
        """As `phrase`, shown at once: what templates of pages call."""
        return self.filled(self.translation(template), values)

    def counted(self, one: str, many: str, count: int, /, **values: object) -> str:
        """As the function `counted`, shown at once."""
        return self.shown(counted(one, many, count, **values))

    def translation(self, text: str) -> str:
        """What the catalogue has for a whole text; itself where it has none."""
        return self.catalogue.gettext(text) if text else text

    def filled(self, template: str, values: Mapping[str, object]) -> str:
        """A template of this language with its values."""
        return template.format(**{name: self._value(one) for name, one in values.items()}) if values else template

    def _value(self, value: object) -> object:
        if isinstance(value, Phrase):
            return self.shown(value)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return _Number(value, self.marks)
        return value

    def number(self, value: float, form: str = ",") -> str:
        """A number by a format of Python's, with this language's marks."""
        return format(_Number(value, self.marks), form)

    @cached_property
    def page_code(self) -> str:
        """The language for a page's `lang` (BCP 47)."""
        return self.code.replace("_", "-")

    def words_script(self, scripts: Iterable[str], texts: Iterable[str] = ()) -> str:
        """What `t("...")` and `n("...", "...", count)` of a page's scripts need, and fixed texts, as a script of
        constants."""
        marked = [script_texts(script) for script in scripts]
        single = dict.fromkeys([*texts, *(one for found in marked for one in found.single)])
        words: dict[str, str | list[str]] = {one: self.translation(one) for one in single}
        for one, many in (pair for found in marked for pair in found.counted):
            words[one] = [self.catalogue.ngettext(one, many, count) for count in (1, 2)]
        shown = json.dumps(words, ensure_ascii=True, sort_keys=True).replace("<", "\\u003c")  # it may stand in a page
        return f"export const LANGUAGE = {json.dumps(self.page_code)};\nexport const WORDS = {shown};\n"


_LITERAL = r'("(?:[^"\\]|\\.)*")'
_SINGLE = re.compile(rf"\bt\(\s*{_LITERAL}")
_COUNTED = re.compile(rf"\bn\(\s*{_LITERAL},\s*{_LITERAL}")


@dataclass(frozen=True, slots=True)
class ScriptTexts:
    """What a script says: texts, and pairs of texts with a number."""

    single: tuple[str, ...]
    counted: tuple[tuple[str, str], ...]


def script_texts(script: str) -> ScriptTexts:
    """The texts of a page's script: literals of `t("...")` and `n("...", "...", count)`."""
    return ScriptTexts(
        tuple(json.loads(one) for one in _SINGLE.findall(script)),
        tuple((json.loads(one), json.loads(many)) for one, many in _COUNTED.findall(script)),
    )


class _Number:
    """A number that is formatted with a language's marks."""

    def __init__(self, value: float, marks: tuple[str, str]) -> None:
        self._value, self._marks = value, marks

    def __format__(self, form: str) -> str:
        return format(self._value, form).translate({ord(","): self._marks[0], ord("."): self._marks[1]})

    def __str__(self) -> str:
        return format(self, "")


ENGLISH = Language()


@lru_cache(maxsize=len(CODES))
def language(code: str) -> Language:
    """A language by its code."""
    if code == "en":
        return ENGLISH
    with files("bss_mfg.core").joinpath("catalogues", f"{code}.mo").open("rb") as file:
        return Language(code, gettext.GNUTranslations(file), _MARKS[code])


def known_code(name: str) -> str:
    """The code that a name stands for, as people and systems write it: de, de-AT, de_DE.UTF-8, zh, vi_VN; empty where
    there is no such language here."""
    plain = re.split(r"[.@:]", name.strip().replace("-", "_"))[0]
    first = plain.split("_")[0].lower()
    if first in ("zh", "cmn"):  # one script: Traditional Chinese is another language here
        return "" if re.search(r"(?i)_(hant|tw|hk|mo)\b", plain) else "zh_CN"
    return "en" if first in ("c", "posix") else next((code for code in CODES if code == first), "")


def checked_code(name: str) -> str:
    """The code of a name in settings; empty for an empty one, `ValueError` where there is no such language."""
    if name and not known_code(name):
        raise ValueError(f"must be one of {', '.join(CODES)}")
    return known_code(name) if name else ""


def chosen_language(typed: str, station: str, environment: Mapping[str, str]) -> Language:
    """The language that operators see: as typed, else as the station's or the workspace's settings say, else that of
    the environment, else English.

    `InputError` for an unknown one of BSS_MFG_LANGUAGE; what the system is set to is no mistake, and then English."""
    if name := typed or station:
        return language(known_code(name) or "en")
    if name := environment.get(VARIABLE, ""):
        if not known_code(name):
            raise InputError(
                f"there is no language {name[:40]!a}", where=VARIABLE, way_out=f"Set it to one of {', '.join(CODES)}."
            )
        return language(known_code(name))
    system = next((value for one in _SYSTEM_VARIABLES if (value := environment.get(one, ""))), "")
    return language(known_code(system) or "en")
