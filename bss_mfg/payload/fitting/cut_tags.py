"""Tags that are a part of themselves: the end of a string that was cut off looks the same."""

from __future__ import annotations

import hashlib

from bss_mfg.payload.schemes.descriptions import EciesDescription, SchemeDescription, WrappedKeyDescription


def cut_tag(scheme: SchemeDescription) -> tuple[int, int] | None:
    """The bytes of a tag that are sent, and of the whole; None where all are. A tag of AES-CCM depends on its length:
    none is a part of another."""
    if not isinstance(scheme, (EciesDescription, WrappedKeyDescription)):
        return None
    if scheme.mac:
        whole = hashlib.new(scheme.mac.hash).digest_size
        sent = scheme.mac.tag_bytes or whole
    else:
        sent, whole = scheme.tag_bytes, 16
    is_part = sent < whole and (scheme.mac is not None or not scheme.cipher.endswith("-ccm"))
    return (sent, whole) if is_part else None
