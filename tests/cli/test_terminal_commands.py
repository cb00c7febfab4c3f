"""What a terminal would obey is never written to it raw, whoever wrote it into titles, reasons, names of stations and
files; and arguments may be any bytes."""

from __future__ import annotations

import ast
import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from bss_mfg.cli.main import COMMANDS
from bss_mfg.core.text import for_terminal
from tests.helpers import ROOT
from tests.helpers.commands import real_environment
from tests.helpers.factory import Factory
from tests.helpers.terminal import Terminal

HOSTILE = {
    "ESC": "\x1b[2J\x1b[31m",
    "CSI": "\x9b31m",
    "OSC 8": "\x1b]8;;https://example.com\x07here\x1b]8;;\x07",
    "BEL": "\a",
    "carriage return": "WRONG\rOK",
    "right to left": "\u202egnp.x\u2066",
    "no width": "\u200b\u2060\ufeff",
    "tag": "\U000e0041",
}  # fmt: skip
OBEYED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]"
)


@pytest.mark.parametrize("kind", HOSTILE)
def test_commands_to_a_terminal_become_escapes(kind: str) -> None:
    assert OBEYED.search(HOSTILE[kind])
    assert not OBEYED.search(for_terminal(f"a{HOSTILE[kind]}b"))


@pytest.mark.parametrize("text", ["Öl 漢字 नमस्ते עברית", "می\u200cخواهم", "a\tb\nc", "🧑\u200d🔧"])
def test_letters_of_all_languages_stay(text: str) -> None:
    assert for_terminal(text) == text


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_title_of_a_product_and_a_reason_reach_nothing_raw(factory: Factory, kind: str) -> None:
    """As a product's file or a ledger of others may hold them: what a product is added with is checked."""
    factory.add(oob_bytes=16)
    factory.issue(2)
    serial = factory.rows("SELECT serial FROM unit ORDER BY serial")[0][0]
    factory.cli("scrap", "B1", serial, "--reason", f"fell{HOSTILE[kind]}")
    for command in (
        ("product", "list"),
        ("product", "show", "bulb"),
        ("history", "B1"),
        ("batch", "show", "B1"),
        ("batch", "list"),
    ):
        done = factory.cli(*command)
        assert not OBEYED.search(done.out + done.err), command


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_name_of_a_file_reaches_nothing_raw(factory: Factory, tmp_path: Path, kind: str) -> None:
    name = tmp_path / f"x{HOSTILE[kind]}.toml".replace("/", "")
    for command in (
        ("template", "preview", name),
        ("verify", "B1", name),
        ("inspect", name),
        ("product", "add", "b", "--key", name),
        ("flash", "report", name),
    ):
        done = factory.cli(*command)
        assert done.code in (1, 2, 3)
        assert not OBEYED.search(done.err + done.out), command


@pytest.mark.skipif(os.name == "nt", reason="arguments are UTF-16 there")
def test_arguments_that_are_no_utf8_end_without_a_defect(
    factory: Factory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In this process: a name that is no UTF-8 comes with halves of surrogate pairs (PEP 383)."""
    monkeypatch.chdir(tmp_path)  # `init` makes the folder that it names
    odd = os.fsdecode(b"b\xff\xfe")
    for name in COMMANDS:
        if name in (
            "demo",
            "board",
            "start",
            "watch-orders",
            "forward",
            "events",
            "press",
            "scan",
            "pack",
            "returns",
            "device",
        ):  # they would begin to work
            continue
        for arguments in ((odd,), ("show", odd)):
            done = factory.cli(name, *arguments)
            assert done.code != 70, (name, arguments, done.err)
            assert "Traceback" not in done.err


@pytest.mark.skipif(os.name == "nt", reason="arguments are UTF-16 there")
def test_one_such_argument_of_a_real_process(factory: Factory) -> None:
    command = [os.fsencode(str(word)) for word in factory.command("batch", "show")]
    done = subprocess.run([*command, b"b\xff"], capture_output=True, check=False, timeout=120)
    assert done.returncode == 3, done.stderr


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        pytest.param(("press", "--once", "--name", "p", "--printer", "pdf-300"), "Press p", id="press"),
        pytest.param(("board", "--lan", "--address", "127.0.0.1", "--port", "0"), "████", id="board"),
        pytest.param(
            ("scan", "B1", "--phone", "--plain", "--address", "127.0.0.1", "--port", "0"), "████", id="scan --phone"
        ),
    ],
)
def test_our_own_colours_are_obeyed_and_never_shown_as_text(factory: Factory, words: Sequence[str], shown: str) -> None:
    factory.add(oob_bytes=16)
    factory.issue(2)
    with Terminal(factory.command(*words), factory.root, real_environment(), "xterm") as terminal:
        until_then = terminal.until(rf"\x1b\[[\d;]*m[^\n]*{shown}[^\n]*\x1b\[0m")
    assert "\\x1b" not in until_then


@pytest.mark.parametrize("path", sorted((ROOT / "bss_mfg" / "cli").glob("*.py")), ids=lambda path: path.name)
def test_colours_are_given_where_a_text_is_made_harmless_and_not_before(path: Path) -> None:
    """A text that is styled first would be shown with its styles as escapes: `say` has `colour` and `bold`."""
    for call in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in HARMLESS:
            inside = [ast.unparse(part) for argument in call.args for part in ast.walk(argument)]
            assert not [part for part in inside if part.startswith("click.style")], f"{path.name}:{call.lineno}"


HARMLESS = {"say", "print_text", "for_terminal"}
