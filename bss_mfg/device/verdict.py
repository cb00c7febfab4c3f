"""What a check on air ends with. Kinds are values; the words for people stand in `cli`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class VerdictKind(StrEnum):
    """Whether a device has proven its key, or what was wrong."""

    PROVEN = "proven"
    NOT_THIS_KEY = "not-this-key"
    """It holds another key: it refused our confirmation, or its own does not match."""
    TRIMMED_KEY = "trimmed-key"
    """It uses a part of the unit's key, filled up."""
    REVERSED_KEY = "reversed-key"
    """It uses the unit's key from its last byte to its first."""
    PADDED_KEY = "padded-key"
    """It fills a key that is shorter than the AuthValue otherwise than with zeros after it (5.4.2.4.1)."""
    TEXT_KEY = "text-key"
    """It uses the hex digits of the unit's key as if they were its bytes."""
    ZERO_KEY = "zero-key"
    """It uses a key of zeros, as without OOB."""
    REFLECTION = "reflection"
    """It sent our own public key or confirmation back (CVE-2020-26560)."""
    BAD_PUBLIC_KEY = "bad-public-key"
    """Its public key is no point of the curve."""
    ONLY_CMAC = "only-cmac"
    """It has CMAC alone, for which a key of 32 bytes would be cut. Half of it is not sent: with CMAC its peer can
    compute the AuthValue from the exchange (CVE-2020-26559)."""
    NO_ALGORITHM = "no-algorithm"
    """It offers no algorithm that Mesh Protocol 1.1 knows."""
    NO_STATIC_OOB = "no-static-oob"
    """It offers other ways to authenticate than its Static OOB key."""
    ONLY_WITHOUT_OOB = "only-without-oob"
    """It offers no way to authenticate at all: whoever is near can provision it."""
    REFUSED = "refused"
    """It ended the exchange with a code."""
    UNEXPECTED_PDU = "unexpected-pdu"
    MALFORMED = "malformed"
    NO_ANSWER = "no-answer"
    LINK_LOST = "link-lost"


class Awaited(StrEnum):
    """The device's PDU that the exchange waited for when it ended."""

    CAPABILITIES = "capabilities"
    PUBLIC_KEY = "public-key"
    CONFIRMATION = "confirmation"
    RANDOM = "random"


class Remark(StrEnum):
    """What is worth knowing of a device besides its verdict."""

    WITHOUT_OOB_TOO = "without-oob-too"
    """It does not say that it refuses provisioning without OOB (bit 1 of its OOB type)."""
    CMAC_TOO = "cmac-too"
    """It has HMAC, which was used, and offers CMAC to whoever chooses that (CVE-2020-26559)."""
    CMAC_ALONE = "cmac-alone"
    """It has CMAC alone, which was used: its peer can compute the AuthValue from the exchange (CVE-2020-26559)."""
    CHECKS_NOTHING = "checks-nothing"
    """It told its random though our confirmation can't have matched."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How an exchange ended: while which PDU was awaited; `code` is that of the device's Failed (5.4.1.10)."""

    kind: VerdictKind
    awaited: Awaited
    code: int | None = None
    remarks: frozenset[Remark] = frozenset()

    @property
    def proven(self) -> bool:
        """Whether the device knows the key."""
        return self.kind is VerdictKind.PROVEN
