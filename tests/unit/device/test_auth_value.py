"""The AuthValue that is made of a Static OOB key, and what firmware makes of it by mistake."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bss_mfg.device.auth_value import auth_value_of
from bss_mfg.device.key_mistakes import mistaken_keys
from bss_mfg.device.pdu import Algorithm
from bss_mfg.device.verdict import VerdictKind
from bss_mfg.model import Secret
from tests.helpers.air import KEY16, KEY32, WAYS

algorithms = st.sampled_from(Algorithm)


@given(key=st.binary(max_size=64), algorithm=algorithms)
def test_zeros_follow_a_short_key_and_a_long_one_is_trimmed_at_its_end(key: bytes, algorithm: Algorithm) -> None:
    given = Secret(key)
    made = auth_value_of(given, algorithm)
    assert made.reveal() == (key + bytes(32))[: algorithm.size]
    made.wipe()
    assert given == Secret(key)


def named(key: bytes, algorithm: Algorithm) -> dict[bytes, VerdictKind]:
    """The mistaken AuthValues, each with the first name that it is given."""
    found: dict[bytes, VerdictKind] = {}
    for kind, made in mistaken_keys(Secret(key), algorithm):
        found.setdefault(made.reveal(), kind)
    return found


@pytest.mark.parametrize(("key", "algorithm"), WAYS.values(), ids=WAYS)
def test_the_right_auth_value_is_no_mistake(key: bytes, algorithm: Algorithm) -> None:
    mistakes = named(key, algorithm)
    assert (key + bytes(16))[: algorithm.size] not in mistakes
    assert {len(made) for made in mistakes} == {algorithm.size}


ZEROS = bytes(16)
HALF = KEY32[:16]


@pytest.mark.parametrize(
    ("key", "algorithm", "used", "kind"),
    [
        (KEY16, Algorithm.HMAC, ZEROS + KEY16, VerdictKind.PADDED_KEY),
        (KEY16, Algorithm.HMAC, KEY16 + KEY16, VerdictKind.PADDED_KEY),
        (KEY16, Algorithm.HMAC, KEY16 + b"\xff" * 16, VerdictKind.PADDED_KEY),
        (KEY16, Algorithm.HMAC, KEY16[::-1] + ZEROS, VerdictKind.REVERSED_KEY),
        (KEY16, Algorithm.HMAC, ZEROS + KEY16[::-1], VerdictKind.REVERSED_KEY),
        (KEY16, Algorithm.HMAC, KEY16.hex().encode(), VerdictKind.TEXT_KEY),
        (KEY16, Algorithm.HMAC, KEY16.hex().upper().encode(), VerdictKind.TEXT_KEY),
        (KEY16, Algorithm.HMAC, KEY16.hex().encode()[:16] + ZEROS, VerdictKind.TEXT_KEY),
        (KEY16, Algorithm.HMAC, KEY16[:15] + bytes(17), VerdictKind.TRIMMED_KEY),
        (KEY16, Algorithm.HMAC, bytes(8) + KEY16[:8] + ZEROS, VerdictKind.TRIMMED_KEY),
        (KEY16, Algorithm.HMAC, bytes(24) + KEY16[8:], VerdictKind.TRIMMED_KEY),
        (KEY16, Algorithm.HMAC, bytes(32), VerdictKind.ZERO_KEY),
        (KEY16, Algorithm.CMAC, KEY16.hex().encode()[:16], VerdictKind.TEXT_KEY),
        (KEY16, Algorithm.CMAC, KEY16[::-1], VerdictKind.REVERSED_KEY),
        (KEY16, Algorithm.CMAC, bytes(1) + KEY16[:15], VerdictKind.TRIMMED_KEY),
        (KEY32, Algorithm.HMAC, HALF + ZEROS, VerdictKind.TRIMMED_KEY),
        (KEY32, Algorithm.HMAC, ZEROS + HALF, VerdictKind.TRIMMED_KEY),
        (KEY32, Algorithm.HMAC, ZEROS + KEY32[16:], VerdictKind.TRIMMED_KEY),
        (KEY32, Algorithm.HMAC, HALF + HALF, VerdictKind.TRIMMED_KEY),
        (KEY32, Algorithm.HMAC, HALF + b"\xff" * 16, VerdictKind.TRIMMED_KEY),
        (KEY32, Algorithm.HMAC, KEY32.hex().encode()[:32], VerdictKind.TEXT_KEY),
        (KEY32, Algorithm.HMAC, KEY32[::-1], VerdictKind.REVERSED_KEY),
    ],
)  # fmt: skip
def test_each_mistake_has_its_name(key: bytes, algorithm: Algorithm, used: bytes, kind: VerdictKind) -> None:
    assert named(key, algorithm)[used] is kind


@given(
    key=st.sampled_from([16, 32]).flatmap(lambda size: st.binary(min_size=size, max_size=size)), algorithm=algorithms
)
def test_the_mistakes_of_any_key_are_as_long_as_its_auth_value(key: bytes, algorithm: Algorithm) -> None:
    """Also of a key of zeros, and of one that would be cut."""
    kinds = named(key, algorithm)
    assert {len(made) for made in kinds} == {algorithm.size}
    assert (VerdictKind.PADDED_KEY in kinds.values()) <= (len(key) < algorithm.size)
