"""One record, three projections: programming files, labels and control logs agree, and each lie is named."""

from __future__ import annotations

import hashlib
import json
import random
import re
import shutil
from pathlib import Path

import pytest

from bss_mfg.ledger.events import KeysReleased
from bss_mfg.ledger.keys import open_keys
from bss_mfg.manifest.log_mapping import load_mapping
from bss_mfg.reconcile.batch_records import BatchRecords
from bss_mfg.reconcile.comparison import Comparison
from bss_mfg.reconcile.control_logs import reconcile_control_logs
from bss_mfg.reconcile.programming_files import reconcile_programming
from tests.helpers.commands import Outcome
from tests.helpers.factory import Factory
from tests.helpers.reconciling import compared, log_of, made, reconciled


def said(outcome: Outcome, kind: str) -> list[tuple[str, str, str]]:
    """(unit or package, file, what) of all differences of a kind."""
    (account,) = [one for one in outcome.json["kinds"] if one["kind"] == kind]
    return [(one["unit"] or "", one["file"] or "", one["what"]) for one in account["differences"]]


def notes(outcome: Outcome, kind: str) -> str:
    (account,) = [one for one in outcome.json["kinds"] if one["kind"] == kind]
    return "\n".join(f"{one['file']}: {one['what']}" for one in account["notes"])


def test_what_was_made_agrees_and_nothing_is_written(factory: Factory) -> None:
    made(factory)
    with factory.ledger() as ledger:
        before = ledger.history.head()
    outcome = reconciled(factory, key=True)
    assert outcome.code == 0, outcome.out
    assert outcome.json["agrees"] and compared(outcome) == [6, 3, 6]
    assert "3 barcodes opened" in notes(outcome, "labels")
    with factory.ledger() as ledger:
        assert ledger.history.head() == before


def test_the_text_report_has_a_line_for_each_kind(factory: Factory) -> None:
    made(factory)
    outcome = factory.cli("reconcile", "B1")
    assert factory.cli("reconcile", "B1", "--json").json == reconciled(factory).json
    assert outcome.code == 0 and outcome.err.endswith("OK: what was read agrees with the ledger, batch B1\n")
    assert outcome.out.splitlines() == [
        "programming   1 file, 6 units compared, 0 differences",
        "labels        1 file, 3 packages compared, 0 differences",
        "control logs  1 file, 6 units compared, 0 differences",
    ]


def test_many_differences_are_bounded_as_text(factory: Factory) -> None:
    folder = made(factory, 130)
    path = folder / "keys.csv"
    header, *rows = path.read_bytes().splitlines(keepends=True)
    serials = [row.split(b",")[0] for row in rows]
    turned = [
        b",".join([serial, *row.split(b",")[1:]]) for serial, row in zip(serials, rows[1:] + rows[:1], strict=True)
    ]
    path.write_bytes(header + b"".join(turned))
    outcome = factory.cli("reconcile", "B1")
    assert outcome.code == 1
    assert "programming   and 81 more: --json has all" in outcome.out
    assert len(said(reconciled(factory), "programming")) == 131


@pytest.mark.parametrize("kept", ["sidecar as it was", "sidecar forged"])
def test_a_control_log_altered_in_one_character_is_named_at_every_position(factory: Factory, kept: str) -> None:
    folder = made(factory, 4)
    path = log_of(folder)
    data = path.read_bytes()
    lines = data.decode().split("\n")
    names = [sorted(set(re.findall(r'"serialNumber":"([^"]+)"', line))) for line in lines]
    starts = [sum(len(line) + 1 for line in lines[:number]) for number in range(len(lines))]
    draw = random.Random(4)
    positions = sorted(draw.sample(range(len(data)), 320))
    sidecar = path.with_name(f"{path.name}.json")
    document = json.loads(sidecar.read_text())
    touched: set[str] = set()
    with factory.ledger() as ledger:
        batch = ledger.batches.get("B1")
        books = BatchRecords(ledger, batch)
        mapping, logged = load_mapping(batch.spec, factory.root / "specs"), ledger.exports.control_logs("B1")

        def account() -> Comparison:
            return reconcile_control_logs(folder, sorted(folder.rglob("*")), books, mapping, logged)

        assert not account().differences
        for position in positions:
            old = chr(data[position])
            new = (
                old.swapcase()
                if old.isalpha() and draw.random() < 0.5
                else draw.choice('0aZ"\\,}{ ]:\x7f'.replace(old, ""))
            )
            altered = data[:position] + new.encode() + data[position + 1 :]
            path.write_bytes(altered)
            if kept == "sidecar forged":
                sidecar.write_text(json.dumps({**document, "sha256": hashlib.sha256(altered).hexdigest()}))
            found = account().differences
            assert any(one.file.endswith(path.name) for one in found), (position, old, new)
            number = max(index for index, start in enumerate(starts) if start <= position)
            inside = position - starts[number] < len(lines[number].rstrip(","))
            if names[number] and inside and json_differs(lines[number], position - starts[number], new):
                named = {serial for one in found for serial in one.unit.split(", ")}
                assert named & set(names[number]), (position, old, new, found)
                touched |= {key for key in KEYS if within(lines[number], key, position - starts[number])}
    assert touched == set(KEYS)


