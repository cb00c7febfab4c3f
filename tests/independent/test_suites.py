"""Encryption suites, opened by openssl."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from bss_mfg.payload.product_keys import load_private_key, load_public_key, new_development_key
from bss_mfg.payload.suites import preset
from tests.needs import needs

pytestmark = needs("openssl")

PAIRS = {kind: new_development_key(kind) for kind in ("p256", "rsa")}


def pair(suite: str, pairs: dict[str, tuple[bytes, bytes]] = PAIRS):
    private, public = pairs["rsa" if suite.startswith("rsa") else "p256"]
    return load_private_key(private, "test"), load_public_key(public, "test").key


def test_openssl_opens_our_oaep(tmp_path: Path) -> None:
    private, _ = PAIRS["rsa"]
    (tmp_path / "key.pem").write_bytes(private)
    plaintext = os.urandom(48)
    (tmp_path / "sealed").write_bytes(preset("rsa-oaep-sha256", b"label").sealer(pair("rsa")[1])(plaintext))
    opened = subprocess.run(
        ["openssl", "pkeyutl", "-decrypt", "-inkey", "key.pem", "-in", "sealed", "-pkeyopt", "rsa_padding_mode:oaep",
         "-pkeyopt", "rsa_oaep_md:sha256", "-pkeyopt", "rsa_mgf1_md:sha256",
         "-pkeyopt", f"rsa_oaep_label:{b'label'.hex()}"],
        cwd=tmp_path, capture_output=True, check=True,
    )  # fmt: skip
    assert opened.stdout == plaintext


def test_openssl_derives_the_same_shared_secret(tmp_path: Path) -> None:
    """Raw ECDH through the openssl command, then the KDF and AES-GCM by hand: our ECIES opens."""
    import hashlib

    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    private, public = PAIRS["p256"]
    sealed = preset("ecies-p256-x963sha256-aes128gcm", b"info").sealer(load_public_key(public, "t").key)(b"hello")
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sealed[:33])
    (tmp_path / "key.pem").write_bytes(private)
    (tmp_path / "peer.pem").write_bytes(
        point.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    shared = subprocess.run(
        ["openssl", "pkeyutl", "-derive", "-inkey", "key.pem", "-peerkey", "peer.pem"],
        cwd=tmp_path, capture_output=True, check=True,
    ).stdout  # fmt: skip
    material = hashlib.sha256(shared + b"\0\0\0\1" + sealed[:33] + b"info").digest()[:28]
    decryptor = Cipher(algorithms.AES(material[:16]), modes.GCM(material[16:], sealed[-16:])).decryptor()
    assert decryptor.update(sealed[33:-16]) + decryptor.finalize() == b"hello"
