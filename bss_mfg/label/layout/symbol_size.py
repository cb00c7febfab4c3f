"""The one symbol size of a batch: what its longest possible barcode string needs."""

from __future__ import annotations

from collections.abc import Mapping

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
    spec = spec_from_text(batch.spec_text, f"spec of batch {batch.id}").spec
    if spec.bare:
        return 0
    facts = batch.facts
    return symbol_size(spec, facts, int(facts["key_bits"]), batch.units_per_package, int(facts["oob_bytes"]))
