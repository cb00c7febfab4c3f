"""A vault key kept in each way that there is, with one environment that opens all of them."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path

import keyring
import pytest
from pyrage.x25519 import Identity

from bss_mfg.payload.product_keys import new_development_key
from bss_mfg.workspace.vault_key_lines import KINDS as ALL_KINDS
from tests.helpers import tokens, tpms
from tests.helpers.commands import Outcome
from tests.helpers.factory import Factory
from tests.helpers.keyring_file import Keyring
from tests.needs import needs

NEEDS = {"pkcs11": needs("softhsm2"), "tpm2": needs("swtpm")}
KINDS = [pytest.param(kind, marks=NEEDS.get(kind, ())) for kind in ALL_KINDS]
"""To parametrise a test with."""
PAIRS = [
    pytest.param(old, new, marks=[NEEDS[kind] for kind in {old, new} & set(NEEDS)], id=f"{old} to {new}")
    for old in ALL_KINDS
    for new in ALL_KINDS
]
"""All pairs of an old and a new kind."""


@dataclass(frozen=True)
class Kept:
    """A factory with an officer, whose vault key can be kept in all ways. `token` is None where there is no
    SoftHSM, `tpm` where no TPM runs."""

    factory: Factory
    officer: Path
    keyring_file: Path
    env: dict[str, str]
    identity: Identity
    token: tokens.Token | None
    tpm: tpms.SoftTpm | None = None

    def cli(self, *arguments: object, **more: str) -> Outcome:
        if run := more.get("TOKEN_RUN"):  # what a library has counted in this process may be another test's
            more["TOKEN_RUN"] = f"{zlib.crc32(bytes(self.factory.root)):x} {run}"
        return self.factory.cli(*arguments, env={**self.env, **more})

    def to(self, kind: str) -> tuple[str, ...]:
        """The options by which a key is kept in a way."""
        if kind == "pkcs11" and self.token:
            return "--to", kind, "--token-uri", self.token.uri
        if kind == "age":
            return "--to", kind, "--age-recipient", str(self.identity.to_public())
        return "--to", kind

    def rekeyed(self, kind: str) -> Kept:
        done = self.cli("vault", "rekey", *self.to(kind))
        assert done.code == 0, done.err
        return self

    def lose(self) -> None:
        """The key itself: what lies in the token or the keyring too."""
        if self.token and "pkcs11:" in self.factory.workspace.vault_file.read_text():
            self.token.emptied()
        elif self.tpm and "tpm2" in self.factory.workspace.vault_file.read_text():
            self.tpm.tools("tpm2_clear")
        self.keyring_file.write_text("{}")
        self.factory.workspace.vault_file.unlink()


def new_identity(path: Path) -> Identity:
    """A private key of age, in an identity file that only its owner reads."""
    identity = Identity.generate()
    path.touch(mode=0o600)
    path.write_text(f"# public key: {identity.to_public()}\n{identity}\n")
    return identity


def make_kept(
    factory: Factory, folder: Path, monkeypatch: pytest.MonkeyPatch, *, token: bool, tpm: tpms.SoftTpm | None = None
) -> Kept:
    """Of a factory with batches; the environment is the test's own as well, for what is no command."""
    private, public = new_development_key("p256")
    (folder / "officer.pem").write_bytes(private)
    (folder / "officer.pub").write_bytes(public)
    assert factory.cli("vault", "recipient", folder / "officer.pub").code == 0
    made = tokens.make_token(folder / "hsm") if token else None
    (folder / "phrase.txt").write_text(tokens.PIN + "\n")
    kept = folder / "keyring.json"
    identity = new_identity(folder / "identity.txt")
    env = {
        "BSS_MFG_PASSPHRASE_FILE": str(folder / "phrase.txt"),
        "BSS_MFG_AGE_IDENTITY_FILE": str(folder / "identity.txt"),
        "KEYRING_FILE": str(kept),
    }
    if tpm:
        env |= tpm.env
    if made:
        env["SOFTHSM2_CONF"] = made.env["SOFTHSM2_CONF"]
    monkeypatch.setattr(keyring.core, "_keyring_backend", Keyring())
    return Kept(factory, folder / "officer.pem", kept, env, identity, made, tpm)
