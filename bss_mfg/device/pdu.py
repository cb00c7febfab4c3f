"""Provisioning PDUs up to the proof (Bluetooth Mesh Protocol 1.1, 5.4.1): between bytes and records.

Multi-byte numbers are big-endian (3.1.1). Bits and values that are reserved for future use are kept as they came: a
receiver ignores them (1.3.1.1), and the confirmation is over all bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum, IntFlag

from bss_mfg.errors import ValueProblem

COORDINATE_SIZE = 32
"""Bytes of a coordinate of a point on P-256."""


class MalformedPduError(ValueProblem):
    """Bytes from the air that are no PDU of its kind."""


class PduType(IntEnum):
    """The first byte of a provisioning PDU (5.4.1)."""

    INVITE = 0
    CAPABILITIES = 1
    START = 2
    PUBLIC_KEY = 3
    INPUT_COMPLETE = 4
    CONFIRMATION = 5
    RANDOM = 6
    DATA = 7
    COMPLETE = 8
    FAILED = 9


class Algorithm(IntEnum):
    """A provisioning algorithm as Start names it (5.4.1.3); Capabilities have the bit of this number (5.4.1.2)."""

    CMAC = 0
    """BTM_ECDH_P256_CMAC_AES128_AES_CCM."""
    HMAC = 1
    """BTM_ECDH_P256_HMAC_SHA256_AES_CCM, since Mesh Protocol 1.1."""

    @property
    def size(self) -> int:
        """Bytes of its AuthValue, random and confirmation (5.4.1.6, 5.4.1.7, 5.4.2.4)."""
        return 16 if self is Algorithm.CMAC else 32


class OobType(IntFlag):
    """What Capabilities say of static OOB (5.4.1.2)."""

    NONE = 0
    STATIC = 1
    """Static OOB information is available."""
    ONLY_AUTHENTICATED = 2
    """The device refuses to be provisioned without OOB authentication."""


class AuthenticationMethod(IntEnum):
    """How Start asks the device to authenticate (5.4.1.3)."""

    NO_OOB = 0
    STATIC_OOB = 1
    OUTPUT_OOB = 2
    INPUT_OOB = 3


class FailureCode(IntEnum):
    """Why a device ended the exchange (5.4.1.10)."""

    PROHIBITED = 0
    INVALID_PDU = 1
    INVALID_FORMAT = 2
    UNEXPECTED_PDU = 3
    CONFIRMATION_FAILED = 4
    OUT_OF_RESOURCES = 5
    DECRYPTION_FAILED = 6
    UNEXPECTED_ERROR = 7
    CANNOT_ASSIGN_ADDRESSES = 8
    INVALID_DATA = 9


@dataclass(frozen=True, slots=True)
class Invite:
    """The provisioner asks for Capabilities (5.4.1.1); the device draws attention for so many seconds."""

    attention: int = 0

    @property
    def parameters(self) -> bytes:
        """The bytes after the type."""
        return bytes([self.attention])


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a device can do (5.4.1.2): number of elements, algorithms as bits, types, sizes and actions of OOB."""

    elements: int = 1
    algorithms: int = 1 << Algorithm.CMAC
    public_key_type: int = 0
    oob_type: int = OobType.NONE
    output_size: int = 0
    output_actions: int = 0
    input_size: int = 0
    input_actions: int = 0

    _FORM = ">BHBBBHBH"

    @property
    def parameters(self) -> bytes:
        """The bytes after the type."""
        return struct.pack(
            self._FORM,
            self.elements,
            self.algorithms,
            self.public_key_type,
            self.oob_type,
            self.output_size,
            self.output_actions,
            self.input_size,
            self.input_actions,
        )

    @classmethod
    def read(cls, parameters: bytes) -> Capabilities:
        """From 11 bytes; `MalformedPduError` for a device without elements."""
        capabilities = cls(*struct.unpack(cls._FORM, parameters))
        if not capabilities.elements:
            raise MalformedPduError("Capabilities of a device without elements")
        return capabilities

    def offers(self, algorithm: Algorithm) -> bool:
        """Whether the device has an algorithm."""
        return bool(self.algorithms >> algorithm & 1)

    @property
    def has_static_oob(self) -> bool:
        """Whether the device says that it has a Static OOB key."""
        return bool(self.oob_type & OobType.STATIC)

    @property
    def has_other_oob(self) -> bool:
        """Whether it can be authenticated by a number that somebody reads or types."""
        return bool((self.output_size and self.output_actions) or (self.input_size and self.input_actions))


