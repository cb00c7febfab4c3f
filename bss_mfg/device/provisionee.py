"""A device to test with: the other side of the exchange, as the specification says or with a fault.

Bluetooth Mesh Protocol 1.1, 5.4.2 and 5.4.4. Like the session it knows no radio and no clock. It has as much of
provisioning as a check needs: whoever sends provisioning data is told that it failed.
"""

from __future__ import annotations

import hmac
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from bss_mfg.device import crypto
from bss_mfg.device.auth_value import auth_value_of
from bss_mfg.device.beacon import Beacon
from bss_mfg.device.pdu import (
    COORDINATE_SIZE,
    Algorithm,
    AuthenticationMethod,
    Capabilities,
    Confirmation,
    Failed,
    FailureCode,
    Invite,
    LaterPdu,
    MalformedPduError,
    OobType,
    Pdu,
    PduType,
    PublicKey,
    Random,
    Start,
    decode,
    encode,
)
from bss_mfg.device.session import Ephemerals
from bss_mfg.model import Secret
from bss_mfg.oob_information import OobInformation


class Fault(StrEnum):
    """What a simulated device does wrong."""

    OTHER_KEY = "other-key"
    TRIMMED_KEY = "trimmed-key"
    REVERSED_KEY = "reversed-key"
    PADDED_KEY = "padded-key"
    """It puts zeros before a key that is shorter than the AuthValue."""
    TEXT_KEY = "text-key"
    ZERO_KEY = "zero-key"
    UNCHECKED_OTHER_KEY = "unchecked-other-key"
    """Another key, and it checks no confirmation."""
    UNCHECKED_TRIMMED_KEY = "unchecked-trimmed-key"
    UNCHECKED_REVERSED_KEY = "unchecked-reversed-key"
    UNCHECKED_PADDED_KEY = "unchecked-padded-key"
    UNCHECKED_TEXT_KEY = "unchecked-text-key"
    UNCHECKED_ZERO_KEY = "unchecked-zero-key"
    REFLECTED_PUBLIC_KEY = "reflected-public-key"
    REFLECTED_CONFIRMATION = "reflected-confirmation"
    BAD_PUBLIC_KEY = "bad-public-key"
    ONLY_CMAC = "only-cmac"
    NO_ALGORITHM = "no-algorithm"
    NO_STATIC_OOB = "no-static-oob"
    ONLY_WITHOUT_OOB = "only-without-oob"
    OTHER_RANDOM = "other-random"
    """The random that it tells isn't the one of its confirmation."""
    OUT_OF_RESOURCES = "out-of-resources"
    REPEATED_CAPABILITIES = "repeated-capabilities"
    CUT_CAPABILITIES = "cut-capabilities"
    """One byte of them is missing."""
    CUT_CONFIRMATION = "cut-confirmation"
    """Half of it is missing."""
    SILENT = "silent"
    SILENT_AFTER_CONFIRMATION = "silent-after-confirmation"
    ENDS_LINK = "ends-link"
    """It ends the link in place of its public key."""
    SWAPPED_UUID = "swapped-uuid"
    ZERO_UUID = "zero-uuid"
    OTHER_OOB_INFORMATION = "other-oob-information"
    """It says that its OOB information is elsewhere than it is."""
    SILENT_AFTER_CHECK = "silent-after-check"
    """It no longer advertises once a link was closed."""
    ACCEPTS_BAD_PUBLIC_KEY = "accepts-bad-public-key"
    """It goes on with a public key that is no point of the curve."""
    ACCEPTS_OTHER_LENGTH = "accepts-other-length"
    """It takes a Confirmation of another length than its algorithm has."""
    ACCEPTS_WITHOUT_OOB = "accepts-without-oob"
    """It says that it refuses provisioning without OOB, and doesn't."""
    ACCEPTS_CMAC = "accepts-cmac"
    """It says the same, and begins with CMAC."""
    ACCEPTS_ANY_ORDER = "accepts-any-order"
    """It takes a Confirmation in place of the public key."""
    SAME_PUBLIC_KEY = "same-public-key"
    """One key pair for all exchanges."""
    SAME_RANDOM = "same-random"
    """One random for all exchanges."""
    KEEPS_STATE = "keeps-state"
    """After a link that was cut it waits for what would have come next."""


