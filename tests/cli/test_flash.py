"""Flashers share a batch: each unit goes to one of them, sealed to its key, and what they say of it is kept."""

from __future__ import annotations

import csv
import io
import json
import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pyrage
import pytest

from bss_mfg.core import clock
from bss_mfg.core.group_modes import GROUP_FILE, GROUP_FOLDER
from bss_mfg.errors import InputError, RefusedError
from bss_mfg.ledger.events import DeviceChecked
from bss_mfg.programming.flash_reports import read_reports
from bss_mfg.programming.flasher_key import FILE, register_flasher
from tests.helpers.commands import Outcome, advised
from tests.helpers.cut_off import cut_off_releases
from tests.helpers.factory import Factory

NAMES = ("one", "two", "three", "four")
UNITS = 12


@pytest.fixture
def line(factory: Factory, tmp_path: Path) -> Iterator[Factory]:
    """A batch of twelve, and four flashers with keys of their own."""
    factory.add(oob_bytes=16, serial="L{n:04}")
    factory.issue(UNITS)
    with factory.ledger() as ledger:
        for name in NAMES:
            folder(tmp_path, name).mkdir()
            register_flasher(folder(tmp_path, name), ledger, name)
    return factory


def folder(tmp_path: Path, name: str) -> Path:
    return tmp_path / f"flasher-{name}"


def claim_words(tmp_path: Path, name: str, most: int, *more: str) -> list[str]:
    words = ["program", "B1", "--format", "csv", "--out", f"{folder(tmp_path, name)}/", "--json"]
    return [*words, "--claim", str(most), "--for", name, *more]


def test_a_file_gets_the_name_of_a_sealed_one_and_says_so(line: Factory, tmp_path: Path) -> None:
    named = tmp_path / "keys.csv"
    words = ["program", "B1", "--format", "csv", "--claim", "1", "--for", "one", "--out"]
    assert f"its name ends in .age: {named}.age" in line.cli(*words, named).err
    in_a_folder = line.cli(*words, tmp_path)
    assert (in_a_folder.code, "ends in .age" in in_a_folder.err) == (0, False), in_a_folder.err


@pytest.mark.skipif(os.name == "nt", reason="has no folders of a group")
def test_in_a_folder_of_a_group_a_sealed_file_is_the_group_s(line: Factory, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(GROUP_FOLDER)
    words = ["program", "B1", "--format", "csv", "--out", f"{shared}/"]
    for more in (["--claim", "1", "--for", "one"], ["--again", "--reason", "a stick"]):
        assert line.cli(*words, *more).code == 0
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in shared.iterdir()}
    sealed = {name for name in modes if ".age" in name}
    assert (len(sealed), len(modes)) == (2, 4)
    assert modes == {name: GROUP_FILE if name in sealed else 0o600 for name in modes}, "keys in clear are their owner's"


def claim(line: Factory, tmp_path: Path, name: str, most: int, *more: str) -> list[str]:
    """The serials that a flasher gets, opened with its own key."""
    done = line.cli(*claim_words(tmp_path, name, most, *more))
    assert done.code == 0, done.err
    (file,) = done.json["files"]
    return opened(Path(file), tmp_path, name)


def opened(file: Path, tmp_path: Path, name: str) -> list[str]:
    """The serials in a sealed file."""
    secret = (folder(tmp_path, name) / FILE).read_text().splitlines()[-1]
    plain = pyrage.decrypt(file.read_bytes(), [pyrage.x25519.Identity.from_str(secret)])
    return [row["serial"] for row in csv.DictReader(io.StringIO(plain.decode()))]


def serials(*numbers: int) -> list[str]:
    return [f"L{number:04}" for number in numbers]


def report(line: Factory, rows: dict[str, str], *more: str) -> Outcome:
    """What a flasher says, as CSV on standard input."""
    text = "serial,result,detail\n" + "".join(f"{name},{said},\n" for name, said in rows.items())
    return line.cli("flash", "report", "-", *more, stdin=text)


def listed(line: Factory) -> list[dict[str, object]]:
    found: list[dict[str, object]] = line.cli("flash", "list", "B1", "--json").json
    return found


# --- claims -----------------------------------------------------------------------------------------------------------


