"""JSON Web Encryption as a spec describes it, by joserfc: the sealed bytes are the ASCII text of the compact
serialization (RFC 7516, 7.1)."""

from __future__ import annotations

import base64
import binascii
import json
import string
from functools import cache
from typing import TYPE_CHECKING, Any

from bss_mfg.payload.schemes.containers import JweDescription
from bss_mfg.payload.schemes.framing import piece_bytes

if TYPE_CHECKING:
    from bss_mfg.payload.product_keys import PrivateKey, PublicKey

_BLOCK = 16
_CONTENT_KEY = {
    "A128GCM": 16, "A192GCM": 24, "A256GCM": 32, "A128CBC-HS256": 32, "A192CBC-HS384": 48, "A256CBC-HS512": 64,
}  # fmt: skip
"""Bytes of the content encryption key (RFC 7518, 5.1); a tag of CBC-HS has half as many."""
COMPACT_JWE = frozenset(string.ascii_letters + string.digits + "-_.")
"""The characters of a compact serialization."""
_WRAPPING = 8
"""Bytes that AES Key Wrap adds (RFC 3394)."""


class JweScheme:
    """Seals and opens as described."""

    def __init__(self, description: JweDescription) -> None:
        self.description = description
        self.key_kind: str = description.curve if description.is_ecdh else "RSA"

    def seal(self, key: PublicKey, plaintext: bytes) -> bytes:
        """Encrypt for the holder of `key`."""
        from joserfc import jwe

        how = self.description
        return jwe.encrypt_compact(_header(how), plaintext, _jwk(key), registry=_registry(how)).encode("ascii")

    def open(self, key: PrivateKey, data: bytes) -> bytes:
        """Decrypt; `ValueError`, whatever is wrong. The header has to be the described one, member by member, so that
        no text chooses how it is opened."""
        from joserfc import jwe
        from joserfc.errors import JoseError

        how = self.description
        try:
            parts = [_decoded(part) for part in data.decode("ascii").split(".")]
            if len(parts) != 5 or not _is_described(how, parts[0]):
                raise ValueError
            # A wrong length would be another error, or none, and is not the library's to judge.
            if [len(parts[2]), len(parts[4])] != [self._iv_size, self._tag_size]:
                raise ValueError
            found = jwe.decrypt_compact(data, _jwk(key), registry=_registry(how)).plaintext
        except (JoseError, ValueError, TypeError, AttributeError, KeyError, AssertionError):
            raise ValueError("can't be opened") from None
        if found is None:
            raise ValueError("can't be opened")
        return found

    def sealed_size(self, plaintext: int, key_bits: int) -> int:
        """Characters that a plaintext of so many bytes makes."""
        how = self.description
        key = _CONTENT_KEY[how.enc] + _WRAPPING if "+" in how.alg else 0
        key = key if how.is_ecdh else key_bits // 8
        text = plaintext if how.enc.endswith("GCM") else (plaintext // _BLOCK + 1) * _BLOCK
        sizes = (_characters(size) for size in (key, self._iv_size, text, self._tag_size))
        return _header_characters(how) + 4 + sum(sizes)

    @property
    def _iv_size(self) -> int:
        return 12 if self.description.enc.endswith("GCM") else 16

    @property
    def _tag_size(self) -> int:
        enc = self.description.enc
        return 16 if enc.endswith("GCM") else _CONTENT_KEY[enc] // 2


def _characters(size: int) -> int:
    """Of so many bytes in base64url without padding."""
    return -(-size * 4 // 3)


def _decoded(part: str) -> bytes:
    """The bytes of a part; `ValueError` where they would be written otherwise."""
    try:
        found = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        raise ValueError from None
    if base64.urlsafe_b64encode(found).rstrip(b"=").decode("ascii") != part:
        raise ValueError
    return found


def _header(how: JweDescription) -> dict[str, Any]:
    """The protected header without the ephemeral key."""
    parties = {"apu": how.apu, "apv": how.apv}
    shown = {
        name: base64.urlsafe_b64encode(b"".join([piece_bytes(piece) for piece in pieces])).rstrip(b"=").decode("ascii")
        for name, pieces in parties.items()
        if pieces
    }
    return {"alg": how.alg, "enc": how.enc, **dict(how.header), **shown}


def _is_described(how: JweDescription, header: bytes) -> bool:
    """Whether a header has the described members and no other, in whichever order."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) != len(pairs):
            raise ValueError("a member is there twice")
        return dict(pairs)

    try:
        found = json.loads(header, object_pairs_hook=unique)
    except RecursionError:
        return False
    if not isinstance(found, dict):
        return False
    ephemeral = found.pop("epk", None)
    if how.is_ecdh and not (isinstance(ephemeral, dict) and ephemeral.get("crv") == how.curve):
        return False
    return found == _header(how) and (how.is_ecdh or ephemeral is None)


def _jwk(key: PublicKey | PrivateKey) -> Any:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from joserfc.jwk import ECKey, OKPKey, RSAKey

    if isinstance(key, rsa.RSAPublicKey | rsa.RSAPrivateKey):
        return RSAKey(key, key)
    if isinstance(key, ec.EllipticCurvePublicKey | ec.EllipticCurvePrivateKey):
        return ECKey(key, key)
    return OKPKey(key, key)


@cache
def _registry(how: JweDescription) -> Any:
    """What joserfc may do: these two algorithms, and members of the header that it does not know."""
    from joserfc.jwe import JWERegistry

    return JWERegistry(algorithms=[how.alg, how.enc], strict_check_header=False)


@cache
def _header_characters(how: JweDescription) -> int:
    """Those of the first part: always the same number, for coordinates are written in full (RFC 7518, 6.2.1.2)."""
    from joserfc import jwe
    from joserfc.jwk import ECKey, OKPKey

    if not how.is_ecdh:
        return _characters(len(json.dumps(_header(how), separators=(",", ":"))))
    throwaway = OKPKey.generate_key("X25519") if how.curve == "X25519" else ECKey.generate_key(how.curve)
    return jwe.encrypt_compact(_header(how), b"", throwaway, registry=_registry(how)).index(".")
