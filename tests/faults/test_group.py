"""A workspace of a group: each member works in it, whatever the umask, and no stranger; keys stay their owner's."""

from __future__ import annotations

import contextlib
import grp
import importlib
import json
import os
import pkgutil
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import bss_mfg
from bss_mfg.core.files import make_folder, open_log, write_atomically
from bss_mfg.core.waiting_locks import waiting_lock
from tests.helpers.commands import Outcome, run_cli
from tests.helpers.factory import tree

pytestmark = pytest.mark.skipif(os.name == "nt", reason="groups of files are POSIX")
two_users = pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="only root can become two users")

GROUP = next((one for one in grp.getgrall() if one.gr_gid != 0), None) if os.name != "nt" else None


@dataclass(frozen=True)
class User:
    """Somebody with a number of their own, who may be in the group."""

    number: int
    member: bool = True
    umask: int = 0o077

    def cli(self, *arguments: object, cwd: Path, **env: str) -> Outcome:
        """A command, typed by this user, in a fork of this process: Python itself may lie where only root reads."""
        if not self.number:
            return run_cli(*arguments, cwd=cwd, env=env, stdin="nonsense\n")
        reading, writing = os.pipe()
        if not (child := os.fork()):
            try:
                assert GROUP
                os.setgroups([GROUP.gr_gid] if self.member else [])
                os.setgid(self.number)
                os.setuid(self.number)
                os.umask(self.umask)
                done = run_cli(*arguments, cwd=cwd, env={"LOGNAME": f"user{self.number}", **env}, stdin="nonsense\n")
                os.write(writing, json.dumps([done.code, done.out[-20_000:], done.err[-20_000:]]).encode())
            finally:
                os._exit(0)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            code, out, err = json.loads(pipe.read())
        os.waitpid(child, 0)
        return Outcome(code, out, err)


ROOT, ANN, BERT, STRANGER = User(0), User(64001), User(64002, umask=0o022), User(64003, member=False)


