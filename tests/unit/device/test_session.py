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
from tests.helpers.air import DEVICE, KEY16, KEY32, WAYS, device, ephemerals, exchange, offering
from tests.helpers.mutated_pdus import Fuzzer
from tests.unit.device import sample_data as sample

each = pytest.mark.parametrize(("key", "algorithm"), WAYS.values(), ids=WAYS)

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
"""What the exchange says of each fault, with a key of either length and either algorithm."""
OF_SOME_WAYS = {Fault.ONLY_CMAC, Fault.PADDED_KEY, Fault.UNCHECKED_PADDED_KEY}
SEEN_BEFORE_OR_AFTER = {Fault.SWAPPED_UUID, Fault.ZERO_UUID, Fault.OTHER_OOB_INFORMATION, Fault.SILENT_AFTER_CHECK}
"""In what the device advertises; the exchange itself is good."""


@each
def test_a_good_device_proves_its_key_again_and_again(key: bytes, algorithm: Algorithm) -> None:
    peer = device(key, None, algorithm)
    for _ in range(3):
        verdict = exchange(ProofSession(Secret(key)), peer)
        assert verdict.kind is VerdictKind.PROVEN
        assert verdict.remarks == (
            {Remark.WITHOUT_OOB_TOO, Remark.CMAC_ALONE} if algorithm is Algorithm.CMAC else frozenset()
        )
        assert peer.beacon is not None
        assert peer.beacon.uuid == DEVICE


def test_every_fault_has_its_place_here() -> None:
    assert set(SEEN_OF_FAULTS) | OF_SOME_WAYS | SEEN_BEFORE_OR_AFTER | ONLY_THE_TABLE_SEES == set(Fault)
    assert len(SEEN_OF_FAULTS) >= 15


@each
@pytest.mark.parametrize("fault", SEEN_OF_FAULTS)
def test_every_fault_is_named(fault: Fault, key: bytes, algorithm: Algorithm) -> None:
    verdict = exchange(ProofSession(Secret(key)), device(key, fault, algorithm))
    assert (verdict.kind, verdict.awaited) == SEEN_OF_FAULTS[fault]
    unchecked = fault.name.startswith("UNCHECKED") or fault is Fault.OTHER_RANDOM
    assert (Remark.CHECKS_NOTHING in verdict.remarks) == unchecked


@each
@pytest.mark.parametrize("fault", sorted(SEEN_BEFORE_OR_AFTER))
def test_faults_outside_the_exchange_are_seen_in_the_beacon(fault: Fault, key: bytes, algorithm: Algorithm) -> None:
    peer = device(key, fault, algorithm)
    before = peer.beacon
    assert exchange(ProofSession(Secret(key)), peer).proven
    assert before != device(key, None, algorithm).beacon or peer.beacon is None


@pytest.mark.parametrize(
    ("key", "fault", "kind"),
    [
        (KEY32, Fault.ONLY_CMAC, VerdictKind.ONLY_CMAC),
        (KEY16, Fault.ONLY_CMAC, VerdictKind.PROVEN),
        (KEY16, Fault.PADDED_KEY, VerdictKind.NOT_THIS_KEY),
        (KEY16, Fault.UNCHECKED_PADDED_KEY, VerdictKind.PADDED_KEY),
        (KEY32, Fault.PADDED_KEY, VerdictKind.PROVEN),
        (KEY32, Fault.UNCHECKED_PADDED_KEY, VerdictKind.PROVEN),
    ],
)
def test_faults_that_depend_on_the_length_of_the_key(key: bytes, fault: Fault, kind: VerdictKind) -> None:
    assert exchange(ProofSession(Secret(key)), device(key, fault)).kind is kind


offers = st.sets(st.sampled_from(Algorithm)).map(sorted)


@given(length=st.sampled_from([16, 32]), algorithms=offers, strict=st.booleans(), right=st.booleans(), data=st.data())
def test_the_strongest_algorithm_that_is_offered_is_used_with_a_key_of_either_length(
    length: int, algorithms: list[Algorithm], strict: bool, right: bool, data: st.DataObject
) -> None:
    """`strict`: the device says that it wants OOB authentication alone, and takes CMAC for an error."""
    key = data.draw(st.binary(min_size=length, max_size=length))
    held = key if right else bytes([key[0] ^ 1]) + key[1:]
    capabilities = replace(offering(*algorithms), oob_type=OobType.STATIC | (OobType.ONLY_AUTHENTICATED * strict))
    peer = Provisionee(DeviceIdentity(DEVICE, Secret(held), capabilities=capabilities))
    sent: list[bytes] = []

    def there(pdu: bytes) -> list[bytes]:
        sent.append(pdu)
        return [pdu]

    session = ProofSession(Secret(key))
    verdict = exchange(session, peer, there)
    started = [pdu[1] for pdu in sent if pdu[0] == PduType.START]
    proof = VerdictKind.PROVEN if right else VerdictKind.NOT_THIS_KEY
    if Algorithm.HMAC in algorithms:
        assert (verdict.kind, started, session.algorithm) == (proof, [Algorithm.HMAC], Algorithm.HMAC)
    elif not algorithms:
        assert (verdict.kind, started, session.algorithm) == (VerdictKind.NO_ALGORITHM, [], None)
    elif length > Algorithm.CMAC.size:
        assert (verdict.kind, started, session.algorithm) == (VerdictKind.ONLY_CMAC, [], None)
    else:
        assert (verdict.kind, started) == (VerdictKind.REFUSED if strict else proof, [Algorithm.CMAC])


