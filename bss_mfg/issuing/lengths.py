"""Lengths of what is to be issued, held against those that the samples of the product's spec show."""

from __future__ import annotations

from collections.abc import Iterable

from bss_mfg.core import clock
from bss_mfg.credentials import format_serial
from bss_mfg.issuing.request import BatchRequest
from bss_mfg.model import Identity
from bss_mfg.payload.free_lengths import require_shown, signed_lengths
from bss_mfg.payload.spec import SpecFile
from bss_mfg.workspace.product import Product


def require_shown_lengths(request: BatchRequest) -> None:
    """Refuse a batch whose serials, or values of columns, have a length that no sample shows and nobody signed for by
    name. Identities are read once more only where lengths count."""
    product = request.product.on_day(request.zone.day(clock.now())).product
    refuse_other_lengths(request.spec, request.identities, product)


def refuse_other_lengths(spec: SpecFile, identities: Iterable[Identity], product: Product) -> None:
    """As `require_shown_lengths`, of these identities; where there are none, of the serials of the product's pattern,
    which is one of a day."""
    sources = [shown.source for shown in signed_lengths(spec)]
    if not sources:
        return
    used: dict[str, set[int]] = {source: set() for source in sources}
    is_given = False
    for identity in identities:
        is_given = True
        for source in sources:
            value = identity.serial if source == "unit.serial" else identity.extra.get(source.removeprefix("unit."))
            used[source] |= {len(value)} if value else set()
    if not is_given and "unit.serial" in used:
        used["unit.serial"].add(len(format_serial(product.serial, product.pid, 1)))  # all of a pattern are equally long
    require_shown(spec, used)
