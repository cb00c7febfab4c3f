"""Issuing: once and for ever, also when typed twice, killed, or run by many at once."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from bss_mfg.errors import InputError, LedgerError, RefusedError
from bss_mfg.issuing.batch import create_batch
from bss_mfg.issuing.identity_files import read_identities
from bss_mfg.issuing.request import BatchRequest
from bss_mfg.ledger.keys import open_keys
from bss_mfg.model import Identity
from tests.helpers.factory import WHO, Factory


def test_a_batch_has_what_was_asked_for(factory: Factory) -> None:
    factory.add(units_per_package=3, oob_bytes=16)
    batch = factory.issue(12)
    assert (batch.units, batch.packages) == (12, 4)
    with factory.ledger() as ledger:
        packages = list(ledger.packages.stream("B1"))
        keys = [unit.key.reveal() for unit in open_keys(ledger).units("B1", factory.workspace.open_vault()) if unit.key]
    assert [package.number for package in packages] == [1, 2, 3, 4]
    assert [unit.serial for package in packages for unit in package.units] == [f"ebK3{n:08}" for n in range(1, 13)]
    assert len(set(keys)) == 12
    assert {len(key) for key in keys} == {16}
    assert {unit.uuid.version for package in packages for unit in package.units} == {4}


@pytest.mark.parametrize("field", ["serial", "uuid"])
def test_nothing_is_issued_twice_across_batches(factory: Factory, field: str) -> None:
    factory.add()
    loaded, vault = factory.workspace.product("bulb"), factory.workspace.open_vault()
    spec, known = factory.workspace.spec("amazon-bss-ob04"), uuid.uuid4()
    with factory.ledger() as ledger:
        create_batch(ledger, vault, BatchRequest(loaded, spec, 1, "B1", [Identity("A1", known)]))
        clash = Identity("A1", None) if field == "serial" else Identity("A2", known)
        with pytest.raises(LedgerError, match="issued twice"):
            create_batch(ledger, vault, BatchRequest(loaded, spec, 2, "B2", [Identity("A3"), clash]))
        assert [batch.id for batch in ledger.batches.all()] == ["B1"]
        assert ledger.check() > 0


def test_a_repeating_generator_stops_the_line(factory: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
    from bss_mfg import credentials

    factory.add()
    monkeypatch.setattr(credentials.secrets, "token_bytes", lambda size: b"\7" * size)
    with pytest.raises(LedgerError, match="issued twice") as caught:
        factory.issue(2)
    assert "stop the line" in caught.value.way_out


def test_units_must_fill_packages(factory: Factory) -> None:
    factory.add(units_per_package=2)
    with pytest.raises(InputError, match="fill packages of"):
        factory.issue(3)


def test_identities_and_units_must_agree(factory: Factory, tmp_path: Path) -> None:
    factory.add()
    (tmp_path / "ids.csv").write_text("serial\nA1\n")
    loaded = factory.workspace.product("bulb")
    with factory.ledger() as ledger, pytest.raises(InputError, match="has 1 row, and 2 units"):
        spec, rows = factory.workspace.spec("amazon-bss-ob04"), read_identities(tmp_path / "ids.csv")
        create_batch(ledger, factory.workspace.open_vault(), BatchRequest(loaded, spec, 2, identities=rows))


def test_a_batch_id_is_refused_only_for_other_arguments(factory: Factory) -> None:
    factory.add()
    loaded, vault = factory.workspace.product("bulb"), factory.workspace.open_vault()
    spec = factory.workspace.spec("amazon-bss-ob04")
    with factory.workspace.open_ledger(WHO) as ledger:
        create_batch(ledger, vault, BatchRequest(loaded, spec, 2, "B1"))
        assert not create_batch(ledger, vault, BatchRequest(loaded, spec, 2, "B1")).created
        with pytest.raises(RefusedError):
            create_batch(ledger, vault, BatchRequest(loaded, spec, 3, "B1"))


@pytest.mark.parametrize("rows", [("A1", "B2"), ("A1", "A2", "A3"), ("A1",)])
def test_a_file_that_changes_while_it_is_read_issues_nothing(factory: Factory, rows: tuple[str, ...]) -> None:
    factory.add()
    loaded, vault = factory.workspace.product("bulb"), factory.workspace.open_vault()
    spec = factory.workspace.spec("amazon-bss-ob04")

    class Changing:
        """The third walk, when the units are made, gives other rows than those that were looked at."""

        walks = 0

        def __iter__(self) -> Iterator[Identity]:
            self.walks += 1
            return (Identity(serial) for serial in (("A1", "A2") if self.walks < 3 else rows))

    with factory.ledger() as ledger:
        with pytest.raises(InputError, match="was changed while it was read"):
            create_batch(ledger, vault, BatchRequest(loaded, spec, 2, "B1", Changing()))
        assert ledger.batches.all() == []
