"""Vault key files: read to the letter, and no damage shows a part of the key."""

from __future__ import annotations

import contextlib
import json
import os
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bss_mfg.errors import BssError
from bss_mfg.ledger.vault import Vault
from bss_mfg.model import Secret
from bss_mfg.workspace import vault_key_lines, vault_key_storage
from bss_mfg.workspace.vault_key_lines import KINDS, Keeping
from tests.helpers.factory import Factory

PASSPHRASE = b"correct horse battery staple"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The line of a key kept in a file, and of one under a passphrase."""
    folder, vault = tmp_path_factory.mktemp("keys"), Vault.generate()
    lines = {}
    for kind in KINDS[:2]:
        vault_key_storage.save_vault_key(vault, folder / kind, Keeping(kind), lambda what, new: Secret(PASSPHRASE))
        lines[kind] = (folder / kind).read_text()
    return lines


def windows(text: str) -> set[str]:
    """All runs of 8 characters of the secret part of a key's line."""
    secret = max(re.findall(r"[A-Za-z0-9+/=]+", text), key=len)
    return {secret[at : at + 8] for at in range(len(secret) - 7)}


@settings(max_examples=400)
@given(data=st.data())
def test_no_damage_shows_a_part_of_the_key(
    whole: dict[str, str], tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    text = whole["file"]
    cut = data.draw(st.integers(0, len(text)))
    at, more = data.draw(st.integers(0, len(text))), data.draw(st.sampled_from(["", ":", "::", "\n", "A", "0" * 16]))
    damaged = data.draw(st.sampled_from([text[:cut], text[cut:], text[:at] + more + text[at + 1 :], text + text]))
    mark = data.draw(st.sampled_from(["bss-mfg-vault-key-1", "bss-mfg-vault-keyring-1", "bss-mfg-vault-passphrase-1"]))
    path = tmp_path_factory.getbasetemp() / "damaged.key"
    path.write_text(damaged.replace("bss-mfg-vault-key-1", mark))
    said = ""
    for look in (vault_key_lines.vault_key_kind, vault_key_lines.vault_key_id):
        with contextlib.suppress(BssError):
            said += f" {look(path)}"
    try:
        vault_key_storage.load_vault_key(path)
    except BssError as error:
        said += f" {error}"
    assert not any(part in said for part in windows(text)), said


@pytest.mark.parametrize("cut", [1, 5, 16, 17, 18, 20, 40])
def test_a_key_without_its_id_is_not_shown(factory: Factory, cut: int) -> None:
    """`vault status` printed the key where `:ID` was cut off: what stood last was taken for the id."""
    text = factory.workspace.vault_file.read_text()
    factory.workspace.vault_file.write_text(text.rstrip()[:-cut])
    for command in (
        ("vault", "status"), ("vault", "status", "--json"), ("doctor",), ("doctor", "--json"), ("ledger", "check"),
        ("vault", "rekey"), ("vault", "recipient", "--remove"), ("--debug", "vault", "rekey"),
        ("--verbose", "vault", "status"), ("vault", "recover", factory.workspace.vault_file),
    ):  # fmt: skip
        done = factory.cli(*command)
        said = done.out + done.err + (json.dumps(done.json) if done.out and command[-1] == "--json" else "")
        assert not any(part in said for part in windows(text)), (command, said)
        assert "is not a vault key file, or it is damaged" in said or command[0] == "ledger", (command, said)


def test_only_a_whole_line_is_a_key(whole: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "x.key"
    for kind, text in whole.items():
        for at in range(1, len(text) - 1):
            path.write_text(text[:-1][:at])
            with pytest.raises(BssError, match="is not a vault key file"):
                vault_key_lines.vault_key_id(path)
        path.write_text(text)
        assert vault_key_lines.vault_key_kind(path) == kind


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no named pipes in folders")
@pytest.mark.parametrize("name", ["vault.key", "vault.key.new"])
def test_a_named_pipe_stops_no_command(factory: Factory, name: str) -> None:
    (factory.root / name).unlink(missing_ok=True)
    os.mkfifo(factory.root / name)
    status = factory.cli("vault", "status")
    rekey = factory.cli("vault", "rekey")
    damaged = name == "vault.key"
    assert (status.code, rekey.code) == ((1, 3) if damaged else (0, 0)), status.err + rekey.err
    assert ("not a vault key file" in rekey.err) == damaged
    assert not (factory.root / "vault.key.new").exists()


def test_a_planted_link_goes_and_what_it_leads_to_stays(factory: Factory, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("keep")
    (factory.root / "vault.key.new").symlink_to(victim)
    assert factory.cli("vault", "rekey").code == 0
    assert not (factory.root / "vault.key.new").is_symlink()
    assert victim.read_text() == "keep"
