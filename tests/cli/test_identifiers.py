"""What names or opens a device is issued once in a workspace: across products, batches, files and imports."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.helpers.commands import Outcome, advised
from tests.helpers.factory import Factory, give_serial
from tests.helpers.specs import PUKS

INSTALL_CODES = ("83FED3407A939723A5C639B26916D505C3B5", "00FED3407A939723A5C639B26916D505F70B")
MACS = ("BE91A2B05327F4D0", "BE91A2B05327F4D1", "BE91A2B05327F4D2", "BE91A2B05327F4D3")


def written(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n")
    return path


def create(factory: Factory, product: str, batch: str, path: Path | None, units: int) -> Outcome:
    brought = ("--identities", path) if path else ()
    return factory.cli("batch", "create", product, "--units", units, "--id", batch, *brought)


def refused(done: Outcome, *words: str) -> None:
    assert done.code == 5, done.err
    for word in words:
        assert word in done.err, done.err


# --- serials and MACs ------------------------------------------------------------------------------------------------


def test_a_product_of_the_same_pid_goes_on_after_the_numbers_of_the_other(factory: Factory) -> None:
    for name in ("bulb", "plug"):
        factory.add(name, oob_bytes=16)
    assert create(factory, "bulb", "B1", None, 3).code == 0
    assert create(factory, "plug", "P1", None, 2).code == 0
    assert create(factory, "bulb", "B2", None, 2).code == 0
    serials = [serial for (serial,) in factory.rows("SELECT serial FROM unit ORDER BY batch, number")]
    assert serials == [f"ebK3{n:08d}" for n in range(1, 8)]
    assert factory.cli("history", "ebK300000004", "--json").json[-1]["batch"] == "P1"


def test_pids_that_differ_in_case_only_do_not_issue_serials_that_do(factory: Factory) -> None:
    factory.add("bulb", oob_bytes=16)
    factory.add("plug", pid="EBK3", oob_bytes=16)
    assert create(factory, "bulb", "B1", None, 2).code == 0
    assert create(factory, "plug", "P1", None, 1).code == 0
    assert factory.rows("SELECT serial FROM unit WHERE batch = 2") == [("EBK300000003",)]


def test_a_serial_of_another_product_is_refused_by_row_whatever_its_case(factory: Factory, tmp_path: Path) -> None:
    for name in ("bulb", "plug"):
        factory.add(name, oob_bytes=16)
    assert create(factory, "bulb", "B1", written(tmp_path / "1.csv", "serial", "ab1", "x2"), 2).code == 0
    for serial in ("ab1", "AB1"):
        done = create(factory, "plug", "P1", written(tmp_path / "2.csv", "serial", "C1", serial), 2)
        refused(done, f"row 3: serial {serial} was issued in batch B1", *(["as ab1"] if serial == "AB1" else []))
    done = create(factory, "plug", "P1", written(tmp_path / "3.csv", "serial", "c7", "C7"), 2)
    assert (done.code, "row 3 has the serial of row 2" in done.err) == (3, True), done.err
    assert factory.cli("batch", "list", "--json").json[-1]["id"] == "B1"


def test_a_mac_is_issued_once_in_a_workspace(factory: Factory, tmp_path: Path) -> None:
    for name in ("bulb", "plug"):
        factory.add(name, oob_bytes=16)
    assert create(factory, "bulb", "B1", written(tmp_path / "1.csv", "serial,mac", "A1,C47C8D6A1025"), 1).code == 0
    done = create(factory, "plug", "P1", written(tmp_path / "2.csv", "serial,mac", "A2,", "A3,c4:7c:8d:6a:10:25"), 2)
    refused(done, "row 3: MAC C4:7C:8D:6A:10:25 was issued in batch B1 to A1")


@pytest.mark.parametrize("mac", ["FF:FF:FF:FF:FF:FF", "00:00:00:00:00:00", "01:00:5E:00:00:01", "0000000000000000"])
def test_a_mac_that_no_device_can_have_is_refused(factory: Factory, tmp_path: Path, mac: str) -> None:
    factory.add()
    done = create(factory, "bulb", "B1", written(tmp_path / "1.csv", "serial,mac", f"A1,{mac}"), 1)
    assert (done.code, f"row 2 has the mac '{mac}'" in done.err) == (3, True), done.err


def test_the_database_itself_refuses_a_second_mac(factory: Factory, tmp_path: Path) -> None:
    factory.add()
    assert create(factory, "bulb", "B1", written(tmp_path / "1.csv", "serial,mac", "A1,C47C8D6A1025"), 1).code == 0
    with factory.database() as database, pytest.raises(Exception, match=r"UNIQUE|unique"):
        database.execute("INSERT INTO identifier SELECT * FROM identifier")
    with factory.database() as database, pytest.raises(Exception, match="for ever"):
        database.execute("DELETE FROM identifier")


# --- what a spec brings ----------------------------------------------------------------------------------------------


def zigbee(factory: Factory, name: str = "sensor") -> None:
    factory.add(name, spec="amazon-zss-ob02", template="roll-50x30")


def test_an_install_code_is_issued_once_and_never_shown(factory: Factory, tmp_path: Path) -> None:
    zigbee(factory)
    zigbee(factory, "lock")
    head = "serial,mac,install_code"
    first = written(tmp_path / "1.csv", head, f"Z1,{MACS[0]},{INSTALL_CODES[0]}")
    assert create(factory, "sensor", "Z1", first, 1).code == 0
    blanks = " ".join(re.findall("....", INSTALL_CODES[0].lower()))
    second = written(tmp_path / "2.csv", head, f"Z2,{MACS[1]},{INSTALL_CODES[1]}", f"Z3,{MACS[2]},{blanks}")
    done = create(factory, "lock", "Z2", second, 2)
    refused(done, "row 3: its install_code was issued in batch Z1 to Z1")
    said = done.err.replace(str(second), "").lower()
    assert all(part not in said for part in re.findall("....", INSTALL_CODES[0].lower()))
    twice = written(tmp_path / "3.csv", head, *(f"Z{n},{MACS[n]},{INSTALL_CODES[1]}" for n in (1, 2)))
    done = create(factory, "lock", "Z2", twice, 2)
    assert (done.code, "row 3 has the install_code of row 2" in done.err) == (3, True), done.err


def test_public_keys_and_pins_are_issued_once(factory: Factory, tmp_path: Path) -> None:
    factory.add("camera", spec="amazon-wss-ib01")
    head = "serial,puk,pin"
    rows = [f"G3A0PA0180230{n:04},{PUKS[n]},95AD96{n:02}" for n in range(3)]
    assert create(factory, "camera", "W1", written(tmp_path / "1.csv", head, rows[0]), 1).code == 0
    for column, row in (
        ("puk", f"G3A0PA01802309999,{PUKS[0]},95AD9699"),
        ("pin", f"G3A0PA01802309999,{PUKS[7]},95AD9600"),
    ):
        done = create(factory, "camera", "W2", written(tmp_path / "2.csv", head, rows[1], row), 2)
        refused(done, f"row 3: its {column} was issued in batch W1 to G3A0PA01802300000")
    ((value,),) = factory.rows("SELECT value FROM identifier WHERE name = 'pin'")
    assert (len(value), b"95AD9600" in value) == (32, False)


def test_a_spec_says_what_need_not_be_unique(factory: Factory, tmp_path: Path) -> None:
    """One public key for all cameras of a product, and PINs that only a batch must not repeat."""
    text = factory.workspace.spec("amazon-wss-ib01").text
    text = text.replace('source = "unit.puk"\n', 'source = "unit.puk"\nunique = false\n')
    text = text.replace('source = "unit.pin"\n', 'source = "unit.pin"\nunique = "batch"\n')
    (factory.root / "specs" / "amazon-wss-ib01.toml").write_text(text)
    factory.add("camera", spec="amazon-wss-ib01")
    head = "serial,puk,pin"
    rows = [f"G3A0PA0180230{n:04},{PUKS[0]},95AD96{n:02}" for n in range(2)]
    assert create(factory, "camera", "W1", written(tmp_path / "1.csv", head, *rows), 2).code == 0
    later = [f"G3A0PA0180231{n:04},{PUKS[0]},95AD96{n:02}" for n in range(2)]
    assert create(factory, "camera", "W2", written(tmp_path / "2.csv", head, *later), 2).code == 0
    same = [f"G3A0PA0180232{n:04},{PUKS[0]},95AD9600" for n in range(2)]
    done = create(factory, "camera", "W3", written(tmp_path / "3.csv", head, *same), 2)
    assert (done.code, "row 3 has the pin of row 2" in done.err) == (3, True), done.err


def test_a_replacement_brings_no_value_a_second_time(factory: Factory, tmp_path: Path) -> None:
    zigbee(factory)
    head = "serial,mac,install_code"
    first = written(tmp_path / "1.csv", head, f"Z1,{MACS[0]},{INSTALL_CODES[0]}")
    assert create(factory, "sensor", "Z1", first, 1).code == 0
    assert factory.cli("scrap", "Z1", "Z1", "--reason", "x").code == 0

    def replace(row: str, serial: str = "Z1") -> Outcome:
        path = written(tmp_path / "2.csv", head, row)
        return factory.cli("replace", "Z1", serial, "--reason", "x", "--identities", path)

    refused(replace(f"Z2,{MACS[0]},{INSTALL_CODES[1]}"), "MAC BE:91:A2:B0:53:27:F4:D0 was issued in batch Z1 to Z1")
    refused(replace(f"Z2,{MACS[1]},{INSTALL_CODES[0]}"), "its install_code was issued in batch Z1 to Z1")
    assert replace(f"Z2,{MACS[1]},{INSTALL_CODES[1]}").code == 0
    assert factory.cli("scrap", "Z1", "Z2", "--reason", "x").code == 0
    refused(replace(f"Z3,{MACS[2]},{INSTALL_CODES[1]}", "Z2"), "its install_code was issued in batch Z1 to Z2")


# --- imports ---------------------------------------------------------------------------------------------------------


def test_an_imported_mac_is_never_issued_again(factory: Factory, tmp_path: Path) -> None:
    factory.add()
    old = written(tmp_path / "old.csv", "serial,mac", "OLD-1,C47C8D6A1025", "OLD-2,C47C8D6A1027")
    assert factory.cli("import-issued", "bulb", old).code == 0
    assert "0 new identities" in factory.cli("import-issued", "bulb", old).err
    done = create(factory, "bulb", "B1", written(tmp_path / "1.csv", "serial,mac", "A1,C47C8D6A1027"), 1)
    refused(done, "row 2: MAC C4:7C:8D:6A:10:27 was issued before bss-mfg to OLD-2")
    other = written(tmp_path / "other.csv", "serial,mac", "OLD-1,C47C8D6A1029")
    refused(factory.cli("import-issued", "bulb", other), "OLD-1 was imported before with other values")
    twin = written(tmp_path / "twin.csv", "serial,mac", "OLD-3,C47C8D6A1025")
    refused(
        factory.cli("import-issued", "bulb", twin), "row 2: MAC C4:7C:8D:6A:10:25 was issued before bss-mfg to OLD-1"
    )


def test_a_mac_that_was_issued_here_is_no_import(factory: Factory, tmp_path: Path) -> None:
    factory.add()
    assert create(factory, "bulb", "B1", written(tmp_path / "1.csv", "serial,mac", "A1,C47C8D6A1025"), 1).code == 0
    old = written(tmp_path / "old.csv", "serial,mac", "OLD-1,C47C8D6A1025")
    refused(factory.cli("import-issued", "bulb", old), "row 2: MAC C4:7C:8D:6A:10:25 was issued in batch B1 to A1")


def test_a_mac_twice_in_an_import_is_refused(factory: Factory, tmp_path: Path) -> None:
    factory.add()
    old = written(tmp_path / "old.csv", "serial,mac", "OLD-1,C47C8D6A1025", "OLD-2,C4-7C-8D-6A-10-25")
    refused(factory.cli("import-issued", "bulb", old), "row 3: MAC C4:7C:8D:6A:10:25")
    assert factory.rows("SELECT count(*) FROM imported") == [(0,)]


def test_a_second_import_brings_the_mac_that_an_earlier_version_dropped(factory: Factory, tmp_path: Path) -> None:
    factory.add()
    assert factory.cli("import-issued", "bulb", written(tmp_path / "1.csv", "serial", "OLD-1")).code == 0
    path = written(tmp_path / "2.csv", "serial,mac", "OLD-1,C47C8D6A1025")
    done = factory.cli("import-issued", "bulb", path)
    assert (done.code, "values of 1 known identity were added" in done.err) == (0, True), done.err
    refused(create(factory, "bulb", "B1", written(tmp_path / "3.csv", "serial,mac", "A1,C47C8D6A1025"), 1), "to OLD-1")


def test_an_imported_install_code_is_never_issued_again(factory: Factory, tmp_path: Path) -> None:
    zigbee(factory)
    head = "serial,mac,install_code"
    old = written(tmp_path / "old.csv", head, f"OLD-1,{MACS[0]},{INSTALL_CODES[0]}")
    assert factory.cli("import-issued", "sensor", old).code == 0
    done = create(factory, "sensor", "Z1", written(tmp_path / "1.csv", head, f"Z1,{MACS[1]},{INSTALL_CODES[0]}"), 1)
    refused(done, "row 2: its install_code was issued before bss-mfg to OLD-1")


def test_an_imported_serial_is_not_issued_by_another_product(factory: Factory, tmp_path: Path) -> None:
    for name in ("bulb", "plug"):
        factory.add(name, oob_bytes=16)
    assert factory.cli("import-issued", "bulb", written(tmp_path / "1.csv", "serial", "EBK300000001")).code == 0
    assert create(factory, "plug", "P1", None, 1).code == 0
    assert factory.rows("SELECT serial FROM unit") == [("ebK300000002",)]
    refused(
        create(factory, "plug", "P2", written(tmp_path / "2.csv", "serial", "ebk300000001"), 1),
        "row 2: serial ebk300000001 was issued before bss-mfg, as EBK300000001",
    )


# --- names that become files -----------------------------------------------------------------------------------------


def test_batch_ids_that_differ_in_case_only_are_refused(factory: Factory) -> None:
    factory.add()
    assert create(factory, "bulb", "Lot-1", None, 1).code == 0
    done = create(factory, "bulb", "lot-1", None, 1)
    assert (done.code, "Lot-1" in done.err) == (4, True), done.err
    with factory.database() as database, pytest.raises(Exception, match="upper and lower case"):
        names = [column[0] for column in database.execute("SELECT * FROM batch").description][2:]
        database.execute(f"INSERT INTO batch SELECT 99, 'LOT-1', {', '.join(names)} FROM batch")  # noqa: S608


def test_running_batch_ids_keep_clear_of_those_that_differ_in_case_only(factory: Factory) -> None:
    factory.add("bulb")
    factory.add("Plug", serial="P{n:08}")
    assert create(factory, "bulb", "PLUG-0001", None, 1).code == 0
    assert factory.cli("batch", "create", "Plug", "--units", 1).out.strip() == "Plug-0002"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("product", "add", "Bulb"), ("product", "add", "bulb")),
        (("template", "copy", "roll-50x30", "Mine"), ("template", "copy", "roll-50x30", "mine")),
        (("printer", "add", "Zebra", "--like", "zpl-203"), ("printer", "add", "zebra", "--like", "zpl-203")),
        (("dev-key", "Key"), ("dev-key", "key")),
    ],
    ids=["product", "template", "printer", "key"],
)
def test_names_of_files_that_differ_in_case_only_are_refused(
    factory: Factory, first: tuple[str, ...], second: tuple[str, ...]
) -> None:
    key = factory.root / "dev-keys" / "amazon.public.pem"
    more = ("--pid", "ebK3", "--upc", "841667145075", "--public-key", key) if first[0] == "product" else ()
    done = factory.cli(*first, *more)
    assert done.code == 0, done.err
    done = factory.cli(*second, *more)
    assert (done.code, "upper and lower case" in done.err) == (4, True), done.err


def test_a_product_does_not_come_back_under_a_name_of_other_case(factory: Factory) -> None:
    factory.add("Bulb", oob_bytes=16)
    assert create(factory, "Bulb", "B1", None, 1).code == 0
    (factory.root / "products" / "Bulb.toml").rename(factory.root / "products" / "bulb.toml")
    done = create(factory, "bulb", "B2", None, 1)
    assert (done.code, "Bulb.toml" in done.err) == (4, True), done.err
    (factory.root / "products" / "bulb.toml").rename(factory.root / "products" / "Bulb.toml")
    assert create(factory, "Bulb", "B2", None, 1).code == 0


@pytest.mark.parametrize("name", ["A1.", "CON", "nul.7", "com1"])
def test_serials_that_can_be_no_file_on_windows_are_refused(factory: Factory, tmp_path: Path, name: str) -> None:
    factory.add()
    done = create(factory, "bulb", "B1", written(tmp_path / "1.csv", "serial", name), 1)
    assert (done.code, "row 2" in done.err) == (3, True), done.err
    # What others issued is what it is.
    assert factory.cli("import-issued", "bulb", written(tmp_path / "2.csv", "serial", name)).code == 0


@pytest.mark.parametrize("name", ["B1.", "B1 ", "CON", "aux.1", " B1", "B..1"])
def test_batch_ids_that_can_be_no_folder_on_windows_are_refused(factory: Factory, name: str) -> None:
    factory.add()
    assert create(factory, "bulb", name, None, 1).code == 3
    assert factory.cli("run", "bulb", "--units", 1, "--id", name, "--plan").code == 3


def test_a_serial_pattern_ends_with_no_dot(factory: Factory) -> None:
    key = factory.root / "dev-keys" / "amazon.public.pem"
    done = factory.cli(
        "product", "add", "bulb", "--pid", "ebK3", "--upc", "841667145075", "--public-key", key, "--serial", "{n:08}."
    )
    assert (done.code, "--serial" in done.err) == (3, True), done.err


# --- numbers that are left -------------------------------------------------------------------------------------------


def test_numbers_between_serials_from_files_are_used(factory: Factory, tmp_path: Path) -> None:
    """99 numbers, 60 of them taken from files: the 39 that are free are issued, though no 39 stand in a row."""
    factory.add(serial="S{n:02}", oob_bytes=16)
    taken = [n for n in range(1, 100) if n % 5 in (1, 2, 3)]
    path = written(tmp_path / "1.csv", "serial", *(f"S{n:02}" for n in taken))
    assert create(factory, "bulb", "B1", path, len(taken)).code == 0
    left = 99 - len(taken)
    done = create(factory, "bulb", "B2", None, left + 1)
    assert done.code == 3
    assert f"{left} of its numbers are free" in done.err, done.err
    assert "all its numbers are used" not in done.err
    done = create(factory, "bulb", "B2", None, left)
    assert done.code == 0, done.err
    assert {serial for (serial,) in factory.rows("SELECT serial FROM unit")} == {f"S{n:02}" for n in range(1, 100)}
    done = create(factory, "bulb", "B3", None, 1)
    assert (done.code, "all its numbers are used" in done.err) == (3, True)


def test_the_way_out_of_a_full_pattern_works(factory: Factory) -> None:
    factory.add(serial="S{n:01}", oob_bytes=16)
    assert create(factory, "bulb", "B1", None, 4).code == 0
    done = create(factory, "bulb", "B2", None, 9)
    assert (done.code, "no more than 5 units" in done.err, "{n:010}" in done.err) == (3, True, True), done.err
    assert create(factory, "bulb", "B2", None, 5).code == 0
    file = factory.root / "products" / "bulb.toml"
    file.write_text(file.read_text().replace("{n:01}", "{n:010}"))
    assert create(factory, "bulb", "B3", None, 9).code == 0


# --- history ---------------------------------------------------------------------------------------------------------


def test_a_history_never_merges_two_devices(factory: Factory) -> None:
    """Ledgers of earlier versions may hold one serial of two products."""
    for name in ("bulb", "plug"):
        factory.add(name, oob_bytes=16)
        factory.issue(1, name, product=name)
    give_serial(factory, "ebK300000002", "ebK300000001")
    done = factory.cli("history", "ebK300000001")
    assert done.code == 3, done.err
    commands = advised(done)
    assert [words[0] for words in commands] == ["history", "history"], done.err
    seen = [factory.cli(*words, "--json").json for words in commands]
    assert [{event["batch"] for event in events} for events in seen] == [{"bulb"}, {"plug"}]
    assert factory.cli("history", "ebK300000002").code == 3
