"""ECIES and its relatives, as a spec describes them (SEC 1 v2.0, 5.1; IEEE 1363a; ISO/IEC 18033-2)."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from bss_mfg.payload.schemes.ciphers import Cipher, Keys, Sealed
from bss_mfg.payload.schemes.derivation import derive
from bss_mfg.payload.schemes.descriptions import EciesDescription
from bss_mfg.payload.schemes.framing import is_plain, join_parts, piece_bytes, split_parts
from bss_mfg.payload.schemes.points import CURVES, exchange, new_private, point_bytes, point_size, read_point
from bss_mfg.payload.schemes.terms import key_bytes

if TYPE_CHECKING:
    from bss_mfg.payload.product_keys import PrivateKey, PublicKey


class EciesScheme:
    """Seals and opens as described. A fresh ephemeral key for each plaintext."""

    def __init__(self, description: EciesDescription) -> None:
        how = self.description = description
        self.key_kind: str = how.curve
        self._curve = CURVES[how.curve]
        self._cipher = Cipher(how.cipher, how.tag_bytes, how.mac)
        # What is the same for every package is worked out once: a factory seals many thousands.
        self._names_recipient = "recipient" in (*how.kdf.info, *how.aad)
        self._is_plain = is_plain(how)
        self._info, self._aad = _Pieces(how.kdf.info), _Pieces(how.aad)
        self._salt = bytes.fromhex(how.kdf.salt)
        self._fixed_iv = bytes.fromhex(how.iv[4:]) if how.iv.startswith("hex:") else bytes(how.iv_size)
        sizes = {
            "key": key_bytes(how.cipher),
            "mac-key": how.mac.key_bytes if how.mac else 0,
            "iv": how.iv_size if how.iv == "derived" else 0,
        }
        self._cuts = tuple((name, sizes[name]) for name in how.derive)

    def seal(self, key: PublicKey, plaintext: bytes) -> bytes:
        """Encrypt for the holder of `key`."""
        how = self.description
        ephemeral = new_private(self._curve)
        point = point_bytes(self._curve, ephemeral.public_key(), how.point)
        keys = self._keys(exchange(self._curve, ephemeral, key), point, key, len(plaintext))
        if how.iv == "random":
            keys = Keys(keys.key, os.urandom(how.iv_size), keys.mac_key, keys.aad)
        sealed = self._cipher.seal(plaintext, keys)
        if self._is_plain:
            return point + sealed.ciphertext + sealed.tag
        return join_parts(how, point, keys.iv, sealed)

    def open(self, key: PrivateKey, data: bytes) -> bytes:
        """Decrypt; `ValueError`, whatever is wrong."""
        how = self.description
        parts = split_parts(how, data, point_size(how.curve, how.point), self._cipher.tag_size)
        point = parts["point"]
        shared = exchange(self._curve, key, read_point(self._curve, point, how.point))
        size = len(parts["ciphertext"])
        keys = self._keys(shared, point, key.public_key(), size)
        if how.iv == "random":
            keys = Keys(keys.key, parts["iv"], keys.mac_key, keys.aad)
        return self._cipher.open_sealed(Sealed(parts["ciphertext"], parts.get("tag", b"")), keys)

    def sealed_size(self, plaintext: int, key_bits: int = 0) -> int:
        """Bytes that a plaintext of so many makes, whatever the key."""
        how = self.description
        iv = how.iv_size if how.iv == "random" else 0
        head = len(how.prefix) // 2 + point_size(how.curve, how.point)
        return head + iv + self._cipher.ciphertext_size(plaintext) + self._cipher.tag_size

    def _keys(self, shared: bytes, point: bytes, recipient: PublicKey, text_size: int) -> Keys:
        """What is cut from the KDF's output. `text_size`: of `xor` the key is as long as the text."""
        how = self.description
        own = point_bytes(self._curve, recipient, how.point) if self._names_recipient else b""
        cuts = self._cuts if how.cipher != "xor" else tuple((n, text_size if n == "key" else s) for n, s in self._cuts)
        material = derive(
            how.kdf.name,
            how.kdf.hash,
            point + shared if how.kdf.input == "point-z" else shared,
            salt=self._salt,
            info=self._info.join(point, own),
            size=sum(size for _, size in cuts),
        )
        cut: dict[str, bytes] = {"iv": b"", "mac-key": b""}
        at = 0
        for name, size in cuts:
            cut[name] = material[at : at + size]
            at += size
        iv = cut["iv"] if how.iv == "derived" else self._fixed_iv
        return Keys(cut["key"], iv, cut["mac-key"], self._aad.join(point, own))


class _Pieces:
    """The pieces of a context; those that never change as bytes."""

    def __init__(self, pieces: Iterable[str]) -> None:
        self._pieces = tuple(one if one in ("point", "recipient") else piece_bytes(one) for one in pieces)

    def join(self, point: bytes, recipient: bytes) -> bytes:
        """All of them, with the keys of one package."""
        if not self._pieces:
            return b""
        named = {"point": point, "recipient": recipient}
        return b"".join([one if isinstance(one, bytes) else named[one] for one in self._pieces])
