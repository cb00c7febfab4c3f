"""What is to leave is written down first: a key leaves once, whoever else releases and whenever a command is cut off;
what was cut off counts, is named with its path, and is gone on with by the same command."""

from __future__ import annotations

import csv
import json
import shlex
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from bss_mfg.core import files
from tests.helpers.commands import advised
from tests.helpers.factory import Factory
from tests.helpers.told import history


@pytest.fixture
def line(factory: Factory) -> Factory:
    factory.add(oob_bytes=16, serial="00{n:06}")
    factory.issue(4)
    return factory


def released(factory: Factory) -> list[int]:
    return [count for (count,) in factory.rows("SELECT released FROM unit ORDER BY number")]


Cut = Callable[..., None]


@pytest.fixture
def cut_off(line: Factory, monkeypatch: pytest.MonkeyPatch) -> Cut:
    """A command that ends between its file's final name and what follows: the file is whole, nothing else was done."""

    def run(*command: object, after: int = 1) -> None:
        real, moved = files._move_exclusively, []

        def move(source: Path, target: Path) -> None:
            real(source, target)
            moved.append(target)
            if len(moved) == after:
                raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(files, "_move_exclusively", move)
            assert line.cli(*command).code == 130

    return run


def test_two_at_once_release_each_key_once(factory: Factory, tmp_path: Path) -> None:
    factory.add(oob_bytes=16)
    factory.issue(3000)
    commands = [factory.command("program", "B1", "--format", "csv", "--out", tmp_path / f"{name}.csv") for name in "ab"]
    running = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for command in commands]
    codes = [process.wait() for process in running]
    assert sorted(codes)[0] == 0 and sorted(codes)[1] in (4, 5), codes
    rows = [row for name in "ab" for row in _rows(tmp_path / f"{name}.csv")]
    assert max(Counter(row["serial"] for row in rows).values()) == 1
    assert len(rows) == 3000
    assert set(released(factory)) == {1}


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.exists():
        return []
    with path.open() as file:
        return list(csv.DictReader(file))


def test_while_one_releases_another_is_refused(line: Factory, tmp_path: Path) -> None:
    from bss_mfg.ledger.batch_lock import BatchWork

    with line.ledger() as ledger, ledger.locked("B1", BatchWork.KEYS):
        for command in (
            ["program", "B1", "--format", "csv", "--out", tmp_path / "k.csv"],
            ["retire", "B1", "--acknowledged", "x"],
        ):
            done = line.cli(*command)
            assert done.code == 5, done.err
    assert released(line) == [0, 0, 0, 0]
    assert not (tmp_path / "k.csv").exists()


def test_the_database_lets_a_unit_go_once_without_the_lock(line: Factory, tmp_path: Path) -> None:
    from bss_mfg.errors import LedgerError
    from bss_mfg.ledger.releases import ReleaseTarget

    with line.ledger() as one, line.ledger() as other:
        units = one.releases.waiting("B1")
        assert other.releases.waiting("B1") == units == (range(1, 5),)
        one.releases.begin("B1", ReleaseTarget(tmp_path / "a.csv", "batch", "csv"), units)
        with pytest.raises(LedgerError):
            other.releases.begin("B1", ReleaseTarget(tmp_path / "b.csv", "batch", "csv"), units)
    assert released(line) == [1, 1, 1, 1]


def test_what_was_cut_off_counts_and_no_other_folder_gets_it(line: Factory, tmp_path: Path, cut_off: Cut) -> None:
    path = tmp_path / "keys.csv"
    cut_off("program", "B1", "--format", "csv", "--out", path)
    assert len(_rows(path)) == 4
    assert released(line) == [1, 1, 1, 1]
    (begun,) = history(line, "B1", "keys releasing")
    assert begun["path"] == str(path)
    (tmp_path / "other").mkdir()
    other = line.cli("program", "B1", "--format", "csv", "--out", tmp_path / "other")
    assert other.code == 4
    assert str(path) in other.err
    assert list((tmp_path / "other").iterdir()) == []
    # It is named wherever someone may look.
    assert str(path) in line.cli("doctor").out
    assert line.cli("batch", "show", "B1", "--json").json["open_releases"][0]["path"] == str(path)
    assert str(path) in line.cli("batch", "show", "B1").out
    assert str(path) in line.cli("history", "B1").err
    # The way out, as it is typed.
    command = next(words for words in advised(other) if words[0] == "program")
    assert command[:2] == ["program", "B1"]
    before = path.read_bytes()
    again = line.cli(*command)
    assert again.code == 0, again.err
    assert path.read_bytes() == before
    assert released(line) == [1, 1, 1, 1]
    (done,) = history(line, "B1", "keys released")
    assert done["intent"] == begun["seq"]
    assert line.cli("batch", "show", "B1", "--json").json["open_releases"] == []
    assert line.cli(*command).code == 4
    assert line.cli("ledger", "check").code == 0


