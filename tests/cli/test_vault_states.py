"""The vault as it is found, made and put back: what is said of it, what is taken, and how it is kept."""

from __future__ import annotations

import os
import re
import shlex
import sqlite3
import subprocess
import threading
from pathlib import Path

import pytest

from bss_mfg.core.shared_lock import Patience
from bss_mfg.ledger.vault import Vault
from bss_mfg.model import Secret
from bss_mfg.payload.product_keys import new_development_key
from bss_mfg.workspace import vault_key_storage
from bss_mfg.workspace.vault_files import waiting_files
from bss_mfg.workspace.vault_key_lines import Keeping
from tests.helpers.commands import run_cli
from tests.helpers.factory import Factory
from tests.helpers.keys import PASSPHRASE
from tests.helpers.programmed import program


@pytest.fixture
def officer(tmp_path: Path) -> Path:
    """The officer's private key; the public one beside it ends in .pub."""
    private, public = new_development_key("p256")
    (tmp_path / "officer.pem").write_bytes(private)
    (tmp_path / "officer.pub").write_bytes(public)
    return tmp_path / "officer.pem"


def plant(path: Path) -> str:
    """A vault key that somebody else knows."""
    vault_key_storage.save_vault_key(Vault.generate(), path, Keeping("file"), vault_key_storage.refuse_to_ask)
    return path.read_text()


def damage_data_key(factory: Factory, batch: str) -> None:
    with sqlite3.connect(factory.root / "ledger.db") as database:
        database.execute("UPDATE batch SET wrapped_key = zeroblob(60) WHERE id = ?", (batch,))


# --- what is said of a vault ------------------------------------------------------------------------------------------


def test_a_batch_whose_keys_can_t_be_opened_is_named(issued: Factory) -> None:
    """status, check and doctor said OK while a batch's keys were gone."""
    issued.issue(2, "B2")
    damage_data_key(issued, "B2")
    said = {
        ("vault", "status"): (1, "does not open 1 data key: B2"),
        ("ledger", "check"): (5, "batch B2: its data key"),  # the history has its digest, so no vault is asked for
        ("doctor",): (6, "does not open 1 data key: B2"),
    }
    for command, (code, words) in said.items():
        done = issued.cli(*command)
        assert done.code == code, (command, done)
        assert words in done.out + done.err, command
    assert issued.cli("vault", "status", "--json").json["keys_unopened"] == ["B2"]
    assert issued.cli("vault", "rekey").code == 5
    assert program(issued)


def test_a_key_of_the_ledgers_own_is_tried_too(issued: Factory) -> None:
    from bss_mfg.ledger.keys import open_keys

    with issued.ledger() as ledger, issued.workspace.open_vault(ledger) as vault, ledger.transaction():
        open_keys(ledger).index_key(vault)
    assert issued.cli("ledger", "check", "--json").json["keys_opened"] == 2
    with sqlite3.connect(issued.root / "ledger.db") as database:
        database.execute("UPDATE own_key SET wrapped_key = zeroblob(60)")
    done = issued.cli("ledger", "check")
    assert (done.code, "data key: .index" in done.err) == (5, True)


def test_a_key_under_a_passphrase_is_tried_where_it_can_be_opened(issued: Factory, phrase: dict[str, str]) -> None:
    assert issued.cli("vault", "rekey", "--to", "passphrase", env=phrase).code == 0
    for command in (("vault", "status"), ("ledger", "check")):
        name = "keys_opened"
        assert issued.cli(*command, "--json").json[name] is None
        assert issued.cli(*command, "--json", env=phrase).json[name] == 1
        nobody = issued.cli(*command, "--keys")
        assert "no terminal to ask for it" in nobody.err
        assert nobody.code == (6 if command[0] == "vault" else 0)
    damage_data_key(issued, "B1")
    untried, tried = issued.cli("doctor"), issued.cli("doctor", env=phrase)
    assert (untried.code, tried.code) == (6, 6)  # the history has the digest of each data key
    assert "does not open" not in untried.out
    assert "does not open 1 data key: B1" in tried.out
    assert issued.cli("vault", "status", env=phrase).code == 1


def test_a_ledger_is_checked_without_its_vault_key(issued: Factory) -> None:
    issued.workspace.vault_file.unlink()
    done = issued.cli("ledger", "check", "--json")
    assert (done.code, done.json["keys_opened"]) == (0, None)
    assert "the vault key is not there" in done.err


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_vault_key_that_others_may_read_is_said(issued: Factory, mode: int, phrase: dict[str, str]) -> None:
    issued.workspace.vault_file.chmod(mode)
    found = issued.cli("vault", "status")
    assert found.code == 1
    assert issued.cli("vault", "status", "--json").json["exposed"] is True
    looked = issued.cli("doctor", "--json")
    (check,) = (one for one in looked.json if one["name"] == "vault key file")
    assert (looked.code, check["level"]) == (6, "fault")
    for command in (found.err.partition("Close it: ")[2].strip(), check["fix"]):
        issued.workspace.vault_file.chmod(mode)
        subprocess.run(shlex.split(command), check=True)
        assert issued.cli("vault", "status").code == 0
        assert issued.cli("doctor").code == 0


