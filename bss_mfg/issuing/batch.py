"""product + count -> credentials -> payloads, slice by slice -> ledger, in one transaction."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from itertools import islice

from bss_mfg.core import parallel
from bss_mfg.core.clock import now
from bss_mfg.core.files import checked_name
from bss_mfg.core.progress import Progress, no_progress
from bss_mfg.core.spool import Spool
from bss_mfg.credentials import format_serial
from bss_mfg.errors import InputError, LedgerError, RefusedError
from bss_mfg.issuing.slices import Slice, SliceSettings, make_slice
from bss_mfg.ledger.sealed import SealedRows
from bss_mfg.ledger.store import Ledger
from bss_mfg.ledger.vault import DataKey, Vault
from bss_mfg.model import Batch, Identity
from bss_mfg.payload.build import PayloadBuilder, longest_example
from bss_mfg.payload.spec import SpecFile, require_confirmed
from bss_mfg.workspace.product import LoadedProduct

SLICE_UNITS = 2_048
"""Units that a process makes at once."""
MAKE_AHEAD_FROM = 5_000
"""Batches of more units are made before the ledger is locked, and wait on the disk: others write meanwhile. Of several
processes' work the last is done while the first is stored."""
MAKE_TO_STORE_RATIO = 5
"""Making a unit takes about so many times as long as storing it."""


@dataclass(frozen=True, slots=True)
class IssueResult:
    """A batch, and whether this call made it or found it already there."""

    batch: Batch
    created: bool


def create_batch(
    ledger: Ledger,
    vault: Vault,
    loaded: LoadedProduct,
    spec_file: SpecFile,
    units: int,
    *,
    batch_id: str | None = None,
    identities: Iterable[Identity] = (),
    executor: Executor | None = None,
    progress: Progress = no_progress,
) -> IssueResult:
    """Issue `units` units of a product, once and for ever.

    With the id of an existing batch and the same arguments nothing is issued and that batch is returned; with other
    arguments `RefusedError`. Without an id the batch gets the product's name and a running number. `identities` are
    walked more than once (a tuple, an `IdentityFile`). The batch's data key goes to the processes of `executor`.
    """
    product = loaded.product
    if batch_id is not None:
        checked_name(batch_id, "batch id")
    batch_request = _read_request(loaded, units, identities)
    request_digest = batch_request.digest
    if batch_id is not None and (found := _find_issued(ledger, batch_id, request_digest)):
        return found
    if product.stage == "production":
        require_confirmed(spec_file)
    spec = spec_file.spec
    PayloadBuilder(spec, product.facts, loaded.key)  # what it refuses is refused before anything is made
    longest = longest_example(
        spec, product.facts, loaded.key.key.key_size, product.units_per_package, product.oob_bytes
    )
    ledger.check_vault(vault)
    maker = _SliceMaker(vault, loaded, spec_file, units, batch_request, executor, progress)
    with contextlib.ExitStack() as stack:
        slice_stream: _SliceStream | None = None
        if units > MAKE_AHEAD_FROM:
            product_no, start = ledger.next_serial(loaded.name)
            if product_no is not None and not batch_request.count:
                start = first_free_number(ledger, loaded, product_no, start, units)
            ahead = stack.enter_context(Spool[SealedRows](ledger.path.parent))
            slice_stream = maker.make(batch_id or _free_id(ledger, loaded.name), start)
            for rows in islice(slice_stream.slices, maker.slices_before_storing(parallel.executor_width(executor))):
                ahead.add(rows)
            slice_stream = replace(slice_stream, slices=_interleave(ahead, slice_stream.slices))
        with ledger.transaction():
            # Another process may have made the batch while we waited for the lock.
            if batch_id is not None and (found := _find_issued(ledger, batch_id, request_digest)):
                return found
            number, next_serial = ledger.product_number(loaded.name, product.pid, loaded.key.fingerprint)
            if batch_request.count:
                refuse_issued(ledger, number, identities)
            else:
                next_serial = first_free_number(ledger, loaded, number, next_serial, units)
            name = batch_id or _free_id(ledger, loaded.name)
            # Made ahead, and another batch came between: these serials are taken, so all is made again.
            if slice_stream is None or (slice_stream.batch, slice_stream.start) != (name, next_serial):
                slice_stream = maker.make(name, next_serial)
            batch = Batch(
                id=name,
                product=loaded.name,
                stage=product.stage,
                units=units,
                packages=units // product.units_per_package,
                units_per_package=product.units_per_package,
                created_at=now(),
                spec=spec.name,
                spec_text=spec_file.text,
                suite=spec.suite,
                key_fingerprint=loaded.key.fingerprint,
                template=product.template,
                facts={**product.facts, "key_bits": str(loaded.key.key.key_size)},
                longest_payload=len(longest),
            )
            after = next_serial if batch_request.count else next_serial + units
            ledger.issue(
                batch,
                request_digest,
                number,
                after,
                slice_stream.wrapped,
                slice_stream.data_key,
                maker.count_stored(slice_stream.slices),
            )
    return IssueResult(batch, True)


