"""What a broker gives as its reason: final ones end the command, others are tried again (MQTT 5.0, 2.4)."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from bss_mfg.errors import InputError
from bss_mfg.integration.mqtt import MqttBroker
from bss_mfg.integration.receivers import Credentials, DeliveryTrouble, ReceiverAddress
from bss_mfg.model import Event
from tests.helpers.mqtt_broker import scripted_broker

EVENT = Event(1, "2026-11-30T12:00:00Z", "batch issued", "B1", {}, "ab" * 32)
PUBACK = bytes([0x40, 2, 0, 1])
"""Of the first message of a connection: it was taken (MQTT 5.0, 3.4)."""


def disconnect(code: int) -> bytes:
    """A broker that ends the connection and says why (MQTT 5.0, 3.14)."""
    return bytes([0xE0, 2, code, 0])


def refused(code: int) -> bytes:
    """A message that isn't taken (MQTT 5.0, 3.4.2.1)."""
    return bytes([0x40, 4, 0, 1, code, 0])


def deliver(port: int) -> None:
    broker = MqttBroker(ReceiverAddress.parse(f"mqtt://127.0.0.1:{port}/plant"), Credentials(), "0" * 8)
    try:
        broker.deliver(EVENT)
    finally:
        broker.close()


FINAL = [
    *[(code, b"") for code in (0x84, 0x85, 0x86, 0x87, 0x8A, 0x8C, 0x90, 0x9A, 0x9B, 0x9D)],
    *[(0, disconnect(code)) for code in (0x81, 0x82, 0x87, 0x90, 0x95, 0x99, 0x9A, 0x9B, 0x9D)],
    *[(0, refused(code)) for code in (0x87, 0x90, 0x99)],
]
MAY_PASS = [
    *[(code, b"") for code in (0x80, 0x83, 0x88, 0x89, 0x97, 0x9C, 0x9F)],
    *[(0, disconnect(code)) for code in (0x80, 0x83, 0x89, 0x8B, 0x8D, 0x8E, 0x93, 0x96, 0x97, 0x98, 0x9C, 0x9F, 0xA0)],
    *[(0, refused(code)) for code in (0x80, 0x83, 0x91, 0x97)],
    (0, b""),  # nothing is said
]


def known(answer: tuple[int, bytes]) -> str:
    code, packet = answer
    return f"{code:02x}-{packet.hex()}"


@pytest.mark.parametrize("answer", FINAL, ids=known)
def test_a_final_reason_ends_it_and_is_named(answer: tuple[int, bytes]) -> None:
    with scripted_broker(iter([answer])) as port, pytest.raises(InputError, match=r"the broker (let|ended|refused)"):
        deliver(port)


@pytest.mark.parametrize("answer", MAY_PASS, ids=known)
def test_what_may_pass_is_tried_again_and_taken(answer: tuple[int, bytes]) -> None:
    def answers() -> Iterator[tuple[int, bytes]]:
        yield from itertools.chain([answer], itertools.repeat((0, PUBACK)))

    with scripted_broker(answers()) as port:
        with pytest.raises(DeliveryTrouble):
            deliver(port)
        deliver(port)
