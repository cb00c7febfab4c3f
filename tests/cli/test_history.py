"""The history is proven, copied and put back: no changed byte, no cut-off end, no serial issued twice."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from bss_mfg.errors import InputError, LedgerError
from bss_mfg.ledger.backup import check_head, inspect_copy
from bss_mfg.ledger.events import ManifestAnswered, ManifestMade, ManifestUploaded
from tests.helpers.factory import Factory, opened_file
from tests.helpers.queued import WAYS, prepared, press, queue
from tests.helpers.queued import serial as numbered
from tests.helpers.raw_port import RawPort


@pytest.fixture
def line(factory: Factory) -> Factory:
    """A batch with labels, reads, a reprint and a manifest."""
    factory.add(oob_bytes=16, units_per_package=2)
    factory.issue(8)
    made = factory.label(template="multipack-100x70")
    factory.cli("verify", "B1", made.files[0])
    assert factory.cli("reprint", "B1", "ebK300000003", "--reason", "eaten").code == 0
    assert factory.cli("manifest", "B1", "--format", "csv", "--out", factory.root / "m.csv").code == 0
    return factory


def test_a_head_proves_that_no_end_was_cut_off(line: Factory) -> None:
    with line.ledger() as ledger:
        seq, digest = ledger.history.head()
        assert check_head(ledger, f"{seq}:{digest}") == seq
        assert check_head(ledger, f"{seq}:{digest[:16].upper()}") == seq
        with pytest.raises(LedgerError, match="is not the one that the head names"):
            check_head(ledger, f"{seq - 1}:{digest}")
        for wrong in ("", "12", "x:0123456789abcdef", f"{seq}:{digest[:15]}", f"{seq}:{'g' * 16}"):
            with pytest.raises(InputError, match="a ledger head"):
                check_head(ledger, wrong)
    shown = line.cli("audit", "verify", "--against", f"{seq}:{digest}", "--json")
    assert shown.json["against"] == seq
    with line.database(unguarded=True) as database:
        database.execute("DELETE FROM event WHERE seq = ?", (seq,))
    assert line.cli("audit", "verify").code == 0  # a shorter chain is whole too
    cut = line.cli("audit", "verify", "--against", f"{seq}:{digest}")
    assert cut.code == 5
    assert "not in this ledger" in cut.err


def test_the_history_of_a_unit_and_of_a_batch(line: Factory) -> None:
    kinds = [event["kind"] for event in line.cli("history", "B1", "--json").json]
    assert kinds.count("read") == 4
    mine = line.cli("history", "ebK300000004", "--json").json  # shares a package with the reprinted 3
    assert [event["kind"] for event in mine] == [
        "batch issued",
        "labels made again",
        "read",
        "file verified",
        "labels reprinted",
        "manifest made",
    ]
    assert all(event["operator"] and event["station"] and event["version"] for event in mine)
    other = [event["kind"] for event in line.cli("history", "ebK300000001", "--json").json]
    assert "labels reprinted" not in other
    assert "reason eaten" in line.cli("history", "B1").out
    missing = line.cli("history", "nothing")
    assert missing.code == 3


def test_the_history_of_a_unit_has_label_files_and_queues_with_its_own_label_alone(factory: Factory) -> None:
    prepared(factory, 6)
    assert queue(factory, "--to", numbered(4), "--labels-per-file", 2).code == 0
    assert queue(factory, "--from", numbered(5)).code == 0
    with RawPort() as port:
        assert [press(factory, port.address).code for _ in range(2)] == [0, 0]
    some = ("--only", numbered(1), "--only", numbered(5), "--again")
    assert factory.cli("labels", "B1", *WAYS, *some).code == 0
    for number, entry, stretch in ((1, 1, 1), (2, 1, 1), (3, 1, 2), (5, 2, 1)):
        told = factory.cli("history", numbered(number), "--json").json
        kinds = [event["kind"] for event in told]
        assert kinds[:3] == ["batch issued", "queue added", "queue taken"]
        assert {event["entry"] for event in told if "entry" in event} == {entry}
        files = [event["file"] for event in told if event["kind"] in ("labels made", "labels sending", "labels sent")]
        assert files == [f"B1-queue-{entry}-{stretch:04}-0001.zpl"] * 3
        assert kinds.count("labels made again") == (number in (1, 5))
        assert kinds.count("label file superseded") == 0


@pytest.mark.sqlite
def test_a_backup_is_made_while_others_write_and_is_whole(line: Factory, tmp_path: Path) -> None:
    stop = threading.Event()

    def write() -> None:
        with line.ledger() as ledger:
            while not stop.wait(0.005):  # so that it is the copies that take time
                ledger.history.append("B1", ManifestUploaded(file="test", sha256="0" * 64, address="test"))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        copies = []
        for number in range(5):
            to = tmp_path / f"{number}.db"
            done = line.process("ledger", "backup", to)  # as long as a start takes, for the others to write in
            assert done.code == 0, done.err
            copies.append(inspect_copy(to))
    finally:
        stop.set()
        writer.join()
    assert [copy.events for copy in copies] == sorted(copy.events for copy in copies)
    assert copies[-1].events > copies[0].events + 5
    assert (tmp_path / "0.db").stat().st_mode & 0o777 == 0o600
    assert {path.name for path in tmp_path.iterdir() if path.is_file()} == {f"{number}.db" for number in range(5)}
    assert line.cli("ledger", "backup", tmp_path / "0.db").code == 4
    with line.ledger() as ledger:
        assert check_head(ledger, f"{copies[0].events}:{copies[0].head}") == copies[0].events


@pytest.mark.sqlite
def test_a_restored_ledger_issues_no_serial_twice(line: Factory, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    assert line.cli("ledger", "backup", copy).code == 0
    line.issue(4, "B2")
    with line.ledger() as ledger:
        lost = {unit.serial for package in ledger.packages.stream("B2") for unit in package.units}
    whole = line.cli("ledger", "restore", copy, "--skip-serials", 100, "--reason", "test")
    assert whole.code == 4, "a whole ledger is never replaced"
    file = line.root / "ledger.db"
    data = bytearray(file.read_bytes())
    data[len(data) // 2 :] = bytes(len(data) - len(data) // 2)
    file.write_bytes(data)
    assert line.cli("ledger", "check").code == 5
    assert line.cli("ledger", "restore", copy).code == 2
    assert line.cli("ledger", "restore", copy, "--check").code == 0
    done = line.cli("ledger", "restore", copy, "--skip-serials", 100, "--reason", "the disk failed")
    assert done.code == 0, done.err
    assert (line.root / "ledger.db.damaged").read_bytes() == bytes(data)
    assert line.cli("ledger", "check").code == 0
    line.issue(4, "B3")
    with line.ledger() as ledger:
        fresh = {unit.serial for package in ledger.packages.stream("B3") for unit in package.units}
        assert [event.data["reason"] for event in ledger.history.events_of(("ledger restored",))] == ["the disk failed"]
    assert not lost & fresh


@pytest.mark.sqlite
def test_a_damaged_copy_is_not_restored(line: Factory, tmp_path: Path, new_factory: Callable[[], Factory]) -> None:
    copy = tmp_path / "copy.db"
    assert line.cli("ledger", "backup", copy).code == 0
    with opened_file(copy) as database:
        database.execute("UPDATE package SET payload = replace(payload, 'PID:ebK3', 'PID:ebK4') WHERE number = 2")
    (line.root / "ledger.db").unlink()
    done = line.cli("ledger", "restore", copy, "--skip-serials", 0, "--reason", "test")
    assert done.code == 5
    assert "package 2 of batch B1 was changed" in done.err
    assert not (line.root / "ledger.db").exists()


def test_a_replaced_units_history_goes_on_being_told(factory: Factory) -> None:
    """The scrapped one's events were left out once another had its place."""
    factory.add(oob_bytes=16, units_per_package=2)
    factory.issue(4)
    factory.cli("scrap", "B1", "ebK300000001", "--reason", "dropped")
    factory.cli("replace", "B1", "ebK300000001", "--reason", "dropped")
    factory.cli("scrap", "B1", "ebK300000003", "--reason", "of the other package")
    for serial in ("ebK300000001", "ebK300000002", "ebK300000005"):
        events = factory.cli("history", serial, "--json").json
        assert [event["kind"] for event in events] == ["batch issued", "unit scrapped", "unit replaced"], serial


