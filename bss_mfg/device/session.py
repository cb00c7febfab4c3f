"""The exchange from Invite to Random as a state machine (Bluetooth Mesh Protocol 1.1, 5.4.2): bytes in, bytes out.

It is the provisioner's side, and ends where the device has proven that it knows the AuthValue, before any provisioning
data. It knows no radio and no clock: whoever drives it sends what it says, tells it what came, that nothing came in
time or that the link is gone, and closes the link once there is a verdict.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import ec

from bss_mfg.device import crypto
from bss_mfg.device.key_mistakes import mistaken_keys
from bss_mfg.device.pdu import (
    COORDINATE_SIZE,
    Algorithm,
    AuthenticationMethod,
    Capabilities,
    Confirmation,
    Failed,
    FailureCode,
    Invite,
    MalformedPduError,
    OobType,
    Pdu,
    PublicKey,
    Random,
    Start,
    decode,
    encode,
)
from bss_mfg.device.verdict import Awaited, Remark, Verdict, VerdictKind
from bss_mfg.model import Secret


@dataclass(frozen=True, slots=True)
class Ephemerals:
    """What a side makes up for one exchange: its key pair and its random."""

    private_key: ec.EllipticCurvePrivateKey = field(repr=False)
    random: bytes = field(repr=False)

    @classmethod
    def new(cls, algorithm: Algorithm) -> Ephemerals:
        """From the system's generator."""
        return cls(crypto.new_private_key(), secrets.token_bytes(algorithm.size))


