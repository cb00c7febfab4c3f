"""Keys out of a shared secret: the key derivation functions that a scheme may name."""

from __future__ import annotations

from functools import cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hashes import Hash, HashAlgorithm
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF


@cache
def hash_algorithm(name: str) -> HashAlgorithm:
    """A hash by its name in a spec."""

    known: dict[str, HashAlgorithm] = {
        "sha1": hashes.SHA1(),  # noqa: S303  (a spec may say so; `spec check` warns)
        "sha224": hashes.SHA224(),
        "sha256": hashes.SHA256(),
        "sha384": hashes.SHA384(),
        "sha512": hashes.SHA512(),
    }
    return known[name]


def derive(name: str, hash_name: str, secret: bytes, *, salt: bytes, info: bytes, size: int) -> bytes:
    """`size` bytes of a secret. x963, kdf2: hash(secret, counter from 1, info); kdf1: the same from 0; concat:
    hash(counter from 1, secret, info); hkdf: RFC 5869."""

    algorithm = hash_algorithm(hash_name)
    if size == 0:
        return b""
    if name == "hkdf":
        return HKDF(algorithm, size, salt or None, info).derive(secret)
    if name == "concat":
        return ConcatKDFHash(algorithm, size, info).derive(secret)
    if name == "kdf1":
        return _kdf1(algorithm, secret, info, size)
    return X963KDF(algorithm, size, info).derive(secret)


def _kdf1(algorithm: HashAlgorithm, secret: bytes, info: bytes, size: int) -> bytes:
    """KDF1 of ISO/IEC 18033-2, 6.2.2: no library at hand counts from 0."""

    found = b""
    counter = 0
    while len(found) < size:
        digest = Hash(algorithm)
        digest.update(secret + counter.to_bytes(4, "big") + info)
        found += digest.finalize()
        counter += 1
    return found[:size]