ONLY_THE_TABLE_SEES = frozenset(
    {
        Fault.ACCEPTS_BAD_PUBLIC_KEY,
        Fault.ACCEPTS_OTHER_LENGTH,
        Fault.ACCEPTS_WITHOUT_OOB,
        Fault.ACCEPTS_CMAC,
        Fault.ACCEPTS_ANY_ORDER,
        Fault.SAME_PUBLIC_KEY,
        Fault.SAME_RANDOM,
        Fault.KEEPS_STATE,
    }
)
"""Faults of a device that proves its key to whoever keeps to the protocol."""
_UNDER_WAY = (Start, PublicKey, Confirmation, Random)
"""What is expected in the middle of an exchange."""

_UNCHECKED = {
    Fault.UNCHECKED_OTHER_KEY: Fault.OTHER_KEY,
    Fault.UNCHECKED_TRIMMED_KEY: Fault.TRIMMED_KEY,
    Fault.UNCHECKED_REVERSED_KEY: Fault.REVERSED_KEY,
    Fault.UNCHECKED_PADDED_KEY: Fault.PADDED_KEY,
    Fault.UNCHECKED_TEXT_KEY: Fault.TEXT_KEY,
    Fault.UNCHECKED_ZERO_KEY: Fault.ZERO_KEY,
}


STRICT = Capabilities(algorithms=1 << Algorithm.HMAC, oob_type=OobType.STATIC | OobType.ONLY_AUTHENTICATED)
"""Of a device that gives its key away to nobody: HMAC alone, and nothing without its Static OOB key."""


@dataclass(frozen=True, slots=True)
class DeviceIdentity:
    """What was flashed: Device UUID, Static OOB key, where the device says that its OOB information is, and what it
    offers."""

    uuid: uuid.UUID
    key: Secret
    oob_information: OobInformation = OobInformation.NONE
    capabilities: Capabilities = STRICT


