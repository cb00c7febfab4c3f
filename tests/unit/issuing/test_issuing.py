"""Issuing: once and for ever, also when typed twice, killed, or run by many at once."""

from __future__ import annotations

import random
import signal
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from bss_mfg.errors import InputError, LedgerError, RefusedError
from bss_mfg.issuing.batch import create_batch
from bss_mfg.issuing.identity_files import read_identities
from bss_mfg.issuing.request import BatchRequest
from bss_mfg.model import Identity
from tests.helpers.factory import WHO, Factory


def test_a_batch_has_what_was_asked_for(factory: Factory) -> None:
    factory.add(units_per_package=3, oob_bytes=16)
    batch = factory.issue(12)
    assert (batch.units, batch.packages) == (12, 4)
    with factory.ledger() as ledger:
        packages = list(ledger.packages("B1"))
        keys = [unit.key.reveal() for unit in ledger.units_with_keys("B1", factory.workspace.open_vault()) if unit.key]
    assert [package.number for package in packages] == [1, 2, 3, 4]
    assert [unit.serial for package in packages for unit in package.units] == [f"ebK3{n:08}" for n in range(1, 13)]
    assert len(set(keys)) == 12
    assert {len(key) for key in keys} == {16}
    assert {unit.uuid.version for package in packages for unit in package.units} == {4}


def test_the_same_command_again_gives_the_same_batch(factory: Factory) -> None:
    factory.add()
    first = factory.cli("batch", "create", "bulb", "--units", 5, "--id", "B1", "--json")
    again = factory.cli("batch", "create", "bulb", "--units", 5, "--id", "B1", "--json")
    assert (first.code, again.code) == (0, 0)
    assert (first.json["created"], again.json["created"]) == (True, False)
    assert factory.rows("SELECT count(*) FROM unit") == [(5,)]


@pytest.mark.parametrize("change", ["units", "product", "identities", "units_per_package"])
def test_the_same_id_with_other_arguments_is_refused(factory: Factory, tmp_path: Path, change: str) -> None:
    factory.add()
    factory.add("other")
    factory.issue(6)
    (tmp_path / "six.csv").write_text("serial\n" + "".join(f"X{n}\n" for n in range(6)))
    arguments = {
        "units": ["bulb", "--units", 7],
        "product": ["other", "--units", 6],
        "identities": ["bulb", "--units", 6, "--identities", tmp_path / "six.csv"],
        "units_per_package": ["bulb", "--units", 6],
    }[change]
    if change == "units_per_package":
        path = factory.root / "products" / "bulb.toml"
        path.write_text(path.read_text().replace("units_per_package = 1", "units_per_package = 2"))
    refused = factory.cli("batch", "create", *arguments, "--id", "B1")
    assert refused.code == 4
    assert "other arguments" in refused.err
    assert factory.rows("SELECT count(*) FROM unit") == [(6,)]


def test_without_an_id_batches_are_numbered(factory: Factory) -> None:
    factory.add()
    ids = [factory.cli("batch", "create", "bulb", "--units", 1).out.strip() for _ in range(2)]
    assert ids == ["bulb-0001", "bulb-0002"]


def test_identities_are_taken_as_they_are(factory: Factory, tmp_path: Path) -> None:
    given = uuid.UUID("00112233-4455-6677-8899-aabbccddeeff")
    path = tmp_path / "ids.csv"
    path.write_text(f"serial,uuid,mac\n0001,{given},C4:7C:8D:6A:10:25\n0002,,\n")
    factory.add()
    done = factory.cli("batch", "create", "bulb", "--units", 2, "--id", "B1", "--identities", path)
    assert done.code == 0
    with factory.ledger() as ledger:
        first, second = (package.units[0] for package in ledger.packages("B1"))
    assert (first.serial, first.uuid, first.mac) == ("0001", given, "C47C8D6A1025")
    assert (second.serial, second.mac) == ("0002", None)


