"""Languages: catalogues that are complete and current, phrases that stay English where they are stored."""

from __future__ import annotations

import copy
import json
import pickle
import re
import string
from datetime import date

import pytest
from wcwidth import wcswidth

from bss_mfg.core.columns import centred, columns_of, cut, padded, wrapped
from bss_mfg.core.languages import (
    CODES,
    COMMA,
    ENGLISH,
    SEMICOLON,
    Phrase,
    chosen_language,
    counted,
    joined,
    known_code,
    language,
    moment,
    phrase,
    script_texts,
)
from bss_mfg.errors import InputError
from tests.helpers.languages import BRACKETS, OTHERS, all_languages, catalogue_tool, unmarked

babel_core = pytest.importorskip("babel.core")


def placeholders(text: str) -> set[tuple[str, str]]:
    """The values of a text, with their formats; those of scripts have none."""
    return {(name, form or "") for _, name, form, _ in string.Formatter().parse(text) if name is not None}


# --- catalogues ------------------------------------------------------------------------------------------------------


def test_catalogues_are_as_the_code_would_make_them() -> None:
    tool = catalogue_tool()
    for path, data in tool.files():
        assert path.read_bytes() == data, f"{path.name}: `make languages`"


@pytest.mark.parametrize("code", OTHERS)
def test_nothing_is_missing(code: str) -> None:
    from babel.messages.pofile import read_po

    tool = catalogue_tool()
    marked = {message.id for message in tool.template() if message.id}
    assert len(marked) > 300
    with (tool.FOLDER / f"{code}.po").open("rb") as file:
        catalogue = read_po(file, locale=code)
    assert not catalogue.obsolete
    found = {message.id: message for message in catalogue if message.id}
    assert found.keys() == marked
    for message in found.values():
        assert not message.fuzzy, message.id
        english = [message.id] if isinstance(message.id, str) else list(message.id)
        forms = [message.string] if isinstance(message.string, str) else list(message.string)
        assert len(forms) == (1 if isinstance(message.id, str) else catalogue.num_plurals), message.id
        for form in forms:
            assert form.strip() or not english[0].strip(), message.id
            assert placeholders(form) == set().union(*map(placeholders, english)) or (
                placeholders(form) == placeholders(english[0]) and len(english) > 1
            ), (message.id, form)
            assert re.findall(r"`[^`]*`|--[a-z-]+", form) == re.findall(r"`[^`]*`|--[a-z-]+", english[-1]), form
            assert re.match(r"\s*", form)[0] == re.match(r"\s*", english[0])[0] or code == "zh_CN", form  # type: ignore[index]
            assert form.isprintable(), form


@pytest.mark.parametrize("code", OTHERS)
def test_no_text_was_left_in_english(code: str) -> None:
    """A sentence that is the same in both languages was not translated."""
    tool, speak = catalogue_tool(), language(code)
    for message in tool.template():
        if isinstance(message.id, str) and len(re.findall(r"[A-Za-z]{2,}", re.sub(r"\{.*?\}", "", message.id))) > 3:
            assert speak.translation(message.id) != message.id, message.id


# --- phrases ---------------------------------------------------------------------------------------------------------


def test_a_phrase_is_its_english_wherever_it_goes() -> None:
    said = joined(SEMICOLON, (phrase("{unit} is empty", unit=phrase("carton {number}", number=7)), phrase("OK")))
    assert said == "carton 7 is empty; OK"
    assert json.dumps({"detail": said}) == '{"detail": "carton 7 is empty; OK"}'
    assert type(str(said)) is str
    travelled = pickle.loads(pickle.dumps(said))  # noqa: S301  (our own)
    for again in (travelled, copy.deepcopy(said)):
        assert isinstance(again, Phrase)
        assert language("de")(again) == "Karton 7 ist leer; OK"


def test_words_that_were_stored_are_shown_too() -> None:
    assert language("es")("WRONG LABEL") == "ETIQUETA ERRÓNEA"
    assert language("es")("a name of the user's") == "a name of the user's"


def test_numbers_take_their_forms() -> None:
    for count, english, german in ((1, "1 read", "1 Lesung"), (2000, "2,000 reads", "2.000 Lesungen")):
        said = counted("{count:,} read", "{count:,} reads", count)
        assert (said, language("de")(said)) == (english, german)
    assert language("vi")(counted("{count:,} read", "{count:,} reads", 1)) == "1 lượt đọc"


