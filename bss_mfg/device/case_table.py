"""The test table of a device: which cases there are, where the specification has them, and how each result is found.

The cases are our own, written from Bluetooth Mesh Protocol 1.1. Nothing here knows a radio or a clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bss_mfg.device.case_exchange import Ended, Ending
from bss_mfg.device.pdu import Algorithm, Capabilities, FailureCode, OobType, PduType
from bss_mfg.device.verdict import Verdict


class Case(StrEnum):
    """A row of the table, in its order. Each exchange is its own link."""

    ADVERTISING = "advertising"
    """It is near, unprovisioned, under its own Device UUID."""
    RIGHT_KEY = "right-key"
    CAPABILITIES = "capabilities"
    WRONG_KEY = "wrong-key"
    OTHER_ALGORITHM = "other-algorithm"
    """The algorithm that the unit's key is not proven with, with a made-up key."""
    OTHER_LENGTH = "other-length"
    """A Confirmation as long as the other algorithm has them."""
    WITHOUT_OOB = "without-oob"
    INVALID_PUBLIC_KEY = "invalid-public-key"
    ZERO_PUBLIC_KEY = "zero-public-key"
    OUT_OF_ORDER = "out-of-order"
    """A Confirmation in place of the public key."""
    PLAYED_BACK = "played-back"
    """Public key, Confirmation and Random that it sent itself when it proved its key."""
    CUT_AFTER_INVITE = "cut-after-invite"
    CUT_AFTER_START = "cut-after-start"
    CUT_AFTER_PUBLIC_KEY = "cut-after-public-key"
    CUT_AFTER_CONFIRMATION = "cut-after-confirmation"
    RIGHT_KEY_AGAIN = "right-key-again"
    """After everything else."""
    NEW_EACH_TIME = "new-each-time"
    """Public key and random are others in each exchange."""
    REFLECTION = "reflection"
    """It never sent our own public key, Confirmation or Random back."""
    STILL_ADVERTISING = "still-advertising"
    TIME_TO_PROOF = "time-to-proof"


CLAUSES = {
    Case.ADVERTISING: "7.1.2.2.1",
    Case.RIGHT_KEY: "5.4.2.4, 5.4.2.4.1",
    Case.CAPABILITIES: "5.4.1.2",
    Case.WRONG_KEY: "5.4.2.4, 5.4.1.10",
    Case.OTHER_ALGORITHM: "5.4.1.3, 5.4.2.3, 5.4.2.4",
    Case.OTHER_LENGTH: "5.4.1.6, 5.4.1.10",
    Case.WITHOUT_OOB: "5.4.1.2, 5.4.1.3",
    Case.INVALID_PUBLIC_KEY: "5.4.2.3",
    Case.ZERO_PUBLIC_KEY: "5.4.2.3",
    Case.OUT_OF_ORDER: "5.4.1.10, 5.4.4",
    Case.PLAYED_BACK: "5.4.2.3, 5.4.2.4",
    Case.CUT_AFTER_INVITE: "5.4.2, 5.4.4",
    Case.CUT_AFTER_START: "5.4.2, 5.4.4",
    Case.CUT_AFTER_PUBLIC_KEY: "5.4.2, 5.4.4",
    Case.CUT_AFTER_CONFIRMATION: "5.4.2, 5.4.4",
    Case.RIGHT_KEY_AGAIN: "5.4.2.4, 5.4.2.4.1",
    Case.NEW_EACH_TIME: "5.4.2.3, 5.4.2.4",
    Case.REFLECTION: "5.4.2.3, 5.4.2.4",
    Case.STILL_ADVERTISING: "7.1.2.2.1, 5.4.4",
    Case.TIME_TO_PROOF: "",
}
"""Clauses of Bluetooth Mesh Protocol 1.1, compared with its published text (a test has their titles); none where the
specification asks for nothing."""

CUTS = {
    Case.CUT_AFTER_INVITE: PduType.INVITE,
    Case.CUT_AFTER_START: PduType.START,
    Case.CUT_AFTER_PUBLIC_KEY: PduType.PUBLIC_KEY,
    Case.CUT_AFTER_CONFIRMATION: PduType.CONFIRMATION,
}
"""After which of our PDUs, and the device's answer, the link is closed. After the Random, each proof is."""

PROOFS = (Case.RIGHT_KEY, Case.RIGHT_KEY_AGAIN)
"""The only two exchanges with the unit's key: with CMAC, each shows it to whoever answers (CVE-2020-26559)."""


class Result(StrEnum):
    """What came of a case."""

    PASSED = "passed"
    NOTED = "noted"
    """No requirement was missed, and something is worth knowing; or a number without a limit."""
    FAILED = "failed"
    NOT_RUN = "not-run"
    """What went before made it impossible."""


class Note(StrEnum):
    """Why a result is what it is, where the ending alone does not tell."""

    NOT_SEEN = "not-seen"
    SWAPPED_UUID = "swapped-uuid"
    OTHER_OOB_INFORMATION = "other-oob-information"
    """Not what its product says."""
    NOT_SEEN_AGAIN = "not-seen-again"
    ANSWERED = "answered"
    """It went on where it had to refuse."""
    OTHER_CODE = "other-code"
    """It refused, with another code than the specification names."""
    NO_INVITE_AFTER = "no-invite-after"
    """It was cut off, and answered no Invite afterwards."""
    UNKNOWN_CAPABILITIES = "unknown-capabilities"
    NO_STATIC_OOB = "no-static-oob"
    NO_ALGORITHM = "no-algorithm"
    ONLY_CMAC = "only-cmac"
    WITHOUT_OOB_TOO = "without-oob-too"
    BEGINS_WITH_CMAC = "begins-with-cmac"
    """It says that it wants OOB authentication, and doesn't take CMAC for an error."""
    SAME_PUBLIC_KEY = "same-public-key"
    SAME_RANDOM = "same-random"
    REFLECTED = "reflected"
    NOTHING_TO_COMPARE = "nothing-to-compare"
    NOT_USABLE = "not-usable"
    """It does not offer its Static OOB key with an algorithm that this key is proven with."""
    NOT_PROVEN = "not-proven"
    """It never proved its key."""
    TOO_SLOW = "too-slow"
    NO_LIMIT = "no-limit"


