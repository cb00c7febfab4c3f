"""What stands on a terminal's screen: real commands in a real pseudo-terminal, as broad and as simple as they come."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.helpers.factory import Factory
from tests.helpers.scans import cell, sheet
from tests.helpers.screen import Shown, on_screen

if sys.platform == "win32":
    pytest.skip("pseudo-terminals of Unix", allow_module_level=True)

WIDTHS = (40, 80, 120)
HOSTILE = "[bold red]Bulb[/] :smile: {0}"
COLOUR = re.compile(r"\x1b\[[\d;]*m")


@pytest.fixture(scope="module")
def scan(printed: Factory, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sheet on which a label is twice, and one of another batch; its file's name has blanks."""
    page = sheet(printed, "A").copy()
    page[cell(8)] = page[cell(4)]
    page[cell(11)] = sheet(printed, "B")[cell(6)]
    file = tmp_path_factory.mktemp("scans") / "second shift, sheet 1.png"
    Image.fromarray(np.ascontiguousarray(page)).save(file, dpi=(300, 300))
    return file


def words_of(shown: Shown) -> set[str]:
    return set(" ".join(shown.lines).split())


@pytest.mark.parametrize("width", WIDTHS)
def test_bars_say_what_is_done_of_how_much(factory: Factory, width: int) -> None:
    factory.add()
    issued = on_screen(factory.command("batch", "create", "bulb", "--units", 480, "--id", "B1"), width)
    assert issued.code == 0, issued.sent
    [bar] = [line for line in issued.lines if line.startswith("bulb: issue")]
    assert "480/480" in bar and "━" in bar
    labelled = on_screen(factory.command("labels", "B1"), width)
    [bar] = [line for line in labelled.lines if line.startswith("B1: labels")]
    assert "480/480" in bar
    ran = on_screen(factory.command("run", "bulb", "--units", 48, "--id", "B2"), width)
    steps = [line.split()[:2] for line in ran.lines if re.match(r"(issue|labels|verify|manifest|traveller) ", line)]
    assert [(name, state.rstrip(":")) for name, state in steps] == [
        (name, "done") for name in ("issue", "labels", "verify", "manifest", "traveller")
    ]
    assert words_of(ran) >= {"48", "units", "labels", "read", "right"}


@pytest.mark.parametrize("width", WIDTHS)
def test_tables_are_as_broad_as_the_screen(factory: Factory, width: int) -> None:
    """No word is broken; nothing is left out; a number stands below the end of its head."""
    factory.add()
    factory.issue(1_200, "a-batch-with-a-long-name-0001")
    factory.issue(6, "B2")
    listed = on_screen(factory.command("batch", "list"), width)
    plain = factory.cli("batch", "list").out
    for word in plain.split():
        assert any(word in line for line in listed.lines), word
    printers = on_screen(factory.command("template", "list"), width).lines
    for word in factory.cli("template", "list").out.split():
        assert any(word in line for line in printers), word
    if width >= 80:
        head, *rows = on_screen(factory.command("printer", "list"), width).lines
        end = head.index("dpi") + len("dpi")
        assert all(row[:end].endswith(("203.2", "300", "609.6", "600", "304.8", "180", "360")) for row in rows), rows


@pytest.mark.parametrize("width", WIDTHS)
def test_what_others_named_is_shown_as_it_is(factory: Factory, width: int) -> None:
    factory.add(title=HOSTILE)
    listed = on_screen(factory.command("product", "show", "bulb"), width)
    assert HOSTILE in re.sub(r"\s+", " ", " ".join(listed.lines))
    factory.issue(2, "B1")
    made = on_screen(factory.command("labels", "B1"), width)
    assert made.code == 0, made.sent


@pytest.mark.parametrize("width", WIDTHS)
def test_what_is_wrong_hangs_below_its_word_and_names_stay_whole(printed: Factory, scan: Path, width: int) -> None:
    shown = on_screen(printed.command("verify", "A", scan, "--partial", "--jobs", 1), width)
    assert shown.code == 1, shown.sent
    assert any(scan.name in line for line in shown.lines), shown.lines
    wrong = [line for line in shown.lines if line.startswith(("DUPLICATE: ", "FOREIGN: ", "MISSING: "))]
    assert len(wrong) >= 3
    text = " ".join(line.strip() for line in shown.lines)
    told = printed.cli("verify", "A", scan, "--partial", "--jobs", 1).out.splitlines()
    for line in told:
        assert line in text, (line, text)
    hanging = [line for line in shown.lines if re.match(r" {2,}\S", line)]
    assert hanging


