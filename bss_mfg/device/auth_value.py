"""From a Static OOB key to the AuthValue of an algorithm (Bluetooth Mesh Protocol 1.1, 5.4.2.4.1)."""

from __future__ import annotations

from bss_mfg.device.pdu import Algorithm
from bss_mfg.model import Secret


def auth_value_of(key: Secret, algorithm: Algorithm) -> Secret:
    """The AuthValue of binary data: zeros follow a key that is shorter than the algorithm's size, a longer one loses
    its last bytes. A new secret, for the caller to wipe; nothing else is copied."""

    def fill(value: bytearray) -> None:
        key.feed(lambda data: _copy(data, value))

    return Secret.filled(algorithm.size, fill)


def _copy(data: bytearray, value: bytearray) -> None:
    """From the first byte on, as much as both have. A slice of a bytearray would be a copy that stays."""
    size = min(len(data), len(value))
    memoryview(value)[:size] = memoryview(data)[:size]
