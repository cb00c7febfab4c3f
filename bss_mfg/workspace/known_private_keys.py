"""The keys whose private half lies in the workspace: of `dev-key`, and of the samples of its specs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bss_mfg.core.files import read_bytes
from bss_mfg.errors import BssError
from bss_mfg.payload.product_keys import fingerprint, load_private_key, load_public_key

_FOLDERS = ("dev-keys", "specs")
"""Samples lie beside their spec or below it, and their keys beside them or below: none of theirs lies elsewhere."""
_MOST_BYTES = 1 << 16
_DER = b"\x30"
_MARKS = (b"PRIVATE KEY-----", b"AGE-SECRET-KEY-1", b"bss-mfg-vault-")


def known_private_keys(root: Path) -> dict[str, str]:
    """The fingerprints of these keys, each with the file that its private half is known from."""
    found = {}
    for path in (root / "dev-keys").glob("*.public.pem"):  # its private half is known to whoever made it
        key = load_public_key(read_bytes(path, "development key", _MOST_BYTES), str(path))
        found[key.fingerprint] = path.relative_to(root).as_posix()
    for path in _small_files(root):
        if public := _public_half(path):
            found[public] = path.relative_to(root).as_posix()
    return found


def _small_files(root: Path) -> Iterator[Path]:
    for folder in _FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and path.stat().st_size <= _MOST_BYTES:
                yield path


def holds_private_key(data: bytes) -> bool:
    """Whether a file's content is, or has in it, a private key, a key of age or a vault key."""
    if any(mark in data for mark in _MARKS):
        return True
    return data.startswith(_DER) and len(data) <= _MOST_BYTES and _fingerprint(data) is not None


def _public_half(path: Path) -> str | None:
    """The fingerprint of a private key's public half; None of a file that is no private key, or a locked one."""
    try:
        data = read_bytes(path, "private key", _MOST_BYTES)
    except BssError:
        return None
    return _fingerprint(data) if b"PRIVATE KEY-----" in data or data.startswith(_DER) else None


def _fingerprint(private: bytes) -> str | None:
    try:
        return fingerprint(load_private_key(private, "").public_key())
    except BssError:
        return None
