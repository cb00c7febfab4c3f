"""What is issued, by the names of a workspace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from bss_mfg.core import clock
from bss_mfg.core.read_tables import NO_OPTIONS, TableOptions
from bss_mfg.errors import InputError
from bss_mfg.issuing.identity_files import IdentityFile
from bss_mfg.issuing.replacement import ReplacementRequest
from bss_mfg.issuing.request import BatchRequest
from bss_mfg.model import Batch
from bss_mfg.payload.confirmation import confirmation_state
from bss_mfg.payload.spec import Spec, SpecFile, spec_from_text
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
    spec = batch_spec(batch).spec
    return IdentityFile(path, spec.columns, table, spec)


def batch_spec(batch: Batch, workspace: Workspace | None = None) -> SpecFile:
    """The spec that a batch was issued with. While that of the `workspace` makes the same strings, it is that one, with
    the samples and signatures that it has now, once they are confirmed."""
    own = spec_from_text(batch.spec_text, f"spec of batch {batch.id}")
    if workspace is None:
        return own
    try:
        now = workspace.spec(batch.spec)
    except InputError:  # deleted, or being edited: the batch has its own
        return own
    if _strings(now.spec) != _strings(own.spec):
        return own
    return now if confirmation_state(now).allows_production else replace(own, origin=now.origin)


def _strings(spec: Spec) -> object:
    return spec.model_dump(exclude={"title", "samples", "confirmation"})


def replacement_request(
    workspace: Workspace, batch: Batch, serials: Sequence[str], reason: str, identities: IdentityFile | None = None
) -> ReplacementRequest:
    """New units for the scrapped `serials` of a batch, with the identities of a file where one is given."""
    rows = tuple(identities) if identities else ()
    product = workspace.product(batch.product).on_day(workspace.zone.day(clock.now()))
    return ReplacementRequest(batch, product, batch_spec(batch, workspace), serials, reason, rows)
