"""Control logs after the first: their names, answers to the second of them, and what Amazon must be told to forget."""

from __future__ import annotations

import json
import os
import re
import shlex
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.commands import advised
from tests.helpers.factory import Factory


@pytest.fixture
def line(factory: Factory) -> Factory:
    """Two batches of three units."""
    factory.add(oob_bytes=16)
    factory.issue(3, "B1")
    factory.issue(3, "B2")
    return factory


def serial(number: int) -> str:
    return f"ebK3{number:08d}"


def make(factory: Factory, batch: str, folder: Path, *more: object) -> list[Path]:
    done = factory.cli("manifest", "make", batch, "--out", f"{folder}/", "--json", *more)
    assert done.code == 0, done.err
    return [Path(one["file"]) for one in done.json["files"]]


def feedback(path: Path, *entries: tuple[str, str, str]) -> Path:
    listed = [{"serialNumber": one, "status": word, "message": why} for one, word, why in entries]
    path.write_text(json.dumps({"feedback": listed}))
    return path


def dated(path: Path, seconds: float) -> Path:
    """The file as if it had been written so many seconds from now."""
    at = path.stat().st_mtime + seconds
    os.utime(path, (at, at))
    return path


def answers(factory: Factory, batch: str = "B1") -> list[int]:
    query = f"SELECT answer FROM unit WHERE batch = (SELECT no FROM batch WHERE id = '{batch}') ORDER BY number"  # noqa: S608
    return [answer for (answer,) in factory.rows(query)]


def status(factory: Factory, batch: str = "B1") -> Any:
    return factory.cli("manifest", "status", batch, "--json").json


# --- names -----------------------------------------------------------------------------------------------------------


def test_control_logs_of_two_batches_in_one_second_have_two_names(line: Factory, tmp_path: Path) -> None:
    made = [*make(line, "B1", tmp_path / "a"), *make(line, "B2", tmp_path / "b"), *make(line, "B1", tmp_path / "c")]
    assert len({path.name for path in made}) == 3


def test_runs_in_one_second_have_control_logs_of_different_names(factory: Factory) -> None:
    factory.add(oob_bytes=16)
    for number in range(3):
        done = factory.cli("run", "bulb", "--units", 1, "--id", f"R{number}")
        assert done.code == 0, done.err
    names = [path.name for path in factory.root.glob("batches/*/upload/C_*.txt")]
    assert len(names) == len(set(names)) == 3


