"""The exchange against an implementation by someone who had not seen ours: the same bytes, the same verdicts."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from bss_mfg.device.beacon import Beacon
from bss_mfg.device.case_run import TableOutcome, TableRequest, run_table
from bss_mfg.device.case_table import Case, Result
from bss_mfg.device.pdu import Algorithm
from bss_mfg.device.provisionee import DeviceIdentity, Provisionee
from bss_mfg.device.session import Ephemerals, ProofSession
from bss_mfg.device.verdict import VerdictKind
from bss_mfg.device.virtual_device import virtual_air
from bss_mfg.model import Secret
from tests.helpers.air import DEVICE, KEYS
from tests.helpers.direct_radio import QUICK, DirectRadio
from tests.independent.device import second_implementation as second

EXAMPLES = settings(max_examples=40, deadline=None)
"""Of each direction: the other's arithmetic is plain Python."""
algorithms = st.sampled_from(list(Algorithm))
scalars = st.integers(1, second.N - 1)


def ephemerals(private: int, random: bytes) -> Ephemerals:
    return Ephemerals(ec.derive_private_key(private, ec.SECP256R1()), random)


def changed(key: bytes, bit: int) -> bytes:
    """A key of which one bit is another."""
    at = bit % (8 * len(key))
    return bytes(byte ^ (1 << at % 8) * (number == at // 8) for number, byte in enumerate(key))


@given(data=st.data(), algorithm=algorithms, private=scalars, theirs=scalars, bit=st.none() | st.integers(0, 255))
@EXAMPLES
def test_our_session_judges_its_device(
    data: st.DataObject, algorithm: Algorithm, private: int, theirs: int, bit: int | None
) -> None:
    """PROVEN for the same key alone; of two keys that differ in a bit the device refuses ours."""
    key, own, other = (data.draw(st.binary(min_size=algorithm.size, max_size=algorithm.size)) for _ in range(3))
    device = second.Device(key if bit is None else changed(key, bit), 3, theirs, other)
    session = ProofSession(Secret(key), ephemerals(private, own))
    sent = list(session.begin())
    while sent and session.verdict is None:
        came = [answer for pdu in sent for answer in device.receive(pdu)]
        sent = [pdu for answer in came for pdu in session.receive(answer)]
    assert session.verdict is not None
    alike = private == theirs or own == other  # a reflection, as far as a session can tell
    wanted = VerdictKind.PROVEN if bit is None else VerdictKind.NOT_THIS_KEY
    assert session.verdict.kind is (VerdictKind.REFLECTION if alike and bit is None else wanted) or alike
    assert device.believes == (bit is None) or alike
    assert alike or device.method == 1


@given(data=st.data(), algorithm=algorithms, private=scalars, theirs=scalars, bit=st.none() | st.integers(0, 255))
@EXAMPLES
def test_its_provisioner_judges_our_simulated_device(
    data: st.DataObject, algorithm: Algorithm, private: int, theirs: int, bit: int | None
) -> None:
    key, own, other = (data.draw(st.binary(min_size=algorithm.size, max_size=algorithm.size)) for _ in range(3))
    if private in (theirs, second.N - theirs) or own == other:
        return
    held = Secret(key if bit is None else changed(key, bit))
    device = Provisionee(DeviceIdentity(DEVICE, held), ephemerals=ephemerals(private, own))
    provisioner = second.Provisioner(key, algorithm.name.lower(), theirs, other)
    sent = provisioner.begin()
    while sent and provisioner.outcome is None:
        came = [answer for pdu in sent for answer in device.receive(pdu)]
        sent = [pdu for answer in came for pdu in provisioner.receive(answer)]
    assert provisioner.outcome == ("proven" if bit is None else "not proven")


def test_the_other_implementation_holds_the_samples() -> None:
    """By its own account, of the specification's sample data (8.7)."""
    done = subprocess.run([sys.executable, second.__file__], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "all sample values and exchanges hold\n"), done.stderr


@pytest.mark.parametrize("name", ["cmac", "hmac"])
def test_the_other_implementation_is_another(name: str) -> None:
    """A control: it shares no code with ours, and a wrong label in it would be seen."""
    assert "bss_mfg" not in second.__dict__
    key = second.confirmation_key(name, bytes(32), bytes(second.SIZES[name]), bytes(second.SIZES[name]))
    assert key != second.confirmation_key(name, bytes(31) + b"\1", bytes(second.SIZES[name]), bytes(second.SIZES[name]))


class SecondPeer:
    """The other implementation's device on air: it serves one link, so each link has a new one."""

    wants_to_end_link = False
    beacon = Beacon(DEVICE)

    def __init__(self, key: bytes, algorithms: int) -> None:
        self._key, self._algorithms = key, algorithms
        self.end_link()

    def end_link(self) -> None:
        self._device = second.Device(self._key, self._algorithms)

    def receive(self, data: bytes) -> tuple[bytes, ...]:
        return tuple(self._device.receive(data))


@pytest.mark.parametrize("algorithms", [1, 2, 3])
@pytest.mark.parametrize("algorithm", Algorithm, ids=lambda one: one.name)
def test_the_table_of_its_device(algorithm: Algorithm, algorithms: int) -> None:
    """It passes every case with what it offers, over virtual Bluetooth; that it can be provisioned without OOB, as it
    says itself, is noted."""
    key = KEYS[algorithm]

    async def run() -> TableOutcome:
        async with virtual_air([SecondPeer(key, algorithms)]) as radio:
            return await run_table(radio, TableRequest(DEVICE, lambda: Secret(key)))

    outcome = asyncio.run(run())
    missed = {row.case for row in outcome.rows if row.result is Result.FAILED}
    offered = algorithms >> algorithm & 1
    assert missed == (set() if offered else {Case.RIGHT_KEY})
    if offered:
        assert outcome.passed
        noted = {row.case for row in outcome.rows if row.result is Result.NOTED}
        assert noted == {Case.CAPABILITIES, Case.WITHOUT_OOB, Case.TIME_TO_PROOF}


class Careless(second.Device):
    """It tells its random to everybody."""

    def _revealed(self, body: bytes) -> list[bytes]:
        return [b"\x06" + self._random]


def test_the_table_of_its_device_that_compares_nothing() -> None:
    """A control."""

    class CarelessPeer(SecondPeer):
        def end_link(self) -> None:
            self._device = Careless(self._key, self._algorithms)

    request = TableRequest(DEVICE, lambda: Secret(KEYS[Algorithm.HMAC]), patience=QUICK)
    outcome = asyncio.run(run_table(DirectRadio(CarelessPeer(KEYS[Algorithm.HMAC], 2)), request))
    assert {row.case for row in outcome.rows if row.result is Result.FAILED} == {Case.WRONG_KEY, Case.PLAYED_BACK}
