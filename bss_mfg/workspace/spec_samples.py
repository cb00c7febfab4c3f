"""Sample files of a spec are read, and the private keys beside them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from bss_mfg.core.files import read_bytes, read_text
from bss_mfg.core.named_paths import existing_path_inside
from bss_mfg.core.toml_files import parse_toml
from bss_mfg.payload.product_keys import PrivateKey, load_private_key
from bss_mfg.payload.spec_samples import SpecSample, sample_from_text


@dataclass(frozen=True, slots=True)
class LoadedSample:
    """A sample and, where the file names one, the private key that opens it; `repr` shows no key."""

    sample: SpecSample
    private_key: PrivateKey | None = field(default=None, repr=False)


def read_sample(path: Path) -> LoadedSample:
    """Read a sample file and its private key; `InputError` where either is wrong or missing."""
    text = read_text(path, "sample file")
    sample = sample_from_text(text, str(path))
    if sample.private_key is None:
        return LoadedSample(sample)
    where = parse_toml(text, str(path)).locate(("private_key",))
    key = existing_path_inside(path.parent, sample.private_key, "private key", where)
    return LoadedSample(sample, load_private_key(read_bytes(key, "private key"), str(key)))
