"""Two commands that print labels of one batch at the same moment: each label is made, named and sent once."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

import pytest

from bss_mfg.core.waiting_locks import name_lock
from bss_mfg.errors import LedgerError
from tests.helpers.factory import Factory
from tests.helpers.raw_port import END, RawPort


@pytest.fixture
def batch(factory: Factory) -> Factory:
    """A batch of 400."""
    factory.add(oob_bytes=16)
    factory.issue(400)
    return factory


def at_once(factory: Factory, *commands: Sequence[object]) -> list[tuple[int, str]]:
    running = [
        subprocess.Popen(factory.command(*one), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        for one in commands
    ]
    told = [one.communicate(timeout=200)[1] for one in running]
    return [(one.returncode, err) for one, err in zip(running, told, strict=True)]


def test_reprints_get_names_of_their_own_and_are_all_recorded(batch: Factory) -> None:
    commands = [("reprint", "B1", f"ebK3{number:08}", "--reason", f"torn {number}") for number in (1, 2, 3)]
    assert [code for code, _ in at_once(batch, *commands)] == [0, 0, 0]
    with batch.ledger() as ledger:
        made = {event.data["file"]: event.data["reason"] for event in ledger.history.events_of(("labels reprinted",))}
        known = {file.file for file in ledger.prints.label_files("B1")}
    assert sorted(made) == [f"B1-reprint-{number:03d}-0001.pdf" for number in (1, 2, 3)]
    assert sorted(made.values()) == ["torn 1", "torn 2", "torn 3"]
    folder = batch.root / "batches" / "B1" / "labels"
    assert {path.name for path in folder.glob("*.pdf")} == known == set(made)


def test_of_two_labels_one_makes_and_the_other_is_refused_clearly(batch: Factory) -> None:
    found = at_once(batch, ("labels", "B1", "--jobs", 1), ("labels", "B1", "--jobs", 1))
    assert sorted(code for code, _ in found) == [0, 4], found
    assert any("400 labels were made already" in err for _, err in found)
    with batch.ledger() as ledger:
        assert ledger.batches.counts("B1")["printed"] == 400
        assert len(list(ledger.history.events_of(("labels made",)))) == 1


def test_of_two_that_send_one_sends(batch: Factory) -> None:
    ways = ("--template", "roll-50x30", "--printer", "zpl-203", "--jobs", 1)
    with RawPort() as port:
        found = at_once(batch, *[("labels", "B1", *ways, "--send", port.address)] * 2)
        assert sorted(code for code, _ in found)[0] == 0
        assert sorted(code for code, _ in found)[1] in (4, 5), found
        assert b"".join(port.received).count(END) == 400


def test_a_lock_on_a_name_is_held_by_one_and_leaves_nothing(tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / ".lock"
    with name_lock(path, "busy", 0.0), pytest.raises(LedgerError, match="busy"), name_lock(path, "busy", 0.1):
        pass
    assert not path.exists()
    with name_lock(path, "busy", 0.0):
        assert path.exists()
    assert list(tmp_path.iterdir()) == []
