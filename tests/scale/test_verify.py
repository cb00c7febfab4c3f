"""Verifying very many labels: memory grows by a few bytes a label."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import replace
from pathlib import Path
from typing import Any

from bss_mfg.imaging.zxing_reader import Read
from bss_mfg.model import LabelFile
from bss_mfg.verify.diagnosis import Diagnosis, DiagnosisCause
from bss_mfg.verify.page_findings import PageSymbol, ScannedPage
from bss_mfg.verify.tasks import FileDescription, PageTask, describe_file
from bss_mfg.verify.verification import Verifier
from tests.helpers.factory import Factory


class Answering(Executor):
    """Answers for all pages of files that are not there: every label is right."""

    def __init__(self, batch: str, per_page: int, pages: int) -> None:
        self.batch, self.per_page, self.pages = batch, per_page, pages

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        (look,) = args
        future.set_result(
            self._opened(look) if fn is describe_file else [self._page(look, page) for page in look.pages]
        )
        return future

    def _opened(self, look: PageTask) -> FileDescription:
        number, count = int(look.path.stem), self.per_page * self.pages
        cells = tuple((float(at), 1.0, 20.0, 20.0) for at in range(self.per_page))
        numbers = range(number * count + 1, (number + 1) * count + 1)
        part = LabelFile(self.batch, number, look.path.name, f"{number:064}", "", numbers, 1, cells, (210, 297), 64, "")
        return FileDescription(part.sha256, part.pages, part)

    def _page(self, look: PageTask, page: int) -> ScannedPage:
        assert look.label_file
        numbers = look.label_file.packages_on(page)
        box = (0.0, 0.0, 20.0, 20.0)
        seen = [
            PageSymbol(
                Read(b"x" * 190, box),
                Diagnosis(DiagnosisCause.ISSUED, "", self.batch, number),
                in_place_of=number,
                corner=(1.0, 2.0),
            )
            for number in numbers
        ]
        serials = {number: f"M0{number:08}" for number in numbers}
        return ScannedPage(look.path.name, page, 300, seen, None, {}, serials)


def test_memory_grows_by_a_few_octets_a_label(factory: Factory) -> None:
    factory.add()
    factory.issue(1, "A")

    def held(files: int) -> int:
        """What a verification of so many files of 960 labels holds at its end."""
        with factory.ledger() as ledger:
            batch = replace(ledger.batches.get("A"), packages=files * 960)
            tracemalloc.start()
            try:
                verifier = Verifier(ledger, batch, executor=Answering("A", 24, 40))
                verifier.read_files([Path(f"{number}.pdf") for number in range(files)])
                outcome = verifier.outcome()
                assert outcome.passed
                assert sum(1 for _ in outcome.findings) == files * 960
                gc.collect()
                return tracemalloc.get_traced_memory()[0]
            finally:
                tracemalloc.stop()

    held(2)
    few, more = held(6), held(26)
    assert (more - few) / (20 * 960) < 20
