"""vault status|rekey|export-recovery|recover|recipient."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bss_mfg.cli.common import App, json_option, pass_app, print_details, print_json, say, shown_path
from bss_mfg.core.text import count_words

if TYPE_CHECKING:
    from bss_mfg.workspace.vault_key_storage import VaultKeyKind

_KEPT: Mapping[VaultKeyKind, str] = {
    "file": "in a file",
    "passphrase": "under a passphrase",
    "keyring": "in the keyring",
}


def close_command(path: Path) -> str:
    """What takes a file from everybody but its owner."""
    return f"chmod 600 {shlex.quote(str(path))}"


@click.group()
def vault() -> None:
    """Show, change, export or recover the vault key."""


@vault.command(epilog="Example: bss-mfg vault status")
@click.option("--keys", "ask_for_it", is_flag=True, help="Ask for the passphrase, to try the key on every batch.")
@json_option
@pass_app
@click.pass_context
def status(ctx: click.Context, app: App, ask_for_it: bool, as_json: bool) -> None:
    """Show how the vault key is kept, whether it is the ledger's, and whether it opens every batch.

    A key under a passphrase is tried with --keys, or where BSS_MFG_PASSPHRASE_FILE names it. Exit 1 where the key is
    missing, damaged or another one, does not open a batch, or may be read by others than its owner.
    """
    from bss_mfg.workspace.vault_keys import vault_status as look

    ask = app.ask if ask_for_it else app.ask_file_only
    with app.workspace.open_ledger(app.actor) as ledger:
        found = look(app.workspace, ledger, ask, app.patience)
    record = {
        "file": str(found.file),
        "kept": found.kind,
        "id": found.id,
        "ledger_id": found.ledger_id,
        "batches_sealed": found.sealed,
        "batches_retired": found.retired,
        "recipient": found.recipient,
        "keys_opened": found.keys.opened if found.keys else None,
        "keys_unopened": list(found.keys.keys.unopened) if found.keys else [],
        "exposed": found.exposed,
        "left_over": [str(path) for path in found.left_over],
        "trouble": found.trouble,
    }
    if as_json:
        print_json(record)
    else:
        shown = {name: ", ".join(value) if isinstance(value, list) else value for name, value in record.items()}
        print_details(
            [(name.replace("_", " "), str(value)) for name, value in shown.items() if value not in (None, "", False)]
        )
    for path in found.left_over:
        say(f"Note: {shown_path(path)} was left by a change of the key that never took place; the next rekey clears it")
    if found.trouble:
        say(f"WRONG: {found.trouble}. {found.way_out}")
    if found.exposed:
        say(f"WRONG: others may read the vault key. Close it: {close_command(found.file)}")
    if found.trouble or found.exposed:
        ctx.exit(1)
    unseen = "" if found.keys else "; it was not opened (--keys asks for its passphrase)"
    say(f"OK: the vault key is the ledger's{unseen}")


@vault.command(epilog="Example: bss-mfg vault rekey --to passphrase")
@click.option(
    "--to",
    "kind",
    type=click.Choice(["file", "passphrase", "keyring"]),
    help="How to keep the new key (default: as the old one).",
)
@pass_app
def rekey(app: App, kind: VaultKeyKind | None) -> None:
    """Change the vault key for a new one.

    No unit is touched; it can be interrupted anywhere and run again. The old key opens only older backups afterwards:
    keep a copy of it as long as you keep those, and no longer.
    """
    from bss_mfg.workspace.vault_keys import rekey as change

    with app.workspace.open_ledger(app.actor) as ledger:
        count = change(app.workspace, ledger, kind, app.ask, app.patience)
    say(f"OK: a new vault key; {count_words(count, 'batch', 'batches')} wrapped under it. Make a new safe copy now.")


@vault.command("export-recovery", epilog="Example: bss-mfg vault export-recovery /media/safe/bss-recovery.txt")
@click.argument("to", metavar="FILE", type=click.Path(path_type=Path))
@pass_app
def export_recovery(app: App, to: Path) -> None:
    """Write the vault key to FILE under a passphrase, to be kept elsewhere.

    One line of text, short enough to print. Never overwrites (exit 4).
    """
    from bss_mfg.workspace.vault_keys import export_recovery as write

    with app.workspace.open_ledger(app.actor) as ledger:
        name = write(app.workspace, ledger, to, app.ask, app.patience)
    click.echo(shown_path(to))
    say(f"OK: vault key {name}, under the passphrase. Keep both apart from this computer, and from each other.")


@vault.command(epilog="Example: bss-mfg vault recover /media/safe/bss-recovery.txt")
@click.argument("source", metavar="[FILE]", required=False, type=click.Path(path_type=Path))
@click.option("--officer-key", type=click.Path(path_type=Path), help="The private key (PEM) of the recipient, instead.")
@click.option(
    "--to",
    "kind",
    type=click.Choice(["file", "passphrase", "keyring"]),
    help="How to keep the key from now on (default: as it was kept before).",
)
@pass_app
def recover(app: App, source: Path | None, officer_key: Path | None, kind: VaultKeyKind | None) -> None:
    """Put a lost or damaged vault key back.

    From a recovery file or a safe copy; or with the officer's private key, which opens every data key and wraps it
    under a new vault key. It is kept as it was before: a key that was under a passphrase asks for a new one. What lies
    in place is kept beside it as vault.key.damaged.
    """
    from bss_mfg.workspace.vault_keys import recover as put_back
    from bss_mfg.workspace.vault_keys import recover_by_officer

    if (source is None) == (officer_key is None):
        raise click.UsageError("Name a recovery file, or --officer-key.")
    with app.workspace.open_ledger(app.actor) as ledger:
        if source:
            done = put_back(app.workspace, ledger, source, app.ask, kind, app.patience)
            say(f"OK: vault key {done.id} is back, kept {_KEPT[done.kind]}")
        elif officer_key:
            done = recover_by_officer(app.workspace, ledger, officer_key, app.ask, kind, app.patience)
            say(
                f"OK: a new vault key, kept {_KEPT[done.kind]}; "
                f"{count_words(done.batches, 'batch', 'batches')} wrapped under it. Make a safe copy now."
            )


@vault.command(epilog="Example: bss-mfg vault recipient officer.public.pem")
@click.argument("public_key", metavar="[PEM]", required=False, type=click.Path(path_type=Path))
@click.option("--remove", is_flag=True, help="Stop sealing to an officer, and delete what was sealed.")
@pass_app
def recipient(app: App, public_key: Path | None, remove: bool) -> None:
    """Seal each batch's data key to an officer's public key as well.

    Then a lost vault key loses no batch: `bss-mfg vault recover --officer-key` opens them. Keep the private key
    offline. Old batches are sealed too.
    """
    from bss_mfg.core.files import read_text
    from bss_mfg.ledger.vault import OfficerPublicKey
    from bss_mfg.workspace.vault_keys import set_recipient

    if (public_key is None) != remove:
        raise click.UsageError("Name the officer's public key, or say --remove.")
    officer = OfficerPublicKey(read_text(public_key, "officer's public key"), str(public_key)) if public_key else None
    with app.workspace.open_ledger(app.actor) as ledger:
        count = set_recipient(app.workspace, ledger, officer, app.ask, app.patience)
    if officer:
        click.echo(officer.fingerprint)
        say(f"OK: {count_words(count, 'batch', 'batches')} sealed to this officer too, and all to come")
    else:
        say("OK: sealed to nobody but the vault")
