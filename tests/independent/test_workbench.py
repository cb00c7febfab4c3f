"""The walk of docs/spec-workbench.md: its guide comes from Node's cryptography, and its commands work as they stand."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.helpers import ROOT
from tests.needs import needs
from tests.unit.test_docs_examples import SLOW, evaluate, pages

GUIDE = ROOT / "docs/spec-workbench"


@needs("node")
def test_the_files_of_the_guide_are_what_its_script_makes(tmp_path: Path) -> None:
    subprocess.run(["node", GUIDE / "guide.mjs", tmp_path], check=True)
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert made == {path.name: path.read_bytes() for path in GUIDE.iterdir() if path.suffix != ".mjs"}


@pytest.mark.parametrize("page", SLOW, ids=lambda page: page.name)
def test_the_walk_can_be_typed_as_it_stands(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert page in pages()
    monkeypatch.chdir(tmp_path)
    evaluate(page)
    assert (tmp_path / "factory/batches/lamp-0001/upload").is_dir()
    sidecars = list((tmp_path / "factory/batches/lamp-0001/upload").glob("*.txt.json"))
    # The guide has one bundle log: its constant may be another in another.
    assert [json.loads(path.read_text("utf-8"))["assumed"] for path in sidecars] == [["version"]]
    said = (tmp_path / "factory/specs/lumen.toml").read_text("utf-8")
    assert "proven = " in said
    assert "signed = " not in said or "signed = []" in said
