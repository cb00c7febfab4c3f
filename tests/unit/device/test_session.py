"""The exchange: proof for the right key alone, every fault by its name, whatever comes over the air."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bss_mfg.device import crypto
from bss_mfg.device.pdu import (
    Algorithm,
    Capabilities,
    Confirmation,
    Failed,
    OobType,
    PduType,
    PublicKey,
    Random,
    encode,
)
from bss_mfg.device.provisionee import ONLY_THE_TABLE_SEES, DeviceIdentity, Fault, Provisionee
from bss_mfg.device.session import Ephemerals, ProofSession
from bss_mfg.device.verdict import Awaited, Remark, VerdictKind
from bss_mfg.model import Secret
from tests.helpers.air import DEVICE, KEY16, KEY32, KEYS, device, ephemerals, exchange
from tests.helpers.mutated_pdus import Fuzzer
from tests.unit.device import sample_data as sample

both = pytest.mark.parametrize("algorithm", Algorithm, ids=lambda one: one.name)

SEEN_OF_FAULTS = {
    Fault.OTHER_KEY: (VerdictKind.NOT_THIS_KEY, Awaited.RANDOM),
    Fault.TRIMMED_KEY: (VerdictKind.NOT_THIS_KEY, Awaited.RANDOM),
    Fault.REVERSED_KEY: (VerdictKind.NOT_THIS_KEY, Awaited.RANDOM),
    Fault.TEXT_KEY: (VerdictKind.NOT_THIS_KEY, Awaited.RANDOM),
    Fault.ZERO_KEY: (VerdictKind.NOT_THIS_KEY, Awaited.RANDOM),
    Fault.UNCHECKED_OTHER_KEY: (VerdictKind.NOT_THIS_KEY, Awaited.RANDOM),
    Fault.UNCHECKED_TRIMMED_KEY: (VerdictKind.TRIMMED_KEY, Awaited.RANDOM),
    Fault.UNCHECKED_REVERSED_KEY: (VerdictKind.REVERSED_KEY, Awaited.RANDOM),
    Fault.UNCHECKED_TEXT_KEY: (VerdictKind.TEXT_KEY, Awaited.RANDOM),
    Fault.UNCHECKED_ZERO_KEY: (VerdictKind.ZERO_KEY, Awaited.RANDOM),
    Fault.REFLECTED_PUBLIC_KEY: (VerdictKind.REFLECTION, Awaited.PUBLIC_KEY),
    Fault.REFLECTED_CONFIRMATION: (VerdictKind.REFLECTION, Awaited.CONFIRMATION),
    Fault.BAD_PUBLIC_KEY: (VerdictKind.BAD_PUBLIC_KEY, Awaited.PUBLIC_KEY),
    Fault.NO_ALGORITHM: (VerdictKind.NO_ALGORITHM, Awaited.CAPABILITIES),
    Fault.NO_STATIC_OOB: (VerdictKind.NO_STATIC_OOB, Awaited.CAPABILITIES),
    Fault.ONLY_WITHOUT_OOB: (VerdictKind.ONLY_WITHOUT_OOB, Awaited.CAPABILITIES),
    Fault.OTHER_RANDOM: (VerdictKind.NOT_THIS_KEY, Awaited.RANDOM),
    Fault.OUT_OF_RESOURCES: (VerdictKind.REFUSED, Awaited.CAPABILITIES),
    Fault.REPEATED_CAPABILITIES: (VerdictKind.UNEXPECTED_PDU, Awaited.PUBLIC_KEY),
    Fault.CUT_CAPABILITIES: (VerdictKind.MALFORMED, Awaited.CAPABILITIES),
    Fault.CUT_CONFIRMATION: (VerdictKind.MALFORMED, Awaited.CONFIRMATION),
    Fault.SILENT: (VerdictKind.NO_ANSWER, Awaited.CAPABILITIES),
    Fault.SILENT_AFTER_CONFIRMATION: (VerdictKind.NO_ANSWER, Awaited.CONFIRMATION),
    Fault.ENDS_LINK: (VerdictKind.LINK_LOST, Awaited.PUBLIC_KEY),
}
"""What the exchange says of each fault, with a key of either length."""
OF_ONE_LENGTH = {Fault.ONLY_CMAC, Fault.ONLY_HMAC}
SEEN_BEFORE_OR_AFTER = {Fault.SWAPPED_UUID, Fault.ZERO_UUID, Fault.OTHER_OOB_INFORMATION, Fault.SILENT_AFTER_CHECK}
"""In what the device advertises; the exchange itself is good."""


@both
def test_a_good_device_proves_its_key_again_and_again(algorithm: Algorithm) -> None:
    peer = device(KEYS[algorithm])
    for _ in range(3):
        verdict = exchange(ProofSession(Secret(KEYS[algorithm])), peer)
        assert verdict.kind is VerdictKind.PROVEN
        assert verdict.remarks == frozenset()
        assert peer.beacon is not None
        assert peer.beacon.uuid == DEVICE


def test_every_fault_has_its_place_here() -> None:
    assert set(SEEN_OF_FAULTS) | OF_ONE_LENGTH | SEEN_BEFORE_OR_AFTER | ONLY_THE_TABLE_SEES == set(Fault)
    assert len(SEEN_OF_FAULTS) >= 15


@both
@pytest.mark.parametrize("fault", SEEN_OF_FAULTS)
def test_every_fault_is_named(fault: Fault, algorithm: Algorithm) -> None:
    verdict = exchange(ProofSession(Secret(KEYS[algorithm])), device(KEYS[algorithm], fault))
    assert (verdict.kind, verdict.awaited) == SEEN_OF_FAULTS[fault]
    unchecked = fault.name.startswith("UNCHECKED") or fault is Fault.OTHER_RANDOM
    assert (Remark.CHECKS_NOTHING in verdict.remarks) == unchecked


@both
@pytest.mark.parametrize("fault", sorted(SEEN_BEFORE_OR_AFTER))
def test_faults_outside_the_exchange_are_seen_in_the_beacon(fault: Fault, algorithm: Algorithm) -> None:
    peer = device(KEYS[algorithm], fault)
    before = peer.beacon
    assert exchange(ProofSession(Secret(KEYS[algorithm])), peer).proven
    assert before != device(KEYS[algorithm]).beacon or peer.beacon is None


@pytest.mark.parametrize(
    ("key", "fault", "kind"),
    [
        (KEY32, Fault.ONLY_CMAC, VerdictKind.ONLY_CMAC),
        (KEY16, Fault.ONLY_HMAC, VerdictKind.ONLY_HMAC),
        (KEY16, Fault.ONLY_CMAC, VerdictKind.PROVEN),
        (KEY32, Fault.ONLY_HMAC, VerdictKind.PROVEN),
    ],
)
def test_the_length_of_the_key_asks_for_its_algorithm(key: bytes, fault: Fault, kind: VerdictKind) -> None:
    assert exchange(ProofSession(Secret(key)), device(key, fault)).kind is kind


def test_half_of_a_long_key_is_never_used() -> None:
    """A device that trims the key and offers CMAC would prove it with half: the exchange does not go that far."""
    session = ProofSession(Secret(KEY32))
    assert exchange(session, device(KEY32[:16])).kind is VerdictKind.ONLY_CMAC


@both
def test_a_wrong_key_of_the_provisioner_is_refused(algorithm: Algorithm) -> None:
    wrong = bytes(one ^ 1 for one in KEYS[algorithm])
    verdict = exchange(ProofSession(Secret(wrong)), device(KEYS[algorithm]))
    assert (verdict.kind, verdict.code) == (VerdictKind.NOT_THIS_KEY, 4)


@both
def test_what_a_device_allows_besides_is_remarked(algorithm: Algorithm) -> None:
    session = ProofSession(Secret(KEYS[algorithm]))
    session.begin()
    session.receive(encode(Capabilities(algorithms=3, oob_type=OobType.STATIC)))
    session.time_out()
    assert session.verdict is not None
    expected = {Remark.WITHOUT_OOB_TOO} | ({Remark.CMAC_TOO} if algorithm is Algorithm.HMAC else set())
    assert session.verdict.remarks == expected


def test_the_specifications_exchange_with_hmac() -> None:
    """Our messages are those of the sample data, and the sample's device is proven."""
    case = sample.HMAC_SAMPLE
    own = Ephemerals(sample.provisioner_key(), bytes.fromhex(case.provisioner_random))
    session = ProofSession(Secret(bytes.fromhex(case.auth_value)), own)
    assert session.begin() == (b"\x00\x00",)
    assert session.receive(encode(case.capabilities)) == (encode(case.start), b"\x03" + sample.PROVISIONER_PUBLIC)
    assert session.receive(encode(PublicKey(sample.DEVICE_PUBLIC))) == (
        b"\x05" + bytes.fromhex(case.provisioner_confirmation),
    )
    assert session.receive(encode(Confirmation(bytes.fromhex(case.device_confirmation)))) == (
        b"\x06" + bytes.fromhex(case.provisioner_random),
    )
    assert session.receive(encode(Random(bytes.fromhex(case.device_random)))) == ()
    assert session.verdict is not None
    assert session.verdict.proven


