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


@pytest.mark.parametrize("with_identities", [True, False])
@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("units", ["units: 12, it was 6"]),
        ("product", ["product: other, it was bulb", "title: Other, it was Mesh Bulb"]),
        ("title", ["title: Another, it was Mesh Bulb"]),
        ("units_per_package", ["units per package: 2, it was 1"]),
        ("stage", ["stage: production, it was development"]),
        ("identities", ["identities"]),
        ("both", ["title: Another, it was Mesh Bulb", "identities"]),
    ],
)
def test_what_differs_is_said(
    factory: Factory, tmp_path: Path, with_identities: bool, change: str, says: list[str]
) -> None:
    factory.add()
    factory.add("other", title="Other")
    path = factory.root / "products" / "bulb.toml"
    for name, first in (("six", 0), ("others", 6)):
        (tmp_path / f"{name}.csv").write_text("serial\n" + "".join(f"X{n}\n" for n in range(first, first + 6)))
    identities = ["--identities", tmp_path / "six.csv"] if with_identities else []
    assert factory.cli("batch", "create", "bulb", "--units", 6, "--id", "B1", *identities).code == 0
    text = path.read_text()
    if change in ("title", "both"):
        path.write_text(text.replace("Mesh Bulb", "Another"))
    if change == "units_per_package":
        path.write_text(text.replace("units_per_package = 1", "units_per_package = 2"))
    if change == "stage":
        path.write_text(text.replace('stage = "development"', 'stage = "production"'))
        for key in (factory.root / "dev-keys").glob("*"):
            key.unlink()
        pem = factory.root / "products" / "bulb.pem"
        pem.write_text(pem.read_text().partition("\n")[2])
    if change in ("identities", "both"):
        identities = ["--identities", tmp_path / "others.csv"]
    if change == "units" and with_identities:
        identities = []
        says = [*says, "identities"]
    product, units = "other" if change == "product" else "bulb", 12 if change == "units" else 6
    refused = factory.cli("batch", "create", product, "--units", units, "--id", "B1", *identities)
    assert refused.code == 4, refused.err
    for words in says:
        assert words in refused.err
    assert ("identities" in refused.err) == ("identities" in says), refused.err


def test_the_list_shows_how_far_each_batch_is(issued: Factory, tmp_path: Path) -> None:
    """Every state has its count, and nothing that is asked for is left out."""
    issued.issue(4, "D1", "duo")
    issued.label("B1")
    issued.cli("verify", "B1", issued.root / "batches" / "B1" / "labels")
    issued.cli("scrap", "B1", "ebK300000002", "--reason", "dropped")
    issued.cli("manifest", "B1", "--out", f"{tmp_path / 'upload'}/")
    answers = {"results": [{"serialNumber": "ebK300000001", "status": "ACCEPTED"}]}
    (tmp_path / "feedback.json").write_text(__import__("json").dumps(answers))
    assert issued.cli("program", "B1", "--format", "csv", "--out", tmp_path / "keys.csv").code == 0
    listed = {row["id"]: row for row in issued.cli("batch", "list", "--json").json}
    assert listed["B1"] | {"printed": 6, "scrapped": 1, "shipped": 0, "released": 5, "state": "open"} == listed["B1"]
    assert listed["B1"] | {"waiting": 5, "accepted": 0, "rejected": 0, "in_no_manifest": 0} == listed["B1"]
    assert listed["D1"] | {"printed": 0, "released": 0, "in_no_manifest": 4, "state": "open"} == listed["D1"]
    text = issued.cli("batch", "list").out
    assert [line.split()[0] for line in text.splitlines()] == ["ID", "B1", "D1"]
    for word in ("STATE", "PRINTED", "SHIPPED", "SCRAPPED", "RELEASED", "WAITING", "ACCEPTED", "REJECTED"):
        assert word in text.splitlines()[0]


def test_the_list_is_narrowed_by_product_state_and_day(issued: Factory) -> None:
    issued.issue(4, "D1", "duo")
    issued.issue(1, "B2")
    with issued.ledger() as ledger:
        ledger._db.execute("UPDATE batch SET created_at = '2025-05-05T23:30:00Z' WHERE id = 'B1'")
        ledger._db.execute("UPDATE batch SET closed_at = '2026-01-01T00:00:00Z' WHERE id = 'D1'")
        ledger._db.execute(
            "UPDATE batch SET closed_at = closed_at, retired_at = '2026-01-01T00:00:00Z' WHERE id = 'B2'"
        )

    def ids(*options: object) -> list[str]:
        done = issued.cli("batch", "list", "--json", *options)
        assert done.code == 0, done.err
        return [row["id"] for row in done.json]

    assert ids("--product", "bulb") == ["B1", "B2"]
    assert ids("--product", "bulb", "--product", "duo") == ["B1", "D1", "B2"]
    assert ids("--state", "open") == ["B1"]
    assert ids("--state", "closed") == ["D1"]
    assert ids("--state", "retired") == ["B2"]
    assert ids("--state", "open", "--state", "closed") == ["B1", "D1"]
    assert ids("--since", "2025-05-06") == ["D1", "B2"]
    assert ids("--until", "2025-05-05") == ["B1"]
    assert issued.cli("batch", "list", "--product", "nobody").code == 3
