"""What a TPM refuses, one that goes away, one that is another: each is an error of ours with a way out, and nothing is
lost. Nothing secret crosses its bus."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bss_mfg.model import Secret
from bss_mfg.workspace import tpm2_commands
from bss_mfg.workspace.vault_files import waiting_files
from bss_mfg.workspace.vault_key_lines import Keeping
from bss_mfg.workspace.vault_key_storage import ask_passphrase_file, load_vault_key, save_vault_key
from tests.helpers import tokens
from tests.helpers.commands import Outcome
from tests.helpers.factory import Factory
from tests.helpers.tpms import Listener, SoftTpm, refusal, running_tpm
from tests.helpers.vault_kinds import Kept, make_kept
from tests.needs import needs

pytestmark = needs("swtpm")

REKEY = ("vault", "rekey")
OFFICER = "--officer-key"
MAKE_ROOT = (
    "tpm2_createprimary",
    "-C",
    "o",
    "-G",
    "ecc",
    "-a",
    "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|noda|restricted|decrypt",
)


@pytest.fixture
def tpm(tmp_path: Path) -> Iterator[SoftTpm]:
    with running_tpm(tmp_path / "tpm") as tpm:
        yield tpm


@pytest.fixture
def kept(issued: Factory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tpm: SoftTpm) -> Kept:
    """Batch B1, its vault key sealed in a TPM under a PIN."""
    return make_kept(issued, tmp_path, monkeypatch, token=False, tpm=tpm).rekeyed("tpm2")


def refused(done: Outcome, code: int, *words: str) -> None:
    said = done.out + done.err
    assert done.code == code, done
    assert "Traceback" not in said
    for word in words:
        assert word in said, (word, said)


def line(kept: Kept) -> str:
    return kept.factory.workspace.vault_file.read_text()


def wrong(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "wrong").write_text("mistyped\n")
    return {"BSS_MFG_PASSPHRASE_FILE": str(tmp_path / "wrong")}


def in_peace(kept: Kept, before: str) -> None:
    """Nothing was changed, and the key still opens."""
    assert line(kept) == before
    assert waiting_files(kept.factory.workspace.vault_file) == []
    found = kept.cli("vault", "status", "--json")
    assert found.json["keys_opened"] == 1, found


# --- PIN and lockout ------------------------------------------------------------------------------------------------


def test_a_wrong_pin_is_sent_once(kept: Kept, tmp_path: Path, tpm: SoftTpm) -> None:
    tpm.tools("tpm2_dictionarylockout", "-s", "-n", "20", "-t", "1000", "-l", "1000")
    between, before = Listener(tpm), line(kept)
    with between.listening() as env:
        for command in (REKEY, ("vault", "status"), ("doctor",), ("program", "B1", "--format", "csv", "--out", "x")):
            seen = between.names.count("Unseal")
            done = kept.cli(*command, **env, **wrong(tmp_path))
            said = done.out + done.err
            assert re.search("PIN is wrong; [0-9]+ tries left", said), done
            assert "mistyped" not in said
            assert between.names.count("Unseal") == seen + 1
    in_peace(kept, before)


def test_lockout_is_said_and_respected(kept: Kept, tmp_path: Path, tpm: SoftTpm) -> None:
    """swtpm locks after three."""
    before = line(kept)
    refused(kept.cli(*REKEY, **wrong(tmp_path)), 3, "2 tries left")
    refused(kept.cli(*REKEY, **wrong(tmp_path)), 3, "1 try left")
    between = Listener(tpm)
    with between.listening() as env:  # of the last try nothing but a person makes use
        refused(kept.cli(*REKEY, **env, **wrong(tmp_path)), 4, "one more wrong PIN locks the TPM", "type the PIN")
    assert "Unseal" not in between.names
    asks = load_with(kept, tpm, b"mistyped")
    assert "now it is locked out, until 20" in asks
    between = Listener(tpm)
    with between.listening() as env:
        done = kept.cli(*REKEY, **env)  # with the right PIN
        refused(done, 6, "until 20", "at the latest", "No PIN was sent", "1,000 seconds", "--clear-lockout", OFFICER)
        refused(kept.cli(*REKEY, "--to", "tpm2", **env), 6, "until 20")
    assert "Unseal" not in between.names
    assert kept.cli("vault", "status").code == 1
    tpm.tools("tpm2_dictionarylockout", "--clear-lockout")
    in_peace(kept, before)


def load_with(kept: Kept, tpm: SoftTpm, pin: bytes) -> str:
    """What opening says to a person who types this PIN."""
    env = {**tpm.env, "BSS_MFG_PASSPHRASE_FILE": ""}
    with tokens.using(env), pytest.raises(Exception, match="PIN is wrong") as caught:
        load_vault_key(kept.factory.workspace.vault_file, lambda what, new: Secret(pin))
    return str(caught.value)


def test_a_tpm_that_was_told_not_to_count(kept: Kept, tpm: SoftTpm, tmp_path: Path) -> None:
    tpm.tools("tpm2_dictionarylockout", "-s", "-n", "1", "-t", "0", "-l", "1000")
    for _ in range(5):
        refused(kept.cli(*REKEY, **wrong(tmp_path)), 3, "PIN is wrong; it doesn't count")
    assert kept.cli(*REKEY).code == 0


def test_without_a_pin_no_lockout_and_nobody_asked(kept: Kept, tmp_path: Path, tpm: SoftTpm) -> None:
    assert kept.cli(*REKEY, "--no-tpm-pin").code == 0
    nobody = {"BSS_MFG_PASSPHRASE_FILE": ""}
    assert kept.cli("vault", "status", "--json", **nobody).json["keys_opened"] == 1
    assert kept.cli(*REKEY, **nobody).code == 0  # and stays without
    tpm.tools("tpm2_dictionarylockout", "-s", "-n", "1", "-t", "1000", "-l", "1000")
    assert kept.cli(*REKEY, "--tpm-pin").code == 0
    assert "now it is locked out" in load_with(kept, tpm, b"mistyped")
    assert kept.cli("vault", "recover", OFFICER, kept.officer, "--to", "tpm2", "--no-tpm-pin").code == 0
    assert kept.cli("vault", "status", **nobody).code == 0
    refused(kept.cli(*REKEY, "--tpm-pin"), 6, "locked out")
    tpm.tools("tpm2_dictionarylockout", "--clear-lockout")
    assert kept.cli(*REKEY, "--tpm-pin").code == 0
    refused(kept.cli(*REKEY, **nobody), 6, "the TPM asks for its PIN", "no terminal")


@pytest.mark.parametrize(("pin", "words"), [(b"12345\n", "fewer than 6"), (b"\n", "fewer than 6")])
def test_a_short_pin_is_refused(kept: Kept, tmp_path: Path, pin: bytes, words: str) -> None:
    kept.rekeyed("file")
    (tmp_path / "short").write_bytes(pin)
    refused(kept.cli(*REKEY, "--to", "tpm2", BSS_MFG_PASSPHRASE_FILE=str(tmp_path / "short")), 3, words)


def test_an_empty_pin_is_not_sent(kept: Kept, tmp_path: Path, tpm: SoftTpm) -> None:
    (tmp_path / "empty").write_bytes(b"\n")
    between = Listener(tpm)
    with between.listening() as env:
        refused(kept.cli(*REKEY, **env, BSS_MFG_PASSPHRASE_FILE=str(tmp_path / "empty")), 3, "was not sent")
    assert "Unseal" not in between.names


def test_what_watches_orders_ends_with_a_wrong_pin(
    kept: Kept, tmp_path: Path, tpm: SoftTpm, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It remembers the PIN that was right, and somebody changes it: then it is sent once."""
    tpm.tools("tpm2_dictionarylockout", "-s", "-n", "20", "-t", "1000", "-l", "1000")
    file, other, looks = kept.factory.workspace.vault_file, tmp_path / "other", iter(range(5))
    with tokens.using(kept.env), load_vault_key(file, ask_passphrase_file) as vault:
        save_vault_key(vault, other, Keeping("tpm2"), lambda what, new: Secret(b"another"))

    def look_again(seconds: float) -> None:
        if next(looks, None) is None:
            raise KeyboardInterrupt
        file.write_text(other.read_text())
        (tmp_path / "orders" / "1.json").write_text('{"order": "PO-1", "product": "bulb", "units": 1}')
        os.utime(tmp_path / "orders" / "1.json", (1_700_000_000, 1_700_000_000))

    monkeypatch.setattr("bss_mfg.cli.orders.time.sleep", look_again)
    (tmp_path / "orders").mkdir()
    between = Listener(tpm)
    with between.listening() as env:
        refused(kept.cli("watch-orders", tmp_path / "orders", **env), 3, "PIN is wrong; 19 tries left")
    assert between.names.count("Unseal") == 2  # the right one, and the wrong one once


