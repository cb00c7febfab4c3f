"""The exchange against an implementation by someone who had not seen ours: the same bytes, the same verdicts. How it
makes the AuthValue and chooses the algorithm was added by someone who had."""

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
from bss_mfg.device.pdu import Algorithm, Capabilities, OobType
from bss_mfg.device.provisionee import DeviceIdentity, Provisionee
from bss_mfg.device.session import Ephemerals, ProofSession
from bss_mfg.device.verdict import VerdictKind
from bss_mfg.device.virtual_device import virtual_air
from bss_mfg.model import Secret
from tests.helpers.air import DEVICE, KEY16, KEY32
from tests.helpers.direct_radio import QUICK, DirectRadio
from tests.independent.device import second_implementation as second

EXAMPLES = settings(max_examples=40, deadline=None)
"""Of each direction: the other's arithmetic is plain Python."""
keys = st.sampled_from([16, 32]).flatmap(lambda size: st.binary(min_size=size, max_size=size))
randoms = st.binary(min_size=32, max_size=32)
"""Of which CMAC uses the first half."""
offers = st.integers(1, 3)
"""The algorithms of Capabilities: CMAC, HMAC, both."""
scalars = st.integers(1, second.N - 1)
meetings = given(
    key=keys,
    own=randoms,
    other=randoms,
    offered=offers,
    strict=st.booleans(),
    private=scalars,
    theirs=scalars,
    bit=st.none() | st.integers(0, 255),
)
"""Of a provisioner and a device whose keys are the same or differ in a bit; `strict`: the device says that it wants OOB
authentication alone."""


def ephemerals(private: int, random: bytes) -> Ephemerals:
    return Ephemerals(ec.derive_private_key(private, ec.SECP256R1()), random)


def changed(key: bytes, bit: int) -> bytes:
    """A key of which one bit is another."""
    at = bit % (8 * len(key))
    return bytes(byte ^ (1 << at % 8) * (number == at // 8) for number, byte in enumerate(key))


@meetings
@EXAMPLES
def test_our_session_judges_its_device(
    key: bytes, own: bytes, other: bytes, offered: int, strict: bool, private: int, theirs: int, bit: int | None
) -> None:
    """PROVEN for the same key alone, with whatever it offers; of two keys that differ in a bit the device refuses ours.
    A key that would be cut is not begun with."""
    oob_type = second.STATIC_OOB | (second.ONLY_AUTHENTICATED if strict else 0)
    device = second.Device(key if bit is None else changed(key, bit), offered, theirs, other, oob_type=oob_type)
    algorithm = Algorithm.HMAC if offered & 2 else Algorithm.CMAC
    session = ProofSession(Secret(key), ephemerals(private, own[: algorithm.size]))
    sent = list(session.begin())
    while sent and session.verdict is None:
        came = [answer for pdu in sent for answer in device.receive(pdu)]
        sent = [pdu for answer in came for pdu in session.receive(answer)]
    assert session.verdict is not None
    if algorithm is Algorithm.CMAC and (len(key) > 16 or strict):
        assert session.verdict.kind is (VerdictKind.ONLY_CMAC if len(key) > 16 else VerdictKind.REFUSED)
        assert device.algorithm == ""
        return
    # a reflection, as far as a session can tell
    alike = private in (theirs, second.N - theirs) or own[: algorithm.size] == other[: algorithm.size]
    wanted = VerdictKind.PROVEN if bit is None else VerdictKind.NOT_THIS_KEY
    assert session.verdict.kind is (VerdictKind.REFLECTION if alike and bit is None else wanted) or alike
    assert device.believes == (bit is None) or alike
    assert alike or (device.method, device.algorithm) == (1, algorithm.name.lower())


@meetings
@EXAMPLES
def test_its_provisioner_judges_our_simulated_device(
    key: bytes, own: bytes, other: bytes, offered: int, strict: bool, private: int, theirs: int, bit: int | None
) -> None:
    """It would cut a key of 32 bytes for CMAC, as the specification says; so does the device."""
    algorithm = Algorithm.HMAC if offered & 2 else Algorithm.CMAC
    size = algorithm.size
    if private in (theirs, second.N - theirs) or own[:size] == other[:size]:
        return
    held = key if bit is None else changed(key, bit)
    oob_type = OobType.STATIC | (OobType.ONLY_AUTHENTICATED if strict else OobType.NONE)
    capabilities = Capabilities(algorithms=offered, oob_type=oob_type)
    identity = DeviceIdentity(DEVICE, Secret(held), capabilities=capabilities)
    device = Provisionee(identity, ephemerals=ephemerals(private, own[:size]))
    provisioner = second.Provisioner(key, "", theirs, other)
    sent = provisioner.begin()
    while sent and provisioner.outcome is None:
        came = [answer for pdu in sent for answer in device.receive(pdu)]
        sent = [pdu for answer in came for pdu in provisioner.receive(answer)]
    assert provisioner.algorithm == algorithm.name.lower()
    if strict and algorithm is Algorithm.CMAC:
        assert provisioner.outcome == "failed"
    else:
        assert provisioner.outcome == ("proven" if key[:size] == held[:size] else "not proven")


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
@pytest.mark.parametrize("key", [KEY16, KEY32], ids=len)
def test_the_table_of_its_device(key: bytes, algorithms: int) -> None:
    """It passes every case with what it offers, over virtual Bluetooth; that it can be provisioned without OOB, as it
    says itself, is noted. A key of 32 bytes is not cut for CMAC."""

    async def run() -> TableOutcome:
        async with virtual_air([SecondPeer(key, algorithms)]) as radio:
            return await run_table(radio, TableRequest(DEVICE, lambda: Secret(key)))

    outcome = asyncio.run(run())
    missed = {row.case for row in outcome.rows if row.result is Result.FAILED}
    usable = algorithms & 2 or key == KEY16
    assert missed == (set() if usable else {Case.RIGHT_KEY})
    if usable:
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

    request = TableRequest(DEVICE, lambda: Secret(KEY32), patience=QUICK)
    outcome = asyncio.run(run_table(DirectRadio(CarelessPeer(KEY32, 2)), request))
    assert {row.case for row in outcome.rows if row.result is Result.FAILED} == {Case.WRONG_KEY, Case.PLAYED_BACK}
