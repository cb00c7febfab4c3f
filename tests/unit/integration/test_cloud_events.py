"""An event as CloudEvents' own library reads it."""

from __future__ import annotations

from datetime import UTC, datetime

from cloudevents.core.bindings.http import HTTPMessage, from_structured_event
from cloudevents.core.formats.json import JSONFormat

from bss_mfg.integration.event_documents import CLOUD_EVENT_TYPE, cloud_event, event_id, event_record
from bss_mfg.model import Event

EVENT = Event(7, "2026-11-30T05:00:00Z", "labels made", "B1", {"file": "Glühlampe.pdf", "operator": "é"}, "ab" * 32)


def test_the_library_reads_what_was_written() -> None:
    message = HTTPMessage(
        {"content-type": CLOUD_EVENT_TYPE}, cloud_event(EVENT, "1b4e28ba-2fa1-11d2-883f-0016d3cca427")
    )
    read = from_structured_event(message, JSONFormat())
    assert read.get_specversion() == "1.0"
    assert read.get_id() == event_id(EVENT) == f"7-{'ab' * 8}"
    assert read.get_source() == "urn:uuid:1b4e28ba-2fa1-11d2-883f-0016d3cca427"
    assert read.get_type() == "bss-mfg.labels-made.v1"
    assert read.get_subject() == "batches/B1"
    assert read.get_time() == datetime(2026, 11, 30, 5, tzinfo=UTC)
    assert read.get_data() == event_record(EVENT)


def test_an_event_of_no_batch_has_no_subject_and_another_history_another_id() -> None:
    assert b"subject" not in cloud_event(Event(1, EVENT.at, "workspace created", None, {}, "00" * 32), "x")
    other = Event(7, EVENT.at, EVENT.kind, "B1", EVENT.data, "cd" * 32)
    assert event_id(other) != event_id(EVENT)
