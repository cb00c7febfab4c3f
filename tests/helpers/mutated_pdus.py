"""Random and mutated PDUs into the session: as many as asked for, from one seed."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator

from bss_mfg.device.pdu import Algorithm
from bss_mfg.device.session import Ephemerals, ProofSession
from bss_mfg.device.verdict import VerdictKind
from bss_mfg.model import Secret
from tests.helpers.air import WAYS, device, ephemerals, exchange

_DEPTHS = (0,) * 30 + (1,) * 12 + (2,) * 7 + (3,)
"""How often which PDU of four is the first that is not as the device sent it. A wrong random takes a hundred
confirmations to judge."""


class Fuzzer:
    """Sessions of one algorithm, whose random values are always the same: so what a good device once said can be played
    to each of them, up to the PDU that is changed."""

    def __init__(self, algorithm: Algorithm, seed: int) -> None:
        self._random = random.Random(seed)
        self._key = next(key for key, used_with in WAYS.values() if used_with is algorithm)
        self._own: Ephemerals = ephemerals(self._random, algorithm)
        self._good: list[bytes] = []

        def record(pdu: bytes) -> list[bytes]:
            self._good.append(pdu)
            return [pdu]

        peer = device(self._key, None, algorithm, own=ephemerals(self._random, algorithm))
        assert exchange(self._session(), peer, back=record).proven
        assert len(self._good) == 4

    def run(self, count: int) -> Counter[VerdictKind]:
        """How the sessions ended that `count` wrong PDUs were given to, each looked at before its session had ended."""
        ends: Counter[VerdictKind] = Counter()
        given = 0
        while given < count:
            session = self._session()
            depth = self._random.choice(_DEPTHS)
            for pdu in self._good[:depth]:
                session.receive(pdu)
            assert session.verdict is None
            for pdu in self._wrong(depth):
                session.receive(pdu)
                given += 1
                if session.verdict is not None:
                    break
            session.time_out()
            assert session.verdict is not None
            ends[session.verdict.kind] += 1
        return ends

    def _session(self) -> ProofSession:
        session = ProofSession(Secret(self._key), self._own)
        session.begin()
        return session

    def _wrong(self, depth: int) -> Iterator[bytes]:
        """A first PDU that is not the device's, then any."""
        first = self._any(depth)
        while first == self._good[depth]:
            first = self._any(depth)
        yield first
        for at in range(depth + 1, 4):
            yield self._good[at] if self._random.random() < 0.4 else self._any(at)

    def _any(self, at: int) -> bytes:
        kind = self._random.randrange(8)
        if kind == 0:
            return self._random.randbytes(self._random.randrange(80))
        if kind == 1:
            return bytes([self._random.randrange(12)]) + self._random.randbytes(self._random.choice((0, 1, 11, 16, 64)))
        if kind == 2:
            return self._random.choice(self._good)
        changed = bytearray(self._good[at])
        if kind == 3:
            del changed[self._random.randrange(len(changed)) :]
        elif kind == 4:
            changed += self._random.randbytes(self._random.randrange(1, 5))
        else:
            for _ in range(self._random.randrange(1, 4)):
                changed[self._random.randrange(len(changed))] ^= 1 << self._random.randrange(8)
        return bytes(changed)
