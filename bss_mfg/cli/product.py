"""product add|list|show|repin, and dev-key."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bss_mfg.cli import suggestions
from bss_mfg.cli.approval_options import ApprovalOptions, approval_options
from bss_mfg.cli.common import App, json_option, pass_app, print_details, print_json, print_table, say, shown_path
from bss_mfg.cli.parameters import Reason, WholeNumber

if TYPE_CHECKING:
    from bss_mfg.workspace.product import LoadedProduct


@click.group()
def product() -> None:
    """Add, list and show products; accept a new key."""


@product.command(epilog="Example: bss-mfg product add bulb --pid ebK3 --upc 841667145075 --public-key amazon.pem")
@click.argument("name")
@click.option("--pid", required=True, help="Amazon's product id, 4 letters or digits; case matters.")
@click.option("--upc", help="UPC-A on the package, 12 digits.")
@click.option("--ean", help="EAN-8 or EAN-13 on the package, instead of a UPC.")
@click.option(
    "--public-key", required=True, type=click.Path(path_type=Path), help="The product public key, PEM or DER."
)
@click.option("--title", default="", help="Name for people, printed on labels.")
@click.option(
    "--units-per-package",
    type=WholeNumber(1, 64),
    default=1,
    show_default=True,
    help="Devices in one box, under one barcode.",
)
@click.option(
    "--spec",
    default="amazon-bss-ob04",
    show_default=True,
    shell_complete=suggestions.specs,
    help="Barcode spec (`bss-mfg spec list`).",
)
@click.option(
    "--oob-bytes", type=click.Choice(["16", "32"]), default="32", show_default=True, help="Bytes of the OOB key."
)
@click.option("--serial", default="{pid}{n:08}", show_default=True, help="Serial pattern.")
@click.option(
    "--template",
    shell_complete=suggestions.templates,
    help="Label template (default: the workspace's, else sheet-a4-24).",
)
@click.option(
    "--stage",
    type=click.Choice(["development", "production"]),
    default="development",
    show_default=True,
    help="Development labels carry a SAMPLE mark; production needs a confirmed spec.",
)
@pass_app
def add(
    app: App,
    name: str,
    pid: str,
    upc: str | None,
    ean: str | None,
    public_key: Path,
    title: str,
    units_per_package: int,
    spec: str,
    oob_bytes: str,
    serial: str,
    template: str | None,
    stage: str,
) -> None:
    """Add a product that Amazon onboarded.

    Checks every value and the key, and writes products/NAME.toml, which may be edited later.
    """
    from bss_mfg.core.files import read_bytes, require_safe_name
    from bss_mfg.payload.product_keys import load_public_key
    from bss_mfg.workspace.product import product_from_options
    from bss_mfg.workspace.stand_in_keys import stands_in

    workspace = app.workspace
    require_safe_name(name, "product name")
    found = product_from_options(
        {
            "format": 1,
            "title": title,
            "pid": pid,
            "upc": upc,
            "ean": ean,
            "public_key": f"{name}.pem",
            "units_per_package": units_per_package,
            "spec": spec,
            "oob_bytes": int(oob_bytes),
            "serial": serial,
            "template": template,
            "stage": stage,
        }
    )
    key = load_public_key(read_bytes(public_key, "product public key", 1 << 16), str(public_key))
    workspace.check_new_product(found, key, str(public_key))
    loaded = workspace.add_product(name, found, key)
    say(f"OK: product {name} added in {shown_path(loaded.path)}")
    say(f"Key {key.kind}, SHA-256 fingerprint {key.fingerprint}")
    if stands_in(key, workspace):
        say("This key stands in for Amazon's: what is made with it is a trial.")
    else:
        say("Compare the fingerprint with the one you were given.")


@product.command("list", epilog="Example: bss-mfg product list")
@json_option
@pass_app
def list_(app: App, as_json: bool) -> None:
    """List all products."""
    from bss_mfg.errors import BssError

    loaded = []
    for name in app.workspace.product_names():
        try:
            loaded.append(app.workspace.product(name))
        except BssError as error:
            say(f"BROKEN: {error}")
    if as_json:
        print_json([_record(item, None) for item in loaded])
        return
    print_table(
        [
            (
                item.name,
                item.product.pid,
                item.product.upc or item.product.ean or "-",
                str(item.product.units_per_package),
                item.product.stage,
                item.key.fingerprint[:16],
            )
            for item in loaded
        ],
        ("NAME", "PID", "UPC/EAN", "PER PACKAGE", "STAGE", "KEY"),
    )


@product.command(epilog="Example: bss-mfg product show bulb")
@click.argument("name", shell_complete=suggestions.products)
@json_option
@pass_app
def show(app: App, name: str, as_json: bool) -> None:
    """Show one product, its key and the fingerprint its batches are bound to."""
    loaded = app.workspace.product(name)
    with app.workspace.open_ledger(app.actor) as ledger:
        record = _record(loaded, ledger.products.key_fingerprint(name))
    chosen = app.workspace.print_defaults(loaded.product)
    record["default_printer"], record["default_template"] = chosen.printer, chosen.template
    if as_json:
        print_json(record)
    else:
        from bss_mfg.model import FIELD_PREFIX
        from bss_mfg.workspace.product_fields import product_facts

        del record["print"]
        fields = {key.removeprefix(FIELD_PREFIX): value for key, value in product_facts(loaded.product.fields).items()}
        for table, values in (("fields", fields), ("batch_fields", loaded.product.batch_fields)):
            record[table] = ", ".join(f"{key} = {value}" for key, value in values.items()) or None
        shown = {key: ", ".join(value) if isinstance(value, list) else value for key, value in record.items()}
        print_details([(key.replace("_", " "), "-" if value is None else str(value)) for key, value in shown.items()])


def _record(loaded: LoadedProduct, pinned: str | None) -> dict[str, object]:
    record: dict[str, object] = {"name": loaded.name}
    record.update((key, value) for key, value in loaded.product.model_dump().items() if key != "format")
    return {
        **record,
        "key_kind": loaded.key.kind,
        "key_fingerprint": loaded.key.fingerprint,
        "key_development": loaded.key.development,
        "key_pinned": pinned,
    }


@product.command(epilog='Example: bss-mfg product repin bulb --reason "Amazon rotated the key, mail of 3 May"')
@click.argument("name", shell_complete=suggestions.products)
@click.option("--reason", type=Reason(), required=True, help="Why the key changed; kept in the history.")
@approval_options
@pass_app
def repin(app: App, name: str, reason: str, approval: ApprovalOptions) -> None:
    """Accept a product's changed public key for its next batches."""
    if not reason.strip():
        raise click.UsageError("--reason is empty: say why; the reason is kept in the history.")
    key = app.workspace.product(name).key
    with app.workspace.open_ledger(app.actor) as ledger, approval.consent() as consent:
        pinned = ledger.products.repin_key(name, key.fingerprint, reason, consent)
    if pinned == key.fingerprint:
        say(f"OK: {name} is already bound to this key; nothing changed")
    else:
        say(f"OK: {name} is now bound to {key.fingerprint} (was {pinned})")


@click.command(epilog="Example: bss-mfg dev-key amazon-stand-in")
@click.argument("name")
@click.option(
    "--kind",
    type=click.Choice(["p256", "p384", "p521", "x25519", "rsa"]),
    default="p256",
    show_default=True,
    help="Kind of key.",
)
@pass_app
def dev_key(app: App, name: str, kind: str) -> None:
    """Make a key pair that stands in for Amazon's, for development.

    The private half lets demos and tests decrypt barcodes. A production product refuses the public half.
    """
    from bss_mfg.payload.product_keys import new_development_key

    private, public = app.workspace.add_development_key(name, *new_development_key(kind))
    say(f"OK: {shown_path(private)} (private), {shown_path(public)} (public)")