# --- the TPM --------------------------------------------------------------------------------------------------------


def test_no_tpm(kept: Kept, tmp_path: Path, tpm: SoftTpm) -> None:
    before = line(kept)
    for path in (tmp_path / "none", tmp_path / "none" / "x"):
        refused(kept.cli(*REKEY, BSS_MFG_TPM2=str(path)), 6, "no TPM 2.0 that answers", "/dev/tpmrm0", OFFICER)
    (tmp_path / "file").write_text("x")
    refused(kept.cli(*REKEY, BSS_MFG_TPM2=str(tmp_path / "file")), 3, "is not a TPM")
    tpm.stop()
    refused(kept.cli(*REKEY), 6, "no TPM 2.0 that answers")
    assert kept.cli("vault", "status").code == 1
    tpm.start()
    in_peace(kept, before)


def test_a_cleared_tpm(kept: Kept, tpm: SoftTpm) -> None:
    tpm.tools("tpm2_clear")
    refused(kept.cli(*REKEY), 6, "in another TPM, or this one was cleared", OFFICER)
    assert kept.cli("vault", "status").code == 1
    done = kept.cli("vault", "recover", OFFICER, kept.officer)
    assert (done.code, "in this machine's TPM" in done.err) == (0, True), done
    assert kept.cli("vault", "status").code == 0