def test_each_unit_goes_to_one_flasher(line: Factory, tmp_path: Path) -> None:
    assert claim(line, tmp_path, "one", 5) == serials(1, 2, 3, 4, 5)
    assert line.cli("scrap", "B1", "L0007", "--reason", "dropped").code == 0
    assert claim(line, tmp_path, "two", 5) == serials(6, 8, 9, 10, 11)
    assert claim(line, tmp_path, "one", 5) == serials(12)
    nothing = line.cli(*claim_words(tmp_path, "two", 5))
    assert nothing.code == 4
    assert [(one["flasher"], one["units"]) for one in listed(line)] == [("one", 5), ("two", 5), ("one", 1)]


def test_only_its_own_key_opens_it(line: Factory, tmp_path: Path) -> None:
    claim(line, tmp_path, "one", 5)
    (file,) = folder(tmp_path, "one").glob("*.age")
    with pytest.raises(pyrage.DecryptError):
        opened(file, tmp_path, "two")
    (event,) = [one for one in line.cli("history", "B1", "--json").json if one["kind"] == "keys releasing"]
    assert event["flasher"] == "one"


def test_four_flashers_at_once(line: Factory, tmp_path: Path) -> None:
    """Each in a process of its own; all wait for their turn."""
    running = [
        subprocess.Popen(line.command(*claim_words(tmp_path, name, 3)), stdout=subprocess.PIPE, text=True)
        for name in NAMES
    ]
    got = []
    for name, process in zip(NAMES, running, strict=True):
        out, _ = process.communicate(timeout=300)
        assert process.returncode == 0
        got += opened(Path(json.loads(out)["files"][0]), tmp_path, name)
    assert sorted(got) == serials(*range(1, UNITS + 1))


def test_a_claim_that_was_cut_off_is_the_same_claim(line: Factory, tmp_path: Path) -> None:
    with cut_off_releases():
        assert line.cli(*claim_words(tmp_path, "one", 5)).code == 130
    assert claim(line, tmp_path, "two", 3) == serials(6, 7, 8)
    assert claim(line, tmp_path, "one", 5) == serials(1, 2, 3, 4, 5)
    assert [(one["flasher"], one["units"]) for one in listed(line)] == [("one", 5), ("two", 3)]


