"""batch create|list|show|reopen."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bss_mfg.cli import suggestions
from bss_mfg.cli.approval_options import ApprovalOptions, approval_options
from bss_mfg.cli.common import (
    App,
    jobs_option,
    json_option,
    pass_app,
    print_details,
    print_json,
    print_table,
    print_text,
    say,
)
from bss_mfg.cli.dates import utc_moment
from bss_mfg.cli.parameters import Reason, WholeNumber
from bss_mfg.cli.progress import progress_bar
from bss_mfg.cli.table_options import say_passed_over, table_options
from bss_mfg.core.text import count_words
from bss_mfg.model import FIELD_PREFIX, Batch

if TYPE_CHECKING:
    from bss_mfg.core.read_tables import TableOptions
    from bss_mfg.ledger.batches import BatchState
    from bss_mfg.ledger.ledger import Ledger
    from bss_mfg.ledger.releases import Release

LISTED = (
    "id",
    "product",
    "state",
    "units",
    "packages",
    "printed",
    "file_verified",
    "print_verified",
    "shipped",
    "scrapped",
    "released",
    "waiting",
    "accepted",
    "rejected",
    "created_at",
)
"""What `batch list` shows as text; --json has more."""

_SHOWN_WHERE_ANY = frozenset(
    {"flash_unreported", "flash_failed", "packed", "packed_not_shipped", "cartons", "pallets", "require_device"}
)
"""What `batch show` leaves out as text where it is 0 or false: not every factory has flashers and packing tables."""


@click.group()
def batch() -> None:
    """Issue units; list and show batches."""


@batch.command(epilog="Example: bss-mfg batch create bulb --units 480 --id bulb-2026-11")
@click.argument("product", shell_complete=suggestions.products)
@click.option(
    "--units",
    type=WholeNumber(1, 10_000_000),
    help="How many devices; may be left out with --identities: as many as the file has.",
)
@click.option("--id", "batch_id", help="The batch's id. Giving it makes the command safe to repeat.")
@click.option(
    "--identities",
    type=click.Path(path_type=Path),
    help="CSV or XLSX with serials and, optionally, uuid and mac.",
)
@click.option(
    "--field",
    "fields",
    multiple=True,
    metavar="NAME=VALUE",
    help="A field of this batch, as lot=L123, that the product's file names; can be given several times.",
)
@table_options
@jobs_option
@json_option
@pass_app
def create(
    app: App,
    product: str,
    units: int | None,
    batch_id: str | None,
    identities: Path | None,
    fields: tuple[str, ...],
    table: TableOptions,
    jobs: int,
    as_json: bool,
) -> None:
    """Issue units of PRODUCT.

    Makes serials, Device UUIDs, OOB keys and barcode strings, and stores all of them or none. With the --id of an
    existing batch and the same arguments nothing is issued, exit 0; with other arguments it is refused (exit 4).
    """
    from bss_mfg.core.processes import open_executor
    from bss_mfg.issuing.batch import create_batch
    from bss_mfg.issuing.from_workspace import batch_request
    from bss_mfg.issuing.identity_files import IdentityFile, count_foreign_uuids
    from bss_mfg.workspace.product_fields import read_given
    from bss_mfg.workspace.publishing import require_published

    if units is None and identities is None:
        raise click.UsageError("Say --units, or give a file of --identities.")
    workspace = app.workspace
    request = batch_request(workspace, product, units, batch_id, identities, table, read_given(fields))
    if odd := count_foreign_uuids(request.identities):
        are = "is" if odd == 1 else "are"
        say(
            f"Warning: {count_words(odd, 'UUID')} {are} not of the RFC 9562 kind; some Bluetooth Mesh stacks refuse "
            "such devices."
        )
    if isinstance(request.identities, IdentityFile):
        say_passed_over(request.identities.path, request.identities.passed_over)
    with (
        workspace.open_ledger(app.actor) as ledger,
        app.vault(ledger) as vault,
        open_executor(jobs, request.units) as executor,
    ):
        require_published(workspace, ledger)
        with progress_bar(f"{product}: issue") as progress:
            issued = create_batch(ledger, vault, request, executor=executor, progress=progress)
        record = _record(issued.batch, ledger.batches.counts(issued.batch.id))
    if as_json:
        print_json({**record, "created": issued.created})
    else:
        print_text(issued.batch.id)
    what = "issued" if issued.created else "was issued before; nothing new was issued:"
    count = f"{count_words(issued.batch.units, 'unit')} in {count_words(issued.batch.packages, 'package')}"
    say(f"OK: batch {issued.batch.id} {what} {count}")


@batch.command("list", epilog="Example: bss-mfg batch list --state open --since 2026-11-01")
@click.option(
    "--product",
    "products",
    multiple=True,
    shell_complete=suggestions.products,
    help="Only batches of this product; may be given several times.",
)
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice(["open", "closed", "retired"]),
    help="Only batches in this state; may be given several times.",
)
@click.option("--since", metavar="DATE", help="Only batches that were issued then or later.")
@click.option("--until", metavar="DATE", help="... then or earlier; a day counts as a whole.")
@json_option
@pass_app
def list_(
    app: App,
    products: tuple[str, ...],
    states: tuple[BatchState, ...],
    since: str | None,
    until: str | None,
    as_json: bool,
) -> None:
    """List batches in the order of issue, with how far each is.

    Packages are counted that were printed, whose label file was read back right, whose printed label was, and that were
    shipped; units that were scrapped, whose key was released, and that wait for Amazon's answer or have it.
    """
    earliest, latest = utc_moment(app, "--since", since), utc_moment(app, "--until", until)
    with app.workspace.open_ledger(app.actor) as ledger:
        for name in products:
            app.workspace.product(name)
        found = ledger.batches.find(products, states, earliest, latest)
        records = [_full_record(ledger, item) for item in found]
    if as_json:
        print_json(records)
        return
    rows = [{**record, "created_at": app.zone.shown(str(record["created_at"]))} for record in records]
    print_table(
        [tuple(str(row[name]) for name in LISTED) for row in rows],
        tuple(name.upper().replace("_", " ") for name in LISTED),
    )


@batch.command(epilog='Example: bss-mfg batch reopen bulb-2026-11 --reason "two boxes came back"')
@click.argument("batch_id", metavar="BATCH", shell_complete=suggestions.batches)
@click.option("--reason", type=Reason(), required=True, help="Why, for the history.")
@approval_options
@pass_app
def reopen(app: App, batch_id: str, reason: str, approval: ApprovalOptions) -> None:
    """Open a closed batch again: it can be printed and changed, and closed anew.

    A batch that is open stays as it is, exit 0.
    """
    with app.workspace.open_ledger(app.actor) as ledger, approval.consent() as consent:
        opened = ledger.batches.reopen(batch_id, reason, consent)
    say(f"OK: batch {batch_id} {'is open again' if opened else 'was open; nothing was changed'}")


@batch.command(epilog="Example: bss-mfg batch show bulb-2026-11 --json")
@click.argument("batch_id", metavar="BATCH", shell_complete=suggestions.batches)
@click.option("--history", is_flag=True, help="Also list every event.")
@json_option
@pass_app
def show(app: App, batch_id: str, history: bool, as_json: bool) -> None:
    """Show one batch: what was issued and printed, whose label file was read back, whose printed label was."""
    with app.workspace.open_ledger(app.actor) as ledger:
        batch = ledger.batches.get(batch_id)
        record = _full_record(ledger, batch)
        own_fields = [f"{name} = {value}" for name, value in _own_fields(batch).items()]
        seq, head = ledger.history.head()
        last = ledger.prints.last_print(batch_id)
        cut_off = [_open_release(release) for release in ledger.releases.open(batch_id)]
        unreported, failed = ledger.flash.unsettled(batch_id)
        record |= {
            "flash_unreported": unreported,
            "flash_failed": failed,
            **asdict(ledger.packing.units_with(batch_id)),
            **_proofs(ledger, batch),
            "closed_at": ledger.batches.closed_at(batch_id),
            "retired_at": ledger.batches.retired_at(batch_id),
            "ledger_head": f"{seq}:{head}",
            "open_releases": cut_off,
            "printed_template": last.template if last else None,
            "printed_printer": last.printer if last else None,
            "label_files": list(
                dict.fromkeys(part.file for part in ledger.prints.label_files(batch_id) if not part.superseded_at)
            ),
        }
        events = [
            {"seq": event.seq, "at": event.at, "kind": event.kind, **event.data}
            for event in (ledger.history.events(batch_id) if history else ())
        ]
    if as_json:
        print_json({**record, **({"history": events} if history else {})})
        return
    # People are told the template of the labels that there are, not what the product named when the batch was issued.
    record["template"] = record.pop("printed_template") or record["template"]
    shown = {
        key: app.zone.shown(str(value)) if key.endswith("_at") and value else value for key, value in record.items()
    }
    print_details(
        [
            (key.replace("_", " "), ", ".join(map(str, value)) if isinstance(value, list) else str(value))
            for key, value in {**shown, "open_releases": [one["path"] for one in cut_off], "fields": own_fields}.items()
            if value not in (None, []) and (value or key not in _SHOWN_WHERE_ANY)
        ]
    )
    for event in events:
        extra = {key: value for key, value in event.items() if key not in ("seq", "at", "kind")}
        print_text(
            f"{event['seq']:>8} {app.zone.shown(event['at'])} {event['kind']}: "
            + ", ".join(f"{k}={v}" for k, v in extra.items())
        )


def _full_record(ledger: Ledger, batch: Batch) -> dict[str, object]:
    """What a batch is, and how far."""
    return {
        **_record(batch, ledger.batches.counts(batch.id)),
        **ledger.exports.outputs(batch.id),
        "state": ledger.batches.state(batch.id),
    }


def _proofs(ledger: Ledger, item: Batch) -> dict[str, object]:
    """How many units have proven their keys on air, and how many packages hold one that hasn't; None where the batch
    doesn't ask for it."""
    asked = item.requires_device
    return {
        "require_device": asked,
        "proven": len(ledger.device_checks.proven(item.id)) if asked else None,
        "not_proven_packages": len(ledger.device_checks.unproven_packages(item.id)) if asked else None,
    }