def test_a_whole_file_of_other_content_is_not_taken(line: Factory, tmp_path: Path, cut_off: Cut) -> None:
    path = tmp_path / "keys.csv"
    cut_off("program", "B1", "--format", "csv", "--out", path)
    path.write_bytes(path.read_bytes()[:-5])
    done = line.cli("program", "B1", "--format", "csv", "--out", path)
    assert done.code == 4
    path.unlink()
    assert line.cli("program", "B1", "--format", "csv", "--out", path).code == 0
    assert len(_rows(path)) == 4
    assert released(line) == [1, 1, 1, 1]


def test_the_stick_has_to_be_in_to_go_on(line: Factory, tmp_path: Path, cut_off: Cut) -> None:
    (tmp_path / "stick").mkdir()
    command = ("program", "B1", "--format", "csv", "--out", tmp_path / "stick" / "k.csv")
    cut_off(*command)
    (tmp_path / "stick").rename(tmp_path / "out of reach")
    away = line.cli(*command)
    assert away.code == 3
    assert "stick in?" in away.err
    (tmp_path / "out of reach").rename(tmp_path / "stick")
    assert line.cli(*command).code == 0


def test_a_file_of_another_release_that_was_cut_off_is_not_taken(line: Factory, tmp_path: Path, cut_off: Cut) -> None:
    cut_off("program", "B1", "--format", "csv", "--out", tmp_path / "k.csv")
    other = line.cli("program", "B1", "--format", "csv", "--out", tmp_path / "k.csv", "--again", "--reason", "unsure")
    assert other.code == 4
    assert line.cli(*shlex.split(other.err.split("`")[1])[1:]).code == 0


def test_a_unit_that_was_scrapped_meanwhile(line: Factory, tmp_path: Path, cut_off: Cut) -> None:
    """A whole file that was left is taken as it is; one that is written anew leaves the unit out."""
    path = tmp_path / "keys.csv"
    cut_off("program", "B1", "--format", "csv", "--out", path)
    assert line.cli("scrap", "B1", "00000002", "--reason", "x").code == 0
    left = path.read_bytes()
    other = line.copied(tmp_path / "other")
    assert line.cli("program", "B1", "--format", "csv", "--out", path).code == 0
    assert path.read_bytes() == left
    assert history(line, "B1", "keys released")[0]["numbers"] == [[1, 4]]
    path.unlink()
    assert other.cli("program", "B1", "--format", "csv", "--out", path).code == 0
    assert [row["serial"] for row in _rows(path)] == ["00000001", "00000003", "00000004"]
    assert history(other, "B1", "keys released")[0]["numbers"] == [[1, 1], [3, 4]]
    for one in (line, other):
        assert one.cli("ledger", "check").code == 0


@pytest.mark.parametrize("sealed", [False, True])
def test_unit_files_are_gone_on_with(line: Factory, tmp_path: Path, cut_off: Cut, sealed: bool) -> None:
    pyrage = pytest.importorskip("pyrage")
    to = ["--to", str(pyrage.x25519.Identity.generate().to_public())] if sealed else []
    folder = tmp_path / "keys"
    folder.mkdir()
    command = ("program", "B1", "--format", "c-header", "--out", folder, *to)
    cut_off(*command, after=2)
    assert len(list(folder.iterdir())) == 2
    assert released(line) == [1, 1, 1, 1]
    other = line.cli("program", "B1", "--format", "c-header", "--out", f"{line.root}/batches/k/", *to)
    assert other.code == 4
    assert str(folder) in other.err
    done = line.cli(*command, "--json")
    assert done.code == 0, done.err
    assert done.json["units"] == 4
    assert len([path for path in folder.iterdir() if path.suffix == (".age" if sealed else ".h")]) == 4
    assert released(line) == [1, 1, 1, 1]
    assert line.cli("ledger", "check").code == 0