def test_what_is_not_reported_is_shown_and_not_given_away(
    line: Factory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim(line, tmp_path, "one", 5)
    assert report(line, dict.fromkeys(serials(1, 2), "pass")).code == 0
    assert [(one["unreported"], one["overdue"]) for one in listed(line)] == [(3, False)]
    again = ["--again", "--reason", "press died"]
    assert line.cli(*claim_words(tmp_path, "two", 9, *again)).code == 4  # it is not late yet
    later = clock.hours_ago(-13)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert [(one["unreported"], one["overdue"]) for one in listed(line)] == [(3, True)]
    assert claim(line, tmp_path, "two", 5) == serials(6, 7, 8, 9, 10)  # new ones, never the late ones
    assert claim(line, tmp_path, "two", 9, *again) == serials(3, 4, 5)
    assert [(one["flasher"], one["units"], one["unreported"]) for one in listed(line)] == [
        ("one", 2, 0), ("two", 5, 5), ("two", 3, 3),
    ]  # fmt: skip


def test_how_late_is_late_is_a_setting(line: Factory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    claim(line, tmp_path, "one", 5)
    later = clock.hours_ago(-2)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert [one["overdue"] for one in listed(line)] == [False]
    settings = line.root / "bss-mfg.toml"
    settings.write_text(settings.read_text() + "\n[flash]\noverdue_hours = 1.5\n")
    assert [one["overdue"] for one in listed(line)] == [True]


@pytest.mark.parametrize(
    "words",
    [
        ["--claim", "3"],
        ["--for", "one"],
        ["--claim", "0", "--for", "one"],
        ["--claim", "3", "--for", "one", "--to", "age1x"],
        ["--claim", "3", "--for", "one", "--again"],
    ],
)
def test_claims_are_whole(line: Factory, tmp_path: Path, words: list[str]) -> None:
    assert line.cli("program", "B1", "--format", "csv", "--out", f"{tmp_path}/", *words).code == 2


def test_an_unknown_flasher_gets_nothing(line: Factory, tmp_path: Path) -> None:
    refused = line.cli("program", "B1", "--format", "csv", "--out", f"{tmp_path}/", "--claim", "3", "--for", "nobody")
    assert refused.code == 3
    assert "one" in refused.err
    assert line.rows("SELECT count(*) FROM release") == [(0,)]


def test_a_flasher_has_one_key(line: Factory, tmp_path: Path) -> None:
    with line.ledger() as ledger:
        known = register_flasher(folder(tmp_path, "one"), ledger, "one")
        assert ledger.flash.recipient("one") == known
        for where, name in ((tmp_path, "one"), (folder(tmp_path, "one"), "other")):
            with pytest.raises(RefusedError):
                register_flasher(where, ledger, name)
    key = folder(tmp_path, "one") / FILE
    assert key.stat().st_mode & 0o777 == 0o600
    assert key.read_text().splitlines()[-1] not in str(line.rows("SELECT data FROM event"))
    key.write_text("nonsense\n")
    with line.ledger() as ledger, pytest.raises(InputError):
        register_flasher(folder(tmp_path, "one"), ledger, "one")


# --- reports ----------------------------------------------------------------------------------------------------------


def test_what_was_flashed_is_kept(line: Factory, tmp_path: Path) -> None:
    claim(line, tmp_path, "one", 4)
    lines = [{"serial": "L0001", "result": "pass"}, {"serial": "l0002", "result": "FAIL", "detail": "no\nanswer"}]
    file = tmp_path / "results.jsonl"
    file.write_text("".join(json.dumps(one) + "\n" for one in lines))
    done = line.cli("flash", "report", file, "--json")
    counts = {"passed": 1, "failed": 1, "known": 0, "contradicted": [], "outdated": [], "unproven": [], "shipped": []}
    assert (done.code, done.json) == (0, counts)
    ((_, unit),) = line.rows("SELECT serial, uuid FROM unit WHERE serial = 'L0003'")
    assert line.cli("flash", "report", "-", stdin=f"uuid,result\n{bytes(unit).hex().upper()},pass\n").code == 0
    assert [(one["passed"], one["failed"], one["unreported"]) for one in listed(line)] == [(2, 1, 1)]
    told = [one for one in line.cli("history", "L0002", "--json").json if one["kind"] == "flash reported"]
    assert [(one["failed"], one["details"]) for one in told] == [([[2, 2]], {"2": "no\\x0aanswer"})]
    shown = line.cli("batch", "show", "B1", "--json").json
    assert (shown["flash_unreported"], shown["flash_failed"]) == (1, 1)
    assert line.cli("ledger", "check").code == 0


def test_the_same_again_changes_nothing(line: Factory, tmp_path: Path) -> None:
    claim(line, tmp_path, "one", 4)
    assert report(line, {"L0001": "fail", "L0002": "pass"}).code == 0
    assert report(line, {"L0001": "pass"}).code == 0  # flashed again, and now it works
    with line.ledger() as ledger:
        head = ledger.history.head()
    older = report(line, {"L0001": "fail", "L0002": "pass"}, "--json")
    assert (older.code, older.json["known"], older.json["contradicted"]) == (0, 2, [])
    assert older.json["outdated"] == ["L0001"]
    longer = report(line, {"L0002": "pass", "L0001": "pass"}, "--json")
    assert (longer.code, longer.json["known"]) == (0, 2)
    with line.ledger() as ledger:
        assert ledger.history.head() == head
    assert [(one["passed"], one["failed"]) for one in listed(line)] == [(2, 0)]


def test_a_unit_that_is_flashed_after_its_proof_is_unproven(line: Factory, tmp_path: Path) -> None:
    """Also with the same result as before; not by rows of a log that grew which were reported before the proof."""

    def prove(*units: int) -> None:
        with line.ledger() as ledger:
            for unit in units:
                outcome = DeviceChecked(unit=unit, passed=True, verdict="proven", awaited="random")
                ledger.device_checks.end("B1", outcome)

    def proven() -> set[int]:
        with line.ledger() as ledger:
            return set(ledger.device_checks.proven("B1"))

    claim(line, tmp_path, "one", 4)
    log = "serial,result\r\nL0001,pass\r\nL0002,fail"
    assert line.cli("flash", "report", "-", stdin=log).code == 0
    prove(1, 2, 3)
    log += "\r\nL0003,pass\r\n"
    done = line.cli("flash", "report", "-", "--json", stdin=log)
    assert (done.code, done.json["known"], done.json["unproven"]) == (0, 2, ["L0003"])
    assert proven() == {1, 2}
    prove(3)
    log += "L0001,pass\r\n"
    again = line.cli("flash", "report", "-", stdin=log)
    assert again.code == 0
    assert "L0001" in again.err
    assert advised(again)[0][:2] == ["station", "pair"]
    assert proven() == {2, 3}
    assert line.cli("flash", "report", "-", stdin="serial,result\nL0002,fail\n").code == 0
    assert proven() == {3}
    prove(1, 2)
    assert proven() == {1, 2, 3}
    assert line.cli("ledger", "check").code == 0


def test_a_log_that_grows_is_read_to_its_end(line: Factory, tmp_path: Path) -> None:
    claim(line, tmp_path, "one", 4)
    log = "serial,result\nL0001,fail\n"
    assert line.cli("flash", "report", "-", stdin=log).code == 0
    log += "L0001,pass\nL0002,pass\n"
    assert line.cli("flash", "report", "-", stdin=log).code == 0
    log += "L0003,pass\n"
    done = line.cli("flash", "report", "-", "--json", stdin=log)
    assert (done.code, done.json["passed"], done.json["contradicted"]) == (0, 1, [])


def test_who_passed_and_fails_is_named_and_not_called_good(line: Factory, tmp_path: Path) -> None:
    claim(line, tmp_path, "one", 4)
    assert report(line, {"L0001": "pass", "L0002": "pass"}).code == 0
    worse = report(line, {"L0002": "fail"}, "--json")
    assert (worse.code, worse.json["contradicted"]) == (1, ["L0002"])
    assert [(one["passed"], one["failed"]) for one in listed(line)] == [(1, 1)]


def test_a_wrong_file_records_nothing(line: Factory, tmp_path: Path) -> None:
    claim(line, tmp_path, "one", 4)
    for name in ("L9999", "L0012", "00000000-0000-0000-0000-000000000000"):  # unknown, or its key never left
        refused = report(line, {"L0001": "pass", name: "pass"})
        assert refused.code == 3
        assert name in refused.err
    several = report(line, {"L9999": "pass", "L0012": "pass"})
    assert "2 rows can't be recorded: row 2: no unit of this name: L9999; row 3: the key of L0012" in several.err
    assert [one["unreported"] for one in listed(line)] == [4]


@pytest.mark.parametrize(
    "data",
    [
        b"", b"serial,result\n", b"serial,result\nL1\n", b"serial,result\nL1,maybe\n", b"serial,result\n,pass\n",
        b"name,result\nL1,pass\n", b"serial\nL1\n", b'{"serial": "L1"}\n', b'{"serial": "L1", "result": true}\n',
        b'{"serial": "L1", "result": "pass"}\n[1]\n', b'{"serial": "L1", "result": "pass"}\n{\n', b"\xff\xfe\x00",
        b'serial,result\n"L1,pass\n', b'{"serial": ["L1"], "result": "pass"}\n',
    ],
)  # fmt: skip
def test_a_wrong_row_is_refused(data: bytes) -> None:
    with pytest.raises(InputError):
        read_reports(data, "x")


def test_the_check_finds_a_result_that_nobody_reported(line: Factory, tmp_path: Path) -> None:
    claim(line, tmp_path, "one", 4)
    assert report(line, {"L0001": "fail"}).code == 0
    with line.database() as database:
        database.execute("UPDATE flashed SET passed = 1")
    assert line.cli("ledger", "check").code == 5


# --- retirement -------------------------------------------------------------------------------------------------------


def test_retiring_asks_for_reports(line: Factory, tmp_path: Path) -> None:
    for _ in range(2):
        claim(line, tmp_path, "one", 6)
    assert line.cli("manifest", "B1", "--out", f"{tmp_path}/upload/").code == 0
    retire = ["retire", "B1", "--acknowledged", "by mail"]
    assert report(line, {**dict.fromkeys(serials(*range(1, 11)), "pass"), "L0011": "fail"}).code == 0
    refused = line.cli(*retire)
    assert refused.code == 4
    assert "1 unit" in refused.err
    assert ["flash", "list", "B1"] in advised(refused)
    assert report(line, {"L0012": "pass"}).code == 0
    assert line.cli(*retire).code == 4  # one failed
    on_purpose = line.cli(*retire, "--unflashed", "sold as it is")
    assert on_purpose.code == 0, on_purpose.err
    (event,) = [one for one in line.cli("history", "B1", "--json").json if one["kind"] == "batch retired"]
    assert event["unflashed"] == "sold as it is"


def test_a_failed_unit_that_is_scrapped_needs_no_reason(line: Factory, tmp_path: Path) -> None:
    claim(line, tmp_path, "one", UNITS)
    assert report(line, {**dict.fromkeys(serials(*range(1, 12)), "pass"), "L0012": "fail"}).code == 0
    assert line.cli("scrap", "B1", "L0012", "--reason", "failed").code == 0
    assert line.cli("manifest", "B1", "--out", f"{tmp_path}/upload/").code == 0
    done = line.cli("retire", "B1", "--acknowledged", "by mail")
    assert done.code == 0, done.err
