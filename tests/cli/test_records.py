"""`ledger prove` and `record verify`: what a record proves, every attack by its kind, with two verifiers that agree."""

from __future__ import annotations

import argparse
import base64
import json
import random
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bss_mfg.ledger.keys import open_keys
from bss_mfg.model import Secret
from bss_mfg.records import verify_record
from bss_mfg.transparency.signed_note import KeyType, SignedNote, SigningKey
from tests.cli.test_checkpoint import rewrite
from tests.helpers.amount import sized
from tests.helpers.commands import Outcome, run_cli
from tests.helpers.factory import Factory, issue_lamps, make_factory, opened_file

DASH = "\N{EM DASH}"
WITNESS = SigningKey("customer.example", Secret(bytes(32)))


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Factory:
    """What `site` is a copy of."""
    factory = issue_lamps(make_factory(tmp_path_factory.mktemp("plant") / "w"))
    for command in (
        ("checkpoint", "key", "--name", "factory.example/line"),
        ("labels", "B1", "--jobs", 1),
        ("manifest", "B1", "--format", "csv", "--out", factory.root / "batches" / "B1" / "m.csv"),
    ):
        done = factory.cli(*command)
        assert done.code == 0, done.err
    return factory


@pytest.fixture
def site(plant: Factory, tmp_path: Path) -> Factory:
    """One that signs its history: labels and a manifest of B1 were made."""
    return plant.copied(tmp_path / "site")


def scrap(factory: Factory, number: int, reason: str = "dropped") -> None:
    done = factory.cli("scrap", "B1", f"ebK30000000{number}", "--reason", reason)
    assert done.code == 0, done.err


def checkpoint(factory: Factory, file: Path) -> Path:
    done = factory.cli("checkpoint", "sign")
    assert done.code == 0, done.err
    file.write_text(done.out)
    return file


def prove(factory: Factory, file: Path, code: int = 0) -> Path:
    done = factory.cli("ledger", "prove", "B1", "--out", file)
    assert done.code == code, done.err
    return file


@dataclass
class Verified:
    """What our command and the one-file verifier say of a record, on a computer without a workspace."""

    ours: Outcome
    kinds: list[str]
    document: Any


def verified(record: Path, *options: object) -> Verified:
    elsewhere = record.parent / "another computer"
    elsewhere.mkdir(exist_ok=True)
    said = run_cli("record", "verify", record, "--json", *options, cwd=elsewhere)
    theirs = verdict_of_one_file(record, [str(one) for one in options])
    if said.code == 3:
        assert theirs is None, (theirs, said.err)
        return Verified(said, ["unreadable"], None)
    kinds = [one["kind"] for one in said.json["findings"]]
    assert said.code == (1 if kinds else 0), said.err
    assert theirs == kinds
    return Verified(said, kinds, said.json)


def verdict_of_one_file(record: Path, options: Sequence[str]) -> list[str] | None:
    given = argparse.Namespace(key=None, against=None, witness=[], files=None)
    for name, value in zip(options[::2], options[1::2], strict=True):
        if name == "--witness":
            given.witness.append(value)
        else:
            setattr(given, name[2:], Path(value) if name in ("--against", "--files") else value)
    try:
        return [kind for kind, _ in verify_record.verify(record, given)[0]]
    except verify_record.UNREADABLE:
        return None


def changed(record: Path, member: str, change: Callable[[bytes], bytes]) -> Path:
    """A copy of a record with a member that is otherwise."""
    made = record.with_name("changed.zip")
    with zipfile.ZipFile(record) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, change(content) if name == member else content)
    return made


