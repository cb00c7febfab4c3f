"""inspect."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bss_mfg.cli import suggestions
from bss_mfg.cli.common import App, json_option, pass_app, print_details, print_json, print_text, say
from bss_mfg.cli.unit_names import given_names

if TYPE_CHECKING:
    from bss_mfg.ledger.ledger import Ledger
    from bss_mfg.payload.product_keys import PrivateKey
    from bss_mfg.payload.spec import Spec
    from bss_mfg.verify.inspect import CodeExplainer
    from bss_mfg.verify.scanned import Scanned

_NEWEST_BATCHES = 20
"""Batches whose symbol size is looked for in pictures."""


@click.command(epilog="Example: bss-mfg inspect box.jpg --private-key dev-keys/amazon.private.pem")
@click.argument("target", metavar="STRING|FILE|UNIT", shell_complete=suggestions.serials_or_files)
@click.option(
    "--private-key",
    type=click.Path(path_type=Path),
    help="A development key, to decrypt the encrypted field.",
)
@json_option
@pass_app
@click.pass_context
def inspect(ctx: click.Context, app: App, target: str, private_key: Path | None, as_json: bool) -> None:
    """Explain any barcode, field by field.

    Works without a workspace too. In one, says which label it is as well, or which unit any other code names, and a
    UNIT can be named by its serial or Device UUID. - reads strings from standard input, @FILE from a file, one a line.
    What is encrypted is never shown, only its SHA-256; what is readable on the label is shown, including the PIN of a
    Wi-Fi inner code. Exit 1 if a string is not as its spec says, or not as it was issued here.
    """
    from bss_mfg.core.files import read_bytes
    from bss_mfg.errors import InputError
    from bss_mfg.payload.product_keys import load_private_key
    from bss_mfg.payload.spec import packaged_spec
    from bss_mfg.payload.spec_names import packaged_names
    from bss_mfg.verify.inspect import Explanation

    try:
        workspace = app.workspace
    except InputError:
        if app.workspace_option:
            raise
        workspace = None
    specs = (
        [workspace.spec(name).spec for name in workspace.spec_names()]
        if workspace
        else [packaged_spec(name).spec for name in packaged_names()]
    )
    key = load_private_key(read_bytes(private_key, "private key", 1 << 16), str(private_key)) if private_key else None
    broken: list[dict[str, Any]] = []

    def tell_broken(place: dict[str, Any], reason: str) -> None:
        broken.append({**Explanation("", None, [], problems=[f"the page can't be read: {reason}"]).as_json(), **place})

    strings = list(_strings(app, target, tell_broken))
    with _opened_ledger(app if workspace else None) as ledger:
        explained = _explainer(ledger, specs, key).explain_all([said for said, _ in strings])
    symbols = [{**item.as_json(), **place} for item, (_, place) in zip(explained, strings, strict=True)] + broken
    if as_json:
        print_json(symbols)
    else:
        for number, symbol in enumerate(symbols):
            if number:
                print_text()
            _print_symbol(symbol)
    if any(symbol["problems"] for symbol in symbols):
        ctx.exit(1)


def _strings(
    app: App, target: str, tell_broken: Callable[[dict[str, Any], str], None]
) -> Iterator[tuple[Scanned, dict[str, Any]]]:
    """The barcode strings of what was named, each with where it was found."""
    from bss_mfg.errors import InputError
    from bss_mfg.verify.picture_strings import read_strings
    from bss_mfg.verify.scanned import WedgeLine
    from bss_mfg.verify.unit_names import payloads_of_unit

    for name in given_names([target]):
        payloads: list[str] = []
        with contextlib.suppress(InputError):  # no workspace here
            if ":" not in name.text and not Path(name.text).exists():
                with app.workspace.open_ledger(app.actor) as ledger:
                    payloads = payloads_of_unit(ledger, name.text)
        yield from [(WedgeLine(payload), {}) for payload in payloads] or read_strings(
            name.text, tell_broken, _symbol_sizes(app)
        )


def _symbol_sizes(app: App) -> Sequence[int]:
    """The modules on a side of the workspace's symbols, those of the newest batches first, then the usual ones."""
    from bss_mfg.errors import BssError
    from bss_mfg.label.layout.symbol_size import batch_symbol_size
    from bss_mfg.verify.picture_strings import USUAL_SIZES

    try:
        with app.workspace.open_ledger(app.actor) as ledger:
            newest = ledger.batches.all()[: -_NEWEST_BATCHES - 1 : -1]
    except BssError:
        return USUAL_SIZES
    sizes = [size for size in map(batch_symbol_size, newest) if size]
    return tuple(dict.fromkeys((*sizes, *USUAL_SIZES)))


