"""The bar of one piece of work; that of a run is tested with runs."""

from __future__ import annotations

import sys

import pytest

from bss_mfg.cli.progress import SendingDisplay, progress_bar
from bss_mfg.core.progress import no_progress


def test_a_bar_is_drawn_over_and_ends_its_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    show = progress_bar("issue")
    for done in range(0, 2_001, 10):
        show(done, 2_000)
    told = capsys.readouterr().err
    assert told.count("\n") == 1 and told.endswith("\n")
    first, *others = [line.rstrip() for line in told.split("\r")[1:]]
    assert first == f"{'issue':<28} [{'':20}] 0/2,000"
    assert others[-1] == f"{'issue':<28} [{'#' * 20}] 2,000/2,000"
    assert len(others) < 20, "it was drawn for each step"


def test_nothing_to_do_is_done(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    progress_bar("labels")(0, 0)
    assert f"[{'#' * 20}] 0/0" in capsys.readouterr().err


def test_a_pipe_sees_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False)
    assert progress_bar("issue") is no_progress


@pytest.mark.parametrize("name", ["bulb-2026-11", "a-batch-whose-name-has-forty-characters-x"])
def test_a_long_name_does_not_push_out_what_is_done(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    progress_bar(f"{name}: labels")(1, 1)
    with SendingDisplay(name) as display:
        display.progress(1, 1)
    made, sent = capsys.readouterr().err.replace("\r", "").rstrip("\n").split("\n")
    assert made.index(" [#") == sent.index(" [#") == 28
    assert made[:28].rstrip().endswith(": labels") and sent[:28].rstrip().endswith(": sending")
    assert made.startswith(name[:15]) and sent.startswith(name[:15])
