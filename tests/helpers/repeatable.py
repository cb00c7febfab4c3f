"""Random keys that a failed test meets again.

What a test issues is random: each run draws other symbols and other keys, so a test that fails for one of them would
pass when it is run again. Here all that Python's own sources of randomness give comes from a seed and the test's name.
`BSS_MFG_TEST_SEED` sets another seed, `random` a new one each run. Processes that a test starts draw their own.
"""

from __future__ import annotations

import os
import random
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, x25519

_real = os.urandom


def chosen_seed() -> str:
    """Of this run, for all its processes; a run with a failed test tells it."""
    if os.environ.get("BSS_MFG_TEST_SEED") == "random":
        os.environ["BSS_MFG_TEST_SEED"] = secrets.token_hex(4)
    return os.environ.get("BSS_MFG_TEST_SEED", "0")


@dataclass
class RepeatableSource:
    """Bytes by a seed and by who asks. In a forked process they are the system's: two must not draw the same."""

    seed: str
    _process: int = field(default_factory=os.getpid)
    _stream: random.Random | None = None

    def bytes(self, count: int) -> bytes:
        if self._stream is None or os.getpid() != self._process:
            return _real(count)
        return self._stream.randbytes(count)

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        """All that is drawn meanwhile is drawn by this name; then by what it was before."""
        before, self._stream = self._stream, random.Random(f"{self.seed} {name}")
        try:
            yield
        finally:
            self._stream = before

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Under `secrets`, `uuid4` and the private keys that `cryptography` draws for elliptic curves."""
        patch.setattr(os, "urandom", self.bytes)
        patch.setattr(random, "_urandom", self.bytes)  # what `secrets` draws by
        patch.setattr(ec, "generate_private_key", self._curve_key)
        patch.setattr(x25519.X25519PrivateKey, "generate", self._x25519_key)

    def _curve_key(self, curve: ec.EllipticCurve, backend: object = None) -> ec.EllipticCurvePrivateKey:
        # A bit less than the curve has, so that it is always below the order of its group.
        number = (
            int.from_bytes(self.bytes((curve.key_size + 7) // 8)) >> (curve.key_size + 7) // 8 * 8 - curve.key_size + 1
        )
        return ec.derive_private_key(number or 1, curve)

    def _x25519_key(self) -> x25519.X25519PrivateKey:
        return x25519.X25519PrivateKey.from_private_bytes(self.bytes(32))
