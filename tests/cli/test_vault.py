"""The vault key: kept in three ways, changed without touching units, put back by a recovery file or the officer; and
batches whose keys are destroyed."""

from __future__ import annotations

import json
import os
import pty
import sqlite3
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bss_mfg.ledger.vault import Vault
from bss_mfg.workspace import vault_key_storage
from bss_mfg.workspace.vault_files import waiting_files
from bss_mfg.workspace.vault_key_lines import Keeping
from tests.helpers.commands import Outcome, run_cli
from tests.helpers.factory import Factory, make_factory
from tests.helpers.keys import PASSPHRASE
from tests.helpers.programmed import program


@pytest.fixture
def line(factory: Factory) -> Factory:
    factory.add(oob_bytes=16)
    factory.issue(5)
    return factory


def units_of(factory: Factory) -> list[tuple[object, ...]]:
    with sqlite3.connect(factory.root / "ledger.db") as db:
        return db.execute("SELECT * FROM unit ORDER BY batch, number").fetchall()


def test_rekey_changes_the_key_and_no_unit(line: Factory) -> None:
    keys, units, old = program(line), units_of(line), line.workspace.vault_file.read_text()
    done = line.cli("vault", "rekey")
    assert done.code == 0, done.err
    assert line.workspace.vault_file.read_text() != old
    assert units_of(line) == units
    assert program(line) == keys
    line.workspace.vault_file.write_text(old)
    refused = line.cli("program", "B1", "--format", "csv", "--out", line.root / "x.csv", "--again", "--reason", "x")
    assert refused.code == 5
    assert "is not the one of this ledger" in refused.err
    assert line.cli("doctor").code == 6
    found = line.cli("vault", "status", "--json")
    assert found.code == 1
    assert "the ledger's is" in found.json["trouble"]