def check_request(
    ledger: Ledger, loaded: LoadedProduct, units: int, batch_id: str, identities: Iterable[Identity] = ()
) -> bool:
    """Refuse what `create_batch` would refuse of these arguments, and issue nothing; whether the batch is there
    already."""
    asked = _read_request(loaded, units, identities)
    if _find_issued(ledger, batch_id, asked.digest):
        return True
    if asked.count:
        number, _ = ledger.next_serial(loaded.name)
        refuse_issued(ledger, -1 if number is None else number, identities)
    return False


def _read_request(loaded: LoadedProduct, units: int, identities: Iterable[Identity]) -> _BatchRequest:
    """The request, its identities read once."""
    size = loaded.product.units_per_package
    if units % size:
        raise InputError(f"{units} units do not fill packages of {size}", way_out=f"Give a multiple of {size}.")
    asked = _BatchRequest(loaded, units, identities)
    for _ in asked:
        pass
    if asked.count and asked.count != units:
        raise InputError(
            f"the identities file has {asked.count} rows, {units} units are asked for",
            way_out="Make both numbers the same.",
        )
    return asked


@dataclass(frozen=True)
class _SliceStream:
    """The slices of a batch, for one id and one first running number."""

    batch: str
    start: int
    data_key: DataKey
    wrapped: bytes
    slices: Iterator[SealedRows]


