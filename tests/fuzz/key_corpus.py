"""What cases of keys are made from: right keys, signatures, requests, policies and vault keys."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
import struct
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from bss_mfg.model import Secret
from tests.fuzz.reader import Seeds
from tests.helpers.ssh_forging import SK_ECDSA, HardwareKey, RsaKey, mpint, signature_file, string, to_sign, unarmored

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec

    from bss_mfg.ledger.policies import Policy

KEY = bytes(range(32))
PIN = Secret(b"a pin to type")
PERSONS = ("anna", "ben")
REQUEST = (
    b'bss-mfg request 1\nact: "retire"\nbatch: "B1"\nreason: "it is over"\nledger: "5f1d"\npolicy: "'
    + b"a" * 64
    + b'"\n'
    b'history: "12:' + b"0" * 64 + b'"\nasked by: "anna"\nasked at: "2026-11-30T11:00:00Z"\n'
    b'expires: "2026-12-01T11:00:00Z"\nmark: "00112233445566778899aabbccddeeff"\n'
)


def _key_id() -> str:
    from bss_mfg.ledger.vault import MemoryKey, Vault

    return Vault(MemoryKey(Secret(KEY))).id


KEY_ID = _key_id()


# --- SSH ------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _signed() -> tuple[tuple[bytes, bytes], ...]:
    """Public keys as SSH writes them, of all kinds, with a signature file of the request of each. The first two are
    the policy's."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    found = []
    for number in (1, 2):
        key = ed25519.Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)
        blob = string(b"ssh-ed25519") + string(key.public_key().public_bytes_raw())
        made = string(b"ssh-ed25519") + string(key.sign(to_sign(REQUEST)))
        found.append((blob, signature_file(blob, made)))
    for name, curve, digest in (
        (b"nistp256", ec.SECP256R1(), hashes.SHA256()),
        (b"nistp384", ec.SECP384R1(), hashes.SHA384()),
        (b"nistp521", ec.SECP521R1(), hashes.SHA512()),
    ):
        own = ec.derive_private_key(12_345, curve)
        kind = b"ecdsa-sha2-" + name
        point = own.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        blob = string(kind) + string(name) + string(point)
        r, s = utils.decode_dss_signature(own.sign(to_sign(REQUEST), ec.ECDSA(digest)))
        found.append((blob, signature_file(blob, string(kind) + string(mpint(r) + mpint(s)))))
    rsa = RsaKey.new(3072)
    found.append((rsa.blob, rsa.sign(REQUEST, hashes.SHA512(), b"rsa-sha2-512")))
    for hardware in (HardwareKey(), HardwareKey(SK_ECDSA)):
        found.append((hardware.blob, hardware.sign(REQUEST, 1)))
    return tuple(found)


def ssh_blobs() -> Seeds:
    """Public keys as SSH writes them."""
    return tuple(blob for blob, _ in _signed())


def ssh_keys() -> Seeds:
    """The same as lines."""
    from bss_mfg.transparency.ssh_signatures import SshKey

    return tuple(f"{SshKey.of_blob(blob)} somebody@bench\n".encode() for blob in ssh_blobs())


def signatures() -> Seeds:
    """Signatures of the request."""
    return tuple(file for _, file in _signed())


def signature_parts() -> Seeds:
    """What is in their armour."""
    return tuple(map(unarmored, signatures()))


# --- two persons ----------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def policy() -> Policy:
    """Anna's and Ben's."""
    from bss_mfg.ledger.policies import Policy

    lines = [line.decode().strip() for line in ssh_keys()[:2]]
    return Policy.of(dict(zip(PERSONS, lines, strict=True)), ["retire", "keys release"])


def requests() -> Seeds:
    """A request as two persons signed it."""
    return (REQUEST,)


def policies() -> Seeds:
    """A policy's file."""
    from bss_mfg.workspace.policy_file import policy_text

    return (policy_text(policy()).encode(),)


def policy_notes() -> Seeds:
    """What lies beside a ledger of its policy."""
    said = {"event": 7, "digest": "0" * 64, "persons": policy().lines, "two_persons": sorted(policy().acts)}
    return (json.dumps(said, indent=1).encode(),)


def next_numbers() -> Seeds:
    """What a restore noted."""
    return (b'{"format": 1, "products": {"bulb": 481, "plug": 7}, "first": 1, "logistic_units": 12}\n',)


# --- vault keys -----------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def age_identities() -> Seeds:
    """An identity file, one with Windows' line ends, and one under the passphrase."""
    from pyrage import x25519

    own = x25519.Identity.generate()
    text = f"# created: today\n# public key: {own.to_public()}\n{own}\n".encode()
    return (text, text.replace(b"\n", b"\r\n"), _locked(text))


def _locked(text: bytes) -> bytes:
    """An age file under the passphrase, whose key costs nothing to derive: age itself takes a second's work."""
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    def unpadded(data: bytes) -> str:
        return base64.b64encode(data).decode().rstrip("=")

    def derived(salt: bytes | None, info: bytes) -> bytes:
        return HKDF(SHA256(), 32, salt, info).derive(file_key)

    file_key, salt, nonce = bytes(range(16)), bytes(16), bytes(16)
    wrapping = hashlib.scrypt(PIN.reveal(), salt=b"age-encryption.org/v1/scrypt" + salt, n=2, r=8, p=1, dklen=32)
    wrapped = ChaCha20Poly1305(wrapping).encrypt(bytes(12), file_key, None)
    head = f"age-encryption.org/v1\n-> scrypt {unpadded(salt)} 1\n{unpadded(wrapped)}\n---".encode()
    mark = f" {unpadded(hmac.digest(derived(None, b'header'), head, 'sha256'))}\n".encode()
    body = ChaCha20Poly1305(derived(nonce, b"payload")).encrypt(bytes(11) + b"\1", text, None)
    return head + mark + nonce + body