@pytest.mark.sqlite
def test_a_product_that_the_copy_does_not_know_skips_serials_too(factory: Factory, tmp_path: Path) -> None:
    """Its first batch was issued after the copy was made, and is as much out there as the others."""
    factory.add(oob_bytes=16)
    assert factory.cli("ledger", "backup", tmp_path / "copy.db").code == 0
    factory.issue(3)
    (factory.root / "ledger.db").write_bytes(b"gone")
    for skip, first in ((100, 101), (50, 151)):
        command = ("ledger", "restore", tmp_path / "copy.db", "--skip-serials", skip, "--reason", "disk failed")
        assert factory.cli(*command).code == 0
        assert factory.cli("ledger", "backup", tmp_path / f"{first}.db").code == 0
        factory.issue(1)
        with factory.ledger() as ledger:
            assert next(ledger.packages.stream("B1")).serials_text == f"ebK3{first:08d}"
        shutil.copy(tmp_path / f"{first}.db", tmp_path / "copy.db")
        (factory.root / "ledger.db").write_bytes(b"gone")


def test_a_batch_s_reads_are_told_in_a_line_a_file_and_session(printed_factory: Factory, tmp_path: Path) -> None:
    """480 lines of reads hid the five that matter."""
    factory = printed_factory.copied(tmp_path / "w")
    factory.cli("verify", "A", factory.root / "batches" / "A" / "labels")
    payloads = factory.payloads("A")
    for who, lines in (("Ann", payloads[:5]), ("Bert", [*payloads[5:8], "nonsense", "more nonsense"])):
        factory.cli("scan", "A", "--plain", "--operator", who, stdin="".join(f"{line}\n" for line in lines))
    short, whole = factory.cli("history", "A"), factory.cli("history", "A", "--all")
    assert len(factory.cli("history", "A", "--json").json) == len(whole.out.splitlines())
    reads = [line for line in short.out.splitlines() if "  read" in line]
    assert len(reads) == 3
    assert "24 reads" in reads[0]
    assert "wrong" not in reads[0]
    assert "5 reads" in reads[1]
    assert "Ann@" in reads[1]
    assert "5 reads, 2 wrong" in reads[2]
    assert "Bert@" in reads[2]
    assert len([line for line in whole.out.splitlines() if "  read  " in line]) == 34
    assert "--all" in short.err
    one = factory.cli("history", payloads[0])
    assert len([line for line in one.out.splitlines() if "  read  " in line]) == 2  # of a unit, each is told


