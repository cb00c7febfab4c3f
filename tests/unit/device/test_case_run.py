"""The test table against devices as specified and with each fault: each fault fails its own rows."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bss_mfg.device import crypto
from bss_mfg.device.case_exchange import Ended, Ending, Script, ScriptedExchange
from bss_mfg.device.case_run import EXCHANGES, TableOutcome, TableRequest, run_table
from bss_mfg.device.case_table import CLAUSES, CUTS, PROOFS, REFUSALS, Case, Note, Result, judge_refusal
from bss_mfg.device.pdu import Algorithm, Capabilities, OobType, PduType, PublicKey, encode
from bss_mfg.device.provisionee import DeviceIdentity, Fault, Provisionee
from bss_mfg.device.verdict import Remark
from bss_mfg.device.virtual_device import virtual_air
from bss_mfg.model import Secret
from bss_mfg.oob_information import OobInformation
from tests.helpers.air import DEVICE, KEY16, KEY32, WAYS, device
from tests.helpers.direct_radio import QUICK, DirectRadio, Peer

each = pytest.mark.parametrize(("key", "algorithm"), WAYS.values(), ids=WAYS)
ASKED = {Case.RIGHT_KEY, Case.RIGHT_KEY_AGAIN, *REFUSALS, *CUTS}
"""The cases that have an exchange of their own."""
WHOLE = {Case.ADVERTISING, Case.CAPABILITIES, Case.NEW_EACH_TIME, Case.REFLECTION, Case.STILL_ADVERTISING}
LATE = {Case.WRONG_KEY, Case.PLAYED_BACK}
"""The refusals that only a device gives that compares a Confirmation."""


def tabled(
    peer: Peer, key: bytes = KEY32, limit: float | None = None
) -> tuple[TableOutcome, DirectRadio, list[Secret]]:
    """What the table finds of a device, what was sent, and the keys that were opened."""
    opened: list[Secret] = []

    def open_key() -> Secret:
        opened.append(Secret(key))
        return opened[-1]

    radio = DirectRadio(peer)
    request = TableRequest(DEVICE, open_key, oob_expected=OobInformation.NONE, limit=limit, patience=QUICK)
    return asyncio.run(run_table(radio, request)), radio, opened


def rows_with(outcome: TableOutcome, result: Result) -> set[Case]:
    return {row.case for row in outcome.rows if row.result is result}


@each
def test_a_device_as_specified_passes_every_row(key: bytes, algorithm: Algorithm) -> None:
    """With CMAC it can't say that it refuses to begin without its key."""
    outcome, radio, opened = tabled(device(key, None, algorithm), key)
    noted = {Case.TIME_TO_PROOF} | ({Case.CAPABILITIES, Case.WITHOUT_OOB} if algorithm is Algorithm.CMAC else set())
    assert rows_with(outcome, Result.PASSED) == set(Case) - noted
    assert rows_with(outcome, Result.NOTED) == noted
    assert outcome.passed
    assert len(radio.links) == EXCHANGES
    assert len(opened) == len(PROOFS) == len(outcome.times)
    assert all(key == Secret(bytes(len(key))) for key in opened)
    assert [row.case for row in outcome.rows] == list(Case) == list(CLAUSES)


