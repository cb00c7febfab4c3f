"""Products: what Amazon onboarded, as a TOML file that people may edit. Validated on every load."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from bss_mfg.core.files import read_bytes
from bss_mfg.core.models import GRADE_PATTERN, FileModel
from bss_mfg.core.named_paths import path_inside
from bss_mfg.core.toml_files import TomlDocument, load_toml, quote, validate
from bss_mfg.credentials import EXAMPLE_DAY, check_serial_pattern, dated_pattern, format_serial
from bss_mfg.errors import InputError
from bss_mfg.gs1 import check_digit
from bss_mfg.model import REQUIRE_DEVICE, REQUIRE_VAULT_KEY_IN
from bss_mfg.oob_information import OobInformation, oob_information
from bss_mfg.payload.product_keys import SAMPLE_FINGERPRINTS, ProductKey, load_public_key
from bss_mfg.workspace.expected_codes import ExpectedCodes, expected_lines
from bss_mfg.workspace.print_settings import PrintSettings
from bss_mfg.workspace.product_fields import BatchFields, ProductFields, check_one_line, product_facts
from bss_mfg.workspace.vault_key_lines import HardwareKind


def _gtin(value: str, lengths: tuple[int, ...], name: str) -> str:
    if not re.fullmatch(r"[0-9]+", value) or len(value) not in lengths:
        raise ValueError(f"{name} has {' or '.join(map(str, lengths))} digits")
    if check_digit(value[:-1]) != int(value[-1]):
        raise ValueError(f"the check digit should be {check_digit(value[:-1])}, it is {value[-1]}: a digit is wrong")
    return value


Upc = Annotated[str, AfterValidator(lambda value: _gtin(value, (12,), "a UPC-A"))]
Ean = Annotated[str, AfterValidator(lambda value: _gtin(value, (8, 13), "an EAN"))]


def _oob_names(names: list[str]) -> list[str]:
    oob_information(names)
    return names


def _vault_key_kinds(kinds: list[HardwareKind]) -> list[HardwareKind]:
    if not kinds:
        raise ValueError('name what will do: ["pkcs11"], ["tpm2"], or both; leave the line out where any will')
    return sorted(set(kinds))


class Product(FileModel):
    """A product's file, products/NAME.toml."""

    format: Literal[1] = Field(description="Version of this file format.")
    title: Annotated[str, Field(max_length=80), AfterValidator(check_one_line)] = Field(
        "", description="Name for people; templates print it as {title}."
    )
    pid: Annotated[str, Field(pattern=r"^[A-Za-z0-9]{4}$", description="Amazon's product id; case matters.")]
    upc: Upc | None = Field(None, description="UPC-A on the package.")
    ean: Ean | None = Field(None, description="EAN-8 or EAN-13 on the package, instead of a UPC.")
    public_key: str = Field(description="File of the product public key, beside this file.")
    units_per_package: Annotated[int, Field(ge=1, le=64)] = 1
    spec: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")] = "amazon-bss-ob04"
    oob_bytes: Literal[16, 32] = Field(32, description="Bytes of the Static OOB key (AuthValue).")
    serial: Annotated[str, AfterValidator(check_serial_pattern)] = Field("{pid}{n:08}", description="Serial pattern.")
    template: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")] = "sheet-a4-24"
    stage: Literal["development", "production"] = "development"
    min_grade: Annotated[str, Field(pattern=GRADE_PATTERN)] | None = Field(
        None, description="Least print quality with which `verify` lets its labels pass: A to D, or a number up to 4."
    )
    require_device: bool = Field(
        False, description="Packages are packed and leave only when their devices have proven their keys on air."
    )
    require_vault_key_in: Annotated[list[HardwareKind], AfterValidator(_vault_key_kinds)] | None = Field(
        None,
        description="Its keys are only ever under a vault key in hardware: in a token (pkcs11), or in a TPM (tpm2).",
    )
    oob_information: Annotated[list[str], AfterValidator(_oob_names)] | None = Field(
        None,
        description="OOB information that its devices show on air, by the specification's names; empty: none.",
    )
    print: PrintSettings = Field(PrintSettings(), description="What its labels are printed with.")
    expect: ExpectedCodes = Field(ExpectedCodes(), description="Codes that are not ours and stand on its boxes.")
    fields: ProductFields = Field(default_factory=dict)
    batch_fields: BatchFields = Field(default_factory=dict)

    @model_validator(mode="after")
    def _check_one_code(self) -> Product:
        if self.upc and self.ean:
            raise ValueError("a product has a upc or an ean, never both")
        return self

    @property
    def shown_oob(self) -> OobInformation | None:
        """The OOB information that its devices show; None where it isn't said."""
        return None if self.oob_information is None else oob_information(self.oob_information)

    @property
    def names_template(self) -> bool:
        """Whether its file says which template it has, and so comes before the workspace's settings."""
        return "template" in self.model_fields_set

    @property
    def facts(self) -> dict[str, str]:
        """What a batch keeps of the product: all that its barcode strings and labels may show."""
        return {
            "title": self.title or "",
            "pid": self.pid,
            "upc": self.upc or "",
            "ean": self.ean or "",
            "code": self.upc or self.ean or "",
            "oob_bytes": str(self.oob_bytes),
            **({REQUIRE_DEVICE: "yes"} if self.require_device else {}),  # else as batches had it before there was this
            **({REQUIRE_VAULT_KEY_IN: ",".join(self.require_vault_key_in)} if self.require_vault_key_in else {}),
            **product_facts(self.fields),
        }

    @property
    def serial_examples(self) -> tuple[str, str]:
        """The first and the longest serial that the pattern makes."""
        pattern = dated_pattern(self.serial, EXAMPLE_DAY)
        first = format_serial(pattern, self.pid, 1)
        number = 9
        longest = first
        while number < 10**12:
            try:
                longest = format_serial(pattern, self.pid, number)
            except InputError:
                break
            number = number * 10 + 9
        return first, longest


