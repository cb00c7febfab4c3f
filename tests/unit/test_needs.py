"""What `make setup` finds missing, it finds there once it has installed it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests import needs


def test_nothing_is_remembered_that_an_installation_changes() -> None:
    """A check that kept its first answer made the first `make setup` of a fresh machine fail."""
    assert [name for name, one in vars(needs).items() if hasattr(one, "cache_info")] == []


def test_who_looks_after_an_installation_remembers_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A path that was looked up when a module was imported made it fail again: the answer is a new process's."""
    absent = needs.Tool("absent", "absent", "was not there at first", lambda: False)
    monkeypatch.setattr(needs, "TOOLS", {"absent": absent})
    monkeypatch.setattr(needs, "install", lambda missing: None)
    (tmp_path / "test_absent.py").write_text('needs("absent")\n')
    monkeypatch.setattr(sys, "argv", ["needs", "--install", str(tmp_path)])
    assert needs.main() == 0, capfd.readouterr()
