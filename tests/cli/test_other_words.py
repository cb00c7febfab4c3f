"""Who types another word than the command's name is told what does it, and that is there."""

from __future__ import annotations

import re

import click
import pytest

from bss_mfg.cli.main import COMMANDS, cli
from bss_mfg.cli.other_words import OTHER_WORDS
from tests.helpers.commands import run_cli


@pytest.mark.parametrize("word", ["print", "status", "export", "Label", "help"])
def test_a_word_that_people_try_is_answered_with_the_command(word: str) -> None:
    told = run_cli(word, "B1")
    assert told.code == 2
    assert f"There is no command '{word}'. {OTHER_WORDS[word.lower()]}" in told.err


def test_no_word_stands_for_a_command_that_is_there_and_all_answers_are() -> None:
    assert not OTHER_WORDS.keys() & COMMANDS.keys()
    for answer in OTHER_WORDS.values():
        for advised in re.findall(r"`bss-mfg ([^`]*)`", answer):
            command, words = cli, advised.split()
            while isinstance(command, click.Group) and words and not words[0].startswith("-") and words[0].islower():
                found = command.get_command(click.Context(command), words.pop(0))
                assert found, advised
                command = found


def test_a_mistyped_word_is_still_answered_with_what_is_near() -> None:
    assert "'verify'" in run_cli("verfy").err
