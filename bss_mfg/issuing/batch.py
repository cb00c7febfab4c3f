"""A product and a count become units with credentials and barcode strings, committed to the ledger as one batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain

from bss_mfg.core import clock
from bss_mfg.core.files import require_safe_name
from bss_mfg.core.progress import Progress, no_progress
from bss_mfg.core.spool import Spool
from bss_mfg.errors import RefusedError
from bss_mfg.issuing.lengths import require_shown_lengths
from bss_mfg.issuing.numbering import SerialNumbers, free_batch_id, refuse_issued
from bss_mfg.issuing.request import BatchRequest, ReadRequest, differences, read_request
from bss_mfg.issuing.slice_maker import SliceMaker, SliceStream
from bss_mfg.issuing.uniqueness import Identifiers, open_identifiers
from bss_mfg.issuing.vault_demand import demanded_of, require_kind, require_vault_kept
from bss_mfg.ledger.batch_binding import identifiers_digest
from bss_mfg.ledger.batches import NewBatch
from bss_mfg.ledger.keys import open_keys
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.sealed_rows import SealedRows
from bss_mfg.ledger.vault import Vault
from bss_mfg.model import Batch, Identifier
from bss_mfg.payload.build import PayloadBuilder, longest_example
from bss_mfg.payload.confirmation import content_digest, require_confirmed

MAKE_AHEAD_FROM = 5_000
"""Batches of more units are made before the ledger is locked, and wait on the disk, so that others can write. With
several processes the last units are made while the first are stored."""
_CLAIMS_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class IssueResult:
    """A batch, and whether this call made it or found it already there."""

    batch: Batch
    created: bool


def create_batch(
    ledger: Ledger,
    vault: Vault,
    request: BatchRequest,
    *,
    executor: Executor | None = None,
    progress: Progress = no_progress,
    make_ahead_from: int = MAKE_AHEAD_FROM,
) -> IssueResult:
    """Issue the units of a request, once and for ever.

    With the id of an existing batch and the same request nothing is issued and that batch is returned; with another
    request `RefusedError`. The batch's data key goes to the processes of `executor`.
    """
    if request.batch_id is not None:
        require_safe_name(request.batch_id, "batch id")
    now = clock.now()
    request = replace(request, product=request.product.on_day(request.zone.day(now)))
    read = read_request(request)
    if batch := _find_issued(ledger, read):
        return IssueResult(batch, created=False)
    ledger.home.refuse_copy()
    longest = _longest_payload(request)
    _require_two_persons(ledger, request)
    open_keys(ledger).check_vault(vault)
    demanded = demanded_of(request.product.product)
    require_vault_kept(ledger, vault, demanded)
    identifiers = open_identifiers(ledger, vault, request.spec.spec) if read.identity_count else None
    maker = SliceMaker(read, executor, progress, vault.token_random())
    with (
        _slices_made_ahead(ledger, read, maker if request.units > make_ahead_from else None) as ahead,
        ledger.issuing(),
    ):
        # Another process may have made the batch while we waited for the lock.
        if batch := _find_issued(ledger, read):
            return IssueResult(batch, created=False)
        require_vault_kept(ledger, vault, demanded)  # which may have been copied meanwhile
        with _claims(ledger, read, identifiers) as claims:
            facts = _BatchFacts(now, longest, identifiers_digest(chain.from_iterable(claims)))
            batch = _issue(ledger, vault, read, maker, ahead, facts)
            number = ledger.batches.number(batch.id)
            for some in claims:
                ledger.identities.identifiers.claim(number, some)
        return IssueResult(batch, created=True)


def check_request(ledger: Ledger, request: BatchRequest) -> bool:
    """Refuse what `create_batch` would refuse of this request, without issuing; whether the batch is there already.

    Secret values are compared only when the batch is issued: that takes the vault."""
    read = read_request(request)
    if _find_issued(ledger, read):
        return True
    if request.product.product.stage == "production":
        require_shown_lengths(request)
    _require_two_persons(ledger, request)
    if kind := ledger.settings.vault_kind():
        require_kind(kind, demanded_of(request.product.product))
    if read.identity_count:
        refuse_issued(ledger, request.identities, Identifiers(request.spec.spec, None), file=request.identities_file)
    return False


def _find_issued(ledger: Ledger, read: ReadRequest) -> Batch | None:
    """The batch of the request's id, if it was issued by the same request; by another: `RefusedError`."""
    batch_id = read.request.batch_id
    if batch_id is None or (issued := ledger.batches.find_id(batch_id)) is None:
        return None
    if issued != batch_id:
        raise RefusedError(
            f"batch id {batch_id} differs from that of batch {issued} in upper and lower case only",
            way_out=f"On Windows their folders would be one. Say --id {issued} for that batch, or give another id.",
        )
    issued_digest = ledger.batches.request_digest(batch_id) or ""
    if issued_digest != read.digest:
        raise RefusedError(
            f"batch {batch_id} was issued already, with other arguments",
            problems=differences(ledger.batches.get(batch_id), read, issued_digest),
            way_out=f"`bss-mfg batch show {batch_id}` shows it; give the new batch another --id.",
        )
    return ledger.batches.get(batch_id)


