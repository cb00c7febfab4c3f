"""The bytes of an encrypted field: its parts joined in the order that a spec names, and cut apart again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bss_mfg.payload.schemes.ciphers import Sealed
    from bss_mfg.payload.schemes.descriptions import EciesDescription, WrappedKeyDescription


def join_parts(how: EciesDescription | WrappedKeyDescription, head: bytes, iv: bytes, sealed: Sealed) -> bytes:
    """The parts in their order. `head`: the ephemeral or the wrapped key."""
    parts = {
        "prefix": bytes.fromhex(how.prefix),
        how.head: head,
        "iv": iv,
        "ciphertext": sealed.ciphertext,
        "tag": sealed.tag,
    }
    return b"".join([parts[part] for part in how.parts])


def is_plain(how: EciesDescription | WrappedKeyDescription) -> bool:
    """Whether the parts are the key, the ciphertext and the tag, one after the other."""
    return how.parts == (how.head, "ciphertext", "tag")


def split_parts(
    how: EciesDescription | WrappedKeyDescription, data: bytes, head_size: int, tag_size: int
) -> dict[str, bytes]:
    """The parts of sealed bytes; `ValueError` where they are too few, or the prefix is another."""
    sizes = {"prefix": len(how.prefix) // 2, how.head: head_size, "iv": how.iv_size, "tag": tag_size}
    rest = len(data) - sum(sizes[part] for part in how.parts if part != "ciphertext")
    if rest < 0:
        raise ValueError("too short")
    found: dict[str, bytes] = {}
    at = 0
    for part in how.parts:
        size = rest if part == "ciphertext" else sizes[part]
        found[part] = data[at : at + size]
        at += size
    if found.get("prefix", b"") != bytes.fromhex(how.prefix):
        raise ValueError("another prefix")
    return found


def piece_bytes(piece: str) -> bytes:
    """The bytes of a `text:` or `hex:` piece."""
    kind, _, rest = piece.partition(":")
    return rest.encode("utf-8") if kind == "text" else bytes.fromhex(rest)
