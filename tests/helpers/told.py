"""What the history tells, as the command prints it."""

from __future__ import annotations

from tests.helpers.factory import Factory


def history(factory: Factory, what: str, kind: str) -> list[dict[str, object]]:
    """The events of a kind, of a unit or a batch."""
    return [event for event in factory.cli("history", what, "--json").json if event["kind"] == kind]