@pytest.mark.parametrize(
    ("environment", "coloured", "moves"),
    [
        ({}, True, True),
        ({"NO_COLOR": "1"}, False, True),
        ({"NO_COLOR": ""}, True, True),
        ({"TERM": "dumb"}, False, False),
        ({"BSS_MFG_PLAIN": "1"}, False, False),
        ({"BSS_MFG_PLAIN": "0"}, True, True),
    ],
)
def test_whoever_sits_there_says_what_may_be_shown(
    printed: Factory, scan: Path, environment: dict[str, str], coloured: bool, moves: bool
) -> None:
    shown = on_screen(printed.command("verify", "A", scan, "--partial", "--jobs", 1), **environment)
    assert bool(COLOUR.search(shown.sent)) == coloured
    assert shown.moved == (moves or coloured)
    assert any(line.startswith("WRONG: ") for line in shown.lines)
    if coloured:
        assert {cell.fg for cell in shown.cells("WRONG: ")[:5]} == {"red"}
        assert {cell.fg for cell in shown.cells("DUPLICATE")} == {"red"}
    listed = on_screen(printed.command("batch", "list"), 200, **environment)
    assert bool(COLOUR.search(listed.sent)) == coloured


def test_plain_is_what_a_pipe_gets(printed: Factory, scan: Path) -> None:
    """Line for line, for a screen reader."""
    for words in (("batch", "list"), ("verify", "A", scan, "--partial", "--jobs", 1), ("reconcile", "A")):
        piped = printed.process(*words)
        shown = on_screen(printed.command(*words), 40, BSS_MFG_PLAIN="1")
        assert sorted(shown.sent.splitlines()) == sorted((piped.out + piped.err).splitlines())


@pytest.mark.parametrize("encoding", ["cp437", "cp1252", "cp850"])
def test_a_code_page_shows_all_that_it_can(factory: Factory, encoding: str) -> None:
    factory.add(title="Лампа")
    for words in (("batch", "create", "bulb", "--units", 48, "--id", "B1"), ("labels", "B1"), ("batch", "list")):
        shown = on_screen(factory.command(*words), 80, PYTHONIOENCODING=encoding)
        assert shown.code == 0, shown.sent
        assert shown.sent.isascii() and "\\u25" not in shown.sent
    shown = on_screen(factory.command("product", "show", "bulb"), 80, PYTHONIOENCODING=encoding)
    assert "\\u041b" in shown.sent.lower()


def test_reconcile_says_once_what_it_counts(printed: Factory) -> None:
    shown = on_screen(printed.command("reconcile", "A"))
    [bar] = [line for line in shown.lines if "24/24" in line]
    assert bar.startswith("A: labels ")


def test_ctrl_c_leaves_a_clean_terminal(factory: Factory) -> None:
    """Wherever it comes while a bar is drawn: the line is left, the cursor is there, the way on is said."""
    factory.add()
    factory.issue(4_800, "B1")
    shutil.rmtree(factory.root / "batches" / "B1", ignore_errors=True)
    told = []

    def interrupt(running: subprocess.Popen[bytes], sent: bytes) -> None:
        if not told and re.search(rb"labels.*?[1-9][\d,]*/4,800", sent):
            told.append(True)
            running.send_signal(signal.SIGINT)

    shown = on_screen(factory.command("labels", "B1", "--jobs", 1), 80, meanwhile=interrupt)
    assert told and shown.code == 130, shown.sent
    assert shown.lines[-1].startswith("Interrupted."), shown.lines
    [bar] = [line for line in shown.lines if "/4,800" in line]
    assert bar.startswith("B1: labels ")
    assert not shown.screen.cursor.hidden
    assert shown.screen.cursor.attrs.fg == "default" and shown.screen.cursor.x == 0


@pytest.mark.parametrize("words", [("--help",), ("batch", "list"), ("doctor",)])
def test_a_pipe_waits_for_no_library_that_draws(factory: Factory, words: tuple[str, ...]) -> None:
    factory.add()
    factory.issue(2, "B1")
    code = (
        "import sys\nfrom bss_mfg.cli.main import main\n"
        f"try:\n    main({['--workspace', str(factory.root), *words]!r})\n"
        "except SystemExit:\n    print(sorted(name for name in sys.modules if name.split('.')[0] == 'rich'))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=factory.root)
    assert done.stdout.splitlines()[-1] == "[]"
