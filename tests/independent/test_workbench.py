"""The made-up guide of docs/spec-workbench.md comes from Node's cryptography, and from none of ours."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.helpers import ROOT
from tests.needs import needs

GUIDE = ROOT / "docs/spec-workbench"


@needs("node")
def test_the_files_of_the_guide_are_what_its_script_makes(tmp_path: Path) -> None:
    subprocess.run(["node", GUIDE / "guide.mjs", tmp_path], check=True)
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert made == {path.name: path.read_bytes() for path in GUIDE.iterdir() if path.suffix != ".mjs"}
