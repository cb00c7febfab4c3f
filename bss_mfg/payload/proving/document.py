"""What samples say of a spec, as the JSON document of `spec check`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from bss_mfg.payload.confirmation import confirmation_state, content_digest
from bss_mfg.payload.free_lengths import ShownLengths
from bss_mfg.payload.proving.evidence import Fault, FieldProof, SpecProof
from bss_mfg.payload.schemes.descriptions import warnings
from bss_mfg.payload.spec import SpecFile


def check_document(file: SpecFile, proof: SpecProof, lengths: Iterable[ShownLengths] = ()) -> dict[str, Any]:
    """The document; no secret is in it."""
    spec = file.spec
    described = {field.key: field for field in spec.field}
    return {
        "spec": spec.name,
        "origin": file.origin,
        "digest": content_digest(file),
        "confirmation": confirmation_state(file),
        "assumed": list(spec.assumed),
        "unproven": list(proof.unproven(spec.assumed)),
        "samples": [
            {"file": one.sample, "opened": one.opened, "unused": list(one.unused), "faults": len(one.faults)}
            for one in proof.results
        ],
        "lengths": [{"key": one.key, "source": one.source, "sizes": list(one.sizes)} for one in lengths],
        "string": _field(proof.string),
        "fields": [
            {
                "key": one.key,
                "status": described[one.key].status,
                "source": described[one.key].source,
                "warnings": list(warnings(scheme)) if (scheme := described[one.key].scheme) else [],
                **_field(one),
            }
            for one in proof.fields
        ],
        "faults": [_fault(fault) for fault in proof.faults],
    }


def _field(one: FieldProof) -> dict[str, Any]:
    parts = [
        {"part": part.name, "evidence": part.evidence, "left": list(part.left), "samples": list(part.samples)}
        for part in one.parts
    ]
    return {"evidence": one.evidence, "parts": parts}


def _fault(fault: Fault) -> dict[str, Any]:
    names = ("kind", "sample", "key", "part", "unit", "expected", "found", "what")
    return {name: getattr(fault, name) for name in names}
