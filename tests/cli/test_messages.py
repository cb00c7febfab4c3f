"""What people read: grammar, names of files, and nothing that is not there."""

from __future__ import annotations

import hashlib
import json
import re
import uuid

from bss_mfg.model import Secret, Unit
from bss_mfg.payload.build import PayloadBuilder
from bss_mfg.payload.product_keys import load_public_key
from bss_mfg.payload.spec import packaged_spec
from tests.helpers.factory import Factory, a_read


def test_one_of_anything_is_said_in_the_singular(factory: Factory) -> None:
    factory.add()
    said = []
    for command in (
        ("batch", "create", "bulb", "--units", 1, "--id", "B1"),
        ("labels", "B1", "--template", "sheet-a4-24"),
        ("labels", "B1", "--template", "sheet-a4-24", "--again"),
        ("reprint", "B1", "ebK300000001", "--reason", "torn"),
        ("verify", "B1", factory.root / "batches" / "B1" / "labels"),
        ("scrap", "B1", "ebK300000001", "--reason", "dropped"),
        ("replace", "B1", "ebK300000001", "--reason", "dropped"),
        ("run", "bulb", "--units", 1, "--id", "B2"),
        ("ledger", "check"),
        ("audit", "verify"),
    ):
        done = factory.cli(*command)
        assert done.code in (0, 1), done
        said.append(done.out + done.err)
    text = "\n".join(said)
    for words in ("1 unit in 1 package", "1 label on 1 page"):
        assert words in text, text
    assert not re.findall(
        r"(?<![\d,.])1 (?:labels|pages|units|packages|files|events|batches|reads|rows|control logs)\b", text
    )


def test_what_did_not_happen_to_a_batch_is_left_out_of_its_page(factory: Factory) -> None:
    factory.add()
    factory.issue(1)
    shown = factory.cli("batch", "show", "B1").out
    assert "None" not in shown and "retired" not in shown and "label files" not in shown
    assert factory.cli("batch", "show", "B1", "--json").json["closed_at"] is None


def test_keys_that_are_none_are_told_by_their_file(factory: Factory) -> None:
    bad = factory.root / "officer.pem"
    bad.write_text("-----BEGIN PUBLIC KEY-----\nnothing\n-----END PUBLIC KEY-----\n")
    sealed = factory.cli("vault", "recipient", bad)
    assert sealed.code == 3 and "officer.pem: is not a P-256 public key" in sealed.err
    factory.workspace.vault_file.unlink()
    opened = factory.cli("vault", "recover", "--officer-key", bad)
    assert opened.code == 3 and "officer.pem: is not a P-256 private key" in opened.err
    bad.write_text("-----BEGIN ENCRYPTED PRIVATE KEY-----\nnothing\n-----END ENCRYPTED PRIVATE KEY-----\n")
    asked = factory.cli("vault", "recover", "--officer-key", bad)
    assert asked.code == 6 and "officer.pem" in asked.err


def test_a_check_of_what_was_read_back_names_the_file(factory: Factory) -> None:
    factory.add()
    factory.issue(1)
    record = factory.root / "flashed.csv"
    with factory.ledger() as ledger:
        (unit,) = next(ledger.packages.stream("B1", 1, 1)).units
    for device, code, said in ((unit.uuid.hex, 0, "OK: "), ("00" * 16, 1, "WRONG: ")):
        record.write_text(f"serial,uuid\n{unit.serial},{device}\n")
        done = factory.cli("program", "B1", "--check", record, "--without-keys")
        assert done.code == code
        assert any(line.startswith(said) and "flashed.csv" in line for line in done.err.splitlines()), done.err


def test_packages_come_back_without_a_pallet_and_go_out_with_one(factory: Factory) -> None:
    factory.add()
    factory.issue(1)
    with factory.ledger() as ledger:
        ledger.reads.record("B1", [a_read(1)])
    nowhere = factory.cli("ship", "B1", "ebK300000001")
    assert nowhere.code == 2 and "--for" in nowhere.err
    assert factory.cli("ship", "B1", "ebK300000001", "--for", " ").code == 2
    assert factory.cli("ship", "B1", "ebK300000001", "--for", "pallet 1").code == 0
    assert factory.cli("ship", "B1", "ebK300000001", "--returned").code == 0
    with factory.ledger() as ledger:
        ledger.reads.record("B1", [a_read(1)])  # what came back is read again
    assert factory.cli("ship", "B1", "ebK300000001", "--for", "pallet 2").code == 0
    assert factory.cli("ship", "B1", "ebK300000001", "--returned", "--for", "wet").code == 0
    with factory.ledger() as ledger:
        events = ledger.history.events_of(("packages shipped", "packages returned"))
        assert [event.data.get("for") for event in events] == ["pallet 1", None, "pallet 2", "wet"]


