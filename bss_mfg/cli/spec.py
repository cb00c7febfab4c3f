"""spec list|show|explain|fit|copy|check|confirm."""

from __future__ import annotations

from typing import Any

import click

from bss_mfg.cli import suggestions
from bss_mfg.cli.approval_options import ApprovalOptions, approval_options
from bss_mfg.cli.common import App, json_option, pass_app, print_json, print_table, print_text, say, shown_path
from bss_mfg.cli.spec_check import check, print_fields, say_lengths
from bss_mfg.cli.spec_explain import explain
from bss_mfg.cli.spec_fit import fit


@click.group()
def spec() -> None:
    """List, show, explain, fit, copy, check and confirm barcode specs."""


spec.add_command(check)
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
@click.argument("name", shell_complete=suggestions.specs)
@pass_app
def copy(app: App, name: str) -> None:
    """Copy a spec and its control log mapping into the workspace's specs/ folder, to correct and confirm it there."""
    for path in app.workspace.copy_spec(name):
        print_text(shown_path(path))


@spec.command(epilog="Example: bss-mfg spec show amazon-bss-ob04")
@click.argument("name", shell_complete=suggestions.specs)
@json_option
@pass_app
def show(app: App, name: str, as_json: bool) -> None:
    """Print a spec file."""
    found = app.workspace.spec(name)
    if as_json:
        print_json({"origin": found.origin, "digest": found.digest, **found.spec.model_dump(mode="json")})
    else:
        print_text(found.text, nl=False, exact=True)


@spec.command(epilog='Example: bss-mfg spec confirm amazon-bss-ob04 --document "Provisionee Manufacturing Guide 3.2"')
@click.argument("name", shell_complete=suggestions.specs)
@click.option("--document", metavar="TEXT", help="Title and version of Amazon's guide (default: as confirmed before).")
@click.option(
    "--sign",
    "signed_for",
    metavar="KEY",
    multiple=True,
    help="Of a spec with samples: an assumed field that these do not prove, or prove of some lengths only. May be "
    "given more than once.",
)
@approval_options
@pass_app
def confirm(app: App, name: str, document: str | None, signed_for: tuple[str, ...], approval: ApprovalOptions) -> None:
    """Sign that a spec of the workspace is as Amazon's guide says.

    Writes into its file who signs (the operator), when, the document, and the SHA-256 of what the spec says. A change
    afterwards is refused when a production product is issued, until somebody signs again. Where the spec lists samples,
    these are compared first, and each assumed field that they do not prove has to be signed for by name. Such a
    signature holds at the next time, too, unless the field, the string's rules or the document were changed.
    """
    from bss_mfg.workspace.spec_confirmation import confirm_spec
    from bss_mfg.workspace.spec_samples import read_samples

    file = app.workspace.spec(name)
    if document is None and file.origin == "workspace" and file.spec.confirmation is None:
        raise click.UsageError("Say what it was compared with: --document TEXT, title and version.")
    if document is not None and not document.strip():
        raise click.UsageError("--document is empty: say what it was compared with.")
    with app.workspace.open_ledger(app.actor) as ledger, approval.consent() as consent:
        done = confirm_spec(app.workspace, ledger, name, (document or "").strip(), signed_for, consent)
    spec = done.file.spec
    signed = spec.confirmation
    known = dict.fromkeys(spec.assumed, "signed") | dict.fromkeys(signed.proven if signed else (), "proven")
    print_fields(spec, known)
    say_lengths(done.file, read_samples(app.workspace.root / "specs", spec))
    for one in done.lapsed:
        say(f"LAPSED: {one.lapse}. If it is still right, sign again: `bss-mfg spec confirm {name} --sign {one.key}`.")
    if signed:
        say(f"OK: {name} confirmed by {signed.by} on {signed.on} with {signed.document}; SHA-256 {signed.digest}")
