"""A scrapped unit's place is taken by a new one, with a new barcode; packages are shipped; foreign identities stay
foreign."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from pathlib import Path

import pytest

from tests.helpers.factory import Factory, a_read


@pytest.fixture
def line(factory: Factory) -> Factory:
    """Four packages of two, printed."""
    factory.add(oob_bytes=16, units_per_package=2)
    factory.issue(8)
    factory.label(template="multipack-100x70")
    return factory


def payloads(factory: Factory) -> dict[int, str]:
    with factory.ledger() as ledger:
        return {package.number: package.payload for package in ledger.packages.stream("B1")}


def keys_of(factory: Factory, to: str = "keys.csv") -> dict[str, tuple[str, str]]:
    out = factory.root / to
    assert factory.cli("program", "B1", "--format", "csv", "--out", out).code == 0
    with out.open() as file:
        return {row["serial"]: (row["uuid"], row["oob_key"]) for row in csv.DictReader(file)}


def swap(factory: Factory, serial: str = "ebK300000003", *more: object) -> dict[str, str]:
    """Scrap and replace; old serial -> new serial."""
    assert factory.cli("scrap", "B1", serial, "--reason", "dropped").code == 0
    done = factory.cli("replace", "B1", serial, "--reason", "dropped", "--json", *more)
    assert done.code == 0, done.err
    return {item["serial"]: item["by"] for item in done.json["replaced"]}


def test_a_new_unit_takes_the_place_and_the_package_gets_a_new_barcode(line: Factory) -> None:
    before = payloads(line)
    assert swap(line) == {"ebK300000003": "ebK300000009"}
    after = payloads(line)
    assert [number for number in after if after[number] != before[number]] == [2]
    with line.ledger() as ledger:
        package = next(ledger.packages.stream("B1", 2, 1))
        assert ([unit.serial for unit in package.units], package.revision) == (["ebK300000009", "ebK300000004"], 2)
        assert not package.scrapped
        assert ledger.check() > 0
    keys = keys_of(line)
    assert list(keys) == [f"ebK30000000{number}" for number in (1, 2, 4, 5, 6, 7, 8, 9)]
    decrypted = line.cli("inspect", after[2], "--private-key", line.private_key, "--json")
    assert decrypted.code == 0, decrypted.err
    for serial in ("ebK300000009", "ebK300000004"):
        assert keys[serial][0].lower() in json.dumps(decrypted.json).lower().replace("-", "")


def test_a_unit_is_replaced_once(line: Factory) -> None:
    swap(line)
    again = line.cli("replace", "B1", "ebK300000003", "--reason", "dropped")
    assert (again.code, again.out) == (0, "ebK300000003 ebK300000009\n")
    whole = line.cli("replace", "B1", "ebK300000001", "--reason", "no")
    assert whole.code == 4
    assert "printed can't be replaced" in whole.err
    assert line.cli("replace", "B1", "stranger", "--reason", "no").code == 3
    assert swap(line, "ebK300000009") == {"ebK300000009": "ebK300000010"}
    with line.ledger() as ledger:
        package = next(ledger.packages.stream("B1", 2, 1))
        assert ([unit.serial for unit in package.units], package.revision) == (["ebK300000010", "ebK300000004"], 3)
        assert ledger.check() > 0
    assert line.issue(2, "B2").units == 2
    with line.ledger() as ledger:
        assert next(ledger.packages.stream("B2")).serials_text == "ebK300000011, ebK300000012"


def test_both_scrapped_units_of_a_package_are_replaced_together(line: Factory) -> None:
    line.cli("scrap", "B1", "ebK300000003", "ebK300000004", "--reason", "dropped")
    one = line.cli("replace", "B1", "ebK300000003", "--reason", "dropped")
    assert one.code == 4
    assert "another scrapped unit: ebK300000004" in one.err
    with line.ledger() as ledger:
        assert ledger.batches.counts("B1")["replaced"] == 0
    both = line.cli("replace", "B1", "ebK300000003", "ebK300000004", "--reason", "dropped")
    assert both.code == 0, both.err
    with line.ledger() as ledger:
        assert next(ledger.packages.stream("B1", 2, 1)).serials_text == "ebK300000009, ebK300000010"


def test_the_old_label_is_wrong_and_the_new_one_right(line: Factory) -> None:
    old = payloads(line)[2]
    new_serial = swap(line)["ebK300000003"]
    printed = line.cli("reprint", "B1", new_serial, "--reason", "replaced", "--json")
    assert printed.code == 0, printed.err
    (sheet,) = printed.json["files"]
    old_sheet = next((line.root / "batches" / "B1" / "labels").glob("B1-labels-*.pdf"))
    outcome = line.cli("verify", "B1", old_sheet, "--json")
    assert outcome.code == 1
    wrong, missing = [row for row in outcome.json["findings"] if row["verdict"] != "matched"]
    # The old label is told by the serials that stand on it; the new one was in none of these pictures.
    assert (wrong["verdict"], wrong["package"], wrong["serials"]) == ("mismatched", 2, "ebK300000003, ebK300000004")
    assert f"ebK300000003 was replaced by {new_serial}" in wrong["detail"]
    assert (missing["verdict"], missing["unseen"]) == ("missing", True)
    assert missing["serials"] == f"{new_serial}, ebK300000004"
    assert line.cli("verify", "B1", sheet, "--partial").code == 0
    reads = f"{old}\n{payloads(line)[2]}\n"
    station = line.cli("scan", "B1", "--plain", stdin=reads)
    first, second = station.out.splitlines()[:2]
    assert first.startswith("SCRAPPED: ebK300000003, ebK300000004; ")
    assert f"ebK300000003 was replaced by {new_serial}" in first
    explained = line.cli("inspect", old, "--json")
    assert explained.code == 1
    assert explained.json[0]["issued"] == {"batch": "B1", "package": 2, "serials": "ebK300000003, ebK300000004"}
    assert second.startswith("OK") or "ALREADY" in second


def test_the_books_balance_over_a_replacement(line: Factory) -> None:
    with line.ledger() as ledger:
        for package in (1, 2, 3, 4):
            ledger.reads.record("B1", [a_read(package)])
    new = swap(line)["ebK300000003"]
    assert line.cli("close", "B1").code == 4  # the new barcode was never printed
    closed = line.cli(
        "close", "B1", "--unprinted", 1, "--reason", "x"
    )  # printed 4 (one superseded), verified 3, scrapped 1
    assert closed.code == 0, closed.err
    assert "1 package never printed" in closed.err
    with line.ledger() as ledger:
        found = ledger.batches.balance("B1")
        assert (found.printed, found.verified, found.scrapped) == (4, 3, 1)
        assert ledger.units.states("B1", ["ebK300000003", new]) == {"ebK300000003": "scrapped", new: "issued"}


def test_a_manifest_and_a_table_name_the_new_unit_alone(line: Factory) -> None:
    swap(line)
    log, table = line.root / "log.json", line.root / "t.jsonl"
    assert "of 4 packages" in line.cli("manifest", "B1", "--format", "control-log", "--out", log).err
    assert line.cli("manifest", "B1", "--format", "jsonl", "--out", table).code == 0
    for text in (log.read_text(), table.read_text()):
        assert "ebK300000009" in text
        assert "ebK300000003" not in text


def test_labels_for_units_go_by_place(line: Factory) -> None:
    swap(line)
    made = line.cli("labels", "B1", "--template", "device-30x20", "--json")
    assert made.code == 0, made.err
    index = Path(made.json["index"]).read_text()
    serials = re.findall(r"ebK3\d+", index)
    assert serials == [f"ebK3{number:08d}" for number in (1, 2, 9, 4, 5, 6, 7, 8)]


def test_a_replacement_brings_its_own_identity(line: Factory, tmp_path: Path) -> None:
    given = tmp_path / "ids.csv"
    given.write_text("serial,uuid\nX-1,70CF7C9732A345B691494810D2E9CBF4\n")
    assert swap(line, "ebK300000003", "--identities", given) == {"ebK300000003": "X-1"}
    line.cli("scrap", "B1", "ebK300000005", "--reason", "dropped")
    twice = line.cli("replace", "B1", "ebK300000005", "--reason", "dropped", "--identities", given)
    assert twice.code == 5
    assert "was issued in batch B1" in twice.err


def test_a_label_run_goes_on_around_a_scrapped_unit(factory: Factory) -> None:
    factory.add()
    factory.issue(30)

    def stop(done: int, total: int) -> None:
        if done >= 24:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        factory.label(labels_per_file=24, again=False, progress=stop)
    factory.cli("scrap", "B1", "ebK300000002", "ebK300000026", "--reason", "dropped")
    made = factory.cli("labels", "B1", "--template", "sheet-a4-24", "--labels-per-file", 24, "--json")
    assert made.code == 0, made.err
    assert (made.json["unchanged"], made.json["left_out"]) == (1, 2)
    with factory.ledger() as ledger:
        numbers = [list(part.numbers) for part in ledger.prints.label_files("B1")]
    assert numbers == [list(range(1, 25)), [25, 27, 28, 29, 30]]


def test_a_shipped_package_is_neither_printed_nor_scrapped_until_it_comes_back(line: Factory) -> None:
    early = line.cli("ship", "B1", "ebK300000001", "--for", "pallet 1")
    assert early.code == 4
    assert "printed can't be shipped" in early.err
    with line.ledger() as ledger:
        for package in (1, 2, 3):
            ledger.reads.record("B1", [a_read(package)])
    line.cli("scrap", "B1", "ebK300000003", "--reason", "dropped")
    assert line.cli("ship", "B1", "ebK300000004", "--for", "p").code == 4  # its neighbour is scrapped
    done = line.cli("ship", "B1", "--verified", "--for", "pallet 1")
    assert "2 packages shipped" in done.err
    assert "0 packages shipped" in line.cli("ship", "B1", "--verified", "--for", "pallet 1").err
    for command in (("scrap", "B1", "ebK300000001"), ("reprint", "B1", "ebK300000005")):
        refused = line.cli(*command, "--reason", "x")
        assert refused.code == 4, command
        assert "shipped" in refused.err
    assert line.cli("ship", "B1", "ebK300000001", "--returned", "--for", "broken").code == 0
    assert line.cli("scrap", "B1", "ebK300000001", "--reason", "broken").code == 0
    with line.ledger() as ledger:
        shipped = ledger.history.events_of(("packages shipped", "packages returned"))
        events = [event.data["packages"] for event in shipped]
    assert events == [[[1, 1], [3, 3]], [[1, 1]]]
    assert line.cli("ship", "B1", "--for", "x").code == 2


UUID = "70cf7c97-32a3-45b6-9149-4810d2e9cbf4"


KEY = "000102030405060708090a0b0c0d0e0f"


def old_list(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / "old.csv"
    path.write_text("\n".join(["serial,uuid,oob_key", *rows]) + "\n")
    return path


def test_imported_identities_are_never_issued(factory: Factory, tmp_path: Path) -> None:
    factory.add()
    listed = old_list(tmp_path, f"ebK300000002,{UUID},{KEY}", "OLD-7,,")
    done = factory.cli("import-issued", "bulb", listed)
    assert done.code == 0, done.err
    assert "2 new identities" in done.err
    assert "0 new identities" in factory.cli("import-issued", "bulb", listed).err
    assert "ebK300000001" not in [unit.serial for unit in units(factory, 2)]  # 2 is taken, so the run starts behind it
    for row, what in ((f"NEW-1,{UUID}", "Device UUID"), ("OLD-7,", "serial OLD-7")):
        given = tmp_path / "ids.csv"
        given.write_text(f"serial,uuid\n{row}\n")
        refused = factory.cli("batch", "create", "bulb", "--units", 1, "--identities", given)
        assert refused.code == 5, what
        assert f"{what}" in refused.err
        assert "before bss-mfg" in refused.err
    kept = {value for row in factory.rows("SELECT * FROM imported") for value in row if isinstance(value, bytes)}
    assert not any(bytes.fromhex(KEY) in value for value in kept)
    assert hashlib.sha256(bytes.fromhex(KEY)).digest() in kept
    if factory.workspace.ledger_file.exists():
        assert KEY not in factory.workspace.ledger_file.read_bytes().hex()


def units(factory: Factory, count: int) -> list[object]:
    factory.issue(count)
    with factory.ledger() as ledger:
        return [unit for package in ledger.packages.stream("B1") for unit in package.units]


def test_the_database_itself_refuses_an_imported_identity(factory: Factory, tmp_path: Path) -> None:
    """Also where the program forgets to ask: the key's digest, as a broken generator would bring it back."""
    factory.add()
    factory.issue(1)
    factory.cli("import-issued", "bulb", old_list(tmp_path, f"OLD-7,{UUID},{KEY}"))
    digest = hashlib.sha256(bytes.fromhex(KEY)).digest()
    with factory.database() as db:
        for serial, octets, key in (("N1", b"u" * 16, digest), ("OLD-7", b"v" * 16, b"k" * 32),
                                    ("N2", bytes.fromhex(UUID.replace("-", "")), b"k" * 32)):  # fmt: skip
            with pytest.raises(Exception, match="before bss-mfg"):
                db.execute(
                    "INSERT INTO unit (batch, number, package, product, serial, uuid, key_digest) "
                    "VALUES (1, 9, 1, 1, ?, ?, ?)",
                    (serial, octets, key),
                )


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("ebK300000001,,", "ebK300000001 was issued in batch B1"),
        (f"A,{UUID},nothex", "oob_key that is not 32 or 64 hex digits"),
        ("=cmd(),,", "formula"),
        (f"B,{UUID},{KEY}", "Device UUID"),
        (f"OLD-7,,{KEY}", "other values"),
    ],
)
def test_a_contradicting_list_is_refused_whole(factory: Factory, tmp_path: Path, row: str, says: str) -> None:
    factory.add()
    factory.issue(1)
    factory.cli("import-issued", "bulb", old_list(tmp_path, f"OLD-7,{UUID},{KEY}"))
    listed = tmp_path / "two.csv"
    listed.write_text(f"serial,uuid,oob_key\nFINE-1,,\n{row}\n")
    refused = factory.cli("import-issued", "bulb", listed)
    assert refused.code in (3, 5)
    assert says in refused.err
    assert KEY not in refused.err
    assert "nothex" not in refused.err
    with factory.ledger() as ledger:
        assert ledger.identities.issued_serials(["FINE-1"]) == {}


def test_a_replaced_unit_gets_no_label_by_name(line: Factory) -> None:
    new = swap(line)["ebK300000003"]
    refused = line.cli("reprint", "B1", "ebK300000003", "--reason", "eaten")
    assert refused.code == 4
    assert f"ebK300000003 by {new}" in refused.err


def test_what_the_guide_says_of_a_multi_pack_with_a_scrapped_unit(line: Factory, tmp_path: Path) -> None:
    """The other devices are programmed all the same; the package as a whole is told to Amazon once it is whole."""
    units = len(line.rows("SELECT 1 FROM unit"))
    assert line.cli("scrap", "B1", "ebK300000003", "--reason", "dropped").code == 0
    keys = tmp_path / "keys.csv"
    assert line.cli("program", "B1", "--format", "csv", "--out", keys).code == 0
    told = keys.read_text()
    assert told.count("\n") == units and "ebK300000004" in told and "ebK300000003" not in told
    made = line.cli("manifest", "B1", "--out", f"{tmp_path}/up/", "--json")
    assert (made.code, made.json["left_out"]) == (0, 1)
    log = Path(made.json["files"][0]["file"]).read_text()
    assert "ebK300000004" not in log and "ebK300000005" in log
