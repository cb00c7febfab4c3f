"""How a CMS message carries its content key to a recipient: encrypted with RSA, or wrapped with an agreed key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from cryptography.hazmat.primitives.keywrap import aes_key_unwrap, aes_key_wrap

from bss_mfg.payload.schemes.containers import EcdhRecipient
from bss_mfg.payload.schemes.der import algorithm, explicit, integer, oid, retagged, sequence, string
from bss_mfg.payload.schemes.derivation import derive
from bss_mfg.payload.schemes.points import CURVES, exchange, new_private, point_bytes, point_size, read_point
from bss_mfg.payload.schemes.rsa import RsaScheme
from bss_mfg.payload.schemes.rsa_descriptions import OaepDescription, Pkcs1Description

if TYPE_CHECKING:
    from bss_mfg.payload.product_keys import PrivateKey, PublicKey

_NULL = b"\x05\x00"
_EC_KEY, _PKCS1, _OAEP = "1.2.840.10045.2.1", "1.2.840.113549.1.1.1", "1.2.840.113549.1.1.7"
_MGF1, _LABEL = "1.2.840.113549.1.1.8", "1.2.840.113549.1.1.9"
_HASHES = {
    "sha1": "1.3.14.3.2.26", "sha224": "2.16.840.1.101.3.4.2.4", "sha256": "2.16.840.1.101.3.4.2.1",
    "sha384": "2.16.840.1.101.3.4.2.2", "sha512": "2.16.840.1.101.3.4.2.3",
}  # fmt: skip
_AGREEMENTS = {
    "sha1": "1.3.133.16.840.63.0.2", "sha224": "1.3.132.1.11.0", "sha256": "1.3.132.1.11.1",
    "sha384": "1.3.132.1.11.2", "sha512": "1.3.132.1.11.3",
}  # fmt: skip
"""dhSinglePass-stdDH-*kdf-scheme (RFC 5753, 7.1.4)."""
_CURVE_OIDS = {"P-256": "1.2.840.10045.3.1.7", "P-384": "1.3.132.0.34", "P-521": "1.3.132.0.35"}
_AES = "2.16.840.1.101.3.4.1."
_AES_MODES = {"cbc": 2, "wrap": 5, "gcm": 6, "ccm": 7}
"""Of AES-128; 20 more of AES-192, 40 of AES-256 (NIST's CSOR)."""
_WRAPPING = 8
"""Bytes that AES Key Wrap adds (RFC 3394)."""


def aes_oid(name: str) -> str:
    """The object identifier of aes-BITS-MODE."""
    _, bits, mode = name.split("-")
    return _AES + str(_AES_MODES[mode] + {"128": 0, "192": 20, "256": 40}[bits])


class Carried(NamedTuple):
    """A content key on its way: `identifier` names the recipient, in DER; `point` is empty with RSA."""

    identifier: bytes
    point: bytes
    encrypted_key: bytes


class RsaCarrier:
    """KeyTransRecipientInfo (RFC 5652, 6.2.1)."""

    key_kind = "RSA"

    def __init__(self, how: OaepDescription | Pkcs1Description) -> None:
        self._how = how
        self._rsa = RsaScheme(how)

    def key_identifier(self, key_id: bytes) -> bytes:
        """A recipient by its key identifier."""
        return retagged(0, string(key_id))

    def wrap(self, key: PublicKey, content_key: bytes, identifier: bytes) -> Carried:
        """A content key for the holder of `key`."""
        return Carried(identifier, b"", self._rsa.seal(key, content_key))

    def unwrap(self, key: PrivateKey, carried: Carried) -> bytes:
        """The content key; `ValueError`."""
        return self._rsa.open(key, carried.encrypted_key)

    def blank(self, identifier: bytes, content_key: int, key_bits: int) -> Carried:
        """One of the right size."""
        return Carried(identifier, b"", bytes(key_bits // 8))

    def is_first_version(self, *, by_serial: bool) -> bool:
        """Whether all is of version 0 (RFC 5652, 6.1)."""
        return by_serial

    def written(self, carried: Carried, *, by_serial: bool) -> Iterator[bytes]:
        """The recipient in each way that writers write it, ours first."""
        for named in self._algorithms():
            yield sequence(integer(0 if by_serial else 2), carried.identifier, named, string(carried.encrypted_key))

    def taken_apart(self, recipient: Any) -> Carried:
        """The inverse, of asn1crypto's object."""
        return Carried(recipient["rid"].dump(), b"", recipient["encrypted_key"].native)

    def _algorithms(self) -> Iterator[bytes]:
        how = self._how
        if isinstance(how, Pkcs1Description):
            yield algorithm(_PKCS1, _NULL)
            return
        label = explicit(2, algorithm(_LABEL, string(bytes.fromhex(how.label))))
        for null in (_NULL, b""):  # RFC 4055, 2.1: both are to be accepted
            hashed = explicit(0, algorithm(_HASHES[how.hash], null))
            masked = explicit(1, algorithm(_MGF1, algorithm(_HASHES[how.mgf_hash], null)))
            # DER leaves out what is the default; some write it.
            first = b"" if how.hash == "sha1" else hashed
            second = b"" if how.mgf_hash == "sha1" else masked
            yield algorithm(_OAEP, sequence(first, second, label if how.label else b""))
            yield algorithm(_OAEP, sequence(hashed, masked, label if how.label else b""))
            yield algorithm(_OAEP, sequence(hashed, masked, label))


class EcdhCarrier:
    """KeyAgreeRecipientInfo (RFC 5753, 3.1)."""

    def __init__(self, how: EcdhRecipient) -> None:
        self._how = how
        self._curve = CURVES[how.curve]
        self.key_kind: str = how.curve

    def key_identifier(self, key_id: bytes) -> bytes:
        """A recipient by its key identifier."""
        return retagged(0, sequence(string(key_id)))

    def wrap(self, key: PublicKey, content_key: bytes, identifier: bytes) -> Carried:
        """A content key for the holder of `key`."""
        ephemeral = new_private(self._curve)
        point = point_bytes(self._curve, ephemeral.public_key(), "uncompressed")
        wrapping = self._wrapping_key(exchange(self._curve, ephemeral, key))
        return Carried(identifier, point, aes_key_wrap(wrapping, content_key))

    def unwrap(self, key: PrivateKey, carried: Carried) -> bytes:
        """The content key; `ValueError`, `TypeError` or `InvalidUnwrap`."""
        shared = exchange(self._curve, key, read_point(self._curve, carried.point, "uncompressed"))
        return aes_key_unwrap(self._wrapping_key(shared), carried.encrypted_key)

    def blank(self, identifier: bytes, content_key: int, key_bits: int) -> Carried:
        """One of the right size."""
        return Carried(identifier, bytes(point_size(self._how.curve, "uncompressed")), bytes(content_key + _WRAPPING))

    def is_first_version(self, *, by_serial: bool) -> bool:
        """Whether all is of version 0 (RFC 5652, 6.1)."""
        return False

    def written(self, carried: Carried, *, by_serial: bool) -> Iterator[bytes]:
        """The recipient in each way that writers write it, ours first."""
        how = self._how
        material = explicit(1, string(bytes.fromhex(how.ukm))) if how.ukm else b""
        wrapped = sequence(sequence(carried.identifier, string(carried.encrypted_key)))
        bits = b"\x03" + string(b"\0" + carried.point)[1:]  # a BIT STRING
        of_curve = {"absent": b"", "null": _NULL, "named": oid(_CURVE_OIDS[how.curve])}[how.sender_curve]
        sender = explicit(0, retagged(1, sequence(algorithm(_EC_KEY, of_curve), bits)))
        agreed = algorithm(_AGREEMENTS[how.hash], algorithm(aes_oid(how.wrap)))
        yield retagged(1, sequence(integer(3), sender, material, agreed, wrapped))

    def taken_apart(self, recipient: Any) -> Carried:
        """The inverse, of asn1crypto's object."""
        point = recipient["originator"].chosen["public_key"].contents[1:]
        own = recipient["recipient_encrypted_keys"][0]
        return Carried(own["rid"].dump(), point, own["encrypted_key"].native)

    def _wrapping_key(self, shared: bytes) -> bytes:
        """The key that wraps the content key: X9.63 over ECC-CMS-SharedInfo (RFC 5753, 7.2)."""
        how = self._how
        size = int(how.wrap.split("-")[1]) // 8
        material = explicit(0, string(bytes.fromhex(how.ukm))) if how.ukm else b""
        info = sequence(algorithm(aes_oid(how.wrap)), material, explicit(2, string((8 * size).to_bytes(4, "big"))))
        return derive("x963", how.hash, shared, salt=b"", info=info, size=size)
