"""No OOB key anywhere but in the programming export: every file, every stream, every word a command says."""

from __future__ import annotations

import base64
from pathlib import Path

from bss_mfg.ledger.keys import open_keys
from tests.helpers.factory import Factory


def forms(key: bytes) -> set[bytes]:
    """How a key could be written. Base64 of a longer text holds it at one of three alignments."""
    found = {key, key.hex().encode(), key.hex().upper().encode(), base64.b32encode(key).rstrip(b"=")[:-2]}
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for shift in range(3):
            text = encode(b"\0" * shift + key)
            found.add(text[4 if shift else 0 : len(text) - 4])
    return found


def leaks(needles: set[bytes], haystack: bytes) -> bool:
    """Whether any needle is in the haystack; found by its first 8 octets, then compared whole (the hexadecimal of a
    thousand symbols holds any 8 digits now and then)."""
    starts: dict[bytes, list[bytes]] = {}
    for needle in needles:
        starts.setdefault(needle[:8], []).append(needle)
    return any(
        haystack.startswith(needle, at)
        for at in range(len(haystack) - 7)
        for needle in starts.get(haystack[at : at + 8], ())
    )


def test_an_error_with_a_traceback_tells_no_key(factory: Factory, tmp_path: Path) -> None:
    factory.add()
    factory.issue(20)
    (tmp_path / "taken.csv").write_text("x")
    done = factory.cli("--debug", "program", "B1", "--format", "csv", "--out", tmp_path / "taken.csv")
    assert done.code == 4
    assert "Traceback" in done.err
    with factory.ledger() as ledger:
        keys = [unit.key.reveal() for unit in open_keys(ledger).units("B1", factory.workspace.open_vault()) if unit.key]
    assert not leaks({form for key in keys for form in forms(key)}, (done.out + done.err).encode())
