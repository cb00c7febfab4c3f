"""What is said of a text that is no label's: each fault of print, scanner and keyboard by name."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bss_mfg.core.text import printable
from bss_mfg.payload.spec import packaged_spec
from bss_mfg.verify.diagnosis import diagnose
from bss_mfg.verify.scanned import WedgeLine
from tests.helpers.factory import Factory

DIAGNOSES: dict[str, tuple[Callable[[str], str], str, str]] = {
    "AIM prefix and end of line": (lambda text: "]d1" + text + "\r\n", "match", ""),
    "caps lock": (lambda text: text.swapcase(), "mismatched", "caps lock"),
    "GS1": (lambda text: "]d2" + text, "mismatched", "GS1"),
    "cut off": (lambda text: text[:-20], "mismatched", "cut off"),
    "field doubled": (lambda text: text + "PID:ebK3;", "mismatched", "appears 2 times"),
    "field missing": (lambda text: text.replace("PID:ebK3;", ""), "mismatched", "PID is missing"),
    "one letter": (lambda text: text.replace("PID:ebK3", "PID:ebk3"), "mismatched", "but it differs"),
    "cut inside a UUID": (lambda text: text[:60], "mismatched", "cut off"),
    "another family": (lambda text: "https://example.com", "foreign", "a barcode of this family"),
    "two end-of-lines inside": (lambda text: text[:9] + "\n" + text[9:], "mismatched", ""),
    "a space behind": (lambda text: text + " ", "mismatched", ""),
}


@pytest.mark.parametrize("name", DIAGNOSES)
def test_texts_are_diagnosed(printed: Factory, name: str) -> None:
    change, kind, said = DIAGNOSES[name]
    with printed.ledger() as ledger:
        text = next(ledger.packages.stream("A")).payload
        found = diagnose(WedgeLine(change(text)), "A", ledger, [packaged_spec("amazon-bss-ob04").spec])
    assert found.kind == kind, found
    assert said in found.detail


def test_hostile_text_is_shown_as_text() -> None:
    shown = printable("".join(map(chr, range(256))) + "\x1b[31m\u202e<script>", 1000)
    assert all(" " <= character <= "~" for character in shown)
    assert "\\x1b[31m\\u{202e}" in shown
