"""`retire --delete-exports` destroys what the history proves to be a programming file of the batch, nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bss_mfg.core import files
from bss_mfg.core.files import sha256_of
from bss_mfg.ledger import event_chain
from tests.helpers.commands import Outcome
from tests.helpers.factory import Factory, opened_file, tree


@pytest.fixture
def line(factory: Factory) -> Factory:
    factory.add(oob_bytes=16, serial="00{n:06}")
    factory.issue(3)
    assert factory.cli("manifest", "B1", "--format", "control-log", "--out", f"{factory.root}/batches/B1/up/").code == 0
    return factory


def program(factory: Factory, kind: str, out: Path, *more: object) -> None:
    done = factory.cli("program", "B1", "--format", kind, "--out", out, *more)
    assert done.code == 0, done.err


def retire(factory: Factory, *more: object) -> Outcome:
    return factory.cli("retire", "B1", "--acknowledged", "letter", *more)


def refused(factory: Factory, name: str) -> None:
    """The retirement is refused, names the file, and changes nothing."""
    before = tree(factory.root)
    done = retire(factory, "--delete-exports")
    assert done.code == 4, done.err
    assert name in done.err
    assert tree(factory.root) == before
    assert factory.rows("SELECT count(*) FROM unit WHERE sealed_key IS NULL") == [(0,)]


def plant(folder: Path, *named: Path | str, kind: str = "csv", batch: str = "B1") -> Path:
    """An index that nobody of us wrote."""
    listed = [
        {"file": Path(one).name if isinstance(one, Path) else one, "serial": None,
         "sha256": sha256_of(one) if isinstance(one, Path) else "0" * 64}
        for one in named
    ]  # fmt: skip
    index = {
        "format": 1, "kind": "programming", "batch": batch, "ledger_head": "1:0", "programming_format": kind,
        "layout": None, "sealed_to": [], "units": 1, "files": listed, "bss_mfg": "1",
    }  # fmt: skip
    (folder / "planted.json").write_text(json.dumps(index))
    return folder / "planted.json"


@pytest.mark.parametrize("kind", ["csv", "bin", "esp-nvs"])
def test_what_was_released_is_destroyed_wherever_it_was_moved(line: Factory, kind: str) -> None:
    program(line, kind, line.root / "batches" / "keys")
    moved = line.root / "elsewhere"
    (line.root / "batches" / "keys").rename(moved)
    keys = [path for path in moved.iterdir() if path.suffix != ".json"]
    assert retire(line).code == 4
    done = retire(line, "--delete-exports")
    assert done.code == 0, done.err
    assert not any(path.exists() for path in keys)
    assert retire(line, "--delete-exports").code == 0


@pytest.mark.parametrize("kind", ["csv", "jsonl", "bin", "esp-nvs"])
def test_what_was_released_is_destroyed_under_any_name(line: Factory, kind: str) -> None:
    program(line, kind, line.root / "batches" / "keys")
    released = [path for path in (line.root / "batches" / "keys").iterdir() if path.suffix != ".json"]
    renamed, copy = line.root / "for the line", line.root / "specs" / "copy"
    copy.write_bytes(released[0].read_bytes())
    released[-1].rename(renamed)
    done = retire(line)
    assert done.code == 4, done.out
    assert renamed.name in done.err
    assert "specs/copy" in done.err
    done = retire(line, "--delete-exports")
    assert done.code == 0, done.err
    assert not any(path.exists() for path in (*released, renamed, copy))
    assert line.cli("vault", "status").code == 0


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_copies_under_other_names_are_destroyed_too(line: Factory, kind: str) -> None:
    program(line, kind, line.root / "batches" / f"keys.{kind}")
    keys = (line.root / "batches" / f"keys.{kind}").read_bytes()
    copies = [line.root / f"somewhere.{kind}", line.root / "batches" / f"old.{kind}"]
    for copy in copies:
        copy.write_bytes(keys)
    refused = retire(line)
    assert refused.code == 4
    assert all(copy.name in refused.err for copy in copies)
    assert retire(line, "--delete-exports").code == 0
    assert not any(copy.exists() for copy in copies)


@pytest.mark.parametrize("victim", ["vault.key", "ledger.db", "bss-mfg.toml"])
def test_an_index_that_names_the_workspaces_own_files(line: Factory, tmp_path: Path, victim: str) -> None:
    program(line, "csv", tmp_path / "k.csv")
    plant(line.root, line.root / victim)
    refused(line, victim)


@pytest.mark.parametrize("name", ["../../victim", "/etc/hostname", "..", "a/b", "a\\b", "C:x"])
def test_an_index_that_names_a_path(line: Factory, tmp_path: Path, name: str) -> None:
    program(line, "csv", tmp_path / "k.csv")
    (line.root / "planted").mkdir()
    plant(line.root / "planted", name)
    for done in (retire(line, "--delete-exports"), line.cli("reconcile", "B1", "--folder", line.root / "planted")):
        assert done.code == 3, done.err
        assert "planted.json" in done.err
    assert line.rows("SELECT count(*) FROM unit WHERE sealed_key IS NULL") == [(0,)]


def test_a_symbolic_link_is_never_followed(line: Factory, tmp_path: Path) -> None:
    """Not even to a file with the very bytes that were released."""
    program(line, "csv", line.root / "keys.csv")
    victim = tmp_path / "victim.csv"
    victim.write_bytes((line.root / "keys.csv").read_bytes())
    (line.root / "keys.csv").unlink()
    (line.root / "keys.csv").symlink_to(victim)
    refused(line, "keys.csv")
    (line.root / "keys.csv").unlink()
    (line.root / "keys.csv.json").unlink()
    (tmp_path / "folder").mkdir()
    victim.rename(tmp_path / "folder" / "keys.csv")
    (line.root / "link").symlink_to(tmp_path / "folder")
    assert retire(line, "--delete-exports").code == 0
    assert (tmp_path / "folder" / "keys.csv").read_bytes().startswith(b"serial,")


def test_an_altered_file_is_named_and_left(line: Factory) -> None:
    program(line, "csv", line.root / "keys.csv")
    with (line.root / "keys.csv").open("a") as file:
        file.write("\n")
    refused(line, "keys.csv")
    (line.root / "keys.csv").rename(line.root / "renamed.csv")
    assert retire(line, "--delete-exports").code == 0  # nothing names it any more


def test_an_index_that_the_history_does_not_know_proves_nothing(line: Factory, tmp_path: Path) -> None:
    program(line, "csv", tmp_path / "k.csv")
    (line.root / "notes.csv").write_text("serial,uuid,oob_key\r\n")
    plant(line.root, line.root / "notes.csv")
    refused(line, "notes.csv")


def as_before_version_5(factory: Factory) -> None:
    """The history as an older program would have written it: no intent, no paths, no index."""
    with opened_file(factory.root / "ledger.db") as database:
        rows = database.execute("SELECT seq, at, kind, batch, data FROM event ORDER BY seq").fetchall()
        database.execute("DELETE FROM event")
        database.execute("DELETE FROM release")
        previous, number = event_chain.GENESIS, 0
        for _, at, kind, batch, text in rows:
            data = json.loads(text)
            if kind == "keys releasing":
                continue
            if kind == "keys released":
                data = {
                    name: value
                    for name, value in data.items()
                    if name not in ("intent", "left", "path", "numbers", "index", "index_sha256")
                }
            number += 1
            text = json.dumps(data, separators=(",", ":"))
            previous = event_chain.event_digest(previous, number, at, kind, batch, text)
            database.execute("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?)", (number, at, kind, batch, text, previous))


@pytest.mark.parametrize("kind", ["csv", "jsonl", "bin", "zephyr", "zephyr-shell", "esp-nvs", "c-header"])
def test_a_release_of_an_older_version_is_destroyed(line: Factory, kind: str) -> None:
    folder = line.root / "batches" / "keys"
    program(line, kind, folder)
    as_before_version_5(line)
    assert line.cli("ledger", "check").code == 0
    keys = [path for path in folder.iterdir() if path.suffix != ".json"]
    done = retire(line, "--delete-exports")
    assert done.code == 0, done.err
    assert not any(path.exists() for path in keys)


def test_an_index_of_an_older_version_is_not_believed_about_other_files(line: Factory) -> None:
    folder = line.root / "batches" / "keys"
    program(line, "c-header", folder)
    as_before_version_5(line)
    (folder / "00000001.h").write_text("mine")
    (index,) = folder.glob("*.json")
    found = json.loads(index.read_text())
    found["files"][0]["sha256"] = sha256_of(folder / "00000001.h")
    index.write_text(json.dumps(found))
    refused(line, "00000001.h")


Cut = Callable[..., None]


@pytest.fixture
def killed(line: Factory, monkeypatch: pytest.MonkeyPatch) -> Cut:
    """`program` killed while it writes: what it wrote is left as it was."""

    def run(out: Path, kind: str = "csv", *, whole: bool = False) -> None:
        def stop(source: Path, target: Path) -> None:
            (source.rename if whole else source.with_name("kept").hardlink_to)(target if whole else source)
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(files, "_move_exclusively", stop)
            assert line.cli("program", "B1", "--format", kind, "--out", out).code == 130
        if not whole:
            folder = out if out.is_dir() else out.parent
            name = out if kind == "csv" else folder / "00000001.nvs.csv"
            (folder / "kept").rename(files._temporary(name))

    return run


@pytest.mark.parametrize("kind", ["csv", "esp-nvs"])
def test_half_written_keys_elsewhere_are_named_and_destroyed(
    line: Factory, tmp_path: Path, killed: Cut, kind: str
) -> None:
    (tmp_path / "stick").mkdir()
    out = tmp_path / "stick" / "k.csv" if kind == "csv" else tmp_path / "stick"
    killed(out, kind)
    (half,) = (tmp_path / "stick").glob(".*.part")
    assert half.read_bytes()
    assert str(half) in line.cli("doctor").out
    done = retire(line)  # what was begun counts as released
    assert done.code == 0, done.err
    assert not half.exists()
    assert f"not completed: {kind} of 3 units to {out}" in done.err
    assert str(half) not in line.cli("doctor").out


def test_half_written_keys_elsewhere_are_taken_away_by_the_same_command(
    line: Factory, tmp_path: Path, killed: Cut
) -> None:
    (tmp_path / "stick").mkdir()
    killed(tmp_path / "stick" / "k.csv")
    program(line, "csv", tmp_path / "stick" / "k.csv")
    assert sorted(path.name for path in (tmp_path / "stick").iterdir()) == ["k.csv", "k.csv.json"]


@pytest.mark.parametrize("kind", ["csv", "esp-nvs"])
def test_whole_files_of_a_release_that_was_cut_off_hold_keys(line: Factory, killed: Cut, kind: str) -> None:
    folder = line.root / "keys"
    folder.mkdir()
    name = "k.csv" if kind == "csv" else "00000001.nvs.csv"
    killed(folder / name if kind == "csv" else folder, kind, whole=True)
    assert retire(line).code == 4
    refused(line, name)
    program(line, kind, folder / name if kind == "csv" else folder)
    assert retire(line, "--delete-exports").code == 0
    assert not (folder / name).exists()
