"""What a token refuses, and a token that goes away: each is an error of ours with a way out, and nothing is lost."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bss_mfg.workspace.vault_files import waiting_files
from tests.helpers import tokens
from tests.helpers.commands import Outcome
from tests.helpers.factory import Factory
from tests.helpers.vault_kinds import Kept, make_kept
from tests.needs import needs

pytestmark = needs("softhsm2", "cc")


@pytest.fixture
def kept(issued: Factory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, faulty_token: Path) -> Kept:
    """Batch B1, its vault key in a token that is reached through a library that can fail."""
    made = make_kept(issued, tmp_path, monkeypatch, token=True)
    assert made.token
    return replace(made, token=replace(made.token, module=faulty_token)).rekeyed("pkcs11")


def keys(kept: Kept) -> list[bytes]:
    assert kept.token
    return kept.token.keys()


def rewritten(kept: Kept, change: Callable[[str], str]) -> None:
    """The line of the vault key, changed by hand."""
    path = kept.factory.workspace.vault_file
    path.write_text(change(path.read_text()))


def refused(done: Outcome, code: int, *words: str) -> None:
    assert done.code == code, done
    for word in words:
        assert word in done.err, (word, done.err)
    assert "Traceback" not in done.err
    assert tokens.PIN not in done.out + done.err


REKEY = ("vault", "rekey")
LOST = "--officer-key"

ANSWERS = {
    "token not present": ("OpenSession", 0xE0, 6, "is not there", LOST),
    "device removed": ("Encrypt", 0x32, 6, "was taken away", "Plug it in again"),
    "device error": ("Encrypt", 0x30, 6, "refused: DeviceError", LOST),
    "general error": ("Encrypt", 0x05, 6, "refused: GeneralError", LOST),
    "vendor's own error": ("Encrypt", 0x80000001, 6, "refused", LOST),
    "token full": ("GenerateKey", 0x31, 6, "is full", "another token"),
    "write protected": ("GenerateKey", 0xE2, 6, "can't be written to"),
    "read-only session": ("GenerateKey", 0xB5, 6, "can't be written to"),
    "mechanism missing": ("GenerateKey", 0x70, 6, "AES-GCM"),
    "nonce refused": ("EncryptInit", 0x71, 6, "AES-GCM"),
    "function missing": ("EncryptInit", 0x54, 6, "AES-GCM"),
    "template refused": ("GenerateKey", 0xD1, 6, "TemplateInconsistent"),
    "pin locked": ("Login", 0xA4, 6, "locked", "SO PIN", LOST),
    "pin expired": ("Login", 0xA3, 6, "expired"),
    "no pin yet": ("Login", 0x102, 6, "no PIN"),
    "pin too short": ("Login", 0xA2, 3, "another length"),
    "too many sessions": ("OpenSession", 0xB1, 6, "SessionCount"),
    "out of memory": ("FindObjects", 0x02, 6, "HostMemory"),
    "session lost": ("FindObjectsInit", 0xB3, 6, "was taken away"),
    "not logged in any more": ("EncryptInit", 0x101, 6, "was taken away"),
}  # fmt: skip


@pytest.mark.parametrize("name", ANSWERS)
def test_each_refusal_is_an_error_of_ours(kept: Kept, name: str) -> None:
    call, answer, code, *words = ANSWERS[name]
    before = keys(kept)
    fault = {"TOKEN_RUN": name, "TOKEN_CALL": call, "TOKEN_ACT": hex(answer), "TOKEN_AT": "1"}
    refused(kept.cli(*REKEY, **fault), code, *words)
    assert keys(kept) == before
    assert waiting_files(kept.factory.workspace.vault_file) == []
    assert kept.cli("vault", "status").code == 0


def test_pulled_at_any_call_nothing_is_lost(kept: Kept, tmp_path: Path) -> None:
    log = tmp_path / "calls"
    assert kept.cli(*REKEY, TOKEN_RUN="all", TOKEN_LOG=str(log)).code == 0
    count = len(log.read_text().split())
    assert count > 100
    for at in range(1, count + 1):
        done = kept.cli(*REKEY, TOKEN_RUN=f"pulled {at}", TOKEN_AT=str(at), TOKEN_ACT="gone")
        assert done.code in (0, 6), (at, done)
        assert "refused" not in done.err or done.code == 6
        assert done.code == 0 or "token factory" in done.err, (at, done)
        found = kept.cli("vault", "status", "--json")
        assert (found.code, found.json["keys_opened"]) == (0, 1), (at, found)
    assert kept.cli(*REKEY).code == 0
    assert waiting_files(kept.factory.workspace.vault_file) == []
    assert len(keys(kept)) == 1


def test_pulled_while_a_batch_is_unwrapped_says_nothing_of_its_key(kept: Kept) -> None:
    found = kept.cli("vault", "status", TOKEN_RUN="x", TOKEN_CALL="Decrypt", TOKEN_AT="1", TOKEN_ACT="gone")
    refused(found, 1, "taken away")
    assert "does not open" not in found.err


def test_a_wrong_pin_is_sent_once(kept: Kept, tmp_path: Path) -> None:
    (tmp_path / "wrong").write_text("mistyped\n")
    for number, command in enumerate(
        [REKEY, ("vault", "status"), ("doctor",), ("program", "B1", "--format", "csv", "--out", tmp_path / "x.csv")]
    ):
        log = tmp_path / f"{number}"
        done = kept.cli(
            *command, BSS_MFG_PASSPHRASE_FILE=str(tmp_path / "wrong"), TOKEN_RUN=str(number), TOKEN_LOG=str(log)
        )
        assert "PIN of token factory is wrong" in done.out + done.err, done
        assert "counts wrong ones" in done.out + done.err
        assert "mistyped" not in done.out + done.err
        assert log.read_text().split().count("Login") == 1, command
    assert kept.cli("vault", "status").code == 0


def test_what_is_left_of_tries_is_said(kept: Kept, tmp_path: Path) -> None:
    (tmp_path / "wrong").write_text("mistyped\n")
    wrong = {"BSS_MFG_PASSPHRASE_FILE": str(tmp_path / "wrong")}
    locked = kept.cli(*REKEY, TOKEN_RUN="locked", TOKEN_FLAGS="0x40000")
    refused(locked, 6, "is locked", "SO PIN", LOST)
    # Of the last try nothing but a person makes use.
    log = tmp_path / "calls"
    last = kept.cli(*REKEY, **wrong, TOKEN_RUN="last", TOKEN_FLAGS="0x20000", TOKEN_LOG=str(log))
    refused(last, 4, "one more wrong PIN locks", "type the PIN")
    assert "Login" not in log.read_text().split()
    asked = kept.cli(*REKEY, BSS_MFG_PASSPHRASE_FILE="", TOKEN_RUN="ask", TOKEN_FLAGS="0x20000")
    refused(asked, 6, "asks for its PIN", "BSS_MFG_PASSPHRASE_FILE")


@pytest.mark.parametrize("pin", [b"\xff\xfe\xfd", b"\n"])
def test_a_pin_that_can_t_be_one_is_not_sent(kept: Kept, tmp_path: Path, pin: bytes) -> None:
    (tmp_path / "wrong").write_bytes(pin)
    log = tmp_path / "calls"
    done = kept.cli(*REKEY, BSS_MFG_PASSPHRASE_FILE=str(tmp_path / "wrong"), TOKEN_RUN="x", TOKEN_LOG=str(log))
    refused(done, 3, "was not sent")
    assert "Login" not in log.read_text().split()


def test_a_token_set_up_anew_has_no_key(kept: Kept) -> None:
    assert kept.token
    kept.token.emptied()
    refused(kept.cli(*REKEY), 6, "has no key bss-vault", LOST)
    done = kept.cli("vault", "recover", LOST, kept.officer)
    assert (done.code, "kept in a token" in done.err) == (0, True), done
    assert kept.cli("vault", "status").code == 0
    assert len(keys(kept)) == 1


def test_another_key_of_the_same_name_is_noticed(kept: Kept) -> None:
    import pkcs11

    assert kept.token
    (key_id,) = keys(kept)
    kept.token.emptied()
    for _ in range(2):
        with kept.token.opened() as session:
            session.generate_key(pkcs11.KeyType.AES, 256, id=key_id, label="bss-vault", store=True)
    refused(kept.cli(*REKEY), 4, "more than one key bss-vault")
    with kept.token.opened() as session:
        next(iter(session.get_objects())).destroy()
    refused(kept.cli(*REKEY), 6, "is another one", LOST)
    assert kept.cli("vault", "status").code == 1


@pytest.mark.parametrize(("sensitive", "extractable"), [(True, True), (False, False)])
def test_a_key_that_may_leave_is_refused(kept: Kept, sensitive: bool, extractable: bool) -> None:
    import pkcs11

    assert kept.token
    (key_id,) = keys(kept)
    kept.token.emptied()
    with kept.token.opened() as session:
        template = {pkcs11.Attribute.SENSITIVE: sensitive, pkcs11.Attribute.EXTRACTABLE: extractable}
        session.generate_key(pkcs11.KeyType.AES, 256, id=key_id, label="bss-vault", store=True, template=template)
    refused(kept.cli(*REKEY), 4, "may leave the token", LOST)


def test_the_key_stays_in_its_token(kept: Kept) -> None:
    """As PKCS#11 says it: sensitive, never extractable, made inside, for encryption alone, not to be changed."""
    import pkcs11

    assert kept.token
    attribute = pkcs11.Attribute
    with kept.token.opened() as session:
        (key,) = session.get_objects()
        for name in ("SENSITIVE", "ALWAYS_SENSITIVE", "NEVER_EXTRACTABLE", "LOCAL", "TOKEN", "PRIVATE", "ENCRYPT"):
            assert key[attribute[name]] is True, name
        for name in ("EXTRACTABLE", "MODIFIABLE", "SIGN", "VERIFY", "WRAP", "UNWRAP", "DERIVE"):
            assert key[attribute[name]] is False, name
        with pytest.raises(pkcs11.AttributeSensitive):
            key[attribute.VALUE]