AFTER_PUBLIC_KEY = {Case.WRONG_KEY, Case.OTHER_LENGTH, Case.CUT_AFTER_PUBLIC_KEY, Case.CUT_AFTER_CONFIRMATION}
FAILED_BY = {
    Fault.OTHER_KEY: set(PROOFS),
    Fault.TRIMMED_KEY: set(PROOFS),
    Fault.REVERSED_KEY: set(PROOFS),
    Fault.TEXT_KEY: set(PROOFS),
    Fault.ZERO_KEY: set(PROOFS),
    Fault.PADDED_KEY: set(PROOFS),
    Fault.UNCHECKED_OTHER_KEY: {*PROOFS, *LATE},
    Fault.UNCHECKED_TRIMMED_KEY: {*PROOFS, *LATE},
    Fault.UNCHECKED_REVERSED_KEY: {*PROOFS, *LATE},
    Fault.UNCHECKED_TEXT_KEY: {*PROOFS, *LATE},
    Fault.UNCHECKED_ZERO_KEY: {*PROOFS, *LATE},
    Fault.UNCHECKED_PADDED_KEY: {*PROOFS, *LATE},
    Fault.REFLECTED_PUBLIC_KEY: {*PROOFS, Case.REFLECTION},
    Fault.REFLECTED_CONFIRMATION: {*PROOFS, Case.REFLECTION},
    Fault.BAD_PUBLIC_KEY: {*PROOFS, *AFTER_PUBLIC_KEY},
    Fault.ONLY_CMAC: {Case.RIGHT_KEY},
    Fault.NO_ALGORITHM: {Case.RIGHT_KEY, Case.CAPABILITIES},
    Fault.NO_STATIC_OOB: {Case.RIGHT_KEY, Case.CAPABILITIES},
    Fault.ONLY_WITHOUT_OOB: {Case.RIGHT_KEY, Case.CAPABILITIES},
    Fault.OTHER_RANDOM: set(PROOFS),
    Fault.OUT_OF_RESOURCES: {Case.RIGHT_KEY, Case.CAPABILITIES},
    Fault.REPEATED_CAPABILITIES: ASKED - {Case.PLAYED_BACK, Case.CUT_AFTER_INVITE, Case.CUT_AFTER_START},
    Fault.CUT_CAPABILITIES: {Case.RIGHT_KEY, Case.CAPABILITIES},
    Fault.CUT_CONFIRMATION: {*PROOFS, Case.WRONG_KEY, Case.CUT_AFTER_CONFIRMATION},
    Fault.SILENT: {Case.RIGHT_KEY, Case.CAPABILITIES},
    Fault.SILENT_AFTER_CONFIRMATION: {*PROOFS, Case.WRONG_KEY, Case.CUT_AFTER_CONFIRMATION},
    Fault.ENDS_LINK: {*PROOFS, *AFTER_PUBLIC_KEY},
    Fault.SWAPPED_UUID: {Case.ADVERTISING},
    Fault.ZERO_UUID: {Case.ADVERTISING},
    Fault.OTHER_OOB_INFORMATION: {Case.ADVERTISING},
    Fault.SILENT_AFTER_CHECK: {Case.STILL_ADVERTISING},
    Fault.ACCEPTS_BAD_PUBLIC_KEY: {Case.INVALID_PUBLIC_KEY, Case.ZERO_PUBLIC_KEY},
    Fault.ACCEPTS_OTHER_LENGTH: {Case.OTHER_LENGTH},
    Fault.ACCEPTS_WITHOUT_OOB: {Case.WITHOUT_OOB},
    Fault.ACCEPTS_CMAC: {Case.OTHER_ALGORITHM},
    Fault.ACCEPTS_ANY_ORDER: {Case.OUT_OF_ORDER},
    Fault.SAME_PUBLIC_KEY: {Case.NEW_EACH_TIME},
    Fault.SAME_RANDOM: {Case.NEW_EACH_TIME},
    Fault.KEEPS_STATE: set(CUTS),
}
"""The rows that a device with HMAC fails with each fault."""


OF_SHORT_KEYS = {Fault.PADDED_KEY, Fault.UNCHECKED_PADDED_KEY}


@pytest.mark.parametrize("fault", Fault, ids=lambda one: one.value)
def test_each_fault_fails_its_rows(fault: Fault) -> None:
    key = KEY16 if fault in OF_SHORT_KEYS else KEY32
    outcome, _, opened = tabled(device(key, fault), key)
    assert rows_with(outcome, Result.FAILED) == FAILED_BY[fault]
    assert not outcome.passed
    assert len(opened) <= len(PROOFS)


@pytest.mark.parametrize("key", [KEY16, KEY32], ids=len)
def test_a_device_with_both_algorithms_may_begin_with_either(key: bytes) -> None:
    """If it doesn't say that it wants OOB authentication alone, it refuses the made-up key when it sees it."""
    outcome, _, _ = tabled(device(key, None, *Algorithm), key)
    assert outcome.passed
    assert rows_with(outcome, Result.NOTED) == {Case.CAPABILITIES, Case.WITHOUT_OOB, Case.TIME_TO_PROOF}


def test_a_device_that_begins_with_cmac_where_it_must_not_is_told_so() -> None:
    outcome, _, _ = tabled(device(KEY16, Fault.ACCEPTS_CMAC), KEY16)
    (row,) = (row for row in outcome.rows if row.result is Result.FAILED)
    assert (row.case, row.note) == (Case.OTHER_ALGORITHM, Note.BEGINS_WITH_CMAC)
    assert outcome.verdict is not None
    assert outcome.verdict.remarks == {Remark.CMAC_TOO}


def test_every_case_can_fail() -> None:
    assert set[Case]().union(*FAILED_BY.values()) == set(Case) - {Case.TIME_TO_PROOF}


def test_a_limit_for_the_time_to_proof() -> None:
    slow, _, _ = tabled(device(KEY32), limit=0.0)
    assert rows_with(slow, Result.FAILED) == {Case.TIME_TO_PROOF}
    quick, _, _ = tabled(device(KEY32), limit=3600.0)
    assert Case.TIME_TO_PROOF in rows_with(quick, Result.PASSED)
    assert quick.passed


