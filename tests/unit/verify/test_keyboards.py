"""What a computer's keyboard is set to, told from what a scanner typed on it."""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bss_mfg.verify.diagnosis import Diagnosis, DiagnosisCause, diagnose, known_specs
from bss_mfg.verify.keyboards import detect
from bss_mfg.verify.keyboards.detect import detect_keyboard
from bss_mfg.verify.keyboards.hangul import keys_of_hangul
from bss_mfg.verify.keyboards.layouts import known_layouts
from bss_mfg.verify.scanned import WedgeLine
from tests.helpers.factory import Factory
from tests.helpers.windows_keyboards import LAYOUTS, US, type_on, with_caps_lock


@pytest.fixture(scope="module")
def line(new_factory: Callable[[], Factory]) -> Factory:
    found = new_factory()
    found.add(oob_bytes=16)
    found.issue(40)
    return found


def told(factory: Factory, text: str) -> Diagnosis:
    with factory.ledger() as ledger:
        return diagnose(WedgeLine(text), "B1", ledger, known_specs(ledger))


class NoStrings:
    """A ledger that knows only what it is told."""

    starts: Sequence[str] = ()

    def __init__(self, *known: str) -> None:
        self._known = known

    def is_known(self, text: str) -> bool:
        return text in self._known

    def by_uuid(self, value: object) -> str:
        return ""

    def by_shape(self, length: int, same: object) -> Sequence[str]:
        return ()

    def by_parts(self, parts: object) -> Sequence[str]:
        return ()


@pytest.mark.parametrize("short", sorted(set(LAYOUTS) - {"uk"}))
@pytest.mark.parametrize("caps_lock", [False, True])
def test_layouts_of_windows_are_named(line: Factory, short: str, caps_lock: bool) -> None:
    text = line.payloads()[0]
    read = with_caps_lock(type_on(text, short)) if caps_lock else type_on(text, short)
    found = told(line, read)
    assert (found.cause, found.package) == (DiagnosisCause.KEYBOARD_LAYOUT, 1)
    assert LAYOUTS[short][0].split()[0] in found.detail, found.detail
    assert ("caps lock" in found.detail) is caps_lock


def test_a_british_layout_changes_nothing_in_a_barcode(line: Factory) -> None:
    text = line.payloads()[0]
    assert type_on(text, "uk") == text


@given(st.text(alphabet="".join(US), max_size=60), st.sampled_from(("de", "it", "es")))
def test_what_a_layout_types_can_be_understood(text: str, short: str) -> None:
    layout = next(one for one in known_layouts() if one.ident == short)
    read = "".join(layout.typed.get(character, "") for character in text)
    if len(read) == len(text):
        assert layout.undo(read) == text


def test_swapped_letters_alone_are_told_and_never_repaired() -> None:
    """Y and Z swap on a German keyboard and leave a valid string: only the ledger can tell."""
    meant = "ABV:OB04;BDC:yZ+/=;"
    read = type_on(meant, "de")
    found = detect_keyboard(read, NoStrings(meant))
    assert found is not None
    assert "German" in found.name
    assert detect_keyboard(read, NoStrings()) is None


def test_dead_keys_that_joined_a_letter_are_taken_apart() -> None:
    german = next(one for one in known_layouts() if one.ident == "de")
    assert german.undo("\u00e1") == "=a"  # dead acute, then a
    assert german.undo("\u00e1\u20ac") is None  # no key types a euro sign without AltGr
    assert german.explains("\u00e1", "=a")
    assert german.explains("b", "=ab")  # X11 swallows what does not compose
    assert not german.explains("bb", "=acb")


def test_a_layout_that_nobody_knows_is_learned(line: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No table has it: letters turned round by one, digits by three, other separators."""
    monkeypatch.setattr(detect, "known_layouts", list)
    letters, digits = string.ascii_letters, string.digits
    table = str.maketrans(letters + digits + ":;=+/_", letters[1:] + "a" + digits[3:] + digits[:3] + "*<!&%?")
    text = line.payloads()[7]
    found = told(line, text.translate(table))
    assert (found.cause, found.package) == (DiagnosisCause.KEYBOARD_LAYOUT, 8)
    assert "A comes as B, B comes as C" in found.detail


def test_characters_that_changed_in_one_label_are_no_layout(line: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
    text = line.payloads()[7]
    rare = next(character for character in sorted(set(text[-60:])) if text.count(character) == 1)
    assert told(line, text.replace(rare, "~")).cause is not DiagnosisCause.KEYBOARD_LAYOUT
    merged = text.replace("A", "B").replace("1", "7").replace(":", "7")
    assert told(line, merged).cause is not DiagnosisCause.KEYBOARD_LAYOUT


def test_full_width_characters_and_chinese_marks_are_told(line: Factory) -> None:
    text = line.payloads()[3]
    wide = "".join(chr(ord(character) + 0xFEE0) if "!" <= character <= "~" else character for character in text)
    assert unicodedata.normalize("NFKC", wide) == text
    for read, says in ((wide, "full-width"), (text.replace(":", "：").replace(";", "；"), "Chinese punctuation")):
        found = told(line, read)
        assert (found.cause, found.package) == (DiagnosisCause.INPUT_METHOD, 4)
        assert says in found.detail


@pytest.mark.parametrize(
    ("read", "says"),
    [
        ("あっっ:おっ04;うっっ:841667145075;ぴD:えbK3", "a Japanese input method"),
        ("阿布：八04；你好：841667145075；屁地", "a Chinese input method"),
        ("ㄇㄖㄒ：ㄟㄖㄢㄞ；", "Bopomofo"),
        ("ᜀᜊᜒ" * 10, "not US English"),
    ],
)
def test_what_cannot_be_undone_is_told_by_its_script(line: Factory, read: str, says: str) -> None:
    assert says in told(line, read).detail


def test_hangul_is_taken_apart_into_keys() -> None:
    assert keys_of_hangul("가") == ["r", "kK"]
    assert keys_of_hangul("값1") == ["r", "kK", "q", "t", "1"]
    assert keys_of_hangul("plain") is None


@pytest.mark.parametrize(
    ("change", "cause", "says"),
    [
        (lambda text: "A" + text, DiagnosisCause.SCANNER_EXTRA, "'A' in front (a prefix)"),
        (lambda text: text + "|01", DiagnosisCause.SCANNER_EXTRA, "'|01' behind (a suffix)"),
        (lambda text: f"<{text}>", DiagnosisCause.SCANNER_EXTRA, "'<' in front (a prefix) and '>' behind"),
        (lambda text: text + text, DiagnosisCause.JOINED_READS, "2 labels in one line"),
        (lambda text: f"{text}\t]d1{text}\t{text}", DiagnosisCause.JOINED_READS, "3 labels in one line"),
    ],
)
def test_what_a_scanner_adds_is_told(
    line: Factory, change: Callable[[str], str], cause: DiagnosisCause, says: str
) -> None:
    found = told(line, change(line.payloads()[2]))
    assert (found.cause, found.package) == (cause, 3)
    assert says in found.detail