KEYS = ("serialNumber", "deviceUuid", "encryptedCredentials", "version", "advertisedProductId")


def within(line: str, key: str, at: int) -> bool:
    """Whether a position lies in the value of a key."""
    return any(found.start(1) <= at < found.end(1) for found in re.finditer(f'"{key}":"([^"]*)"', line))


def json_differs(line: str, at: int, new: str) -> bool:
    log = line.rstrip(",")
    try:
        return bool(json.loads(log[:at] + new + log[at + 1 :]) != json.loads(log))
    except ValueError:
        return True


def test_two_units_swapped_in_a_programming_file_are_both_named(factory: Factory) -> None:
    folder = made(factory)
    path = folder / "keys.csv"
    rows = [row.split(b",") for row in path.read_bytes().splitlines()]
    rows[2][1:], rows[5][1:] = rows[5][1:], rows[2][1:]
    path.write_bytes(b"".join(b",".join(row) + b"\r\n" for row in rows))
    one, other = rows[2][0].decode(), rows[5][0].decode()
    outcome = reconciled(factory)
    assert outcome.code == 1
    assert said(outcome, "programming") == [
        ("", "keys.csv", "was altered: another SHA-256 than its index says"),
        (one, "keys.csv", f"swapped with unit {other}: holds its Device UUID and OOB key"),
        (other, "keys.csv", f"swapped with unit {one}: holds its Device UUID and OOB key"),
    ]
    assert rows[2][2].decode() not in outcome.out + outcome.err


def test_a_programming_file_altered_in_one_character_is_named_at_every_position(factory: Factory) -> None:
    folder = made(factory)
    path = folder / "keys.csv"
    data = path.read_bytes()
    rows = data.splitlines(keepends=True)
    draw = random.Random(6)
    with factory.ledger() as ledger:
        batch, vault = ledger.batches.get("B1"), factory.workspace.open_vault()
        books = BatchRecords(ledger, batch)
        key = open_keys(ledger).data_key("B1", vault).to_bytes()
        releases = [release for _, release in ledger.history.records(KeysReleased, "B1")]
        at = 0
        for row in rows:
            serial = row.split(b",")[0].decode()
            for position in range(at, at + len(row)):
                new = draw.choice('0A9,"x\n'.replace(chr(data[position]), ""))
                path.write_bytes(data[:position] + new.encode() + data[position + 1 :])
                account = reconcile_programming(folder, books, key, releases)
                assert any(one.file == "keys.csv" and "was altered" in one.what for one in account.differences)
                if books.unit(serial) and position < at + len(row.rstrip()):
                    told = [one for one in account.differences if serial in one.unit + one.what]
                    assert told, (position, new, account.differences)
                    assert all(row.split(b",")[2].decode().strip() not in one.what for one in account.differences)
            at += len(row)


@pytest.mark.parametrize("form", ["bin", "zephyr", "c-header"])
def test_two_files_of_single_units_exchanged_are_both_named(factory: Factory, form: str) -> None:
    factory.add(oob_bytes=16)
    factory.issue(4)
    folder = factory.root / "batches" / "B1"
    assert factory.cli("program", "B1", "--format", form, "--out", f"{folder}/keys/").code == 0
    assert compared(reconciled(factory)) == [4, 0, 0]
    with factory.ledger() as ledger:
        serials = [package.units[0].serial for package in ledger.packages.stream("B1")]
    files = {path.name.split(".")[0]: path for path in (folder / "keys").iterdir() if not path.name.endswith(".json")}
    one, other = files[serials[0]], files[serials[2]]
    spare = one.with_name("spare")
    one.rename(spare), other.rename(one), spare.rename(other)
    found = said(reconciled(factory), "programming")
    for serial, path, owner in ((serials[0], one, serials[2]), (serials[2], other, serials[0])):
        what = [what for unit, file, what in found if (unit, file) == (serial, f"keys/{path.name}")]
        assert f"swapped with unit {owner}: holds its Device UUID and OOB key" in what
        assert "was altered: another SHA-256 than its index says" in what
    assert {unit for unit, _, _ in found} == {serials[0], serials[2]}


