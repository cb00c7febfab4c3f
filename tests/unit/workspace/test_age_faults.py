"""What an identity file and recipients of age can be that is wrong: each is an error of ours with a way out, and
nothing is lost."""

from __future__ import annotations

import base64
import os
import re
from pathlib import Path

import pyrage
import pytest
from pyrage.x25519 import Identity

from bss_mfg.workspace.vault_files import waiting_files
from tests.helpers import tokens
from tests.helpers.commands import Outcome
from tests.helpers.factory import Factory
from tests.helpers.vault_kinds import Kept, make_kept, new_identity

REKEY = ("vault", "rekey")
NAMED = "BSS_MFG_AGE_IDENTITY_FILE"
LINE = re.compile("(bss-mfg-vault-age-1:)([^:]+):([^:]+):([0-9a-f]{16}\n)")


@pytest.fixture
def kept(issued: Factory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kept:
    """Batch B1, its vault key encrypted with age to the identity in the environment."""
    return make_kept(issued, tmp_path, monkeypatch, token=False).rekeyed("age")


def refused(done: Outcome, code: int, *words: str) -> None:
    said = done.out + done.err
    assert done.code == code, done
    assert "Traceback" not in said
    assert "AGE-SECRET-KEY" not in said.replace("AGE-SECRET-KEY-1…", "")
    for word in words:
        assert word in said, (word, said)


def public(identity: Identity) -> str:
    return str(identity.to_public())


def fields(kept: Kept) -> tuple[str, ...]:
    found = LINE.fullmatch(kept.factory.workspace.vault_file.read_text())
    assert found
    return found.groups()


def under_passphrase(path: Path, identity: Identity, phrase: str = tokens.PIN) -> str:
    path.write_bytes(pyrage.passphrase.encrypt(f"{identity}\n".encode(), phrase))
    path.chmod(0o600)
    return str(path)


# --- the identity ---------------------------------------------------------------------------------------------------


def test_another_s_identity_opens_nothing(kept: Kept, tmp_path: Path) -> None:
    new_identity(tmp_path / "other.txt")
    other = {NAMED: str(tmp_path / "other.txt")}
    refused(kept.cli(*REKEY, **other), 6, "not encrypted to you", NAMED, "--age-recipient", "--officer-key")
    refused(kept.cli("vault", "status", **other), 1, "not encrypted to you")
    refused(kept.cli("program", "B1", "--format", "csv", "--out", tmp_path / "x.csv", **other), 6, "not encrypted to")
    assert not (tmp_path / "x.csv").exists()


def test_nothing_names_an_identity(kept: Kept) -> None:
    nothing = {NAMED: "", "BSS_MFG_PASSPHRASE_FILE": ""}
    refused(kept.cli(*REKEY, **nothing), 6, "nothing names your identity", f"{NAMED}=FILE", "age-keygen")
    seen = kept.cli("vault", "status", **nothing)
    assert (seen.code, f"not opened ({NAMED}" in seen.err) == (0, True), seen
    assert kept.cli("vault", "status", "--json", **nothing).json["keys_opened"] is None
    assert kept.cli("vault", "status", "--json").json["keys_opened"] == 1


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (None, 6, "is not there"),
        (b"", 3, "is not an age identity file"),
        (b"# only words\n\n", 3, "is not an age identity file"),
        (b"AGE-SECRET-KEY-1" + b"Q" * 58, 3, "is not an age identity file"),
        (b"\xff\xfe\x00", 3, "is not an age identity file"),
        (b"age1" + b"q" * 58, 3, "is not an age identity file"),
        (b"AGE-PLUGIN-YUBIKEY-1QQPQZQ", 3, "an age plugin"),
        (b"#" * 70_000, 3, "more than the 65,536 allowed"),
        (b"age-encryption.org/v1\nnonsense", 3, "wrong, or the file was damaged"),
        (b"-----BEGIN AGE ENCRYPTED FILE-----\nAAAA\n", 3, "wrong, or the file was damaged"),
    ],
)
def test_a_file_that_is_no_identity(kept: Kept, tmp_path: Path, content: bytes | None, code: int, words: str) -> None:
    if content is not None:
        (tmp_path / "bad.txt").write_bytes(content)
    before = fields(kept)
    refused(kept.cli(*REKEY, **{NAMED: str(tmp_path / "bad.txt")}), code, words, "bad.txt")
    refused(kept.cli("vault", "status", **{NAMED: str(tmp_path / "bad.txt")}), 1, words)
    assert fields(kept) == before


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no named pipes in folders")
def test_a_named_pipe_is_not_waited_for(kept: Kept, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    refused(kept.cli(*REKEY, **{NAMED: str(tmp_path / "pipe")}), 3, "is not an age identity file")
    refused(kept.cli("vault", "status", **{NAMED: str(tmp_path)}), 1)


def test_an_identity_under_a_passphrase_is_asked_for_it(kept: Kept, tmp_path: Path) -> None:
    closed = {NAMED: under_passphrase(tmp_path / "closed.age", kept.identity)}
    assert kept.cli(*REKEY, **closed).code == 0
    nobody = {**closed, "BSS_MFG_PASSPHRASE_FILE": ""}
    refused(kept.cli(*REKEY, **nobody), 6, "the age identity in closed.age", "no terminal to ask for it")
    seen = kept.cli("vault", "status", **nobody)
    assert (seen.code, "it was not opened" in seen.err) == (0, True)
    (tmp_path / "wrong").write_text("mistyped words here\n")
    wrong = kept.cli(*REKEY, **closed, BSS_MFG_PASSPHRASE_FILE=str(tmp_path / "wrong"))
    refused(wrong, 3, "the passphrase is wrong", "Type it again")
    assert "mistyped" not in wrong.out + wrong.err


def test_an_identity_that_asks_for_endless_work(kept: Kept, tmp_path: Path) -> None:
    path = tmp_path / "closed.age"
    under_passphrase(path, kept.identity)
    path.write_bytes(re.sub(rb"(-> scrypt \S+) \d+", rb"\1 40", path.read_bytes()))
    refused(kept.cli(*REKEY, **{NAMED: str(path)}), 3, "more work")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_an_identity_that_others_read_is_remarked(kept: Kept, tmp_path: Path) -> None:
    assert kept.factory.workspace.vault_file.stat().st_mode & 0o777 == 0o600
    identity = tmp_path / "identity.txt"
    for mode in (0o644, 0o640, 0o602):
        identity.chmod(mode)
        refused(kept.cli("vault", "status"), 1, "the age identity that opens it", f"chmod 600 {identity}")
        assert kept.cli("vault", "status", "--json").json["exposed"] is True
        refused(kept.cli("doctor"), 6, "others may read or change identity.txt")
    identity.chmod(0o600)
    assert kept.cli("vault", "status").code == 0
    identity.chmod(0o644)
    kept.rekeyed("file")
    assert kept.cli("vault", "status").code == 0  # it opens nothing here


# --- the recipients -------------------------------------------------------------------------------------------------


def test_each_recipient_opens_it(kept: Kept, tmp_path: Path) -> None:
    others = [new_identity(tmp_path / f"{number}.txt") for number in range(11)]
    named = [word for one in (kept.identity, *others) for word in ("--age-recipient", public(one))]
    assert kept.cli(*REKEY, *named, *named).code == 0  # each is taken once
    assert kept.cli("vault", "status", "--json").json["age_recipients"] == [public(kept.identity), *map(public, others)]
    for number in (0, 10):
        assert kept.cli("vault", "status", **{NAMED: str(tmp_path / f"{number}.txt")}).code == 0
    assert kept.cli(*REKEY).code == 0  # to the same
    assert len(kept.cli("vault", "status", "--json").json["age_recipients"]) == 12
    new_identity(tmp_path / "both.txt")
    (tmp_path / "both.txt").write_text(f"{Identity.generate()}\n{others[3]}\n")
    assert kept.cli("vault", "status", **{NAMED: str(tmp_path / "both.txt")}).code == 0
    more = ("--age-recipient", public(Identity.generate()))
    refused(kept.cli(*REKEY, *named, *more), 3, "13 recipients", "At most 12")


def test_who_changes_the_key_must_open_the_new_one(kept: Kept) -> None:
    before = fields(kept)
    stranger = public(Identity.generate())
    refused(kept.cli(*REKEY, "--age-recipient", stranger), 4, "none of the recipients is yours", "age-keygen -y")
    assert fields(kept) == before
    assert waiting_files(kept.factory.workspace.vault_file) == []


def test_recipients_that_are_none(kept: Kept) -> None:
    refused(kept.cli(*REKEY, "--age-recipient", str(kept.identity)), 3, "a private key", "make a new pair")
    for text in ("", "age1", "age1" + "q" * 58, "ssh-ed25519 AAAA", public(kept.identity)[:-1] + "b"):
        refused(kept.cli(*REKEY, "--age-recipient", text), 3, "is not an age public key")
    kept.rekeyed("file")
    refused(kept.cli(*REKEY, "--to", "age"), 3, "to whom", "--age-recipient")
    mine = ("--age-recipient", public(kept.identity))
    refused(kept.cli(*REKEY, "--to", "file", *mine), 2, "keeps the key encrypted with age, --to file in a file")
    refused(
        kept.cli(*REKEY, *mine, "--token-uri", "pkcs11:token=x"),
        2,
        "keeps the key encrypted with age, --token-uri in a token",
    )


def test_a_recipient_that_somebody_wrote_into_the_file_gets_no_key(kept: Kept) -> None:
    """The list is in clear, and its digest is encrypted with the key."""
    start, to, sealed, rest = fields(kept)
    for planted in (f"{to},{public(Identity.generate())}", f"{to},{to}", public(Identity.generate())):
        kept.factory.workspace.vault_file.write_text(f"{start}{planted}:{sealed}:{rest}")
        for command in (REKEY, ("vault", "status")):
            done = kept.cli(*command)
            assert done.code in (1, 3, 6), done
            assert "damaged" in done.err or "not encrypted to you" in done.err
    kept.factory.workspace.vault_file.write_text(f"{start}{to}:{sealed}:{rest}")
    assert kept.cli(*REKEY).code == 0


def test_who_recovers_names_the_recipients(kept: Kept) -> None:
    """Those in a file whose key nobody opened may be anybody's."""
    start, to, sealed, _ = fields(kept)
    kept.factory.workspace.vault_file.write_text(f"{start}{to}:{sealed}:{'0' * 16}\n")
    refused(kept.cli("vault", "recover", "--officer-key", kept.officer), 3, "to whom", "--age-recipient")
    done = kept.cli("vault", "recover", "--officer-key", kept.officer, *kept.to("age"))
    assert (done.code, "encrypted with age" in done.err) == (0, True), done
    assert kept.cli("vault", "status").code == 0


def test_damage_anywhere_is_noticed(kept: Kept) -> None:
    start, to, sealed, rest = fields(kept)
    whole = bytearray(base64.b64decode(sealed))
    for at in range(len(whole)):
        whole[at] ^= 1
        path = kept.factory.workspace.vault_file
        path.write_text(f"{start}{to}:{base64.b64encode(whole).decode()}:{rest}")
        done = kept.cli("vault", "status") if at % 10 == 0 else kept.cli("vault", "status", "--json")
        assert (done.code, "Traceback" in done.err) == (1, False), (at, done)
        whole[at] ^= 1


def test_without_pyrage_it_is_said_how_to_add_it(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyrage", None)
    refused(kept.cli(*REKEY), 6, "pyrage", 'pip install "bss-mfg[age]"')


def test_a_recovery_file_brings_it_back(kept: Kept, tmp_path: Path) -> None:
    assert kept.cli("vault", "export-recovery", tmp_path / "paper.txt").code == 0
    copy = tmp_path / "copy.key"
    copy.write_text(kept.factory.workspace.vault_file.read_text())
    for source in (tmp_path / "paper.txt", copy):
        kept.factory.workspace.vault_file.unlink()
        refused(kept.cli("vault", "recover", source), 3, "to whom")
        assert kept.cli("vault", "recover", source, *kept.to("age")).code == 0
        assert kept.cli("vault", "status", "--json").json["kept"] == "age"
