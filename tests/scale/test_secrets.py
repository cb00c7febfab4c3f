"""A thousand keys: none in any file, stream or word of any command but the programming export."""

from __future__ import annotations

import base64
import re
import zlib
from pathlib import Path

from tests.helpers.commands import Outcome
from tests.helpers.factory import Factory


def forms(key: bytes) -> set[bytes]:
    """How a key could be written. Base64 of a longer text holds it at one of three alignments."""
    found = {key, key.hex().encode(), key.hex().upper().encode(), base64.b32encode(key).rstrip(b"=")[:-2]}
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for shift in range(3):
            text = encode(b"\0" * shift + key)
            found.add(text[4 if shift else 0 : len(text) - 4])
    return found


def inflated(data: bytes) -> bytes:
    """A file's bytes with its PDF streams inflated."""
    found = data
    for stream in re.findall(rb"\bstream\r?\n(.*?)endstream", data, re.DOTALL):
        try:
            found += zlib.decompress(stream)
        except zlib.error:
            continue
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


def test_no_key_of_a_thousand_leaks(factory: Factory, tmp_path: Path) -> None:
    factory.add(units_per_package=2, oob_bytes=16)
    labels, export = factory.root / "batches" / "B1" / "labels", tmp_path / "keys.csv"
    said: list[Outcome] = []

    def run(*arguments: object, code: int = 0) -> Outcome:
        outcome = factory.cli("--debug", *arguments)
        assert outcome.code == code, outcome
        said.append(outcome)
        return outcome

    run("batch", "create", "bulb", "--units", 1000, "--id", "B1")
    run("batch", "create", "bulb", "--units", 1002, "--id", "B1", code=4)
    run("labels", "B1")
    run("verify", "B1", labels, "--report", factory.root / "report.html", "--json")
    run("labels", "B1", "--symbols", "vector", "--again", "--out", factory.root / "vector")
    run("verify", "B1", factory.root / "vector", "--json")
    for kind in ("control-log", "csv", "jsonl"):
        run("manifest", "B1", "--format", kind, "--out", factory.root / f"manifest.{kind}")
    run("manifest", "B1", "--format", "csv", "--out", factory.root / "manifest.csv", code=4)
    run("program", "B1", "--format", "csv", "--out", export)
    run("program", "B1", "--format", "csv", "--out", export, code=4)
    run("batch", "show", "B1", "--history", "--json")
    run("batch", "list")
    run("product", "show", "bulb", "--json")
    run("spec", "list")
    run("doctor")
    with factory.ledger() as ledger:
        payload = next(ledger.packages.stream("B1")).payload
    run("inspect", payload, "--private-key", factory.private_key, "--json")
    run("inspect", payload + "X:1;", "--private-key", factory.private_key, code=1)

    keys = [bytes.fromhex(line.split(",")[2]) for line in export.read_text().splitlines()[1:]]
    assert len(set(keys)) == 1000
    needles = {form for key in keys for form in forms(key)}
    for outcome in said:
        assert not leaks(needles, (outcome.out + outcome.err).encode())
    files = [path for path in factory.root.rglob("*") if path.is_file()]
    assert len(files) > 12
    for path in files:
        assert not leaks(needles, inflated(path.read_bytes())), path
    # Negative control: the same search finds the keys where they are allowed to be.
    assert leaks(needles, export.read_bytes())
    assert leaks(needles, base64.b64encode(b"x" + keys[500] + b"yz"))