@pytest.mark.parametrize("name", ["B1-labels-0001.pdf", "other.pdf"])
def test_a_label_file_of_another_batch_is_named_with_that_batch(factory: Factory, name: str) -> None:
    folder = made(factory)
    other = made(factory, batch="B2")
    shutil.copy(other / "labels" / "B2-labels-0001.pdf", folder / "labels" / name)
    outcome = reconciled(factory)
    assert outcome.code == 1
    found = said(outcome, "labels")
    with factory.ledger() as ledger:
        for package in ledger.packages.stream("B2"):
            wanted = f"page {package.number}: belongs to batch B2, package {package.number}"
            assert (package.serials_text, f"labels/{name}", wanted) in found
        if name.startswith("B1"):
            assert ("", f"labels/{name}", "was altered: another SHA-256 than when it was made") in found
            for package in ledger.packages.stream("B1"):
                assert (package.serials_text, "", "no file here shows its label, though it was printed") in found
        else:
            assert len(found) == 3


def test_a_key_of_another_unit_and_a_broken_row_are_named(factory: Factory) -> None:
    folder = made(factory)
    path = folder / "keys.csv"
    whole = path.read_bytes()
    rows = [row.split(b",") for row in whole.splitlines()]
    one, other = rows[1][0].decode(), rows[3][0].decode()
    path.write_bytes(whole.replace(rows[1][2], rows[3][2]))
    assert (one, "keys.csv", f"swapped with unit {other}: holds its OOB key") in said(
        reconciled(factory), "programming"
    )
    path.write_bytes(whole.replace(rows[3][2], b"g" + rows[3][2][1:]))
    assert (other, "keys.csv", "row 4: the oob_key is not pairs of hex digits") in said(
        reconciled(factory), "programming"
    )
    path.write_bytes(b"")
    assert ("", "keys.csv", "row 1: the header is not serial,uuid,oob_key") in said(reconciled(factory), "programming")
    path.write_bytes(b"".join(b",".join(row) + b"\r\n" for row in rows if row != rows[3]))
    found = said(reconciled(factory), "programming")
    assert (other, "", "is in no programming file, though its key was released") in found
    assert ("", "keys.csv.json", "the index says 6 units, the files hold 5") in found


def test_control_logs_name_missing_doubled_and_foreign_devices(factory: Factory) -> None:
    folder = made(factory)
    path = log_of(folder)
    whole = path.read_text().split("\n")
    first, second = json.loads(whole[1].rstrip(",")), json.loads(whole[2].rstrip(","))
    serial = first["device"]["serialNumber"]
    path.write_text("\n".join(whole[:1] + whole[2:]))
    name = f"upload/{path.name}"
    assert (serial, path.name, "no control log here names it, though the ledger says so") in said(
        reconciled(factory), "control logs"
    )
    path.write_text("\n".join([whole[0], whole[1], *whole[1:]]))
    assert (serial, name, "is in lines 2 and 3") in said(reconciled(factory), "control logs")
    path.write_text("\n".join([whole[0], whole[1].replace(serial, second["device"]["serialNumber"]), *whole[2:]]))
    found = {unit: what for unit, _, what in said(reconciled(factory), "control logs") if "Device UUID" in what}
    assert found == {second["device"]["serialNumber"]: f"the Device UUID is that of unit {serial}, the ledger says "
                     + second["device"]["radios"]["bluetoothMesh"]["deviceUuid"]}  # fmt: skip
    other = log_of(made(factory, batch="B2"))
    foreign = other.read_text().split("\n")[1]
    path.write_text("\n".join([whole[0], foreign, *whole[1:]]))
    stranger = json.loads(foreign.rstrip(","))["device"]["serialNumber"]
    assert (stranger, name, "line 2 names no unit of this batch: it is a unit of batch B2, package 1") in said(
        reconciled(factory), "control logs"
    )
    shutil.copy(other, folder)
    shutil.copy(f"{other}.json", folder)
    assert ("", other.name, "is a control log of batch B2") in said(reconciled(factory), "control logs")


