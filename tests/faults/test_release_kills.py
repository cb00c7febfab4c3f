"""`program` killed at every system call that writes, renames or syncs: no key file, whole or half-written, that the
history does not name by its path; and the same command ends it, each unit exactly once."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyrage
import pytest

from bss_mfg.programming import release
from bss_mfg.programming.flasher_key import FILE, register_flasher
from bss_mfg.programming.registry import formats
from bss_mfg.workspace.workspace import Workspace
from tests.helpers import strace
from tests.helpers.copies import copy_line
from tests.helpers.factory import Factory, make_factory
from tests.needs import needs

pytestmark = needs("strace")
UNITS = 3


Tried = Callable[[list[tuple[str, int]]], list[tuple[str, int]]]
"""Which of all calls are tried."""


@dataclass(frozen=True)
class Bench:
    """Fresh copies of one workspace, with a folder outside of it that keys go to."""

    folder: Path

    @property
    def root(self) -> Path:
        return self.folder / "w"

    @property
    def out(self) -> Path:
        return self.folder / "stick"

    def fresh(self) -> None:
        shutil.rmtree(self.out, ignore_errors=True)
        copy_line(self.folder / "start", self.root)
        self.out.mkdir()

    def rows(self, query: str) -> list[Any]:
        return Factory(Workspace.find(str(self.root), self.root, {})).rows(query)

    def named(self) -> set[str]:
        """Paths of files and folders that the history names."""
        events = self.rows("SELECT data FROM event WHERE kind IN ('keys releasing', 'keys released')")
        return {json.loads(data)["path"] for (data,) in events if "path" in json.loads(data)}

    def unnamed_key_files(self) -> list[Path]:
        """Files with keys, whole or half-written, that the history does not name: by their path, by their folder, or as
        what becomes such a file."""
        named = self.named()
        keys = [path for path in self.out.iterdir() if not path.name.endswith(".json") and path.stat().st_size]
        beginnings = {f".{Path(path).name[:40]}." for path in named}

        def is_known(path: Path) -> bool:
            half = path.name.endswith(".part") and any(path.name.startswith(name) for name in beginnings)
            return {str(path), str(path.parent)} & named != set() or half

        return [path for path in keys if ".json" not in path.name and not is_known(path)]


@pytest.fixture
def bench(memory: Path) -> Bench:
    return with_a_batch(make_factory(memory / "start"))


@pytest.fixture
def tried() -> Tried:
    """All calls."""
    return lambda points: points


def with_a_batch(factory: Factory) -> Bench:
    factory.add(oob_bytes=16)
    factory.issue(UNITS)
    return Bench(factory.root.parent)


COMMANDS = {
    "csv": ("program", "B1", "--format", "csv", "--out", "{out}/keys.csv"),
    "esp-nvs": ("program", "B1", "--format", "esp-nvs", "--out", "{out}"),
}


@pytest.mark.parametrize("kind", COMMANDS)
def test_killed_anywhere_no_key_file_is_unknown_and_the_same_command_ends_it(
    bench: Bench, tried: Tried, kind: str
) -> None:
    command = [word.format(out=bench.out) for word in COMMANDS[kind]]
    form = formats()[kind]
    bench.fresh()
    strace.warm_up(bench.root, command)
    bench.fresh()
    points = tried(strace.calls(bench.root, command))
    killed = cut_off = 0
    for point in points:
        bench.fresh()
        ran = strace.run(bench.root, command, strace=strace.fault(*point, "signal=KILL"))
        killed += ran.code == -9
        assert bench.unnamed_key_files() == [], point
        files = {path.name for path in bench.out.iterdir()}
        is_open = bench.rows("SELECT count(*) FROM release WHERE completed_at IS NULL")[0][0]
        cut_off += is_open
        if is_open:  # another place gets none of them
            other = strace.run(bench.root, [*command[:-1], f"{bench.root}/batches/other/"])
            assert other.code == 4, (point, other)
            assert str(bench.out) in other.err
            assert {path.name for path in bench.out.iterdir()} == files
        done = bench.rows("SELECT count(*) FROM release WHERE completed_at IS NOT NULL")[0][0]
        again = strace.run(bench.root, command)
        assert again.code == (4 if done else 0), (point, ran, again)
        found = [
            unit.serial or path.name.removesuffix(form.suffix)
            for path in bench.out.iterdir()
            if path.suffix != ".json"
            for unit in form.read(path.read_bytes())
        ]
        assert sorted(found) == [f"ebK30000000{number}" for number in range(1, UNITS + 1)], point
        assert bench.rows("SELECT released FROM unit") == [(1,)] * UNITS, point
        assert not list(bench.out.glob(".*")), point
        assert strace.run(bench.root, ["ledger", "check"]).code == 0, point
    assert killed > len(points) * 0.9
    assert cut_off > min(5, len(points) / 10)


def test_a_claim_killed_anywhere_goes_on_and_no_flasher_gets_anothers_unit(bench: Bench, tried: Tried) -> None:
    """Typed again it completes what was cut off, or claims what is left; in the end each unit is in one sealed file."""
    secrets = []
    start = bench.folder / "start"
    with Factory(Workspace.find(str(start), start, {})).ledger() as ledger:
        for name in ("one", "two"):
            (bench.folder / name).mkdir()
            register_flasher(bench.folder / name, ledger, name)
            secrets.append((bench.folder / name / FILE).read_text().splitlines()[-1])
    keys = [pyrage.x25519.Identity.from_str(secret) for secret in secrets]
    first, rest = (
        ["program", "B1", "--format", "csv", "--out", f"{bench.out}/{name}/", "--claim", most, "--for", name]
        for name, most in (("one", "2"), ("two", "3"))
    )

    def fresh() -> None:
        bench.fresh()
        for name in ("one", "two"):
            (bench.out / name).mkdir()

    fresh()
    strace.warm_up(bench.root, first)
    fresh()
    points = tried(strace.calls(bench.root, first))
    killed = cut_off = 0
    for point in points:
        fresh()
        killed += strace.run(bench.root, first, strace=strace.fault(*point, "signal=KILL")).code == -9
        cut_off += bench.rows("SELECT count(*) FROM release WHERE completed_at IS NULL")[0][0]
        assert strace.run(bench.root, first).code == 0, point
        assert strace.run(bench.root, rest).code in (0, 4), point
        got = {
            name: [
                unit.serial
                for path in (bench.out / name).glob("*.age")
                for unit in formats()["csv"].read(pyrage.decrypt(path.read_bytes(), [key]))
            ]
            for name, key in zip(("one", "two"), keys, strict=True)
        }
        assert sorted(got["one"] + got["two"]) == [f"ebK30000000{number}" for number in range(1, UNITS + 1)], point
        claimed = bench.rows("SELECT c.flasher, u.serial FROM claim c JOIN unit u USING (batch, number)")
        assert sorted(claimed) == sorted((name, serial) for name, some in got.items() for serial in some), point
        assert not list(bench.out.rglob(".*")), point
    assert killed > len(points) * 0.9
    assert cut_off > min(5, len(points) / 10)


def test_the_check_can_fail(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: where a release is recorded after its files, kills leave files that nobody knows."""
    command = [word.format(out=bench.out) for word in COMMANDS["csv"]]
    bench.fresh()
    strace.warm_up(bench.root, command)
    with monkeypatch.context() as patch:
        begin = release._Intent.begin
        patch.setattr(release._Intent, "begin", lambda intent: None)
        patch.setattr(release._Intent, "release", property(lambda intent: begin(intent) or intent.begun))
        bench.fresh()
        unknown = 0
        for point in strace.calls(bench.root, command):
            if point[0] in ("link", "unlink", "fsync"):
                bench.fresh()
                strace.run(bench.root, command, strace=strace.fault(*point, "signal=KILL"))
                unknown += bool(bench.unnamed_key_files())
    assert unknown > 2
