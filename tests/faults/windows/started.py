"""Processes that live on Windows: a command, or a module of stories that runs in one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.helpers import ROOT


def environment(folder: Path, code_page: str = "cp1252") -> dict[str, str]:
    """What makes a process one of Windows; its disk is `folder`/disk."""
    for name in ("disk", "processes"):
        (folder / name).mkdir(exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHONIO", "PYTHONUTF8", "LC_"))}
    return {
        **kept,
        "PYTHONPATH": f"{Path(__file__).parent / 'site'}:{ROOT}",
        "BSS_MFG_TEST_DISK": str((folder / "disk").resolve()),
        "BSS_MFG_TEST_PROCESSES": str((folder / "processes").resolve()),
        "BSS_MFG_TEST_CODE_PAGE": code_page,
    }


def run_on_windows(folder: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """A real command, in a process of its own, whose folder is the disk's."""
    return subprocess.run(
        [sys.executable, "-m", "bss_mfg", *arguments],
        cwd=folder / "disk", env=environment(folder), stdin=subprocess.DEVNULL,
        capture_output=True, timeout=300, check=False,
    )  # fmt: skip


def tell(module: str, folder: Path) -> dict[str, str]:
    """Run the stories of a module on Windows, all in one process; by name, why it failed, or ''."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.windows.teller", module, str(folder / "told.json")],
        cwd=ROOT, env=environment(folder), capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    told: dict[str, str] = json.loads((folder / "told.json").read_text())
    return told