@contextmanager
def _opened_ledger(app: App | None) -> Iterator[Ledger | None]:
    """The workspace's ledger, None where there is none; without a ledger it explains too."""
    from bss_mfg.errors import BssError

    try:
        opened = app.workspace.open_ledger(app.actor) if app else None
    except BssError as error:
        say(f"Note: the ledger was not asked: {error}")
        opened = None
    with opened or contextlib.nullcontext() as ledger:
        yield ledger


def _explainer(ledger: Ledger | None, specs: Sequence[Spec], key: PrivateKey | None) -> CodeExplainer:
    from bss_mfg.ledger.named_units import named_unit
    from bss_mfg.verify.diagnosis import diagnose_anywhere, known_specs
    from bss_mfg.verify.inspect import CodeExplainer

    if ledger is None:
        return CodeExplainer(specs, key)
    in_use = known_specs(ledger)
    known = list({spec.name: spec for spec in (*specs, *in_use) if not spec.bare}.values())
    return CodeExplainer(
        specs,
        key,
        lambda said: diagnose_anywhere(said, ledger, known),
        lambda text: named_unit(ledger, text),
        has_bars=any(spec.bare for spec in in_use),
    )


def _unit_facts(unit: dict[str, Any]) -> Iterator[str]:
    """What is known of a unit; what its field does not hold is not spoken of."""
    if unit["uuid"]:
        yield f"Device UUID {unit['uuid']}"
    if unit.get("oob_key_sha256"):
        yield f"OOB key of {unit['oob_key_octets']} bytes, SHA-256 {unit['oob_key_sha256']}"
    if unit.get("mac"):
        yield f"MAC {unit['mac']}"
    for name, value in unit.items():
        if name.endswith("_sha256") and name != "oob_key_sha256":
            yield f"{name.removesuffix('_sha256').replace('_', ' ')} SHA-256 {value}"


def _issued_words(issued: dict[str, Any]) -> str:
    serials = f", {issued['serials']}" if issued["serials"] else ""
    return f"batch {issued['batch']}, package {issued['package']}{serials}"


def _print_symbol(symbol: dict[str, object]) -> None:
    fields, notes = symbol["fields"], symbol["notes"]
    print_details(
        [
            ("payload", str(symbol["payload"])),
            ("spec", str(symbol["spec"] or "unknown")),
            *([("issued", _issued_words(symbol["issued"]))] if isinstance(symbol["issued"], dict) else []),
            *[("note", str(note)) for note in (notes if isinstance(notes, list) else [])],
            *([("at", f"{symbol['file']}, page {symbol['page']}")] if "file" in symbol else []),
        ]
    )
    for field in fields if isinstance(fields, list) else []:
        print_text(f"  {field['key']:<5} {field['status']:<10} {field['value']}")
        if field["note"]:
            print_text(f"  {'':<16} {field['note']}")
    units = symbol.get("units")
    for unit in units if isinstance(units, list) else []:
        print_text(f"  unit  {', '.join(_unit_facts(unit))}")
    problems = symbol["problems"]
    for problem in problems if isinstance(problems, list) else []:
        print_text(f"  WRONG: {problem}")