KnownKeys = Callable[[], Mapping[str, str]]
"""Tells the fingerprints of the keys whose private half is known, each with the file that it is known from."""


@dataclass(frozen=True, slots=True)
class LoadedProduct:
    """A product with its name and its checked key."""

    name: str
    product: Product
    key: ProductKey
    path: Path

    def on_day(self, day: datetime.date) -> LoadedProduct:
        """The same product with a serial pattern for what is issued on a day."""
        dated = self.product.model_copy(update={"serial": dated_pattern(self.product.serial, day)})
        return replace(self, product=dated)


def load_product(path: Path, known_keys: KnownKeys = dict) -> LoadedProduct:
    """Read and check products/NAME.toml and its key; `known_keys` is asked of a production product."""
    document = load_toml(path, "product file")
    product = validate(document, Product)
    if Path(product.public_key).name != product.public_key:
        raise InputError(
            "the key file must be in the folder of the product's file",
            where=document.locate(("public_key",)),
            way_out="Copy it there and give its file name only.",
        )
    key_path = path_inside(path.parent, product.public_key, "public key", document.locate(("public_key",)))
    key = load_public_key(read_bytes(key_path, "product public key", 1 << 16), str(key_path))
    loaded = LoadedProduct(path.stem, product, key, path)
    check_stage(loaded, document, known_keys)
    return loaded


def check_stage(loaded: LoadedProduct, document: TomlDocument, known_keys: KnownKeys) -> None:
    """A production product refuses development keys, keys from public documents, and every other key whose private half
    is known."""
    if loaded.product.stage != "production":
        return
    key = loaded.key
    way_out = 'Put Amazon\'s product public key in place, or set stage = "development".'
    if key.development or key.fingerprint in SAMPLE_FINGERPRINTS:
        raise InputError(
            "a production product can't use a development or sample key: anyone could read the barcodes",
            where=document.locate(("stage",)),
            way_out=way_out,
        )
    if known := known_keys().get(key.fingerprint):
        raise InputError(
            f"a production product can't use a development or sample key: the private half of this one is known "
            f"({known}), so anyone who has it could read the barcodes",
            where=document.locate(("stage",)),
            way_out=way_out,
        )


_NO_LINE = ("format", "print", "expect", "fields", "batch_fields")
"""What comes first in a product's file, or last, as tables."""


def product_text(product: Product) -> str:
    """The product as the text of its file."""
    lines = ["# A product that Amazon onboarded. Fields: docs/formats/product.md", "format = 1"]
    for name in type(product).model_fields:
        value = getattr(product, name)
        if name in _NO_LINE or value is None or value is False or (name == "template" and not product.names_template):
            continue
        lines.append(f"{name} = {quote(value) if isinstance(value, str) else str(value).lower()}")
    chosen = {name: value for name, value in product.print.model_dump().items() if value}
    lines += ["", "[print]", *(f"{name} = {quote(value)}" for name, value in chosen.items())] if chosen else []
    lines += expected_lines(product.expect)
    plain = {name: value for name, value in product.fields.items() if isinstance(value, str)}
    tables = [("fields", plain)]
    tables += [(f"fields.{key}", value) for key, value in product.fields.items() if not isinstance(value, str)]
    for title, values in [*tables, ("batch_fields", product.batch_fields)]:
        lines += ["", f"[{title}]", *(f"{name} = {quote(value)}" for name, value in values.items())] if values else []
    return "\n".join(lines) + "\n"


def product_from_options(values: dict[str, object]) -> Product:
    """A product from values that were typed, not read from a file; `InputError` names the option."""
    from bss_mfg.core.toml_files import parse_toml

    lines = [
        f"{name} = {quote(value) if isinstance(value, str) else str(value).lower()}"
        for name, value in values.items()
        if value is not None
    ]
    try:
        return validate(parse_toml("\n".join(lines), "product"), Product)
    except InputError as error:
        option = f"--{error.key.replace('_', '-')}" if error.key else "product"
        raise InputError(
            error.what,
            where=option,
            problems=error.problems,
            way_out="Correct the option; nothing was written.",
        ) from None