def test_feedback_that_is_no_answer_names_serials_and_what_it_says(factory: Factory) -> None:
    factory.add()
    factory.issue(30)
    answer = factory.root / "feedback.json"
    entries = [("ebK300000001", "ACCEPTED", "fine"), ("ebK300000001", "REJECTED", "\x1bduplicate")]
    entries += [(f"ebK3000000{number:02d}", "PENDING", "") for number in range(2, 26)]
    names = ("serialNumber", "status", "message")
    answer.write_text(json.dumps({"feedback": [dict(zip(names, entry, strict=True)) for entry in entries]}))
    said = factory.cli("manifest", "acknowledge", answer).err.splitlines()
    assert "contradictory: 'ebK300000001', '\\x1bduplicate'" in said
    assert "unclear: 'ebK300000002', 'PENDING'" in said
    assert "unclear: and 4 more" in said
    assert any(line.startswith("WRONG: ") and line.endswith("1 contradictory, 24 unclear") for line in said)


def test_the_history_of_an_identity_from_before_is_its_import(factory: Factory) -> None:
    factory.add()
    factory.issue(1)
    device = "70cf7c97-32a3-45b6-9149-4810d2e9cbf4"
    for name, rows in (("2023.csv", f"OLD-1,\nOLD-2,{device}"), ("2024.csv", "OLD-2," + device + "\nOLD-3,")):
        (factory.root / name).write_text(f"serial,uuid\n{rows}\n")
        assert factory.cli("import-issued", "bulb", factory.root / name).code == 0
    for what, file in (("OLD-1", "2023.csv"), ("OLD-2", "2023.csv"), ("OLD-3", "2024.csv"), (device, "2023.csv")):
        done = factory.cli("history", what)
        assert done.code == 0, done.err
        assert f"was issued before bss-mfg, and imported from {file}" in done.err
        assert [event["file"] for event in factory.cli("history", what, "--json").json] == [file]
    assert factory.cli("history", "OLD-4").code == 3
    with factory.ledger() as ledger:
        (unit,) = next(ledger.packages.stream("B1", 1, 1)).units
    assert factory.cli("history", unit.uuid.hex).out == factory.cli("history", unit.serial).out
    assert "before bss-mfg" not in factory.cli("history", unit.serial).err


def test_inspect_says_what_an_opened_zigbee_field_holds_and_nothing_that_is_not_there(factory: Factory) -> None:
    code = bytes.fromhex("83FED3407A939723A5C639B26916D505C3B5")
    device = Unit(1, "Z1", uuid.UUID(int=1), "BF91A2B05327F4D5", Secret(b"k" * 16), extra={"install_code": code.hex()})
    key = load_public_key((factory.root / "dev-keys" / "amazon.public.pem").read_bytes(), "amazon")
    facts = {"pid": "ebK3", "upc": "841667145075", "ean": ""}
    text = PayloadBuilder(packaged_spec("amazon-zss-ob02").spec, facts, key).build([device])
    shown = factory.cli("inspect", text, "--private-key", factory.private_key)
    assert shown.code == 0, shown.err
    assert f"  unit  MAC BF91A2B05327F4D5, install code SHA-256 {hashlib.sha256(code).hexdigest()}\n" in shown.out
    assert "None" not in shown.out and "Device UUID" not in shown.out and code.hex().upper() not in shown.out
    (opened,) = factory.cli("inspect", text, "--private-key", factory.private_key, "--json").json
    assert opened["units"] == [
        {"uuid": None, "oob_key_octets": None, "oob_key_sha256": None, "mac": "BF91A2B05327F4D5",
         "install_code_sha256": hashlib.sha256(code).hexdigest()}
    ]  # fmt: skip


def test_inspect_shows_what_stands_in_clear_on_the_label(factory: Factory) -> None:
    """Also the PIN of a Wi-Fi inner code: whoever has the string has it. The note says that it must not lie open."""
    puk = "MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgADLZXG+MzHkCUT1F88yQpaiDW7vu8XDSIhJwsVr2bmmag="
    shown = factory.cli("inspect", f"ABV:IB01;SERNUM:G3A0PA01802300PE;PID:ebK3;PUK:{puk};PIN:957AD9640;")
    assert shown.code == 0, shown.err
    assert "PIN   published  957AD9640" in shown.out and "must not lie open" in shown.out
