"""Product public keys as people name them, and whether one only stands in for Amazon's."""

from __future__ import annotations

from pathlib import Path

from bss_mfg.core.files import read_bytes
from bss_mfg.payload.product_keys import SAMPLE_FINGERPRINTS, ProductKey, load_public_key
from bss_mfg.workspace.workspace import Workspace


def read_product_key(path: Path) -> ProductKey:
    """The product public key in a file; `InputError` where it holds none."""
    return load_public_key(read_bytes(path, "product public key", 1 << 16), str(path))


def stands_in(key: ProductKey, workspace: Workspace | None) -> bool:
    """Whether the private half of a key is known, here or to everybody: what is sealed to it is a trial."""
    known = workspace.known_private_keys() if workspace else {}
    return key.development or key.fingerprint in SAMPLE_FINGERPRINTS or key.fingerprint in known
