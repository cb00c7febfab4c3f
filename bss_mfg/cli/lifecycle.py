"""scrap, replace, ship, close, retire, import-issued."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bss_mfg.cli import suggestions
from bss_mfg.cli.approval_options import ApprovalOptions, approval_options
from bss_mfg.cli.common import App, json_option, pass_app, print_json, print_text, say, shown_path
from bss_mfg.cli.pallet import named_unit_of
from bss_mfg.cli.parameters import Reason, WholeNumber
from bss_mfg.cli.table_options import say_passed_over, table_options
from bss_mfg.cli.unit_names import UNIT_METAVAR, named_packages, named_units
from bss_mfg.core.shell_words import shell_word
from bss_mfg.core.text import count_words, listing

if TYPE_CHECKING:
    from bss_mfg.core.read_tables import TableOptions
    from bss_mfg.ledger.package_counts import PackageCounts
    from bss_mfg.workspace.product import LoadedProduct

MOST_NAMED = 10
"""Packages that are named one by one."""


@click.command(epilog='Example: bss-mfg scrap bulb-2026-11 ebK300000017 --reason "dropped"')
@click.argument("batch_id", metavar="BATCH", shell_complete=suggestions.batches)
@click.argument("units", metavar=UNIT_METAVAR, nargs=-1, required=True, shell_complete=suggestions.serials)
@click.option("--reason", type=Reason(), required=True, help="Why, for the history.")
@pass_app
def scrap(app: App, batch_id: str, units: tuple[str, ...], reason: str) -> None:
    """Scrap units permanently.

    Their packages' labels are wrong from then on, wherever they are read; they are left out of programming files and
    manifests, and their identities are never issued again. All or none; the same command twice changes nothing.

    A UNIT is named by its serial, its Device UUID or its package's scanned barcode; - reads such names from standard
    input, @FILE from a file, one a line.
    """
    with app.workspace.open_ledger(app.actor) as ledger:
        serials = named_units(ledger, batch_id, units)
        new = ledger.units.scrap(batch_id, serials, reason)
    before = len(serials) - len(new)
    say(f"OK: {count_words(len(new), 'unit')} scrapped" + (f", {before:,} scrapped before" if before else ""))


@click.command(epilog='Example: bss-mfg replace bulb-2026-11 ebK300000017 --reason "dropped"')
@click.argument("batch_id", metavar="BATCH", shell_complete=suggestions.batches)
@click.argument("units", metavar=UNIT_METAVAR, nargs=-1, required=True, shell_complete=suggestions.serials)
@click.option("--reason", type=Reason(), required=True, help="Why, for the history.")
@click.option(
    "--identities",
    type=click.Path(path_type=Path),
    help="CSV or XLSX with the serials and, optionally, uuid and mac of the new units, in the order of the serials.",
)
@table_options
@json_option
@pass_app
def replace(
    app: App,
    batch_id: str,
    units: tuple[str, ...],
    reason: str,
    identities: Path | None,
    table: TableOptions,
    as_json: bool,
) -> None:
    """Issue new units in the places of scrapped ones.

    Each gets a new serial, Device UUID and OOB key, and its package a new barcode: print that label with `reprint`,
    program the new unit, and upload a new manifest. Labels with the old barcode are wrong from then on. All or none;
    the same command twice changes nothing and says which unit replaced which. UNIT: as for scrap.
    """
    from bss_mfg.issuing.from_workspace import replacement_file, replacement_request
    from bss_mfg.issuing.replacement import replace_units
    from bss_mfg.workspace.publishing import require_published

    with app.workspace.open_ledger(app.actor) as ledger, app.vault(ledger) as vault:
        require_published(app.workspace, ledger)
        serials = named_units(ledger, batch_id, units)
        batch = ledger.batches.get(batch_id)
        file = replacement_file(batch, identities, table) if identities else None
        request = replacement_request(app.workspace, batch, serials, reason, file)
        done = replace_units(ledger, vault, request)
    if file:
        say_passed_over(file.path, file.passed_over)
    if as_json:
        print_json({"batch": batch_id, "replaced": [{"serial": old, "by": new} for old, new in done.items()]})
    else:
        for old, new in done.items():
            print_text(f"{old} {new}")
    some = " ".join(list(done.values())[:8]) + (" ..." if len(done) > 8 else "")
    say(f"OK: {count_words(len(done), 'unit')} replaced. Now: `bss-mfg reprint {batch_id} {some} --reason replaced`")


@click.command(epilog='Example: bss-mfg ship bulb-2026-11 --verified --for "pallet 17"')
@click.argument("batch_id", metavar="[BATCH]", required=False, shell_complete=suggestions.batches)
@click.argument("units", metavar=UNIT_METAVAR, nargs=-1, shell_complete=suggestions.serials)
@click.option("--verified", is_flag=True, help="All packages whose printed label was read right, instead of units.")
@click.option(
    "--carton",
    metavar="CODE",
    shell_complete=suggestions.cartons,
    help="All in a carton packed by scanning: its number, or its scanned label.",
)
@click.option("--pallet", metavar="CODE", shell_complete=suggestions.pallets, help="All on a pallet, likewise.")
@click.option("--returned", is_flag=True, help="They came back: they may be scrapped or printed again.")
@click.option(
    "--for", "reference", default="", help="Pallet or order, for the history. With --returned: why; may be left out."
)
@pass_app
def ship(
    app: App,
    batch_id: str | None,
    units: tuple[str, ...],
    verified: bool,
    carton: str | None,
    pallet: str | None,
    returned: bool,
    reference: str,
) -> None:
    """Mark packages as shipped, or as returned.

    Only a package whose newest printed label was read right (`scan`, or `verify` of a picture) is shipped; a shipped
    one is neither printed nor scrapped, and one that came back is read again before it leaves. All or none. Not every
    factory needs this: closing and retiring a batch don't ask for it. UNIT: as for scrap; a package's barcode names all
    in it. Of cartons and pallets (`pack`) packages of all batches leave, or come back, at once. What was packed leaves
    with all that its carton or pallet holds, once that is closed: named alone it is refused, with --verified it stays.
    A package with a unit that `flash report` called failed stays. Where the product requires it, only a package whose
    devices have all proven their keys (`station pair`) is shipped.
    """
    if carton and pallet:
        raise click.UsageError("Name a carton or a pallet.")
    packed = carton or pallet
    if packed and (batch_id or verified):
        raise click.UsageError("--carton and --pallet stand alone: they name packages of whatever batches.")
    if not packed and (batch_id is None or bool(units) == verified or (verified and returned)):
        raise click.UsageError("Name a batch with units, or with --verified (to ship all); or --carton or --pallet.")
    if not returned and not reference.strip():
        raise click.UsageError("Say what they are shipped with: --for TEXT, a pallet or an order.")
    from bss_mfg.ledger.packages import describe_moves
    from bss_mfg.ledger.shipping import ship_logistic_unit

    with app.workspace.open_ledger(app.actor) as ledger:
        if packed:
            unit = named_unit_of(ledger, "pallet" if pallet else "carton", packed)
            done = ship_logistic_unit(ledger, unit, reference, returned=returned)
        else:
            assert batch_id  # noqa: S101 (looked at above)
            serials = None if verified else named_packages(ledger, batch_id, units)
            done = ledger.packages.ship(batch_id, serials, reference, returned=returned)
    before = describe_moves(done.before)
    for words in before[:MOST_NAMED]:
        say(f"Nothing to do: {words}")
    if len(before) > MOST_NAMED:
        say(f"and {len(before) - MOST_NAMED:,} more")
    if done.unread:
        say(
            f"Not shipped: {count_words(done.unread, 'package')} whose printed label was not read right "
            f"(`bss-mfg scan {batch_id}`)"
        )
    if done.failed:
        from bss_mfg.ledger.flash_failures import way_from_failure

        way_out = way_from_failure(batch_id or "", done.failed_units[0])
        say(
            f"Not shipped: {count_words(done.failed, 'package')} with a unit that failed when it was flashed: "
            f"{listing(done.failed_units, MOST_NAMED)}. Of each, {way_out}"
        )
    if done.unproven:
        say(
            f"Not shipped: {count_words(done.unproven, 'package')} with a device that has not proven its key on air "
            f"(`bss-mfg station pair {batch_id}`)"
        )
    if done.held_back:
        named = listing([unit.words for unit in done.outer_units], MOST_NAMED)
        say(
            f"Not shipped: {count_words(done.held_back, 'package')} in what doesn't leave whole: {named}. "
            f"{done.outer_units[0].ways_out}"
        )
    again = "; scan their labels again before they leave" if returned and done.count else ""
    say(f"OK: {count_words(done.count, 'package')} {'returned' if returned else 'shipped'}{again}")


@click.command(epilog="Example: bss-mfg close bulb-2026-11 --in-hand 3")
@click.argument("batch_id", metavar="BATCH", shell_complete=suggestions.batches)
@click.option(
    "--in-hand",
    type=WholeNumber(0),
    help="Printed labels that are left unused at the line (default: none, or as it was closed before).",
)
@click.option(
    "--unprinted",
    type=WholeNumber(0),
    metavar="N",
    help="So many packages get no label on purpose; N must be exact. Needs --reason.",
)
@click.option("--reason", help="Why they get none, for the history.")
@json_option
@pass_app
def close(
    app: App, batch_id: str, in_hand: int | None, unprinted: int | None, reason: str | None, as_json: bool
) -> None:
    """Close a batch: printed = verified + scrapped + in hand, by packages.

    Verified is a package whose newest printed label was read right. Refused, with the difference, if these don't
    balance or a package has no printed label (exit 4). A closed batch is neither printed, packed nor changed (`batch
    reopen`); close it again to correct the number in hand. Where the product is packed into cartons, what is in none is
    told. No verified package that is still here may hold a unit that failed when it was flashed. Where the product
    requires it, all devices in verified packages have proven their keys (`station pair`).
    """
    from bss_mfg.ledger.batches import ClosingRequest

    if bool(unprinted) != bool((reason or "").strip()):
        raise click.UsageError("--unprinted N and --reason TEXT belong together.")
    with app.workspace.open_ledger(app.actor) as ledger:
        found = ledger.batches.close(batch_id, ClosingRequest(in_hand, unprinted or 0, reason))
        closed = ledger.batches.closed_at(batch_id)
        to_withdraw = ledger.control_logs.count_to_withdraw(batch_id)
        counts, units = ledger.batches.package_counts(batch_id), ledger.packing.units_with(batch_id)
        is_packed = bool(counts.packed) or ledger.packing.packs(ledger.batches.get(batch_id).product)
    if as_json:
        print_json(
            {
                "batch": batch_id,
                "closed_at": closed,
                "packages": found.packages,
                "printed": found.printed,
                "verified": found.verified,
                "scrapped": found.scrapped,
                "in_hand": found.in_hand,
                "never_printed": found.never_printed,
                "packed": counts.packed,
                "not_packed": counts.not_packed,
                "packed_not_shipped": counts.packed_not_shipped,
                "cartons": units.cartons,
                "pallets": units.pallets,
                "to_withdraw": to_withdraw,
            }
        )
    parts = f"{found.printed:,} printed, {found.verified:,} verified, {found.scrapped:,} scrapped"
    never = f"; {count_words(found.never_printed, 'package')} never printed" if found.never_printed else ""
    _say_to_withdraw(batch_id, to_withdraw)
    if is_packed:
        _say_packed(batch_id, counts)
    say(f"OK: batch {batch_id} closed: {parts}, {found.in_hand:,} in hand{never}")


def _say_packed(batch_id: str, counts: PackageCounts) -> None:
    """What of a batch is still to be packed, and to leave."""
    if counts.packed_not_shipped:
        say(f"Note: {count_words(counts.packed_not_shipped, 'package')} packed and not shipped yet")
    if counts.not_packed:
        say(
            f"Note: {count_words(counts.not_packed, 'verified package')} in no carton, and not to be packed while the "
            f"batch is closed: `bss-mfg batch reopen {batch_id} --reason TEXT`"
        )


@click.command(epilog="Example: bss-mfg retire bulb-2026-11 --acknowledged feedback-20261124.json")
@click.argument("batch_id", metavar="BATCH", shell_complete=suggestions.batches)
@click.option(
    "--acknowledged",
    metavar="TEXT",
    help="By what the manifest was acknowledged, for the history, where "
    "no feedback file was read for each unit (`manifest acknowledge`).",
)
@click.option("--delete-exports", is_flag=True, help="Also destroy programming files of the batch in the workspace.")
@click.option(
    "--unflashed",
    metavar="TEXT",
    type=Reason(),
    help="Why, for the history, though flashers have claimed units and not reported them, or they failed.",
)
@approval_options
@pass_app
def retire(
    app: App,
    batch_id: str,
    acknowledged: str | None,
    delete_exports: bool,
    unflashed: str | None,
    approval: ApprovalOptions,
) -> None:
    """Destroy the OOB keys of a batch permanently.

    For when all devices are programmed and the manifest was acknowledged: what is gone can't be stolen. Labels can
    still be printed, byte for byte, and verified. Refused before the keys were released and a control log was made, and
    while a file of the workspace may hold keys: --delete-exports destroys those that the history proves to be
    programming files of the batch. Backups and programming files elsewhere still hold the keys.
    """
    from bss_mfg.programming.open_releases import release_text
    from bss_mfg.programming.retirement import retire_batch

    with app.workspace.open_ledger(app.actor) as ledger, approval.consent() as consent:
        done = retire_batch(
            app.workspace,
            ledger,
            ledger.batches.get(batch_id),
            acknowledged,
            delete_exports=delete_exports,
            unflashed=unflashed,
            consent=consent,
            patience=app.patience,
        )
        to_withdraw = ledger.control_logs.count_to_withdraw(batch_id)
    _say_to_withdraw(batch_id, to_withdraw)
    for path in done.files:
        say(f"Destroyed: {shown_path(path)}")
    for path in done.left:
        say(f"Warning: {shown_path(path)} was changed just now and left: destroy it yourself, it may hold keys.")
    for release in done.cut_off:
        say(
            f"Warning: a release was not completed: {release_text(release)}. If files lie there, they hold keys: "
            "destroy them yourself."
        )
    say(f"OK: the OOB keys of batch {batch_id} {'are destroyed' if done.keys_destroyed else 'were destroyed before'}")


def _say_to_withdraw(batch_id: str, units: int) -> None:
    if units:
        were = "unit that Amazon knows was" if units == 1 else "units that Amazon knows were"
        say(
            f"Note: {units:,} {were} scrapped: tell Amazon to forget them; "
            f"`bss-mfg manifest status {batch_id}` names them"
        )


@click.command("import-issued", epilog="Example: bss-mfg import-issued bulb issued-until-2025.csv")
@click.argument("product", shell_complete=suggestions.products)
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option(
    "--ledger",
    "other",
    help="Instead of a FILE: another workspace, its ledger.db, or the URL of its database: all units of the product "
    "come in.",
)
@table_options
@pass_app
def import_issued_(app: App, product: str, file: Path | None, other: str | None, table: TableOptions) -> None:
    """Bring in identities that were issued before bss-mfg, or elsewhere.

    FILE is CSV or XLSX with the column serial, and uuid, mac, oob_key or oob_sha256 and the spec's own columns as far
    as known (docs/formats/identities.md). They are never issued again. Keys are kept as SHA-256 only: destroy the file
    afterwards. All or none; the same file twice changes nothing. With --ledger, serials under which both have issued a
    unit are named (exit 1).
    """
    from bss_mfg.issuing.importing import import_issued

    if (file is None) == (other is None):
        raise click.UsageError("Name a FILE, or another workspace with --ledger.")
    loaded = app.workspace.product(product)
    if file is None:
        assert other is not None  # noqa: S101  (asked above)
        _import_from_ledger(app, loaded, other)
        return
    spec = app.workspace.spec(loaded.product.spec).spec
    with app.workspace.open_ledger(app.actor) as ledger:
        done = import_issued(ledger, loaded, file, spec, lambda: app.vault(ledger), table)
    say_passed_over(file, done.passed_over)
    known = count_words(done.completed, "known identity", "known identities")
    more = f"; values of {known} were added" if done.completed else ""
    say(f"OK: {count_words(done.new, 'new identity', 'new identities')} of {product} will never be issued{more}")


def _import_from_ledger(app: App, product: LoadedProduct, other: str) -> None:
    from bss_mfg.cli.ledger_copies import ledger_place
    from bss_mfg.issuing.importing import import_from_ledger
    from bss_mfg.ledger.ledger import Ledger

    with app.workspace.open_ledger(app.actor) as ledger, Ledger.open(ledger_place(app, other), app.actor) as there:
        done = import_from_ledger(ledger, product, there)
    for serial in done.issued_twice[:MOST_NAMED]:
        say(f"issued twice: serial {serial}, here and there")
    if twice := len(done.issued_twice):
        new = count_words(done.new, "new identity", "new identities")
        say(
            f"FAILED: both have issued {count_words(twice, 'serial')}; {new} of {product.name} came in. "
            f"`bss-mfg ledger compare {shell_word(other)}` names all."
        )
        raise click.exceptions.Exit(1)
    say(f"OK: {count_words(done.new, 'new identity', 'new identities')} of {product.name} will never be issued")