def test_two_stations_at_once_are_two_sessions(issued: Factory) -> None:
    from bss_mfg.ledger.events import LabelRead
    from bss_mfg.ledger.ledger import Ledger
    from bss_mfg.model import Actor

    read = LabelRead(verdict="ok", package=1, file="scanner", page=None, x_mm=None, y_mm=None)
    for turn in range(6):
        with Ledger.open(issued.workspace.ledger_place, Actor(f"op{turn % 2}", "table", "test")) as ledger:
            ledger.reads.record("B1", [read], [])
    reads = [line for line in issued.cli("history", "B1").out.splitlines() if "  read" in line]
    assert len(reads) == 2
    assert all("3 reads" in line for line in reads)


def test_the_history_of_a_unit_tells_no_shipment_of_others(line: Factory) -> None:
    """Who looks up one device must not read that it left with a pallet that it was never on."""
    assert line.cli("scan", "B1", "--plain", stdin="\n".join(line.payloads()[:2])).code == 0
    assert line.cli("ship", "B1", "ebK300000001", "--for", "pallet 17").code == 0
    assert line.cli("ship", "B1", "ebK300000001", "--returned").code == 0
    kinds = {
        serial: [event["kind"] for event in line.cli("history", serial, "--json").json]
        for serial in ("ebK300000002", "ebK300000003")
    }
    assert kinds["ebK300000002"][-2:] == ["packages shipped", "packages returned"]  # shares the package with 1
    assert not {"packages shipped", "packages returned"} & set(kinds["ebK300000003"])