def test_a_bundle_with_a_unit_of_another_package_is_named(factory: Factory) -> None:
    folder = made(factory)
    path = log_of(folder)
    lines = path.read_text().split("\n")
    at = next(index for index, line in enumerate(lines) if "bundle" in line)
    mine, theirs = (re.findall(r'"serialNumber":"([^"]+)"', line) for line in lines[at : at + 2])
    path.write_text("\n".join([*lines[:at], lines[at].replace(mine[1], theirs[1]), *lines[at + 1 :]]))
    found = said(reconciled(factory), "control logs")
    assert (", ".join(mine), f"upload/{path.name}", f"it bundles {mine[0]}, {theirs[1]}, the ledger says "
            + ", ".join(mine)) in found  # fmt: skip


def test_hostile_texts_in_a_control_log_are_told_harmlessly(factory: Factory) -> None:
    folder = made(factory)
    path = log_of(folder)
    whole = path.read_bytes()
    serial = re.findall(rb'"serialNumber":"([^"]+)"', whole)[0]
    for text in (b"\\ud800", b"\\u001b[2J", "Ж".encode(), b"\\u202e", b"=1+1"):
        path.write_bytes(whole.replace(serial, text))
        found = said(reconciled(factory), "control logs")
        assert serial.decode() in {unit for unit, _, _ in found}
        assert all("".join(one).isascii() and "".join(one).isprintable() for one in found)


def test_files_that_lie_elsewhere_are_said(factory: Factory) -> None:
    folder = made(factory)
    (folder / "keys.csv").unlink()
    outcome = reconciled(factory)
    assert outcome.code == 0 and compared(outcome) == [0, 3, 6]
    assert "is not there any more, though its index names it" in notes(outcome, "programming")
    (folder / "keys.csv.json").unlink()
    outcome = reconciled(factory)
    assert outcome.code == 0 and "no programming file was found" in notes(outcome, "programming")
    shutil.rmtree(folder / "labels")
    shutil.rmtree(folder / "upload")
    outcome = reconciled(factory)
    assert outcome.code == 1 and compared(outcome) == [0, 0, 0]
    assert "no label file was found, though the ledger knows of 1" in said(outcome, "labels")[0][2]
    assert "no control log was found, though the ledger knows of 1" in said(outcome, "control logs")[0][2]


def test_a_batch_of_which_nothing_was_made_proves_nothing(factory: Factory) -> None:
    factory.add()
    factory.issue(2)
    folder = factory.root / "batches" / "B1"
    folder.mkdir(parents=True)
    outcome = factory.cli("reconcile", "B1")
    assert outcome.code == 1 and "WRONG: there was nothing to compare" in outcome.err
    assert factory.cli("reconcile", "B1", "--folder", folder / "no").code == 3


def test_a_programming_file_without_its_index_is_named_and_still_read(factory: Factory) -> None:
    folder = made(factory)
    (folder / "keys.csv.json").unlink()
    outcome = reconciled(factory)
    assert outcome.code == 1 and compared(outcome)[0] == 6
    assert said(outcome, "programming") == [("", "keys.csv", "its index is missing")]


def test_sealed_files_are_said_and_not_read(factory: Factory) -> None:
    import pyrage

    factory.add()
    factory.issue(2)
    folder = factory.root / "batches" / "B1"
    station = str(pyrage.x25519.Identity.generate().to_public())
    done = factory.cli("program", "B1", "--format", "bin", "--out", f"{folder}/keys/", "--to", station)
    assert done.code == 0, done.err
    outcome = reconciled(factory)
    assert "2 files sealed, not read" in notes(outcome, "programming") and said(outcome, "programming") == []
    path = next((folder / "keys").glob("*.age"))
    path.write_bytes(path.read_bytes() + b"x")
    assert said(reconciled(factory), "programming")[0][2] == "was altered: another SHA-256 than its index says"


