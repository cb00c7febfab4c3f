"""Whether a template can give two pallets or cartons one SSCC (GS1 General Specifications, 2.2.1: a number is not used
again within a year)."""

from __future__ import annotations

import re
from collections.abc import Set

from bss_mfg.core.languages import phrase
from bss_mfg.label.layout.findings import DesignFindingKind, DesignFindings
from bss_mfg.label.template.expressions import compile_text
from bss_mfg.label.template.loading import LoadedTemplate
from bss_mfg.label.template.symbol_elements import Gs1DataMatrix, Gs1128
from bss_mfg.model import FIELD_PREFIX

_SSCC = re.compile(r"\(00\)([^(]*)")
_UNIQUE = frozenset(
    {"serial", "serials", "first_serial", "last_serial", "uuid", "mac", "payload", "ledger_events", "sscc"}
)
"""What no two labels of a company share."""
_COUNTED = {
    "batch": frozenset[str](),
    "carton": frozenset({"carton", "package"}),
    "package": frozenset({"package"}),
    "unit": frozenset[str](),
}
"""What tells the labels of one batch apart, by what they are for: a unit only has its own numbers."""


def check_sscc(template: LoadedTemplate, batch_fields: Set[str] | None, findings: DesignFindings) -> None:
    """Note an SSCC that comes again: with each batch, or on each label of one. `batch_fields`: the fields that a batch
    is given at issue, which may tell batches apart; None where that isn't known."""
    each = template.definition.each
    for index, element in enumerate(template.definition.element):
        found = _SSCC.search(element.text) if isinstance(element, (Gs1128, Gs1DataMatrix)) else None
        if not found:
            continue
        names = compile_text(found[1]).names
        fields = {name for name in names if name.startswith(FIELD_PREFIX)}
        by_batch = "batch" in names or bool(fields if batch_fields is None else fields & batch_fields)
        by_label = each == "batch" or bool(names & _COUNTED[each])
        if names & _UNIQUE or (by_batch and by_label):
            continue
        counted = f"{{{'carton' if each == 'carton' else 'package'}}}"
        text = found[1].strip()
        if names & _COUNTED[each] and not by_batch:
            what = phrase(
                "the SSCC counts from 1 in each batch ({text}), so two batches would have the same SSCC", text=text
            )
        elif each == "batch":
            what = phrase("the SSCC is the same for every batch ({text})", text=text)
        else:
            what = phrase("the SSCC is the same on every label of a batch ({text})", text=text)
        fields_of_batches = {"batch": "{batch}", "field": "{fields.run}"}
        way_out = (
            phrase(
                "Put a number into it that no other batch has: {batch}, if your batches are numbered, or a field such "
                "as {field}, which each batch is given (`[batch_fields]` in the product's file, `--field run=00417`).",
                **fields_of_batches,
            )
            if by_label
            else phrase(
                "Put {counter} and a number into it that no other batch has: {batch}, if your batches are numbered, or "
                "a field such as {field}, which each batch is given (`[batch_fields]` in the product's file, `--field "
                "run=00417`).",
                counter=counted,
                **fields_of_batches,
            )
        )
        findings.error(DesignFindingKind.SSCC_TWICE, index, what, way_out, "text")