def test_odd_uuids_are_warned_about_not_refused(factory: Factory, tmp_path: Path) -> None:
    path = tmp_path / "ids.csv"
    path.write_text("serial,uuid\nA1,ffffffffffffffffffffffffffffffff\n")
    factory.add()
    done = factory.cli("batch", "create", "bulb", "--units", 1, "--identities", path)
    assert done.code == 0
    assert "Warning: 1 UUID is not" in done.err


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
        assert [batch.id for batch in ledger.batches()] == ["B1"]
        assert ledger.check() > 0


def test_a_repeating_generator_stops_the_line(factory: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
    from bss_mfg import credentials

    factory.add()
    monkeypatch.setattr(credentials.secrets, "token_bytes", lambda size: b"\7" * size)
    with pytest.raises(LedgerError, match="issued twice") as caught:
        factory.issue(2)
    assert "stop the line" in caught.value.way_out


def test_a_changed_key_needs_an_explicit_act(factory: Factory) -> None:
    factory.add()
    factory.issue(1)
    factory.cli("dev-key", "second")
    (factory.root / "products" / "bulb.pem").write_bytes((factory.root / "dev-keys" / "second.public.pem").read_bytes())
    refused = factory.cli("batch", "create", "bulb", "--units", 1, "--id", "B2")
    assert refused.code == 5
    assert "product repin bulb" in refused.err
    assert factory.cli("product", "repin", "bulb", "--reason", "rotated").code == 0
    assert factory.cli("batch", "create", "bulb", "--units", 1, "--id", "B2").code == 0
    with factory.ledger() as ledger:
        kinds = [event.kind for event in ledger.events()]
    assert kinds.count("key repinned") == 1


def test_units_must_fill_packages(factory: Factory) -> None:
    factory.add(units_per_package=2)
    with pytest.raises(InputError, match="do not fill"):
        factory.issue(3)


def test_identities_and_units_must_agree(factory: Factory, tmp_path: Path) -> None:
    factory.add()
    (tmp_path / "ids.csv").write_text("serial\nA1\n")
    loaded = factory.workspace.product("bulb")
    with factory.ledger() as ledger, pytest.raises(InputError, match="has 1 rows, 2 units"):
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


@pytest.mark.slow
def test_killed_at_fifty_moments_and_run_again(factory: Factory) -> None:
    """kill -9 anywhere in `batch create --units 2000`, then the same command: exactly 2,000 units, no duplicate."""
    factory.add(oob_bytes=16)
    start = time.monotonic()
    assert (
        subprocess.run(
            factory.command("batch", "create", "bulb", "--units", 2000, "--id", "whole"), check=False
        ).returncode
        == 0
    )
    whole = time.monotonic() - start
    moments, finished = random.Random(20), 0
    for number in range(50):
        command = factory.command("batch", "create", "bulb", "--units", 2000, "--id", f"K{number}")
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(moments.uniform(0.15, 1.05) * whole)
        process.send_signal(signal.SIGKILL)
        process.wait()
        finished += ("K" + str(number),) in factory.rows("SELECT id FROM batch")
        assert subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode == 0
    assert finished < 50, "every kill came too late to test anything"
    assert factory.rows("PRAGMA integrity_check") == [("ok",)]
    counts = factory.rows(
        "SELECT b.id, b.units, count(*), count(DISTINCT u.uuid), count(DISTINCT u.key_digest), "
        "count(DISTINCT u.serial) "
        "FROM batch b JOIN unit u ON u.batch = b.no GROUP BY b.no",
    )
    assert len(counts) == 51
    assert all(row[1:] == (2000, 2000, 2000, 2000, 2000) for row in counts)
    with factory.ledger() as ledger:
        ledger.check()


@pytest.mark.slow
def test_eight_at_once(factory: Factory) -> None:
    factory.add(oob_bytes=16)
    processes = [
        subprocess.Popen(
            factory.command("batch", "create", "bulb", "--units", 200, "--id", f"P{number % 7}"),
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )
        for number in range(8)
    ]  # fmt: skip
    errors = [process.communicate()[1] for process in processes]
    assert [process.returncode for process in processes] == [0] * 8, errors
    assert factory.rows("SELECT count(*), count(DISTINCT uuid), count(DISTINCT serial) FROM unit") == [
        (1400, 1400, 1400)
    ]


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
        assert ledger.batches() == []