def test_another_tpm(kept: Kept, tmp_path: Path) -> None:
    before = line(kept)
    with running_tpm(tmp_path / "other") as other:
        refused(kept.cli(*REKEY, **other.env), 6, "in another TPM", "the machine that sealed it", OFFICER)
    in_peace(kept, before)


def test_it_outlasts_a_restart_and_an_owner_s_root_key(kept: Kept, tpm: SoftTpm, tmp_path: Path) -> None:
    """A storage root key that was made to stay, with the same template or another, changes nothing."""
    before = line(kept)
    tpm.restart()
    in_peace(kept, before)
    tpm.tools("tpm2_createprimary", "-C", "o", "-G", "rsa", "-c", str(tmp_path / "rsa.ctx"))
    tpm.flush()
    tpm.tools("tpm2_evictcontrol", "-C", "o", "-c", str(tmp_path / "rsa.ctx"), "0x81000001")
    in_peace(kept, before)
    tpm.tools("tpm2_evictcontrol", "-C", "o", "-c", "0x81000001")
    tpm.tools(*MAKE_ROOT, "-c", str(tmp_path / "ecc.ctx"))
    tpm.flush()
    tpm.tools("tpm2_evictcontrol", "-C", "o", "-c", str(tmp_path / "ecc.ctx"), "0x81000001")
    in_peace(kept, before)
    # Then an owner's password is no matter; without that key, nothing can be sealed or unsealed.
    tpm.tools("tpm2_changeauth", "-c", "o", "secret")
    in_peace(kept, before)
    tpm.tools("tpm2_evictcontrol", "-C", "o", "-P", "secret", "-c", "0x81000001")
    refused(kept.cli(*REKEY), 6, "owner has a password", "0x81000001", "tpm2_evictcontrol")


def test_a_full_tpm(kept: Kept, tpm: SoftTpm, tmp_path: Path) -> None:
    before = line(kept)
    for _ in range(3):
        tpm.tools("tpm2_createprimary", "-C", "n", "-G", "ecc", "-c", str(tmp_path / "x.ctx"))
    refused(kept.cli(*REKEY), 6, "no room left", "tpm2_flushcontext")
    tpm.flush()
    in_peace(kept, before)


def test_what_each_refusal_means(kept: Kept, tpm: SoftTpm) -> None:
    before = line(kept)
    for name, code, words in (
        ("StartAuthSession", 0x903, "no room left"), ("CreatePrimary", 0x902, "no room left"),
        ("CreatePrimary", 0x185, "switched off"), ("CreatePrimary", 0x2D5, "refused (0x95)"),
        ("CreatePrimary", 0x1E6, "lacks what that takes"), ("Load", 0x101, "refused (0x101)"),
        ("Load", 0x902, "no room left"), ("Unseal", 0x921, "locked out"), ("Unseal", 0x9A2, "PIN is wrong"),
        ("GetCapability", 0x101, "refused (0x101)"),
    ):  # fmt: skip
        between = Listener(
            tpm, lambda number, seen, sent, name=name, code=code: refusal(code) if seen == name else sent
        )
        with between.listening() as env:
            refused(kept.cli(*REKEY, **env), 3 if "wrong" in words else 6, words)
        in_peace(kept, before)


