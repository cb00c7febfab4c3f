"""Readers of what opens and signs: SSH keys and signatures, requests and policies of two persons, vault keys that are
encrypted with age or sealed in a TPM, names of keys in tokens."""

from __future__ import annotations

import base64
import hashlib
import os
import ssl
from collections.abc import Mapping
from pathlib import Path
from unittest.mock import patch

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import load_pem_x509_certificate

from bss_mfg.errors import BssError
from tests.fuzz import key_corpus as corpus
from tests.fuzz.reader import FuzzedReader, file_of, require, told
from tests.helpers.ssh_forging import armored

_NOW = "2026-11-30T12:00:00Z"
NOTHING_ELSE = {"BSS_MFG_TPM2": "/dev/null", "BSS_MFG_AGE_IDENTITY_FILE": "/nowhere", "BSS_MFG_PKCS11_MODULE": ""}
"""So that no case reaches a device, an identity or a library of this machine."""


def _signature(data: bytes, folder: Path) -> None:
    from bss_mfg.transparency.ssh_signatures import signer_of

    key = signer_of(data, corpus.REQUEST)
    require(key.blob in corpus.ssh_blobs(), key.fingerprint)


def _signature_parts(data: bytes, folder: Path) -> None:
    """The same, and the armour always right: what is inside is reached."""
    _signature(armored(data), folder)


def _ssh_key(data: bytes, folder: Path) -> None:
    from bss_mfg.transparency.ssh_signatures import SshKey

    key = SshKey.parse(data.decode("utf-8", "replace"))
    require(SshKey.parse(str(key)) == key, str(key))


def _ssh_blob(data: bytes, folder: Path) -> None:
    from bss_mfg.transparency.ssh_signatures import SshKey

    key = SshKey.of_blob(data)
    require(SshKey.parse(str(key)) == key, str(key))


def _request(data: bytes, folder: Path) -> None:
    """As `TwoPersons` reads one; a changed one has differences, and nobody's signature fits."""
    from bss_mfg.ledger.approvals import differences, refuse_untimely, said_in, signers

    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return
    said = said_in(text)
    "".join(differences(text, corpus.REQUEST.decode())).encode()
    refuse_untimely(said, _NOW)
    signed = signers(corpus.policy(), text, corpus.signatures()[:2])
    require(data == corpus.REQUEST and len(signed) == 2, said)


def _policy(data: bytes, folder: Path) -> None:
    from bss_mfg.workspace.policy_file import load_policy, policy_text

    found = load_policy(file_of(folder, "policy.toml", data))
    require(len({one.blob for one in found.persons.values()}) == len(found.persons) >= 2, found)
    again = load_policy(file_of(folder, "again.toml", policy_text(found).encode()))
    require(again == found, found)


def _policy_note(data: bytes, folder: Path) -> None:
    from bss_mfg.ledger.place import LedgerPlace
    from bss_mfg.ledger.policy_note import PolicyNote

    file_of(folder, "ledger.db.policy", data)
    found = PolicyNote(LedgerPlace(folder)).read()
    require(found and len(found.policy.persons) >= 2, found)


def _next_numbers(data: bytes, folder: Path) -> None:
    from bss_mfg.ledger.next_numbers import read_next_numbers

    found = read_next_numbers(file_of(folder, "next-numbers", data))
    require(all(isinstance(one, int) for one in (*found.products.values(), found.first, found.logistic_units)), found)


def _opened(folder: Path, line: str, *, identity: Path | None = None) -> bytes:
    """The key of a vault key file with this line."""
    from bss_mfg.workspace.vault_key_storage import load_vault_key

    named = {**NOTHING_ELSE, "BSS_MFG_AGE_IDENTITY_FILE": str(identity)} if identity else NOTHING_ELSE
    with patch.dict(os.environ, named):
        vault = load_vault_key(file_of(folder, "vault.key", line.encode("latin-1")), lambda what, new: corpus.PIN)
    return vault.key.reveal()


def _age_vault(data: bytes, folder: Path) -> None:
    """What is encrypted with age in a vault key file."""
    identity = file_of(folder, "identity.txt", corpus.age_identities()[0])
    line = f"bss-mfg-vault-age-1:{corpus.age_recipient()}:{base64.b64encode(data).decode()}:{corpus.KEY_ID}"
    require(_opened(folder, line, identity=identity) == corpus.KEY, "another vault key")


