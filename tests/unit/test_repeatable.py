"""A test that fails for some key fails again."""

from __future__ import annotations

import os
import secrets
import uuid
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, x25519

from bss_mfg.credentials import new_oob_key, new_uuid
from tests.helpers.repeatable import RepeatableSource


def drawn(seed: str, name: str) -> list[Any]:
    with pytest.MonkeyPatch.context() as patch:
        source = RepeatableSource(seed)
        source.install(patch)
        with source.of(name):
            return [
                *(new_oob_key(16).reveal(), new_uuid(), uuid.uuid4(), os.urandom(3), secrets.token_hex(4)),
                *(ec.generate_private_key(curve).private_numbers().private_value for curve in CURVES),
                x25519.X25519PrivateKey.generate().private_bytes_raw(),
            ]


CURVES = (ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1())


def test_the_same_test_draws_the_same() -> None:
    assert drawn("0", "a test") == drawn("0", "a test")


@pytest.mark.parametrize(("seed", "name"), [("1", "a test"), ("0", "another test")])
def test_another_test_and_another_seed_draw_other_keys(seed: str, name: str) -> None:
    assert not set(drawn("0", "a test")) & set(drawn(seed, name))


def test_one_test_draws_no_key_twice() -> None:
    assert new_oob_key(16).reveal() != new_oob_key(16).reveal()


def test_a_forked_process_draws_its_own() -> None:
    source = RepeatableSource("0", _process=os.getpid() + 1)
    with source.of("a test"):
        assert source.bytes(16) != source.bytes(16)
    same = RepeatableSource("0")
    with source.of("a test"), same.of("a test"):
        assert source.bytes(16) != same.bytes(16)