def test_a_whole_record_holds_anywhere(site: Factory, tmp_path: Path) -> None:
    old = checkpoint(site, tmp_path / "old.txt")
    scrap(site, 1)
    record = prove(site, tmp_path / "record.zip")
    key = (site.root / "site-key.txt").read_text().strip()
    files = site.root / "batches"
    found = verified(record, "--key", key, "--against", old, "--files", files)
    assert found.kinds == []
    document = found.document
    assert (document["batch"], document["origin"], document["key_known"]) == ("B1", "factory.example/line", True)
    assert document["events"] == len(site.rows("SELECT 1 FROM event WHERE batch = 'B1'"))
    assert document["files_compared"] == 2
    assert document["earlier_checkpoints"] >= 2
    assert document["summary"]["packages"]["scrapped"] == 1
    assert document["summary"]["devices"] == {"proven": 0, "failed": 0}
    assert verified(record, "--key", f"@{site.root / 'site-key.txt'}").kinds == []
    told = run_cli("record", "verify", record, cwd=tmp_path)
    assert told.code == 0
    assert key in told.err  # it was the record's own
    newer = prove(site, tmp_path / "newer.zip")
    assert verified(newer, "--against", record).kinds == []
    assert site.cli("ledger", "prove", "B1", "--out", record).code == 4
    assert site.cli("ledger", "prove", "B9", "--out", tmp_path / "x.zip").code == 3


def test_a_record_of_a_ledger_wherever_it_is(issued: Factory, tmp_path: Path) -> None:
    assert issued.cli("checkpoint", "key", "--name", "factory.example/server").code == 0
    for number in (1, 2):
        scrap(issued, number)
        seen = checkpoint(issued, tmp_path / f"seen{number}.txt")
    record = prove(issued, tmp_path / "record.zip")
    key = f"@{issued.root / 'site-key.txt'}"
    assert verified(record, "--key", key, "--against", seen).kinds == []
    assert verified(record, "--key", key, "--against", tmp_path / "seen1.txt").kinds == []
    assert verified(changed(record, "events.txt", reforged_any), "--key", key).kinds == ["event-changed"]


@pytest.mark.sqlite
def test_a_rewritten_history(site: Factory, tmp_path: Path) -> None:
    scrap(site, 1)
    before = checkpoint(site, tmp_path / "before.txt")
    (event,) = site.rows("SELECT max(seq) FROM event WHERE kind = 'unit scrapped'")[0]
    rewrite(site.root / "ledger.db", '"reason":"dropped"', '"reason":"stolen!"')
    record = prove(site, tmp_path / "record.zip", code=1)
    found = verified(record, "--against", before)
    assert found.kinds == ["rewritten"]
    sizes = [json.loads(line)["note"].split("\n")[1] for line in member(record, "checkpoints.jsonl").splitlines()]
    first = max((int(size) for size in sizes if int(size) < event), default=0) + 1
    assert f"events {first} to {before.read_text().splitlines()[1]} " in found.document["findings"][0]["what"]
    scrap(site, 2)
    assert verified(prove(site, tmp_path / "later.zip", code=1)).kinds == ["rewritten"]


def member(record: Path, name: str) -> bytes:
    with zipfile.ZipFile(record) as archive:
        return archive.read(name)


@pytest.mark.sqlite
def test_a_cut_history(site: Factory, tmp_path: Path) -> None:
    (last,) = site.rows("SELECT max(seq) FROM event")[0]
    scrap(site, 1)
    seen = checkpoint(site, tmp_path / "seen.txt")
    with opened_file(site.root / "ledger.db") as database:
        database.execute("DELETE FROM event WHERE seq > ?", (last,))
    record = prove(site, tmp_path / "record.zip")
    assert verified(record).kinds == []  # alone it can't tell
    assert verified(record, "--against", seen).kinds == ["cut"]


@pytest.mark.sqlite
def test_a_forked_history(site: Factory, tmp_path: Path) -> None:
    other = site.copied(tmp_path / "other")
    scrap(site, 1)
    seen = checkpoint(site, tmp_path / "seen.txt")
    for number in (2, 3):
        scrap(other, number)
    record = prove(other, tmp_path / "record.zip")
    assert verified(record).kinds == []
    assert verified(record, "--against", seen).kinds == ["forked"]
    assert verified(prove(site, tmp_path / "own.zip"), "--against", seen).kinds == []


