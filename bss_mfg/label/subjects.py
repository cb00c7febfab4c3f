"""Whose labels a preview or a preflight looks at: a product's, a batch's, or those of an example product."""

from __future__ import annotations

from dataclasses import replace

from bss_mfg.core.clock import now
from bss_mfg.errors import InputError
from bss_mfg.label.layout.example import Subject, of_batch, of_product
from bss_mfg.label.make import batch_symbol_size
from bss_mfg.ledger.store import Ledger
from bss_mfg.model import Actor, Package
from bss_mfg.payload.spec import packaged_spec
from bss_mfg.workspace.workspace import Workspace

_EXAMPLE = {"title": "Product title", "pid": "ebK3", "upc": "841667145075", "ean": "", "code": "841667145075"}


def product_subject(workspace: Workspace, name: str) -> Subject:
    """A product's longest and shortest cases."""
    loaded = workspace.product(name)
    product = loaded.product
    return of_product(
        name, {**product.facts, "key_bits": str(loaded.key.key.key_size)}, workspace.spec(product.spec),
        loaded.key.key.key_size, product.units_per_package, product.oob_bytes, product.serial_examples, product.stage,
        now(),
    )  # fmt: skip


def batch_subject(workspace: Workspace, batch_id: str, who: Actor) -> Subject:
    """A batch's own first and last package."""
    with workspace.open_ledger(who) as ledger:
        batch = ledger.batch(batch_id)
        ends = [_package(ledger, batch.id, number) for number in (1, batch.packages)]
        return of_batch(batch, ends[0], ends[1], batch_symbol_size(batch))


def example_subject(units: int = 1) -> Subject:
    """An example product with a packaged spec, for a template that is looked at alone."""
    return replace(_example("amazon-bss-ob04", units), bars=_example("amazon-1d-code128", 1))


def _example(spec: str, units: int) -> Subject:
    return of_product(
        "example", _EXAMPLE, packaged_spec(spec), 256, units, 32, ("ebK300000001", "ebK399999999"), "development", now()
    )


def _package(ledger: Ledger, batch: str, number: int) -> Package:
    found = next(ledger.packages(batch, number, 1), None)
    if found is None:
        raise InputError(f"batch {batch} has no package {number}")
    return found