def test_an_interrupted_rekey_is_ended_by_the_next_command(line: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = program(line)
    from bss_mfg.workspace import vault_change, vault_keys

    def cut(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, line.ledger() as ledger, pytest.raises(KeyboardInterrupt):
        patched.setattr(vault_change, "_end_change", cut)
        vault_keys.rekey(line.workspace, ledger, None, vault_key_storage.refuse_to_ask)
    assert len(waiting_files(line.workspace.vault_file)) == 1
    assert program(line) == keys
    assert waiting_files(line.workspace.vault_file) == []


@pytest.mark.parametrize("junk", ["", "junk", "\0" * 100, "a key that never came in force"])
@pytest.mark.parametrize("name", ["vault.key.new", "vault.key.new-0123456789abcdef"])
def test_what_a_change_left_blocks_no_command(line: Factory, name: str, junk: str) -> None:
    """A junk vault.key.new blocked every command that opens the vault."""
    keys, left = program(line), line.workspace.vault_file.with_name(name)
    if junk.startswith("a key"):
        vault_key_storage.save_vault_key(Vault.generate(), left, Keeping("file"), vault_key_storage.refuse_to_ask)
    else:
        left.write_text(junk)
    assert program(line) == keys
    assert line.cli("batch", "create", "bulb", "--units", 1).code == 0
    found = line.cli("vault", "status", "--json")
    assert found.code == 0, found.err
    assert found.json["left_over"] == [str(left)]
    assert left.name in line.cli("vault", "status").err
    looked = line.cli("doctor", "--json")
    (check,) = (one for one in looked.json if one["name"] == "vault key change")
    assert (check["level"], left.name in check["found"]) == ("gap", True)
    assert line.cli("vault", "rekey").code == 0
    assert waiting_files(line.workspace.vault_file) == []
    assert program(line) == keys


def test_a_passphrase_vault_asks_for_it(tmp_path: Path, phrase: dict[str, str]) -> None:
    root = tmp_path / "w"
    done = run_cli("init", root, "--vault", "passphrase", env=phrase)
    assert done.code == 0, done.err
    factory = Factory(make_factory(tmp_path / "other").workspace.__class__.find(str(root), root, {}))
    from bss_mfg.payload.product_keys import new_development_key

    factory.workspace.add_development_key("amazon", *new_development_key("p256"))
    factory.add(oob_bytes=16)
    made = factory.cli("batch", "create", "bulb", "--units", 3, "--id", "B1", env=phrase)
    assert made.code == 0, made.err
    assert len(program(factory, phrase)) == 3
    silent = factory.cli("program", "B1", "--format", "csv", "--out", tmp_path / "x.csv")
    assert silent.code == 6
    assert "BSS_MFG_PASSPHRASE_FILE" in silent.err
    wrong = tmp_path / "wrong.txt"
    wrong.write_text("incorrect horse")
    refused = factory.cli(
        "program", "B1", "--format", "csv", "--out", tmp_path / "x.csv", env={"BSS_MFG_PASSPHRASE_FILE": str(wrong)}
    )
    assert refused.code == 3
    assert "passphrase is wrong" in refused.err
    assert factory.cli("vault", "status", "--json").json["kept"] == "passphrase"
    text = factory.workspace.vault_file.read_text()
    assert text.startswith("bss-mfg-vault-passphrase-1:argon2id:3:4:65536:")
    assert PASSPHRASE not in text
    typed = at_a_terminal(
        factory, ["program", "B1", "--format", "csv", "--out", str(tmp_path / "y.csv"), "--again", "--reason", "x"],
        PASSPHRASE,
    )  # fmt: skip
    assert "OOB keys of 3 units" in typed
    assert PASSPHRASE not in typed  # never shown
    assert factory.cli("vault", "rekey", "--to", "file", env=phrase).code == 0
    assert len(program(factory)) == 3


def at_a_terminal(factory: Factory, arguments: list[str], typed: str) -> str:
    """Run a command in a pseudo-terminal, type one line when it asks, and give what the screen showed."""
    child, terminal = pty.fork()
    if child == 0:
        os.execv(sys.executable, factory.command(*arguments))  # noqa: S606
    shown, sent, end = b"", False, time.monotonic() + 60
    while time.monotonic() < end:
        try:
            shown += os.read(terminal, 4096)
        except OSError:
            break
        if b"Passphrase for" in shown and not sent:
            time.sleep(0.2)
            os.write(terminal, typed.encode() + b"\n")
            sent = True
    os.waitpid(child, 0)
    return shown.decode()


def test_a_short_passphrase_is_refused(line: Factory, tmp_path: Path) -> None:
    short = tmp_path / "short.txt"
    short.write_text("short")
    refused = line.cli("vault", "rekey", "--to", "passphrase", env={"BSS_MFG_PASSPHRASE_FILE": str(short)})
    assert refused.code == 3
    assert "fewer than 10" in refused.err
    assert "short" not in refused.err.replace("short.txt", "")
    assert program(line)


def test_the_keyring_keeps_it(line: Factory, tmp_path: Path) -> None:
    kept = tmp_path / "keyring.json"
    env = {"PYTHON_KEYRING_BACKEND": "tests.helpers.keyring_file.Keyring", "KEYRING_FILE": str(kept)}
    keys = program(line)
    done = line.process("vault", "rekey", "--to", "keyring", env=env)
    assert done.code == 0, done.err
    assert len(json.loads(kept.read_text())) == 1
    assert line.workspace.vault_file.read_text().startswith("bss-mfg-vault-keyring-1:")
    assert program(line, env) == keys
    assert line.process("vault", "rekey", env=env).code == 0
    assert len(json.loads(kept.read_text())) == 1  # the old key is taken out
    kept.write_text("{}")
    gone = line.process("program", "B1", "--format", "csv", "--out", tmp_path / "x.csv", env=env)
    assert gone.code == 6
    assert "keyring of this user has no vault key" in gone.err


def test_a_recovery_file_brings_a_lost_key_back(line: Factory, tmp_path: Path, phrase: dict[str, str]) -> None:
    keys, paper = program(line), tmp_path / "recovery.txt"
    done = line.cli("vault", "export-recovery", paper, env=phrase)
    assert done.code == 0, done.err
    assert stat.S_IMODE(paper.stat().st_mode) == 0o600
    assert len(paper.read_text().splitlines()) == 1
    assert line.cli("vault", "export-recovery", paper, env=phrase).code == 4
    whole = line.cli("vault", "recover", paper, env=phrase)
    assert whole.code == 4
    line.workspace.vault_file.write_text("torn")
    assert line.cli("vault", "status").code == 1
    back = line.cli("vault", "recover", paper, env=phrase)
    assert back.code == 0, back.err
    assert program(line) == keys
    assert line.workspace.vault_file.with_name("vault.key.damaged").read_text() == "torn"
    stranger = make_factory(tmp_path / "stranger")
    stranger.workspace.vault_file.unlink()
    refused = stranger.cli("vault", "recover", paper, env=phrase)
    assert refused.code == 5
    assert "another workspace" in refused.err


def test_another_officer_opens_nothing(line: Factory, tmp_path: Path) -> None:
    from bss_mfg.payload.product_keys import new_development_key

    for name in ("a", "b"):
        private, public = new_development_key("p256")
        (tmp_path / f"{name}.pem").write_bytes(private)
        (tmp_path / f"{name}.pub").write_bytes(public)
    assert line.cli("vault", "recipient", tmp_path / "a.pub").code == 0
    line.workspace.vault_file.unlink()
    refused = line.cli("vault", "recover", "--officer-key", tmp_path / "b.pem")
    assert refused.code == 5
    assert "sealed to another officer" in refused.err
    assert line.cli("vault", "recover", "--officer-key", tmp_path / "a.pem").code == 0
    assert line.cli("vault", "recipient", "--remove").code == 0
    line.workspace.vault_file.unlink()
    never = line.cli("vault", "recover", "--officer-key", tmp_path / "a.pem")
    assert never.code == 5
    assert "never sealed to an officer" in never.err


def released(factory: Factory, batch: str = "B1") -> None:
    """A batch with all that retiring asks for."""
    program(factory, batch=batch)
    out = factory.root / f"{batch}-log-{len(list(factory.root.iterdir()))}.json"
    assert factory.cli("manifest", batch, "--format", "control-log", "--out", out).code == 0


def retire(factory: Factory, *more: object) -> Outcome:
    return factory.cli("retire", "B1", "--acknowledged", "feedback-1.json", *more)


def test_retiring_waits_for_release_and_manifest(line: Factory) -> None:
    early = retire(line)
    assert early.code == 4
    assert "not released" in early.err
    assert "no control log" in early.err
    released(line)
    line.cli("scrap", "B1", "ebK300000002", "--reason", "x")
    assert line.cli("replace", "B1", "ebK300000002", "--reason", "x").code == 0
    again = retire(line)
    assert again.code == 4
    assert "since its last replacement" in again.err
    released(line)
    assert retire(line).code == 0


def test_a_retired_batch_prints_the_same_and_programs_nothing(line: Factory) -> None:
    made = line.label()
    before = made.files[0].read_bytes()
    released(line)
    assert retire(line).code == 0
    assert "destroyed before" in retire(line).err
    assert line.label().files[0].read_bytes() == before
    refused = line.cli("program", "B1", "--format", "csv", "--out", line.root / "x.csv")
    assert refused.code == 4
    assert "was retired at" in refused.err
    assert line.cli("vault", "rekey").code == 0
    assert line.cli("ledger", "check").code == 0
    assert line.cli("verify", "B1", made.files[0]).code == 0
    shown = line.cli("batch", "show", "B1", "--json").json
    assert shown["retired_at"]


def test_retiring_does_not_overlook_a_programming_file(line: Factory) -> None:
    released(line)
    lying = line.root / "batches" / "keys.csv"
    assert line.cli("program", "B1", "--format", "csv", "--out", lying, "--again", "--reason", "x").code == 0
    refused = retire(line)
    assert refused.code == 4
    assert "keys.csv" in refused.err
    done = retire(line, "--delete-exports")
    assert done.code == 0, done.err
    assert not lying.exists()


def test_a_key_of_a_retired_batch_is_still_never_issued_again(line: Factory) -> None:
    released(line)
    with sqlite3.connect(line.root / "ledger.db") as db:
        before = db.execute("SELECT key_digest FROM unit").fetchall()
    assert retire(line).code == 0
    with sqlite3.connect(line.root / "ledger.db") as db:
        assert db.execute("SELECT key_digest FROM unit").fetchall() == before
        assert db.execute("SELECT count(sealed_key) FROM unit").fetchone() == (0,)
        with pytest.raises(sqlite3.IntegrityError, match="UNIQUE"):
            db.execute(
                "INSERT INTO unit (batch, number, package, product, serial, uuid, key_digest) "
                "VALUES (1, 99, 1, 1, 'N', ?, ?)",
                (b"u" * 16, before[0][0]),
            )


def test_no_core_dump_is_written() -> None:
    script = (
        "import resource, sys\nfrom bss_mfg.cli.main import main\n"
        "try: main(['--version'])\nexcept SystemExit: pass\nprint(resource.getrlimit(resource.RLIMIT_CORE))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "(0, 0)"


def test_an_init_that_can_t_keep_its_key_leaves_no_folder(tmp_path: Path) -> None:
    for kind in ("passphrase", "keyring"):
        refused = run_cli("init", tmp_path / "w", "--vault", kind)
        assert refused.code == 6, refused
        assert not (tmp_path / "w").exists(), kind
    short = tmp_path / "phrase"
    short.write_text("short\n")
    assert (
        run_cli("init", tmp_path / "w", "--vault", "passphrase", env={"BSS_MFG_PASSPHRASE_FILE": str(short)}).code == 3
    )
    assert not (tmp_path / "w").exists()
