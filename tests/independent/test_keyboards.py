"""Strings typed on other keyboards than the scanner's, by programs nobody here wrote: libxkbcommon with the layouts of
xkeyboard-config, libhangul, jaconv. The setting is named, and nothing passes for right."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from bss_mfg.verify.diagnosis import Diagnosis, DiagnosisCause, diagnose, known_specs
from bss_mfg.verify.keyboards import detect
from bss_mfg.verify.keyboards.layouts import Layout, known_layouts
from bss_mfg.verify.scanned import WedgeLine
from tests.helpers.factory import Factory
from tests.helpers.hangul_keyboard import type_hangul
from tests.helpers.keyboard_tables import FILE, document
from tests.helpers.xkb import DeadKeys, Keyboard, layout_names
from tests.needs import needs

LAYOUTS = (
    ("de", ""), ("fr", ""), ("be", ""), ("ch", ""), ("ch", "fr"), ("tr", ""), ("tr", "f"), ("cz", ""), ("cz", "qwerty"),
    ("hu", ""), ("jp", ""), ("jp", "kana"), ("ru", ""), ("ru", "phonetic"), ("br", ""), ("us", "dvorak"),
    ("us", "colemak"), ("es", ""), ("latam", ""), ("it", ""), ("pt", ""), ("se", ""), ("no", ""), ("dk", ""),
    ("fi", ""), ("gr", ""), ("il", ""), ("ara", ""), ("ua", ""), ("bg", ""), ("rs", ""), ("hr", ""), ("sk", ""),
    ("ro", "std"), ("ca", ""), ("th", ""), ("in", ""), ("ir", ""), ("vn", ""), ("ge", ""),
)  # fmt: skip
"""40 layouts of xkeyboard-config."""


@pytest.fixture(scope="module")
def line(new_factory: Callable[[], Factory]) -> Factory:
    """Ten packages of one unit, ten of two."""
    found = new_factory()
    found.add(oob_bytes=16)
    found.add("pair", units_per_package=2, pid="Qz7w", upc="012345678905")
    found.issue(10)
    found.issue(20, "B2", "pair")
    return found


def strings(factory: Factory) -> Iterator[tuple[str, str]]:
    """(batch, string) of all 20 packages."""
    for batch in ("B1", "B2"):
        for text in factory.payloads(batch):
            yield batch, text


@needs("libxkbcommon")
def test_the_tables_are_those_of_xkeyboard_config() -> None:
    ours = json.loads(FILE.read_text("utf-8"))
    theirs = document()
    if theirs["source"] == ours["source"]:
        assert theirs == ours
    known = {one["id"]: one["keys"] for one in ours["layouts"]}
    both = [one for one in theirs["layouts"] if one["id"] in known]
    assert len(both) >= 0.95 * len(known)
    assert sum(known[one["id"]] == one["keys"] for one in both) >= 0.9 * len(both)


@needs("libxkbcommon")
@pytest.mark.parametrize("dead_keys", DeadKeys)
@pytest.mark.parametrize("caps_lock", [False, True])
def test_layouts_are_named(line: Factory, dead_keys: DeadKeys, caps_lock: bool) -> None:
    """40 layouts, 20 strings: the layout is named in 95 % of what it changes, or one that types the string just so."""
    titles = {(one.layout, one.variant): one.title for one in layout_names()}
    tables = {(one.name, one.caps_lock): one for one in known_layouts()}
    named: Counter[tuple[str, str]] = Counter()
    tried: Counter[tuple[str, str]] = Counter()
    with line.ledger() as ledger:
        specs = known_specs(ledger)
        for layout in LAYOUTS:
            keyboard = Keyboard(*layout, caps_lock=caps_lock)
            for batch, text in strings(line):
                read = keyboard.type(text, dead_keys)
                if read == text:
                    continue
                found = diagnose(WedgeLine(read), batch, ledger, specs)
                assert not found.matches
                tried[layout] += 1
                named[layout] += is_named(found, titles[layout], tables, read, (text, dead_keys))
            keyboard.close()
    assert tried.total() >= 39 * 20
    assert named.total() >= 0.95 * tried.total(), sorted((tried - named).items())


def is_named(
    found: Diagnosis,
    title: str,
    tables: dict[tuple[str, bool], Layout],
    read: str,
    typed: tuple[str, DeadKeys],
) -> bool:
    """Whether a diagnosis names a layout, or first of all one that types the same."""
    if found.cause is DiagnosisCause.CAPS_LOCK:
        return typed[0].swapcase() == read
    if found.cause is not DiagnosisCause.KEYBOARD_LAYOUT:
        return False
    said = found.detail.removeprefix("the computer's keyboard layout is ").split(":")[0]
    caps_lock = said.endswith(", and caps lock is on")
    names = said.removesuffix(", and caps lock is on").split(" or ")
    if title in names:
        return True
    first = tables.get((names[0], caps_lock))
    if first is None:
        return False
    layout, _, variant = first.ident.removesuffix(")").partition("(")
    keyboard = Keyboard(layout, variant, caps_lock=caps_lock)
    same = keyboard.type(*typed) == read
    keyboard.close()
    return same


@needs("libxkbcommon")
def test_layouts_in_no_table_are_learned(line: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same without any table: that it is the keyboard is told of all that type one character for each."""
    monkeypatch.setattr(detect, "known_layouts", list)
    named = tried = 0
    with line.ledger() as ledger:
        specs = known_specs(ledger)
        for layout in LAYOUTS:
            keyboard = Keyboard(*layout)
            for batch, text in strings(line):
                read = keyboard.type(text)
                if read == text:
                    continue
                found = diagnose(WedgeLine(read), batch, ledger, specs)
                assert not found.matches
                tried += 1
                named += found.cause in (DiagnosisCause.KEYBOARD_LAYOUT, DiagnosisCause.INPUT_METHOD)
            keyboard.close()
    assert named >= 0.9 * tried, (named, tried)


def to_kana(text: str) -> str:
    """Japanese Roman input."""
    import jaconv

    return str(jaconv.alphabet2kana(text))


def to_wide(text: str) -> str:
    """Full-width characters."""
    import jaconv

    return str(jaconv.h2z(text, ascii=True, digit=True))


@pytest.mark.parametrize(
    ("method", "says"),
    [
        (to_wide, "full-width"),
        (to_kana, "a Japanese input method"),
        pytest.param(type_hangul, "Hangul", marks=needs("libhangul")),
    ],
)
def test_input_methods_are_named(line: Factory, method: Callable[[str], str], says: str) -> None:
    with line.ledger() as ledger:
        specs = known_specs(ledger)
        for batch, text in strings(line):
            found = diagnose(WedgeLine(method(text)), batch, ledger, specs)
            assert found.cause is DiagnosisCause.INPUT_METHOD, found
            assert says in found.detail
