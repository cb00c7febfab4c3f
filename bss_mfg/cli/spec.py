"""spec list|show|copy|check."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bss_mfg.cli.common import App, json_option, pass_app, print_json, say, shown_path, table


@click.group()
def spec() -> None:
    """List, show, copy and check barcode specs."""


@spec.command("list", epilog="Example: bss-mfg spec list")
@json_option
@pass_app
def list_(app: App, as_json: bool) -> None:
    """List the specs of bss-mfg and of the workspace."""
    from bss_mfg.errors import BssError

    records: list[dict[str, Any]] = []
    for name, origin in app.workspace.spec_names().items():
        try:
            found = app.workspace.spec(name).spec
        except BssError as error:
            say(f"BROKEN: {error}")
            continue
        records.append(
            {"name": name, "origin": origin, "assumed": list(found.assumed), "suite": found.suite,
             "confirmed": found.confirmation is not None}
        )  # fmt: skip
    if as_json:
        print_json(records)
        return
    table(
        [
            (str(r["name"]), str(r["origin"]), ",".join(r["assumed"]) or "-", "yes" if r["confirmed"] else "no")
            for r in records
        ],
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
    from bss_mfg.payload.spec import spec_from_document

    if target.endswith(".toml"):
        found = spec_from_document(load_toml(Path(target), "spec file"), target).spec
    else:
        found = app.workspace.spec(target).spec
    for field in found.field:
        click.echo(f"{field.status:<10} {field.key:<6} {field.source}" + (f" {field.suite}" if field.suite else ""))
    if found.confirmation:
        by = found.confirmation
        say(f"OK: confirmed by {by.by} on {by.on} with {by.document}")
    elif found.assumed:
        say(f"NOT CONFIRMED: {', '.join(found.assumed)} are assumptions; production products refuse this spec.")
        say(
            "Compare them with Amazon's guide, then add [confirmation] with by, on and document at the end of the file."
        )
        ctx.exit(1)
    else:
        say("OK: every field is published")