@pytest.mark.sqlite
def test_a_restored_history(site: Factory, tmp_path: Path) -> None:
    assert site.cli("ledger", "backup", tmp_path / "saved.db").code == 0
    for number in (1, 2):
        scrap(site, number)
    seen = checkpoint(site, tmp_path / "seen.txt")
    (site.root / "ledger.db").write_bytes(b"damaged")
    done = site.cli("ledger", "restore", tmp_path / "saved.db", "--skip-serials", 100, "--reason", "disk failed")
    assert done.code == 0, done.err
    found = verified(prove(site, tmp_path / "record.zip"), "--against", seen)
    assert found.kinds == ["restored"]
    (restored,) = site.rows("SELECT seq FROM event WHERE kind = 'ledger restored'")[0]
    assert found.document["findings"][0]["event"] == restored
    shutil.copy(tmp_path / "saved.db", site.root / "ledger.db")  # by hand, without a word in the history
    assert verified(prove(site, tmp_path / "silent.zip"), "--against", seen).kinds == ["cut"]


@pytest.mark.sqlite
def test_a_swapped_event(site: Factory, tmp_path: Path) -> None:
    for number in (1, 2):
        scrap(site, number)
    (one, text), (two, other) = site.rows("SELECT seq, data FROM event WHERE kind = 'unit scrapped' ORDER BY seq")
    with opened_file(site.root / "ledger.db") as database:
        database.executemany("UPDATE event SET data = ? WHERE seq = ?", [(other, one), (text, two)])
    found = verified(prove(site, tmp_path / "record.zip", code=1))
    assert found.kinds == ["event-changed", "event-changed"]
    assert [one["event"] for one in found.document["findings"]] == [one, two]


def test_a_record_that_was_changed(site: Factory, tmp_path: Path) -> None:
    scrap(site, 1)
    record = prove(site, tmp_path / "record.zip")
    key = (site.root / "site-key.txt").read_text().strip()

    def kinds(name: str, change: Callable[[bytes], bytes]) -> list[str]:
        return verified(changed(record, name, change), "--key", key).kinds

    assert kinds("events.txt", lambda text: text.replace(b"dropped", b"stolen!")) == ["event-changed"]
    assert kinds("events.txt", reforged) == ["event-changed"]
    assert kinds("events.txt", lambda text: b"".join(text.splitlines(keepends=True)[:-1])) == ["event-missing"]
    assert kinds("proof.json", lambda text: text.replace(b'"nodes": [', b'"nodes": ["' + b"A" * 43 + b'=", ')) == [
        "proof-changed"
    ]
    assert kinds("checkpoint.txt", lambda text: text.replace(f"\n{DASH} ".encode(), f"\n{DASH} x".encode())) == [
        "unsigned"
    ]
    assert kinds("statement.json", relabelled) == ["statement-changed"]
    assert kinds("checkpoints.jsonl", lambda text: text.splitlines(keepends=True)[0]) == ["proof-changed"]
    for name in ("events.txt", "proof.json", "statement.json", "checkpoint.txt", "checkpoints.jsonl"):
        assert kinds(name, lambda text: text[:-2]) == ["unreadable"], name
        with zipfile.ZipFile(record) as old, zipfile.ZipFile(tmp_path / "less.zip", "w") as new:
            for other in old.namelist():
                if other != name:
                    new.writestr(other, old.read(other))
        assert verified(tmp_path / "less.zip").kinds == ["unreadable"], name
    (tmp_path / "none.zip").write_bytes(b"PK\x03\x04")
    assert verified(tmp_path / "none.zip").kinds == ["unreadable"]


def reforged(text: bytes) -> bytes:
    """One event is another, and its digest fits."""
    from hashlib import sha256

    line = next(line for line in text.splitlines(keepends=True) if b"dropped" in line)
    content = line[130:-1].replace(b"dropped", b"stolen!")
    digest = sha256(bytes.fromhex(line[65:129].decode()) + content).hexdigest().encode()
    return text.replace(line, digest + line[64:130] + content + b"\n")


def relabelled(text: bytes) -> bytes:
    document = json.loads(text)
    payload = base64.b64decode(document["payload"]).replace(b'"scrapped": 1', b'"scrapped": 0')
    return json.dumps({**document, "payload": base64.b64encode(payload).decode()}).encode()