def _age_identity(data: bytes, folder: Path) -> None:
    sealed = base64.b64encode(corpus.age_vaults()[0]).decode()
    line = f"bss-mfg-vault-age-1:{corpus.age_recipient()}:{sealed}:{corpus.KEY_ID}"
    opened = _opened(folder, line, identity=file_of(folder, "identity.txt", data))
    require(opened == corpus.KEY, "another vault key")


def _vault_line(data: bytes, folder: Path) -> None:
    """Lines of all kinds, and what is told of them without a key. Those that lie open are opened elsewhere."""
    from bss_mfg.workspace.tpm2_key import asks_pin
    from bss_mfg.workspace.vault_key_lines import read_line, recipients_of, token_of

    path = file_of(folder, "vault.key", data)
    line = read_line(path)
    require(":".join((*line.fields, line.id)) in data.decode("latin-1"), line.kind)
    require(all(one.startswith("age1") for one in recipients_of(path)), line.kind)
    if line.kind == "pkcs11":
        require(token_of(path), line.fields)
    if line.kind == "tpm2":
        asks_pin(line.fields[0])
    if line.kind in ("age", "pkcs11", "tpm2"):
        try:
            _opened(folder, data.decode("latin-1"))
        except BssError:
            return
        require(False, "opened by nothing")


def _token_uri(data: bytes, folder: Path) -> None:
    from bss_mfg.workspace.pkcs11_uri import LONGEST, parse_uri

    uri = parse_uri(data.decode("utf-8", "surrogateescape"))
    if len(str(uri)) <= LONGEST:
        require(parse_uri(str(uri)) == uri, str(uri))


def _page_certificate(data: bytes, folder: Path) -> None:
    """That of the page for phones: one that is no good is made anew."""
    from bss_mfg.lan.certificate import FILE, station_certificate

    file_of(folder, FILE, data)
    found = station_certificate(folder, corpus.ADDRESS, corpus.TODAY)
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(found.file)
    made = load_pem_x509_certificate(found.file.read_bytes())
    require(made.fingerprint(SHA256()).hex() == found.fingerprint, found)


def _tpm(data: bytes, folder: Path) -> None:
    """What a TPM answers, one answer after the other, from one that can prove each of them."""
    from bss_mfg.workspace import tpm2_commands
    from tests.fuzz.played_tpm import PlayedTpm

    pin = data.startswith(corpus.WITH_PIN)
    line = f"bss-mfg-vault-tpm2-1:{corpus.tpm_field(pin=pin)}:{corpus.KEY_ID}"
    auth = hashlib.sha256(b"bss-mfg vault tpm2 pin 1|" + corpus.PIN.reveal()).digest()
    tpm = PlayedTpm(data[1:], auth if pin else b"")
    with patch.object(tpm2_commands, "open_channel", lambda path: tpm.channel(path)), patch("time.sleep"):
        require(_opened(folder, line) == corpus.KEY, "another vault key")


KEY_READERS: Mapping[str, FuzzedReader] = {
    "ssh-signature": FuzzedReader(told(_signature), corpus.signatures, "text"),
    "ssh-signature-parts": FuzzedReader(told(_signature_parts), corpus.signature_parts),
    "ssh-key": FuzzedReader(told(_ssh_key), corpus.ssh_keys, "text"),
    "ssh-key-parts": FuzzedReader(told(_ssh_blob), corpus.ssh_blobs),
    "signed-request": FuzzedReader(told(_request), corpus.requests, "text"),
    "policy": FuzzedReader(_policy, corpus.policies, "text"),
    "policy-note": FuzzedReader(_policy_note, corpus.policy_notes, "text"),
    "next-numbers": FuzzedReader(_next_numbers, corpus.next_numbers, "text"),
    "vault-line": FuzzedReader(_vault_line, corpus.vault_lines, "text"),
    "age-vault": FuzzedReader(_age_vault, corpus.age_vaults),
    "age-identity": FuzzedReader(_age_identity, corpus.age_identities, "text"),
    "token-uri": FuzzedReader(_token_uri, corpus.token_uris, "text"),
    "page-certificate": FuzzedReader(_page_certificate, corpus.page_certificates, "text"),
    "tpm-answers": FuzzedReader(_tpm, corpus.tpm_answers),
}
