"""Two workspaces that were one: the copy issues nothing until it is adopted, and what both issued is named."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bss_mfg.ledger.event_kind import EventKind
from tests.helpers.factory import Factory


@pytest.fixture
def original(factory: Factory) -> Factory:
    """Six bulbs were issued in it."""
    factory.add(oob_bytes=16)
    factory.issue(6)
    return factory


@pytest.fixture
def copy(original: Factory, tmp_path: Path) -> Factory:
    return original.left_behind(tmp_path / "a copy")


def create(factory: Factory, batch: str, units: int = 3, code: int = 0) -> None:
    done = factory.cli("batch", "create", "bulb", "--units", units, "--id", batch)
    assert done.code == code, done.err


def adopt(factory: Factory, skip: int) -> None:
    done = factory.cli("ledger", "adopt", "--skip-serials", skip, "--reason", "tried")
    assert done.code == 0, done.err


def serials(factory: Factory, batch: str) -> list[str]:
    with factory.ledger() as ledger:
        return [unit.serial for package in ledger.packages.stream(batch) for unit in package.units]


def test_a_copy_issues_nothing(original: Factory, copy: Factory) -> None:
    before = copy.rows("SELECT count(*) FROM event")
    create(copy, "B2", code=4)
    assert copy.rows("SELECT count(*) FROM event") == before
    create(original, "B2")


def test_a_copy_replaces_and_imports_nothing(copy: Factory, tmp_path: Path) -> None:
    assert copy.cli("scrap", "B1", "ebK300000001", "--reason", "dropped").code == 0
    assert copy.cli("replace", "B1", "ebK300000001", "--reason", "dropped").code == 4
    (tmp_path / "old.csv").write_text("serial\nX1\n")
    assert copy.cli("import-issued", "bulb", tmp_path / "old.csv").code == 4


def test_a_copy_prints_and_reads_what_was_issued(copy: Factory) -> None:
    made = copy.cli("labels", "B1")
    assert made.code == 0, made.err
    assert copy.cli("verify", "B1", made.out.strip()).code == 0


def test_it_says_so_when_it_is_checked(original: Factory, copy: Factory) -> None:
    assert original.cli("ledger", "check", "--json").json["issues_here"] is True
    assert copy.cli("ledger", "check", "--json").json["issues_here"] is False


def test_a_renamed_folder_is_no_copy(original: Factory, tmp_path: Path) -> None:
    moved = tmp_path / "the new name"
    original.root.rename(moved)
    from bss_mfg.workspace.workspace import Workspace

    create(Factory(Workspace.find(str(moved), moved, {})), "B2")


@pytest.mark.sqlite
def test_a_backup_that_takes_the_place_by_hand_is_a_copy(original: Factory, tmp_path: Path) -> None:
    assert original.cli("ledger", "backup", tmp_path / "saved.db").code == 0
    create(original, "B2")
    shutil.copy(tmp_path / "saved.db", original.root / "ledger.db")
    create(original, "B3", code=4)


@pytest.mark.sqlite
def test_a_restored_ledger_issues(original: Factory, tmp_path: Path) -> None:
    assert original.cli("ledger", "backup", tmp_path / "saved.db").code == 0
    (original.root / "ledger.db").unlink()
    restored = original.cli(
        "ledger", "restore", tmp_path / "saved.db", "--skip-serials", 10, "--reason", "the disk failed"
    )
    assert restored.code == 0, restored.err
    create(original, "B2")


def test_a_ledger_that_never_noted_where_it_is_issues_and_notes_it(original: Factory, tmp_path: Path) -> None:
    with original.database() as database:
        database.execute("DELETE FROM about WHERE name = 'home'")
    create(original, "B2")
    create(original.left_behind(tmp_path / "a copy"), "B3", code=4)


def test_an_adopted_copy_leaves_numbers_out(original: Factory, copy: Factory) -> None:
    create(original, "B2", units=3)
    adopt(copy, skip=3)
    create(copy, "B3", units=2)
    assert not set(serials(original, "B2")) & set(serials(copy, "B3"))
    compared = original.cli("ledger", "compare", copy.root, "--json")
    assert compared.code == 0
    assert compared.json["same_ledger"] is True
    assert compared.json["here"]["batches"] == ["B2"]
    assert compared.json["there"]["batches"] == ["B3"]


def test_adopting_twice_leaves_numbers_out_once(copy: Factory) -> None:
    adopt(copy, skip=10)
    adopt(copy, skip=10)
    create(copy, "B2", units=1)
    assert serials(copy, "B2") == ["ebK300000017"]
    events = copy.cli("history", "B1", "--json").json
    assert events
    with copy.ledger() as ledger:
        adopted = list(ledger.history.events_of((EventKind.LEDGER_ADOPTED,)))
    assert [event.data["skipped_serials"] for event in adopted] == [10]


def test_two_copies_have_branches_of_their_own(original: Factory, copy: Factory, tmp_path: Path) -> None:
    second = original.left_behind(tmp_path / "another copy")
    marks = set()
    for one in (copy, second):
        adopt(one, skip=0)
        with one.ledger() as ledger:
            marks |= {event.data["branch"] for event in ledger.history.events_of((EventKind.LEDGER_ADOPTED,))}
    assert len(marks) == 2


def test_what_both_issued_is_named(original: Factory, copy: Factory) -> None:
    create(original, "B2", units=3)
    adopt(copy, skip=0)
    create(copy, "B2", units=2)
    create(copy, "B3", units=1)
    compared = original.cli("ledger", "compare", copy.root, "--json")
    assert compared.code == 1
    found = compared.json
    assert found["common_events"] > 0
    assert found["issued_twice"] == 4
    assert {(one["name"], one["value"], one["here"], one["there"]) for one in found["twice"]} == {
        ("batch", "B2", "B2", "B2"),
        ("serial", "ebK300000007", "B2", "B2"),
        ("serial", "ebK300000008", "B2", "B2"),
        ("serial", "ebK300000009", "B2", "B3"),
    }
    assert copy.cli("ledger", "compare", original.workspace.ledger_place.url or original.root / "ledger.db").code == 1


def test_an_older_copy_has_issued_nothing_twice(original: Factory, copy: Factory) -> None:
    create(original, "B2")
    compared = original.cli("ledger", "compare", copy.root, "--json")
    assert compared.code == 0
    assert compared.json["there"] == {"events": 0, "batches": []}


def test_workspaces_that_were_made_apart_are_compared_too(original: Factory, make_another: Factory) -> None:
    compared = original.cli("ledger", "compare", make_another.root, "--json")
    assert compared.code == 1
    assert compared.json["same_ledger"] is False
    assert compared.json["common_events"] == 0
    serials_twice = {one["value"] for one in compared.json["twice"] if one["name"] == "serial"}
    assert serials_twice == {f"ebK3{number:08}" for number in range(1, 7)}


@pytest.fixture
def make_another(new_factory, original: Factory) -> Factory:  # type: ignore[no-untyped-def]
    """Another workspace, in which six bulbs were issued too."""
    other: Factory = new_factory()
    other.add(oob_bytes=16)
    other.issue(6, "C1")
    return other


def test_a_mac_and_a_uuid_that_both_issued_are_named(original: Factory, new_factory, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    other: Factory = new_factory()
    other.add(oob_bytes=16)
    for factory, serial in ((original, "X1"), (other, "X2")):
        rows = f"serial,uuid,mac\n{serial},0f0e0d0c-0b0a-4009-8807-060504030201,AABBCCDDEE01\n"
        (tmp_path / "identities.csv").write_text(rows)
        done = factory.cli(
            "batch", "create", "bulb", "--identities", tmp_path / "identities.csv", "--id", f"OWN-{serial}"
        )
        assert done.code == 0, done.err
    named = {
        (one["name"], one["value"]) for one in original.cli("ledger", "compare", other.root, "--json").json["twice"]
    }
    assert {("mac", "AABBCCDDEE01"), ("uuid", "0F0E0D0C-0B0A-4009-8807-060504030201")} <= named


def test_what_another_ledger_issued_is_never_issued_here(original: Factory, copy: Factory) -> None:
    adopt(copy, skip=0)
    create(copy, "B2", units=3)
    done = original.cli("import-issued", "bulb", "--ledger", copy.root)
    assert done.code == 0, done.err
    assert original.cli("import-issued", "bulb", "--ledger", copy.root).code == 0
    create(original, "B3", units=2)
    assert serials(original, "B3") == ["ebK300000010", "ebK300000011"]
    assert original.cli("ledger", "compare", copy.root).code == 0


def test_what_both_issued_is_named_when_it_is_brought_in(original: Factory, copy: Factory) -> None:
    adopt(copy, skip=0)
    create(copy, "B2", units=3)
    create(original, "B3", units=1)
    done = original.cli("import-issued", "bulb", "--ledger", copy.root)
    assert done.code == 1
    assert "ebK300000007" in done.err
    create(original, "B4", units=1)
    assert serials(original, "B4") == ["ebK300000010"]


@pytest.mark.parametrize("arguments", [(), ("old.csv", "--ledger", "other")])
def test_a_file_or_a_ledger_is_brought_in(original: Factory, arguments: tuple[str, ...]) -> None:
    assert original.cli("import-issued", "bulb", *arguments).code == 2


def test_what_is_not_there_is_named(original: Factory, tmp_path: Path) -> None:
    assert original.cli("ledger", "compare", tmp_path / "nothing").code == 3
    assert original.cli("import-issued", "bulb", "--ledger", tmp_path / "nothing").code == 3
