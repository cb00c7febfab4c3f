"""spec list|show|explain|fit|copy|check|confirm."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bss_mfg.cli.common import App, json_option, pass_app, print_json, print_table, say, shown_path
from bss_mfg.cli.spec_explain import explain
from bss_mfg.cli.spec_fit import fit

if TYPE_CHECKING:
    from bss_mfg.payload.spec import Spec


@click.group()
def spec() -> None:
    """List, show, explain, fit, copy, check and confirm barcode specs."""


spec.add_command(explain)
spec.add_command(fit)


@spec.command("list", epilog="Example: bss-mfg spec list")
@json_option
@pass_app
def list_(app: App, as_json: bool) -> None:
    """List the specs of bss-mfg and of the workspace."""
    from bss_mfg.errors import BssError
    from bss_mfg.payload.confirmation import ConfirmationState, confirmation_state

    records: list[dict[str, Any]] = []
    for name, origin in app.workspace.spec_names().items():
        try:
            file = app.workspace.spec(name)
        except BssError as error:
            say(f"BROKEN: {error}")
            continue
        state = confirmation_state(file)
        records.append(
            {
                "name": name,
                "origin": origin,
                "assumed": list(file.spec.assumed),
                "suite": file.spec.suite,
                "confirmed": state is ConfirmationState.CONFIRMED,
                "confirmation": state,
            }
        )
    if as_json:
        print_json(records)
        return
    print_table(
        [(str(r["name"]), str(r["origin"]), ",".join(r["assumed"]) or "-", str(r["confirmation"])) for r in records],
        ("NAME", "ORIGIN", "ASSUMED FIELDS", "CONFIRMED"),
    )


@spec.command(epilog="Example: bss-mfg spec copy amazon-bss-ob04")
@click.argument("name")
@pass_app
def copy(app: App, name: str) -> None:
    """Copy a spec and its control log mapping into the workspace's specs/ folder, to correct and confirm it there."""
    for path in app.workspace.copy_spec(name):
        click.echo(shown_path(path))


@spec.command(epilog="Example: bss-mfg spec show amazon-bss-ob04")
@click.argument("name")
@json_option
@pass_app
def show(app: App, name: str, as_json: bool) -> None:
    """Print a spec file."""
    found = app.workspace.spec(name)
    if as_json:
        print_json({"origin": found.origin, "digest": found.digest, **found.spec.model_dump(mode="json")})
    else:
        click.echo(found.text, nl=False)


@spec.command(epilog="Example: bss-mfg spec check specs/mine.toml")
@click.argument("target")
@pass_app
@click.pass_context
def check(ctx: click.Context, app: App, target: str) -> None:
    """Check a spec by name or file: its shape, and whether production may use it (exit 1 if not)."""
    from bss_mfg.core.toml_files import load_toml
    from bss_mfg.payload.confirmation import ConfirmationState, changes, confirmation_state
    from bss_mfg.payload.spec import spec_from_document

    if target.endswith(".toml"):
        file = spec_from_document(load_toml(Path(target), "spec file"), target)
    else:
        file = app.workspace.spec(target)
    found, state = file.spec, confirmation_state(file)
    _print_fields(found)
    if state is ConfirmationState.NOT_NEEDED:
        say("OK: every field is published")
        return
    signed = found.confirmation
    by = f"by {signed.by} on {signed.on} with {signed.document}" if signed else ""
    if state is ConfirmationState.CONFIRMED:
        say(f"OK: confirmed {by}")
        return
    for change in changes(file):
        say(f"CHANGED: {change}")
    why = {
        ConfirmationState.NONE: f"{', '.join(found.assumed)} are assumptions",
        ConfirmationState.BY_HAND: f"confirmed {by}, but nothing says what it was like then",
        ConfirmationState.CHANGED: f"confirmed {by}, and changed since",
    }
    say(f"NOT CONFIRMED: {why[state]}; production products refuse this spec.")
    say(f"Compare it with Amazon's guide, then sign: `bss-mfg spec confirm {found.name} --document TEXT`.")
    ctx.exit(1)


@spec.command(epilog="Example: bss-mfg spec confirm amazon-bss-ob04 --document 'Provisionee Manufacturing Guide 3.2'")
@click.argument("name")
@click.option("--document", metavar="TEXT", help="Title and version of Amazon's guide (default: as confirmed before).")
@pass_app
def confirm(app: App, name: str, document: str | None) -> None:
    """Sign that a spec of the workspace is as Amazon's guide says.

    Writes into its file who signs (the operator), when, the document, and the SHA-256 of what the spec says. A change
    afterwards is refused when a production product is issued, until somebody signs again.
    """
    from bss_mfg.workspace.spec_confirmation import confirm_spec

    file = app.workspace.spec(name)
    if document is None and file.origin == "workspace" and file.spec.confirmation is None:
        raise click.UsageError("Say what it was compared with: --document TEXT, title and version.")
    if document is not None and not document.strip():
        raise click.UsageError("--document is empty: say what it was compared with.")
    with app.workspace.open_ledger(app.actor) as ledger:
        done = confirm_spec(app.workspace, ledger, name, (document or "").strip())
    _print_fields(done.spec)
    if signed := done.spec.confirmation:
        say(f"OK: {name} confirmed by {signed.by} on {signed.on} with {signed.document}; SHA-256 {signed.digest}")


def _print_fields(spec: Spec) -> None:
    from bss_mfg.payload.schemes.descriptions import summary, warnings

    for field in spec.field:
        how = field.suite or (summary(field.scheme) if field.scheme else "")
        click.echo(f"{field.status:<10} {field.key:<6} {field.source}" + (f" {how}" if how else ""))
    for field in spec.field:
        for cost in warnings(field.scheme) if field.scheme else ():
            say(f"WARNING: {field.key}: {cost}")
