"""An exchange that departs from the protocol on purpose, to see what a device does: bytes in, bytes out.

It never has a unit's key: its AuthValue is made up for the one exchange. Like the session it knows no radio and no
clock. Bluetooth Mesh Protocol 1.1, 5.4.1 and 5.4.2.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from enum import StrEnum

from bss_mfg.device import crypto
from bss_mfg.device.pdu import (
    Algorithm,
    AuthenticationMethod,
    Capabilities,
    Confirmation,
    Failed,
    Invite,
    MalformedPduError,
    Pdu,
    PduType,
    PublicKey,
    Random,
    Start,
    decode,
    encode,
    type_of,
)
from bss_mfg.device.session import Ephemerals
from bss_mfg.model import Secret

_WAY = (PduType.INVITE, PduType.START, PduType.PUBLIC_KEY, PduType.CONFIRMATION, PduType.RANDOM)
"""The provisioner's PDUs in their order."""
_ANSWERS = {
    PduType.INVITE: PduType.CAPABILITIES,
    PduType.PUBLIC_KEY: PduType.PUBLIC_KEY,
    PduType.CONFIRMATION: PduType.CONFIRMATION,
    PduType.RANDOM: PduType.RANDOM,
}
"""What a device answers them with; a Start that it accepts has no answer."""


class Ending(StrEnum):
    """How a scripted exchange ended."""

    ANSWERED = "answered"
    """The device went along to the script's end."""
    REFUSED = "refused"
    """It sent Failed."""
    UNEXPECTED_PDU = "unexpected-pdu"
    MALFORMED = "malformed"
    NO_ANSWER = "no-answer"
    LINK_LOST = "link-lost"


@dataclass(frozen=True, slots=True)
class Ended:
    """How, after which of our PDUs, and the code of the device's Failed."""

    kind: Ending
    after: PduType
    code: int | None = None


@dataclass(frozen=True, slots=True)
class Script:
    """What is sent: everything as the protocol has it up to and with `until`, but for what is given. `skipped` is left
    out, so that what follows comes in its place; `point`, `confirmation` and `random` are sent as they are."""

    algorithm: Algorithm
    until: PduType = PduType.RANDOM
    method: AuthenticationMethod = AuthenticationMethod.STATIC_OOB
    skipped: PduType | None = None
    point: bytes | None = None
    confirmation: bytes | None = None
    random: bytes | None = None


class ScriptedExchange:
    """One exchange with one device by a script."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._key = Secret(secrets.token_bytes(script.algorithm.size))
        self._own = Ephemerals.new(script.algorithm)
        self._invite = Invite()
        self._start = Start(script.algorithm, script.method)
        self._point = script.point or crypto.public_point(self._own.private_key)
        self._capabilities = Capabilities()
        self._peer_point = b""
        self._shared = Secret(b"")
        way = _WAY[: _WAY.index(script.until) + 1]
        self._ahead = [kind for kind in way if kind is not script.skipped]
        self._last = self._ahead[0]
        self._verdict: Ended | None = None

    @property
    def verdict(self) -> Ended | None:
        """How it ended; None while it goes on."""
        return self._verdict

    def begin(self) -> tuple[bytes, ...]:
        """What to send first."""
        return self._next()

    def receive(self, data: bytes) -> tuple[bytes, ...]:
        """What to send in answer to a PDU that came. After the end nothing is answered."""
        if self._verdict is not None:
            return ()
        try:
            pdu = decode(data)
            if isinstance(pdu, Failed):
                self._end(Ending.REFUSED, pdu.code)
            elif type_of(pdu) is not _ANSWERS.get(self._last):
                self._end(Ending.UNEXPECTED_PDU)
            else:
                self._take(pdu)
                return self._next()
        except MalformedPduError:
            self._end(Ending.MALFORMED)
        return ()

    def time_out(self) -> None:
        """Nothing came in time."""
        self._end(Ending.NO_ANSWER)

    def lose_link(self) -> None:
        """The link is gone."""
        self._end(Ending.LINK_LOST)

    def _next(self) -> tuple[bytes, ...]:
        """Ours up to the next one that is answered; at the script's end there is a verdict."""
        sent: list[bytes] = []
        while self._ahead:
            self._last = self._ahead.pop(0)
            sent.append(encode(self._made(self._last)))
            if self._last in _ANSWERS:
                return tuple(sent)
        self._end(Ending.ANSWERED)
        return tuple(sent)

    def _made(self, kind: PduType) -> Pdu:
        match kind:
            case PduType.INVITE:
                return self._invite
            case PduType.START:
                return self._start
            case PduType.PUBLIC_KEY:
                return PublicKey(self._point)
            case PduType.CONFIRMATION:
                return Confirmation(self._script.confirmation or self._confirmation())
            case _:
                return Random(self._script.random or self._own.random)

    def _take(self, pdu: Pdu) -> None:
        size = self._script.algorithm.size
        match pdu:
            case Capabilities():
                self._capabilities = pdu
            case PublicKey():
                self._shared = crypto.shared_secret(self._own.private_key, pdu.point)
                self._peer_point = pdu.point
            case Confirmation() | Random() if len(pdu.value) != size:
                raise MalformedPduError(f"{len(pdu.value)} bytes, where the algorithm has {size}")

    def _confirmation(self) -> bytes:
        """Of the made-up key; bytes of chance where the two sides agreed on nothing."""
        if self._script.point or not self._peer_point:
            return secrets.token_bytes(self._script.algorithm.size)
        inputs = crypto.confirmation_inputs(
            self._invite, self._capabilities, self._start, self._point, self._peer_point
        )
        key = crypto.ConfirmationKey.derive(self._script.algorithm, inputs, self._shared, self._key)
        made = key.confirmation(self._own.random, self._key)
        key.wipe()
        return made

    def _end(self, kind: Ending, code: int | None = None) -> None:
        if self._verdict is None:
            self._verdict = Ended(kind, self._last, code)
            self._key.wipe()
            self._shared.wipe()
