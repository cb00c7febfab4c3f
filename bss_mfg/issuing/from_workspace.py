"""What is issued, by the names of a workspace."""

from __future__ import annotations

from pathlib import Path

from bss_mfg.issuing.identity_files import IdentityFile
from bss_mfg.issuing.request import BatchRequest
from bss_mfg.workspace.workspace import Workspace


def batch_request(
    workspace: Workspace, product: str, units: int, batch_id: str | None = None, identities: Path | None = None
) -> BatchRequest:
    """So many units of a product, with the identities of a file where one is given."""
    loaded = workspace.product(product)
    spec = workspace.spec(loaded.product.spec)
    rows = IdentityFile(identities, spec.spec.columns) if identities else ()
    return BatchRequest(loaded, spec, units, batch_id, rows)