def test_gone_at_any_command_nothing_is_lost(kept: Kept, tpm: SoftTpm) -> None:
    between = Listener(tpm)
    with between.listening() as env:
        assert kept.cli(*REKEY, "--to", "tpm2", **env).code == 0
    count = len(between.seen)
    assert count > 20
    for at in range(1, count + 1):
        between = Listener(tpm, lambda number, name, sent, at=at: None if number == at else sent)
        with between.listening() as env:
            done = kept.cli(*REKEY, "--to", "tpm2", **env)
        tpm.flush()
        assert done.code in (0, 6), (at, done)
        assert done.code == 0 or "the TPM stopped answering" in done.err, (at, done)
        found = kept.cli("vault", "status", "--json")
        assert (found.code, found.json["keys_opened"]) == (0, 1), (at, found)
    assert kept.cli(*REKEY).code == 0
    assert waiting_files(kept.factory.workspace.vault_file) == []


def test_a_busy_tpm_is_asked_again(kept: Kept, tpm: SoftTpm) -> None:
    for code in (0x922, 0x90A, 0x908):
        between = Listener(tpm, lambda number, name, sent, code=code: refusal(code) if number % 2 else sent)
        with between.listening() as env:
            assert kept.cli(*REKEY, **env).code == 0


# --- who sits between -----------------------------------------------------------------------------------------------


def test_nothing_secret_crosses_the_bus(kept: Kept, tpm: SoftTpm) -> None:
    """Neither the key nor what the PIN became, in either direction."""
    between = Listener(tpm)
    with between.listening() as env:
        assert kept.cli(*REKEY, **env).code == 0
    import hashlib

    auth = hashlib.sha256(b"bss-mfg vault tpm2 pin 1|" + tokens.PIN.encode()).digest()
    with tokens.using(kept.env), load_vault_key(kept.factory.workspace.vault_file, ask_passphrase_file) as vault:
        key = vault.key.reveal()
    crossed = b"".join(sent + said for _, sent, said in between.seen)
    assert len(crossed) > 4000
    for secret in (key, key[:16], auth, auth[:16], tokens.PIN.encode()):
        assert secret not in crossed


def test_a_session_shows_nothing_secret(tpm: SoftTpm) -> None:
    with tpm2_commands.Tpm(tpm.path) as opened:
        root = opened.root()
        assert root is not None
        session = opened._session(root)
        assert repr(session.key) not in repr(session)


def test_who_answers_for_the_tpm_is_noticed(kept: Kept, tpm: SoftTpm) -> None:
    """Any byte of an answer in a session, changed on its way."""
    before = line(kept)
    for name in ("Load", "Unseal"):
        for at in (14, 20, -40, -1):

            def spoiled(seen: str, said: bytes, name: str = name, at: int = at) -> bytes:
                if seen != name:
                    return said
                return bytes(byte ^ (index == at % len(said)) for index, byte in enumerate(said))

            between = Listener(tpm, answer=spoiled)
            with between.listening() as env:
                done = kept.cli(*REKEY, **env)
            refused(done, 6, "TPM")
            tpm.flush()
            in_peace(kept, before)


@pytest.mark.parametrize(
    "said", [b"", b"\x80\x01\x00\x00\x00\x05", b"\x80\x01\xff\xff\xff\xff\x00\x00\x00\x00", b"x" * 4096]
)
def test_answers_that_are_none(kept: Kept, tpm: SoftTpm, said: bytes) -> None:
    before = line(kept)
    for name in ("ReadPublic", "CreatePrimary", "StartAuthSession", "GetCapability", "Load", "Unseal"):
        between = Listener(tpm, answer=lambda seen, real, name=name: said if seen == name else real)
        with between.listening() as env:
            refused(kept.cli(*REKEY, **env), 6, "TPM")
        tpm.flush()
    in_peace(kept, before)


# --- what is sealed -------------------------------------------------------------------------------------------------


def test_damage_anywhere_is_noticed(kept: Kept) -> None:
    """Without a try of the PIN: swtpm would lock after three."""
    found = re.fullmatch("(bss-mfg-vault-tpm2-1:)([^:]+)(:.*\n)", line(kept))
    assert found
    start, sealed, rest = found.groups()
    whole = bytearray(base64.b64decode(sealed))
    for at in range(len(whole)):
        whole[at] ^= 1
        kept.factory.workspace.vault_file.write_text(f"{start}{base64.b64encode(whole).decode()}{rest}")
        refused(kept.cli("vault", "status"), 1, "another TPM" if at < 34 else "damaged")
        whole[at] ^= 1
    kept.factory.workspace.vault_file.write_text(f"{start}{sealed}{rest}")
    assert kept.cli("vault", "status").code == 0


