"""A full disk leaves nothing half done."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.factory import Factory, tree


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 480 KiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=480k", "tmpfs", folder], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip("mounting a small file system needs root")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_a_full_disk_leaves_nothing_half_done(small_disk: Path, issued_factory: Factory) -> None:
    factory = issued_factory.copied(small_disk / "w")
    ballast = small_disk / "ballast"

    def fill(leave: int) -> None:
        free = os.statvfs(small_disk)
        ballast.write_bytes(b"x" * max(free.f_bavail * free.f_bsize - leave, 0))

    commands: list[list[object]] = [
        ["batch", "create", "bulb", "--units", 60, "--id", "B2"],
        ["labels", "B1"],
        ["manifest", "B1", "--format", "control-log", "--out", small_disk / "log.json"],
        ["program", "B1", "--format", "csv", "--out", small_disk / "keys.csv"],
        ["product", "add", "y", "--pid", "ebK3", "--public-key", factory.root / "dev-keys" / "amazon.public.pem"],
    ]
    for command in commands:
        fill(0)
        before = tree(small_disk)
        outcome = factory.cli(*command)
        assert outcome.code == 6, outcome
        assert "Free some space" in outcome.err
        assert "Traceback" not in outcome.err
        assert {name: data for name, data in tree(small_disk).items() if name in before} == before
        assert not [name for name in tree(small_disk) if name not in before]
        ballast.unlink()
        again = factory.cli(*command)
        assert again.code == 0, again
    with factory.ledger() as ledger:
        ledger.check()


def test_a_file_size_limit_leaves_nothing_behind(issued: Factory) -> None:
    """RLIMIT_FSIZE, which needs no root: the write fails with EFBIG."""
    script = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (300, 300));"
        f"sys.argv = ['bss-mfg', '--workspace', {str(issued.root)!r}, 'manifest', 'B1', '--format', 'csv', '--out', "
        f"{str(issued.root.parent / 'm.csv')!r}]; from bss_mfg.cli.main import main; main()"
    )
    before = tree(issued.root.parent)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 6, done.stderr
    assert "Nothing was left half-written" in done.stderr
    assert tree(issued.root.parent) == before