def _open_release(release: Release) -> dict[str, object]:
    """A release of keys that was cut off."""
    target = release.target
    return {
        "path": str(target.path),
        "format": target.format,
        "units": release.count,
        "sealed_to": list(target.sealed_to),
        "at": release.at,
    }


def _own_fields(item: Batch) -> dict[str, str]:
    """The product's and the batch's own fields, by name."""
    return {name.removeprefix(FIELD_PREFIX): text for name, text in item.facts.items() if name.startswith(FIELD_PREFIX)}


def _record(item: Batch, counts: dict[str, int]) -> dict[str, object]:
    return {
        "id": item.id,
        "product": item.product,
        "title": item.facts["title"],
        "pid": item.facts["pid"],
        "stage": item.stage,
        "units": item.units,
        "packages": item.packages,
        "units_per_package": item.units_per_package,
        "printed": counts["printed"],
        "file_verified": counts["file_verified"],
        "print_verified": counts["print_verified"],
        "packed": counts["packed"],
        "packed_not_shipped": counts["packed_not_shipped"],
        "shipped": counts["shipped"],
        "scrapped": counts["scrapped"],
        "scrapped_packages": counts["scrapped_packages"],
        "replaced": counts["replaced"],
        "created_at": item.created_at,
        "spec": item.spec,
        "suite": item.suite,
        "key_fingerprint": item.key_fingerprint,
        "template": item.template,
        "longest_payload": item.longest_payload,
        "fields": _own_fields(item),
    }
