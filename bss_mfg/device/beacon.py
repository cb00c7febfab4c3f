"""What an unprovisioned device advertises: service data of PB-GATT and unprovisioned device beacons of PB-ADV.

Bluetooth Mesh Protocol 1.1: service data in 7.1.2.2.1, beacons in 3.10.2. Multi-byte numbers in both are big-endian.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from enum import StrEnum

from bss_mfg.errors import ValueProblem
from bss_mfg.oob_information import OobInformation

PROVISIONING_SERVICE = 0x1827
"""The Mesh Provisioning Service, whose service data a connectable device advertises."""
DATA_IN = 0x2ADB
"""The characteristic to which PDUs are written (7.1.3.1)."""
DATA_OUT = 0x2ADC
"""The characteristic that notifies of PDUs (7.1.3.2)."""

_SERVICE_DATA_SIZE = 18
_UNPROVISIONED = 0
"""The beacon type of an unprovisioned device (3.10)."""
_BEACON_SIZES = (1 + _SERVICE_DATA_SIZE, 1 + _SERVICE_DATA_SIZE + 4)


class UuidFault(StrEnum):
    """What is wrong of a Device UUID by itself."""

    ZERO = "zero"
    ALL_ONES = "all-ones"


@dataclass(frozen=True, slots=True)
class Beacon:
    """What a device says of itself before it is provisioned. `uri_hash` are the first 4 bytes of s1 of its URI."""

    uuid: uuid.UUID
    oob_information: OobInformation = OobInformation.NONE
    uri_hash: bytes | None = None

    @classmethod
    def from_service_data(cls, data: bytes) -> Beacon:
        """From the service data of 0x1827, without that number; `ValueProblem` where it hasn't 18 bytes."""
        if len(data) != _SERVICE_DATA_SIZE:
            raise ValueProblem(f"service data of the Mesh Provisioning Service with {len(data)} bytes, not 18")
        return cls(uuid.UUID(bytes=bytes(data[:16])), OobInformation(int.from_bytes(data[16:], "big")))

    @classmethod
    def from_mesh_beacon(cls, data: bytes) -> Beacon | None:
        """From a mesh beacon (AD type 0x2B); None for that of a network, `ValueProblem` for a wrong length."""
        if not data or data[0] != _UNPROVISIONED:
            return None
        if len(data) not in _BEACON_SIZES:
            raise ValueProblem(f"an unprovisioned device beacon with {len(data)} bytes, not 19 or 23")
        shown = cls.from_service_data(data[1 : 1 + _SERVICE_DATA_SIZE])
        return cls(shown.uuid, shown.oob_information, bytes(data[1 + _SERVICE_DATA_SIZE :]) or None)

    @property
    def service_data(self) -> bytes:
        """As the service data of 0x1827."""
        return self.uuid.bytes + self.oob_information.to_bytes(2, "big")

    @property
    def mesh_beacon(self) -> bytes:
        """As a mesh beacon (AD type 0x2B)."""
        return bytes([_UNPROVISIONED]) + self.service_data + (self.uri_hash or b"")


def uuid_fault(shown: uuid.UUID) -> UuidFault | None:
    """What is wrong of a Device UUID whoever issued it: memory that was never written, or erased flash."""
    if not shown.int:
        return UuidFault.ZERO
    return UuidFault.ALL_ONES if shown.int == (1 << 128) - 1 else None


def swapped(shown: uuid.UUID) -> tuple[uuid.UUID, ...]:
    """The UUIDs that firmware meant which has the bytes in another order: all of them reversed, or as Windows keeps a
    GUID (its first three fields little-endian)."""
    return uuid.UUID(bytes=shown.bytes[::-1]), uuid.UUID(bytes=shown.bytes_le)