def test_the_history_of_a_unit_tells_no_control_log_of_others(factory: Factory) -> None:
    """A unit that took another's place later was told to stand in a log that was made before it was."""
    factory.add(oob_bytes=16, units_per_package=2)
    factory.issue(6)
    folder = factory.root / "logs"
    assert factory.cli("manifest", "B1", "--max-logs", 3, "--out", f"{folder}/").code == 0
    factory.cli("scrap", "B1", "ebK300000001", "--reason", "dropped")
    factory.cli("replace", "B1", "ebK300000001", "--reason", "dropped")
    assert factory.cli("manifest", "B1", "--missing", "--out", f"{folder}/").code == 0
    with factory.ledger() as ledger:
        made = [record for _, record in ledger.history.records(ManifestMade, "B1")]
        for log in made:
            ledger.exports.record_upload("B1", ManifestUploaded(file=log.file, sha256=log.sha256, address="test"))
            ledger.history.append("B1", ManifestAnswered(file=log.file, sha256="0" * 64, answers={}, logs=[log.file]))
        ledger.history.append("B1", ManifestAnswered(file="all", sha256="0" * 64, answers={}))
    serials = [f"ebK3{number:08d}" for number in range(1, 8)]
    packages = [{serials[0], serials[1], serials[6]}, {serials[2], serials[3]}, {serials[4], serials[5]}]
    for serial in serials:
        (siblings,) = (package for package in packages if serial in package)
        holding = [log.file for log in made if _is_told_of(folder / log.file, serial, siblings)]
        assert 0 < len(holding) < len(made) == 4
        named: dict[str, list[str]] = {"manifest made": [], "manifest uploaded": [], "manifest answered": []}
        for event in factory.cli("history", serial, "--json").json:
            if event["kind"] in named:
                named[event["kind"]].append(event["file"])
        assert named.pop("manifest answered") == [*holding, "all"]
        assert named == {"manifest made": holding, "manifest uploaded": holding}, serial


def _is_told_of(control_log: Path, serial: str, siblings: set[str]) -> bool:
    """Whether a control log has a device log of a unit, or a bundle log of its package."""
    logs = json.loads(control_log.read_text())["controlLogs"]
    devices = {log["device"]["serialNumber"] for log in logs if "device" in log}
    bundled = {device["serialNumber"] for log in logs if "bundle" in log for device in log["bundle"]["devices"]}
    return serial in devices or bool(bundled & siblings)


def test_manifests_of_early_ledgers_are_told_of_every_unit(issued: Factory) -> None:
    """They don't say which units they hold."""
    with issued.ledger() as ledger:
        ledger.history.append("B1", ManifestMade(file="early.json.gz", format="control-log", sha256="0" * 64))
    kinds = [event["kind"] for event in issued.cli("history", "ebK300000001", "--json").json]
    assert kinds.count("manifest made") == 1


def test_a_reason_forges_no_line_of_the_history(line: Factory) -> None:
    """A line feed or an escape sequence in what somebody typed is shown, not obeyed."""
    forged = "wet\n      99  2026-11-28T10:00:00Z  B1  batch closed\x1b[2K"
    assert line.cli("scrap", "B1", "ebK300000001", "--reason", forged).code == 0
    shown = line.cli("history", "ebK300000001").out
    assert "wet\\x0a" in shown
    assert "\\x1b[2K" in shown
    assert not any(row.lstrip().startswith("99 ") for row in shown.splitlines())


@pytest.mark.parametrize(
    "command",
    [("scrap", "B1", "ebK300000001"), ("replace", "B1", "ebK300000001"), ("reprint", "B1", "ebK300000001"),
     ("batch", "reopen", "B1"), ("product", "repin", "bulb")],
)  # fmt: skip
def test_a_blank_reason_is_none(line: Factory, command: tuple[str, ...]) -> None:
    for blank in ("", "  "):
        done = line.cli(*command, "--reason", blank)
        assert done.code == 2, done.err
        assert "say why" in done.err
