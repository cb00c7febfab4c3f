"""Days and moments as people type and read them, in the time zone of the workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from bss_mfg.cli.common import App


def utc_moment(app: App, option: str, text: str | None) -> str:
    """What was typed for `--since`, `--from`, `--until` or `--to`, as the history writes it; else an empty text."""
    if not text:
        return ""
    try:
        return app.zone.utc(text, end=option in ("--until", "--to"))
    except (ValueError, OverflowError):
        raise click.BadParameter(
            f"{text!r} is not a date such as 2026-11-24 or 2026-11-24T08:00:00Z.", param_hint=option
        ) from None
