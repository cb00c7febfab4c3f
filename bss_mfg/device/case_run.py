"""The test table run on one device over a radio."""

from __future__ import annotations

import secrets
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from bss_mfg.device.case_exchange import Ended, Ending, Script, ScriptedExchange
from bss_mfg.device.case_table import (
    CUTS,
    PROOFS,
    REFUSALS,
    Case,
    Note,
    Result,
    Row,
    judge_capabilities,
    judge_proof,
    judge_refusal,
)
from bss_mfg.device.check import Patience, converse, find
from bss_mfg.device.pdu import (
    COORDINATE_SIZE,
    Algorithm,
    AuthenticationMethod,
    Capabilities,
    Confirmation,
    MalformedPduError,
    PduType,
    PublicKey,
    Random,
    decode,
)
from bss_mfg.device.radio import Link, Radio, Sighting
from bss_mfg.device.session import ProofSession
from bss_mfg.device.verdict import Verdict
from bss_mfg.model import Secret
from bss_mfg.oob_information import OobInformation

EXCHANGES = len(PROOFS) + len(REFUSALS) + 2 * len(CUTS)
"""How many links the table opens: after each cut, the device is invited once more."""
_COMPARED = (PduType.PUBLIC_KEY, PduType.CONFIRMATION, PduType.RANDOM)


class LostSightError(Exception):
    """The device no longer advertises, so nothing more can be asked of it."""


@dataclass(frozen=True, slots=True)
class ProofTime:
    """Seconds from the first look to an advertisement, from there to the link, and from the Invite to the proof."""

    find: float
    connect: float
    exchange: float

    @property
    def whole(self) -> float:
        """From the device's being seen to the proof."""
        return self.connect + self.exchange


