"""Provisioning PDUs: records to bytes and back, and what is no PDU."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bss_mfg.device import pdu
from bss_mfg.device.pdu import Algorithm, Capabilities, FailureCode, MalformedPduError, PduType, Start
from tests.unit.device.sample_data import INVITE, SAMPLES, Sample

byte = st.integers(0, 255)
word = st.integers(0, 0xFFFF)
value = st.binary(min_size=16, max_size=16) | st.binary(min_size=32, max_size=32)
pdus = st.one_of(
    st.builds(pdu.Invite, byte),
    st.builds(Capabilities, st.integers(1, 255), word, byte, byte, byte, word, byte, word),
    st.builds(Start, byte, byte, byte, byte, byte),
    st.builds(pdu.PublicKey, st.binary(min_size=64, max_size=64)),
    st.builds(pdu.Confirmation, value),
    st.builds(pdu.Random, value),
    st.builds(pdu.Failed, byte),
    st.just(pdu.LaterPdu(PduType.INPUT_COMPLETE, b"")),
    st.just(pdu.LaterPdu(PduType.COMPLETE, b"")),
    st.builds(lambda data: pdu.LaterPdu(PduType.DATA, data), st.binary(min_size=33, max_size=33)),
)


@given(pdus)
def test_what_is_sent_is_what_is_read(one: pdu.Pdu) -> None:
    sent = pdu.encode(one)
    assert pdu.decode(sent) == one
    assert sent[0] == pdu.type_of(one)
    assert len(sent) <= pdu.LONGEST_PDU


@given(st.binary(max_size=80))
def test_any_bytes_are_a_pdu_or_malformed(data: bytes) -> None:
    try:
        one = pdu.decode(data)
    except MalformedPduError:
        return
    assert pdu.encode(one) == data


@given(pdus, st.integers(1, 8), st.booleans())
def test_a_pdu_of_another_length_is_malformed(one: pdu.Pdu, change: int, longer: bool) -> None:
    sent = pdu.encode(one)
    wrong = sent + bytes(change) if longer else sent[: -min(change, len(sent))]
    with pytest.raises(MalformedPduError):
        pdu.decode(wrong)


@pytest.mark.parametrize("data", [b"", b"\x0a", b"\x40", b"\xff" * 12, b"\x01" + bytes(11)])
def test_what_is_no_pdu(data: bytes) -> None:
    with pytest.raises(MalformedPduError):
        pdu.decode(data)


@pytest.mark.parametrize("case", SAMPLES, ids=lambda case: case.algorithm.name)
def test_the_sample_data(case: Sample) -> None:
    head = bytes.fromhex(case.head)
    assert pdu.decode(b"\x00" + head[:1]) == INVITE
    assert pdu.decode(b"\x01" + head[1:12]) == case.capabilities
    assert pdu.decode(b"\x02" + head[12:]) == case.start


@pytest.mark.parametrize(
    ("algorithms", "offered"),
    [(0, set()), (1, {Algorithm.CMAC}), (2, {Algorithm.HMAC}), (0xFFFF, set(Algorithm)), (0xFFFC, set())],
)
def test_algorithms_are_bits(algorithms: int, offered: set[Algorithm]) -> None:
    capabilities = Capabilities(algorithms=algorithms)
    assert {one for one in Algorithm if capabilities.offers(one)} == offered


def test_other_oob_takes_a_size_and_an_action() -> None:
    assert Capabilities(output_size=4, output_actions=8).has_other_oob
    assert Capabilities(input_size=4, input_actions=1).has_other_oob
    assert not Capabilities(output_size=4, input_actions=1).has_other_oob
    assert not Capabilities(oob_type=1).has_other_oob


def test_a_failure_has_its_code() -> None:
    assert pdu.decode(b"\x09\x04") == pdu.Failed(FailureCode.CONFIRMATION_FAILED)
    assert pdu.decode(b"\x09\xee") == pdu.Failed(0xEE)
