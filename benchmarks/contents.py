"""`python -m benchmarks.contents`: what it costs to compare all that is on labels, next to reading their symbols alone.

The same scans of sheets and of roll labels are verified in turns without any of that, with their texts, and with their
codes and artwork, too, in one process. Processor time counts, and medians are compared, so a busy machine disturbs all
sides alike.
"""

from __future__ import annotations

import argparse
import gc
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.bss_mfg_pipeline import Factory
from benchmarks.common import Target, say, target_table
from bss_mfg.imaging.expected_content import ExpectedLabels
from bss_mfg.label.expected import WorkspaceLabels
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.model import LabelFile
from bss_mfg.verify.label_source import LabelPages, LabelSource
from bss_mfg.verify.outcome import VerifyOptions
from bss_mfg.verify.verification import verify

LIMIT = 1.25
DPI = (300, 600)
KINDS = {"sheet-a4-24": 72, "retail-letter-10": 40, "roll-50x30": 24}
"""Templates, and how many labels of each are scanned."""


class Compared(StrEnum):
    """What is compared of labels, besides their symbols."""

    SYMBOLS = "symbols"
    TEXTS = "texts"
    EVERYTHING = "everything"


@dataclass(frozen=True)
class Cost:
    """Milliseconds of processor time a label takes by what is compared; medians of some rounds."""

    kind: str
    dpi: int
    compared: Mapping[Compared, float]

    def ratio(self, what: Compared) -> float:
        """With so much compared, over symbols alone."""
        return self.compared[what] / self.compared[Compared.SYMBOLS]

    @property
    def targets(self) -> list[Target]:
        """What is asked."""
        return [
            Target(f"{self.kind} at {self.dpi} dpi: {what} / symbols", self.ratio(what), LIMIT, at_most=True)
            for what in (Compared.TEXTS, Compared.EVERYTHING)
        ]

    @property
    def words(self) -> str:
        """It, as people read it: of each part how much longer a label takes, and its share of the whole."""
        parts = [f"{what} {self.compared[what]:.1f} ms" for what in Compared]
        shares = [f"{1 - 1 / self.ratio(what):.1%}" for what in (Compared.TEXTS, Compared.EVERYTHING)]
        return f"{self.kind} at {self.dpi} dpi, a label: {', '.join(parts)}; shares of the whole {', '.join(shares)}"

    def record(self) -> dict[str, Any]:
        """For the file of results."""
        return {
            "kind": self.kind,
            "dpi": self.dpi,
            "ms": {str(what): round(taken, 2) for what, taken in self.compared.items()},
            "ratio": {str(what): round(self.ratio(what), 3) for what in (Compared.TEXTS, Compared.EVERYTHING)},
        }


@dataclass(frozen=True)
class TextsAlone:
    """Labels of which nothing is known but their symbols and texts."""

    labels: LabelSource

    def open(self, ledger: Ledger) -> LabelPages:
        """The labels of a ledger."""
        return _TextPages(self.labels.open(ledger))


@dataclass(frozen=True)
class _TextPages:
    pages: LabelPages

    def labels(
        self, label_file: LabelFile, numbers: Sequence[int], places: Sequence[int], modules: bool = False
    ) -> ExpectedLabels | str:
        found = self.pages.labels(label_file, numbers, places, modules)
        if isinstance(found, str):
            return found
        return replace(found, labels=tuple(replace(label, codes=(), pictures=()) for label in found.labels))

    def find(self, label_file: LabelFile, texts: Sequence[str]) -> Mapping[str, int]:
        return self.pages.find(label_file, texts)


def scan(pdf: Path, dpi: int, folder: Path) -> list[Path]:
    """The pages of a label file as a flatbed scanner sees them: a little askew, blurred, noisy."""
    import numpy as np
    import pypdfium2
    from PIL import Image, ImageFilter

    random, found = np.random.default_rng(1), []
    document = pypdfium2.PdfDocument(pdf)
    for number in range(len(document)):
        page = document[number].render(scale=dpi / 72, grayscale=True).to_pil()
        page = page.rotate(0.4, Image.Resampling.BICUBIC, fillcolor=255).filter(ImageFilter.GaussianBlur(dpi / 430))
        seen = 20 + np.asarray(page, np.float32) * 0.82 + random.normal(0, 5, (page.height, page.width))
        found.append(folder / f"{pdf.stem}-{dpi}-{number + 1:03}.png")
        Image.fromarray(np.clip(seen, 0, 255).astype(np.uint8)).save(found[-1], dpi=(dpi, dpi))
    document.close()
    return found


def measure(root: Path, rounds: int) -> Iterator[Cost]:
    """All kinds at all resolutions."""
    factory = Factory.build(root / "factory", 16)
    for kind, labels in KINDS.items():
        factory.issue(kind, labels)
        factory.labels(kind, root / kind, "mask", kind)
        (pdf,) = sorted((root / kind).glob("*.pdf"))
        for dpi in DPI:
            scans = scan(pdf, dpi, root)
            sides: dict[Compared, list[float]] = {what: [] for what in Compared}
            seconds(factory, kind, scans, Compared.EVERYTHING)
            for turn in range(rounds):
                for what in _in_turns(turn):
                    sides[what].append(seconds(factory, kind, scans, what))
            cost = Cost(kind, dpi, {what: median(taken) / labels * 1000 for what, taken in sides.items()})
            say(cost.words)
            yield cost


def _in_turns(turn: int) -> list[Compared]:
    """All sides, each round beginning with the next: what follows another costs more or less than what it follows."""
    every = list(Compared)
    first = turn % len(every)
    return every[first:] + every[:first]


def seconds(factory: Factory, batch_id: str, scans: list[Path], what: Compared) -> float:
    """Processor time of a verification of scans, in this process."""
    batch = factory.ledger.batches.get(batch_id)
    every = WorkspaceLabels(factory.workspace.root)
    sources: dict[Compared, LabelSource] = {Compared.TEXTS: TextsAlone(every), Compared.EVERYTHING: every}
    options = VerifyOptions(labels=sources.get(what))
    gc.collect()
    start = time.process_time()
    outcome = verify(factory.ledger, batch, scans, options)
    taken = time.process_time() - start
    if not outcome.passed or outcome.counts["matched"] != batch.packages:
        raise RuntimeError(f"verification of {batch_id} found {outcome.counts}")
    return taken


def main() -> int:
    """Measure and print; 1 if the target is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.contents", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each side (default 5)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bss-mfg-contents-") as folder:
        targets = [target for cost in measure(Path(folder), given.rounds) for target in cost.targets]
    print(target_table(targets))
    return int(any(target.met is False for target in targets))


if __name__ == "__main__":
    sys.exit(main())