@dataclass(frozen=True, slots=True)
class TableOutcome:
    """What the table found: the device as it was first seen (None: it wasn't), what it offers, a row for each case, the
    verdict of the last proof, and how long each proof took."""

    sighting: Sighting | None
    uuid_swapped: bool
    capabilities: Capabilities | None
    rows: tuple[Row, ...]
    verdict: Verdict | None = None
    times: tuple[ProofTime, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether nothing was missed and everything was run."""
        return all(row.holds for row in self.rows)

    @property
    def oob_differs(self) -> bool:
        """Whether it showed other OOB information than it should."""
        return any(row.note is Note.OTHER_OOB_INFORMATION for row in self.rows)

    @property
    def unprovisioned_after(self) -> bool:
        """Whether it advertised after each exchange."""
        return any(row.case is Case.STILL_ADVERTISING and row.holds for row in self.rows)


@dataclass(frozen=True, slots=True)
class TableRequest:
    """What is tested: a unit's Device UUID, the way to its key, and who is told before the first exchange. `limit`: how
    many seconds a proof may take, from the device's being seen; None: it is only told. `oob_expected`: the OOB
    information that it should show (None: any)."""

    device: uuid.UUID
    open_key: Callable[[], Secret]
    begin: Callable[[], None] = lambda: None
    oob_expected: OobInformation | None = None
    limit: float | None = None
    patience: Patience = field(default_factory=Patience)
    progress: Callable[[Case], None] = lambda case: None


async def run_table(radio: Radio, request: TableRequest) -> TableOutcome:
    """Every case, one link after the other. No provisioning data is sent."""
    start = time.monotonic()
    sighting = await find(radio, request.device, request.patience.find)
    if sighting is None:
        rest = [Row(case, Result.NOT_RUN, Note.NOT_SEEN) for case in Case if case is not Case.ADVERTISING]
        rows = (Row(Case.ADVERTISING, Result.FAILED, Note.NOT_SEEN), *rest)
        return TableOutcome(None, False, None, rows)
    request.begin()
    run = _Run(radio, request, sighting, time.monotonic() - start)
    with suppress(LostSightError):
        await run.ask_all()
    return run.outcome()


class _Heard:
    """A link with an ear: what both sides sent of an exchange, and when it began and ended. Of a proof it is kept for
    the comparison alone and shown nowhere: with CMAC, it holds the key."""

    def __init__(self) -> None:
        self._link: Link | None = None
        self.sent: dict[PduType, bytes] = {}
        self.came: dict[PduType, bytes] = {}
        self.capabilities: Capabilities | None = None
        self.connected_at: float | None = None
        self.ended_at = 0.0

    def tap(self, link: Link) -> Link:
        self._link = link
        self.connected_at = time.monotonic()
        return self

    async def send(self, pdu: bytes) -> None:
        assert self._link  # noqa: S101  (tapped before)
        self.sent[PduType(pdu[0])] = pdu[1:]
        await self._link.send(pdu)

    async def receive(self) -> bytes:
        assert self._link  # noqa: S101  (tapped before)
        data = await self._link.receive()
        self.ended_at = time.monotonic()
        try:
            match decode(data):
                case Capabilities() as capabilities:
                    self.capabilities = capabilities
                case PublicKey() | Confirmation() | Random() as pdu:
                    self.came[PduType(data[0])] = pdu.parameters
        except MalformedPduError:
            pass  # whoever leads the exchange says so
        return data

    @property
    def reflected(self) -> bool:
        return any(kind in self.came and self.came[kind] == self.sent.get(kind) for kind in _COMPARED)


class _Run:
    """A table on its way: what was found of the device so far."""

    def __init__(self, radio: Radio, request: TableRequest, sighting: Sighting, found_after: float) -> None:
        self._radio = radio
        self._request = request
        self._first = self._sighting = sighting
        self._found_after = found_after
        self._rows: dict[Case, Row] = {}
        self._heard: list[_Heard] = []
        self._times: list[ProofTime] = []
        self._verdict: Verdict | None = None
        self._lost = False
        self._slowest_return = 0.0
        self._algorithm: Algorithm | None = None

    # --- the exchanges --------------------------------------------------------------------------------------------

    async def ask_all(self) -> None:
        """Every exchange of the table, in its order."""
        first = await self._prove(Case.RIGHT_KEY)
        capabilities, algorithm = first.capabilities, self._algorithm
        self._rows[Case.CAPABILITIES] = judge_capabilities(capabilities)
        if capabilities and algorithm is not None:
            for case, script in self._scripts(first, algorithm):
                await self._refuse(case, script, capabilities)
            for case, until in CUTS.items():
                await self._cut(case, Script(algorithm, until))
            await self._prove(Case.RIGHT_KEY_AGAIN)
        else:
            for case in (*REFUSALS, *CUTS, Case.RIGHT_KEY_AGAIN):
                self._rows[case] = Row(case, Result.NOT_RUN, Note.NOT_USABLE)

    def _scripts(self, proof: _Heard, own: Algorithm) -> Sequence[tuple[Case, Script]]:
        other = next(one for one in Algorithm if one is not own)
        key = PduType.PUBLIC_KEY
        scripts = {
            Case.WRONG_KEY: Script(own),
            Case.OTHER_ALGORITHM: Script(other),
            Case.OTHER_LENGTH: Script(own, PduType.CONFIRMATION, confirmation=secrets.token_bytes(other.size)),
            Case.WITHOUT_OOB: Script(own, key, AuthenticationMethod.NO_OOB),
            Case.INVALID_PUBLIC_KEY: Script(own, PduType.CONFIRMATION, point=bytes(2 * COORDINATE_SIZE - 1) + b"\1"),
            Case.ZERO_PUBLIC_KEY: Script(own, PduType.CONFIRMATION, point=bytes(2 * COORDINATE_SIZE)),
            Case.OUT_OF_ORDER: Script(own, PduType.CONFIRMATION, skipped=key),
        }
        if all(kind in proof.came for kind in _COMPARED):
            point, confirmation, random = (proof.came[kind] for kind in _COMPARED)
            scripts[Case.PLAYED_BACK] = Script(own, point=point, confirmation=confirmation, random=random)
        else:
            self._rows[Case.PLAYED_BACK] = Row(Case.PLAYED_BACK, Result.NOT_RUN, Note.NOT_PROVEN)
        return list(scripts.items())

    async def _prove(self, case: Case) -> _Heard:
        self._request.progress(case)
        session = ProofSession(self._request.open_key())
        heard = _Heard()
        start = time.monotonic()
        await converse(self._radio, self._sighting, session, self._request.patience, heard.tap)
        self._heard.append(heard)
        self._algorithm = session.algorithm
        if session.verdict is None:
            raise RuntimeError("an exchange ended without a verdict")
        self._verdict = session.verdict
        if session.verdict.proven and heard.connected_at is not None:
            connect, exchange = heard.connected_at - start, heard.ended_at - heard.connected_at
            self._times.append(ProofTime(self._found_after, connect, exchange))
        await self._see_again(judge_proof(case, session.verdict))
        return heard

    async def _refuse(self, case: Case, script: Script, capabilities: Capabilities) -> None:
        ended = await self._follow(case, script)
        await self._see_again(judge_refusal(case, ended, capabilities))

    async def _cut(self, case: Case, script: Script) -> None:
        """Close the link in the middle, and see that a new one begins anew."""
        ended = await self._follow(case, script)
        row = Row(case, Result.PASSED if ended.kind is Ending.ANSWERED else Result.FAILED, None, ended)
        await self._see_again(row)
        again = await self._follow(case, Script(script.algorithm, PduType.INVITE))
        if again.kind is not Ending.ANSWERED and row.holds:
            row = Row(case, Result.FAILED, Note.NO_INVITE_AFTER, again)
        await self._see_again(row)

    async def _follow(self, case: Case, script: Script) -> Ended:
        self._request.progress(case)
        exchange, heard = ScriptedExchange(script), _Heard()
        await converse(self._radio, self._sighting, exchange, self._request.patience, heard.tap)
        if case is not Case.PLAYED_BACK:  # there it is we who send what was the device's
            self._heard.append(heard)
        if exchange.verdict is None:
            raise RuntimeError("an exchange ended without a verdict")
        return exchange.verdict

    async def _see_again(self, row: Row) -> None:
        """Look that the device advertises after its exchange; it is needed for the next one too."""
        start = time.monotonic()
        sighting = await find(self._radio, self._request.device, self._request.patience.find)
        self._found_after = time.monotonic() - start
        if sighting is None:
            self._rows[row.case] = row
            self._lost = True
            raise LostSightError
        self._slowest_return = max(self._slowest_return, self._found_after)
        self._rows[row.case] = Row(row.case, row.result, row.note, row.ended, self._found_after)
        self._sighting = sighting

    # --- what they say together -----------------------------------------------------------------------------------

    def outcome(self) -> TableOutcome:
        """All rows, those of the whole last."""
        is_swapped = self._first.beacon.uuid != self._request.device
        self._rows[Case.ADVERTISING] = self._judge_beacon()
        self._rows[Case.NEW_EACH_TIME] = self._compare()
        reflected = any(heard.reflected for heard in self._heard)
        self._rows[Case.REFLECTION] = (
            Row(Case.REFLECTION, Result.FAILED, Note.REFLECTED)
            if reflected
            else Row(Case.REFLECTION, *self._nothing_came(PduType.PUBLIC_KEY))
        )
        self._rows[Case.STILL_ADVERTISING] = (
            Row(Case.STILL_ADVERTISING, Result.FAILED, Note.NOT_SEEN_AGAIN)
            if self._lost
            else Row(Case.STILL_ADVERTISING, Result.PASSED, seconds=self._slowest_return)
        )
        self._rows[Case.TIME_TO_PROOF] = self._judge_time()
        rows = tuple(self._rows.get(case, Row(case, Result.NOT_RUN, Note.NOT_SEEN_AGAIN)) for case in Case)
        offered = next((heard.capabilities for heard in self._heard if heard.capabilities), None)
        return TableOutcome(self._first, is_swapped, offered, rows, self._verdict, tuple(self._times))

    def _judge_beacon(self) -> Row:
        shown, expected = self._first.beacon, self._request.oob_expected
        if shown.uuid != self._request.device:
            return Row(Case.ADVERTISING, Result.FAILED, Note.SWAPPED_UUID)
        if expected not in (None, shown.oob_information):
            return Row(Case.ADVERTISING, Result.FAILED, Note.OTHER_OOB_INFORMATION)
        return Row(Case.ADVERTISING, Result.PASSED)

    def _nothing_came(self, kind: PduType) -> tuple[Result, Note | None]:
        if any(kind in heard.came for heard in self._heard):
            return Result.PASSED, None
        return Result.NOT_RUN, Note.NOTHING_TO_COMPARE

    def _compare(self) -> Row:
        case = Case.NEW_EACH_TIME
        for kind, note in ((PduType.PUBLIC_KEY, Note.SAME_PUBLIC_KEY), (PduType.RANDOM, Note.SAME_RANDOM)):
            came = [heard.came[kind] for heard in self._heard if kind in heard.came and not heard.reflected]
            if len(set(came)) < len(came):
                return Row(case, Result.FAILED, note)
        proven = sum(PduType.RANDOM in heard.came for heard in self._heard)
        return Row(case, Result.PASSED) if proven > 1 else Row(case, Result.NOT_RUN, Note.NOTHING_TO_COMPARE)

    def _judge_time(self) -> Row:
        case = Case.TIME_TO_PROOF
        if not self._times:
            return Row(case, Result.NOT_RUN, Note.NOT_PROVEN)
        slowest = max(one.whole for one in self._times)
        if self._request.limit is None:
            return Row(case, Result.NOTED, Note.NO_LIMIT, seconds=slowest)
        if slowest > self._request.limit:
            return Row(case, Result.FAILED, Note.TOO_SLOW, seconds=slowest)
        return Row(case, Result.PASSED, seconds=slowest)