class Provisionee:
    """A simulated device with one link at a time. Its key stays with it until `wipe`."""

    def __init__(self, identity: DeviceIdentity, fault: Fault | None = None, ephemerals: Ephemerals | None = None):
        self._identity = identity
        self._unchecked = fault in _UNCHECKED
        self._fault = _UNCHECKED.get(fault, fault) if fault else None
        self._auth_value = Secret(b"")
        self._fixed = ephemerals
        self._first: Ephemerals | None = None
        self._links = 0
        self._begin()

    @property
    def beacon(self) -> Beacon | None:
        """What it advertises; None where it advertises nothing."""
        if self._fault is Fault.SILENT_AFTER_CHECK and self._links:
            return None
        shown = self._identity.uuid
        if self._fault is Fault.SWAPPED_UUID:
            shown = uuid.UUID(bytes=shown.bytes[::-1])
        elif self._fault is Fault.ZERO_UUID:
            shown = uuid.UUID(int=0)
        oob_information = self._identity.oob_information
        if self._fault is Fault.OTHER_OOB_INFORMATION:
            oob_information ^= OobInformation.OTHER
        return Beacon(shown, oob_information)

    @property
    def wants_to_end_link(self) -> bool:
        """Whether it ends the link of itself."""
        return self._ends_link

    def receive(self, data: bytes) -> tuple[bytes, ...]:
        """What it sends in answer to a PDU that came."""
        if self._fault is Fault.SILENT:
            return ()
        try:
            answer = self._answer(decode(data))
        except crypto.BadPointError:
            answer = self._fail(FailureCode.INVALID_FORMAT)
        except MalformedPduError:
            known = bool(data) and data[0] <= max(PduType)
            answer = self._fail(FailureCode.INVALID_FORMAT if known else FailureCode.INVALID_PDU)
        return tuple(self._as_sent(encode(one)) for one in answer)

    def end_link(self) -> None:
        """The link was closed: the device is unprovisioned as before."""
        self._links += 1
        if self._fault is not Fault.KEEPS_STATE or self._expects not in _UNDER_WAY:
            self._begin()

    def wipe(self) -> None:
        """Overwrite its keys."""
        self._auth_value.wipe()
        self._identity.key.wipe()

    # --- the exchange ---------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        self._expects: type | None = Invite
        self._ends_link = False
        self._invite = Invite()
        self._capabilities = _offered(self._identity.capabilities, self._fault)
        self._peer_confirmation = b""

    def _answer(self, pdu: Pdu) -> tuple[Pdu, ...]:
        """After a failure nothing is expected any more, until the link is closed (5.4.4)."""
        if self._fault is Fault.ACCEPTS_ANY_ORDER and isinstance(pdu, Confirmation) and self._expects is PublicKey:
            return (Confirmation(Ephemerals.new(self._algorithm).random),)
        if self._expects is None or not isinstance(pdu, self._expects):
            return self._fail(FailureCode.UNEXPECTED_PDU)
        match pdu:
            case Invite():
                return self._introduce(pdu)
            case Start():
                return self._choose(pdu)
            case PublicKey():
                return self._agree(pdu)
            case Confirmation():
                return self._commit(pdu)
            case Random():
                return self._disclose(pdu)
            case _:  # provisioning data, whose rest isn't simulated
                return self._fail(FailureCode.DECRYPTION_FAILED)

    def _introduce(self, invite: Invite) -> tuple[Pdu, ...]:
        if self._fault is Fault.OUT_OF_RESOURCES:
            return self._fail(FailureCode.OUT_OF_RESOURCES)
        self._invite = invite
        self._expects = Start
        repeats = 2 if self._fault is Fault.REPEATED_CAPABILITIES else 1
        return (self._capabilities,) * repeats

    def _choose(self, start: Start) -> tuple[Pdu, ...]:
        if start.method not in set(self._methods()) or start.algorithm not in set(self._algorithms()):
            return self._fail(FailureCode.INVALID_FORMAT)
        self._start = start
        self._algorithm = Algorithm(start.algorithm)
        self._auth_value = self._used_auth_value(start.method)
        self._own = self._fixed or self._new_ephemerals()
        self._point = crypto.public_point(self._own.private_key)
        self._expects = PublicKey
        return ()

    def _methods(self) -> Iterator[AuthenticationMethod]:
        """How it lets itself be authenticated."""
        if self._capabilities.has_static_oob:
            yield AuthenticationMethod.STATIC_OOB
        if not self._is_strict or self._fault is Fault.ACCEPTS_WITHOUT_OOB:
            yield AuthenticationMethod.NO_OOB

    def _algorithms(self) -> Iterator[Algorithm]:
        """What it begins with: whoever wants nothing without OOB authentication takes CMAC for an error."""
        if self._capabilities.offers(Algorithm.HMAC):
            yield Algorithm.HMAC
        if self._capabilities.offers(Algorithm.CMAC) and not (
            self._is_strict and self._fault is not Fault.ACCEPTS_CMAC
        ):
            yield Algorithm.CMAC

    @property
    def _is_strict(self) -> bool:
        return bool(self._capabilities.oob_type & OobType.ONLY_AUTHENTICATED)

    def _used_auth_value(self, method: int) -> Secret:
        """Right or wrong."""
        if method == AuthenticationMethod.NO_OOB:
            return auth_value_of(Secret(b""), self._algorithm)
        if self._fault is Fault.PADDED_KEY:
            return Secret(self._identity.key.reveal().rjust(self._algorithm.size, b"\0")[: self._algorithm.size])
        return auth_value_of(_used_key(self._identity.key, self._fault), self._algorithm)

    def _agree(self, peer: PublicKey) -> tuple[Pdu, ...]:
        if peer.point == self._point:
            return self._fail(FailureCode.INVALID_FORMAT)
        try:
            shared = crypto.shared_secret(self._own.private_key, peer.point)
        except crypto.BadPointError:
            if self._fault is not Fault.ACCEPTS_BAD_PUBLIC_KEY:
                raise
            shared = Secret(bytes(COORDINATE_SIZE))
        inputs = crypto.confirmation_inputs(self._invite, self._capabilities, self._start, peer.point, self._point)
        self._confirmation_key = crypto.ConfirmationKey.derive(self._algorithm, inputs, shared, self._auth_value)
        shared.wipe()
        self._expects = Confirmation
        if self._fault is Fault.ENDS_LINK:
            self._ends_link = True
            return ()
        if self._fault is Fault.REFLECTED_PUBLIC_KEY:
            return (peer,)
        if self._fault is Fault.BAD_PUBLIC_KEY:
            return (PublicKey(self._point[:-1] + bytes([self._point[-1] ^ 1])),)
        return (PublicKey(self._point),)

    def _commit(self, confirmation: Confirmation) -> tuple[Pdu, ...]:
        if len(confirmation.value) != self._algorithm.size and self._fault is not Fault.ACCEPTS_OTHER_LENGTH:
            return self._fail(FailureCode.INVALID_FORMAT)
        self._peer_confirmation = confirmation.value
        self._expects = Random
        if self._fault is Fault.SILENT_AFTER_CONFIRMATION:
            return ()
        if self._fault is Fault.REFLECTED_CONFIRMATION:
            return (confirmation,)
        return (Confirmation(self._confirmation_key.confirmation(self._own.random, self._auth_value)),)

    def _new_ephemerals(self) -> Ephemerals:
        new = Ephemerals.new(self._algorithm)
        self._first = self._first or new
        if self._fault is Fault.SAME_PUBLIC_KEY:
            return Ephemerals(self._first.private_key, new.random)
        if self._fault is Fault.SAME_RANDOM:
            return Ephemerals(new.private_key, self._first.random)
        return new

    def _disclose(self, random: Random) -> tuple[Pdu, ...]:
        if len(random.value) != self._algorithm.size:
            return self._fail(FailureCode.INVALID_FORMAT)
        expected = self._confirmation_key.confirmation(random.value, self._auth_value)
        if not self._unchecked and not hmac.compare_digest(expected, self._peer_confirmation):
            return self._fail(FailureCode.CONFIRMATION_FAILED)
        self._expects = LaterPdu
        if self._fault is Fault.OTHER_RANDOM:
            return (Random(Ephemerals.new(self._algorithm).random),)
        return (Random(self._own.random),)

    def _fail(self, code: FailureCode) -> tuple[Pdu, ...]:
        self._expects = None
        return (Failed(code),)

    def _as_sent(self, data: bytes) -> bytes:
        if self._fault is Fault.CUT_CAPABILITIES and data[0] == PduType.CAPABILITIES:
            return data[:-1]
        if self._fault is Fault.CUT_CONFIRMATION and data[0] == PduType.CONFIRMATION:
            return data[: -len(data) // 2]
        return data


def _offered(good: Capabilities, fault: Fault | None) -> Capabilities:
    match fault:
        case Fault.ONLY_CMAC:
            return replace(good, algorithms=1 << Algorithm.CMAC, oob_type=OobType.STATIC)
        case Fault.ACCEPTS_CMAC:
            return replace(good, algorithms=1 << Algorithm.CMAC | 1 << Algorithm.HMAC)
        case Fault.NO_ALGORITHM:
            return replace(good, algorithms=0)
        case Fault.NO_STATIC_OOB:
            return replace(good, oob_type=OobType.NONE, output_size=4, output_actions=8)
        case Fault.ONLY_WITHOUT_OOB:
            return replace(good, oob_type=OobType.NONE)
        case _:
            return good


def _used_key(key: Secret, fault: Fault | None) -> Secret:
    """The key that the device uses in place of its unit's."""
    data = key.reveal()
    size = len(data)
    match fault:
        case Fault.OTHER_KEY:
            return Secret(bytes(255 - one for one in data))
        case Fault.TRIMMED_KEY:
            return Secret(data[: size // 2].ljust(size, b"\0"))
        case Fault.REVERSED_KEY:
            return Secret(data[::-1])
        case Fault.TEXT_KEY:
            return Secret(data.hex().encode("ascii"))
        case Fault.ZERO_KEY:
            return Secret(bytes(size))
        case _:
            return Secret(data)
