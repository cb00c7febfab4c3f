"""Provisioning PDUs in pieces, and put together again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bss_mfg.device.pdu import MalformedPduError
from bss_mfg.device.proxy_pdu import LONGEST_MESSAGE, Reassembler, segments


@given(st.lists(st.binary(max_size=LONGEST_MESSAGE), max_size=4), st.integers(2, 70))
def test_messages_come_whole(messages: list[bytes], size: int) -> None:
    reassembler = Reassembler()
    arrived = []
    for message in messages:
        for piece in segments(message, size):
            assert len(piece) <= size
            arrived.append(reassembler.add(piece))
    assert [one for one in arrived if one is not None] == messages


def test_the_bytes_of_a_public_key_in_pieces() -> None:
    message = b"\x03" + bytes(range(64))
    assert [piece[:1].hex() for piece in segments(message, 20)] == ["43", "83", "83", "c3"]
    assert list(segments(message, 66)) == [b"\x03" + message]


@pytest.mark.parametrize(
    "pieces",
    [
        [""],
        ["00aa"],  # a network PDU
        ["7f"],
        ["83aa"],  # goes on with nothing
        ["c3aa"],
        ["43aa", "43bb"],  # begins twice
        ["43aa", "03bb"],
        ["43" + "aa" * 200, "83" + "aa" * 100],  # never ends
    ],
)
def test_what_has_no_place(pieces: list[str]) -> None:
    reassembler = Reassembler()
    with pytest.raises(MalformedPduError):
        for piece in pieces:
            reassembler.add(bytes.fromhex(piece))


@given(st.lists(st.binary(max_size=80), max_size=20))
def test_any_pieces_are_messages_or_malformed(pieces: list[bytes]) -> None:
    reassembler = Reassembler()
    for piece in pieces:
        try:
            message = reassembler.add(piece)
        except MalformedPduError:
            return
        assert message is None or len(message) <= LONGEST_MESSAGE


def test_a_piece_without_room_for_any_byte() -> None:
    with pytest.raises(ValueError, match="2 bytes"):
        list(segments(b"\x00", 1))