def test_a_second_release_on_purpose_is_gone_on_with(line: Factory, tmp_path: Path, cut_off: Cut) -> None:
    assert line.cli("program", "B1", "--format", "csv", "--out", tmp_path / "a.csv").code == 0
    again = ("program", "B1", "--format", "csv", "--out", tmp_path / "b.csv", "--again", "--reason", "stick lost")
    cut_off(*again)
    assert released(line) == [2, 2, 2, 2]
    assert line.cli(*again).code == 0
    assert released(line) == [2, 2, 2, 2]
    assert [event["reason"] for event in history(line, "B1", "keys releasing")[1:]] == ["stick lost"]


def test_a_unit_that_does_not_fit_its_format_is_found_before_anything_counts(line: Factory, tmp_path: Path) -> None:
    assert line.cli("program", "B1", "--format", "hex", "--out", line.root / "x").code == 3
    assert not (line.root / "x").exists()
    assert released(line) == [0, 0, 0, 0]
    assert history(line, "B1", "keys releasing") == []


def test_a_disk_that_fails_says_that_the_keys_count(
    line: Factory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(files, "_move_exclusively", full)
        done = line.cli("program", "B1", "--format", "csv", "--out", tmp_path / "k.csv")
    assert done.code == 6
    assert f"count as released to {tmp_path / 'k.csv'}" in done.err
    assert line.cli("program", "B1", "--format", "csv", "--out", tmp_path / "k.csv").code == 0
    assert released(line) == [1, 1, 1, 1]


def test_a_folder_that_may_not_be_written_counts_nothing(line: Factory, tmp_path: Path) -> None:
    folder = tmp_path / "x"
    folder.mkdir()
    (folder / "k.csv.json").mkdir()
    done = line.cli("program", "B1", "--format", "csv", "--out", folder / "none" / "k.csv")
    assert done.code == 3
    assert released(line) == [0, 0, 0, 0]


# --- what the history says ----------------------------------------------------------------------------------------


def test_history_names_files_by_full_path_folder_station_and_units(line: Factory, tmp_path: Path) -> None:
    (tmp_path / "stick").mkdir()
    done = line.cli("program", "B1", "--format", "csv", "--out", tmp_path / "stick", "--json", cwd=tmp_path)
    path = Path(done.json["files"][0])
    begun, ended = (history(line, "B1", f"keys {word}")[0] for word in ("releasing", "released"))
    assert begun["path"] == ended["path"] == str(path)
    assert begun["folder"] == "stick"
    assert begun["station"] == ended["station"] != ""
    assert begun["numbers"] == ended["numbers"] == [[1, 4]]
    index = Path(done.json["indexes"][0])
    assert (ended["index"], ended["file"]) == (index.name, path.name)
    assert ended["index_sha256"] == files.sha256_of(index)
    relative = line.cli("program", "B1", "--format", "csv", "--out", "stick", "--again", "--reason", "x", cwd=tmp_path)
    assert relative.code == 0
    assert history(line, "B1", "keys released")[1]["path"] == str(tmp_path / "stick" / "B1-keys-002.csv")


def test_history_of_a_unit_has_its_own_releases_only(line: Factory, tmp_path: Path) -> None:
    assert line.cli("program", "B1", "--format", "csv", "--out", tmp_path / "a.csv").code == 0
    assert line.cli("scrap", "B1", "00000002", "--reason", "x").code == 0
    assert line.cli("replace", "B1", "00000002", "--reason", "x").code == 0
    assert line.cli("program", "B1", "--format", "csv", "--out", tmp_path / "b.csv").code == 0
    for serial, file in (("00000001", "a.csv"), ("00000005", "b.csv")):
        assert [event["path"] for event in history(line, serial, "keys released")] == [str(tmp_path / file)]


def test_a_copy_that_is_torn_anywhere_is_refused(factory: Factory, tmp_path: Path) -> None:
    """A plain copy of ledger.db while `program` commits holds pages of before and of after."""
    factory.add(oob_bytes=16)
    factory.issue(40)
    before = (factory.root / "ledger.db").read_bytes()
    assert factory.cli("program", "B1", "--format", "c-header", "--out", f"{factory.root}/batches/k/").code == 0
    after = (factory.root / "ledger.db").read_bytes()
    page = int.from_bytes(before[16:18], "big")
    size, wrong = max(len(before), len(after)), 0
    copy = tmp_path / "copy.db"
    for at in range(0, size + page, page):
        for one, other in ((before, after), (after, before)):
            whole = one[:at].ljust(at, b"\0") + other[at:]
            copy.write_bytes(whole)
            done = factory.cli("ledger", "restore", copy, "--check")
            if whole in (before, after):
                assert done.code == 0, (at, done.err)
            else:
                wrong += 1
                assert done.code == 5 or _agrees(copy), (at, done)
    assert wrong > 8


def _agrees(path: Path) -> bool:
    """Whether a copy's counts are those of its history; what else differs is no matter of keys."""
    import sqlite3

    database = sqlite3.connect(path)
    begun = [json.loads(data) for (data,) in database.execute("SELECT data FROM event WHERE kind = 'keys releasing'")]
    counts = Counter(n for one in begun for first, last in one["numbers"] for n in range(first, last + 1))
    units = database.execute("SELECT number, released FROM unit").fetchall()
    database.close()
    return all(counts[number] == count for number, count in units)


@pytest.mark.parametrize("change", [
    "UPDATE unit SET released = 0 WHERE number = 3", "UPDATE unit SET released = 2 WHERE number = 1",
    "UPDATE release SET completed_at = NULL",
])  # fmt: skip
def test_a_count_that_the_history_does_not_prove_is_found(line: Factory, tmp_path: Path, change: str) -> None:
    import sqlite3

    assert line.cli("program", "B1", "--format", "csv", "--out", tmp_path / "a.csv").code == 0
    copy = tmp_path / "copy.db"
    shutil.copy(line.root / "ledger.db", copy)
    with sqlite3.connect(copy) as database:
        database.execute(change)
    done = line.cli("ledger", "restore", copy, "--check")
    assert done.code == 5, done.err


# --- names and places ---------------------------------------------------------------------------------------------


def test_a_sealed_file_is_called_age_and_no_other(line: Factory, tmp_path: Path) -> None:
    pyrage = pytest.importorskip("pyrage")
    station = str(pyrage.x25519.Identity.generate().to_public())
    wrong = line.cli("program", "B1", "--format", "csv", "--out", tmp_path / "keys.csv.age")
    assert wrong.code == 3
    assert "keys.csv," in wrong.err and "--to" in wrong.err
    done = line.cli("program", "B1", "--format", "csv", "--out", tmp_path / "keys.csv", "--to", station)
    assert done.code == 0, done.err
    assert not (tmp_path / "keys.csv").exists()
    assert (tmp_path / "keys.csv.age").read_bytes().startswith(b"age-encryption.org/v1\n")
    assert "keys.csv.age" in done.out + done.err
    again = line.cli(
        "program", "B1", "--format", "csv", "--out", tmp_path / "k.age", "--to", station, "--again", "--reason", "x"
    )
    assert again.code == 0
    assert (tmp_path / "k.age").exists()


@pytest.mark.parametrize("kind", ["csv", "esp-nvs"])
@pytest.mark.parametrize("deep", ["line", "line/bulb bright"])
def test_a_folder_elsewhere_is_never_made(line: Factory, tmp_path: Path, kind: str, deep: str) -> None:
    """It may be a stick that is not in."""
    folder = tmp_path / deep
    command = ("program", "B1", "--format", kind, "--out", f"{folder}/")
    done = line.cli(*command)
    assert done.code == 3
    assert not (tmp_path / "line").exists()
    assert released(line) == [0, 0, 0, 0]
    subprocess.run(["mkdir", *shlex.split(done.err.strip().rpartition("mkdir")[2])], check=True)
    assert line.cli(*command).code == 0


def test_a_folder_in_the_workspace_is_made(line: Factory) -> None:
    done = line.cli("program", "B1", "--format", "csv", "--out", line.root / "batches" / "B1" / "deep" / "keys.csv")
    assert done.code == 0, done.err