@pytest.mark.skipif(os.name == "nt", reason="Windows has other modes")
def test_nobody_is_told_to_close_a_device(issued: Factory) -> None:
    """`chmod 600 /dev/null`, typed by root, takes it from all programs of the machine."""
    for command in (("doctor",), ("vault", "status")):
        done = issued.cli(*command, env={"BSS_MFG_VAULT_KEY_FILE": os.devnull})
        assert "chmod" not in done.out + done.err


# --- who makes a workspace ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["file", "passphrase", None])
def test_init_takes_no_key_that_lies_there(tmp_path: Path, phrase: dict[str, str], kind: str | None) -> None:
    """`init --vault passphrase` took a planted vault.key, which its owner had in clear."""
    root = tmp_path / "w"
    root.mkdir()
    planted = plant(root / "vault.key")
    refused = run_cli("init", root, *(["--vault", kind] if kind else []), env=phrase)
    assert refused.code == 4, refused
    assert (root / "vault.key").read_text() == planted
    assert [path.name for path in root.iterdir()] == ["vault.key"]
    # The way out, as it is typed.
    (command,) = re.findall(r"`(BSS_MFG_VAULT_KEY_FILE=[^`]+)`", refused.err)
    variable, _, *words = shlex.split(command)
    done = run_cli(*words, env=dict([variable.split("=", 1)]))
    assert done.code == 0, done.err
    assert (root / "vault.key").read_text() == planted
    assert Factory(_found(root)).cli("vault", "status").code == 0


def _found(root: Path):  # type: ignore[no-untyped-def]
    from bss_mfg.workspace.workspace import Workspace

    return Workspace.find(str(root), root, {})


def test_a_named_key_is_taken_only_as_it_is_kept(tmp_path: Path, phrase: dict[str, str]) -> None:
    named = tmp_path / "stick.key"
    plant(named)
    env = {**phrase, "BSS_MFG_VAULT_KEY_FILE": str(named)}
    refused = run_cli("init", tmp_path / "w", "--vault", "passphrase", env=env)
    assert (refused.code, "--vault file" in refused.err) == (4, True)
    assert not (tmp_path / "w").exists()
    assert run_cli("init", tmp_path / "w", "--vault", "file", env=env).code == 0


