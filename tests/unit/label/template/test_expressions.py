"""Placeholders: what is known for all labels is filled in once, and changes nothing of what a label says."""

from __future__ import annotations

import datetime
import uuid

import pytest

from bss_mfg.label.template.expressions import CompiledText, Values, compile_text

VALUES: Values = {
    "package": 7,
    "packages": 1200,
    "serial": "A*7_x",
    "batch": "b{1}",
    "date": datetime.date(2026, 11, 28),
    "uuid": uuid.UUID(int=7),
    "ean": "",
}


@pytest.mark.parametrize(
    "source",
    [
        "{package} of {packages:,}, batch {batch}",
        "{serial}{batch}{serial}",
        "{{{batch}}} *{serial}* {date:%y}",
        "{ean}{uuid:hex}",
        "nothing changes",
        "",
    ],
)
@pytest.mark.parametrize("known", [(), ("batch",), ("packages", "batch", "date", "ean"), tuple(VALUES)])
@pytest.mark.parametrize("marked", [False, True])
def test_constants_are_filled_in_as_they_would_be_on_each_label(
    source: str, known: tuple[str, ...], marked: bool
) -> None:
    text = compile_text(source)
    text = text.with_switches() if marked else text
    filled = text.with_constants({name: VALUES[name] for name in known})
    assert filled.fill(VALUES) == text.fill(VALUES)
    assert filled.names == text.names - set(known)
    assert _neighbours(filled) == 0


def _neighbours(text: CompiledText) -> int:
    """Stretches of plain text that stand side by side: each costs time on every label."""
    return sum(isinstance(a, str) and isinstance(b, str) for a, b in zip(text.tokens, text.tokens[1:], strict=False))
