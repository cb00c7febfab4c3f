"""A device's test table for people: what each case asks, what happened, and our statement of what was measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bss_mfg.core.text import count_words
from bss_mfg.device.case_exchange import Ended, Ending
from bss_mfg.device.case_run import EXCHANGES, TableOutcome
from bss_mfg.device.case_table import PROOFS, Case, Note, Result, Row
from bss_mfg.device.pdu import Algorithm, Capabilities, FailureCode, OobType, PduType
from bss_mfg.device.unit_checks import UnitToCheck
from bss_mfg.device.verdict import Verdict, VerdictKind

TITLE = "Test table of a device"


@dataclass(frozen=True, slots=True)
class DeviceSheet:
    """What a report is of: the outcome, whose it is, and by what and for what it was measured. `made_at` is printed as
    it is."""

    outcome: TableOutcome
    unit: UnitToCheck
    product: str
    stage: str
    radio: str
    reason: str
    limit: float | None
    made_at: str
    version: str


@dataclass(frozen=True, slots=True)
class CaseWords:
    """What a case is called, and what must be."""

    title: str
    must: str


@dataclass(frozen=True, slots=True)
class Headline:
    """The verdict of the table, and its tone."""

    words: str
    tone: str


CASES = {
    Case.ADVERTISING: CaseWords("Advertising", "It advertises as unprovisioned, under its unit's Device UUID."),
    Case.RIGHT_KEY: CaseWords("Right key", "It proves that it knows its unit's Static OOB key."),
    Case.CAPABILITIES: CaseWords("Capabilities", "It offers its Static OOB key and an algorithm."),
    Case.WRONG_KEY: CaseWords("Wrong key", "It refuses our Random (confirmation failed), and does not tell its own."),
    Case.OTHER_ALGORITHM: CaseWords(
        "Other algorithm",
        "With the algorithm that its key isn't proven with it refuses a made-up key, and CMAC at once, if it says that "
        "it refuses to begin without its key.",
    ),
    Case.OTHER_LENGTH: CaseWords(
        "Other length", "It refuses a Confirmation as long as the other algorithm has them (invalid format)."
    ),
    Case.WITHOUT_OOB: CaseWords("Without OOB", "It refuses to begin without its key, if it says that it does."),
    Case.INVALID_PUBLIC_KEY: CaseWords(
        "Invalid public key", "It refuses a public key that isn't a point of P-256 (invalid format)."
    ),
    Case.ZERO_PUBLIC_KEY: CaseWords("Public key of zeros", "It refuses a public key of zeros (invalid format)."),
    Case.OUT_OF_ORDER: CaseWords(
        "Out of order", "It refuses a Confirmation in place of the public key (unexpected PDU)."
    ),
    Case.PLAYED_BACK: CaseWords(
        "Played back", "It refuses its own public key, Confirmation and Random of an earlier exchange."
    ),
    Case.CUT_AFTER_INVITE: CaseWords("Cut after Invite", "It advertises again, and answers a new Invite."),
    Case.CUT_AFTER_START: CaseWords("Cut after Start", "It advertises again, and answers a new Invite."),
    Case.CUT_AFTER_PUBLIC_KEY: CaseWords("Cut after public key", "It advertises again, and answers a new Invite."),
    Case.CUT_AFTER_CONFIRMATION: CaseWords("Cut after Confirmation", "It advertises again, and answers a new Invite."),
    Case.RIGHT_KEY_AGAIN: CaseWords("Right key again", "After all of this it proves its key once more."),
    Case.NEW_EACH_TIME: CaseWords("New each time", "Its public key and its random are others in each exchange."),
    Case.REFLECTION: CaseWords(
        "Reflection", "It never sends our own public key, Confirmation or Random back (CVE-2020-26560)."
    ),
    Case.STILL_ADVERTISING: CaseWords(
        "Still unprovisioned", "It advertises as unprovisioned after each exchange, refused, cut or proven."
    ),
    Case.TIME_TO_PROOF: CaseWords("Time to proof", "No requirement of the specification; told, or held to a limit."),
}

RESULTS = {
    Result.PASSED: ("passed", "good"),
    Result.NOTED: ("noted", "warn"),
    Result.FAILED: ("FAILED", "bad"),
    Result.NOT_RUN: ("not run", "soft"),
}
"""What each result is called, and its tone."""

_NOTES = {
    Note.NOT_SEEN: "no device near shows this Device UUID",
    Note.SWAPPED_UUID: "it shows its Device UUID with the bytes in another order",
    Note.OTHER_OOB_INFORMATION: "it shows other OOB information than its product says",
    Note.NOT_SEEN_AGAIN: "it no longer advertised",
    Note.OTHER_CODE: "another code than the specification names",
    Note.NO_INVITE_AFTER: "it answered no Invite on the next link",
    Note.UNKNOWN_CAPABILITIES: "it told none",
    Note.NO_STATIC_OOB: "it does not offer its Static OOB key",
    Note.NO_ALGORITHM: "it offers no algorithm of Mesh Protocol 1.1",
    Note.ONLY_CMAC: "only CMAC: whoever answers in its place can compute its key (CVE-2020-26559)",
    Note.WITHOUT_OOB_TOO: "it says that it can be provisioned without its key too",
    Note.SAME_PUBLIC_KEY: "a public key came twice",
    Note.SAME_RANDOM: "a random came twice",
    Note.REFLECTED: "it sent what we had sent",
    Note.NOTHING_TO_COMPARE: "too little came to compare",
    Note.BEGINS_WITH_CMAC: "it began with CMAC, though it says that it refuses to begin without its key",
    Note.NOT_USABLE: "it does not offer its key with an algorithm that this key can be proven with",
    Note.NOT_PROVEN: "it did not prove its key",
    Note.TOO_SLOW: "longer than the limit",
    Note.NO_LIMIT: "no limit was given",
}
_VERDICTS = {
    VerdictKind.PROVEN: "proven",
    VerdictKind.NOT_THIS_KEY: "it holds another key",
    VerdictKind.TRIMMED_KEY: "it uses only a part of its key, filled up",
    VerdictKind.REVERSED_KEY: "it uses its key from the last byte to the first",
    VerdictKind.PADDED_KEY: "it fills its key up otherwise than with zeros after it",
    VerdictKind.TEXT_KEY: "it uses the hex digits of its key as if they were its bytes",
    VerdictKind.ZERO_KEY: "it uses a key of zeros",
    VerdictKind.REFLECTION: "it sent our own messages back",
    VerdictKind.BAD_PUBLIC_KEY: "its public key isn't a point of the curve",
    VerdictKind.ONLY_CMAC: "it has CMAC alone, and a key of 32 bytes, half of which was not sent",
    VerdictKind.NO_ALGORITHM: "it offers no algorithm",
    VerdictKind.NO_STATIC_OOB: "it does not offer its Static OOB key",
    VerdictKind.ONLY_WITHOUT_OOB: "it offers no authentication",
    VerdictKind.REFUSED: "it refused",
    VerdictKind.UNEXPECTED_PDU: "a message that has no place there",
    VerdictKind.MALFORMED: "a message that isn't one of the protocol",
    VerdictKind.NO_ANSWER: "no answer",
    VerdictKind.LINK_LOST: "the link was lost",
}
_ENDINGS = {
    Ending.REFUSED: "refused",
    Ending.UNEXPECTED_PDU: "a message that has no place there",
    Ending.MALFORMED: "a message that isn't one of the protocol",
    Ending.NO_ANSWER: "no answer",
    Ending.LINK_LOST: "the link was lost",
}
_PDUS = {
    PduType.INVITE: "the Invite",
    PduType.START: "the Start",
    PduType.PUBLIC_KEY: "the public key",
    PduType.CONFIRMATION: "the Confirmation",
    PduType.RANDOM: "the Random",
}
_CODES: dict[int, str] = {
    FailureCode.PROHIBITED: "prohibited",
    FailureCode.INVALID_PDU: "invalid PDU",
    FailureCode.INVALID_FORMAT: "invalid format",
    FailureCode.UNEXPECTED_PDU: "unexpected PDU",
    FailureCode.CONFIRMATION_FAILED: "confirmation failed",
    FailureCode.OUT_OF_RESOURCES: "out of resources",
    FailureCode.DECRYPTION_FAILED: "decryption failed",
    FailureCode.UNEXPECTED_ERROR: "unexpected error",
    FailureCode.CANNOT_ASSIGN_ADDRESSES: "cannot assign addresses",
    FailureCode.INVALID_DATA: "invalid data",
}
"""The names of 5.4.1.10."""
ALGORITHMS = {Algorithm.CMAC: "CMAC (AuthValues of 16 bytes)", Algorithm.HMAC: "HMAC (AuthValues of 32 bytes)"}


def headline(outcome: TableOutcome) -> Headline:
    """What came of the table, in a line."""
    failed, not_run = count(outcome, Result.FAILED), count(outcome, Result.NOT_RUN)
    if failed:
        return Headline(f"{count_words(failed, 'case')} failed", "bad")
    if not_run:
        return Headline(f"{count_words(not_run, 'case')} not run", "warn")
    return Headline("All cases passed", "good")


def count(outcome: TableOutcome, result: Result) -> int:
    """How many rows have a result."""
    return sum(row.result is result for row in outcome.rows)


def happened(row: Row) -> str:
    """What a device did in a case."""
    parts = []
    match row.ended:
        case Verdict() as verdict:
            parts.append(_VERDICTS[verdict.kind] + _code(verdict.code))
        case Ended(kind=Ending.ANSWERED) if row.note is None:
            parts.append(f"cut after {_PDUS[row.ended.after]}; a new Invite was answered")
        case Ended(kind=kind) as ended if kind is not Ending.ANSWERED:
            parts.append(f"{_ENDINGS[kind]} after {_PDUS[ended.after]}{_code(ended.code)}")
    if row.note is Note.ANSWERED and isinstance(row.ended, Ended):
        parts.append(f"it answered {_PDUS[row.ended.after]}")
    elif row.note is not None:
        parts.append(_NOTES[row.note])
    if row.case is Case.TIME_TO_PROOF and row.seconds is not None:
        parts.insert(0, seconds_words(row.seconds))
    if row.case is Case.STILL_ADVERTISING and row.seconds is not None:
        parts.append(f"seen again after {seconds_words(row.seconds)} at most")
    return "; ".join(parts) or "as it must be"


def seen_again(row: Row) -> str:
    """How long after an exchange its device was seen again."""
    return seconds_words(row.seconds) if row.ended is not None and row.seconds is not None else ""


def seconds_words(seconds: float) -> str:
    """A time as it is worth telling."""
    return f"{seconds:.2f} s"


def _code(code: int | None) -> str:
    if code is None:
        return ""
    return f", code {code:02x}" + (f" ({_CODES[code]})" if code in _CODES else "")


def offered(capabilities: Capabilities | None) -> Iterator[tuple[str, str]]:
    """What a device says that it can do."""
    if capabilities is None:
        return
    algorithms = [words for one, words in ALGORITHMS.items() if capabilities.offers(one)]
    reserved = capabilities.algorithms & ~sum(1 << one for one in Algorithm)
    yield "elements", str(capabilities.elements)
    yield "algorithms", ", ".join(algorithms + ([f"reserved bits {reserved:#06x}"] if reserved else [])) or "none"
    yield "public key", "by OOB too" if capabilities.public_key_type & 1 else "in the exchange alone"
    yield "Static OOB key", "available" if capabilities.has_static_oob else "not available"
    only = capabilities.oob_type & OobType.ONLY_AUTHENTICATED
    yield "without authentication", "refused, it says" if only else "possible, it says"
    yield "output OOB", _sized(capabilities.output_size, capabilities.output_actions)
    yield "input OOB", _sized(capabilities.input_size, capabilities.input_actions)


def _sized(size: int, actions: int) -> str:
    return f"size {size}, actions {actions:#06x}" if size or actions else "none"


def about(sheet: DeviceSheet) -> Iterator[tuple[str, str]]:
    """What was tested, and how."""
    unit, sighting = sheet.unit, sheet.outcome.sighting
    yield "unit", f"{unit.serial}, unit {unit.number} of batch {unit.batch} ({sheet.stage})"
    yield "product", sheet.product
    yield "Device UUID", str(unit.uuid)
    if sighting is not None:
        signal = "" if sighting.signal is None else f", {sighting.signal} dBm"
        yield "seen at", f"{sighting.address}{signal}"
        yield "OOB information", f"{int(sighting.beacon.oob_information):#06x}"
    for number, one in enumerate(sheet.outcome.times, 1):
        parts = f"{seconds_words(one.connect)} to connect, {seconds_words(one.exchange)} for the exchange"
        yield f"proof {number}", f"{seconds_words(one.whole)}: {parts}"
    yield "limit for a proof", "none" if sheet.limit is None else seconds_words(sheet.limit)
    yield "radio", sheet.radio
    yield "reason", sheet.reason


def statement(sheet: DeviceSheet) -> tuple[str, ...]:
    """What was measured and what wasn't: our statement, in paragraphs."""
    if sheet.outcome.sighting is None:
        return (
            f"bss-mfg {sheet.version} looked for the device over a radio and did not see it. Nothing was measured.",
        )
    return (
        f"bss-mfg {sheet.version} spoke to the device that shows this Device UUID, over PB-GATT, and wrote down what "
        f"it answered. The whole table takes {EXCHANGES} links, one after the other. {len(PROOFS)} of them use the "
        "unit's Static OOB key, at the beginning and at the end; all others use keys that were made up for them. No "
        "other unit's key is ever tried. No provisioning data was sent, so the device was not provisioned.",
        "The cases are bss-mfg's own. They were written from Bluetooth Mesh Protocol 1.1, whose clauses stand beside "
        "them, and not from a test plan of Amazon's or of the Bluetooth SIG's. They replace neither: a table that is "
        "passed says what this one device did on this day, and qualifies or certifies nothing.",
        "Not measured: provisioning after the proof, PB-ADV, a public key by OOB, output and input OOB, certificates "
        "and records, what the device does after its power was cut, time-outs of 60 s, range, and radio quality. Times "
        "hold for this computer, this radio and this place.",
    )
