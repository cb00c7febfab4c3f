"""Whose labels a preview or a preflight draws: a product's, a batch's, or those of a made-up product."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from bss_mfg.core import clock
from bss_mfg.core.clock import TimeZone
from bss_mfg.core.files import require_safe_name
from bss_mfg.core.languages import phrase
from bss_mfg.core.named_paths import is_plain_name
from bss_mfg.core.toml_files import load_toml
from bss_mfg.errors import BssError, InputError
from bss_mfg.label.layout.design_check import Example
from bss_mfg.label.layout.symbol_size import batch_symbol_size, symbol_size
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.model import FIELD_PREFIX, Actor, Batch, Package, Stage, Unit
from bss_mfg.payload.build import longest_example
from bss_mfg.payload.spec import SpecFile, packaged_spec
from bss_mfg.workspace.finding import CONFIG
from bss_mfg.workspace.product import LoadedProduct, Product
from bss_mfg.workspace.product_fields import BASE_LANGUAGE, facts_in, matching_language, require_language
from bss_mfg.workspace.workspace import Workspace

_FACTS = {"title": "Product title", "pid": "ebK3", "upc": "841667145075", "ean": "", "code": "841667145075"}


@dataclass(frozen=True, slots=True)
class ExampleProduct:
    """What decides a product's longest and shortest packages. `serials`: the shortest and the longest that its pattern
    makes."""

    name: str
    facts: Mapping[str, str]
    spec: SpecFile
    key_bits: int
    units_per_package: int
    oob_bytes: int
    serials: tuple[str, str]
    stage: Stage

    @property
    def longest_payload(self) -> str:
        """The longest barcode string that a package can have."""
        spec = self.spec.spec
        if spec.bare and spec.field[0].source == "unit.serial":
            # Bars grow with each character: those of the product's own serials, not of the longest that may be.
            return self.serials[1]
        return longest_example(spec, self.facts, self.key_bits, self.units_per_package, self.oob_bytes)

    @property
    def modules(self) -> int:
        """Modules on a side of its symbols; 0 where it has bars."""
        spec = self.spec.spec
        if spec.bare:
            return 0
        return symbol_size(spec, self.facts, self.key_bits, self.units_per_package, self.oob_bytes)


def product_example(workspace: Workspace, name: str, language: str | None = None) -> Example:
    """A product's longest and shortest cases; its fields in a language (None: as is set; `base`: of none)."""
    loaded = workspace.product(name)
    language = _language(_example_facts(loaded.product), language, workspace.print_defaults(loaded.product).language)
    return example_of_loaded(loaded, workspace.spec(loaded.product.spec), workspace.zone, language)


def product_files(workspace: Workspace, name: str) -> tuple[Path, ...]:
    """The files that decide a product's example, there or not: its own, its key, its spec, the workspace's settings."""
    products = workspace.root / "products"
    own = products / f"{require_safe_name(name, 'product name')}.toml"
    try:
        data = load_toml(own, "product file").data
    except BssError:
        data = {}
    named = ((products, data.get("public_key"), ""), (workspace.root / "specs", data.get("spec"), ".toml"))
    others = [folder / f"{file}{end}" for folder, file, end in named if isinstance(file, str) and is_plain_name(file)]
    return own, *others, workspace.root / CONFIG


def _language(facts: Mapping[str, str], wished: str | None, default: str | None) -> str:
    """The language of fields: one that is wished must be there, a setting counts where it is."""
    if wished is None:
        return matching_language(facts, default or "")
    return "" if wished == BASE_LANGUAGE else require_language(facts, wished, "--label-language")


def _example_facts(product: Product) -> Mapping[str, str]:
    """A product's facts, with its examples of what a batch is given."""
    return {**product.facts, **{FIELD_PREFIX + name: example for name, example in product.batch_fields.items()}}


def example_of_loaded(
    loaded: LoadedProduct,
    spec: SpecFile,
    zone: TimeZone,
    language: str | None = None,
    facts: Mapping[str, str] | None = None,
) -> Example:
    """The longest and shortest cases of a product that is loaded already, its fields as they are in a language;
    `facts`: those of a batch that is to be issued, None for the product's with its examples."""
    product, key_bits = loaded.product, loaded.key.bits
    facts = _example_facts(product) if facts is None else facts
    told = facts_in(facts, matching_language(facts, language or ""))
    example = example_of_product(
        ExampleProduct(
            loaded.name,
            {**told, "key_bits": str(key_bits), "timezone": zone.name},
            spec,
            key_bits,
            product.units_per_package,
            product.oob_bytes,
            product.serial_examples,
            product.stage,
        ),
        clock.now(),
    )
    return replace(example, batch_fields=frozenset(FIELD_PREFIX + name for name in product.batch_fields))