@pytest.fixture(scope="module", autouse=True)
def imported(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Everything is imported before anybody becomes another user, who may not be able to read Python's own files."""
    for module in pkgutil.walk_packages(bss_mfg.__path__, "bss_mfg."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    root = tmp_path_factory.mktemp("imported") / "w"
    run_cli("init", root)
    run_cli("--workspace", root, "doctor", "--json")


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that everybody reaches; pytest's own are root's alone."""
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    folder.chmod(0o777)
    (folder / "passphrase").write_text("five random words to type\n")
    (folder / "passphrase").chmod(0o644)
    yield folder
    shutil.rmtree(folder)


def modes(root: Path) -> dict[str, int]:
    return {str(path.relative_to(root)): stat.S_IMODE(path.stat().st_mode) for path in (root, *root.rglob("*"))}


def a_day_s_work(place: Path, root: Path, one: User, other: User) -> None:
    """What two members do in turns."""
    assert GROUP
    secret = {"BSS_MFG_PASSPHRASE_FILE": str(place / "passphrase")}

    def by(user: User, *arguments: object, code: int = 0) -> Outcome:
        done = user.cli("--workspace", root, *arguments, cwd=place, **secret)
        assert done.code == code, (arguments, done.err)
        return done

    made = one.cli("init", root, "--group", GROUP.gr_name, "--vault", "passphrase", cwd=place, **secret)
    assert made.code == 0, made.err
    by(one, "dev-key", "amazon")
    key = root / "dev-keys" / "amazon.public.pem"
    by(one, "product", "add", "bulb", "--pid", "ebK3", "--upc", "841667145075", "--public-key", key)
    by(other, "product", "add", "lamp", "--pid", "ebK4", "--upc", "841667145075", "--public-key", key)
    by(other, "template", "copy", "minimal", "mine")
    by(other, "spec", "copy", "amazon-bss-ob04")
    for first, second, batch in ((one, other, "A"), (other, one, "B")):
        folder = root / "batches" / batch
        by(first, "batch", "create", "bulb", "--units", 4, "--id", batch)
        by(second, "labels", batch)
        by(first, "labels", batch, "--again")
        by(second, "verify", batch, folder / "labels", "--report", root / f"{batch}.html")
        by(first, "verify", batch, folder / "labels", "--report", root / f"{batch}.html")
        serial = by(first, "table", batch, "--format", "csv", "--columns", "serial", "--out", "-").out.split('"')[3]
        by(first, "scrap", batch, serial, "--reason", "dropped")
        by(second, "replace", batch, serial, "--reason", "dropped")
        by(first, "manifest", batch, "--out", f"{folder / 'upload'}/")
        by(second, "manifest", batch, "--format", "csv", "--out", f"{folder / 'upload'}/")
        by(second, "program", batch, "--format", "csv", "--out", f"{folder / 'keys'}/")
        by(first, "scan", batch, "--plain", code=1)
        by(first, "--log-file", root / "shift.log", "audit", "verify")
        by(second, "--log-file", root / "shift.log", "audit", "verify")
        by(first, "run", "lamp", "--units", 4, "--id", f"run-{batch}")
        by(second, "run", "--resume", f"run-{batch}")
    by(other, "vault", "rekey")
    by(one, "batch", "create", "bulb", "--units", 4)
    by(other, "ledger", "backup", root / "copy.db")
    by(one, "ledger", "check")
    for user in (one, other):
        found = {check["name"]: check for check in by(user, "doctor", "--json").json}
        assert found["group"]["level"] == "ok", found["group"]


@two_users
def test_two_members_do_a_day_s_work_in_one_workspace(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert GROUP
    root = place / "w"
    # Where only root can read Python, others can't start it: all is read in the process that is forked.
    monkeypatch.setattr("bss_mfg.core.processes.ProcessExecutor", lambda jobs: contextlib.nullcontext())
    a_day_s_work(place, place / "warm", ROOT, ROOT)  # so that all is imported
    a_day_s_work(place, root, ANN, BERT)
    found_modes = modes(root)
    private = {name for name in found_modes if name.endswith(".private.pem") or "/keys/" in name}
    assert len(private) >= 5
    for name, mode in found_modes.items():
        folder = (root / name).is_dir()
        assert mode == (0o2770 if folder else 0o600 if name in private else 0o660), (name, oct(mode))
        assert (root / name).stat().st_gid == GROUP.gr_gid, name
    history = ANN.cli("--workspace", root, "history", "A", "--json", cwd=place)
    assert {row["operator"] for row in history.json} == {"user64001", "user64002"}
    refused = STRANGER.cli("--workspace", root, "batch", "list", cwd=place)
    assert refused.code == 3, refused.err


@two_users
def test_with_a_vault_key_in_a_file_only_its_owner_reaches_keys(place: Path) -> None:
    assert GROUP
    root = place / "w"
    made = ANN.cli("init", root, "--group", GROUP.gr_name, cwd=place)
    assert made.code == 0, made.err
    assert "--vault passphrase" in made.err  # what the other members lack, and the way out
    assert modes(root)["vault.key"] == 0o600
    ANN.cli("--workspace", root, "dev-key", "amazon", cwd=place)
    key = root / "dev-keys" / "amazon.public.pem"
    added = BERT.cli(
        "--workspace", root, "product", "add", "bulb", "--pid", "ebK3", "--upc", "841667145075",
        "--public-key", key, cwd=place,
    )  # fmt: skip
    assert added.code == 0, added.err
    assert BERT.cli("--workspace", root, "batch", "create", "bulb", "--units", 2, "--id", "A", cwd=place).code == 3
    assert ANN.cli("--workspace", root, "batch", "create", "bulb", "--units", 2, "--id", "A", cwd=place).code == 0
    assert BERT.cli("--workspace", root, "labels", "A", cwd=place).code == 0
    stick = ANN.cli(
        "--workspace", root, "vault", "export-recovery", root / "safe.txt", cwd=place,
        BSS_MFG_PASSPHRASE_FILE=str(place / "passphrase"),
    )  # fmt: skip
    assert stick.code == 0, stick.err
    assert modes(root)["safe.txt"] == 0o600


@two_users
def test_doctor_names_what_the_group_can_t_write(place: Path) -> None:
    assert GROUP
    root = place / "w"
    ANN.cli("init", root, "--group", GROUP.gr_name, cwd=place)
    (root / "products" / "by-hand.toml").write_text("")
    (root / "products" / "by-hand.toml").chmod(0o600)
    found = {check["name"]: check for check in ANN.cli("--workspace", root, "doctor", "--json", cwd=place).json}
    assert found["group"]["level"] == "gap"
    assert "by-hand.toml" in found["group"]["found"]


def test_a_group_that_is_not_there_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    done = run_cli("init", tmp_path / "w", "--group", "no-such-group")
    assert done.code == 3
    assert "no-such-group" in done.err
    assert tree(tmp_path) == {}


@two_users
def test_a_group_that_one_is_no_member_of_is_refused(place: Path) -> None:
    assert GROUP
    done = STRANGER.cli("init", place / "w", "--group", GROUP.gr_name, cwd=place)
    assert done.code == 3, done.err
    assert not (place / "w" / "bss-mfg.toml").exists()
    assert not (place / "w" / "ledger.db").exists()


@pytest.mark.parametrize("mask", [0, 0o022, 0o077])
@pytest.mark.parametrize("shared", [True, False])
def test_modes_follow_the_folder_and_not_the_umask(tmp_path: Path, mask: int, shared: bool) -> None:
    folder = tmp_path / "w"
    folder.mkdir()
    folder.chmod(0o2770 if shared else 0o700)
    before = os.umask(mask)
    try:
        make_folder(folder / "a" / "b")
        write_atomically(folder / "a" / "b" / "file", [b"x"])
        write_atomically(folder / "a" / "b" / "file", [b"y"], replace=True)
        write_atomically(folder / "a" / "b" / "key", [b"x"], private=True)
        open_log(folder / "log").close()
        with waiting_lock(folder / "lock"):
            pass
    finally:
        os.umask(before)
    expected = dict.fromkeys(("a/b/file", "log", "lock"), 0o660 if shared else 0o600)
    expected |= dict.fromkeys((".", "a", "a/b"), 0o2770 if shared else 0o700)
    found = modes(folder)
    if sys.platform != "linux":  # elsewhere, folders have their parent's group without a mark
        found = {name: mode & 0o770 for name, mode in found.items()}
        expected = {name: mode & 0o770 for name, mode in expected.items()}
    assert found == {**expected, "a/b/key": 0o600}
