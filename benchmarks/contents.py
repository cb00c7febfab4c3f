"""`python -m benchmarks.contents`: what it costs to compare all that is on labels, next to reading their symbols alone.

The same scans of sheets and of roll labels are verified in turns with and without their texts, codes and artwork, in
one process. Processor time counts, and medians are compared, so a busy machine disturbs both sides alike.
"""

from __future__ import annotations

import argparse
import gc
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.bss_mfg_pipeline import Factory
from benchmarks.common import Target, say, target_table

LIMIT = 1.25
DPI = (300, 600)
KINDS = {"sheet-a4-24": 72, "retail-letter-10": 40, "roll-50x30": 24}
"""Templates, and how many labels of each are scanned."""


@dataclass(frozen=True)
class Cost:
    """Milliseconds of processor time a label takes without and with all that is on it; medians of some rounds."""

    kind: str
    dpi: int
    without: float
    compared: float

    @property
    def ratio(self) -> float:
        """With everything, over symbols alone."""
        return self.compared / self.without

    @property
    def target(self) -> Target:
        """What is asked."""
        return Target(f"{self.kind} at {self.dpi} dpi: everything / symbols", self.ratio, LIMIT, at_most=True)

    def record(self) -> dict[str, Any]:
        """For the file of results."""
        return {
            "kind": self.kind,
            "dpi": self.dpi,
            "without_ms": round(self.without, 2),
            "with_ms": round(self.compared, 2),
            "ratio": round(self.ratio, 3),
        }


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
            sides: dict[bool, list[float]] = {False: [], True: []}
            seconds(factory, kind, scans, True)
            for turn in range(2 * rounds):
                everything = turn % 2 == 1
                sides[everything].append(seconds(factory, kind, scans, everything))
            cost = Cost(kind, dpi, *(median(sides[side]) / labels * 1000 for side in (False, True)))
            say(f"{kind} at {dpi} dpi: {cost.without:.1f} ms a label, with all that is on it {cost.compared:.1f} ms")
            yield cost


def seconds(factory: Factory, batch_id: str, scans: list[Path], everything: bool) -> float:
    """Processor time of a verification of scans, in this process."""
    from bss_mfg.label.expected import WorkspaceLabels
    from bss_mfg.verify.outcome import VerifyOptions
    from bss_mfg.verify.verification import verify

    batch = factory.ledger.batches.get(batch_id)
    options = VerifyOptions(labels=WorkspaceLabels(factory.workspace.root) if everything else None)
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
        targets = [cost.target for cost in measure(Path(folder), given.rounds)]
    print(target_table(targets))
    return int(any(target.met is False for target in targets))


if __name__ == "__main__":
    sys.exit(main())