def test_no_changed_bit_passes(site: Factory, tmp_path: Path) -> None:
    """A record with a bit flipped, somewhere in any of its members, is never whole."""
    record, pick = prove(site, tmp_path / "record.zip"), random.Random(7)
    key = (site.root / "site-key.txt").read_text().strip()
    for name in ("events.txt", "proof.json", "statement.json", "checkpoint.txt", "checkpoints.jsonl"):
        size = len(member(record, name))
        for place in pick.sample(range(size), min(size, sized(full=400, usual=12))):
            bit = 1 << pick.randrange(8)

            def flip(text: bytes, place: int = place, bit: int = bit) -> bytes:
                return text[:place] + bytes([text[place] ^ bit]) + text[place + 1 :]

            flipped = changed(record, name, flip)
            found = verified(flipped, "--key", key)
            if found.kinds == []:  # what is signed is the same: white space of JSON, an id that is a hint
                assert name == "statement.json", (name, place, bit)
                assert meaning(flipped) == meaning(record)


def meaning(record: Path) -> Any:
    statement = json.loads(member(record, "statement.json"))
    return {**statement, "signatures": [one["sig"] for one in statement["signatures"]]}


def test_files_that_came_with_it(site: Factory, tmp_path: Path) -> None:
    record = prove(site, tmp_path / "record.zip")
    files = tmp_path / "delivered"
    shutil.copytree(site.root / "batches" / "B1", files)
    assert verified(record, "--files", files).kinds == []
    label = next(files.rglob("*.pdf"))
    label.rename(label.with_name("another.pdf"))
    found = verified(record, "--files", files)
    assert found.kinds == ["file-moved"]
    assert found.document["findings"][0]["file"] == label.name
    (files / "m.csv").write_text("otherwise")
    label.with_name("another.pdf").unlink()
    assert sorted(verified(record, "--files", files).kinds) == ["file-changed", "file-missing"]
    assert run_cli("record", "verify", record, "--files", tmp_path / "nowhere", cwd=tmp_path).code == 3


def test_keys_of_others(site: Factory, factory: Factory, tmp_path: Path) -> None:
    record = prove(site, tmp_path / "record.zip")
    scrap(site, 1)
    longer = prove(site, tmp_path / "longer.zip")  # with a checkpoint before
    other = SigningKey("factory.example/line", Secret(bytes(range(32))))
    third = SigningKey("third.example", Secret(bytes(range(32))))
    for one in (record, longer):
        for key in (other, third):
            assert verified(one, "--key", str(key.verifier_key())).kinds[:2] == ["unsigned", "statement-changed"]
    assert factory.cli("checkpoint", "key", "--name", "another.example").code == 0
    assert verified(record, "--against", checkpoint(factory, tmp_path / "x.txt")).kinds == ["other-ledger"]
    forged = SignedNote.parse((tmp_path / "x.txt").read_bytes())
    text = forged.text.replace("another.example", "factory.example/line")
    (tmp_path / "x.txt").write_text(str(SignedNote(text).signed(other)))
    assert verified(record, "--against", tmp_path / "x.txt").kinds == ["unsigned"]
    for option, value in (("--key", "x"), ("--against", tmp_path / "none"), ("--witness", "x")):
        assert run_cli("record", "verify", record, option, value, cwd=tmp_path).code == 3


def test_witnesses(site: Factory, tmp_path: Path) -> None:
    public = str(WITNESS.verifier_key(KeyType.COSIGNATURE))
    assert verified(prove(site, tmp_path / "before.zip"), "--witness", public).kinds == ["witness-missing"]
    seen = checkpoint(site, tmp_path / "seen.txt")
    seen.write_text(str(SignedNote.parse(seen.read_bytes()).cosigned(WITNESS, 1_763_000_000)))
    assert site.cli("checkpoint", "add", seen, "--witness", public).code == 0
    record = prove(site, tmp_path / "record.zip")
    assert verified(record, "--witness", public).kinds == []
    shown = run_cli("record", "verify", record, "--witness", public, cwd=tmp_path)
    assert f"{WITNESS.name} signed it as a witness" in shown.out
    said = json.loads(run_cli("record", "verify", record, "--witness", public, "--json", cwd=tmp_path).out)
    assert said["witnesses"] == [WITNESS.name]
    itself = (site.root / "site-key.txt").read_text()
    assert verified(record, "--witness", itself).kinds == ["witness-missing"]
    assert verified(record, "--key", itself, "--witness", itself).kinds == ["witness-missing"]


