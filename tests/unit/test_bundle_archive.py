"""The archive of a bundle tells nothing of where, when and by whom it was made: the same tree gives the same bytes."""

from __future__ import annotations

import importlib
import os
import tarfile
from pathlib import Path

import pytest

from tests.helpers import ROOT


def tree(home: Path, names: list[str], moment: float, mode: int) -> Path:
    folder = home / "bundle"
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
        path.chmod(mode if name != "start" else mode | 0o100)
        os.utime(path, (moment, moment))
    return folder


@pytest.mark.skipif(os.name == "nt", reason="modes are POSIX's")
def test_the_same_tree_gives_the_same_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / ".ci" / "bundle"))
    write_archive = importlib.import_module("archive").write_archive
    names = ["start", "lib/b", "lib/a"]
    first = write_archive(tree(tmp_path / "here", names, 1e9, 0o600), 1_700_000_000)
    other = tree(tmp_path / "there", names[::-1], 1.5e9, 0o640)
    second = write_archive(other, 1_700_000_000)
    assert first.read_bytes() == second.read_bytes()
    (other / "lib/a").write_text("else")
    assert first.read_bytes() != write_archive(other, 1_700_000_000).read_bytes()
    with tarfile.open(first) as tar:
        assert [(one.name, one.mode, one.uid, one.mtime) for one in tar] == [
            ("bundle/lib/a", 0o644, 0, 1_700_000_000), ("bundle/lib/b", 0o644, 0, 1_700_000_000),
            ("bundle/start", 0o755, 0, 1_700_000_000),
        ]  # fmt: skip
