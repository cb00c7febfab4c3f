"""Sample files of a spec are read, and the private keys beside them."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from bss_mfg.core.files import read_bytes, read_text
from bss_mfg.core.named_paths import existing_path_inside, path_inside
from bss_mfg.core.text import printable_name
from bss_mfg.core.toml_files import parse_toml
from bss_mfg.errors import InputError
from bss_mfg.payload.product_keys import PrivateKey, load_private_key
from bss_mfg.payload.spec import Spec
from bss_mfg.payload.spec_samples import LoadedSample as LoadedSample
from bss_mfg.payload.spec_samples import sample_from_text


def read_sample(path: Path, name: str = "", *, opened: bool = True) -> LoadedSample:
    """Read a sample file and, if it is to be `opened`, its private key; `InputError` where either is wrong or missing.
    `name` is how what it says of a spec is called, if not by its path."""
    text = read_text(path, "sample file")
    sample = sample_from_text(text, str(path))
    sample = replace(sample, name=name or sample.name)
    if sample.private_key is None or not opened:
        return LoadedSample(sample)
    where = parse_toml(text, str(path)).locate(("private_key",))
    key = existing_path_inside(path.parent, sample.private_key, "private key", where)
    if not key.is_file():
        raise InputError(
            f"the private key {printable_name(sample.private_key[:80])!r} is not beside the sample",
            where=where,
            way_out="Put the guide's test key there; or leave the line out, and what is encrypted stays closed.",
        )
    return LoadedSample(sample, read_private_key(key))


def read_private_key(path: Path) -> PrivateKey:
    """The private key that opens samples."""
    return load_private_key(read_bytes(path, "private key", 1 << 16), str(path))


def read_samples(folder: Path, spec: Spec) -> tuple[LoadedSample, ...]:
    """The samples that a spec in `folder` lists."""
    where = f"spec {spec.name}"
    return tuple(read_sample(path_inside(folder, name, "sample", where), name) for name in spec.samples.files)


def readable_samples(folder: Path, spec: Spec) -> tuple[tuple[LoadedSample, ...], tuple[str, ...]]:
    """As `read_samples`, of what can be read: a sample whose private key is wrong or missing comes without it, one that
    is wrong or missing itself does not come; and what was the matter, in words."""
    found, problems = [], []
    where = f"spec {spec.name}"
    for name in spec.samples.files:
        path = path_inside(folder, name, "sample", where)
        for opened in (True, False):
            try:
                found.append(read_sample(path, name, opened=opened))
                break
            except InputError as error:
                if opened:
                    problems.append(str(error))
    return tuple(found), tuple(problems)


def sample_digests(folder: Path, spec: Spec) -> dict[str, str]:
    """The SHA-256 of each sample file that a spec in `folder` lists; empty of one that is missing."""
    found = {}
    for name in spec.samples.files:
        path = path_inside(folder, name, "sample", f"spec {spec.name}")
        known = path.is_file()
        found[name] = hashlib.sha256(read_text(path, "sample file").encode()).hexdigest() if known else ""
    return found
