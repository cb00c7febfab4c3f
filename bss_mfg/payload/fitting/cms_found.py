"""What a CMS message says of itself (RFC 5652): its structure names the recipient, the ciphers and most of the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

from bss_mfg.payload.fitting.points_found import curve_name
from bss_mfg.payload.fitting.streams import HASHES
from bss_mfg.payload.schemes.cms_recipients import aes_oid
from bss_mfg.payload.schemes.framing import piece_bytes

if TYPE_CHECKING:
    from bss_mfg.payload.product_keys import PrivateKey

_BITS = (128, 192, 256)
_MODES = {"enveloped": ("cbc",), "auth-enveloped": ("gcm", "ccm")}
_TAGS = (16, 12, 14, 8)


def cms_descriptions(data: bytes, private: PrivateKey, words: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Descriptions that a message can be of, likely ones first; none where it is no CMS message for one recipient.
    Which hash stands behind an object identifier is tried out: a description opens nothing but what it writes."""
    from asn1crypto import cms

    for with_info, content in product((True, False), _MODES):
        kind: Any = cms.AuthEnvelopedData if content == "auth-enveloped" else cms.EnvelopedData
        try:
            body = cms.ContentInfo.load(data, strict=True)["content"] if with_info else kind.load(data, strict=True)
            if not isinstance(body, kind) or len(body["recipient_infos"]) != 1:
                continue
            recipient = body["recipient_infos"][0].chosen
            sealed = body["auth_encrypted_content_info" if content == "auth-enveloped" else "encrypted_content_info"]
            used = sealed["content_encryption_algorithm"]["algorithm"].dotted
            agreed = isinstance(recipient, cms.KeyAgreeRecipientInfo)
            named = _identifiers(recipient["recipient_encrypted_keys"][0]["rid"] if agreed else recipient["rid"])
            carriers = list(_agreed(recipient, private) if agreed else _encrypted(words))
        except (ValueError, TypeError, KeyError, IndexError, AttributeError):
            continue
        ciphers = [f"aes-{bits}-{mode}" for bits in _BITS for mode in _MODES[content]]
        for cipher in (name for name in ciphers if aes_oid(name) == used):
            tags = _TAGS if content == "auth-enveloped" else _TAGS[:1]
            for tag, name, carrier in product(tags, named, carriers):
                yield {
                    "kind": "cms", "content": content, "recipient": carrier, **name, "cipher": cipher,
                    "tag_bytes": tag, "content_info": with_info,
                }  # fmt: skip


def _identifiers(rid: Any) -> list[dict[str, Any]]:
    """How a recipient is named (RFC 5652, 6.2.1)."""
    chosen = rid.chosen
    if "issuer" in getattr(chosen, "_field_map", {}):
        issuer, serial = chosen["issuer"].dump().hex(), chosen["serial_number"].native
        return [{"identifier": "issuer-serial", "issuer": issuer, "serial": serial}]
    key_id = chosen["subject_key_identifier"].native if rid.name == "r_key_id" else chosen.native
    return [{"identifier": "key-id"}, {"identifier": f"hex:{key_id.hex()}"}]


def _encrypted(words: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Content keys that are encrypted with RSA."""
    yield {"kind": "rsa-pkcs1"}
    for label, hash_name, mgf in product(["", *(piece_bytes(word).hex() for word in words)], HASHES, HASHES):
        yield {"kind": "rsa-oaep", "hash": hash_name, "mgf_hash": mgf, "label": label}


def _agreed(recipient: Any, private: PrivateKey) -> Iterator[dict[str, Any]]:
    """Content keys that are wrapped with an agreed one (RFC 5753, 3.1)."""
    sent = recipient["ukm"].native
    for hash_name, bits, sender in product(HASHES, _BITS, ("absent", "named", "null")):
        yield {
            "kind": "ecdh", "curve": curve_name(private), "hash": hash_name, "wrap": f"aes-{bits}-wrap",
            "sender_curve": sender, "ukm": sent.hex() if sent else "",
        }  # fmt: skip