@dataclass(frozen=True, slots=True)
class Start:
    """The provisioner's choice (5.4.1.3). Numbers and not kinds, since a device may be sent any."""

    algorithm: int
    method: int
    public_key: int = 0
    action: int = 0
    size: int = 0

    @property
    def parameters(self) -> bytes:
        """The bytes after the type."""
        return bytes([self.algorithm, self.public_key, self.method, self.action, self.size])

    @classmethod
    def read(cls, parameters: bytes) -> Start:
        """From 5 bytes."""
        algorithm, public_key, method, action, size = parameters
        return cls(algorithm, method, public_key, action, size)


@dataclass(frozen=True, slots=True)
class PublicKey:
    """X and Y of a public key on P-256, 32 bytes each (5.4.1.4). Whether it is on the curve, `crypto` asks."""

    point: bytes

    @property
    def parameters(self) -> bytes:
        """The bytes after the type."""
        return self.point


@dataclass(frozen=True, slots=True)
class Confirmation:
    """Commits its sender to a random that it tells later (5.4.1.6)."""

    value: bytes

    @property
    def parameters(self) -> bytes:
        """The bytes after the type."""
        return self.value


@dataclass(frozen=True, slots=True)
class Random:
    """Opens the confirmation (5.4.1.7)."""

    value: bytes

    @property
    def parameters(self) -> bytes:
        """The bytes after the type."""
        return self.value


@dataclass(frozen=True, slots=True)
class Failed:
    """The device ends the exchange (5.4.1.10)."""

    code: int

    @property
    def parameters(self) -> bytes:
        """The bytes after the type."""
        return bytes([self.code])


@dataclass(frozen=True, slots=True)
class LaterPdu:
    """A PDU that has no place before the proof: input complete, provisioning data, complete. It is told by its type."""

    type: PduType
    parameters: bytes


Pdu = Invite | Capabilities | Start | PublicKey | Confirmation | Random | Failed | LaterPdu

_TYPES: dict[type, PduType] = {
    Invite: PduType.INVITE,
    Capabilities: PduType.CAPABILITIES,
    Start: PduType.START,
    PublicKey: PduType.PUBLIC_KEY,
    Confirmation: PduType.CONFIRMATION,
    Random: PduType.RANDOM,
    Failed: PduType.FAILED,
}

_READERS: dict[PduType, tuple[tuple[int, ...], Callable[[bytes], Pdu]]] = {
    PduType.INVITE: ((1,), lambda data: Invite(data[0])),
    PduType.CAPABILITIES: ((11,), Capabilities.read),
    PduType.START: ((5,), Start.read),
    PduType.PUBLIC_KEY: ((2 * COORDINATE_SIZE,), PublicKey),
    PduType.INPUT_COMPLETE: ((0,), lambda data: LaterPdu(PduType.INPUT_COMPLETE, data)),
    PduType.CONFIRMATION: ((16, 32), Confirmation),
    PduType.RANDOM: ((16, 32), Random),
    PduType.DATA: ((33,), lambda data: LaterPdu(PduType.DATA, data)),
    PduType.COMPLETE: ((0,), lambda data: LaterPdu(PduType.COMPLETE, data)),
    PduType.FAILED: ((1,), lambda data: Failed(data[0])),
}
"""For each type, how many bytes may follow it, and what makes a record of them."""

LONGEST_PDU = 1 + 2 * COORDINATE_SIZE
"""Bytes of the longest PDU before the proof: a public key."""


def type_of(pdu: Pdu) -> PduType:
    """The type of a PDU."""
    return pdu.type if isinstance(pdu, LaterPdu) else _TYPES[type(pdu)]


def encode(pdu: Pdu) -> bytes:
    """A PDU as it is sent."""
    return bytes([type_of(pdu)]) + pdu.parameters


def decode(data: bytes) -> Pdu:
    """The PDU that came; `MalformedPduError` for an unknown type or a wrong length."""
    if not data:
        raise MalformedPduError("a PDU of 0 bytes")
    try:
        kind = PduType(data[0])
    except ValueError:
        raise MalformedPduError(f"a PDU of the unknown type {data[0]}") from None
    sizes, read = _READERS[kind]
    parameters = bytes(data[1:])
    if len(parameters) not in sizes:
        raise MalformedPduError(f"{len(parameters)} bytes after the type of {kind.name}, which has {sizes[-1]}")
    return read(parameters)
