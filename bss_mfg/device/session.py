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
from bss_mfg.device.auth_value import auth_value_of
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

_STRONGEST_FIRST = Algorithm.HMAC, Algorithm.CMAC


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

    The Static OOB key is the session's from here on: it is wiped when the exchange ends. What the device offers chooses
    the algorithm: HMAC wherever there is it, since CMAC must not be used then (5.4.2.3). With CMAC whoever answers can
    compute the AuthValue (CVE-2020-26559); the specification would cut a longer key for it, and here that is not done.
    """

    def __init__(self, key: Secret, ephemerals: Ephemerals | None = None) -> None:
        self._key = key
        self._auth_value = Secret(b"")
        self._algorithm: Algorithm | None = None
        self._given = ephemerals
        self._invite = Invite()
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

    @property
    def algorithm(self) -> Algorithm | None:
        """What was chosen when the device had told its Capabilities; None: nothing yet, or there was no choice."""
        return self._algorithm

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
        algorithm = next((one for one in _STRONGEST_FIRST if capabilities.offers(one)), None)
        if algorithm is None:
            return self._end(VerdictKind.NO_ALGORITHM)
        if algorithm is Algorithm.CMAC and len(self._key) > algorithm.size:
            return self._end(VerdictKind.ONLY_CMAC)
        self._begin_with(algorithm)
        self._remarks = _remarks(capabilities, algorithm)
        self._capabilities = capabilities
        self._awaited = Awaited.PUBLIC_KEY
        return self._start, PublicKey(self._point)

    def _begin_with(self, algorithm: Algorithm) -> None:
        self._algorithm = algorithm
        self._start = Start(algorithm, AuthenticationMethod.STATIC_OOB)
        self._auth_value = auth_value_of(self._key, algorithm)
        self._own = self._given or Ephemerals.new(algorithm)
        self._point = crypto.public_point(self._own.private_key)

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
        for kind, mistaken in mistaken_keys(self._key, self._chosen):
            matches = self._is_confirmed_by(random, mistaken)
            mistaken.wipe()
            if matches:
                return self._end(kind)
        return self._end(VerdictKind.NOT_THIS_KEY)

    def _refused(self, failed: Failed) -> tuple[Pdu, ...]:
        wrong = self._awaited is Awaited.RANDOM and failed.code == FailureCode.CONFIRMATION_FAILED
        return self._end(VerdictKind.NOT_THIS_KEY if wrong else VerdictKind.REFUSED, failed.code)

    # --- what the steps are made of -------------------------------------------------------------------------------

    @property
    def _chosen(self) -> Algorithm:
        """The algorithm, of an exchange that has begun with one."""
        return Algorithm(self._start.algorithm)

    def _confirm(self, random: bytes, auth_value: Secret) -> bytes:
        key = crypto.ConfirmationKey.derive(self._chosen, self._inputs, self._shared, auth_value)
        confirmation = key.confirmation(random, auth_value)
        key.wipe()
        return confirmation

    def _is_confirmed_by(self, random: Random, auth_value: Secret) -> bool:
        """Whether the device's confirmation is that of its random and an AuthValue."""
        return hmac.compare_digest(self._confirm(random.value, auth_value), self._confirmation)

    def _check_size(self, value: bytes) -> None:
        """A confirmation or random is as long as its algorithm has them; the other's is malformed here."""
        if len(value) != self._chosen.size:
            raise MalformedPduError(f"{len(value)} bytes, where {self._chosen.name} has {self._chosen.size}")

    def _end(self, kind: VerdictKind, code: int | None = None) -> tuple[Pdu, ...]:
        """The verdict, once; secrets are wiped with it. There is nothing more to send."""
        if self._verdict is None:
            self._verdict = Verdict(kind, self._awaited, code, self._remarks)
            self._key.wipe()
            self._auth_value.wipe()
            self._shared.wipe()
        return ()


def _remarks(capabilities: Capabilities, algorithm: Algorithm) -> frozenset[Remark]:
    remarks = set()
    if not capabilities.oob_type & OobType.ONLY_AUTHENTICATED:
        remarks.add(Remark.WITHOUT_OOB_TOO)
    if algorithm is Algorithm.HMAC and capabilities.offers(Algorithm.CMAC):
        remarks.add(Remark.CMAC_TOO)
    if algorithm is Algorithm.CMAC:
        remarks.add(Remark.CMAC_ALONE)
    return frozenset(remarks)
