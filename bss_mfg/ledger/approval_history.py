"""Does the history hold what two persons signed? Each policy, and each act that the one in force then let them sign."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter

from bss_mfg.errors import ValueProblem
from bss_mfg.ledger.approvals import Moment, Request, differences, request_digest, said_in, signers
from bss_mfg.ledger.connection import Connection
from bss_mfg.ledger.events import (
    ActApproved,
    ApprovedEvent,
    BatchReopened,
    BatchRetired,
    KeyRepinned,
    KeysReleased,
    KeysReleasing,
    PolicySet,
    SpecConfirmed,
)
from bss_mfg.ledger.history import HistoryStore
from bss_mfg.ledger.policies import POLICY_SET, Act, Policy
from bss_mfg.ledger.settings import SettingsStore
from bss_mfg.ledger.tampering import LedgerPart, refuse_contradictions
from bss_mfg.model import Event

_ACTS: dict[type[ApprovedEvent], str] = {
    KeysReleasing: Act.KEYS_RELEASE,
    BatchRetired: Act.RETIRE,
    KeyRepinned: Act.REPIN,
    SpecConfirmed: Act.SPEC_CONFIRM,
    BatchReopened: Act.REOPEN,
    PolicySet: POLICY_SET,
}
"""The act whose event a record is of."""


@dataclass(frozen=True, slots=True)
class PolicySince:
    """A policy, and the number and digest (hex) of the event from which on it is in force."""

    policy: Policy
    event: int
    digest: str


def policies(history: HistoryStore, ledger: str) -> Iterator[PolicySince]:
    """The policies that were set, in order; `ValueProblem` at the first that two persons of the one before (of the
    first: two of its own) did not sign."""
    before: Policy | None = None
    approved: tuple[Event, ActApproved] | None = None
    for event, record in history.records_of((ActApproved, PolicySet), ""):
        if isinstance(record, ActApproved):
            approved = event, record
        elif isinstance(record, PolicySet):
            policy = _policy_of(record)
            _refuse_unsigned(before or policy, ledger, event, record, approved)
            before = policy
            yield PolicySince(policy, event.seq, event.digest)


def check_approvals(connection: Connection, history: HistoryStore) -> None:
    """`TamperedError` where an act was done that two persons had to sign, and didn't."""
    ledger = SettingsStore(connection).ledger_id()
    noted = SettingsStore(connection).policy_noted()
    what = "acts are not as two persons signed them"
    refuse_contradictions(_wrong_acts(history, ledger, noted), what, connection.where, LedgerPart.APPROVALS)


def _wrong_acts(history: HistoryStore, ledger: str, noted: str) -> Iterator[str]:
    policy: Policy | None = None
    last = ""
    approved: tuple[Event, ActApproved] | None = None
    marks: set[str] = set()
    for event, record in history.records_of((ActApproved, ApprovedEvent)):
        words = f"event {event.seq} ({event.kind}{f', batch {event.batch}' if event.batch else ''})"
        try:
            if isinstance(record, ActApproved):
                approved = event, record
                _refuse_second_use(said_in(record.text)["mark"], marks)
            elif isinstance(record, ApprovedEvent):
                new = _policy_of(record) if isinstance(record, PolicySet) else None
                signing = policy or new
                if signing and signing.demands(_ACTS[type(record)]):
                    _refuse_unsigned(signing, ledger, event, record, approved)
                elif record.request is not None:
                    raise ValueProblem("it says that two persons signed, and no policy let them")
                if new:
                    policy, last = new, f"{event.seq}:{event.digest}"
        except (ValueProblem, AttributeError, TypeError, KeyError) as error:
            yield f"{words}: {problem_words(error)}"
    if noted != last:
        yield "the policy in force is not the one that the ledger notes"


def _policy_of(record: PolicySet) -> Policy:
    return Policy.of(dict(record.persons), list(record.two_persons))


def problem_words(error: Exception) -> str:
    """What is wrong with what the history holds of two persons: in our own words, or that it is of other types."""
    return str(error) if isinstance(error, ValueProblem) else "it can't be read"


def _refuse_second_use(mark: str, marks: set[str]) -> None:
    if mark in marks:
        raise ValueProblem("what was signed was used twice")
    marks.add(mark)


def _refuse_unsigned(
    policy: Policy, ledger: str, event: Event, record: ApprovedEvent, approved: tuple[Event, ActApproved] | None
) -> None:
    """`ValueProblem` where two persons of a policy did not sign just this, by the event right before it."""
    if approved is None or approved[0].seq != event.seq - 1 or approved[0].batch != event.batch:
        raise ValueProblem("two persons had to sign it, and did not")
    text = approved[1].text
    signed_by = signers(policy, text, (one.encode() for one in approved[1].signatures.values()))
    said = said_in(text)
    moment = Moment(ledger, policy.digest, said["history"], said["asked at"])
    now = str(Request(_ACTS[type(record)], event.batch, record, moment, said["asked by"], said["mark"]))
    # A later version may have more to say of such an act: what it left out was not there.
    if any(not line.endswith(": none") for line in differences(text, now)):
        raise ValueProblem("it is not what two persons signed")
    if record.request != request_digest(text) or record.approved_by != signed_by:
        raise ValueProblem("it names others than those who signed it")


def refuse_unsigned(history: HistoryStore, ledger: str, event: Event, record: ApprovedEvent) -> None:
    """`ValueProblem` where two persons of the policy in force when an event was written did not sign it."""
    then = [one.policy for one in policies(history, ledger) if one.event < event.seq]
    found = history.records_of((ActApproved,), event.batch or "", after=event.seq - 2)
    approved = next(((one, signed) for one, signed in found if isinstance(signed, ActApproved)), None)
    if not then:
        raise ValueProblem("two persons had to sign it, and did not")
    _refuse_unsigned(then[-1], ledger, event, record, approved)


def is_signed(history: HistoryStore, ledger: str, event: Event, record: ApprovedEvent) -> bool:
    """Whether two persons signed an event, by the policy of its time."""
    try:
        refuse_unsigned(history, ledger, event, record)
    except (ValueProblem, AttributeError, TypeError, KeyError):
        return False
    return True


def is_left_of_release(history: HistoryStore, ledger: str, batch: str, number: int, left: KeysReleasing) -> bool:
    """Whether `left` is still to be written of a release that two persons signed."""
    found = next(((event, one) for event, one in history.records(KeysReleasing, batch) if event.seq == number), None)
    if found is None or not is_signed(history, ledger, *found):
        return False
    begun = found[1]
    where = attrgetter("path", "each", "format", "layout", "sealed_to", "reason")
    if where(begun) != where(left):
        return False
    if any(not any(first <= some[0] and some[1] <= last for first, last in begun.numbers) for some in left.numbers):
        return False
    return not any(one.intent == number and not one.left for _, one in history.records(KeysReleased, batch))