def test_the_right_key_meets_the_device_in_two_exchanges_alone() -> None:
    """A peer that heard every other exchange could not find it: their AuthValues are made up anew."""
    for fault in (None, Fault.UNCHECKED_OTHER_KEY, Fault.SAME_RANDOM):
        peer = device(KEY32, fault)
        outcome, radio, opened = tabled(peer)
        assert len(opened) == 2, outcome
        whole = [link for link in radio.links if PduType.RANDOM in {pdu[0] for pdu in link}]
        assert len(whole) <= 2 + len(LATE)
        assert all(PduType.DATA not in {pdu[0] for pdu in link} for link in radio.links)


def test_nothing_is_begun_with_a_device_that_is_not_there() -> None:
    begun: list[None] = []

    def open_key() -> Secret:
        raise AssertionError

    request = TableRequest(DEVICE, open_key, lambda: begun.append(None), patience=QUICK)
    radio = DirectRadio(device(KEY32, Fault.ZERO_UUID))
    outcome = asyncio.run(run_table(radio, request))
    assert (begun, radio.links, outcome.sighting, outcome.passed) == ([], [], None, False)
    assert rows_with(outcome, Result.NOT_RUN) == set(Case) - {Case.ADVERTISING}


def test_over_virtual_bluetooth() -> None:
    """The same with advertisements, GATT and pieces of PDUs."""
    opened = 0

    def open_key() -> Secret:
        nonlocal opened
        opened += 1
        return Secret(KEY32)

    async def run() -> TableOutcome:
        async with virtual_air([device(KEY32)]) as radio:
            return await run_table(radio, TableRequest(DEVICE, open_key))

    outcome = asyncio.run(run())
    assert [row for row in outcome.rows if not row.holds] == []
    assert opened == 2
    assert outcome.capabilities == Capabilities(1, 2, oob_type=OobType.STATIC | OobType.ONLY_AUTHENTICATED)


# --- the judge and the scripted exchange ------------------------------------------------------------------------------

endings = st.builds(Ended, st.sampled_from(Ending), st.sampled_from(PduType), st.none() | st.integers(0, 255))
capabilities = st.builds(Capabilities, oob_type=st.integers(0, 3))


@given(case=st.sampled_from(sorted(REFUSALS)), ended=endings, offered=capabilities)
def test_only_a_refusal_passes_where_a_device_must_refuse(case: Case, ended: Ended, offered: Capabilities) -> None:
    row = judge_refusal(case, ended, offered)
    if row.holds and row.note is not Note.WITHOUT_OOB_TOO:
        assert ended.kind is Ending.REFUSED
        assert ended.after in REFUSALS[case].after
    if row.result is Result.PASSED and REFUSALS[case].codes:
        assert ended.code in REFUSALS[case].codes
    if row.note is Note.WITHOUT_OOB_TOO:
        assert case is Case.WITHOUT_OOB
        assert not offered.oob_type & OobType.ONLY_AUTHENTICATED


POINT = crypto.public_point(crypto.new_private_key())
pdus = st.one_of(
    st.just(encode(Capabilities(1, 3, oob_type=1))),
    st.sampled_from([encode(PublicKey(POINT)), encode(PublicKey(bytes(64)))]),
    st.builds(lambda kind, value: bytes([kind]) + value, st.sampled_from([5, 6]), st.binary(min_size=16, max_size=16)),
)
scripts = st.builds(
    Script,
    st.sampled_from(Algorithm),
    st.sampled_from([PduType.INVITE, PduType.START, PduType.PUBLIC_KEY, PduType.CONFIRMATION, PduType.RANDOM]),
    skipped=st.none() | st.just(PduType.PUBLIC_KEY),
    point=st.none() | st.binary(min_size=64, max_size=64),
    confirmation=st.none() | st.binary(min_size=16, max_size=32),
)


@given(script=scripts, arriving=st.lists(st.binary(max_size=70) | pdus, max_size=6))
def test_whatever_comes_ends_a_scripted_exchange(script: Script, arriving: list[bytes]) -> None:
    """No exception, and always an end."""
    exchange = ScriptedExchange(script)
    exchange.begin()
    for data in arriving:
        exchange.receive(data)
    exchange.time_out()
    assert exchange.verdict is not None
    assert exchange.receive(b"\x09\x04") == ()


def test_an_identity_with_another_key_is_another_device() -> None:
    """A control: the table does not pass a device that knows a key which differs in a bit."""
    key = bytearray(KEY32)
    key[-1] ^= 1
    outcome, _, _ = tabled(Provisionee(DeviceIdentity(DEVICE, Secret(bytes(key)))))
    assert rows_with(outcome, Result.FAILED) == set(PROOFS)
