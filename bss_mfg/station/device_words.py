"""What a check on air found, in words."""

from __future__ import annotations

from bss_mfg.core.languages import SEMICOLON, counted, joined, phrase
from bss_mfg.device.check import CheckedDevice, CheckFault, CheckProgress, CheckStep
from bss_mfg.device.radio import Sighting
from bss_mfg.device.unit_checks import UnitToCheck
from bss_mfg.errors import RefusedError
from bss_mfg.oob_information import OobInformation, oob_names

_MEANINGS = {
    "proven": phrase("it knows the key"),
    "not-this-key": phrase("it holds another key than this unit's"),
    "trimmed-key": phrase("it uses only a part of the key, filled up"),
    "reversed-key": phrase("it uses the key from its last byte to its first"),
    "padded-key": phrase("it fills the key up otherwise than with zeros after it"),
    "text-key": phrase("it uses the hex digits of the key as if they were its bytes"),
    "zero-key": phrase("it uses a key of zeros"),
    "reflection": phrase("it sent our own messages back, and has shown nothing (CVE-2020-26560)"),
    "bad-public-key": phrase("its public key isn't a point of the curve"),
    "only-cmac": phrase(
        "it has CMAC alone, for which a key of 32 bytes isn't cut: a peer can compute it (CVE-2020-26559)"
    ),
    "no-algorithm": phrase("it offers no algorithm of Mesh Protocol 1.1"),
    "no-static-oob": phrase("it does not offer its Static OOB key"),
    "only-without-oob": phrase("it offers no authentication: whoever is near can provision it"),
    "refused": phrase("it ended the exchange"),
    "unexpected-pdu": phrase("it sent a message that has no place there"),
    "malformed": phrase("it sent a message that isn't one of the protocol"),
    "no-answer": phrase("it did not answer"),
    "link-lost": phrase("the link was lost"),
}

_REMARKS = {
    "without-oob-too": phrase(
        "it doesn't say that it refuses provisioning without OOB: whoever is near may provision it"
    ),
    "cmac-too": phrase("it offers CMAC beside HMAC: whoever asks it with CMAC can compute its key (CVE-2020-26559)"),
    "cmac-alone": phrase("it has CMAC alone: whoever exchanges messages with it can compute its key (CVE-2020-26559)"),
    "checks-nothing": phrase("it told its random to a peer that hadn't proven the key"),
}


def step_words(progress: CheckProgress) -> tuple[str, str]:
    """What is being done, in a word and in a sentence."""
    done, whole = progress.done, counted("{count:,} device", "{count:,} devices", progress.whole)
    match progress.step:
        case CheckStep.LOOKING:
            words = phrase("{done} of {devices} seen. Leave the box where it is.", done=done, devices=whole)
            return phrase("LOOKING"), words
        case CheckStep.ASKING:
            words = phrase("{done} of {devices} answered. Leave the box where it is.", done=done, devices=whole)
            return phrase("ASKING"), words
        case CheckStep.LOOKING_AGAIN:
            words = phrase("{done} of {devices} seen again. Leave the box where it is.", done=done, devices=whole)
            return phrase("ALMOST DONE"), words


def missing_words() -> str:
    """Of a device that wasn't seen."""
    return phrase("no device near shows its Device UUID: it is off, too far away, or provisioned already")


def weak_words(weak: Sighting) -> str:
    """Of a device that was heard, and not as strong as what lies in the box."""
    if weak.signal is None:
        return phrase("it tells no strength, weaker than --floor: it isn't in the box")
    return phrase("it is heard with {signal} dBm, weaker than --floor: it isn't in the box", signal=weak.signal)


def refused_words(unit: UnitToCheck, refused: RefusedError) -> str:
    """Of a device that was not asked again."""
    again = f"`bss-mfg device check {unit.batch} {unit.serial} --again --reason TEXT`"
    return phrase("{refused}; find out what is wrong with it, then {command}", refused=refused.what, command=again)


def remark_words(found: CheckedDevice) -> list[str]:
    """What else is worth knowing of a device, a sentence each."""
    remarks = found.verdict.remarks if found.verdict else ()
    return [_REMARKS[remark.value] for remark in sorted(remarks)]


def check_words(found: CheckedDevice) -> str:
    """What was found of a device."""
    if found.sighting is None:
        return missing_words()
    words: list[str] = []
    if found.verdict is not None:
        words.append(_MEANINGS[found.verdict.kind.value])
        if found.verdict.code is not None:
            words.append(phrase("code {code}", code=found.verdict.code))
    if found.twin is not None:
        both = {"one": _place(found.sighting), "other": _place(found.twin)}
        words.append(phrase("two devices show its Device UUID, {one} and {other}; neither was asked", **both))
    if found.uuid_swapped:
        words.append(phrase("it shows its Device UUID with the bytes in another order"))
    if found.oob_differs and found.oob_expected is not None:
        both = {"shown": oob_words(found.sighting.beacon.oob_information), "expected": oob_words(found.oob_expected)}
        words.append(phrase("it shows the OOB information {shown}; its product says {expected}", **both))
    if CheckFault.NOT_SEEN_AFTER in found.faults:
        words.append(phrase("it no longer advertises as unprovisioned"))
    return joined(SEMICOLON, words)


def oob_words(shown: OobInformation) -> str:
    """OOB information by the names of its bits."""
    return ", ".join(oob_names(shown)) or phrase("none")


def _place(sighting: Sighting) -> str:
    return sighting.address if sighting.signal is None else f"{sighting.address} ({sighting.signal} dBm)"
