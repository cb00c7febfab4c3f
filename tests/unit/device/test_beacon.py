"""What an unprovisioned device advertises, over both bearers."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bss_mfg.device.beacon import Beacon, OobInformation, UuidFault, swapped, uuid_fault
from bss_mfg.errors import ValueProblem

DEVICE = uuid.UUID("70cf7c97-32a3-45b6-9149-4810d2e9cbf4")
beacons = st.builds(
    Beacon,
    st.uuids(),
    st.integers(0, 0xFFFF).map(OobInformation),
    st.none() | st.binary(min_size=4, max_size=4),
)


def test_the_bytes_of_both_bearers() -> None:
    beacon = Beacon(DEVICE, OobInformation.NUMBER | OobInformation.ON_BOX, bytes.fromhex("d97478b3"))
    assert beacon.service_data.hex() == DEVICE.hex + "0820"
    assert beacon.mesh_beacon.hex() == "00" + DEVICE.hex + "0820" + "d97478b3"


@given(beacons)
def test_what_is_shown_is_what_is_read(beacon: Beacon) -> None:
    assert Beacon.from_mesh_beacon(beacon.mesh_beacon) == beacon
    seen = Beacon.from_service_data(beacon.service_data)
    assert (seen.uuid, seen.oob_information) == (beacon.uuid, beacon.oob_information)


@given(st.binary(max_size=40).filter(lambda data: len(data) != 18))
def test_service_data_of_another_length(data: bytes) -> None:
    with pytest.raises(ValueProblem):
        Beacon.from_service_data(data)


@given(st.binary(max_size=40))
def test_any_mesh_beacon_is_read_or_refused(data: bytes) -> None:
    if not data or data[0]:
        assert Beacon.from_mesh_beacon(data) is None  # a network's, or private
    elif len(data) not in (19, 23):
        with pytest.raises(ValueProblem):
            Beacon.from_mesh_beacon(data)
    else:
        beacon = Beacon.from_mesh_beacon(data)
        assert beacon is not None
        assert beacon.mesh_beacon == data


def test_uuids_of_memory_that_was_never_written() -> None:
    assert uuid_fault(uuid.UUID(int=0)) is UuidFault.ZERO
    assert uuid_fault(uuid.UUID(bytes=b"\xff" * 16)) is UuidFault.ALL_ONES
    assert uuid_fault(DEVICE) is None


@given(st.uuids())
def test_a_swapped_uuid_is_swapped_back(device: uuid.UUID) -> None:
    assert device in {back for shown in swapped(device) for back in swapped(shown)}
    assert uuid.UUID(bytes=device.bytes[::-1]) in swapped(device)
    assert uuid.UUID(bytes_le=device.bytes) in swapped(device)
