"""Receivers that fail half of the time have each event once, by its id: a webhook, and Mosquitto behind a wire that is
cut, read by Mosquitto's own client."""

from __future__ import annotations

import json
import random
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bss_mfg.errors import InputError
from bss_mfg.integration.event_feed import START, EventChoice, EventSource, Position
from bss_mfg.integration.forwarding import DeliveryRecord, Forwarder, Persistence
from bss_mfg.integration.mqtt import MqttBroker
from bss_mfg.integration.receivers import Credentials, Receiver, ReceiverAddress
from bss_mfg.integration.webhook import Webhook
from bss_mfg.ledger.events import ManifestWithdrawn
from bss_mfg.model import Secret
from tests.helpers.factory import WHO, Factory
from tests.helpers.mqtt_broker import cut_wire, mosquitto
from tests.helpers.webhook_receiver import BUSY, CUT, REFUSE, TAKE, TAKE_AND_CUT, webhook_receiver
from tests.needs import needs


@pytest.fixture
def line(factory: Factory) -> Factory:
    """A history of some forty events."""
    factory.add()
    factory.issue(1)
    with factory.ledger() as ledger:
        for number in range(40):
            ledger.history.append("B1", ManifestWithdrawn(serials=[f"ebK3{number:08}"]))
    return factory


def send_all(line: Factory, receiver: Receiver) -> tuple[int, Position]:
    source = EventSource(lambda: line.workspace.open_ledger(WHO), EventChoice())
    record = DeliveryRecord.of(line.root, "erp", "there")
    with record.held():
        forwarder = Forwarder(source, receiver, record, Persistence(wait=lambda seconds: None))
        return forwarder.send_all(record.read() or START)


def ids(line: Factory) -> list[str]:
    events = map(json.loads, line.cli("events").out.splitlines())
    return [f"{event['seq']}-{event['event_digest'][:16]}" for event in events]


def test_a_webhook_that_fails_half_of_the_time(line: Factory) -> None:
    chance = random.Random(11)
    behaviour = [chance.choice((TAKE, TAKE, TAKE, CUT, REFUSE, BUSY, TAKE_AND_CUT)) for _ in range(400)]
    with webhook_receiver(*behaviour) as erp:
        secret = Secret(b"whsec_" + b"A" * 43 + b"=")
        webhook = Webhook(ReceiverAddress.parse(erp.address), Credentials(secret), "0" * 8)
        count, position = send_all(line, webhook)
        webhook.close()
    taken = [json.loads(one.body)["id"] for one in erp.taken]
    assert list(dict.fromkeys(taken)) == ids(line)  # in order, none lost
    assert len(taken) > len(set(taken))  # some came twice, under one id
    assert erp.requests > 1.6 * count
    assert position.seq == count == len(set(taken))
    assert DeliveryRecord.of(line.root, "erp", "there").read() == position


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("after", [0, 1, 5, 23, 30])
def test_killed_between_an_answer_and_the_note_of_it(
    line: Factory, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = iter(range(1_000))
    write = DeliveryRecord.write

    def fail(self: DeliveryRecord, position: object) -> None:
        if next(written) == after:
            raise Killed
        write(self, position)  # type: ignore[arg-type]

    with webhook_receiver() as erp:
        webhook = Webhook(ReceiverAddress.parse(erp.address), Credentials(), "0" * 8)
        with monkeypatch.context() as patched, pytest.raises(Killed):
            patched.setattr(DeliveryRecord, "write", fail)
            send_all(line, webhook)
        send_all(line, webhook)
        webhook.close()
    taken = [json.loads(one.body)["id"] for one in erp.taken]
    assert list(dict.fromkeys(taken)) == ids(line)
    assert len(taken) == len(set(taken)) + 1


@needs("mosquitto")
def test_mosquitto_behind_a_wire_that_is_cut(line: Factory, tmp_path: Path) -> None:
    chance = random.Random(5)

    def cuts() -> Iterator[int | None]:
        while True:
            yield chance.choice((0, 1, 2, 3, 4))  # 0: nothing comes back, 1: the connection is accepted, then none

    wanted = ids(line)
    with mosquitto(tmp_path) as broker, cut_wire(broker.port, cuts()) as port:
        reader = subprocess.Popen(
            ["mosquitto_sub", "-h", "127.0.0.1", "-p", str(broker.port), "-q", "1", "-t", "plant/#", "-F", "%t %p",
             "-i", "erp", "-c"],
            stdout=(tmp_path / "messages").open("wb"),
        )  # fmt: skip
        mqtt = MqttBroker(ReceiverAddress.parse(f"mqtt://127.0.0.1:{port}/plant"), Credentials(), "0" * 8)
        try:
            _wait_for_subscription(tmp_path)
            count, _ = send_all(line, mqtt)
            mqtt.close()
            _wait_for_messages(tmp_path, wanted[-1])
        finally:
            reader.terminate()
            reader.wait(30)
    messages = [row.split(" ", 1) for row in (tmp_path / "messages").read_text().splitlines()]
    taken = [json.loads(body)["id"] for _, body in messages]
    assert list(dict.fromkeys(taken)) == wanted
    assert len(taken) > len(set(taken))
    assert count == len(wanted)
    assert {topic for topic, _ in messages} >= {"plant/ledger/key-pinned", "plant/batches/B1/manifest-withdrawn"}


def _wait_for_subscription(folder: Path) -> None:
    end = time.monotonic() + 60
    while "SUBSCRIBE" not in (folder / "mosquitto.log").read_text() and time.monotonic() < end:
        if "erp" in (folder / "mosquitto.log").read_text():  # it has connected; its next packet subscribes
            time.sleep(0.5)
            return
        time.sleep(0.05)


def _wait_for_messages(folder: Path, last: str) -> None:
    end = time.monotonic() + 60
    while last not in (folder / "messages").read_text() and time.monotonic() < end:
        time.sleep(0.05)


@needs("mosquitto")
def test_who_is_not_let_in_is_told_at_once(line: Factory, tmp_path: Path) -> None:
    subprocess.run(["mosquitto_passwd", "-b", "-c", tmp_path / "users", "erp", "right "], check=True)
    settings = ("allow_anonymous false", f"password_file {tmp_path / 'users'}")
    with mosquitto(tmp_path, *settings) as broker:
        address = ReceiverAddress.parse(f"mqtt://127.0.0.1:{broker.port}/plant")
        wrong = MqttBroker(address, Credentials(Secret(b"wrong"), "erp"), "0" * 8)
        with pytest.raises(InputError, match="let nobody in") as told:
            send_all(line, wrong)
        assert "wrong" not in str(told.value)
        right = MqttBroker(address, Credentials(Secret(b"right "), "erp"), "0" * 8)
        assert send_all(line, right)[0] > 0
        right.close()