@both
@given(data=st.data())
def test_one_wrong_bit_is_no_proof(algorithm: Algorithm, data: st.DataObject) -> None:
    """A bit of one PDU of the device changes on the way."""
    source = random.Random(data.draw(st.integers(0, 1 << 32)))
    key = KEYS[algorithm]
    peer = Provisionee(DeviceIdentity(DEVICE, Secret(key)), None, ephemerals(source, algorithm))
    session = ProofSession(Secret(key), ephemerals(source, algorithm))
    which = data.draw(st.sampled_from([PduType.CAPABILITIES, PduType.PUBLIC_KEY, PduType.CONFIRMATION, PduType.RANDOM]))
    bit = data.draw(st.integers(0, 64 * 8 - 1))

    def back(pdu: bytes) -> list[bytes]:
        if pdu[0] != which:
            return [pdu]
        changed = bytearray(pdu)
        changed[1 + bit // 8 % (len(pdu) - 1)] ^= 1 << bit % 8
        return [bytes(changed)]

    assert not exchange(session, peer, back=back).proven


@both
@given(data=st.data())
def test_air_that_loses_repeats_and_reorders_ends_in_no_false_proof(algorithm: Algorithm, data: st.DataObject) -> None:
    """With the right key such air may prove it, with another never; and it always ends."""
    right = data.draw(st.booleans())
    key = KEYS[algorithm]
    source = random.Random(data.draw(st.integers(0, 1 << 32)))
    identity = DeviceIdentity(DEVICE, Secret(key if right else key[::-1]))
    held: list[bytes] = []

    def air(pdu: bytes) -> list[bytes]:
        match data.draw(st.sampled_from(["pass", "pass", "pass", "lose", "repeat", "hold", "release"])):
            case "lose":
                return []
            case "repeat":
                return [pdu, pdu]
            case "hold":
                held.append(pdu)
                return []
            case "release":
                return [pdu, *(held.pop() for _ in range(len(held)))]
        return [pdu]

    session = ProofSession(Secret(key), ephemerals(source, algorithm))
    verdict = exchange(session, Provisionee(identity, None, ephemerals(source, algorithm)), air, air)
    assert right or not verdict.proven
    assert session.receive(b"\x01") == ()  # an end is an end


@both
@given(pdus=st.lists(st.binary(max_size=70), max_size=8))
def test_any_bytes_get_a_verdict_that_is_no_proof(algorithm: Algorithm, pdus: list[bytes]) -> None:
    session = ProofSession(Secret(KEYS[algorithm]), ephemerals(random.Random(1), algorithm))
    session.begin()
    for pdu in pdus:
        session.receive(pdu)
    session.time_out()
    assert session.verdict is not None
    assert not session.verdict.proven


@both
@pytest.mark.parametrize("fault", [None, Fault.OTHER_KEY, Fault.UNCHECKED_OTHER_KEY, Fault.SILENT])
def test_the_key_is_wiped_with_the_verdict(algorithm: Algorithm, fault: Fault | None) -> None:
    key = Secret(KEYS[algorithm])
    exchange(ProofSession(key), device(KEYS[algorithm], fault))
    assert key == Secret(bytes(len(KEYS[algorithm])))


@both
def test_no_key_shows_in_a_session(algorithm: Algorithm) -> None:
    session = ProofSession(Secret(KEYS[algorithm]))
    peer = device(KEYS[algorithm])
    shown = repr(vars(session)) + repr(vars(peer)) + repr(peer)
    assert KEYS[algorithm].hex() not in shown
    assert repr(KEYS[algorithm])[2:-1] not in shown


@both
def test_no_pdu_holds_the_key(algorithm: Algorithm) -> None:
    said: list[bytes] = []

    def air(pdu: bytes) -> list[bytes]:
        said.append(pdu)
        return [pdu]

    assert exchange(ProofSession(Secret(KEYS[algorithm])), device(KEYS[algorithm]), air, air).proven
    assert len(said) == 9
    assert not any(KEYS[algorithm][:8] in pdu or KEYS[algorithm][-8:] in pdu for pdu in said)


def test_a_session_does_not_change_its_mind() -> None:
    session = ProofSession(Secret(KEY16))
    session.begin()
    session.receive(encode(Failed(5)))
    first = session.verdict
    session.time_out()
    session.lose_link()
    session.receive(encode(Failed(4)))
    assert session.verdict is first
    assert first is not None
    assert (first.kind, first.code) == (VerdictKind.REFUSED, 5)


def test_the_same_x_with_the_other_y_is_a_reflection_too() -> None:
    own = Ephemerals.new(Algorithm.CMAC)
    session = ProofSession(Secret(KEY16), own)
    session.begin()
    session.receive(encode(replace(sample.CMAC_SAMPLE.capabilities, oob_type=1)))
    point = crypto.public_point(own.private_key)
    prime = 2**256 - 2**224 + 2**192 + 2**96 - 1
    mirrored = point[:32] + (prime - int.from_bytes(point[32:], "big")).to_bytes(32, "big")
    assert session.receive(encode(PublicKey(mirrored))) == ()
    assert session.verdict is not None
    assert session.verdict.kind is VerdictKind.REFLECTION


@both
def test_random_and_mutated_pdus(algorithm: Algorithm) -> None:
    """Some thousands; `tests/scale/test_device_pdus.py` gives it a million."""
    ends = Fuzzer(algorithm, seed=1).run(3000)
    assert VerdictKind.PROVEN not in ends
    assert {
        VerdictKind.MALFORMED,
        VerdictKind.UNEXPECTED_PDU,
        VerdictKind.REFUSED,
        VerdictKind.BAD_PUBLIC_KEY,
        VerdictKind.NOT_THIS_KEY,
    } <= set(ends)
