"""The slices of a batch as they are made, here or by the processes of an executor, for the ledger to take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from itertools import islice

from bss_mfg.core import parallel
from bss_mfg.core.progress import Progress, no_progress
from bss_mfg.core.spool import Spool
from bss_mfg.credentials import random_bytes
from bss_mfg.issuing.request import ReadRequest
from bss_mfg.issuing.slices import SLICE_UNITS, Slice, SliceSettings, make_slice, slice_settings
from bss_mfg.ledger.sealed_rows import SealedRows
from bss_mfg.ledger.vault import DataKey
from bss_mfg.model import Secret

MAKE_TO_STORE_RATIO = 5
"""Making a unit takes about so many times as long as storing it."""


@dataclass(frozen=True)
class SliceStream:
    """The slices of a batch, for one id and its units' running numbers (none where they bring their serials), made
    while they are walked."""

    batch_id: str
    numbers: Sequence[int]
    data_key: DataKey
    slices: Iterator[SealedRows]


class SliceMaker:
    """Makes a batch's slices and tells how far it is: a unit that is made counts half, one that is stored the rest."""

    def __init__(
        self,
        read: ReadRequest,
        executor: Executor | None = None,
        progress: Progress = no_progress,
        token_random: bytes = b"",
    ) -> None:
        self._read, self._executor, self._progress, self._token_random = read, executor, progress, token_random
        self._halves_done = 0
        size = read.request.product.product.units_per_package
        self._slice_units = max(SLICE_UNITS // size, 1) * size
        """Units of a slice, in whole packages."""

    def make(self, batch_id: str, numbers: Sequence[int]) -> SliceStream:
        """All slices. New keys at each call."""
        data_key = DataKey(Secret(random_bytes(32, self._token_random, "data key")), batch_id)
        request = self._read.request
        settings = slice_settings(batch_id, request.product, request.spec, data_key.to_bytes(), self._token_random)
        return SliceStream(batch_id, numbers, data_key, self._make_slices(settings, numbers))

    def make_ahead(self, batch_id: str, numbers: Sequence[int], spool: Spool[SealedRows]) -> SliceStream:
        """As `make`, with most slices made at once and set aside on the disk; the last are made while the first are
        stored, which takes as long."""
        stream = self.make(batch_id, numbers)
        for rows in islice(stream.slices, self._slices_before_storing()):
            spool.add(rows)
        return replace(stream, slices=_interleave(spool, stream.slices))

    def count_as_stored(self, slices: Iterable[SealedRows]) -> Iterator[SealedRows]:
        """The slices, each counted as stored when the next is taken."""
        for rows in slices:
            yield rows
            self._count(len(rows[1]))

    def _slices_before_storing(self) -> int:
        processes = parallel.executor_width(self._executor)
        slices = -(-self._read.request.units // self._slice_units)
        return slices if processes == 1 else slices * max(MAKE_TO_STORE_RATIO - processes, 0) // MAKE_TO_STORE_RATIO

    def _make_slices(self, settings: SliceSettings, numbers: Sequence[int]) -> Iterator[SealedRows]:
        self._halves_done = 0
        made = parallel.run_or_raise(
            make_slice,
            self._slices(settings, numbers),
            self._executor,
            where=f"batch {settings.batch_id}",
            describe=lambda slice_: f"made units {slice_.first:,} to {slice_.first + slice_.count - 1:,}",
            way_out="Nothing was issued. Run the command again; with --jobs 1 no other process is used.",
        )
        for slice_, rows in made:
            self._count(slice_.count)
            yield rows

    def _slices(self, settings: SliceSettings, numbers: Sequence[int]) -> Iterator[Slice]:
        identities = self._read.identities()
        for _, first, count in parallel.chunk_ranges(self._read.request.units, self._slice_units):
            yield Slice(
                settings, first, count, numbers[first - 1 : first - 1 + count], tuple(islice(identities, count))
            )
        for _ in identities:
            pass  # the end of the file tells whether it is still the one that was read first

    def _count(self, units: int) -> None:
        self._halves_done += units
        self._progress(self._halves_done // 2, self._read.request.units)


def _interleave(spool: Spool[SealedRows], new_slices: Iterator[SealedRows]) -> Iterator[SealedRows]:
    """All slices in order, up to three of those set aside for each that is made: who makes does not wait."""
    aside, taken = iter(spool), 0
    for rows in new_slices:
        spool.add(rows)
        for _ in range(min(3, len(spool) - taken)):
            yield next(aside)
            taken += 1
    yield from aside
