"""What a check on air found, in words."""

from __future__ import annotations

from bss_mfg.core.text import count_words
from bss_mfg.device.check import CheckedDevice, CheckFault, CheckProgress, CheckStep
from bss_mfg.device.radio import Sighting
from bss_mfg.device.unit_checks import UnitToCheck
from bss_mfg.errors import RefusedError
from bss_mfg.oob_information import OobInformation, oob_names

_MEANINGS = {
    "proven": "it knows the key",
    "not-this-key": "it holds another key than this unit's",
    "trimmed-key": "it uses only a part of the key, filled up",
    "reversed-key": "it uses the key from its last byte to its first",
    "padded-key": "it fills the key up otherwise than with zeros after it",
    "text-key": "it uses the hex digits of the key as if they were its bytes",
    "zero-key": "it uses a key of zeros",
    "reflection": "it sent our own messages back, and has shown nothing (CVE-2020-26560)",
    "bad-public-key": "its public key isn't a point of the curve",
    "only-cmac": "it has CMAC alone, for which a key of 32 bytes isn't cut: a peer can compute it (CVE-2020-26559)",
    "no-algorithm": "it offers no algorithm of Mesh Protocol 1.1",
    "no-static-oob": "it does not offer its Static OOB key",
    "only-without-oob": "it offers no authentication: whoever is near can provision it",
    "refused": "it ended the exchange",
    "unexpected-pdu": "it sent a message that has no place there",
    "malformed": "it sent a message that isn't one of the protocol",
    "no-answer": "it did not answer",
    "link-lost": "the link was lost",
}

_REMARKS = {
    "without-oob-too": "it doesn't say that it refuses provisioning without OOB: whoever is near may provision it",
    "cmac-too": "it offers CMAC beside HMAC: whoever asks it with CMAC can compute its key (CVE-2020-26559)",
    "cmac-alone": "it has CMAC alone: whoever exchanges messages with it can compute its key (CVE-2020-26559)",
    "checks-nothing": "it told its random to a peer that hadn't proven the key",
}


def step_words(progress: CheckProgress) -> tuple[str, str]:
    """What is being done, in a word and in a sentence."""
    done, whole = progress.done, count_words(progress.whole, "device")
    match progress.step:
        case CheckStep.LOOKING:
            return "LOOKING", f"{done} of {whole} seen. Leave the box where it is."
        case CheckStep.ASKING:
            return "ASKING", f"{done} of {whole} answered. Leave the box where it is."
        case CheckStep.LOOKING_AGAIN:
            return "ALMOST DONE", f"{done} of {whole} seen again. Leave the box where it is."


def missing_words() -> str:
    """Of a device that wasn't seen."""
    return "no device near shows its Device UUID: it is off, too far away, or provisioned already"


def weak_words(weak: Sighting) -> str:
    """Of a device that was heard, and not as strong as what lies in the box."""
    signal = "tells no strength" if weak.signal is None else f"is heard with {weak.signal} dBm"
    return f"it {signal}, weaker than --floor: it isn't in the box"


def refused_words(unit: UnitToCheck, refused: RefusedError) -> str:
    """Of a device that was not asked again."""
    again = f"`bss-mfg device check {unit.batch} {unit.serial} --again --reason TEXT`"
    return f"{refused.what}; find out what is wrong with it, then {again}"


def remark_words(found: CheckedDevice) -> list[str]:
    """What else is worth knowing of a device, a sentence each."""
    remarks = found.verdict.remarks if found.verdict else ()
    return [_REMARKS[remark.value] for remark in sorted(remarks)]


def check_words(found: CheckedDevice) -> str:
    """What was found of a device."""
    if found.sighting is None:
        return missing_words()
    words = []
    if found.verdict is not None:
        words.append(_MEANINGS[found.verdict.kind.value])
        if found.verdict.code is not None:
            words.append(f"code {found.verdict.code}")
    if found.twin is not None:
        words.append(
            f"two devices show its Device UUID, {_place(found.sighting)} and {_place(found.twin)}; neither was asked"
        )
    if found.uuid_swapped:
        words.append("it shows its Device UUID with the bytes in another order")
    if found.oob_differs and found.oob_expected is not None:
        shown = oob_words(found.sighting.beacon.oob_information)
        words.append(f"it shows the OOB information {shown}; its product says {oob_words(found.oob_expected)}")
    if CheckFault.NOT_SEEN_AFTER in found.faults:
        words.append("it no longer advertises as unprovisioned")
    return "; ".join(words)


def oob_words(shown: OobInformation) -> str:
    """OOB information by the names of its bits."""
    return ", ".join(oob_names(shown)) or "none"


def _place(sighting: Sighting) -> str:
    return sighting.address if sighting.signal is None else f"{sighting.address} ({sighting.signal} dBm)"
