"""A scene, taken and verified: what the verdict says of it."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.random import Generator

from bss_mfg.errors import InputError
from bss_mfg.verify.outcome import VerifyOptions
from bss_mfg.verify.verification import verify
from tests.independent.verdicts.books import Books
from tests.independent.verdicts.press import Grey, take


@dataclass(frozen=True)
class Verdict:
    """What came of a scene: whether it passed, and the kinds of findings with their packages."""

    passed: bool
    faults: frozenset[tuple[str, int | None]]
    words: tuple[str, ...]


def judge(
    books: Books, batch: str, pages: Callable[[Books, Generator], list[Grey]], medium: str, seed: str, folder: Path
) -> Verdict:
    """Take the pictures of a scene, and verify them as part of the batch."""
    rng = np.random.default_rng(zlib.crc32(f"{seed}: {medium}".encode()))
    files = [take(page, medium, rng, folder, f"{number}") for number, page in enumerate(pages(books, rng), 1)]
    with books.factory.ledger() as ledger:
        try:
            outcome = verify(ledger, ledger.batches.get(batch), files, VerifyOptions(partial=batch not in ("C", "D")))
        except InputError as error:
            return Verdict(False, frozenset(), (str(error),))
        found = [item for _, item in outcome.findings.faults() if not (item.unseen and outcome.partial)]
        faults = {(item.kind.value, item.package) for item in found}
        faults |= {("not-understood", None) for _ in getattr(outcome, "not_understood", ())}
        words = [f"{item.kind} {item.package} {item.page} {item.x_mm} {item.y_mm}: {item.detail}" for item in found]
        words += [f"{page.where}: {page.seen.description}" for page in getattr(outcome, "not_understood", ())]
        return Verdict(outcome.passed, frozenset(faults), tuple(words))
