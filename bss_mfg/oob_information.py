"""What an unprovisioned device says of where its OOB information is (Bluetooth Mesh Protocol 1.1, 3.10.2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntFlag

from bss_mfg.errors import ValueProblem


class OobInformation(IntFlag):
    """Where the OOB information of a device is to be found (3.10.2). Other bits are reserved and kept."""

    NONE = 0
    OTHER = 1 << 0
    URI = 1 << 1
    MATRIX_CODE = 1 << 2
    BAR_CODE = 1 << 3
    NFC = 1 << 4
    NUMBER = 1 << 5
    STRING = 1 << 6
    CERTIFICATE = 1 << 7
    RECORDS = 1 << 8
    ON_BOX = 1 << 11
    INSIDE_BOX = 1 << 12
    ON_PAPER = 1 << 13
    INSIDE_MANUAL = 1 << 14
    ON_DEVICE = 1 << 15


OOB_NAMES: Mapping[str, OobInformation] = {
    "Other": OobInformation.OTHER,
    "Electronic/URI": OobInformation.URI,
    "2D machine-readable code": OobInformation.MATRIX_CODE,
    "Bar code": OobInformation.BAR_CODE,
    "Near Field Communication (NFC)": OobInformation.NFC,
    "Number": OobInformation.NUMBER,
    "String": OobInformation.STRING,
    "Support for certificate-based provisioning": OobInformation.CERTIFICATE,
    "Support for provisioning records": OobInformation.RECORDS,
    "On box": OobInformation.ON_BOX,
    "Inside box": OobInformation.INSIDE_BOX,
    "On piece of paper": OobInformation.ON_PAPER,
    "Inside manual": OobInformation.INSIDE_MANUAL,
    "On device": OobInformation.ON_DEVICE,
}
"""The bits by their names in the specification's table of the OOB Information field (3.10.2)."""


def oob_names(shown: OobInformation) -> tuple[str, ...]:
    """The bits that are set by their names; reserved ones by their numbers."""
    known = tuple(name for name, bit in OOB_NAMES.items() if shown & bit)
    rest = int(shown) & ~sum(OOB_NAMES.values())
    return (*known, *(f"bit {bit}" for bit in range(16) if rest >> bit & 1))


def oob_information(names: Iterable[str]) -> OobInformation:
    """The bits of these names; `ValueProblem` for one that the specification doesn't have."""
    bits = OobInformation.NONE
    known = {name.casefold(): bit for name, bit in OOB_NAMES.items()}
    for name in names:
        if name.casefold() not in known:
            raise ValueProblem(f"{name!r} isn't a name of OOB information; there are: {', '.join(OOB_NAMES)}")
        bits |= known[name.casefold()]
    return bits
