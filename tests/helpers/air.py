"""A session and a simulated device talk to each other, over air that may lose, repeat and reorder."""

from __future__ import annotations

import hashlib
import random
import uuid
from collections import deque
from collections.abc import Callable, Iterable

from cryptography.hazmat.primitives.asymmetric import ec

from bss_mfg.device.pdu import Algorithm, Capabilities, OobType
from bss_mfg.device.provisionee import DeviceIdentity, Fault, Provisionee
from bss_mfg.device.session import Ephemerals, ProofSession
from bss_mfg.device.verdict import Verdict
from bss_mfg.model import Secret

DEVICE = uuid.UUID("70cf7c97-32a3-45b6-9149-4810d2e9cbf4")
KEY16 = bytes(range(1, 17))
KEY32 = hashlib.sha256(b"a key of 32 bytes").digest()
WAYS = {
    "16-bytes-cmac": (KEY16, Algorithm.CMAC),
    "16-bytes-hmac": (KEY16, Algorithm.HMAC),
    "32-bytes-hmac": (KEY32, Algorithm.HMAC),
}
"""Keys that are used with each algorithm."""

Air = Callable[[bytes], Iterable[bytes]]
"""What becomes of a PDU on its way."""


def clear(data: bytes) -> Iterable[bytes]:
    return (data,)


def offering(*algorithms: Algorithm) -> Capabilities:
    """What a device as the specification says tells that has its key and these algorithms. With CMAC it can't refuse
    what comes without OOB authentication."""
    strict = OobType.NONE if Algorithm.CMAC in algorithms else OobType.ONLY_AUTHENTICATED
    return Capabilities(algorithms=sum(1 << one for one in set(algorithms)), oob_type=OobType.STATIC | strict)


def device(
    key: bytes, fault: Fault | None = None, *algorithms: Algorithm, own: Ephemerals | None = None
) -> Provisionee:
    """With HMAC alone, where no algorithms are given."""
    capabilities = offering(*algorithms or (Algorithm.HMAC,))
    return Provisionee(DeviceIdentity(DEVICE, Secret(key), capabilities=capabilities), fault, own)


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
