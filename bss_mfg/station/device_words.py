"""What a check on air found, in words."""

from __future__ import annotations

from bss_mfg.device.check import CheckedDevice

_MEANINGS = {
    "proven": "it knows the key",
    "not-this-key": "it holds another key than this unit's",
    "trimmed-key": "it uses only a part of the key, padded with zeros",
    "reversed-key": "it uses the key from its last byte to its first",
    "text-key": "it uses the hex digits of the key as if they were its bytes",
    "zero-key": "it uses a key of zeros",
    "reflection": "it sent our own messages back, and has shown nothing (CVE-2020-26560)",
    "bad-public-key": "its public key isn't a point of the curve",
    "only-cmac": "it can't use a key of 32 bytes; with CMAC a peer can compute the key (CVE-2020-26559)",
    "only-hmac": "it can't use a key of 16 bytes",
    "no-algorithm": "it offers no algorithm of Mesh Protocol 1.1",
    "no-static-oob": "it does not offer its Static OOB key",
    "only-without-oob": "it offers no authentication: whoever is near can provision it",
    "refused": "it ended the exchange",
    "unexpected-pdu": "it sent a message that has no place there",
    "malformed": "it sent a message that isn't one of the protocol",
    "no-answer": "it did not answer",
    "link-lost": "the link was lost",
}


def check_words(found: CheckedDevice) -> str:
    """What was found, of a device that was seen and asked."""
    if found.verdict is None:
        return "no device near shows its Device UUID"
    words = [_MEANINGS[found.verdict.kind.value]]
    if found.verdict.code is not None:
        words.append(f"code {found.verdict.code}")
    if found.uuid_swapped:
        words.append("it shows its Device UUID with the bytes in another order")
    if not found.unprovisioned_after:
        words.append("it no longer advertises as unprovisioned")
    return "; ".join(words)
