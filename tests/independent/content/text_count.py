"""How many labels with a wrong, missing, swapped or added character are found, and how many right ones called wrong.

Pages are drawn and scanned by a model: blur, noise, skew, gain, and the dots of the printer. As a script:

    python -m tests.independent.content.text_count [LABELS] [SEED] [TEMPLATE]
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.random import Generator

from bss_mfg.imaging.label_content import check_labels
from bss_mfg.imaging.page_frame import frame_from_reads
from bss_mfg.imaging.zxing_reader import read_page
from bss_mfg.label.expected import WorkspaceLabels
from bss_mfg.label.layout.label_rows import LabelRow
from tests.helpers.factory import Factory, make_factory
from tests.helpers.wrong_labels import Press, ScanModel, with_text

TEMPLATES = ("sheet-a4-24", "retail-letter-10")
PACKAGES = 240
_SIGNS = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


class Misspelling(StrEnum):
    """What may be done to a character of a text."""

    OTHER = "another character"
    NOT_PRINTED = "not printed"
    LEFT_OUT = "left out"
    SWAPPED = "swapped"
    ADDED = "added"


@dataclass
class Count:
    """Labels by what they are and what was said of them."""

    right: int = 0
    wrong: int = 0
    found: int = 0
    false: int = 0
    missed: list[str] = field(default_factory=list)
    alarms: list[str] = field(default_factory=list)
    shown: Counter[str] = field(default_factory=Counter)
    """Wrong labels by their misspelling."""


def misspelt(text: str, random: Generator, kinds: int = 5) -> tuple[str, Misspelling]:
    """A text with one character that is wrong, not printed, left out, swapped with the next, or added at an end, and
    which of these; with 4 `kinds` none is added."""
    seen = [at for at, sign in enumerate(text) if sign.strip()]
    at = int(random.choice(seen))
    kind = int(random.integers(kinds))
    pairs = [one for one in range(len(text) - 1) if text[one] != text[one + 1] and text[one : one + 2].strip()]
    if kind == 0 or (kind == 3 and not pairs):
        other = str(random.choice([sign for sign in _SIGNS if sign != text[at]]))
        return text[:at] + other + text[at + 1 :], Misspelling.OTHER
    if kind == 1:
        return f"{text[:at]} {text[at + 1 :]}", Misspelling.NOT_PRINTED
    if kind == 2:
        return text[:at] + text[at + 1 :], Misspelling.LEFT_OUT
    if kind == 4:
        sign = str(random.choice(list(_SIGNS)))
        return str(random.choice([f"{text}{sign}", f"{sign}{text}"])), Misspelling.ADDED
    at = int(random.choice(pairs))
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :], Misspelling.SWAPPED


def a_model(random: Generator) -> ScanModel:
    """A 300-dpi scanner of some sort, and a sheet that lies somehow."""
    return ScanModel(
        blur=random.uniform(0.3, 1.2),
        noise=random.uniform(1, 14),
        skew=random.uniform(-1.5, 1.5),
        gain=random.uniform(0.75, 1.0),
        black=random.uniform(0, 60),
    )


def spoil(row: LabelRow, random: Generator, kinds: int = 5) -> tuple[LabelRow, str]:
    """A row with one misspelt text, and what was done to it."""
    texts = [text for text in row.texts if text and len(text) > 2]
    while True:
        old = str(random.choice(texts))
        new, how = misspelt(old, random, kinds)
        if new.strip() != old.strip():
            return with_text(row, old, new), f"{how}: {old!r} -> {new!r}"


def count(factory: Factory, batch_id: str, labels: int, seed: int, spoilt: float = 0.5) -> Count:
    """So many labels of a batch, a share of them spoilt."""
    found = Count()
    press = Press.of(factory, batch_id)
    with factory.ledger() as ledger:
        packages = {package.payload.encode(): package.number for package in ledger.packages.stream(batch_id)}
        drawer = WorkspaceLabels(factory.root).open(ledger)
        page = 0
        while found.right + found.wrong < labels:
            page += 1
            random = np.random.default_rng([seed, page])
            number = (page - 1) % press.label_file.pages + 1
            wrong: dict[int, str] = {}

            def change(
                package: int, row: LabelRow, random: Generator = random, wrong: dict[int, str] = wrong
            ) -> LabelRow:
                if random.random() < spoilt:
                    row, wrong[package] = spoil(row, random)
                return row

            model, dpi = a_model(random), int(random.choice([300, 600]))
            scanned = model.scan(press.page(number, dpi, change), dpi, seed=page)
            reads = [read for read in read_page(scanned) if read.data in packages and read.quad]
            matches = [(packages[read.data], read.quad) for read in reads if read.quad]
            frame = frame_from_reads(matches, [press.label_file], "")
            assert frame is not None
            numbers = list(press.label_file.packages_on(number))
            expected = drawer.labels(press.label_file, numbers, range(len(numbers)))
            assert not isinstance(expected, str), expected
            contents = check_labels(scanned, expected, [frame.matrix] * len(numbers))
            for package, content in zip(numbers, contents, strict=True):
                said = "; ".join(fault.words for fault in content.faults)
                if package in wrong:
                    found.wrong += 1
                    found.shown[wrong[package].split(":")[0]] += 1
                    found.found += bool(said)
                    found.missed += [] if said else [f"page {page}: {wrong[package]} ({model})"]
                else:
                    found.right += 1
                    found.false += bool(said)
                    found.alarms += [f"page {page}: {said} ({model})"] if said else []
    return found


def open_factory(root: Path, packages: int = PACKAGES) -> Factory:
    """A factory with a batch for each template."""
    factory = make_factory(root)
    factory.add(oob_bytes=16)
    for template in TEMPLATES:
        factory.issue(packages, template)
        factory.label(template, template)
    return factory


if __name__ == "__main__":
    wanted, seed = (int(text) for text in [*sys.argv[1:3], "20000", "1"][:2])
    templates = sys.argv[3:] or TEMPLATES
    with tempfile.TemporaryDirectory() as folder:
        factory = open_factory(Path(folder) / "w")
        for template in templates:
            result = count(factory, template, wanted // len(templates), seed)
            print(template, result, flush=True)
