"""Label files whose labels were all made again are out of the way: of the printer, of verify, of reconcile, of run."""

from __future__ import annotations

import csv
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bss_mfg.label import superseding
from bss_mfg.ledger.prints import PrintStore
from tests.helpers.factory import Factory, a_read


def folder(factory: Factory) -> Path:
    return factory.root / "batches" / "B1" / "labels"


def names(path: Path) -> list[str]:
    return sorted(item.name for item in path.iterdir() if item.is_file()) if path.is_dir() else []


@pytest.fixture
def batch(factory: Factory) -> Factory:
    """A batch of 48 in two files of a sheet each."""
    factory.add(oob_bytes=16)
    factory.issue(48)
    assert factory.cli("labels", "B1", "--labels-per-file", 24).code == 0
    return factory


def indexed(factory: Factory) -> list[tuple[str, str]]:
    with (folder(factory) / "B1-labels.csv").open(newline="") as index:
        return [(row["file"], row["serials"]) for row in csv.DictReader(index)]


def all_is_right(factory: Factory, files: list[str], labels: int = 48) -> None:
    assert names(folder(factory)) == sorted([*files, "B1-labels.csv"])
    verified = factory.cli("verify", "B1", folder(factory), "--json")
    assert verified.code == 0, verified.out
    assert verified.json["counts"]["matched"] == labels
    assert verified.json["counts"]["duplicate"] == 0
    reconciled = factory.cli("reconcile", "B1", "--json")
    assert reconciled.json["kinds"][1]["differences"] == [], reconciled.out
    assert [serial for _, serial in indexed(factory)] == [f"ebK3{number:08}" for number in range(1, 49)]


def test_files_that_were_made_again_under_other_names_are_moved_away(batch: Factory) -> None:
    old = (folder(batch) / "B1-labels-0002.pdf").read_bytes()
    done = batch.cli("labels", "B1", "--labels-per-file", 48, "--again", "--json")
    assert done.code == 0, done.err
    moved = folder(batch) / "superseded" / "B1-labels-0002.pdf"
    assert done.json["superseded"] == [str(moved)]
    assert "1 file whose labels were all made again, B1-labels-0002.pdf; don't print them" in done.err
    assert moved.read_bytes() == old
    all_is_right(batch, ["B1-labels-0001.pdf"])
    history = batch.cli("batch", "show", "B1", "--history", "--json").json
    said = [event["file"] for event in history["history"] if event["kind"] == "label file superseded"]
    assert said == ["B1-labels-0001.pdf", "B1-labels-0002.pdf"]
    assert history["label_files"] == ["B1-labels-0001.pdf"]
    # By hand it is read, and named for what it is.
    by_hand = batch.cli("verify", "B1", moved, "--partial")
    assert by_hand.code == 0, by_hand.out
    assert "was superseded" in by_hand.out


def test_another_printer_leaves_no_file_of_the_old_one(batch: Factory) -> None:
    assert batch.cli("labels", "B1", "--template", "roll-50x30", "--printer", "zpl-203", "--again").code == 0
    assert names(folder(batch)) == ["B1-labels-0001.zpl", "B1-labels.csv"]
    assert names(folder(batch) / "superseded") == ["B1-labels-0001.pdf", "B1-labels-0002.pdf"]
    assert batch.cli("labels", "B1", "--template", "sheet-a4-24", "--printer", "pdf-300", "--again").code == 0
    all_is_right(batch, ["B1-labels-0001.pdf"])


def test_nothing_in_the_folder_is_overwritten(batch: Factory) -> None:
    theirs = folder(batch) / "superseded" / "B1-labels-0002.pdf"
    theirs.parent.mkdir()
    theirs.write_bytes(b"somebody's")
    assert batch.cli("labels", "B1", "--labels-per-file", 48, "--again").code == 0
    assert theirs.read_bytes() == b"somebody's"
    assert names(theirs.parent) == ["B1-labels-0002-1.pdf", "B1-labels-0002.pdf"]
    assert batch.cli("reconcile", "B1").code != 70


def test_the_rest_from_one_label_on_takes_the_files_behind_it(batch: Factory) -> None:
    """Its own file keeps the labels before; they are counted once."""
    made = batch.cli("labels", "B1", "--from", "ebK300000013", "--again")
    assert made.code == 0
    assert "Don't print B1-labels-0001.pdf whole any more: 12 labels in it were made again" in made.err
    assert names(folder(batch) / "superseded") == ["B1-labels-0002.pdf"]
    done = batch.cli("verify", "B1", folder(batch), "--json")
    assert done.code == 0, done.out
    assert done.json["counts"] == {**done.json["counts"], "matched": 48, "duplicate": 0}
    assert "12 labels of it were made again since" in batch.cli("verify", "B1", folder(batch)).out
    assert batch.cli("reconcile", "B1").code == 0
    assert batch.cli("verify", "B1", folder(batch), "--resume").code == 0
    assert batch.cli("labels", "B1", "--again").code == 0
    assert names(folder(batch) / "superseded")[-1] == "B1-labels-from-ebK300000013.csv"
    all_is_right(batch, ["B1-labels-0001.pdf", "B1-labels-0002.pdf"])


