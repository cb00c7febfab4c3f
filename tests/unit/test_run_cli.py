"""Commands in the tests' own process: heard whole, ended in time, and nothing of the process is left changed."""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.commands import Outcome, run_cli


def typed(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object], **options: Any) -> Outcome:
    """`run_cli` of a command that does something."""
    monkeypatch.setattr("bss_mfg.cli.main.main", lambda arguments: act())
    return run_cli("anything", **options)


def test_nothing_of_the_process_is_left_changed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def state() -> list[object]:
        mask = os.umask(0)
        os.umask(mask)
        streams = (sys.stdin, sys.stdout, sys.stderr, *(os.fstat(number).st_ino for number in range(3)))
        handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
        return [
            mask,
            streams,
            handlers,
            gc.get_threshold(),
            Path.cwd(),
            dict(os.environ),
            sys.argv,
            warnings.filters[:],
        ]

    def meddle() -> None:
        assert Path.cwd() == tmp_path
        assert os.environ["LENT"] == "1"
        assert sys.argv == ["bss-mfg", "anything"]
        os.umask(0o077)
        os.environ["LEFT"] = "1"
        gc.set_threshold(1, 2, 3)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        warnings.simplefilter("error")
        raise SystemExit(7)

    before = state()
    outcome = typed(monkeypatch, meddle, cwd=tmp_path, env={"LENT": "1"})
    assert outcome.code == 7
    assert state() == before


def test_what_is_said_below_python_is_heard_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def say() -> None:
        print(sys.stdin.read().upper())
        sys.stdout.flush()
        os.write(1, b"by a process\n")
        warnings.warn("on stderr", UserWarning, stacklevel=1)

    outcome = typed(monkeypatch, say, stdin="read\n")
    assert outcome.out == "READ\n\nby a process\n"
    assert "UserWarning: on stderr" in outcome.err


@pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="no timers here")
def test_what_hangs_fails_its_test(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(pytest.fail.Exception, match=r"longer than 0\.1 seconds"):
        typed(monkeypatch, lambda: time.sleep(30), timeout=0.1)


def test_what_decides_before_python_starts_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AssertionError, match="PYTHONPATH"):
        typed(monkeypatch, lambda: None, env={"PYTHONPATH": "x"})
