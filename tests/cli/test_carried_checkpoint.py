"""What leaves the factory carries the newest signed checkpoint: travellers, reports, sidecars of control logs."""

from __future__ import annotations

import json
from pathlib import Path

import pypdfium2
import pytest

from bss_mfg.manifest.sidecar import read_sidecar
from bss_mfg.transparency.checkpoint import read_checkpoint
from tests.helpers.factory import Factory


@pytest.fixture
def line(factory: Factory) -> Factory:
    factory.add()
    factory.issue(24)
    factory.label()
    return factory


def signed(line: Factory) -> tuple[str, str, str]:
    """Origin, number of events and root of the newest checkpoint, as `checkpoint show` prints it."""
    origin, events, root, *_ = line.cli("checkpoint", "show").out.splitlines()
    return origin, events, root


def text_of(pdf: Path) -> str:
    document = pypdfium2.PdfDocument(pdf)
    return "".join(page.get_textpage().get_text_range() for page in document)


def traveller(line: Factory) -> str:
    done = line.cli("labels", "B1", "--template", "traveller-a4", "--out", f"{line.root}/traveller/", "--json")
    assert done.code == 0, done.err
    return text_of(Path(done.json["files"][0]))


def report(line: Factory, kind: str) -> Path:
    path = line.root / f"report.{kind}"
    done = line.cli("verify", "B1", line.root / "batches" / "B1" / "labels", "--report", path)
    assert done.code == 0, done.err
    return path


def sidecar(line: Factory) -> str | None:
    assert line.cli("manifest", "B1", "--out", f"{line.root}/upload/").code == 0
    (path,) = (one for one in (line.root / "upload").iterdir() if one.with_name(f"{one.name}.json").exists())
    return read_sidecar(path).checkpoint


def test_a_traveller_shows_it(line: Factory) -> None:
    assert line.cli("checkpoint", "key", "--name", "factory.example/line-1").code == 0
    _, events, root = signed(line)
    assert f"Signed checkpoint of {events} events: {root}" in traveller(line)


@pytest.mark.parametrize("kind", ["html", "pdf", "json"])
def test_a_report_shows_it(line: Factory, kind: str) -> None:
    assert line.cli("checkpoint", "key", "--name", "factory.example/line-1").code == 0
    origin, events, root = signed(line)
    path = report(line, kind)
    if kind == "json":
        assert json.loads(path.read_text())["checkpoint"] == {"origin": origin, "events": int(events), "root": root}
        return
    text = text_of(path) if kind == "pdf" else path.read_text()
    assert f"{events} events of {origin}" in text
    assert root in text.replace("\r\n", "").replace("&#43;", "+")


def test_a_sidecar_holds_the_note_which_a_record_can_be_held_against(line: Factory) -> None:
    assert line.cli("checkpoint", "key", "--name", "factory.example/line-1").code == 0
    before = signed(line)
    note = sidecar(line)
    assert note and str(read_checkpoint(note.encode())[0]).splitlines()[1:] == list(before[1:])
    kept = line.root / "checkpoint.txt"
    kept.write_text(note)
    assert line.cli("ledger", "prove", "B1", "--out", line.root / "record.zip").code == 0
    done = line.cli("record", "verify", line.root / "record.zip", "--against", kept)
    assert done.code == 0, done.err


def test_without_a_site_key_nothing_is_claimed(line: Factory) -> None:
    assert "checkpoint" not in traveller(line)
    assert json.loads(report(line, "json").read_text())["checkpoint"] is None
    assert sidecar(line) is None