class ProofSession:
    """One exchange with one device.

    The AuthValue is the session's from here on: it is wiped when the exchange ends. Its length chooses the algorithm,
    as a Static OOB key of 16 bytes belongs to CMAC and one of 32 to HMAC; a longer key is never cut for a device
    that can't use it.
    """

    def __init__(self, auth_value: Secret, ephemerals: Ephemerals | None = None) -> None:
        self._algorithm = next(one for one in Algorithm if one.size == len(auth_value))
        self._auth_value = auth_value
        self._own = ephemerals or Ephemerals.new(self._algorithm)
        self._point = crypto.public_point(self._own.private_key)
        self._invite = Invite()
        self._start = Start(self._algorithm, AuthenticationMethod.STATIC_OOB)
        self._awaited = Awaited.CAPABILITIES
        self._capabilities = Capabilities()
        self._inputs = b""
        self._shared = Secret(b"")
        self._own_confirmation = b""
        self._confirmation = b""
        self._remarks: frozenset[Remark] = frozenset()
        self._verdict: Verdict | None = None

    @property
    def verdict(self) -> Verdict | None:
        """How the exchange ended; None while it goes on."""
        return self._verdict

    def begin(self) -> tuple[bytes, ...]:
        """What to send first."""
        return (encode(self._invite),)

    def receive(self, data: bytes) -> tuple[bytes, ...]:
        """What to send in answer to a PDU that came. After the end nothing is answered."""
        if self._verdict is not None:
            return ()
        try:
            pdu = decode(data)
            return tuple(encode(one) for one in self._answer(pdu))
        except crypto.BadPointError:
            self._end(VerdictKind.BAD_PUBLIC_KEY)
        except MalformedPduError:
            self._end(VerdictKind.MALFORMED)
        return ()

    def time_out(self) -> None:
        """Nothing came in time (the protocol gives up after 60 s, 5.4.4; a driver may be less patient)."""
        self._end(VerdictKind.NO_ANSWER)

    def lose_link(self) -> None:
        """The link is gone."""
        self._end(VerdictKind.LINK_LOST)

    # --- the steps ------------------------------------------------------------------------------------------------

    def _answer(self, pdu: Pdu) -> tuple[Pdu, ...]:
        match self._awaited, pdu:
            case _, Failed():
                return self._refused(pdu)
            case Awaited.CAPABILITIES, Capabilities():
                return self._choose(pdu)
            case Awaited.PUBLIC_KEY, PublicKey():
                return self._agree(pdu)
            case Awaited.CONFIRMATION, Confirmation():
                return self._disclose(pdu)
            case Awaited.RANDOM, Random():
                return self._judge(pdu)
            case _:
                return self._end(VerdictKind.UNEXPECTED_PDU)

    def _choose(self, capabilities: Capabilities) -> tuple[Pdu, ...]:
        if not capabilities.has_static_oob:
            other = capabilities.has_other_oob
            return self._end(VerdictKind.NO_STATIC_OOB if other else VerdictKind.ONLY_WITHOUT_OOB)
        if not capabilities.offers(self._algorithm):
            return self._end(_missing_algorithm(capabilities))
        self._remarks = _remarks(capabilities, self._algorithm)
        self._capabilities = capabilities
        self._awaited = Awaited.PUBLIC_KEY
        return self._start, PublicKey(self._point)

    def _agree(self, peer: PublicKey) -> tuple[Pdu, ...]:
        if peer.point[:COORDINATE_SIZE] == self._point[:COORDINATE_SIZE]:
            return self._end(VerdictKind.REFLECTION)
        self._shared = crypto.shared_secret(self._own.private_key, peer.point)
        self._inputs = crypto.confirmation_inputs(
            self._invite, self._capabilities, self._start, self._point, peer.point
        )
        self._own_confirmation = self._confirm(self._own.random, self._auth_value)
        self._awaited = Awaited.CONFIRMATION
        return (Confirmation(self._own_confirmation),)

    def _disclose(self, confirmation: Confirmation) -> tuple[Pdu, ...]:
        self._check_size(confirmation.value)
        if confirmation.value == self._own_confirmation:
            return self._end(VerdictKind.REFLECTION)
        self._confirmation = confirmation.value
        self._awaited = Awaited.RANDOM
        return (Random(self._own.random),)

    def _judge(self, random: Random) -> tuple[Pdu, ...]:
        self._check_size(random.value)
        if random.value == self._own.random:
            return self._end(VerdictKind.REFLECTION)
        if self._is_confirmed_by(random, self._auth_value):
            return self._end(VerdictKind.PROVEN)
        self._remarks |= {Remark.CHECKS_NOTHING}
        for kind, key in mistaken_keys(self._auth_value):
            matches = self._is_confirmed_by(random, key)
            key.wipe()
            if matches:
                return self._end(kind)
        return self._end(VerdictKind.NOT_THIS_KEY)

    def _refused(self, failed: Failed) -> tuple[Pdu, ...]:
        wrong = self._awaited is Awaited.RANDOM and failed.code == FailureCode.CONFIRMATION_FAILED
        return self._end(VerdictKind.NOT_THIS_KEY if wrong else VerdictKind.REFUSED, failed.code)

    # --- what the steps are made of -------------------------------------------------------------------------------

    def _confirm(self, random: bytes, auth_value: Secret) -> bytes:
        key = crypto.ConfirmationKey.derive(self._algorithm, self._inputs, self._shared, auth_value)
        confirmation = key.confirmation(random, auth_value)
        key.wipe()
        return confirmation

    def _is_confirmed_by(self, random: Random, auth_value: Secret) -> bool:
        """Whether the device's confirmation is that of its random and an AuthValue."""
        return hmac.compare_digest(self._confirm(random.value, auth_value), self._confirmation)

    def _check_size(self, value: bytes) -> None:
        """A confirmation or random is as long as its algorithm has them; the other's is malformed here."""
        if len(value) != self._algorithm.size:
            raise MalformedPduError(f"{len(value)} bytes, where {self._algorithm.name} has {self._algorithm.size}")

    def _end(self, kind: VerdictKind, code: int | None = None) -> tuple[Pdu, ...]:
        """The verdict, once; secrets are wiped with it. There is nothing more to send."""
        if self._verdict is None:
            self._verdict = Verdict(kind, self._awaited, code, self._remarks)
            self._auth_value.wipe()
            self._shared.wipe()
        return ()


def _missing_algorithm(capabilities: Capabilities) -> VerdictKind:
    """What it means that the key's algorithm isn't offered."""
    if capabilities.offers(Algorithm.CMAC):
        return VerdictKind.ONLY_CMAC
    return VerdictKind.ONLY_HMAC if capabilities.offers(Algorithm.HMAC) else VerdictKind.NO_ALGORITHM


def _remarks(capabilities: Capabilities, algorithm: Algorithm) -> frozenset[Remark]:
    remarks = set()
    if not capabilities.oob_type & OobType.ONLY_AUTHENTICATED:
        remarks.add(Remark.WITHOUT_OOB_TOO)
    if algorithm is Algorithm.HMAC and capabilities.offers(Algorithm.CMAC):
        remarks.add(Remark.CMAC_TOO)
    return frozenset(remarks)
