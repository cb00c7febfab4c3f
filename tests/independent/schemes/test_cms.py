"""CMS messages: what OpenSSL and Bouncy Castle seal is opened, and what is sealed they open."""

from __future__ import annotations

import datetime
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import TypeAdapter

from bss_mfg.payload.product_keys import load_private_key, load_public_key
from bss_mfg.payload.schemes.descriptions import SchemeDescription
from bss_mfg.payload.suites import described
from tests.independent.schemes.test_schemes import HERE, check_both_ways, keys
from tests.needs import BOUNCY_CASTLE, needs

__all__ = ["keys"]
CIPHERS = {"aes-128-cbc": "enveloped", "aes-256-cbc": "enveloped", "aes-256-gcm": "auth-enveloped"}
WAYS: dict[str, dict[str, Any]] = {
    "RSA/pkcs1": {"kind": "rsa-pkcs1"},
    "RSA/oaep-sha1": {"kind": "rsa-oaep", "hash": "sha1", "mgf_hash": "sha1"},
    "RSA/oaep-sha256": {"kind": "rsa-oaep", "hash": "sha256", "mgf_hash": "sha256"},
    "P-256/ecdh-sha1": {"kind": "ecdh", "hash": "sha1"},
    "P-256/ecdh-sha256": {"kind": "ecdh", "hash": "sha256"},
    "P-384/ecdh-sha256": {"kind": "ecdh", "curve": "P-384", "hash": "sha256"},
    "P-521/ecdh-sha512": {"kind": "ecdh", "curve": "P-521", "hash": "sha512", "wrap": "aes-256-wrap"},
}


def schemes(**more: Any) -> dict[str, dict[str, Any]]:
    return {
        f"{way}/{cipher}": {"kind": "cms", "content": content, "recipient": recipient, "cipher": cipher, **more}
        for way, recipient in WAYS.items()
        for cipher, content in CIPHERS.items()
    }


@needs("bouncy-castle-cms")
def test_bouncy_castle_agrees(keys: Path) -> None:
    # Its version 1.72 opens no AuthEnvelopedData with an agreed key.
    known = {name: one for name, one in schemes().items() if "/ecdh" not in name or not name.endswith("-gcm")}
    for one in known.values():
        if one["recipient"]["kind"] == "ecdh":
            one["recipient"] = {**one["recipient"], "sender_curve": "named"}
    paths = [BOUNCY_CASTLE.replace("bcprov", name) for name in ("bcprov", "bcpkix", "bcutil")]
    check_both_ways(["java", "-cp", ":".join(paths), HERE / "CmsSealer.java"], keys, known, (1, 48))


def certificate(keys: Path, kind: str) -> x509.Certificate:
    """One of the key, by a CA of this test."""
    key = serialization.load_pem_public_key((keys / f"{kind}.public.pem").read_bytes())
    issuer = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Test CA")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, kind)]))
        .issuer_name(issuer)
        .public_key(key)  # type: ignore[arg-type]
        .serial_number(4711)
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)  # type: ignore[arg-type]
        .sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    )
    (keys / f"{kind}.crt").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return made


def openssl(keys: Path, data: bytes, *arguments: str) -> bytes:
    done = subprocess.run(["openssl", "cms", *arguments], cwd=keys, input=data, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@needs("openssl")
@pytest.mark.parametrize("identifier", ["key-id", "issuer-serial"])
def test_openssl_agrees(keys: Path, identifier: str) -> None:
    adapter: TypeAdapter[SchemeDescription] = TypeAdapter(SchemeDescription)
    for kind in {way.partition("/")[0] for way in WAYS}:
        issuer = certificate(keys, kind).issuer.public_bytes().hex()
    more: dict[str, Any] = {"identifier": identifier}
    if identifier == "issuer-serial":
        more |= {"issuer": issuer, "serial": 4711}
    for name, scheme in schemes(**more).items():
        kind, way, cipher = name.split("/")
        suite = described(adapter.validate_python(scheme))
        private = load_private_key((keys / f"{kind}.pem").read_bytes(), "test")
        public = load_public_key((keys / f"{kind}.public.pem").read_bytes(), "test")
        options = {
            "pkcs1": [], "oaep-sha1": ["-keyopt", "rsa_padding_mode:oaep"],
            "oaep-sha256": ["-keyopt", "rsa_padding_mode:oaep", "-keyopt", "rsa_oaep_md:sha256"],
        }.get(way, ["-keyopt", f"ecdh_kdf_md:{way.removeprefix('ecdh-')}"])  # fmt: skip
        if way == "ecdh-sha512":
            options += ["-aes256-wrap"]
        elif way.startswith("ecdh"):
            options += ["-aes128-wrap"]
        text = os.urandom(48)
        named = ["-keyid"] if identifier == "key-id" else []
        flags = ["-encrypt", "-binary", "-outform", "DER", f"-{cipher}", *named, "-recip", f"{kind}.crt", *options]
        theirs = openssl(keys, text, *flags)
        assert suite.open(private, theirs) == text, name
        ours = suite.sealer(public.key)(text)
        flags = ["-decrypt", "-binary", "-inform", "DER", "-inkey", f"{kind}.pem", "-recip", f"{kind}.crt"]
        found = openssl(keys, ours, *flags)
        assert found == text, name
