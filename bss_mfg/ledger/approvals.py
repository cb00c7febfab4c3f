"""What two persons sign: the text of an act, made of the very event that it will write; and their signatures of it."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bss_mfg.core import clock
from bss_mfg.core.text import count_words
from bss_mfg.core.untrusted import LIMITS, Reader
from bss_mfg.errors import RefusedError, ValueProblem
from bss_mfg.ledger.event_record import EventRecord
from bss_mfg.ledger.policies import TWO_PERSONS, Policy
from bss_mfg.transparency.ssh_signatures import signer_of

VALID_MINUTES = 24 * 60
"""For how long a request may be signed and used."""
_CLOCKS_DIFFER_MINUTES = 5
_FIRST_LINE = "bss-mfg request 1"
_MOST_SIGNATURES = LIMITS[Reader.SIGNATURE].items
_LINE = re.compile(r"([a-z ]+): (.*)")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@dataclass(frozen=True, slots=True)
class Approval:
    """A request as two persons signed it, and their signature files."""

    request: bytes
    signatures: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Asking:
    """Nothing is to be done: only the request is wanted, for two persons to sign."""


Consent = Approval | Asking | None
"""What comes with an act that two persons may have to sign; None: nothing."""


class ApprovalNeededError(RefusedError):
    """Two persons have to sign this act first: `request` is what they sign."""

    def __init__(self, act: str, request: str) -> None:
        super().__init__(
            f"two persons have to sign this act ({act})",
            way_out="Nothing was changed. Add --request FILE to the same command; two persons of the policy sign that "
            "file (`ssh-keygen -Y sign -n bss-mfg -f KEY < FILE > FILE.NAME.sig`); then the same command with "
            "--approved FILE and both signatures.",
        )
        self.act = act
        self.request = request

    def __reduce__(self) -> tuple[object, ...]:
        return (ApprovalNeededError, (self.act, self.request))


@dataclass(frozen=True, slots=True)
class Moment:
    """When a request is made or used, and where: by the ledger's own id, number and digest of its newest event then,
    and the digest of the policy in force."""

    ledger: str
    policy: str
    event: str
    at: str


@dataclass(frozen=True, slots=True)
class Request:
    """A request: the act, the batch (None: of none) and the event that the act will write; when and by whom it was
    asked, and its random mark."""

    act: str
    batch: str | None
    record: EventRecord
    moment: Moment
    asked_by: str
    mark: str

    @classmethod
    def new(cls, act: str, batch: str | None, record: EventRecord, moment: Moment, asked_by: str) -> Request:
        """One with a mark of its own."""
        return cls(act, batch, record, moment, asked_by, secrets.token_hex(16))

    @property
    def expires(self) -> str:
        """Until when it may be used."""
        return clock.later(self.moment.at, minutes=VALID_MINUTES)

    def __str__(self) -> str:
        """The text: a line for each value, JSON, in which nothing hides. Whoever signs it signs each of them."""
        said: dict[str, object] = {
            one.name: getattr(self.record, attribute)
            for attribute, one in self.record.keys_of_event.items()
            if attribute not in ("request", "approved_by")
        }
        lines: dict[str, object] = {
            "act": self.act,
            "batch": self.batch,
            **{name.replace("_", " "): value for name, value in said.items()},
            "ledger": self.moment.ledger,
            "policy": self.moment.policy,
            "history": self.moment.event,
            "asked by": self.asked_by,
            "asked at": self.moment.at,
            "expires": self.expires,
            "mark": self.mark,
        }
        return "\n".join([_FIRST_LINE, *(f"{name}: {_shown(value)}" for name, value in lines.items()), ""])


def request_digest(text: str) -> str:
    """By which an act's event names its request."""
    return hashlib.sha256(text.encode()).hexdigest()


def said_in(text: str) -> dict[str, str]:
    """The texts of a request's lines, by name; `ValueProblem` where it is none."""
    first, *lines = text.split("\n")
    found = [_LINE.fullmatch(line) for line in lines[:-1]]
    if first != _FIRST_LINE or not lines or lines[-1] or not all(found):
        raise ValueProblem("isn't a request of bss-mfg")
    said: dict[str, str] = {}
    for one in filter(None, found):
        value = _text_in(one[2])
        if one[1] in said:
            raise ValueProblem(f"says twice: {one[1]}")
        said[one[1]] = value
    for name in ("history", "asked by", "asked at", "mark"):
        if name not in said:
            raise ValueProblem(f"does not say: {name}")
    if not _MOMENT.fullmatch(said["asked at"]):
        raise ValueProblem("does not say when it was made")
    return said


def differences(signed: str, now: str) -> list[str]:
    """The lines of a request that are not those that would be signed now."""
    then, here = signed.split("\n"), now.split("\n")
    missing = [f"signed: {line}" for line in then if line not in here]
    return [*missing, *(f"now: {line}" for line in here if line not in then)]


def refuse_untimely(said: Mapping[str, str], now: str) -> None:
    """`ValueProblem` for a request from the future, or that has expired."""
    asked = said["asked at"]
    try:
        expires = clock.later(asked, minutes=VALID_MINUTES)
    except (ValueError, OverflowError):
        raise ValueProblem("does not say when it was made") from None
    if asked > clock.later(now, minutes=_CLOCKS_DIFFER_MINUTES):
        raise ValueProblem(f"was made at {asked}, and it is {now}")
    if now >= expires:
        raise ValueProblem(f"expired at {expires}, and it is {now}")


def signers(policy: Policy, text: str, signatures: Iterable[bytes]) -> dict[str, str]:
    """Fingerprints of the keys that signed a request, by the names of the persons; `ValueProblem` where one of the
    signatures is none of a person of the policy, or they are not of two persons at least."""
    given = list(signatures)
    if len(given) > _MOST_SIGNATURES:
        raise ValueProblem(f"has more than {_MOST_SIGNATURES} signatures")
    found: dict[str, str] = {}
    for number, signature in enumerate(given, 1):
        try:
            key = signer_of(signature, text.encode())
        except ValueProblem as error:
            raise ValueProblem(f"signature {number} {error}") from None
        person = policy.person_of(key)
        if person is None:
            raise ValueProblem(f"signature {number} is of a key that the policy doesn't name: {key.fingerprint}")
        if person in found:
            raise ValueProblem(f"signature {number} is of {person} once more")
        found[person] = key.fingerprint
    if len(found) < TWO_PERSONS:
        raise ValueProblem(f"is signed by {count_words(len(found), 'person')}, not by two")
    return found


def _shown(value: object) -> str:
    """JSON, with what can't be seen, or turns a line round, as its code; `none` for nothing."""
    if value is None:
        return "none"
    text = json.dumps(value, ensure_ascii=False)
    return "".join(one if one.isprintable() else json.dumps(one)[1:-1] for one in text)


def _text_in(shown: str) -> str:
    """A text that a line says; that of other values as it is shown."""
    try:
        value = json.loads(shown)
    except (ValueError, RecursionError):
        return shown
    return value if isinstance(value, str) else shown
