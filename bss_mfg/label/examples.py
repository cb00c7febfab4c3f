"""Whose labels a preview or a preflight looks at: a product's, a batch's, or those of an example product."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace

from bss_mfg.core import clock
from bss_mfg.errors import InputError
from bss_mfg.label.layout.design_check import Example
from bss_mfg.label.layout.symbol_size import batch_symbol_size, symbol_size
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.model import Actor, Batch, Package, Unit
from bss_mfg.payload.build import longest_example
from bss_mfg.payload.spec import SpecFile, packaged_spec
from bss_mfg.workspace.product import LoadedProduct
from bss_mfg.workspace.workspace import Workspace

_EXAMPLE = {"title": "Product title", "pid": "ebK3", "upc": "841667145075", "ean": "", "code": "841667145075"}


def product_example(workspace: Workspace, name: str) -> Example:
    """A product's longest and shortest cases."""
    loaded = workspace.product(name)
    return example_of_loaded(loaded, workspace.spec(loaded.product.spec))


def example_of_loaded(loaded: LoadedProduct, spec: SpecFile) -> Example:
    """The longest and shortest cases of a product that is loaded already."""
    product = loaded.product
    return example_of_product(
        loaded.name,
        {**product.facts, "key_bits": str(loaded.key.key.key_size)},
        spec,
        loaded.key.key.key_size,
        product.units_per_package,
        product.oob_bytes,
        product.serial_examples,
        product.stage,
        clock.now(),
    )


def batch_example(workspace: Workspace, batch_id: str, who: Actor) -> Example:
    """A batch's own first and last package."""
    with workspace.open_ledger(who) as ledger:
        batch = ledger.batches.get(batch_id)
        ends = [_package(ledger, batch.id, number) for number in (1, batch.packages)]
        return example_of_batch(batch, ends[0], ends[1], batch_symbol_size(batch))


def made_up_example(units: int = 1) -> Example:
    """An example product with a packaged spec, for a template that is looked at alone."""
    return replace(_made_up_example("amazon-bss-ob04", units), bars_example=_made_up_example("amazon-1d-code128", 1))


def _made_up_example(spec: str, units: int) -> Example:
    return example_of_product(
        "example",
        _EXAMPLE,
        packaged_spec(spec),
        256,
        units,
        32,
        ("ebK300000001", "ebK399999999"),
        "development",
        clock.now(),
    )


def _package(ledger: Ledger, batch: str, number: int) -> Package:
    found = next(ledger.packages.stream(batch, number, 1), None)
    if found is None:
        raise InputError(f"batch {batch} has no package {number}")
    return found


def example_of_product(
    name: str,
    facts: Mapping[str, str],
    spec: SpecFile,
    key_bits: int,
    units: int,
    oob_bytes: int,
    serials: tuple[str, str],
    stage: str,
    today: str,
) -> Example:
    """A product's longest and shortest packages. `serials`: the shortest and the longest that its pattern makes."""
    longest = longest_example(spec.spec, facts, key_bits, units, oob_bytes)
    short, long = serials
    if spec.spec.bare:
        # Bars grow with each character: those of the product's own serials, not of the longest that may be.
        longest, size = long if spec.spec.field[0].source == "unit.serial" else longest, 0
    else:
        size = symbol_size(spec.spec, facts, key_bits, units, oob_bytes)
    batch = Batch(
        f"{name}-00000001"[:40],
        name,
        "production" if stage == "production" else "development",
        10_000 * units,
        10_000,
        units,
        today,
        spec.spec.name,
        spec.text,
        spec.spec.suite,
        "0" * 64,
        "",
        dict(facts),
        len(longest),
    )
    cases = {
        "longest": Package(10_000, longest, _units(units, long, 10_000)),
        "shortest": Package(1, _letters_to_digits(longest), _units(units, short, 1)),
    }
    return Example(f"product {name}", batch, size, len(longest), cases)


def example_of_batch(batch: Batch, first: Package, last: Package, modules: int) -> Example:
    """A batch's own packages: the one with the longest serials, and the first."""
    longest, shortest = sorted((last, first), key=lambda package: -len(package.serials_text))
    return Example(
        f"batch {batch.id}", batch, modules, batch.longest_payload, {"longest": longest, "shortest": shortest}
    )


def _units(count: int, serial: str, package: int) -> tuple[Unit, ...]:
    first = (package - 1) * count + 1
    return tuple(
        Unit(first + number, serial, uuid.UUID(int=0xA1B2C3D4E5F64A7B8C9DA1B2C3D4E5F6 - number), "C47C8D6A1025")
        for number in range(count)
    )


def _letters_to_digits(payload: str) -> str:
    """A string of the same kind that packs better: the values' letters become digits."""
    head, separator, tail = payload.partition("PID:")
    return head + separator + "".join("1" if mark.isalpha() and mark not in "ABCDEFG" else mark for mark in tail)
