"""The encrypted field, opened by a few lines that use nothing of bss-mfg: the keys are those of the programming data.

HPKE follows RFC 9180 (4.1 DHKEM, 5.1 key schedule) and ECIES follows SEC 1 from hashlib, hmac and raw AES-GCM; RSA-OAEP
is opened by the openssl command.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import hmac
import json
import re
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from bss_mfg.payload.suites import PRESETS
from tests.helpers.factory import Factory, spec_with_suite
from tests.needs import needs

INFO = b"amazon-bss-ob04"


def gcm(key: bytes, nonce: bytes, sealed: bytes) -> bytes:
    opened = Cipher(algorithms.AES(key), modes.GCM(nonce, sealed[-16:])).decryptor()
    return opened.update(sealed[:-16]) + opened.finalize()


def open_hpke(key: Path, sealed: bytes) -> bytes:
    private = serialization.load_pem_private_key(key.read_bytes(), None)
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    encapsulated, ciphertext = sealed[:65], sealed[65:]
    peer = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), encapsulated)
    own = private.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)

    def extract(suite: bytes, salt: bytes, label: bytes, secret: bytes) -> bytes:
        return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + secret, "sha256")

    def expand(suite: bytes, secret: bytes, label: bytes, info: bytes, size: int) -> bytes:
        labeled = size.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
        return hmac.digest(secret, labeled + b"\1", "sha256")[:size]

    kem, hpke = b"KEM\0\x10", b"HPKE\0\x10\0\1\0\1"
    shared = private.exchange(ec.ECDH(), peer)
    secret = expand(kem, extract(kem, b"", b"eae_prk", shared), b"shared_secret", encapsulated + own, 32)
    context = b"\0" + extract(hpke, b"", b"psk_id_hash", b"") + extract(hpke, b"", b"info_hash", INFO)
    schedule = extract(hpke, secret, b"secret", b"")
    return gcm(
        expand(hpke, schedule, b"key", context, 16), expand(hpke, schedule, b"base_nonce", context, 12), ciphertext
    )


def open_ecies(key: Path, sealed: bytes) -> bytes:
    private = serialization.load_pem_private_key(key.read_bytes(), None)
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    shared = private.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sealed[:33]))
    material = hashlib.sha256(shared + b"\0\0\0\1" + sealed[:33] + INFO).digest()
    return gcm(material[:16], material[16:28], sealed[33:])


def open_oaep(key: Path, sealed: bytes) -> bytes:
    return subprocess.run(
        ["openssl", "pkeyutl", "-decrypt", "-inkey", str(key), "-pkeyopt", "rsa_padding_mode:oaep", "-pkeyopt",
         "rsa_oaep_md:sha256", "-pkeyopt", f"rsa_oaep_label:{INFO.hex()}"],
        input=sealed, capture_output=True, check=True,
    ).stdout  # fmt: skip


OPEN = {
    "hpke-p256-sha256-aes128gcm": open_hpke,
    "ecies-p256-x963sha256-aes128gcm": open_ecies,
    "rsa-oaep-sha256": open_oaep,
}


def test_every_suite_is_tried() -> None:
    assert set(OPEN) == set(PRESETS)


@pytest.mark.parametrize("oob_bytes", [16, 32])
@pytest.mark.parametrize("per_package", [1, 2])
@pytest.mark.parametrize(
    "suite", [pytest.param(suite, marks=needs("openssl")) if suite.startswith("rsa") else suite for suite in OPEN]
)
def test_ten_units_open_to_the_programmed_keys(
    factory: Factory, tmp_path: Path, suite: str, per_package: int, oob_bytes: int
) -> None:
    key = "amazon"
    if suite.startswith("rsa"):
        key = "amazon-rsa"
        assert factory.cli("dev-key", key, "--kind", "rsa").code == 0
    factory.add("p", key=key, spec=spec_with_suite(factory, suite), units_per_package=per_package, oob_bytes=oob_bytes)
    factory.issue(10, product="p")
    programming, manifest = tmp_path / "p.csv", tmp_path / "m.jsonl"
    assert factory.cli("program", "B1", "--format", "csv", "--out", programming).code == 0
    assert factory.cli("manifest", "B1", "--format", "jsonl", "--out", manifest).code == 0
    wanted = {row["serial"]: row for row in csv.DictReader(programming.open())}
    assert len(wanted) == 10

    opened = 0
    for line in manifest.read_text().splitlines():
        package = json.loads(line)
        field = re.search(r";BMD:([^;]+);$", package["payload"])
        assert field
        plaintext = OPEN[suite](factory.root / "dev-keys" / f"{key}.private.pem", base64.b64decode(field[1]))
        size = 16 + oob_bytes
        assert len(plaintext) == size * per_package
        for index, unit in enumerate(package["units"]):
            piece = plaintext[index * size : (index + 1) * size].hex().upper()
            assert piece == wanted[unit["serial"]]["uuid"] + wanted[unit["serial"]]["oob_key"]
            assert unit["uuid"] == wanted[unit["serial"]]["uuid"]
            opened += 1
    assert opened == 10
