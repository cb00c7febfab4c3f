"""A session and a simulated device talk to each other, over air that may lose, repeat and reorder."""

from __future__ import annotations

import hashlib
import random
import uuid
from collections import deque
from collections.abc import Callable, Iterable

from cryptography.hazmat.primitives.asymmetric import ec

from bss_mfg.device.pdu import Algorithm
from bss_mfg.device.provisionee import DeviceIdentity, Fault, Provisionee
from bss_mfg.device.session import Ephemerals, ProofSession
from bss_mfg.device.verdict import Verdict
from bss_mfg.model import Secret

DEVICE = uuid.UUID("70cf7c97-32a3-45b6-9149-4810d2e9cbf4")
KEY16 = bytes(range(1, 17))
KEY32 = hashlib.sha256(b"a key of 32 bytes").digest()
KEYS = {Algorithm.CMAC: KEY16, Algorithm.HMAC: KEY32}

Air = Callable[[bytes], Iterable[bytes]]
"""What becomes of a PDU on its way."""


def clear(data: bytes) -> Iterable[bytes]:
    return (data,)


def device(key: bytes, fault: Fault | None = None) -> Provisionee:
    return Provisionee(DeviceIdentity(DEVICE, Secret(key)), fault)


def ephemerals(source: random.Random, algorithm: Algorithm) -> Ephemerals:
    """Repeatable ones."""
    private = ec.derive_private_key(source.randrange(1, 1 << 255), ec.SECP256R1())
    return Ephemerals(private, source.randbytes(algorithm.size))


def exchange(session: ProofSession, peer: Provisionee, there: Air = clear, back: Air = clear) -> Verdict:
    """Until there is a verdict; when all is quiet, time is up. The link is closed."""
    arriving = deque(one for data in session.begin() for one in there(data))
    while session.verdict is None and arriving:
        answers = peer.receive(arriving.popleft())
        if peer.wants_to_end_link:
            session.lose_link()
        for answer in answers:
            for came in back(answer):
                arriving.extend(one for data in session.receive(came) for one in there(data))
    session.time_out()
    peer.end_link()
    assert session.verdict is not None
    return session.verdict
