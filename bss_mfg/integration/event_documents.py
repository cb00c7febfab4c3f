"""An event as other systems read it: a line of JSON, and a CloudEvent (CNCF CloudEvents 1.0.2, JSON event format)."""

from __future__ import annotations

import json
from typing import Any

from bss_mfg.model import Event

CLOUD_EVENT_TYPE = "application/cloudevents+json"
_TYPE = "bss-mfg.{}.v1"


def event_record(event: Event) -> dict[str, Any]:
    """The fields of an event: what `history --json` has of it, and `event_digest`, its own (hex)."""
    return {**event.record, "event_digest": event.digest}


def event_line(event: Event) -> str:
    """An event as one line of JSON, without its end."""
    return json.dumps(event_record(event), ensure_ascii=True, separators=(",", ":"))


def event_id(event: Event) -> str:
    """What no other event of this ledger has, also where the ledger was restored and gave a number again."""
    return f"{event.seq}-{event.digest[:16]}"


def cloud_event(event: Event, ledger_id: str) -> bytes:
    """An event in CloudEvents' structured mode. A receiver that has seen its `source` and `id` has seen the event."""
    document = {
        "specversion": "1.0",
        "id": event_id(event),
        "source": f"urn:uuid:{ledger_id}",
        "type": _TYPE.format(event.kind.replace(" ", "-")),
        "time": event.at,
        **({"subject": f"batches/{event.batch}"} if event.batch else {}),
        "datacontenttype": "application/json",
        "data": event_record(event),
    }
    return json.dumps(document, ensure_ascii=True, separators=(",", ":")).encode()