def test_what_comes_back_is_in_force_again(batch: Factory) -> None:
    assert batch.cli("labels", "B1", "--labels-per-file", 48, "--again").code == 0
    assert batch.cli("labels", "B1", "--labels-per-file", 24, "--again").code == 0
    all_is_right(batch, ["B1-labels-0001.pdf", "B1-labels-0002.pdf"])


@pytest.mark.parametrize("shipped", [10, 48])
def test_shipped_labels_stay_in_their_files_and_in_the_index(batch: Factory, shipped: int) -> None:
    assert batch.cli("verify", "B1", folder(batch)).code == 0
    serials = [f"ebK3{number:08}" for number in range(1, shipped + 1)]
    with batch.ledger() as ledger:
        ledger.reads.record("B1", [a_read(number) for number in range(1, 49)])
    assert batch.cli("ship", "B1", *serials, "--for", "pallet 1").code == 0
    before = (folder(batch) / "B1-labels-0001.pdf").read_bytes()
    done = batch.cli("labels", "B1", "--again")
    # Of a batch that was shipped whole there is nothing to make, and nothing is written.
    assert done.code == (4 if shipped == 48 else 0), done.err
    assert f"Left out: {shipped} packages" in done.err or shipped == 48
    assert not list(folder(batch).glob("*.csv"))[1:] or shipped < 48
    assert (folder(batch) / "B1-labels-0001.pdf").read_bytes() == before
    assert sorted(serial for _, serial in indexed(batch)) == [f"ebK3{number:08}" for number in range(1, 49)]
    reconciled = batch.cli("reconcile", "B1", "--json")
    assert reconciled.json["kinds"][1]["differences"] == [], reconciled.out
    verified = batch.cli("verify", "B1", folder(batch), "--json")
    assert (verified.code, verified.json["counts"]["duplicate"]) == (0, 0), verified.out
    again = batch.cli("labels", "B1", "--again", "--json")
    assert again.code == done.code, again.err
    assert sorted(serial for _, serial in indexed(batch)) == [f"ebK3{number:08}" for number in range(1, 49)]


class Killed(BaseException):
    """The process ends here."""


def die(*_: object, **__: object) -> None:
    raise Killed


@pytest.mark.parametrize(
    ("where", "name"),
    [(PrintStore, "supersede"), (superseding, "move_into"), (Path, "unlink"), (os, "link")],
)  # fmt: skip
@pytest.mark.parametrize("then", [["labels", "B1", "--again", "--labels-per-file", "48"], ["labels", "B1"]])
def test_the_next_command_ends_what_a_kill_left(
    batch: Factory, monkeypatch: pytest.MonkeyPatch, where: object, name: str, then: list[str]
) -> None:
    kept = folder(batch) / "B1-labels-0002.pdf"
    with monkeypatch.context() as patch, pytest.raises(Killed):
        real: Callable[..., object] = getattr(where, name)

        def maybe(*arguments: object, **more: object) -> object:
            mine = name in ("supersede", "move_into") or str(kept) in map(str, arguments)
            return die() if mine else real(*arguments, **more)

        patch.setattr(where, name, maybe)
        batch.label(labels_per_file=48)
    assert kept.exists()
    verified = batch.cli("verify", "B1", folder(batch), "--json")
    assert (verified.code, verified.json["counts"]["duplicate"]) == (0, 0), verified.out
    assert batch.cli("reconcile", "B1").code == 0
    batch.cli(*then)
    assert not kept.exists()
    assert "B1-labels-0002.pdf" in names(folder(batch) / "superseded")
    all_is_right(batch, ["B1-labels-0001.pdf"])


def test_stale_files_of_an_older_program_are_known_too(batch: Factory) -> None:
    """The ledger of before had no word for it: what was made last is in force all the same."""
    copy = folder(batch) / "B1-labels-0002.pdf"
    kept = copy.read_bytes()
    assert batch.cli("labels", "B1", "--labels-per-file", 48, "--again").code == 0
    shutil.rmtree(folder(batch) / "superseded")
    copy.write_bytes(kept)
    assert batch.cli("verify", "B1", folder(batch)).code == 0
    assert batch.cli("reconcile", "B1").code == 0
    assert batch.cli("run", "bulb", "--units", 48, "--id", "B1").code == 0
    assert not copy.exists()
