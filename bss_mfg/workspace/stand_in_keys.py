"""Product public keys as people name them, and whether one only stands in for Amazon's."""

from __future__ import annotations

from pathlib import Path

from bss_mfg.core.files import read_bytes
from bss_mfg.model import Batch
from bss_mfg.payload.product_keys import SAMPLE_FINGERPRINTS, ProductKey, load_public_key
from bss_mfg.workspace.workspace import Workspace


def read_product_key(path: Path) -> ProductKey:
    """The product public key in a file; `InputError` where it holds none."""
    return load_public_key(read_bytes(path, "product public key", 1 << 16), str(path))


def stands_in(key: ProductKey, workspace: Workspace | None) -> bool:
    """Whether the private half of a key is known, here or to everybody: what is sealed to it is a trial."""
    return key.development or _is_known(key.fingerprint, workspace)


def is_trial_batch(batch: Batch, workspace: Workspace) -> bool:
    """Whether the barcodes of a batch are sealed to a key that stands in for Amazon's: nobody can set its units up."""
    return batch.stage == "development" and _is_known(batch.key_fingerprint, workspace)


def _is_known(fingerprint: str, workspace: Workspace | None) -> bool:
    known = workspace.known_private_keys() if workspace else {}
    return fingerprint in SAMPLE_FINGERPRINTS or fingerprint in known
