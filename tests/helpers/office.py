"""LibreOffice, as an office opens our tables."""

from __future__ import annotations

import subprocess
from pathlib import Path


def soffice(source: Path, kind: str, folder: Path, *options: str) -> Path:
    """Open a file in LibreOffice without a window, and save it as another kind."""
    folder.mkdir()
    profile = f"-env:UserInstallation={(source.parent / 'profile').as_uri()}"
    subprocess.run(
        ["soffice", profile, "--headless", *options, "--convert-to", kind, "--outdir", folder, source],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    return folder / f"{source.stem}.{kind}"
