"""A closed range of labels, copies one behind the other, folders that are not there, files that were lost."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.helpers.commands import Outcome, advised
from tests.helpers.factory import Factory
from tests.helpers.pictures import page_count
from tests.helpers.raw_port import RawPort


def serial(number: int) -> str:
    return f"ebK3{number:08}"


@pytest.fixture
def batch(factory: Factory) -> Factory:
    """A batch of thirty."""
    factory.add(oob_bytes=16)
    factory.issue(30)
    return factory


def test_a_closed_range(batch: Factory) -> None:
    done = batch.cli("labels", "B1", "--from", serial(5), "--to", serial(9), "--json")
    assert (done.code, done.json["labels"]) == (0, 5), done.err
    assert [Path(file).name for file in done.json["files"]] == [f"B1-labels-from-{serial(5)}-to-{serial(9)}-0001.pdf"]
    checked = batch.cli("verify", "B1", *done.json["files"], "--partial", "--json")
    assert (checked.code, checked.json["counts"]["matched"]) == (0, 5)
    first = batch.cli("labels", "B1", "--to", serial(4), "--json")
    assert (first.code, first.json["labels"]) == (0, 4), first.err
    turned = batch.cli("labels", "B1", "--from", serial(9), "--to", serial(5))
    assert turned.code == 3
    assert f"--from {serial(5)} --to {serial(9)}" in turned.err
    assert batch.cli("labels", "B1", "--to", "nobody").code == 3
    assert batch.cli("labels", "B1", "--to", serial(5), "--only", serial(4)).code == 2


@pytest.mark.parametrize("printer", ["pdf-203", "zpl-203"])
@pytest.mark.parametrize("collate", [True, False])
def test_copies_as_sets_or_behind_each_other(batch: Factory, printer: str, collate: bool) -> None:
    given = ("--template", "roll-50x30", "--printer", printer, "--copies", 2)
    done = batch.cli("labels", "B1", *given, "--collate" if collate else "--no-collate", "--json")
    assert (done.code, done.json["labels"], done.json["pages"]) == (0, 60, 60), done.err
    with Path(done.json["index"]).open(newline="") as index:
        numbers = [int(row["package"]) for row in csv.DictReader(index)]
    once = range(1, 31)
    assert numbers == ([*once, *once] if collate else [number for number in once for _ in range(2)])
    if printer == "pdf-203":
        assert sum(page_count(Path(file)) for file in done.json["files"]) == 60
        verified = batch.cli("verify", "B1", *done.json["files"], "--json")
        assert (verified.code, verified.json["counts"]["matched"]) == (0, 60), verified.out
        assert batch.cli("reconcile", "B1").code == 0
        with batch.ledger() as ledger:
            whole = list(ledger.history.events_of(("file verified",), "B1"))
        assert sum(event.data["labels"] for event in whole) == 60
    else:
        with RawPort() as port:
            sent = batch.cli("labels", "B1", "--send", port.address, "--json")
            assert sent.code == 0, sent.err
            assert sent.json["sent"]["labels"] == 60


def test_copies_behind_each_other_are_for_rolls(batch: Factory) -> None:
    done = batch.cli("labels", "B1", "--template", "sheet-a4-24", "--copies", 2, "--no-collate")
    assert done.code == 3
    assert "for rolls" in done.err


# --- folders --------------------------------------------------------------------------------------------------------


def test_a_stick_that_is_not_mounted_is_no_folder_of_this_computer(batch: Factory, tmp_path: Path) -> None:
    done = batch.cli("labels", "B1", "--out", tmp_path / "media" / "stick" / "labels")
    assert done.code == 3
    assert "stick: is not there" in done.err
    assert not (tmp_path / "media").exists()
    (tmp_path / "media" / "stick").mkdir(parents=True)
    assert batch.cli("labels", "B1", "--out", tmp_path / "media" / "stick" / "labels").code == 0


def test_a_refusal_leaves_no_empty_folder(batch: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
    from bss_mfg.errors import MissingError
    from bss_mfg.label import make

    def full(*_: object, **__: object) -> str:
        raise MissingError("no room left on the disk")

    monkeypatch.setattr(make, "write_atomically", full)
    assert batch.cli("labels", "B1").code == 6
    assert not (batch.root / "batches" / "B1").exists()


# --- lost files -----------------------------------------------------------------------------------------------------


def remedied(factory: Factory, outcome: Outcome, name: str) -> None:
    """The message names the lost file, and the command that it advises makes it again with the same bytes."""
    told = outcome.err + outcome.out
    assert name in told, told
    commands = advised(Outcome(0, "", told))
    here = ["--workspace", str(factory.root)]  # said where the command may be typed from elsewhere
    assert ["labels", "B1", "--again"] in commands or [*here, "labels", "B1", "--again"] in commands, told


@pytest.mark.parametrize("how", ["labels", "send", "run", "verify folder", "verify file", "reconcile", "all reconcile"])
def test_a_lost_file_is_named_with_the_remedy(batch: Factory, how: str) -> None:
    printer = ("--template", "roll-50x30", "--printer", "zpl-203") if how == "send" else ()
    cut = () if how == "run" else ("--labels-per-file", 24)
    if how == "run":
        assert batch.cli("run", "bulb", "--units", 30, "--id", "B1").code == 0
    else:
        assert batch.cli("labels", "B1", *printer, *cut).code == 0
    folder = batch.root / "batches" / "B1" / "labels"
    lost = sorted(path for path in folder.glob("B1-labels-*") if path.suffix != ".csv")[-1]
    before = lost.read_bytes()
    lost.unlink()
    if how == "all reconcile":
        for path in folder.glob("*.pdf"):
            path.unlink()
    command = {
        "labels": ["labels", "B1"],
        "send": ["labels", "B1", "--send", "tcp://127.0.0.1:9"],
        "run": ["run", "--resume", "B1"],
        "verify folder": ["verify", "B1", folder],
        "verify file": ["verify", "B1", lost],
    }.get(how, ["reconcile", "B1"])
    done = batch.cli(*command)
    assert done.code not in (0, 70)
    if how == "labels":
        assert lost.name in done.err
        assert "is not there any more" in done.err
        assert "--again" in done.err
    else:
        remedied(batch, done, lost.name)
    assert batch.cli("labels", "B1", "--again").code == 0
    assert lost.read_bytes() == before
    if how == "run":
        assert batch.cli(*command).code == 0


def test_a_reprint_needs_no_file(batch: Factory) -> None:
    assert batch.cli("labels", "B1").code == 0
    for path in (batch.root / "batches" / "B1" / "labels").iterdir():
        path.unlink()
    assert batch.cli("reprint", "B1", serial(4), "--reason", "lost").code == 0