@dataclass(frozen=True, slots=True)
class Row:
    """What came of a case: how its exchange ended (a scripted one or a proof), and seconds that were measured (until it
    advertised again; of the time to proof, that)."""

    case: Case
    result: Result
    note: Note | None = None
    ended: Ended | Verdict | None = None
    seconds: float | None = None

    @property
    def holds(self) -> bool:
        """Whether the row speaks for the device, or not against it."""
        return self.result in (Result.PASSED, Result.NOTED)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Where a device must have refused: after which of our PDUs, and the codes that the specification names."""

    after: frozenset[PduType]
    codes: frozenset[FailureCode] = frozenset()


REFUSALS = {
    Case.WRONG_KEY: Refusal(frozenset({PduType.RANDOM}), frozenset({FailureCode.CONFIRMATION_FAILED})),
    Case.OTHER_ALGORITHM: Refusal(frozenset({PduType.PUBLIC_KEY, PduType.CONFIRMATION, PduType.RANDOM})),
    Case.OTHER_LENGTH: Refusal(frozenset({PduType.CONFIRMATION}), frozenset({FailureCode.INVALID_FORMAT})),
    Case.WITHOUT_OOB: Refusal(frozenset({PduType.PUBLIC_KEY}), frozenset({FailureCode.INVALID_FORMAT})),
    Case.INVALID_PUBLIC_KEY: Refusal(
        frozenset({PduType.PUBLIC_KEY, PduType.CONFIRMATION}), frozenset({FailureCode.INVALID_FORMAT})
    ),
    Case.ZERO_PUBLIC_KEY: Refusal(
        frozenset({PduType.PUBLIC_KEY, PduType.CONFIRMATION}), frozenset({FailureCode.INVALID_FORMAT})
    ),
    Case.OUT_OF_ORDER: Refusal(frozenset({PduType.CONFIRMATION}), frozenset({FailureCode.UNEXPECTED_PDU})),
    Case.PLAYED_BACK: Refusal(
        frozenset({PduType.PUBLIC_KEY, PduType.CONFIRMATION, PduType.RANDOM}),
        frozenset({FailureCode.INVALID_FORMAT, FailureCode.CONFIRMATION_FAILED}),
    ),
}
"""A refusal with another code is one too, and noted. Whoever has the other algorithm refuses the made-up key, whoever
hasn't refuses the Start: both are right, but for CMAC where nothing but OOB authentication is wanted."""


def judge_refusal(case: Case, ended: Ended, capabilities: Capabilities) -> Row:
    """The row of a case in which the device must refuse."""
    wanted = REFUSALS[case]
    if case is Case.OTHER_ALGORITHM and _begins_with_cmac(ended, capabilities):
        return Row(case, Result.FAILED, Note.BEGINS_WITH_CMAC, ended)
    if ended.kind is Ending.ANSWERED:
        may = case is Case.WITHOUT_OOB and not capabilities.oob_type & OobType.ONLY_AUTHENTICATED
        return Row(case, Result.NOTED if may else Result.FAILED, Note.WITHOUT_OOB_TOO if may else Note.ANSWERED, ended)
    if ended.kind is not Ending.REFUSED or ended.after not in wanted.after:
        return Row(case, Result.FAILED, None, ended)
    if wanted.codes and ended.code not in wanted.codes:
        return Row(case, Result.NOTED, Note.OTHER_CODE, ended)
    return Row(case, Result.PASSED, None, ended)


def _begins_with_cmac(ended: Ended, capabilities: Capabilities) -> bool:
    """Of an exchange with the other algorithm: whether that was CMAC, and the device went beyond its Start, though it
    says that it wants OOB authentication alone."""
    strict = capabilities.oob_type & OobType.ONLY_AUTHENTICATED and capabilities.offers(Algorithm.HMAC)
    return bool(strict) and ended.after in (PduType.CONFIRMATION, PduType.RANDOM)


def judge_capabilities(capabilities: Capabilities | None) -> Row:
    """The row of what a device offers."""
    case = Case.CAPABILITIES
    if capabilities is None:
        return Row(case, Result.FAILED, Note.UNKNOWN_CAPABILITIES)
    if not capabilities.has_static_oob:
        return Row(case, Result.FAILED, Note.NO_STATIC_OOB)
    if not any(capabilities.offers(one) for one in Algorithm):
        return Row(case, Result.FAILED, Note.NO_ALGORITHM)
    if not capabilities.offers(Algorithm.HMAC):
        return Row(case, Result.NOTED, Note.ONLY_CMAC)
    if not capabilities.oob_type & OobType.ONLY_AUTHENTICATED:
        return Row(case, Result.NOTED, Note.WITHOUT_OOB_TOO)
    return Row(case, Result.PASSED)


def judge_proof(case: Case, verdict: Verdict) -> Row:
    """The row of an exchange with the unit's key."""
    return Row(case, Result.PASSED if verdict.proven else Result.FAILED, None, verdict)