def test_a_token_that_draws_its_own_nonces_is_unfit(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    import pkcs11

    given = pkcs11.GCMParams

    def own(nonce: bytes, aad: bytes) -> pkcs11.GCMParams:
        return given(os.urandom(12), aad)

    before = keys(kept)
    with monkeypatch.context() as patched:
        patched.setattr("pkcs11.GCMParams", own)
        done = kept.cli("vault", "recover", LOST, kept.officer)
    refused(done, 6, "draws nonces of its own")
    assert keys(kept) == before
    assert waiting_files(kept.factory.workspace.vault_file) == []


def test_two_tokens_of_one_name_are_told_apart(kept: Kept) -> None:
    assert kept.token
    with kept.token.opened() as session:
        serial = session.token.serial.decode()
    tokens.make_token(kept.token.folder, pin=tokens.PIN)
    refused(kept.cli(*REKEY), 4, "2 tokens are called factory", "serial=")
    rewritten(kept, lambda line: line.replace("token=factory", f"token=factory;serial={serial}"))
    assert kept.cli(*REKEY).code == 0
    assert f"serial={serial}" in kept.factory.workspace.vault_file.read_text()


def test_an_absent_token_is_said(kept: Kept) -> None:
    rewritten(kept, lambda line: line.replace("token=factory", "token=elsewhere"))
    refused(kept.cli(*REKEY), 6, "token elsewhere is not there", "Plug it in", LOST)
    assert kept.cli("vault", "status").code == 1


# --- the library ----------------------------------------------------------------------------------------------------


def other_module(kept: Kept, path: Path) -> Outcome:
    return kept.cli(*REKEY, BSS_MFG_PKCS11_MODULE=str(path))


def test_a_module_that_is_none_is_refused(kept: Kept, tmp_path: Path) -> None:
    refused(other_module(kept, tmp_path / "none.so"), 6, "is not there", "BSS_MFG_PKCS11_MODULE")
    (tmp_path / "text.so").write_text("no library")
    refused(other_module(kept, tmp_path / "text.so"), 6, "is not a PKCS#11 library")
    refused(other_module(kept, Path("relative.so")), 3, "is not an absolute path")
    rewritten(kept, lambda line: re.sub(r"\?module-path=[^:]*", "", line))
    refused(kept.cli(*REKEY), 6, "nothing says which library")
    assert other_module(kept, tokens.SOFTHSM).code == 0


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_a_module_that_others_may_change_is_not_loaded(kept: Kept, tmp_path: Path, faulty_token: Path) -> None:
    """To load it is to run it."""
    folder = tmp_path / "modules"
    folder.mkdir()
    module = folder / "mine.so"
    module.write_bytes(faulty_token.read_bytes())
    for path in (module, folder):
        path.chmod(0o755)  # whatever the umask
    for path in (module, folder):
        mode = stat.S_IMODE(path.stat().st_mode)
        path.chmod(0o777)
        refused(other_module(kept, module), 3, "others than root and you may change", "chmod go-w")
        path.chmod(mode)
    for path in (module, folder):  # the members of a group are others, too
        mode, group = stat.S_IMODE(path.stat().st_mode), path.stat().st_gid
        os.chown(path, -1, 12345 if os.geteuid() == 0 else group)
        path.chmod(0o775)
        refused(other_module(kept, module), 3, "others than root and you may change", "chmod go-w")
        path.chmod(mode)
        os.chown(path, -1, group)
    (tmp_path / "link.so").symlink_to(module)
    assert other_module(kept, tmp_path / "link.so").code == 0
    if os.geteuid() == 0:
        os.chown(module, 12345, -1)
        refused(other_module(kept, tmp_path / "link.so"), 3, "others than root and you may change")


def test_without_python_pkcs11_it_is_said_how_to_add_it(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pkcs11", None)
    refused(kept.cli(*REKEY), 6, "python-pkcs11", 'pip install "bss-mfg[pkcs11]"')


# --- the officer ----------------------------------------------------------------------------------------------------


def test_no_token_without_an_officer(kept: Kept) -> None:
    refused(kept.cli("vault", "recipient", "--remove"), 4, "stands in for one that is lost", "--to file")
    assert kept.cli(*REKEY, "--to", "file").code == 0
    assert kept.cli("vault", "recipient", "--remove").code == 0
    refused(kept.cli(*REKEY, *kept.to("pkcs11")), 4, "would lose all batches", "vault recipient")
    assert keys(kept) == []


def test_a_token_keeps_only_what_it_made(kept: Kept, tmp_path: Path) -> None:
    assert kept.cli(*REKEY, "--to", "passphrase").code == 0
    kept.factory.workspace.vault_file.rename(tmp_path / "copy.key")
    refused(kept.cli("vault", "recover", tmp_path / "copy.key", *kept.to("pkcs11")), 4, "only keys that it has made")
    assert kept.cli("vault", "recover", tmp_path / "copy.key").code == 0


def test_init_takes_no_key_of_a_token(kept: Kept, tmp_path: Path) -> None:
    from tests.helpers.commands import run_cli

    done = run_cli("init", tmp_path / "new", env={"BSS_MFG_VAULT_KEY_FILE": str(kept.factory.workspace.vault_file)})
    refused(done, 4, "officer")
    assert not (tmp_path / "new").exists()


# --- what a change leaves -------------------------------------------------------------------------------------------


def test_a_key_that_no_change_took_is_named_and_destroyed(kept: Kept, tmp_path: Path) -> None:
    """The token of the key before was away when the change ended."""
    assert kept.token
    gone = {"TOKEN_CALL": "DestroyObject", "TOKEN_AT": "1", "TOKEN_ACT": "gone"}
    done = kept.cli(*REKEY, "--to", "file", TOKEN_RUN="gone", **gone)
    assert (done.code, "names a key in token factory" in done.err) == (0, True), done
    assert len(keys(kept)) == 1
    (left,) = waiting_files(kept.factory.workspace.vault_file)
    for command in (("vault", "status"), ("doctor",)):
        found = kept.cli(*command)
        assert (found.code, left.name in found.out + found.err) == (0, True), found
    # Where a file holds a passphrase, or may hold an identity's, it is not taken for the PIN.
    log = tmp_path / "calls"
    for kind in ("age", "passphrase"):
        done = kept.cli(*REKEY, *kept.to(kind), TOKEN_RUN=kind, TOKEN_LOG=str(log))
        assert (done.code, log.exists() and "Login" in log.read_text(), len(keys(kept))) == (0, False, 1), kind
    assert kept.cli(*REKEY, "--to", "file").code == 0
    assert len(keys(kept)) == 1
    assert kept.cli(*REKEY).code == 0
    assert (keys(kept), waiting_files(kept.factory.workspace.vault_file)) == ([], [])


@pytest.mark.parametrize("key_id", ["0" * 16, "its own"])
def test_no_file_makes_the_key_in_force_go(kept: Kept, key_id: str) -> None:
    """A copy of the vault key's file lies about, under a name that changes leave."""
    line = kept.factory.workspace.vault_file.read_text()
    left = kept.factory.workspace.vault_file.with_name("vault.key.new-copy")
    left.write_text(line if key_id == "its own" else line[:-17] + key_id + "\n")
    kept.factory.workspace.vault_file.rename(left.with_name("moved.key"))
    assert kept.cli("vault", "recover", left.with_name("moved.key")).code in (0, 4)
    assert kept.cli("vault", "status").code == 0
    assert len(keys(kept)) == 1
    assert kept.cli(*REKEY).code == 0
    assert kept.cli("vault", "status").code == 0
    assert len(keys(kept)) == 1
