"""Cryptographic Message Syntax as a spec describes it (RFC 5652, RFC 5083), one recipient, by asn1crypto.

The structure around a ciphertext is not authenticated. So what is opened is written once more from its parts, and has
to be the same byte for byte; where writers differ, each way that is in use is tried.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap

from bss_mfg.payload.schemes.ciphers import Cipher, Keys, Sealed
from bss_mfg.payload.schemes.cms_recipients import Carried, EcdhCarrier, RsaCarrier, aes_oid
from bss_mfg.payload.schemes.containers import CmsDescription, EcdhRecipient
from bss_mfg.payload.schemes.der import algorithm, explicit, integer, oid, retagged, sequence, set_of, string
from bss_mfg.payload.schemes.terms import Part, key_bytes

if TYPE_CHECKING:
    from bss_mfg.payload.product_keys import PrivateKey, PublicKey

_DATA, _ENVELOPED, _AUTH_ENVELOPED = "1.2.840.113549.1.7.1", "1.2.840.113549.1.7.3", "1.2.840.113549.1.9.16.1.23"
_KEY_ID = 20
"""Bytes of a SHA-1."""


class CmsScheme:
    """Seals and opens as described."""

    def __init__(self, description: CmsDescription) -> None:
        how = self.description = description
        self._carrier = (
            EcdhCarrier(how.recipient) if isinstance(how.recipient, EcdhRecipient) else RsaCarrier(how.recipient)
        )
        self.key_kind: str = self._carrier.key_kind
        self._cipher = Cipher(how.cipher, how.tag_bytes)
        self._iv_size = 16 if how.cipher.endswith("-cbc") else 12
        self._by_serial = how.identifier == "issuer-serial"

    def seal(self, key: PublicKey, plaintext: bytes) -> bytes:
        """Encrypt for the holder of `key`."""
        content_key, iv = os.urandom(key_bytes(self.description.cipher)), os.urandom(self._iv_size)
        carried = self._carrier.wrap(key, content_key, self._identifier(key))
        return next(self._written(carried, iv, self._cipher.seal(plaintext, Keys(content_key, iv))))

    def open(self, key: PrivateKey, data: bytes) -> bytes:
        """Decrypt; `ValueError`, whatever is wrong."""
        try:
            carried, iv, sealed = self._taken_apart(data)
            if data not in self._written(carried, iv, sealed) or len(iv) != self._iv_size:
                raise ValueError
            if carried.identifier != self._identifier(key.public_key()):
                raise ValueError
            content_key = self._carrier.unwrap(key, carried)
            if len(content_key) != key_bytes(self.description.cipher):
                raise ValueError
            return self._cipher.open_sealed(sealed, Keys(content_key, iv))
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, InvalidUnwrap):
            raise ValueError("can't be opened") from None

    def sealed_size(self, plaintext: int, key_bits: int) -> int:
        """Bytes that a plaintext of so many makes."""
        return len(self.made_up(plaintext, key_bits, lambda part, size: bytes(size))[0])

    def made_up(
        self, plaintext: int, key_bits: int, made: Callable[[Part, int], bytes]
    ) -> tuple[bytes, list[tuple[Part, bytes]]]:
        """A message of parts that `made` makes, for a plaintext of so many bytes; and those parts in its order."""
        how = self.description
        identifier = self._named(bytes(_KEY_ID)) if how.identifier == "key-id" else self._identifier(None)
        blank = self._carrier.blank(identifier, key_bytes(how.cipher), key_bits)
        sizes: dict[Part, int] = {
            "point": len(blank.point), "wrapped-key": len(blank.encrypted_key), "iv": self._iv_size,
            "ciphertext": self._cipher.ciphertext_size(plaintext), "tag": self._cipher.tag_size,
        }  # fmt: skip
        parts = [(part, made(part, size)) for part, size in sizes.items() if size]
        of = dict(parts)
        carried = Carried(identifier, of.get("point", b""), of["wrapped-key"])
        whole = next(self._written(carried, of["iv"], Sealed(of.get("ciphertext", b""), of.get("tag", b""))))
        return whole, parts

    def _identifier(self, key: PublicKey | None) -> bytes:
        """How the recipient is named, in DER (RFC 5652, 6.2.1)."""
        how = self.description.identifier
        if how == "key-id" and key is not None:
            from cryptography.x509 import SubjectKeyIdentifier

            return self._named(SubjectKeyIdentifier.from_public_key(key).digest)
        return self._named(b"" if self._by_serial else bytes.fromhex(how.removeprefix("hex:")))

    def _named(self, key_id: bytes) -> bytes:
        how = self.description
        if how.serial is not None:
            return sequence(bytes.fromhex(how.issuer), integer(how.serial))
        return self._carrier.key_identifier(key_id)

    def _written(self, carried: Carried, iv: bytes, sealed: Sealed) -> Iterator[bytes]:
        """The message in each way that writers write it, ours first."""
        how = self.description
        content = sequence(
            oid(_DATA),
            algorithm(aes_oid(how.cipher), self._parameters(iv)),
            retagged(0, string(sealed.ciphertext)),
        )
        for recipient in self._carrier.written(carried, by_serial=self._by_serial):
            if how.has_tag:  # RFC 5083, 2.1
                body = sequence(integer(0), set_of(recipient), content, string(sealed.tag))
            else:
                is_first = self._carrier.is_first_version(by_serial=self._by_serial)
                body = sequence(integer(0 if is_first else 2), set_of(recipient), content)
            kind = _AUTH_ENVELOPED if how.has_tag else _ENVELOPED
            yield sequence(oid(kind), explicit(0, body)) if how.content_info else body

    def _parameters(self, iv: bytes) -> bytes:
        how = self.description
        if not how.has_tag:
            return string(iv)
        return sequence(string(iv), b"" if how.tag_bytes == 12 else integer(how.tag_bytes))  # RFC 5084, 3

    def _taken_apart(self, data: bytes) -> tuple[Carried, bytes, Sealed]:
        """The parts of a message, by asn1crypto; whether all around them is right is seen when it is written anew."""
        from asn1crypto import cms, core

        how = self.description
        kind: Any = cms.AuthEnvelopedData if how.has_tag else cms.EnvelopedData
        body = cms.ContentInfo.load(data, strict=True)["content"] if how.content_info else kind.load(data, strict=True)
        if not isinstance(body, kind):
            raise ValueError("another content")
        carried = self._carrier.taken_apart(body["recipient_infos"][0].chosen)
        content = body["auth_encrypted_content_info" if how.has_tag else "encrypted_content_info"]
        settings = content["content_encryption_algorithm"]["parameters"].dump()
        iv = core.Sequence.load(settings)[0].native if how.has_tag else core.OctetString.load(settings).native
        tag = body["mac"].native if how.has_tag else b""
        return carried, iv, Sealed(content["encrypted_content"].native, tag)
