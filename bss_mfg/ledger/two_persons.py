"""The store of the two-person policy: what the history says is in force, and the acts that two persons signed.

An act goes through `require`, in its own transaction: the request is written anew out of the event that the act is
about to write, and has to be the signed one byte for byte. What was signed is kept as an event right before the act's
own, so it is used once, and whoever has the history can verify all of it again.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from bss_mfg.core import clock
from bss_mfg.core.untrusted import LIMITS, Reader
from bss_mfg.errors import RefusedError, ValueProblem
from bss_mfg.ledger.approval_history import PolicySince, is_left_of_release, is_signed, policies, problem_words
from bss_mfg.ledger.approvals import (
    Approval,
    ApprovalNeededError,
    Asking,
    Consent,
    Moment,
    Request,
    differences,
    refuse_untimely,
    request_digest,
    said_in,
    signers,
)
from bss_mfg.ledger.connection import Connection
from bss_mfg.ledger.events import (
    ActApproved,
    ApprovedEvent,
    KeyRepinned,
    KeysReleasing,
    LedgerAdopted,
    LedgerRestored,
    PolicySet,
    SpecConfirmed,
)
from bss_mfg.ledger.history import HistoryStore
from bss_mfg.ledger.home import Home
from bss_mfg.ledger.policies import POLICY_SET, Act, Policy
from bss_mfg.ledger.policy_note import NotedPolicy, PolicyNote
from bss_mfg.ledger.settings import SettingsStore
from bss_mfg.ledger.tampering import LedgerPart, TamperedError
from bss_mfg.model import Actor, Event

Record = TypeVar("Record", bound=ApprovedEvent)
_MOST_LINES = 6
_SIGN = (
    "Nothing was changed. Two different persons of the policy sign the same file, and the same command names both "
    "signatures; `bss-mfg policy show` names the persons."
)
_AGAIN = "Nothing was changed. Ask for a new request: the same command with --request FILE."
_NOTED_WAY_OUT = (
    "Nothing was changed. This ledger is an older copy, or was changed by something other than bss-mfg: put the right "
    "one in its place. If it is to stay, set the same policy again: `bss-mfg policy set FILE`."
)


class TwoPersonStore:
    """Which acts two persons have to sign, and that they did."""

    def __init__(
        self, connection: Connection, history: HistoryStore, home: Home, note: PolicyNote, actor: Actor
    ) -> None:
        self._db = connection
        self._history = history
        self._home = home
        self._note = note
        self._actor = actor
        self._settings = SettingsStore(connection)

    def in_force(self) -> PolicySince | None:
        """The policy that the history says is in force; None where there never was one. `TamperedError` where it is not
        the one that two persons signed, and the ledger notes."""
        known = self._policies()
        found = known[-1] if known else None
        if self._settings.policy_noted() != (f"{found.event}:{found.digest}" if found else ""):
            raise self._tampered("the policy of two persons is not the one that the ledger notes")
        return found

    def lost(self) -> NotedPolicy | None:
        """A policy that was in force here and that this ledger doesn't know: it is an older copy, or was changed. An
        event with its number and digest alone says nothing: it has to be among the policies that two signed."""
        noted = self._note.read()
        if noted is None:
            return None
        known = {(one.event, one.digest) for one in self._policies()}
        return None if (noted.event, noted.digest) in known else noted

    def demands(self, act: str) -> bool:
        """Whether two persons have to sign an act here and now. `RefusedError` where a policy was lost."""
        found = self.in_force()
        if self.lost():
            raise self._lost_error()
        return bool(found and found.policy.demands(act))

    def set_policy(self, policy: Policy, consent: Consent) -> bool:
        """Let this be the policy from now on; False where it is already. Two persons of the one in force sign it; of
        the first policy two of its own, so nobody locks out all. Where one was lost, only that can be set again."""
        with self._db.transaction():
            before, lost = self.in_force(), self.lost()
            if lost and lost.policy != policy:
                raise self._lost_error()
            if not lost and before and before.policy == policy:
                self.refuse_asking(consent)
                return False
            record = PolicySet(persons=policy.lines, two_persons=sorted(policy.acts))
            signing = before.policy if before else policy
            done = self._approved(signing, POLICY_SET, None, record, consent)
            self._history.append(None, done)
            seq, digest = self._history.head()
            self._settings.note_policy(f"{seq}:{digest}")
        self.note(done)
        return True

    def check(self, act: Act, batch: str | None, record: ApprovedEvent, consent: Consent) -> None:
        """As `require`, before anything is begun: nothing is written down."""
        if (policy := self._demanding(act, consent)) is not None:
            self._weigh(policy, act, batch, record, consent)

    def require(self, act: Act, batch: str | None, record: Record, consent: Consent) -> Record:
        """The event that an act writes, with who signed it, where two persons have to; what they signed is written
        down. In the act's transaction. `ApprovalNeededError` where nobody signed, `RefusedError` where what was signed
        is not this."""
        if not self._db.in_transaction:
            raise RuntimeError("an act is approved in the transaction that does it")
        policy = self._demanding(act, consent)
        return record if policy is None else self._approved(policy, act, batch, record, consent)

    def note(self, done: ApprovedEvent) -> None:
        """After the act was committed: note beside the ledger which policy is in force and what was done last. An older
        copy in its place is told by that."""
        if done.request and (found := self.in_force()):
            self._note.write(NotedPolicy(found.policy, found.event, found.digest))
            self._home.note_issued()

    def refuse_asking(self, consent: Consent) -> None:
        """`RefusedError` where a request is wanted, and nothing is left to be signed."""
        if isinstance(consent, Asking):
            raise RefusedError(
                "nobody has to sign this: nothing is left to be done, or the policy doesn't ask for it",
                way_out="Nothing was changed. Leave out --request; `bss-mfg policy show` shows what has to be signed.",
            )

    def refuse_unsigned_pin(self, event: Event, record: KeyRepinned) -> None:
        """`TamperedError` where two persons had to sign that a product gets another key, and didn't sign this one."""
        then = [one.policy for one in self._policies() if one.event < event.seq]
        if self.lost():
            raise self._lost_error()
        if not then or not then[-1].demands(Act.REPIN):
            return
        if not is_signed(self._history, self._settings.ledger_id(), event, record):
            raise TamperedError(
                f"product {record.product} was bound to another key without the signatures of two persons",
                part=LedgerPart.APPROVALS,
                where=self._db.where,
            )

    def require_approved_spec(self, name: str, digest: str) -> None:
        """`RefusedError` where two persons have to confirm specs, and did not confirm this one as it is."""
        if not self.demands(Act.SPEC_CONFIRM):
            return
        confirmed = [
            (event, one)
            for event, one in self._history.records(SpecConfirmed, "")
            if one.request and (one.spec, one.digest) == (name, digest)
        ]
        ledger = self._settings.ledger_id()
        if not any(is_signed(self._history, ledger, event, one) for event, one in confirmed):
            raise RefusedError(
                "two persons have to confirm it, and did not confirm it as it is",
                where=f"spec {name}",
                way_out=f"Confirm it: `bss-mfg spec confirm {name} --request FILE`.",
            )

    def refuse_unapproved_release(self, batch: str, number: int, left: KeysReleasing) -> None:
        """`RefusedError` where what is `left` of a release that was cut off is not what two persons signed who have to,
        or where it was whole before."""
        if not self.demands(Act.KEYS_RELEASE):
            return
        self._history.verify()
        if not is_left_of_release(self._history, self._settings.ledger_id(), batch, number, left):
            raise RefusedError(
                "two persons have to sign what is released, and this was begun without them",
                where=f"batch {batch}",
                way_out="Nothing was written. Release the keys again, to another place: --again --reason TEXT "
                "--request FILE.",
            )

    def _policies(self) -> list[PolicySince]:
        """The policies that two persons signed, in order; `TamperedError` where the history holds another one."""
        try:
            return list(policies(self._history, self._settings.ledger_id()))
        except (ValueProblem, AttributeError, TypeError, KeyError) as error:
            what = problem_words(error)
            raise self._tampered(f"a policy of two persons in the history was changed: {what}") from None

    # --- what was signed ------------------------------------------------------------------------------------------

    def _demanding(self, act: Act, consent: Consent) -> Policy | None:
        """The policy in force, where it lets two persons sign this act."""
        found = self.in_force()
        if self.lost():
            raise self._lost_error()
        if found and found.policy.demands(act):
            return found.policy
        self.refuse_asking(consent)
        if isinstance(consent, Approval):
            raise RefusedError(
                f"no policy in force lets two persons sign this ({act})",
                way_out="Nothing was changed. Leave out --approved and --signature; `bss-mfg policy show` shows more.",
            )
        return None

    def _lost_error(self) -> RefusedError:
        return RefusedError(
            "a policy of two persons was in force here, and this ledger doesn't know it",
            where=self._db.where,
            way_out=_NOTED_WAY_OUT,
        )

    def _tampered(self, what: str) -> TamperedError:
        return TamperedError(what, part=LedgerPart.SETTINGS, where=self._db.where)

    def _approved(self, policy: Policy, act: str, batch: str | None, record: Record, consent: Consent) -> Record:
        """The event, signed by two persons of a policy; what they signed is written down."""
        done = self._weigh(policy, act, batch, record, consent)
        self._history.append(batch, done)
        signed_by = signers(policy, done.text, (one.encode() for one in done.signatures.values()))
        return record.with_values(request=request_digest(done.text), approved_by=signed_by)

    def _weigh(
        self, policy: Policy, act: str, batch: str | None, record: ApprovedEvent, consent: Consent
    ) -> ActApproved:
        """What two persons signed, where it is this act, here and now."""
        self._history.verify()
        self._home.refuse_copy()
        seq, digest = self._history.head()
        moment = Moment(self._settings.ledger_id(), policy.digest, f"{seq}:{digest}", self._now())
        if not isinstance(consent, Approval):
            asked = Request.new(act, batch, record, moment, self._actor.operator)
            raise ApprovalNeededError(act, str(asked))
        try:
            text = self._signed_text(consent)
            said = said_in(text)
            self._refuse_other_history(said["history"])
            signed = Moment(moment.ledger, moment.policy, said["history"], said["asked at"])
            refuse_untimely(said, moment.at)
            now = str(Request(act, batch, record, signed, said["asked by"], said["mark"]))
        except ValueProblem as error:
            raise self._refusal(str(error)) from None
        if now != text:
            raise self._refusal("is not what would be done now", differences(text, now)[:_MOST_LINES])
        mark = text.rstrip("\n").rpartition("\n")[2]  # its last line, as it was just written anew
        if any(str(one.text).endswith(f"\n{mark}\n") for one in self._uses(batch)):
            raise self._refusal("was used before: it is good for once")
        try:
            signed_by = signers(policy, text, consent.signatures)
        except ValueProblem as error:  # the request itself is good still
            raise RefusedError(str(error), where="the signed request", way_out=_SIGN) from None
        return ActApproved(act=act, text=text, signatures=self._by_person(policy, consent, signed_by))

    def _by_person(self, policy: Policy, consent: Approval, signed_by: dict[str, str]) -> dict[str, str]:
        """The signatures by the names of the persons, who are in the order in which they were given."""
        return {name: signature.decode("ascii") for name, signature in zip(signed_by, consent.signatures, strict=True)}

    def _signed_text(self, consent: Approval) -> str:
        if len(consent.request) > LIMITS[Reader.REQUEST].size:
            raise ValueProblem("is too large to be a request")
        try:
            return consent.request.decode("utf-8")
        except UnicodeDecodeError:
            raise ValueProblem("isn't a request of bss-mfg") from None

    def _refuse_other_history(self, said: str) -> None:
        """`ValueProblem` where a request was made of another history than this one, or before a copy took its place:
        what was signed may have been done in the one that was here."""
        number, _, digest = said.partition(":")
        if (
            not number.isascii()
            or not number.isdigit()
            or len(number) > 15
            or self._history.digest_of(int(number)) != digest
        ):
            raise ValueProblem("was made of another history than this ledger's")
        newest = max(
            (event.seq for event, _ in self._history.records_of((LedgerRestored, LedgerAdopted), "")), default=0
        )
        if int(number) < newest:
            raise ValueProblem("was made before this ledger was restored or adopted")

    def _uses(self, batch: str | None) -> Iterator[ActApproved]:
        return (record for _, record in self._history.records(ActApproved, batch or ""))

    def _now(self) -> str:
        """The time, which never runs back behind the history: a clock that is put back makes no request good again."""
        rows = self._db.rows("SELECT at FROM event ORDER BY seq DESC LIMIT 1")
        return max(clock.now(), *(str(at) for (at,) in rows))

    def _refusal(self, what: str, problems: list[str] | None = None) -> RefusedError:
        return RefusedError(what, where="the signed request", problems=problems or (), way_out=_AGAIN)
