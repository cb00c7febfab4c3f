"""What is issued, by the names of a workspace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from bss_mfg.core import clock
from bss_mfg.core.read_tables import NO_OPTIONS, TableOptions
from bss_mfg.errors import InputError
from bss_mfg.issuing.identity_files import IdentityFile
from bss_mfg.issuing.replacement import ReplacementRequest
from bss_mfg.issuing.request import BatchRequest
from bss_mfg.model import Batch
from bss_mfg.payload.spec import spec_from_text
from bss_mfg.workspace.workspace import Workspace

NO_FIELDS: Mapping[str, str] = {}


def batch_request(
    workspace: Workspace,
    product: str,
    units: int | None,
    batch_id: str | None = None,
    identities: Path | None = None,
    table: TableOptions = NO_OPTIONS,
    fields: Mapping[str, str] = NO_FIELDS,
) -> BatchRequest:
    """So many units of a product, with the identities of a file where one is given; without `units` as many as the
    file has. `fields` are the batch's own."""
    loaded = workspace.product(product)
    spec = workspace.spec(loaded.product.spec)
    file = IdentityFile(identities, spec.spec.columns, table, spec.spec) if identities else None
    if units is None:
        if file is None:
            raise InputError("nobody said how many units", way_out="Give a number, or a file of identities.")
        units = file.count()
    return BatchRequest(loaded, spec, units, batch_id, file or (), workspace.zone, fields)


def replacement_file(batch: Batch, path: Path, table: TableOptions = NO_OPTIONS) -> IdentityFile:
    """The identities of a file, with the columns that a batch's spec asks for."""
    spec = spec_from_text(batch.spec_text, f"spec of batch {batch.id}").spec
    return IdentityFile(path, spec.columns, table, spec)


def replacement_request(
    workspace: Workspace, batch: Batch, serials: Sequence[str], reason: str, identities: IdentityFile | None = None
) -> ReplacementRequest:
    """New units for the scrapped `serials` of a batch, with the identities of a file where one is given."""
    rows = tuple(identities) if identities else ()
    product = workspace.product(batch.product).on_day(workspace.zone.day(clock.now()))
    return ReplacementRequest(batch, product, serials, reason, rows)