def batch_example(workspace: Workspace, batch_id: str, actor: Actor, language: str | None = None) -> Example:
    """A batch's own first and last package; its fields in a language (None: as is set; `base`: of none)."""
    with workspace.open_ledger(actor) as ledger:
        batch = ledger.batches.get(batch_id)
        default = workspace.batch_print_defaults(batch.product, batch.template).language
        batch = replace(batch, facts=facts_in(batch.facts, _language(batch.facts, language, default)))
        ends = [_package(ledger, batch.id, number) for number in (1, batch.packages)]
        return example_of_batch(batch, ends[0], ends[1], batch_symbol_size(batch))


def new_product_example(name: str, product: Product, spec: SpecFile, key_bits: int) -> Example:
    """The longest and shortest cases of a product that is to be added."""
    facts = {**product.facts, "key_bits": str(key_bits)}
    units, oob = product.units_per_package, product.oob_bytes
    example = ExampleProduct(name, facts, spec, key_bits, units, oob, product.serial_examples, product.stage)
    return example_of_product(example, clock.now())


def made_up_example(units: int = 1) -> Example:
    """An example product with a packaged spec, for a template without a product."""
    bars = replace(_made_up_example("amazon-1d-code128", 1), invents_fields=True)
    return replace(_made_up_example("amazon-bss-ob04", units), bars_example=bars, invents_fields=True)


def _made_up_example(spec: str, units: int) -> Example:
    serials = ("ebK300000001", "ebK399999999")
    product = ExampleProduct("example", _FACTS, packaged_spec(spec), 256, units, 32, serials, "development")
    return example_of_product(product, clock.now())


def _package(ledger: Ledger, batch: str, number: int) -> Package:
    package = next(ledger.packages.stream(batch, number, 1), None)
    if package is None:
        raise InputError(f"batch {batch} has no package {number}")
    return package


def example_of_product(product: ExampleProduct, today: str) -> Example:
    """A product's longest and shortest packages."""
    spec, units, longest = product.spec.spec, product.units_per_package, product.longest_payload
    shortest_serial, longest_serial = product.serials
    batch = Batch(
        id=f"{product.name}-00000001"[:40],
        product=product.name,
        stage=product.stage,
        units=10_000 * units,
        packages=10_000,
        units_per_package=units,
        created_at=today,
        spec=spec.name,
        spec_text=product.spec.text,
        suite=spec.suite,
        key_fingerprint="0" * 64,
        template="",
        facts=dict(product.facts),
        longest_payload=len(longest),
    )
    cases = {
        "longest": Package(10_000, longest, _units(units, longest_serial, 10_000)),
        "shortest": Package(1, _letters_to_digits(longest), _units(units, shortest_serial, 1)),
    }
    return Example(phrase("product {product}", product=product.name), batch, product.modules, len(longest), cases)


def example_of_batch(batch: Batch, first: Package, last: Package, modules: int) -> Example:
    """A batch's own packages: the one with the longest serials, and the first."""
    longest, shortest = sorted((last, first), key=lambda package: -len(package.serials_text))
    return Example(
        phrase("batch {batch}", batch=batch.id),
        batch,
        modules,
        batch.longest_payload,
        {"longest": longest, "shortest": shortest},
    )


def _units(count: int, serial: str, package: int) -> tuple[Unit, ...]:
    first = (package - 1) * count + 1
    return tuple(
        Unit(first + number, serial, uuid.UUID(int=0xA1B2C3D4E5F64A7B8C9DA1B2C3D4E5F6 - number), "C47C8D6A1025")
        for number in range(count)
    )


def _letters_to_digits(payload: str) -> str:
    """A string of the same form that encodes shorter: the values' letters become digits."""
    head, separator, tail = payload.partition("PID:")
    return head + separator + "".join("1" if mark.isalpha() and mark not in "ABCDEFG" else mark for mark in tail)