def test_each_exchange_has_a_random_as_long_as_its_algorithm_asks_for() -> None:
    """It is made when the algorithm is known, and is new each time."""
    for algorithm in Algorithm:
        sent: list[bytes] = []

        def there(pdu: bytes, sent: list[bytes] = sent) -> list[bytes]:
            sent.append(pdu)
            return [pdu]

        for _ in range(2):
            assert exchange(ProofSession(Secret(KEY16)), device(KEY16, None, algorithm), there).proven
        first, second = (pdu[1:] for pdu in sent if pdu[0] == PduType.RANDOM)
        assert len(first) == len(second) == algorithm.size
        assert first != second


def test_half_of_a_long_key_is_never_used() -> None:
    """A device that trims the key and offers CMAC would prove it with half: the exchange does not go that far."""
    session = ProofSession(Secret(KEY32))
    assert exchange(session, device(KEY32[:16], None, Algorithm.CMAC)).kind is VerdictKind.ONLY_CMAC


@each
def test_a_wrong_key_of_the_provisioner_is_refused(key: bytes, algorithm: Algorithm) -> None:
    wrong = bytes(one ^ 1 for one in key)
    verdict = exchange(ProofSession(Secret(wrong)), device(key, None, algorithm))
    assert (verdict.kind, verdict.code) == (VerdictKind.NOT_THIS_KEY, 4)


@pytest.mark.parametrize("key", [KEY16, KEY32], ids=len)
@pytest.mark.parametrize("algorithms", [[Algorithm.CMAC], [Algorithm.HMAC], [*Algorithm]], ids=repr)
@pytest.mark.parametrize("strict", [OobType.NONE, OobType.ONLY_AUTHENTICATED])
def test_what_a_device_allows_besides_is_remarked(key: bytes, algorithms: list[Algorithm], strict: OobType) -> None:
    session = ProofSession(Secret(key))
    session.begin()
    session.receive(encode(replace(offering(*algorithms), oob_type=OobType.STATIC | strict)))
    session.time_out()
    assert session.verdict is not None
    expected = {Remark.WITHOUT_OOB_TOO: not strict, Remark.CMAC_TOO: len(algorithms) == 2,
                Remark.CMAC_ALONE: algorithms == [Algorithm.CMAC]}  # fmt: skip
    if session.verdict.kind is not VerdictKind.ONLY_CMAC:
        assert session.verdict.remarks == {remark for remark, is_so in expected.items() if is_so}


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


@each
@given(data=st.data())
def test_one_wrong_bit_is_no_proof(key: bytes, algorithm: Algorithm, data: st.DataObject) -> None:
    """A bit of one PDU of the device changes on the way."""
    source = random.Random(data.draw(st.integers(0, 1 << 32)))
    peer = device(key, None, algorithm, own=ephemerals(source, algorithm))
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


@each
@given(data=st.data())
def test_air_that_loses_repeats_and_reorders_ends_in_no_false_proof(
    key: bytes, algorithm: Algorithm, data: st.DataObject
) -> None:
    """With the right key such air may prove it, with another never; and it always ends."""
    right = data.draw(st.booleans())
    source = random.Random(data.draw(st.integers(0, 1 << 32)))
    peer = device(key if right else key[::-1], None, algorithm, own=ephemerals(source, algorithm))
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
    verdict = exchange(session, peer, air, air)
    assert right or not verdict.proven
    assert session.receive(b"\x01") == ()  # an end is an end


@each
@given(pdus=st.lists(st.binary(max_size=70), max_size=8))
def test_any_bytes_get_a_verdict_that_is_no_proof(key: bytes, algorithm: Algorithm, pdus: list[bytes]) -> None:
    session = ProofSession(Secret(key), ephemerals(random.Random(1), algorithm))
    session.begin()
    for pdu in pdus:
        session.receive(pdu)
    session.time_out()
    assert session.verdict is not None
    assert not session.verdict.proven


@each
@pytest.mark.parametrize("fault", [None, Fault.OTHER_KEY, Fault.UNCHECKED_OTHER_KEY, Fault.SILENT])
def test_the_key_is_wiped_with_the_verdict(key: bytes, algorithm: Algorithm, fault: Fault | None) -> None:
    opened = Secret(key)
    session = ProofSession(opened)
    exchange(session, device(key, fault, algorithm))
    assert opened == Secret(bytes(len(key)))
    kept = [one for one in vars(session).values() if isinstance(one, Secret)]
    assert kept
    assert all(one == Secret(bytes(len(one))) for one in kept)


@each
def test_no_key_shows_in_a_session(key: bytes, algorithm: Algorithm) -> None:
    session = ProofSession(Secret(key))
    peer = device(key, None, algorithm)
    shown = repr(vars(session)) + repr(vars(peer)) + repr(peer)
    assert key.hex() not in shown
    assert repr(key)[2:-1] not in shown


@each
def test_no_pdu_holds_the_key(key: bytes, algorithm: Algorithm) -> None:
    said: list[bytes] = []

    def air(pdu: bytes) -> list[bytes]:
        said.append(pdu)
        return [pdu]

    assert exchange(ProofSession(Secret(key)), device(key, None, algorithm), air, air).proven
    assert len(said) == 9
    assert not any(key[:8] in pdu or key[-8:] in pdu for pdu in said)


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


@pytest.mark.parametrize("algorithm", Algorithm, ids=lambda one: one.name)
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
