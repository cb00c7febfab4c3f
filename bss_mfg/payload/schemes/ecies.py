"""ECIES and its relatives, as a spec describes them (SEC 1 v2.0, 5.1; IEEE 1363a; ISO/IEC 18033-2)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from bss_mfg.payload.schemes.ciphers import Cipher, Keys, Sealed
from bss_mfg.payload.schemes.derivation import derive
from bss_mfg.payload.schemes.descriptions import EciesDescription, key_bytes
from bss_mfg.payload.schemes.framing import join_parts, piece_bytes, split_parts
from bss_mfg.payload.schemes.points import CURVES, exchange, new_private, point_bytes, point_size, read_point

if TYPE_CHECKING:
    from bss_mfg.payload.product_keys import PrivateKey, PublicKey


class EciesScheme:
    """Seals and opens as described. A fresh ephemeral key for each plaintext."""

    def __init__(self, description: EciesDescription) -> None:
        self.description = description
        self.key_kind: str = description.curve
        self._curve = CURVES[description.curve]
        self._cipher = Cipher(description.cipher, description.tag_bytes, description.mac)
        self._names_recipient = "recipient" in (*description.kdf.info, *description.aad)

    def seal(self, key: PublicKey, plaintext: bytes) -> bytes:
        """Encrypt for the holder of `key`."""
        how = self.description
        ephemeral = new_private(self._curve)
        point = point_bytes(ephemeral.public_key(), how.point)
        keys = self._keys(exchange(ephemeral, key), point, key, len(plaintext))
        if how.iv == "random":
            import os

            keys = Keys(keys.key, os.urandom(how.iv_size), keys.mac_key, keys.aad)
        sealed = self._cipher.seal(plaintext, keys)
        return join_parts(how, point, keys.iv, sealed)

    def open(self, key: PrivateKey, data: bytes) -> bytes:
        """Decrypt; `ValueError`, whatever is wrong."""
        how = self.description
        parts = split_parts(how, data, point_size(how.curve, how.point), self._cipher.tag_size)
        point = parts["point"]
        shared = exchange(key, read_point(self._curve, point, how.point))
        size = len(parts["ciphertext"])
        keys = self._keys(shared, point, key.public_key(), size)
        if how.iv == "random":
            keys = Keys(keys.key, parts["iv"], keys.mac_key, keys.aad)
        return self._cipher.open_sealed(Sealed(parts["ciphertext"], parts.get("tag", b"")), keys)

    def sealed_size(self, plaintext: int) -> int:
        """Bytes that a plaintext of so many makes."""
        how = self.description
        iv = how.iv_size if how.iv == "random" else 0
        head = len(how.prefix) // 2 + point_size(how.curve, how.point)
        return head + iv + self._cipher.ciphertext_size(plaintext) + self._cipher.tag_size

    def _keys(self, shared: bytes, point: bytes, recipient: PublicKey, text_size: int) -> Keys:
        """What is cut from the KDF's output. `text_size`: of `xor` the key is as long as the text."""
        how = self.description
        sizes = {
            "key": key_bytes(how.cipher) or text_size,
            "mac-key": how.mac.key_bytes if how.mac else 0,
            "iv": how.iv_size if how.iv == "derived" else 0,
        }
        context = {"point": point}
        if self._names_recipient:
            context["recipient"] = point_bytes(recipient, how.point)
        material = derive(
            how.kdf.name,
            how.kdf.hash,
            point + shared if how.kdf.input == "point-z" else shared,
            salt=bytes.fromhex(how.kdf.salt),
            info=_joined(how.kdf.info, context),
            size=sum(sizes[name] for name in how.derive),
        )
        cut: dict[str, bytes] = {}
        for name in how.derive:
            cut[name], material = material[: sizes[name]], material[sizes[name] :]
        iv = cut.get("iv", b"")
        if how.iv == "zero":
            iv = bytes(how.iv_size)
        elif how.iv.startswith("hex:"):
            iv = bytes.fromhex(how.iv[4:])
        return Keys(cut["key"], iv, cut.get("mac-key", b""), _joined(how.aad, context))


def _joined(pieces: Iterable[str], context: dict[str, bytes]) -> bytes:
    return b"".join([context.get(piece) or piece_bytes(piece) for piece in pieces])