def test_a_second_site_is_a_witness(site: Factory, factory: Factory, tmp_path: Path) -> None:
    """It signs what continues what it signed before, and nothing else."""
    assert factory.cli("checkpoint", "key", "--name", "customer.example/site").code == 0
    fork, theirs = site.copied(tmp_path / "fork"), f"@{site.root / 'site-key.txt'}"

    def cosign(given: Path, code: int = 0) -> Outcome:
        done = factory.cli("checkpoint", "cosign", given, "--key", theirs)
        assert done.code == code, done.err
        return done

    first = cosign(checkpoint(site, tmp_path / "first.txt"))
    public = re.findall(r"\S+$", first.err.strip())[0]
    (tmp_path / "signed.txt").write_text(first.out)
    assert site.cli("checkpoint", "add", tmp_path / "signed.txt", "--witness", public).code == 0
    assert verified(prove(site, tmp_path / "record.zip"), "--witness", public).kinds == []
    cosign(tmp_path / "first.txt")
    scrap(site, 1)
    cosign(checkpoint(site, tmp_path / "second.txt"), 4)  # without a proof
    (signed,) = sign_lines(cosign(prove(site, tmp_path / "second.zip")).out, "customer.example/site")
    assert SignedNote.parse(signed.encode()).text.split("\n")[0] == "factory.example/line"
    for number in (1, 2, 3):
        scrap(fork, number)
    cosign(prove(fork, tmp_path / "fork.zip"), 4)
    cosign(checkpoint(factory, tmp_path / "own.txt"), 4)
    assert (
        factory.cli("checkpoint", "cosign", tmp_path / "own.txt", "--key", f"@{factory.root / 'site-key.txt'}").code
        == 4
    )
    cosign(changed(tmp_path / "second.zip", "events.txt", reforged_any), 4)
    cosign(tmp_path / "signed.txt", 4)  # what was signed before, but older


def sign_lines(note: str, name: str) -> list[str]:
    """The note, if a key of this name signed it."""
    return [note] if any(one.name == name for one in SignedNote.parse(note.encode()).signatures) else []


def test_a_record_holds_no_secret(site: Factory, tmp_path: Path) -> None:
    record = prove(site, tmp_path / "record.zip")
    with zipfile.ZipFile(record) as archive:
        content = b"\n".join(archive.read(name) for name in archive.namelist())
    content += base64.b64decode(json.loads(member(record, "statement.json"))["payload"])
    with site.ledger() as ledger, site.workspace.open_vault() as vault:
        units = list(open_keys(ledger).units("B1", vault))
        payloads = [package.payload for package in ledger.packages.stream("B1")]
    assert len(units) == len(payloads) == 6
    for unit in units:
        raw = unit.key.reveal()
        for form in (raw, raw.hex().encode(), raw.hex().upper().encode(), base64.b64encode(raw)):
            assert form not in content
    assert not any(payload.encode() in content for payload in payloads)


def test_the_printed_verifier_runs_alone(site: Factory, tmp_path: Path) -> None:
    record = prove(site, tmp_path / "record.zip")
    script = tmp_path / "verify_record.py"
    script.write_text(run_cli("record", "verifier", cwd=tmp_path).out)
    lines = [line.split() for line in script.read_text().splitlines() if line.startswith(("import ", "from "))]
    imports = {words[1].split(".")[0] for words in lines}
    assert imports - sys.stdlib_module_names == {"cryptography"}

    def run(path: Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", script, path, "--json"]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)

    whole = run(record)
    assert (whole.returncode, json.loads(whole.stdout)["findings"]) == (0, [])
    wrong = run(changed(record, "events.txt", reforged_any))
    assert [one["kind"] for one in json.loads(wrong.stdout)["findings"]] == ["event-changed"]
    assert wrong.returncode == 1
    (tmp_path / "none.zip").write_bytes(b"x")
    assert run(tmp_path / "none.zip").returncode == 3


def reforged_any(text: bytes) -> bytes:
    return text.replace(b'"batch issued"', b'"batch forged"')
