"""`batch create`: once and for ever, also when typed twice."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from bss_mfg.errors import InputError
from tests.helpers.factory import Factory


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
        first, second = (package.units[0] for package in ledger.packages.stream("B1"))
    assert (first.serial, first.uuid, first.mac) == ("0001", given, "C47C8D6A1025")
    assert (second.serial, second.mac) == ("0002", None)


def test_odd_uuids_are_warned_about_not_refused(factory: Factory, tmp_path: Path) -> None:
    path = tmp_path / "ids.csv"
    path.write_text("serial,uuid\nA1,ffffffffffffffffffffffffffffffff\n")
    factory.add()
    done = factory.cli("batch", "create", "bulb", "--units", 1, "--identities", path)
    assert done.code == 0
    assert "Warning: 1 UUID is not" in done.err


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
        kinds = [event.kind for event in ledger.history.events()]
    assert kinds.count("key repinned") == 1


def test_a_key_is_accepted_only_where_one_is_bound_and_another_lies_there(factory: Factory) -> None:
    """The ledger decides, in the transaction that changes it; the command only says what came of it."""
    factory.add()
    with factory.ledger() as ledger, pytest.raises(InputError, match="no batch of bulb"):
        ledger.products.repin_key("bulb", "0" * 64, "rotated")
    assert factory.cli("product", "repin", "bulb", "--reason", "rotated").code == 3
    factory.issue(1)
    with factory.ledger() as ledger:
        bound = ledger.products.key_fingerprint("bulb")
        assert bound is not None
        with pytest.raises(InputError, match="without a reason"):
            ledger.products.repin_key("bulb", "0" * 64, " ")
        assert ledger.products.repin_key("bulb", bound, "the same") == bound
        assert "key repinned" not in [event.kind for event in ledger.history.events()]
    again = factory.cli("product", "repin", "bulb", "--reason", "the same")
    assert again.code == 0 and "nothing changed" in again.err
