"""The one symbol size of a batch: what its longest possible barcode string needs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from bss_mfg.model import Batch
from bss_mfg.payload.build import sizing_examples
from bss_mfg.payload.spec import Spec, spec_from_text
from bss_mfg.symbol import data_matrix


def symbol_size(spec: Spec, facts: Mapping[str, str], key_bits: int, units: int, oob_bytes: int) -> int:
    """Modules on a side of a symbol that holds every barcode string of a batch of this shape."""
    return max(
        data_matrix(text.encode("ascii")).size for text in sizing_examples(spec, facts, key_bits, units, oob_bytes)
    )


def batch_symbol_size(batch: Batch) -> int:
    """Modules on a side of all symbols of a batch: what its longest possible string needs; 0 where it has bars."""
    return _batch_symbol_size(batch.spec_text, batch.id, batch.units_per_package, tuple(sorted(batch.facts.items())))


@lru_cache(maxsize=64)
def _batch_symbol_size(spec_text: str, batch_id: str, units: int, named_facts: tuple[tuple[str, str], ...]) -> int:
    """The same for what it depends on: some hundred symbols are encoded for it."""
    spec = spec_from_text(spec_text, f"spec of batch {batch_id}").spec
    if spec.bare:
        return 0
    facts = dict(named_facts)
    return symbol_size(spec, facts, int(facts["key_bits"]), units, int(facts["oob_bytes"]))
