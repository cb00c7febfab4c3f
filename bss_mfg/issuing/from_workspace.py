"""What is issued, by the names of a workspace."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bss_mfg.issuing.identity_files import IdentityFile, read_identities
from bss_mfg.issuing.replacement import ReplacementRequest
from bss_mfg.issuing.request import BatchRequest
from bss_mfg.model import Batch
from bss_mfg.payload.spec import spec_from_text
from bss_mfg.workspace.workspace import Workspace


def batch_request(
    workspace: Workspace, product: str, units: int, batch_id: str | None = None, identities: Path | None = None
) -> BatchRequest:
    """So many units of a product, with the identities of a file where one is given."""
    loaded = workspace.product(product)
    spec = workspace.spec(loaded.product.spec)
    rows = IdentityFile(identities, spec.spec.columns, spec.spec) if identities else ()
    return BatchRequest(loaded, spec, units, batch_id, rows)


def replacement_request(
    workspace: Workspace, batch: Batch, serials: Sequence[str], reason: str, identities: Path | None = None
) -> ReplacementRequest:
    """New units for the scrapped `serials` of a batch, with the identities of a file where one is given."""
    spec = spec_from_text(batch.spec_text, f"spec of batch {batch.id}").spec
    rows = read_identities(identities, spec.columns, spec) if identities else ()
    return ReplacementRequest(batch, workspace.product(batch.product), serials, reason, rows)
