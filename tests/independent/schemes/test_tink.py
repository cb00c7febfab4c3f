"""Tink's hybrid encryption is described by `ecies` and `hpke` with its prefix: both ways, by Tink itself."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, x25519
from pydantic import TypeAdapter

from bss_mfg.payload.schemes.descriptions import SchemeDescription
from bss_mfg.payload.suites import described

tink = pytest.importorskip("tink", reason="python -m pip install tink")

TEMPLATES: dict[str, dict[str, Any]] = {
    "ECIES_P256_HKDF_HMAC_SHA256_AES128_GCM": {
        "kind": "ecies", "curve": "P-256", "point": "uncompressed", "cipher": "aes-128-gcm", "iv": "random",
        "kdf": {"name": "hkdf", "hash": "sha256", "input": "point-z", "info": ["text:info"]},
    },
    "ECIES_P256_COMPRESSED_HKDF_HMAC_SHA256_AES128_GCM": {
        "kind": "ecies", "curve": "P-256", "point": "compressed", "cipher": "aes-128-gcm", "iv": "random",
        "kdf": {"name": "hkdf", "hash": "sha256", "input": "point-z", "info": ["text:info"]},
    },
    "DHKEM_X25519_HKDF_SHA256_HKDF_SHA256_AES_128_GCM": {
        "kind": "hpke", "kem": "X25519", "kdf": "hkdf-sha256", "aead": "aes-128-gcm", "info": ["text:info"],
    },
    "ECIES_P256_HKDF_HMAC_SHA256_AES128_CTR_HMAC_SHA256": {
        "kind": "ecies", "curve": "P-256", "point": "uncompressed", "cipher": "aes-128-ctr", "iv": "random",
        "kdf": {"name": "hkdf", "hash": "sha256", "input": "point-z", "info": ["text:info"]},
        "mac": {
            "hash": "sha256", "key_bytes": 32, "tag_bytes": 16, "covers": "iv-ciphertext",
            "parameter_length": "bits-64",
        },
    },
}  # fmt: skip


def private_key(value: bytes, kind: str) -> Any:
    """Tink's private key as one of cryptography."""
    if kind == "ecies":
        from tink.proto import ecies_aead_hkdf_pb2

        found = ecies_aead_hkdf_pb2.EciesAeadHkdfPrivateKey.FromString(value)
        return ec.derive_private_key(int.from_bytes(found.key_value, "big"), ec.SECP256R1())
    from tink.proto import hpke_pb2

    return x25519.X25519PrivateKey.from_private_bytes(hpke_pb2.HpkePrivateKey.FromString(value).private_key)


def new_keys(name: str) -> tuple[Any, Any, bytes]:
    """Tink's handle of a new key, the private key as one of cryptography, and the prefix of what is sealed to it."""
    from tink import hybrid, secret_key_access

    hybrid.register()
    handle = tink.new_keyset_handle(getattr(hybrid.hybrid_key_templates, name))
    shown = json.loads(tink.json_proto_keyset_format.serialize(handle, secret_key_access.TOKEN))
    (key,) = shown["key"]
    private = private_key(base64.b64decode(key["keyData"]["value"]), TEMPLATES[name]["kind"])
    return handle, private, b"\1" + int(key["keyId"]).to_bytes(4, "big")


@pytest.mark.parametrize("name", TEMPLATES)
def test_tink_agrees(name: str) -> None:
    from tink import hybrid

    handle, private, prefix = new_keys(name)
    scheme = {**TEMPLATES[name], "prefix": prefix.hex()}
    adapter: TypeAdapter[SchemeDescription] = TypeAdapter(SchemeDescription)
    suite = described(adapter.validate_python(scheme))
    theirs = handle.public_keyset_handle().primitive(hybrid.HybridEncrypt)
    opener = handle.primitive(hybrid.HybridDecrypt)
    for size in (0, 1, 48):
        assert suite.open(private, theirs.encrypt(bytes(size), b"info")) == bytes(size)
        assert opener.decrypt(suite.sealer(private.public_key())(bytes(size)), b"info") == bytes(size)