def test_the_tools_see_it_as_it_is_said(kept: Kept, tpm: SoftTpm, tmp_path: Path) -> None:
    """tpm2-tools load what bss-mfg sealed, below the root key of TCG's template, and read its attributes."""
    data = base64.b64decode(line(kept).split(":")[1])
    (tmp_path / "public").write_bytes(len(data[34:80]).to_bytes(2, "big") + data[34:80])
    (tmp_path / "private").write_bytes(len(data[80:]).to_bytes(2, "big") + data[80:])
    tpm.tools(*MAKE_ROOT, "-c", str(tmp_path / "root.ctx"))
    tpm.flush()
    loaded = str(tmp_path / "sealed.ctx")
    tpm.tools(
        "tpm2_load", "-C", str(tmp_path / "root.ctx"), "-u", str(tmp_path / "public"), "-r", str(tmp_path / "private"),
        "-c", loaded,
    )  # fmt: skip
    tpm.flush()
    said = tpm.tools("tpm2_readpublic", "-c", loaded)
    assert "fixedtpm|fixedparent|userwithauth\n" in said
    tpm.flush()
    import hashlib

    auth = hashlib.sha256(b"bss-mfg vault tpm2 pin 1|" + tokens.PIN.encode()).digest()
    unsealed = tpm.tools("tpm2_unseal", "-c", loaded, "-p", f"hex:{auth.hex()}", "-o", str(tmp_path / "key"))
    assert unsealed == ""
    with tokens.using(kept.env), load_vault_key(kept.factory.workspace.vault_file, ask_passphrase_file) as vault:
        assert vault.key.reveal() == (tmp_path / "key").read_bytes()


# --- the officer ----------------------------------------------------------------------------------------------------


def test_no_tpm_without_an_officer(kept: Kept, tmp_path: Path) -> None:
    refused(kept.cli("vault", "recipient", "--remove"), 4, "stands in for one that is lost", "--to file")
    assert kept.cli("vault", "export-recovery", tmp_path / "paper.txt").code == 0
    kept.rekeyed("file")
    assert kept.cli("vault", "recipient", "--remove").code == 0
    before = line(kept)
    refused(kept.cli(*REKEY, "--to", "tpm2"), 4, "on this machine alone", " vault recipient officer.public.pem`")
    assert line(kept) == before
    assert kept.cli("vault", "export-recovery", tmp_path / "newer.txt").code == 0
    kept.factory.workspace.vault_file.unlink()
    refused(kept.cli("vault", "recover", tmp_path / "newer.txt", "--to", "tpm2"), 4, "on this machine alone")
    assert kept.cli("vault", "recover", tmp_path / "newer.txt", "--to", "file").code == 0


def test_no_new_workspace_begins_with_one(kept: Kept, tmp_path: Path) -> None:
    """It would have no officer."""
    named = {"BSS_MFG_VAULT_KEY_FILE": str(kept.factory.workspace.vault_file)}
    done = kept.cli("init", tmp_path / "new", **named)
    refused(done, 4, "an officer's key beside it", "vault rekey --to tpm2")
    assert not (tmp_path / "new").exists()


def test_a_recovery_file_brings_it_back(kept: Kept, tmp_path: Path, tpm: SoftTpm) -> None:
    """What is unsealed can be copied, too: a paper in the safe opens without the officer."""
    assert kept.cli("vault", "export-recovery", tmp_path / "paper.txt").code == 0
    tpm.tools("tpm2_clear")
    done = kept.cli("vault", "recover", tmp_path / "paper.txt")
    assert (done.code, "in this machine's TPM" in done.err) == (0, True), done
    assert kept.cli("vault", "status").code == 0


def test_options_that_exclude_each_other(kept: Kept) -> None:
    refused(kept.cli(*REKEY, "--to", "file", "--no-tpm-pin"), 2, "--tpm-pin keeps the key in this machine's TPM")
    refused(
        kept.cli(*REKEY, "--tpm-pin", "--token-uri", "pkcs11:token=x"),
        2,
        "--tpm-pin keeps the key in this machine's TPM, --token-uri in a token",
    )


def test_the_root_s_name_is_a_digest(tpm: SoftTpm) -> None:
    """As tpm2-tools compute it of the same key."""
    with tpm2_commands.Tpm(tpm.path) as opened:
        root = opened.root()
        assert root is not None
        assert opened.root(b"\0\x0b" + bytes(32)) is None
    tpm.tools(*MAKE_ROOT, "-c", str(tpm.folder / "root.ctx"))
    tpm.flush()
    tpm.tools("tpm2_readpublic", "-c", str(tpm.folder / "root.ctx"), "-n", str(tpm.folder / "name"))
    assert (tpm.folder / "name").read_bytes() == root.name
