"""Thousands of spoiled barcode strings: none passes for right, and the computer's own faults are told by name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from bss_mfg.verify.diagnosis import diagnose
from bss_mfg.verify.scanned import WedgeLine
from tests.helpers.amount import sized
from tests.helpers.factory import Factory
from tests.helpers.windows_keyboards import LAYOUTS, type_on, with_caps_lock

COUNT = sized(full=10_000, usual=2_000)
SUFFIXES = ("", "\r", "\n", "\r\n", "\t", "]d1")


@pytest.fixture(scope="module")
def books(new_factory: Callable[[], Factory]) -> Factory:
    factory = new_factory()
    factory.add(oob_bytes=16)
    for batch in ("A", "B"):
        factory.issue(60, batch)
    return factory


def marked(text: str, mark: str) -> str:
    """With what a scanner adds: before the text or behind it."""
    return mark + text if mark.startswith("]") else text + mark


def mutations(right: list[str], other: list[str], rng: np.random.Generator) -> Iterator[tuple[str, str, str]]:
    """(kind, what should be said of it, text)."""
    layouts = sorted(set(LAYOUTS) - {"uk"})
    while True:
        text = right[int(rng.integers(len(right)))]
        mark = SUFFIXES[int(rng.integers(len(SUFFIXES)))]
        kind = ("bits", "swap", "batch", "layout", "caps", "cut", "drop", "splice")[int(rng.integers(8))]
        if kind == "bits":
            octets = bytearray(text.encode())
            for at in rng.choice(len(octets), int(rng.integers(1, 4)), replace=False):
                octets[at] ^= 1 << int(rng.integers(8))
            yield kind, "", marked(octets.decode("utf-8", "surrogateescape"), mark)
        elif kind == "swap":
            one, two = sorted(int(at) for at in rng.choice(len(text), 2, replace=False))
            yield kind, "", marked(text[:one] + text[two] + text[one + 1 : two] + text[one] + text[two + 1 :], mark)
        elif kind == "batch":
            yield kind, "belongs to batch B", marked(other[int(rng.integers(len(other)))], mark)
        elif kind == "layout":
            short = layouts[int(rng.integers(len(layouts)))]
            locked = bool(rng.integers(2))
            name = LAYOUTS[short][0].split()[0]
            said = f"keyboard layout is [^,:]*{name}" + (".*, and caps lock is on" if locked else "")
            mark = "" if mark == "]d1" else mark  # the prefix would be typed on that layout too
            yield (
                kind,
                said,
                marked(with_caps_lock(type_on(text, short)) if locked else type_on(text, short), mark),
            )
        elif kind == "caps":
            mark = "" if mark == "]d1" else mark
            yield kind, "caps lock is on", marked(text.swapcase(), mark)
        elif kind == "cut":
            yield kind, "", marked(text[: int(rng.integers(len(text)))], mark)
        elif kind == "drop":
            at = int(rng.integers(len(text)))
            yield kind, "", marked(text[:at] + text[at + int(rng.integers(1, 4)) :], mark)
        else:
            # The front of one label and the back of another: a torn label over a torn label.
            at = int(rng.integers(1, len(text)))
            yield kind, "", marked(text[:at] + right[int(rng.integers(len(right)))][at:], mark)


def test_no_mutation_matches_and_faults_of_the_computer_are_named(books: Factory) -> None:
    rng = np.random.default_rng(4)
    tried: Counter[str] = Counter()
    named: Counter[str] = Counter()
    with books.ledger() as ledger:
        right = [package.payload for package in ledger.packages.stream("A")]
        other = [package.payload for package in ledger.packages.stream("B")]
        specs = [books.workspace.spec(ledger.batches.get("A").spec).spec]
        for kind, said, text in mutations(right, other, rng):
            if text.removeprefix("]d1").rstrip("\r\n\t") in right:
                continue  # swapped two equal letters, cut off nothing: no mutation
            found = diagnose(WedgeLine(text), "A", ledger, specs)
            assert found.kind != "match", (kind, text)
            tried[kind] += 1
            named[kind] += bool(said) and re.search(said, found.detail) is not None
            if tried.total() == COUNT:
                break
    assert min(tried.values()) > COUNT / 20
    assert named["batch"] == tried["batch"]
    assert named["layout"] + named["caps"] >= 0.99 * (tried["layout"] + tried["caps"]), (tried, named)


def test_the_same_strings_unspoiled_match(books: Factory) -> None:
    """Without this, a diagnosis that calls everything wrong would pass."""
    with books.ledger() as ledger:
        specs = [books.workspace.spec(ledger.batches.get("A").spec).spec]
        for package in ledger.packages.stream("A"):
            for mark in SUFFIXES:
                found = diagnose(WedgeLine(marked(package.payload, mark)), "A", ledger, specs)
                assert (found.kind, found.package) == ("match", package.number)
