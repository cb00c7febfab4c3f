"""A million random and mutated PDUs: every session ends, none with a proof, none with an exception."""

from __future__ import annotations

import pytest

from bss_mfg.device.pdu import Algorithm
from bss_mfg.device.verdict import VerdictKind
from tests.helpers.mutated_pdus import Fuzzer


@pytest.mark.parametrize("part", range(5))
@pytest.mark.parametrize("algorithm", Algorithm, ids=lambda one: one.name)
def test_a_million_pdus(algorithm: Algorithm, part: int) -> None:
    ends = Fuzzer(algorithm, seed=100 + part).run(100_000)
    assert VerdictKind.PROVEN not in ends
    assert ends.total() > 40_000