def test_what_is_in_a_value_is_no_template() -> None:
    assert phrase("{unit} is empty", unit="{0} {unit}") == "{0} {unit} is empty"
    assert language("de")(phrase("{unit} is empty", unit="{x}")) == "{x} ist leer"


@pytest.mark.parametrize("code", CODES)
def test_numbers_and_days_are_written_as_unicode_says(code: str) -> None:
    from babel.dates import get_date_format
    from babel.numbers import format_decimal

    speak = language(code)
    for value in (0.5, 12, 1234567, 98765.25):
        assert speak.number(value, ",") == format_decimal(value, format="#,##0.####", locale=code)
    if code != "en":  # ISO 8601 there
        day = date(2026, 11, 30)
        order = re.sub("[^dMy]+", "", get_date_format("short", locale=code).pattern)
        wanted = "".join({"d": "30", "M": "11", "y": "2026"}[letter] for letter in dict.fromkeys(order))
        assert re.sub(r"\D", "", speak(moment(f"{day}T08:05:00Z")))[:8] == wanted
    assert "08:05" in speak(moment("2026-11-30T08:05:00+01:00"))


# --- which language --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "station", "environment", "code"),
    [
        ("de", "es", {"BSS_MFG_LANGUAGE": "vi"}, "de"),
        ("", "es", {"BSS_MFG_LANGUAGE": "vi"}, "es"),
        ("", "", {"BSS_MFG_LANGUAGE": "vi", "LANG": "de_DE.UTF-8"}, "vi"),
        ("", "", {"LC_ALL": "zh_CN.UTF-8", "LANG": "de_DE.UTF-8"}, "zh_CN"),
        ("", "", {"LC_ALL": "", "LC_MESSAGES": "es_MX", "LANG": "de"}, "es"),
        ("", "", {"LANG": "de_AT@euro"}, "de"),
        ("", "", {"LANG": "fr_FR.UTF-8"}, "en"),
        ("", "", {"LANG": "C.UTF-8"}, "en"),
        ("", "", {"LANG": "zh_TW.UTF-8"}, "en"),
        ("", "", {}, "en"),
    ],
)
def test_which_language_counts(typed: str, station: str, environment: dict[str, str], code: str) -> None:
    assert chosen_language(typed, station, environment).code == code


def test_a_language_that_there_is_not_is_told() -> None:
    with pytest.raises(InputError) as told:
        chosen_language("", "", {"BSS_MFG_LANGUAGE": "klingon"})
    assert told.value.where == "BSS_MFG_LANGUAGE"
    assert all(code in told.value.way_out for code in CODES)
    assert [known_code(name) for name in ("zh-Hans", "zh", "ZH_cn", "zh-Hant", "EN-us", "x")] == [
        "zh_CN", "zh_CN", "zh_CN", "", "en", ""
    ]  # fmt: skip


# --- scripts of pages ------------------------------------------------------------------------------------------------


def test_a_script_gets_what_it_says() -> None:
    script = 'a(t("WRONG LABEL")); b(n("{count:,} read", "{count:,} reads", 2)); split("no"); t(variable)'
    assert script_texts(script).single == ("WRONG LABEL",)
    words = language("de").words_script([script], ["</script>"])
    assert "FALSCHES ETIKETT" in words
    assert "Lesungen" in words
    assert "</script>" not in words, "it may stand in a page"
    assert '"de"' in words


# --- columns ---------------------------------------------------------------------------------------------------------


def test_columns_are_those_of_terminals() -> None:
    tool = catalogue_tool()
    for speak in all_languages():
        for message in tool.template():
            if isinstance(message.id, str) and message.id:
                text = speak.translation(message.id)
                assert columns_of(text) == wcswidth(text), text
                for line in wrapped(text, 30, "  "):
                    assert columns_of(line) <= 30, line
                assert "".join(wrapped(text, 30)).replace(" ", "") == text.replace(" ", "")
    assert columns_of(padded("标签错误标签", 5)) == 5
    assert cut("标签", 3) == "标"
    assert centred("标签", 8) == "  标签  "
    assert wrapped("", 10) == [""]
    assert wrapped("x" * 25, 10) == ["x" * 10, "x" * 10, "x" * 5]


def test_brackets_find_what_nobody_marked() -> None:
    """The control of all tests that render a screen in brackets."""
    shown = BRACKETS(joined(COMMA, (phrase("{unit} is empty", unit="B17"), "left out")))
    assert unmarked(shown, ["B17"]) == ["left", "out"]
    assert ENGLISH("left out") == "left out"