@dataclass(frozen=True)
class _SliceMaker:
    """Makes a batch's slices, on an executor or here, and tells how far it is: made counts as much as stored."""

    vault: Vault
    loaded: LoadedProduct
    spec_file: SpecFile
    units: int
    asked: _BatchRequest
    executor: Executor | None
    progress: Progress
    done: Counter[str] = field(default_factory=Counter)
    """Units that are made, and that are stored."""

    @property
    def size(self) -> int:
        """Units of a slice, in whole packages."""
        each = self.loaded.product.units_per_package
        return max(SLICE_UNITS // each, 1) * each

    def slices_before_storing(self, processes: int) -> int:
        """How many slices are made before any is stored. The others take as long as storing all does, beside it."""
        slices = -(-self.units // self.size)
        return slices if processes == 1 else slices * max(MAKE_TO_STORE_RATIO - processes, 0) // MAKE_TO_STORE_RATIO

    def _tell(self, what: str, count: int) -> None:
        self.done[what] += count
        self.progress(self.done.total() // 2, self.units)

    def make(self, batch: str, start: int) -> _SliceStream:
        """All slices, made while they are walked. New keys at each call."""
        data_key, wrapped = self.vault.new_data_key(batch)
        product = self.loaded.product
        recipe = SliceSettings(
            batch,
            self.spec_file.text,
            product.facts,
            self.loaded.key.pem,
            product.pid,
            product.serial,
            product.units_per_package,
            product.oob_bytes,
            data_key.to_bytes(),
        )
        return _SliceStream(batch, start, data_key, wrapped, self._slices(recipe, start))

    def _slices(self, recipe: SliceSettings, start: int) -> Iterator[SealedRows]:
        self.done.clear()
        made = parallel.run_or_raise(
            make_slice,
            self._plan_slices(recipe, start),
            self.executor,
            where=f"batch {recipe.batch}",
            doing=lambda slice_: f"made units {slice_.first:,} to {slice_.first + slice_.count - 1:,}",
            way_out="Nothing was issued. Run the command again; with --jobs 1 no other process is used.",
        )
        for slice_, rows in made:
            self._tell("made", slice_.count)
            yield rows

    def _plan_slices(self, recipe: SliceSettings, start: int) -> Iterator[Slice]:
        given = iter(self.asked) if self.asked.count else None
        request = self.asked.digest
        for _, first, count in parallel.chunk_ranges(self.units, self.size):
            some = tuple(islice(given, count)) if given else ()
            if given and len(some) < count:
                break
            yield Slice(recipe, first, count, start + first - 1, some)
        if given and (next(given, None) or self.asked.digest != request):
            raise InputError("the identities file was changed while it was read", way_out="Run the command again.")

    def count_stored(self, slices: Iterable[SealedRows]) -> Iterator[SealedRows]:
        """The slices as the ledger takes them."""
        for rows in slices:
            yield rows
            self._tell("stored", len(rows[1]))


def _interleave(ahead: Spool[SealedRows], coming: Iterator[SealedRows]) -> Iterator[SealedRows]:
    """All slices in order, up to three of those set aside for each that is made: who makes does not wait."""
    aside, taken = iter(ahead), 0
    for rows in coming:
        ahead.add(rows)
        for _ in range(min(3, len(ahead) - taken)):
            yield next(aside)
            taken += 1
    yield from aside


def refuse_issued(ledger: Ledger, product: int, identities: Iterable[Identity]) -> None:
    """Name what of a file was issued before, by row; the ledger would refuse it all the same."""
    problems: list[str] = []
    count, rows = 0, enumerate(identities, 2)
    while some := list(islice(rows, 500)):
        known = ledger.known_serials(product, [item.serial for _, item in some])
        uuids = ledger.known_uuids([item.uuid for _, item in some if item.uuid])
        for row, item in some:
            if item.serial in known:
                what = f"serial {item.serial} was issued {known[item.serial]}"
            elif item.uuid in uuids:
                what = f"Device UUID {str(item.uuid).upper()} was issued {uuids[item.uuid]}"
            else:
                continue
            count += 1
            problems = [*problems, f"row {row}: {what}"][:8]
    if problems:
        more = [f"and {count - 8} more rows"] if count > 8 else []
        raise LedgerError(
            "would be issued twice",
            where="identities file",
            problems=[*problems, *more],
            way_out="Nothing was issued; correct it, or leave these rows out.",
        )


def first_free_number(ledger: Ledger, loaded: LoadedProduct, product_no: int, start: int, units: int) -> int:
    """The first running number from which all serials of the batch are free: serials brought by files are skipped."""

    def serial(number: int) -> str:
        return format_serial(loaded.product.serial, loaded.product.pid, number)

    at = start
    while at < start + units:
        after = min(at + 5_000, start + units)
        # All are equally long, so between the first and the last in their order nothing else lies by accident.
        if ledger.serials_between(product_no, serial(at), serial(after - 1)):
            numbers = {serial(number): number for number in range(at, after)}
            if taken := ledger.known_serials(product_no, list(numbers)):
                after = start = max(numbers[serial] for serial in taken) + 1
        at = after
    return start


def _find_issued(ledger: Ledger, batch_id: str, request_digest: str) -> IssueResult | None:
    known = ledger.request_of(batch_id)
    if known is None:
        return None
    if known != request_digest:
        raise RefusedError(
            f"batch {batch_id} was issued already, with other arguments (product, units, identities or product "
            "settings)",
            way_out=f"`bss-mfg batch show {batch_id}` shows it; give the new batch another --id.",
        )
    return IssueResult(ledger.batch(batch_id), False)


def _free_id(ledger: Ledger, name: str) -> str:
    number = sum(batch.product == name for batch in ledger.batches()) + 1
    while ledger.request_of(f"{name[:56]}-{number:04d}") is not None:
        number += 1
    return f"{name[:56]}-{number:04d}"


class _BatchRequest:
    """What decides a batch, as the operator typed it: a second run with the same is the same command.

    Walk it to read the identities; after each whole walk `count` and `digest` are those of what was read: SHA-256 of a
    JSON object, whose list of identities is written as it is read.
    """

    def __init__(self, loaded: LoadedProduct, units: int, identities: Iterable[Identity]) -> None:
        product = loaded.product
        asked = {
            "product": loaded.name,
            "units": units,
            "units_per_package": product.units_per_package,
            "facts": product.facts,
            "stage": product.stage,
            "key": loaded.key.fingerprint,
            "identities": [],
        }
        self._before_list, self._list, self._tail = json.dumps(asked, sort_keys=True).partition('"identities": [')
        self._identities = identities
        self.count, self.digest = 0, ""

    def __iter__(self) -> Iterator[Identity]:
        digest, count = hashlib.sha256(f"{self._before_list}{self._list}".encode()), 0
        for item in self._identities:
            more = [dict(item.extra)] if item.extra else []
            text = json.dumps([item.serial, str(item.uuid or ""), item.mac or "", *more], sort_keys=True)
            digest.update(f"{', ' if count else ''}{text}".encode())
            count += 1
            yield item
        digest.update(self._tail.encode())
        self.count, self.digest = count, digest.hexdigest()