def age_recipient() -> str:
    """That of the identity."""
    return age_identities()[0].decode().split("public key: ")[1].split()[0]


@lru_cache(maxsize=1)
def age_vaults() -> Seeds:
    """The vault key, encrypted to it."""
    from bss_mfg.workspace.age_key import encrypt_key

    return (encrypt_key(Secret(KEY), (age_recipient(),)),)


def token_uris() -> Seeds:
    """Names of keys in tokens."""
    return (
        b"pkcs11:token=factory;object=bss-vault?module-path=/nowhere/libsofthsm2.so",
        b"pkcs11:token=a%20b;manufacturer=M;serial=0012;model=v2;object=o;id=%01%ff;type=secret-key",
    )


def vault_lines() -> Seeds:
    """Lines of vault key files of all kinds but those that lie open."""
    from bss_mfg.workspace.pkcs11_uri import parse_uri

    uri = parse_uri(token_uris()[1].decode())
    sealed = base64.b64encode(age_vaults()[0]).decode()
    return (
        f"bss-mfg-vault-keyring-1:{KEY_ID}\n".encode(),
        f"bss-mfg-vault-pkcs11-1:{uri}:{KEY_ID}\n".encode(),
        f"bss-mfg-vault-age-1:{age_recipient()}:{sealed}:{KEY_ID}\n".encode(),
        *(f"bss-mfg-vault-tpm2-1:{tpm_field(pin=pin)}:{KEY_ID}\n".encode() for pin in (True, False)),
    )


# --- pages ----------------------------------------------------------------------------------------------------------

ADDRESS = "192.0.2.1"
TODAY = dt.datetime(2026, 11, 30, tzinfo=dt.UTC)


@lru_cache(maxsize=1)
def page_certificates() -> Seeds:
    """A page's certificate and key; and one whose key is under a passphrase."""
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption,
        Encoding,
        PrivateFormat,
        load_pem_private_key,
    )

    from bss_mfg.lan.certificate import station_certificate

    with tempfile.TemporaryDirectory() as folder:
        made = station_certificate(Path(folder), ADDRESS, TODAY).file.read_bytes()
    key = load_pem_private_key(made, None)
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x"))
    return (made, locked + made[made.index(b"-----BEGIN CERT") :])


# --- a TPM ----------------------------------------------------------------------------------------------------------

WITH_PIN = b"\x01"
"""The first byte of a case whose vault key opens with a PIN."""


def root_key() -> ec.EllipticCurvePrivateKey:
    """The private half of the storage root key that answers are made with."""
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.derive_private_key(4_711, ec.SECP256R1())


def _root_public() -> bytes:
    from bss_mfg.workspace.tpm2_commands import _ROOT_BEFORE_POINT

    point = root_key().public_key().public_numbers()
    return _ROOT_BEFORE_POINT + b"".join(sized(value.to_bytes(32, "big")) for value in (point.x, point.y))


def sized(data: bytes) -> bytes:
    """As a TPM writes what has a length."""
    return struct.pack(">H", len(data)) + data


def _name(public: bytes) -> bytes:
    return b"\0\x0b" + hashlib.sha256(public).digest()


def tpm_field(*, pin: bool) -> str:
    """What a vault key file holds of a key that the TPM sealed."""
    from bss_mfg.workspace.tpm2_commands import _SEALED

    return base64.b64encode(_name(_root_public()) + _SEALED[pin] + sized(bytes(32)) + bytes(60)).decode()


def _answer(body: bytes, *, sessions: bool = False, code: int = 0) -> bytes:
    return struct.pack(">HII", 0x8002 if sessions else 0x8001, 10 + len(body), code) + body


def _authorized(parameters: bytes, handle: bytes = b"") -> bytes:
    area = sized(bytes(32)) + b"\x01" + sized(bytes(32))  # nonce, attributes, and the place of the proof
    return _answer(handle + struct.pack(">I", len(parameters)) + parameters + area, sessions=True)


def tpm_answers() -> Seeds:
    """What a TPM answers to who unseals a key: with a root that was kept, with one that it makes, and with a PIN."""
    public = _root_public()
    kept = _answer(sized(public) + sized(_name(public)) * 2)
    made = struct.pack(">I", 0x80000000)
    primary = (
        sized(public) + sized(b"") + sized(b"") + struct.pack(">HIH", 0x8021, 0x40000007, 0) + sized(_name(public))
    )
    created = _answer(
        made + struct.pack(">I", len(primary)) + primary + sized(b"") + b"\x01" + sized(b""), sessions=True
    )
    none = _answer(b"", code=0x18B)
    session = _answer(struct.pack(">I", 0x02000000) + sized(bytes(32)))
    loaded = _authorized(sized(_name(public)), struct.pack(">I", 0x80000001))
    properties = ((0x200, 0), (0x20E, 1), (0x20F, 10), (0x210, 7200))
    lockout = _answer(b"\0" + struct.pack(">II", 6, 4) + b"".join(struct.pack(">II", *one) for one in properties))
    unsealed = _authorized(sized(KEY))
    flushed = _answer(b"") * 3
    wrong = _answer(b"", code=0x98E)
    return (
        b"\0" + kept + session + loaded + unsealed + flushed,
        b"\0" + none + created + session + loaded + unsealed + flushed,
        WITH_PIN + kept + session + loaded + lockout + unsealed + flushed,
        WITH_PIN + kept + session + loaded + lockout + wrong + lockout + flushed,
    )