def test_init_makes_the_key_anew_that_a_killed_one_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Typed again at each step of a killed one; what was planted meanwhile is not taken either."""
    import bss_mfg.workspace.creation as creation
    import bss_mfg.workspace.workspace as making

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    for at, (owner, name) in enumerate(
        [(creation.Ledger, "create"), (making, "write_atomically"), (creation.vault_key_storage, "save_vault_key")]
    ):
        root = tmp_path / f"{at}"
        with monkeypatch.context() as patched:
            patched.setattr(owner, name, killed)
            assert run_cli("init", root).code == 130
        assert not (root / "vault.key").exists()
        left = waiting_files(root / "vault.key")
        done = run_cli("init", root)
        assert done.code == 0, done.err
        assert waiting_files(root / "vault.key") == []
        assert all(not path.exists() for path in left)
        assert Factory(_found(root)).cli("vault", "status").code == 0
    used = tmp_path / "0"
    Factory(_found(used)).workspace.add_development_key("amazon", *new_development_key("p256"))
    Factory(_found(used)).add(oob_bytes=16)
    Factory(_found(used)).issue(1)
    (used / "bss-mfg.toml").unlink()
    assert run_cli("init", used).code == 4  # a ledger in which something happened is never made anew


# --- how it is put back ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("left", ["nothing", "junk", "its file"])
def test_a_recovered_key_is_kept_as_before(
    issued: Factory, tmp_path: Path, phrase: dict[str, str], officer: Path, left: str
) -> None:
    """`vault recover` turned a vault under a passphrase into a plain file, and did not say so."""
    assert issued.cli("vault", "rekey", "--to", "passphrase", env=phrase).code == 0
    assert issued.cli("vault", "recipient", officer.with_suffix(".pub"), env=phrase).code == 0
    assert issued.cli("vault", "export-recovery", tmp_path / "paper.txt", env=phrase).code == 0
    keys = program(issued, phrase)
    for source in ((tmp_path / "paper.txt",), ("--officer-key", officer)):
        if left == "nothing":
            issued.workspace.vault_file.unlink()
        elif left == "junk":
            issued.workspace.vault_file.write_text("junk")
        silent = issued.cli("vault", "recover", *source)
        assert silent.code == 6, silent  # nobody to ask for the new passphrase
        done = issued.cli("vault", "recover", *source, env=phrase)
        assert done.code == 0, done.err
        assert "kept under a passphrase" in done.err
        assert issued.workspace.vault_file.read_text().startswith("bss-mfg-vault-passphrase-1:")
        assert waiting_files(issued.workspace.vault_file) == []
        assert program(issued, phrase) == keys
    issued.workspace.vault_file.unlink()
    plain = issued.cli("vault", "recover", "--officer-key", officer, "--to", "file", env=phrase)
    assert (plain.code, "kept in a file" in plain.err) == (0, True)
    assert program(issued) == keys


def test_an_older_ledger_asks_how_the_key_is_to_be_kept(
    issued: Factory, tmp_path: Path, phrase: dict[str, str]
) -> None:
    assert issued.cli("vault", "export-recovery", tmp_path / "paper.txt", env=phrase).code == 0
    with sqlite3.connect(issued.root / "ledger.db") as database:
        database.execute("DELETE FROM about WHERE name = 'vault_kind'")
    issued.workspace.vault_file.unlink()
    refused = issued.cli("vault", "recover", tmp_path / "paper.txt", env=phrase)
    assert refused.code == 3
    for way_out in re.findall(r"(--to) (\w+)", refused.err):
        if way_out[1] != "keyring":
            issued.workspace.vault_file.unlink(missing_ok=True)
            done = issued.cli("vault", "recover", tmp_path / "paper.txt", *way_out, env=phrase)
            assert done.code == 0, done.err
            assert issued.cli("vault", "status", "--json", env=phrase).json["kept"] == way_out[1]


def test_a_new_passphrase_that_nobody_can_type_names_no_file_that_is_not_there(issued: Factory, tmp_path: Path) -> None:
    """It said of the file that was to be written that it is under a passphrase."""
    paper = tmp_path / "paper.txt"
    for command in (("vault", "export-recovery", paper), ("vault", "rekey", "--to", "passphrase")):
        silent = issued.cli(*command)
        assert silent.code == 6
        assert "is to be chosen" in silent.err
        assert "paper.txt" not in silent.err
    assert not paper.exists()
    assert waiting_files(issued.workspace.vault_file) == []


# --- who waits ------------------------------------------------------------------------------------------------------


def test_who_waits_for_the_keys_is_told_and_goes_on(issued: Factory) -> None:
    with issued.workspace.exclusive_keys():
        waiting: list[object] = []
        child = subprocess.Popen(
            issued.command("batch", "create", "bulb", "--units", "1"), stderr=subprocess.PIPE, text=True
        )
        assert child.stderr is not None
        reader = threading.Thread(target=lambda: waiting.append(child.stderr.readline()), daemon=True)  # type: ignore[union-attr]
        reader.start()
        reader.join(30)
        assert waiting == ["Waiting for another command that works with this workspace's keys ...\n"]
        assert child.poll() is None
    assert child.wait(30) == 0


def test_who_waits_too_long_ends_with_5(issued: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
    from bss_mfg.cli.common import App

    monkeypatch.setattr(App, "patience", Patience(limit=0.05))
    with issued.workspace.exclusive_keys():
        for command in (
            ("vault", "rekey"),
            ("vault", "status"),
            ("program", "B1", "--format", "csv", "--out", "x.csv"),
        ):
            done = issued.cli(*command)
            assert (done.code, "Let them finish" in done.err) == (5, True), (command, done)
    with issued.workspace.shared_keys():
        assert issued.cli("vault", "status").code == 0
        assert issued.cli("vault", "rekey").code == 5
    assert issued.cli("vault", "rekey").code == 0


def test_nobody_waits_while_a_passphrase_is_typed(issued: Factory, phrase: dict[str, str]) -> None:
    """What has to be asked is asked before the keys are locked."""
    from bss_mfg.workspace.vault_keys import rekey

    asked: list[str] = []

    def ask(what: str, new: bool) -> Secret:
        with issued.workspace.shared_keys(Patience(limit=0)):
            asked.append(what)
        return Secret(PASSPHRASE.encode())

    with issued.ledger() as ledger:
        rekey(issued.workspace, ledger, Keeping("passphrase"), ask)
        rekey(issued.workspace, ledger, None, ask)
    assert asked == ["the vault key", "the vault key in vault.key", "the vault key"]
    assert os.path.exists(issued.workspace.vault_file)


def test_an_officer_opens_a_batch_that_the_vault_key_does_not(issued: Factory, officer: Path) -> None:
    assert issued.cli("vault", "recipient", officer.with_suffix(".pub")).code == 0
    keys = program(issued)
    assert issued.cli("vault", "recover", "--officer-key", officer).code == 4
    damage_data_key(issued, "B1")
    assert "--officer-key" in issued.cli("vault", "status").err
    assert issued.cli("vault", "recover", "--officer-key", officer).code == 0
    assert program(issued) == keys