def test_control_logs_of_two_processes_at_once_have_different_names(line: Factory, tmp_path: Path) -> None:
    def manifest(batch: str) -> None:
        done = line.process("manifest", "make", batch, "--max-logs", 1, "--out", f"{tmp_path}/{batch}/")
        assert done.code == 0, done.err

    threads = [threading.Thread(target=manifest, args=(batch,)) for batch in ("B1", "B2")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    names = [path.name for path in tmp_path.glob("*/C_*.txt")]
    assert len(names) == len(set(names)) == 6
    assert sorted(file for (file,) in line.rows("SELECT file FROM manifest")) == sorted(names)


def test_a_name_of_ones_own_is_used_once(line: Factory, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    assert line.cli("manifest", "make", "B1", "--out", tmp_path / "log.txt").code == 0
    done = line.cli("manifest", "make", "B2", "--out", tmp_path / "other" / "Log.txt")
    assert (done.code, "batch B1" in done.err) == (4, True), done.err
    assert not (tmp_path / "other" / "Log.txt").exists()
    with line.database() as database, pytest.raises(Exception, match="used once"):
        database.execute("INSERT INTO manifest SELECT 9, batch, file, sha256, at, 1, 0 FROM manifest")


def test_where_other_content_is_in_the_way_the_way_out_works(line: Factory, tmp_path: Path) -> None:
    (first,) = make(line, "B1", tmp_path / "up")
    server = tmp_path / "server"
    server.mkdir()
    (server / first.name).write_text("something else")
    done = line.cli("manifest", "upload", tmp_path / "up", "--to", server)
    assert done.code == 4
    found = re.search(r"`bss-mfg (?:--workspace (?:'[^']+'|\S+) )?(manifest make [^`]+)`", done.err)
    assert found, done.err
    again = line.cli(*shlex.split(found[1]), "--json")
    assert again.code == 0, again.err
    (second,) = [Path(one["file"]) for one in again.json["files"]]
    assert second.name != first.name
    assert line.cli("manifest", "upload", second, "--to", server).code == 0


def test_a_folder_that_is_not_there_is_asked_for(line: Factory, tmp_path: Path) -> None:
    done = line.cli("manifest", "B1", "--out", tmp_path / "upload")
    assert (done.code, f"--out {tmp_path}/upload/" in done.err) == (2, True), done.err
    assert not (tmp_path / "upload").exists()
    assert len(make(line, "B1", tmp_path / "upload")) == 1
    assert line.cli("manifest", "make", "B2", "--out", tmp_path / "upload").code == 0
    assert len(list((tmp_path / "upload").glob("C_*.txt"))) == 2


# --- answers ---------------------------------------------------------------------------------------------------------


def test_the_same_answer_to_a_second_control_log_is_taken(line: Factory, tmp_path: Path) -> None:
    """Rejected, sent again, rejected again for the same reason: the two files are the same to the byte."""
    (first,) = make(line, "B1", tmp_path / "up")
    said = [(serial(1), "ACCEPTED", ""), (serial(2), "REJECTED", "no"), (serial(3), "ACCEPTED", "")]
    assert line.cli("manifest", "acknowledge", feedback(tmp_path / "1.json", *said)).code == 1
    (second,) = make(line, "B1", tmp_path / "up", "--rejected")
    assert answers(line) == [1, 0, 1]
    done = line.cli("manifest", "acknowledge", dated(feedback(tmp_path / "2.json", *said), 60), "--json")
    assert (done.code, done.json["rejected"], done.json["unchanged"]) == (1, 1, 2), done.err
    assert answers(line) == [1, 2, 1]
    logs = [event["logs"] for event in line.cli("history", "B1", "--json").json if event["kind"] == "manifest answered"]
    assert logs == [[first.name], [second.name]]
    assert [one["rejected"] for one in status(line)["manifests"]] == [0, 1]


def test_an_old_answer_is_not_taken_for_that_to_a_newer_control_log(line: Factory, tmp_path: Path) -> None:
    make(line, "B1", tmp_path / "up")
    old = dated(feedback(tmp_path / "1.json", *((serial(n), "ACCEPTED", "") for n in (1, 2, 3))), -60)
    assert line.cli("manifest", "acknowledge", old).code == 0
    (second,) = make(line, "B1", tmp_path / "other")
    done = line.cli("manifest", "acknowledge", old, "--json")
    assert (done.code, done.json["outdated"]) == (1, [serial(n) for n in (1, 2, 3)]), done.err
    assert answers(line) == [0, 0, 0]
    found = re.search(r"`bss-mfg (?:--workspace (?:'[^']+'|\S+) )?(manifest acknowledge [^`]+)`", done.err)
    assert found and second.name in found[1], done.err
    assert line.cli(*shlex.split(found[1])).code == 0
    assert answers(line) == [1, 1, 1]


def test_an_answer_can_be_said_to_be_of_one_control_log(line: Factory, tmp_path: Path) -> None:
    (first,) = make(line, "B1", tmp_path / "up")
    make(line, "B2", tmp_path / "up")
    both = feedback(tmp_path / "1.json", (serial(1), "ACCEPTED", ""), (serial(4), "ACCEPTED", ""))
    done = line.cli("manifest", "acknowledge", both, "--for", first, "--json")
    assert (done.code, done.json["accepted"], done.json["outdated"]) == (1, 1, [serial(4)]), done.err
    assert (answers(line), answers(line, "B2")) == ([1, 0, 0], [0, 0, 0])
    wrong = line.cli("manifest", "acknowledge", both, "--for", "C_CONTROL_LOG_20200101000000.txt")
    assert (wrong.code, first.name in wrong.err) == (3, True), wrong.err


def test_a_file_with_rejects_exits_1_each_time_and_its_way_out_works(line: Factory, tmp_path: Path) -> None:
    make(line, "B1", tmp_path / "up")
    said = feedback(tmp_path / "1.json", (serial(2), "REJECTED", "no"))
    for _ in range(2):
        done = line.cli("manifest", "acknowledge", said)
        assert done.code == 1
        (command,) = advised(done)
    again = line.cli(*command, "--json")
    assert (again.code, len(again.json["files"])) == (0, 1), again.err


# --- what Amazon must be told to forget ------------------------------------------------------------------------------


@pytest.fixture
def scrapped(line: Factory, tmp_path: Path) -> Factory:
    """Units 1 and 2 of B1 were listed and scrapped, 2 was replaced; 4 of B2 was scrapped before any control log."""
    assert line.cli("scrap", "B2", serial(4), "--reason", "x").code == 0
    for batch in ("B1", "B2"):
        make(line, batch, tmp_path / "up")
    assert line.cli("scrap", "B1", serial(1), serial(2), "--reason", "x").code == 0
    assert line.cli("replace", "B1", serial(2), "--reason", "x").code == 0
    return line


def test_what_was_uploaded_and_scrapped_is_to_be_withdrawn(scrapped: Factory) -> None:
    file = status(scrapped)["manifests"][0]["file"]
    assert status(scrapped)["to_withdraw"] == [
        {"serial": serial(1), "manifest": file, "answer": "waiting", "replaced_by": None},
        {"serial": serial(2), "manifest": file, "answer": "waiting", "replaced_by": serial(7)},
    ]
    assert status(scrapped, "B2")["to_withdraw"] == []
    shown = scrapped.cli("manifest", "status", "B1")
    assert f"to be withdrawn: {serial(1)}" in shown.out
    assert f"to be withdrawn: {serial(2)}" in shown.out and serial(7) in shown.out


def test_a_withdrawal_is_acknowledged_once(scrapped: Factory, tmp_path: Path) -> None:
    command = ("manifest", "acknowledge", "--withdrawn")
    done = scrapped.cli(*command, serial(1), "--reference", "case 4711")
    assert done.code == 0, done.err
    assert [one["serial"] for one in status(scrapped)["to_withdraw"]] == [serial(2)]
    listed = tmp_path / "serials.txt"
    listed.write_text(f"{serial(1)}\n{serial(2)}\n")
    done = scrapped.cli(*command, f"@{listed}", "--json")
    assert (done.code, done.json) == (0, {"withdrawn": [serial(2)], "before": [serial(1)], "batches": ["B1"]})
    assert status(scrapped)["to_withdraw"] == []
    events = [e for e in scrapped.cli("history", "B1", "--json").json if e["kind"] == "manifest withdrawn"]
    assert [(e["serials"], e.get("reference", "")) for e in events] == [([serial(1)], "case 4711"), ([serial(2)], "")]
    assert "manifest withdrawn" in scrapped.cli("history", serial(1)).out
    assert "manifest withdrawn" not in scrapped.cli("history", serial(3)).out


def test_a_withdrawn_unit_is_named_as_everywhere(scrapped: Factory) -> None:
    """By the Device UUID, and by the barcode on the box in one's hand: the old one of a unit that was replaced."""
    ((old,),) = scrapped.rows("SELECT payload FROM superseded")
    with scrapped.ledger() as ledger:
        (one,) = ledger.units.find("B1", "serial", [serial(1)])
    command = ("manifest", "acknowledge", "--withdrawn")
    done = scrapped.cli(*command, str(one.uuid), "-", "--json", stdin=f"]d1{old}\n")
    assert (done.code, done.json["withdrawn"]) == (0, [serial(1), serial(2)]), done.err


@pytest.mark.parametrize(
    ("number", "words"), [(3, "was not scrapped"), (4, "is in no control log"), (99, "is no unit")]
)
def test_only_what_is_to_be_withdrawn_is_acknowledged(scrapped: Factory, number: int, words: str) -> None:
    done = scrapped.cli("manifest", "acknowledge", "--withdrawn", serial(1), serial(number))
    assert (done.code, words in done.err) == (4 if number < 99 else 3, True), done.err
    assert len(status(scrapped)["to_withdraw"]) == 2


@pytest.mark.sqlite
def test_close_and_retire_say_what_is_to_be_withdrawn(scrapped: Factory, tmp_path: Path) -> None:
    words = "2 units that Amazon knows were scrapped"
    assert scrapped.cli("program", "B1", "--format", "csv", "--out", tmp_path / "keys.csv").code == 0
    make(scrapped, "B1", tmp_path / "up", "--missing")
    done = scrapped.cli("retire", "B1", "--acknowledged", "mail")
    assert (done.code, words in done.err) == (0, True), done.err
    command = re.search(r"`bss-mfg (?:--workspace (?:'[^']+'|\S+) )?(manifest status [^`]+)`", done.err)
    assert command and scrapped.cli(*shlex.split(command[1])).code == 0


# --- messages --------------------------------------------------------------------------------------------------------


def test_each_mistake_of_upload_has_its_words(line: Factory, tmp_path: Path) -> None:
    make(line, "B1", tmp_path / "up")
    gone = line.cli("manifest", "upload", tmp_path / "nofolder", "--to", tmp_path)
    assert (gone.code, "there is no such file or folder" in gone.err, "sidecar" in gone.err) == (3, True, False), (
        gone.err
    )
    capitals = line.cli("manifest", "upload", tmp_path / "up", "--to", "s3://MyBucket/logs")
    assert capitals.code == 3
    assert "lower-case" in capitals.err and "s3://mybucket/logs" in capitals.err, capitals.err


def test_a_run_advises_a_command_that_works(factory: Factory) -> None:
    factory.add(oob_bytes=16)
    done = factory.cli("run", "bulb", "--units", 1, "--id", "R1")
    (command,) = re.findall(r"`bss-mfg (?:--workspace (?:'[^']+'|\S+) )?(manifest [^`]+)`", done.err)
    assert factory.cli(*shlex.split(command)).code == 0
