"""One bundle for all tests of what is made of it: its making takes minutes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers import ROOT


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle's archive, without the documentation, its folder beside it; BSS_MFG_TEST_BUNDLE names one that is
    there already."""
    if given := os.environ.get("BSS_MFG_TEST_BUNDLE"):
        return Path(given)
    out = tmp_path_factory.mktemp("bundle")
    command = [sys.executable, ROOT / ".ci/bundle/bundle.py", "--no-docs", "--out", out]
    subprocess.run(command, check=True, capture_output=True)
    return next(out.glob("*.tar.gz"))


@pytest.fixture(scope="session")
def bundle(archive: Path) -> Path:
    """The bundle's folder."""
    return archive.with_name(archive.name.removesuffix(".tar.gz"))
