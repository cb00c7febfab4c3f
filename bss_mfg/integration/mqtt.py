"""An MQTT broker: each event is a message at QoS 1, a CloudEvent in structured mode (CloudEvents MQTT binding, 3.2).

The topic tells what it is of: `START/batches/BATCH/KIND`, or `START/ledger/KIND` for what is of no batch. The broker
may have a message twice (QoS 1); its `id` tells.
"""

from __future__ import annotations

import socket
import ssl
import threading
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from bss_mfg.errors import InputError
from bss_mfg.integration.event_documents import CLOUD_EVENT_TYPE, cloud_event
from bss_mfg.integration.receivers import (
    ANSWER_S,
    Credentials,
    DeliveryTrouble,
    ReceiverAddress,
    tls_context,
    tls_words,
)
from bss_mfg.model import Event

_CONNECT_S = 10.0
_FAILURE = 0x80
"""Reason codes from here on are failures (MQTT 5.0, section 2.4)."""
_FOR_GOOD = frozenset(
    {
        0x81,  # malformed packet
        0x82,  # protocol error
        0x84,  # unsupported protocol version
        0x85,  # client identifier not valid
        0x86,  # bad user name or password
        0x87,  # not authorized
        0x8A,  # banned
        0x8C,  # bad authentication method
        0x90,  # topic name invalid
        0x95,  # packet too large
        0x99,  # payload format invalid
        0x9A,  # retain not supported
        0x9B,  # QoS not supported
        0x9D,  # server moved
    }
)
"""The failures that the same message from the same user meets again, of CONNACK (MQTT 5.0, 3.2.2.2), PUBACK (3.4.2.1)
and DISCONNECT (3.14.2.1). The others may pass: a broker that is busy (0x89), shuts down (0x8B), has had its quota
(0x97), takes messages elsewhere for a while (0x9C), or says nothing (0x80)."""


class MqttBroker:
    """A receiver over MQTT 5. The connection is kept for the next event, and made anew where it was lost."""

    def __init__(self, address: ReceiverAddress, credentials: Credentials, ledger_id: str) -> None:
        self._address, self._credentials, self._ledger_id = address, credentials, ledger_id
        self._client: _Connection | None = None

    def deliver(self, event: Event) -> None:
        """Publish the event; it was taken where the broker acknowledged it."""
        if self._client is None:
            self._client = _Connection(self._address, self._credentials)
        try:
            self._client.publish(self.topic(event), cloud_event(event, self._ledger_id))
        except DeliveryTrouble:
            self.close()
            raise

    def topic(self, event: Event) -> str:
        """The topic of an event."""
        kind = event.kind.replace(" ", "-")
        return f"{self._address.path[1:]}/{f'batches/{event.batch}' if event.batch else 'ledger'}/{kind}"

    def close(self) -> None:
        """Leave the connection."""
        if self._client is not None:
            self._client.close()
            self._client = None


class _Connection:
    """One connection to a broker, until it is lost."""

    def __init__(self, address: ReceiverAddress, credentials: Credentials) -> None:
        self._place = address.place
        self._ready, self._acknowledged = threading.Event(), threading.Event()
        self._answer: ReasonCode | None = None
        self._sent_away: ReasonCode | None = None
        self._client = client = paho.Client(
            CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5, reconnect_on_failure=False
        )
        client.on_connect = self._on_connect
        client.on_publish = self._on_publish
        client.on_disconnect = self._on_disconnect
        if credentials.user:
            secret = credentials.secret
            client.username_pw_set(credentials.user, secret.reveal().decode("utf-8", "replace") if secret else None)
        if address.has_tls:
            client.tls_set_context(tls_context(credentials))
        try:
            client.connect(address.host, address.port, keepalive=30)
        except ssl.SSLError as error:
            raise DeliveryTrouble(f"no connection to {self._place} ({tls_words(error)})") from None
        except socket.gaierror:
            raise DeliveryTrouble(f"no connection to {self._place} (its name is unknown)") from None
        except (OSError, ValueError):
            raise DeliveryTrouble(f"no connection to {self._place}") from None
        client.loop_start()
        if not self._ready.wait(_CONNECT_S) or self._answer is None:
            self.close()
            self._check_sent_away()
            raise DeliveryTrouble(f"{self._place} took no connection in time")
        if self._answer.value >= _FAILURE:
            self.close()
            raise self._failure(self._answer, "let nobody in")

    def publish(self, topic: str, body: bytes) -> None:
        """Publish one message, and wait until it is acknowledged."""
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.ContentType = CLOUD_EVENT_TYPE
        self._answer = None
        self._acknowledged.clear()
        sent = self._client.publish(topic, body, qos=1, properties=properties)
        if sent.rc != MQTTErrorCode.MQTT_ERR_SUCCESS or not self._acknowledged.wait(ANSWER_S) or self._answer is None:
            self._check_sent_away()
            raise DeliveryTrouble(f"{self._place} did not acknowledge a message: the connection was lost")
        if self._answer.value >= _FAILURE:
            raise self._failure(self._answer, f"refused a message to {topic}")

    def close(self) -> None:
        """Leave it."""
        self._client.disconnect()
        self._client.loop_stop()

    def _check_sent_away(self) -> None:
        """What a broker that ended the connection by itself said of why."""
        if self._sent_away is not None and self._sent_away.value >= _FAILURE:
            raise self._failure(self._sent_away, "ended the connection")

    def _failure(self, answer: ReasonCode, words: str) -> InputError | DeliveryTrouble:
        """The error of a failure: one that ends the command, or one after which the message is tried again."""
        if answer.value not in _FOR_GOOD:
            return DeliveryTrouble(f"{self._place} {words} ({answer})")
        return InputError(
            f"the broker {words}: {answer}",
            where=self._place,
            way_out="Check --user, --secret-file and the broker's rules of who may publish what and where. Then run "
            "the same command again: it continues where it stopped.",
        )

    def _on_connect(self, client: Any, data: Any, flags: Any, reason: ReasonCode, properties: Any) -> None:
        self._answer = reason
        self._ready.set()

    def _on_publish(self, client: Any, data: Any, number: int, reason: ReasonCode, properties: Any) -> None:
        self._answer = reason
        self._acknowledged.set()

    def _on_disconnect(self, client: Any, data: Any, flags: Any, reason: ReasonCode, properties: Any) -> None:
        if flags.is_disconnect_packet_from_server:
            self._sent_away = reason
        self._ready.set()
        self._acknowledged.set()