def _longest_payload(request: BatchRequest) -> int:
    """Characters of the longest barcode string that the batch can hold. What can't be issued is refused here, before
    anything is made."""
    product, key, spec = request.product.product, request.product.key, request.spec
    if product.stage == "production":
        require_confirmed(spec)
        require_shown_lengths(request)
    PayloadBuilder(spec.spec, product.facts, key)  # refuses what doesn't fit the spec
    return len(longest_example(spec.spec, product.facts, key.bits, product.units_per_package, product.oob_bytes))


def _require_two_persons(ledger: Ledger, request: BatchRequest) -> None:
    """Refuse a spec of the workspace for production that two persons had to confirm, and didn't: its file alone anybody
    may write."""
    spec = request.spec
    if request.product.product.stage == "production" and spec.origin == "workspace":
        ledger.two_persons.require_approved_spec(spec.spec.name, content_digest(spec))


@contextmanager
def _slices_made_ahead(ledger: Ledger, read: ReadRequest, maker: SliceMaker | None) -> Iterator[SliceStream | None]:
    """The slices of a large batch, made while the ledger is free, for the id and the numbers that are next now.
    None where there is no maker for it: of a small batch."""
    request = read.request
    if maker is None:
        yield None
        return
    numbers = _numbers(ledger, read, ledger.products.next_number(request.product.name))
    with Spool[SealedRows](ledger.place.folder) as spool:
        yield maker.make_ahead(request.batch_id or _next_batch_id(ledger, request.product.name), numbers, spool)


def _numbers(ledger: Ledger, read: ReadRequest, start: int) -> Sequence[int]:
    """The running numbers of the batch's units, from the product's next one on; none where a file has the serials."""
    return () if read.identity_count else SerialNumbers(ledger, read.request.product).free(start, read.request.units)


@contextmanager
def _claims(
    ledger: Ledger, read: ReadRequest, identifiers: Identifiers | None
) -> Iterator[Iterable[Sequence[tuple[int, Identifier]]]]:
    """Refuse what was issued before; what the units claim, by their numbers, waits on the disk until these exist."""
    if identifiers is None:
        yield ()
        return
    with Spool[list[tuple[int, Identifier]]](ledger.place.folder) as spool:
        held: list[tuple[int, Identifier]] = []

        def claim(index: int, one: Identifier) -> None:
            held.append((index + 1, one))
            if len(held) >= _CLAIMS_AT_ONCE:
                spool.add(held)
                held.clear()

        refuse_issued(ledger, read.identities(), identifiers, claim, file=read.request.identities_file)
        spool.add(held)
        yield spool


def _issue(
    ledger: Ledger,
    vault: Vault,
    read: ReadRequest,
    maker: SliceMaker,
    ahead: SliceStream | None,
    facts: _BatchFacts,
) -> Batch:
    """Number and store all units, inside the caller's transaction."""
    request, product = read.request, read.request.product
    product_no, number = ledger.products.register(product.name, product.product.pid, product.key.fingerprint)
    numbers = _numbers(ledger, read, number)
    batch = _batch_record(request, request.batch_id or _next_batch_id(ledger, product.name), facts)
    # Made ahead, and another batch came between: these serials are taken, so all is made again.
    current = ahead is not None and (ahead.batch_id, ahead.numbers) == (batch.id, numbers)
    stream = ahead if ahead is not None and current else maker.make(batch.id, numbers)
    key = open_keys(ledger).wrapped(stream.data_key, vault)
    new = NewBatch(
        batch=batch,
        request_digest=read.digest,
        product_no=product_no,
        next_number=numbers[-1] + 1 if numbers else number,
        wrapped_key=key.columns[0],
        recovery_key=key.columns[1],
        bound_key=key.digest,
        identifiers=facts.identifiers,
        vault_key=vault.kept,
    )
    ledger.batches.store(new, maker.count_as_stored(stream.slices))
    return batch


@dataclass(frozen=True, slots=True)
class _BatchFacts:
    """What is found out before a batch is issued: the moment (UTC), which its serials and labels tell the day of, the
    characters of the longest barcode string that it can hold, and the digest of its units' identifiers."""

    at: str
    longest_payload: int
    identifiers: str


def _batch_record(request: BatchRequest, batch_id: str, facts: _BatchFacts) -> Batch:
    product, key = request.product.product, request.product.key
    return Batch(
        id=batch_id,
        product=request.product.name,
        stage=product.stage,
        units=request.units,
        packages=request.units // product.units_per_package,
        units_per_package=product.units_per_package,
        created_at=facts.at,
        spec=request.spec.spec.name,
        spec_text=request.spec.text,
        suite=request.spec.spec.suite,
        key_fingerprint=key.fingerprint,
        template=product.print.template or product.template,
        facts={
            **request.facts,
            "key_bits": str(key.bits),
            **({"timezone": request.zone.name} if request.zone.name else {}),
        },
        longest_payload=facts.longest_payload,
    )


def _next_batch_id(ledger: Ledger, product: str) -> str:
    issued = sum(batch.product == product for batch in ledger.batches.all())
    return free_batch_id(ledger, product, first=issued + 1)
