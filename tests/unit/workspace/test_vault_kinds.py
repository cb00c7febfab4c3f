"""One contract, however the vault key is kept: batches are issued and programmed, keys are changed from each kind to
each, a lost one is stood in for by the officer, a wrong one and a damaged line are noticed, and no key is found."""

from __future__ import annotations

import csv
import re
import shlex
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bss_mfg.ledger.keys import open_keys
from bss_mfg.ledger.vault import DataKey, Vault
from bss_mfg.model import Secret
from bss_mfg.workspace.vault_files import waiting_files
from bss_mfg.workspace.vault_key_lines import KEPT
from bss_mfg.workspace.vault_key_storage import ask_passphrase_file, load_vault_key
from tests.cli.test_secrets import forms, leaks
from tests.helpers import ROOT, tokens
from tests.helpers.commands import run_cli
from tests.helpers.factory import Factory
from tests.helpers.tpms import running_tpm
from tests.helpers.vault_kinds import KINDS, PAIRS, Kept, make_kept
from tests.needs import TOOLS, needs


@pytest.fixture
def kept(
    issued: Factory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[Kept]:
    """Batch B1, sealed to an officer; the vault key is in a file. A TPM runs where the test is for one."""
    token = not TOOLS["softhsm2"].missing
    if "tpm2" not in getattr(getattr(request.node, "callspec", None), "params", {}).values():
        yield make_kept(issued, tmp_path, monkeypatch, token=token)
        return
    with running_tpm(tmp_path / "tpm") as tpm:
        yield make_kept(issued, tmp_path, monkeypatch, token=token, tpm=tpm)


def programmed(kept: Kept, batch: str = "B1") -> list[dict[str, str]]:
    out = kept.factory.root / "out.csv"
    done = kept.cli("program", batch, "--format", "csv", "--out", out, "--again", "--reason", "to look")
    assert done.code == 0, done.err
    with out.open() as file:
        rows = list(csv.DictReader(file))
    out.unlink()
    return rows


@contextmanager
def opened(kept: Kept) -> Iterator[Vault]:
    with tokens.using(kept.env), load_vault_key(kept.factory.workspace.vault_file, ask_passphrase_file) as vault:
        yield vault


@pytest.mark.parametrize("kind", KINDS)
def test_batches_are_issued_and_programmed(kept: Kept, kind: str) -> None:
    before = programmed(kept)
    kept.rekeyed(kind)
    assert programmed(kept) == before
    made = kept.cli("batch", "create", "bulb", "--units", 3, "--id", "NEW", "--jobs", 2)
    assert made.code == 0, made.err
    rows = programmed(kept, "NEW")
    with kept.factory.ledger() as ledger, opened(kept) as vault:
        keys = {unit.serial: unit.key.reveal().hex() for unit in open_keys(ledger).units("NEW", vault) if unit.key}
    assert {row["serial"]: row["oob_key"].lower() for row in rows} == keys
    for command in (("vault", "status"), ("doctor",), ("ledger", "check")):
        assert kept.cli(*command).code == 0, command
    assert f", kept {dict(KEPT)[kind]}; " in kept.cli("doctor").out
    found = kept.cli("vault", "status", "--json").json
    assert (found["kept"], found["keys_opened"], found["left_over"]) == (kind, 2, [])
    assert (found["token"] is not None) == (kind == "pkcs11")
    assert found["age_recipients"] == ([str(kept.identity.to_public())] if kind == "age" else [])


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_a_key_is_changed_from_each_kind_to_each(kept: Kept, old: str, new: str) -> None:
    before = programmed(kept)
    kept.rekeyed(old)
    with kept.factory.ledger() as ledger:
        first = ledger.settings.vault_id()
    kept.rekeyed(new)
    assert programmed(kept) == before
    assert kept.cli("vault", "status", "--json").json["kept"] == new
    assert waiting_files(kept.factory.workspace.vault_file) == []
    if kept.token:
        assert len(kept.token.keys()) == (new == "pkcs11")  # the old one is destroyed
    with kept.factory.ledger() as ledger:
        assert ledger.settings.vault_id() not in ("", first)


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_wrapped_is_bound_to_its_batch_and_whole(kept: Kept, kind: str) -> None:
    kept.rekeyed(kind)
    with opened(kept) as vault:
        data_key, wrapped = vault.new_data_key("A")
        assert vault.unwrap("A", wrapped).key == data_key.key
        assert len(wrapped) == 60
        again = vault.wrap(data_key)
        assert (again[:12], again[12:]) != (wrapped[:12], wrapped[12:])
        spoiled = [wrapped[:at] + bytes([wrapped[at] ^ 1]) + wrapped[at + 1 :] for at in range(60)]
        for batch, damaged in [("B", wrapped), *[("A", one) for one in (*spoiled, b"", wrapped[:-1], wrapped + b"x")]]:
            with pytest.raises(Exception, match=f"data key of batch {batch} can't be unwrapped"):
                vault.unwrap(batch, damaged)
        assert vault.unwrap("A", wrapped).key == data_key.key  # the next one is opened all the same
        assert len(vault.id) == 16
        with opened(kept) as other:  # two at once, of which the first to end leaves the other whole
            assert other.id == vault.id
        assert vault.unwrap("A", again).key == data_key.key


@pytest.mark.parametrize("kind", KINDS)
def test_another_vault_opens_nothing(kept: Kept, kind: str) -> None:
    kept.rekeyed(kind)
    with opened(kept) as vault:
        wrapped = vault.wrap(DataKey(Secret(bytes(32)), "A"))
    kept.rekeyed(kind)
    with opened(kept) as vault, pytest.raises(Exception, match="can't be unwrapped"):
        vault.unwrap("A", wrapped)


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_of_an_older_time_is_refused(kept: Kept, kind: str, tmp_path: Path) -> None:
    kept.rekeyed(kind)
    shutil.copy(kept.factory.workspace.vault_file, tmp_path / "old.key")
    kept.rekeyed(kind)
    shutil.copy(tmp_path / "old.key", kept.factory.workspace.vault_file)
    made = kept.cli("batch", "create", "bulb", "--units", 1)
    assert made.code in (5, 6), made  # 6: out of the token and the keyring it is gone
    assert kept.cli("vault", "status").code == 1
    assert kept.cli("doctor").code == 6


@pytest.mark.parametrize("kind", KINDS)
def test_the_officer_stands_in_for_a_lost_key(kept: Kept, kind: str) -> None:
    before = programmed(kept)
    kept.rekeyed(kind).lose()
    assert kept.cli("vault", "status").code == 1
    for target in ("file", kind):
        done = kept.cli("vault", "recover", "--officer-key", kept.officer, *kept.to(target))
        assert done.code == 0, done.err
        assert programmed(kept) == before
        kept.lose()


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_line_is_no_key(kept: Kept, kind: str) -> None:
    kept.rekeyed(kind)
    path = kept.factory.workspace.vault_file
    line = path.read_text()
    for at in range(0, len(line) - 1, 3):
        for damaged in {line[:at] + ":" + line[at + 1 :], line[:at]} - {line}:
            path.write_text(damaged)
            found = kept.cli("vault", "status", BSS_MFG_PASSPHRASE_FILE="")
            assert found.code == 1, (damaged, found)
            assert "Traceback" not in found.err
    path.write_text(line)
    assert kept.cli("vault", "status").code == 0


@pytest.mark.parametrize("kind", KINDS)
def test_who_needs_the_key_itself_gets_none_from_a_token(kept: Kept, kind: str, tmp_path: Path) -> None:
    kept.rekeyed(kind)
    done = kept.cli("vault", "export-recovery", tmp_path / "paper.txt")
    if kind != "pkcs11":
        assert done.code == 0, done.err
        return
    assert (done.code, "--officer-key" in done.err, (tmp_path / "paper.txt").exists()) == (4, True, False)
    shutil.move(kept.factory.workspace.vault_file, tmp_path / "copy.key")
    refused = kept.cli("vault", "recover", tmp_path / "copy.key", "--to", "file")
    assert (refused.code, "in a token" in refused.err) == (4, True)
    back = kept.cli("vault", "recover", tmp_path / "copy.key")
    assert (back.code, "kept in a token" in back.err) == (0, True), back
    assert kept.cli("vault", "status").code == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_thousand_keys_are_found_nowhere(kept: Kept, kind: str, tmp_path: Path) -> None:
    """Nor the passphrase or PIN: in no file, and in no word that a command says."""
    kept.rekeyed(kind)
    said = ""
    for command in (
        ("batch", "create", "bulb", "--units", 1_000, "--id", "MANY"), ("vault", "status", "--json"),
        ("--verbose", "vault", "status"), ("--debug", "vault", "export-recovery", kept.factory.root), ("doctor",),
        ("ledger", "check"), ("--debug", "vault", "rekey"),
    ):  # fmt: skip
        done = kept.cli(*command)
        said += done.out + done.err
    with kept.factory.ledger() as ledger, opened(kept) as vault:
        assert tokens.PIN not in repr(vault) + repr(vault.wrapping_key)
        store = open_keys(ledger)
        keys = [unit.key.reveal() for unit in store.units("MANY", vault) if unit.key]
        keys.append(store.data_key("MANY", vault).to_bytes())
    assert len(keys) == 1_001
    needles = {form for key in keys for form in forms(key)} | {tokens.PIN.encode(), str(kept.identity).encode()}
    files = [
        path
        for folder in (kept.factory.root, tmp_path / "hsm", tmp_path / "tpm")
        for path in folder.rglob("*")
        if path.is_file()
    ]
    assert len(files) > 5
    for path in files:
        assert path == (kept.token and kept.token.pin_file) or not leaks(needles, path.read_bytes()), path
    assert not leaks(needles, said.encode())


@needs("softhsm2")
def test_the_page_can_be_typed(kept: Kept) -> None:
    """docs/keys-in-hardware.md, but for the token, which is there."""
    (block,) = re.findall(r"```\n(softhsm2-util .*?)```", (ROOT / "docs/keys-in-hardware.md").read_text("utf-8"), re.S)
    shutil.copy(kept.officer.with_suffix(".pub"), kept.factory.root / "officer.public.pem")
    before = programmed(kept)
    lines = [shlex.split(line) for line in block.splitlines()[1:]]
    assert [line[0] for line in lines] == ["bss-mfg"] * 5
    for line in lines:
        done = run_cli(*line[1:], cwd=kept.factory.root, env=kept.env)
        assert done.code == 0, (line, done)
        assert programmed(kept) == before