def test_older_files_of_replaced_units_are_outdated_and_no_difference(factory: Factory) -> None:
    folder = made(factory)
    with factory.ledger() as ledger:
        old = next(ledger.packages.stream("B1", 2, 1)).units[1].serial
    assert factory.cli("scrap", "B1", old, "--reason", "broken").code == 0
    outcome = reconciled(factory)
    assert outcome.code == 0, outcome.out
    assert old in notes(outcome, "programming") and old in notes(outcome, "control logs")
    done = factory.cli("replace", "B1", old, "--reason", "broken")
    assert done.code == 0, done.err
    outcome = reconciled(factory)
    assert outcome.code == 0, outcome.out
    for kind in ("programming", "labels", "control logs"):
        assert "outdated" in notes(outcome, kind)
    assert "1 unit in no control log yet" in notes(outcome, "control logs")
    assert factory.cli("program", "B1", "--format", "csv", "--out", folder / "more.csv").code == 0
    assert factory.cli("manifest", "B1", "--missing", "--out", f"{folder}/upload/").code == 0
    outcome = reconciled(factory, key=True)
    assert outcome.code == 0 and compared(outcome) == [7, 2, 7], outcome.out
    newest = sorted((folder / "upload").glob("*.txt"))[-1]
    data = newest.read_bytes()
    newest.write_bytes(data.replace(b'Credentials":"', b'Credentials":"A', 1)[: len(data)])
    assert reconciled(factory).code == 1


def test_of_a_retired_batch_uuids_are_compared_and_it_is_said(factory: Factory, tmp_path: Path) -> None:
    folder = made(factory)
    kept = tmp_path / "kept"
    shutil.copytree(folder, kept)
    done = factory.cli("retire", "B1", "--acknowledged", "letter", "--delete-exports")
    assert done.code == 0, done.err
    outcome = reconciled(factory, folder=kept, key=True)
    assert outcome.code == 0, outcome.out
    assert not outcome.json["keys_compared"] and compared(outcome) == [6, 3, 6]
    assert "keys can't be" in notes(outcome, "programming")
    path = kept / "keys.csv"
    rows = [row.split(b",") for row in path.read_bytes().splitlines()]
    rows[1][1], rows[2][1] = rows[2][1], rows[1][1]
    path.write_bytes(b"".join(b",".join(row) + b"\r\n" for row in rows))
    outcome = reconciled(factory, folder=kept)
    assert (rows[1][0].decode(), "keys.csv", f"swapped with unit {rows[2][0].decode()}: holds its Device UUID") in said(
        outcome, "programming"
    )


def test_another_development_key_is_refused(factory: Factory) -> None:
    made(factory)
    assert factory.cli("dev-key", "other").code == 0
    outcome = factory.cli("reconcile", "B1", "--private-key", factory.root / "dev-keys" / "other.private.pem")
    assert outcome.code == 3 and "not the one of batch B1" in outcome.err


def test_other_labels_and_pictures_of_a_verification_are_passed_over(factory: Factory) -> None:
    folder = made(factory)
    factory.label("B1", "traveller-a4", folder=folder / "traveller")
    other = made(factory, batch="B2")
    report = folder / "report.pdf"
    files = [other / "labels" / "B2-labels-0001.pdf", folder / "labels" / "B1-labels-0001.pdf"]
    assert factory.cli("verify", "B1", *files, "--report", report).code == 1
    shutil.copy(folder / "labels" / "B1-labels-0001.pdf", folder / "copy.pdf")
    outcome = reconciled(factory)
    assert outcome.code == 0, outcome.out
    assert "report.pdf: a verification report: not read" in notes(outcome, "labels")
    assert "the same file as" in notes(outcome, "labels")


def test_zpl_is_said_and_not_read(factory: Factory) -> None:
    factory.add()
    factory.issue(2)
    done = factory.cli("labels", "B1", "--template", "roll-50x30", "--printer", "zpl-300")
    assert done.code == 0, done.err
    outcome = reconciled(factory)
    assert "1 ZPL file not read" in notes(outcome, "labels")


def test_bars_are_read_and_compared_too(factory: Factory) -> None:
    factory.add(spec="amazon-1d-code128", template="bars-70x40", units_per_package=1)
    factory.issue(3)
    factory.label("B1", "bars-70x40")
    folder = factory.root / "batches" / "B1"
    assert factory.cli("manifest", "B1", "--out", f"{folder}/upload/").code == 0
    outcome = reconciled(factory)
    assert outcome.code == 0 and compared(outcome) == [0, 3, 3], outcome.out
    factory.issue(2, "B2")
    factory.label("B2", "bars-70x40", folder=folder / "other")
    assert [what for _, _, what in said(reconciled(factory), "labels")] == [
        "page 1: belongs to batch B2, package 1", "page 2: belongs to batch B2, package 2"
    ]  # fmt: skip


def test_demo_ends_with_it(demo_factory: Factory) -> None:
    with demo_factory.ledger() as ledger:
        batches = ledger.batches.all()
    for batch in batches:
        outcome = reconciled(demo_factory, batch.id)
        assert outcome.code == 0 and compared(outcome) == [batch.units, batch.packages, batch.units]
