"""Tasks that travel: what they name by a path goes with them, what holds a secret stays."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from bss_mfg.core.dask_executor import scheduler_address
from bss_mfg.core.portable_tasks import NeverLeaves, Part, StaysHereError, pack, put_part, run_packed, sha256, zip_files
from bss_mfg.errors import InputError
from bss_mfg.workspace.portable_parts import WorkspaceParts
from tests.helpers.factory import Factory


@dataclass(frozen=True)
class Look:
    """A task that names a file twice."""

    path: Path
    again: tuple[Path, ...]


@dataclass(frozen=True)
class Opener(NeverLeaves):
    """A task with a key."""

    key: bytes


def looked(task: Look) -> tuple[str, bytes, float, bool]:
    file = task.path
    return file.name, file.read_bytes(), file.stat().st_mtime, task.again == (file,)


def test_a_file_travels_with_its_task(tmp_path: Path) -> None:
    there = tmp_path / "here" / "Straße 7.png"
    there.parent.mkdir()
    there.write_bytes(b"\x89PNG")
    source = WorkspaceParts()
    call = pack(looked, (Look(there, (there,)),), source)
    assert str(tmp_path).encode() not in call.pickled
    assert [part.name for part in call.parts] == ["Straße 7.png"]
    places = [put_part(part, source.read(part), tmp_path / "far") for part in call.parts]
    expected = ("Straße 7.png", b"\x89PNG", there.stat().st_mtime, True)
    there.unlink()
    assert run_packed(call, places) == expected


def test_a_file_that_was_changed_meanwhile_does_not_travel(tmp_path: Path) -> None:
    there = tmp_path / "scan.png"
    there.write_bytes(b"old")
    source = WorkspaceParts()
    part = source.part_of(there)
    assert part
    there.write_bytes(b"new")
    with pytest.raises(InputError, match="was changed while it was read"):
        source.read(part)


@pytest.mark.parametrize("inside", [False, True])
def test_what_holds_a_secret_stays(inside: bool) -> None:
    task = Opener(b"secret")
    with pytest.raises(StaysHereError):
        pack(repr, ((1, [task]) if inside else task,), WorkspaceParts())


def test_what_can_t_be_read_here_stays(tmp_path: Path) -> None:
    """A process of this machine then says what is wrong with it."""
    with pytest.raises(StaysHereError):
        pack(repr, (tmp_path / "none.png",), WorkspaceParts())


def test_a_workspace_travels_as_what_draws_labels(factory: Factory, tmp_path: Path) -> None:
    root = factory.root
    (root / "templates" / "art").mkdir(exist_ok=True)
    (root / "templates" / "art" / "logo.svg").write_text("<svg/>")
    source = WorkspaceParts()
    part = source.part_of(root)
    assert part
    there = put_part(part, source.read(part), tmp_path)
    names = {path.relative_to(there).as_posix() for path in there.rglob("*") if path.is_file()}
    assert names >= {"bss-mfg.toml", "templates/art/logo.svg"}
    assert {name.partition("/")[0] for name in names} <= {"bss-mfg.toml", "templates", "printers"}


def test_the_same_files_give_the_same_bytes() -> None:
    files = [("b", b"2"), ("a", b"1")]
    assert zip_files(files) == zip_files(reversed(files))
    assert sha256(zip_files(files)) != sha256(zip_files([("a", b"1"), ("b", b"3")]))


def test_a_folder_of_no_file(tmp_path: Path) -> None:
    data = zip_files([])
    assert put_part(Part(sha256(data), "empty", Path, is_folder=True), data, tmp_path).is_dir()


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("dask://localhost:8786", "tcp://localhost:8786"),
        ("dask://127.0.0.1:8786", "tcp://127.0.0.1:8786"),
        ("dask://[::1]:8786", "tcp://[::1]:8786"),
        ("tcp://127.0.0.1:8786", "tcp://127.0.0.1:8786"),
        ("dask://10.0.0.7:8786", "tls://10.0.0.7:8786"),
        ("dask://office.example:8786", "tls://office.example:8786"),
        ("tls://localhost:8786", "tls://localhost:8786"),
    ],
)
def test_off_this_machine_a_scheduler_is_spoken_with_by_tls(url: str, address: str) -> None:
    assert scheduler_address(url) == address


@pytest.mark.parametrize(
    "url", ["tcp://10.0.0.7:8786", "tcp://office:8786", "dask://office", "8786", "http://localhost:8786", "dask://h:x"]
)
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(InputError):
        scheduler_address(url)
