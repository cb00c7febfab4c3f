"""The bar of one piece of work; that of a run is tested with runs, what stands on a screen in test_terminal_screen."""

from __future__ import annotations

import pytest

from bss_mfg.cli import terminal as terminal_facts
from bss_mfg.cli.progress import LABEL, SendingDisplay, progress_bar
from bss_mfg.cli.progress_bars import LEAST_LABEL, arranged
from bss_mfg.cli.progress_words import Work
from bss_mfg.core.progress import no_progress
from tests.helpers.screen import screen_of


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """All streams are terminals."""
    monkeypatch.setattr(terminal_facts, "is_terminal", lambda stream: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("BSS_MFG_PLAIN", raising=False)


@pytest.mark.usefixtures("terminal")
def test_a_bar_is_drawn_over_and_ends_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar("issue") as show:
        for done in range(0, 2_001, 10):
            show(done, 2_000)
    told = capsys.readouterr().err
    assert told.count("\n") == 1 and told.endswith("\n")
    [line] = screen_of(told)
    assert line.startswith("issue  ") and "2,000/2,000" in line
    assert told.count("issue") < 20, "it was drawn for each step"


@pytest.mark.usefixtures("terminal")
def test_what_is_told_twice_to_be_done_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar("B1: labels") as show:
        for done in (0, 96, 96, 96):
            show(done, 96)
    [line] = screen_of(capsys.readouterr().err)
    assert line.endswith("96/96")


@pytest.mark.usefixtures("terminal")
def test_work_that_begins_anew_has_a_line_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar("B1: labels") as show:
        for done in (96, 0, 96):
            show(done, 96)
    assert len(screen_of(capsys.readouterr().err)) == 2


@pytest.mark.usefixtures("terminal")
def test_work_that_breaks_off_leaves_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="broken"), progress_bar("issue") as show:
        show(3, 10)
        raise ValueError("broken")
    told = capsys.readouterr().err
    assert told.endswith("\n") and "3/10" in screen_of(told)[0]
    assert "\x1b[?25" not in told, "the cursor was hidden: a command that is killed would leave it so"


@pytest.mark.usefixtures("terminal")
def test_nothing_to_do_is_done(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar("labels") as show:
        show(0, 0)
    assert screen_of(capsys.readouterr().err)[0].endswith("0/0")


@pytest.mark.usefixtures("terminal")
def test_a_name_is_no_markup_and_no_command(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar("[red]{x}:smile:\x1b[2J: issue") as show:
        show(1, 1)
    told = capsys.readouterr().err
    assert "\x1b[2J" not in told
    assert screen_of(told)[0].startswith("[red]{x}:smile:\\x1b[2J: issue")


def test_a_pipe_sees_no_bar() -> None:
    with progress_bar("issue") as show:
        assert show is no_progress


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize(("name", "value"), [("BSS_MFG_PLAIN", "1"), ("TERM", "dumb")])
def test_whoever_wants_none_sees_none(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with progress_bar("issue") as show:
        assert show is no_progress


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize("name", ["bulb-2026-11", "a-batch-whose-name-has-forty-characters-x"])
def test_a_long_name_does_not_push_out_what_is_done(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar(f"{name}: labels") as show:
        show(1, 1)
    with SendingDisplay(name) as display:
        display.progress(1, 1)
    made, sent = screen_of(capsys.readouterr().err)
    assert ": labels" in made and ": sending" in sent
    assert made.startswith(name[:12]) and sent.startswith(name[:12])
    assert made.endswith("1/1") and sent.endswith("1/1")


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("note", ["", "page 3 of 1,200: strong attempts at 1,000 places"])
@pytest.mark.parametrize("total", [24, 10_000_000, None])
@pytest.mark.parametrize("label", ["A: verify", f"{'long' * 12}: verify"])
def test_all_has_room_in_its_line(label: str, total: int | None, note: str, width: int) -> None:
    found = arranged(Work(label, 0, total, note, LABEL), width)
    assert found.total <= width
    assert found.label >= LEAST_LABEL or (note and not found.label)
    assert found.count == (2 * len(f"{total:,}") + 1 if total else 0)
    assert bool(note) == bool(found.note)


def test_what_is_of_less_use_gives_way_first() -> None:
    """The bar's length, the rate, the time that is left, the bar, the name's end."""
    parts = [arranged(Work("bulb: issue", 0, 20_000, room=28), width) for width in (120, 70, 52, 40, 28)]
    assert [(bool(one.rate), bool(one.left), bool(one.bar)) for one in parts] == [
        (True, True, True), (True, True, True), (False, True, True), (False, False, True), (False, False, False),
    ]  # fmt: skip
    assert parts[0].bar > parts[1].bar
