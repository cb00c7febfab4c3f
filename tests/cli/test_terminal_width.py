"""Sentences on a terminal: broken between words; what is to be copied is in one piece."""

from __future__ import annotations

import pytest

from bss_mfg.cli.common import fitted

COMMAND = "`bss-mfg --workspace 'the long name of a factory' labels bulb-0001 --again --template sheet-a4-24`"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("one two three four", "one two\nthree\nfour"),
        ("a line\nand one more", "a line\nand one\nmore"),
        ("  1  a line of a list", "  1  a line of a list"),
        ("$ a command as it is", "$ a command as it is"),
        ("", ""),
    ],
)
def test_sentences_are_broken_between_words(text: str, shown: str) -> None:
    assert fitted(text, 8) == shown
    assert fitted(text, 0) == text


def test_a_command_is_never_broken() -> None:
    assert f"\n{COMMAND}.\n" in fitted(f"There is no sheet of it yet. {COMMAND}. That makes one of all its labels.", 60)
