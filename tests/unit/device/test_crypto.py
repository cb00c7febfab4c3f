"""Both provisioning algorithms give every intermediate value of the specification's sample data."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bss_mfg.device import crypto
from bss_mfg.device.pdu import Algorithm
from bss_mfg.model import Secret
from tests.unit.device import sample_data as sample
from tests.unit.device.sample_data import SAMPLES, Sample

both = pytest.mark.parametrize("case", SAMPLES, ids=lambda case: case.algorithm.name)


def inputs(case: Sample) -> bytes:
    return crypto.confirmation_inputs(
        sample.INVITE, case.capabilities, case.start, sample.PROVISIONER_PUBLIC, sample.DEVICE_PUBLIC
    )


def confirmation_key(case: Sample) -> crypto.ConfirmationKey:
    auth_value = Secret(bytes.fromhex(case.auth_value))
    return crypto.ConfirmationKey.derive(case.algorithm, inputs(case), Secret(sample.ECDH_SECRET), auth_value)


def test_public_key_and_shared_secret() -> None:
    key = sample.provisioner_key()
    assert crypto.public_point(key) == sample.PROVISIONER_PUBLIC
    assert crypto.shared_secret(key, sample.DEVICE_PUBLIC) == Secret(sample.ECDH_SECRET)


@both
def test_inputs_salt_and_key(case: Sample) -> None:
    assert inputs(case) == bytes.fromhex(case.head) + sample.PROVISIONER_PUBLIC + sample.DEVICE_PUBLIC
    assert len(inputs(case)) == 145
    derived = confirmation_key(case)
    assert derived.salt.hex() == case.salt
    assert derived.key == Secret(bytes.fromhex(case.key))


@both
def test_confirmations(case: Sample) -> None:
    derived = confirmation_key(case)
    auth_value = Secret(bytes.fromhex(case.auth_value))
    for random, confirmation in (
        (case.provisioner_random, case.provisioner_confirmation),
        (case.device_random, case.device_confirmation),
    ):
        assert derived.confirmation(bytes.fromhex(random), auth_value).hex() == confirmation


@both
def test_a_key_of_the_other_length_has_no_confirmation(case: Sample) -> None:
    other = Algorithm.HMAC if case.algorithm is Algorithm.CMAC else Algorithm.CMAC
    with pytest.raises(ValueError, match=str(case.algorithm.size)):
        crypto.ConfirmationKey.derive(case.algorithm, bytes(145), Secret(bytes(32)), Secret(bytes(other.size)))


@both
def test_wiping_takes_the_key(case: Sample) -> None:
    derived = confirmation_key(case)
    derived.wipe()
    assert derived.key == Secret(bytes(case.algorithm.size))


@pytest.mark.parametrize(
    "point",
    [
        bytes(64),
        b"\xff" * 64,
        sample.DEVICE_PUBLIC[:-1] + bytes([sample.DEVICE_PUBLIC[-1] ^ 1]),
        sample.DEVICE_PUBLIC[:32] + bytes(32),  # CVE-2018-5383
        sample.DEVICE_PUBLIC[:63],
    ],
)
def test_a_point_off_the_curve_is_refused(point: bytes) -> None:
    with pytest.raises(crypto.BadPointError):
        crypto.shared_secret(sample.provisioner_key(), point)


@given(st.binary(max_size=200), st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_pieces_make_the_digest_of_the_whole(data: bytes, secret: bytes, salt: bytes) -> None:
    """Of Python's own HMAC, for secrets in pieces and for those in one."""

    def mac(key: bytes, message: bytes) -> bytes:
        return hmac.new(key, message, hashlib.sha256).digest()

    assert crypto.s2(data) == mac(bytes(32), data)
    expected = Secret(mac(mac(salt, data + secret), b"prck256"))
    assert crypto.k5([data, Secret(secret)], salt, b"prck256") == expected
    assert crypto.k5([data + secret], salt, b"prck256") == expected
