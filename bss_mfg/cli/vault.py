"""vault status|rekey|export-recovery|recover|recipient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bss_mfg.cli.common import (
    App,
    Command,
    json_option,
    pass_app,
    print_details,
    print_json,
    print_text,
    say,
    shown_path,
)
from bss_mfg.core.shell_words import shell_word
from bss_mfg.core.text import count_words
from bss_mfg.workspace.vault_key_lines import HARDWARE, KEPT, into_hardware

if TYPE_CHECKING:
    from bss_mfg.workspace.vault_key_lines import Keeping, VaultKeyKind

_WAYS_TO_OPEN: Mapping[VaultKeyKind, str] = {
    "passphrase": "--keys asks for its passphrase",
    "pkcs11": "--keys asks for its PIN",
    "age": "BSS_MFG_AGE_IDENTITY_FILE names an identity; --keys asks for its passphrase",
    "tpm2": "--keys asks for its PIN",
}
_KINDS = click.Choice(list(KEPT))


def _place_options(function: Command) -> Command:
    """The token, the recipients, or the TPM's PIN, of --to."""
    token = click.option(
        "--token-uri",
        default="",
        metavar="URI",
        help="The token that is to keep it (RFC 7512), as pkcs11:token=factory;object=bss-vault.",
    )
    recipients = click.option(
        "--age-recipient",
        "age_recipients",
        multiple=True,
        metavar="age1...",
        help="Encrypt it to this age public key; repeat for more, yourself among them.",
    )
    pin = click.option(
        "--tpm-pin/--no-tpm-pin",
        "tpm_pin",
        default=None,
        help="Seal it in this machine's TPM under a PIN (the default), or under none, to open without anybody.",
    )
    return token(recipients(pin(function)))


@dataclass(frozen=True, slots=True)
class _Place:
    """How a key is to be kept, as it was typed."""

    kind: VaultKeyKind | None
    token_uri: str
    age_recipients: tuple[str, ...]
    tpm_pin: bool | None

    def chosen(self) -> Keeping | None:
        """The same, checked; None where nothing was said."""
        from bss_mfg.workspace.age_key import required_recipients
        from bss_mfg.workspace.pkcs11_uri import parse_new_key_uri
        from bss_mfg.workspace.vault_key_lines import Keeping

        kind = self._said()
        if kind is None:
            return None
        return Keeping(
            kind,
            parse_new_key_uri(self.token_uri) if self.token_uri else None,
            required_recipients(self.age_recipients) if self.age_recipients else (),
            self.tpm_pin,
        )

    def _said(self) -> VaultKeyKind | None:
        """The kind, whether --to says it or an option that belongs to one."""
        implied: list[tuple[str, bool, VaultKeyKind]] = [
            ("--token-uri", bool(self.token_uri), "pkcs11"),
            ("--age-recipient", bool(self.age_recipients), "age"),
            ("--tpm-pin", self.tpm_pin is not None, "tpm2"),
        ]
        kind, by = self.kind, f"--to {self.kind}"
        for option, given, own in implied:
            if given and kind and kind != own:
                raise click.UsageError(f"{option} keeps the key {KEPT[own]}, {by} {KEPT[kind]}.")
            kind, by = (own, option) if given else (kind, by)
        return kind


def close_command(path: Path) -> str:
    """What takes a file from everybody but its owner."""
    return f"chmod 600 {shell_word(str(path))}"


@click.group()
def vault() -> None:
    """Show, change, export or recover the vault key."""


@vault.command(epilog="Example: bss-mfg vault status")
@click.option(
    "--keys", "ask_for_it", is_flag=True, help="Ask for its passphrase or PIN, to try the key on every batch."
)
@json_option
@pass_app
@click.pass_context
def status(ctx: click.Context, app: App, ask_for_it: bool, as_json: bool) -> None:
    """Show how the vault key is kept, whether it is the ledger's, and whether it opens every batch.

    A key under a passphrase or in a token is tried with --keys, or where BSS_MFG_PASSPHRASE_FILE names what opens it;
    one that is encrypted with age, where BSS_MFG_AGE_IDENTITY_FILE names an identity.
    Exit 1 where the key is missing, damaged or another one, does not open a batch, may be read by others than its
    owner, or is kept otherwise than the products of its batches demand.
    """
    from bss_mfg.workspace.vault_keys import vault_status as look

    ask = app.ask if ask_for_it else app.ask_file_only
    with app.workspace.open_ledger(app.actor) as ledger:
        found = look(app.workspace, ledger, ask, app.patience)
    record = {
        "file": str(found.file),
        "kept": found.kind,
        "token": str(found.token) if found.token else None,
        "age_recipients": list(found.age_recipients),
        "id": found.id,
        "ledger_id": found.ledger_id,
        "batches_sealed": found.sealed,
        "batches_retired": found.retired,
        "recipient": found.recipient,
        "keys_opened": found.keys.opened if found.keys else None,
        "keys_unopened": list(found.keys.keys.unopened) if found.keys else [],
        "exposed": bool(found.exposed),
        "required_in": list(found.demanded),
        "required_by": len(found.demanded_by),
        "left_over": [str(path) for path in found.left_over],
        "trouble": found.trouble,
    }
    if as_json:
        print_json(record)
    else:
        shown = {name: ", ".join(value) if isinstance(value, list) else value for name, value in record.items()}
        if found.demanded_by:
            shown["required_by"] = count_words(len(found.demanded_by), "batch", "batches")
        print_details(
            [(name.replace("_", " "), str(value)) for name, value in shown.items() if value not in (None, "", False)]
        )
    for path in found.left_over:
        _say_left_over(path)
    if found.trouble:
        say(f"WRONG: {found.trouble}. {found.way_out}")
    for path in found.exposed:
        what = "the vault key" if path == found.file else "the age identity that opens it"
        say(f"WRONG: others may read or change {what}. Close it: {close_command(path)}")
    if found.misplaced:
        say(f"WRONG: {found.misplaced_text}. A new one in hardware: {into_hardware(found.demanded)}.")
    if found.trouble or found.exposed or found.misplaced:
        ctx.exit(1)
    unseen = "" if found.keys else f"; it was not opened ({_WAYS_TO_OPEN.get(found.kind or 'file', '')})"
    say(f"OK: the vault key is the ledger's{unseen}")


@vault.command(epilog="Example: bss-mfg vault rekey --to passphrase")
@click.option(
    "--to",
    "kind",
    type=_KINDS,
    help="How to keep the new key (default: as the old one).",
)
@_place_options
@pass_app
def rekey(app: App, /, kind: VaultKeyKind | None, **place: Any) -> None:
    """Change the vault key for a new one.

    No unit is touched; it can be interrupted anywhere and run again. The old key opens only older backups afterwards:
    keep a copy of it as long as you keep those, and no longer. A key in a token (--to pkcs11) is made there, never
    leaves it, and asks for the token's PIN; it takes an officer (`vault recipient`), who opens all without the token.
    So does one that this machine's TPM seals (--to tpm2). One that is encrypted with age opens with the identity file
    that BSS_MFG_AGE_IDENTITY_FILE names.
    """
    from bss_mfg.workspace.vault_files import waiting_files
    from bss_mfg.workspace.vault_key_lines import vault_key_kind
    from bss_mfg.workspace.vault_keys import rekey as change

    wanted = _Place(kind, **place).chosen()
    with app.workspace.open_ledger(app.actor) as ledger:
        count = change(app.workspace, ledger, wanted, app.ask, app.patience)
    for path in waiting_files(app.workspace.vault_file):
        _say_left_over(path)
    kept = vault_key_kind(app.workspace.vault_file)
    say(f"OK: a new vault key; {count_words(count, 'batch', 'batches')} wrapped under it. {_to_keep(kept)}")


def _to_keep(kind: VaultKeyKind) -> str:
    """What is to be kept safe of a new vault key."""
    if kind in HARDWARE:
        return "It can't be copied: keep the officer's key safe."
    return "Make a new safe copy now."


def _say_left_over(path: Path) -> None:
    from bss_mfg.workspace.vault_key_lines import token_of

    if token := token_of(path):
        say(
            f"Note: {shown_path(path)} names a key in token {token.token} that is not in force; the next rekey that "
            "opens this token destroys both. If the token is lost for good, delete the file."
        )
    else:
        say(f"Note: {shown_path(path)} was left by a change of the key that never took place; the next rekey clears it")


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
    print_text(shown_path(to))
    say(f"OK: vault key {name}, under the passphrase. Keep both apart from this computer, and from each other.")


@vault.command(epilog="Example: bss-mfg vault recover /media/safe/bss-recovery.txt")
@click.argument("source", metavar="[FILE]", required=False, type=click.Path(path_type=Path))
@click.option("--officer-key", type=click.Path(path_type=Path), help="The private key (PEM) of the recipient, instead.")
@click.option(
    "--to",
    "kind",
    type=_KINDS,
    help="How to keep the key from now on (default: as it was kept before).",
)
@_place_options
@pass_app
def recover(
    app: App,
    /,
    source: Path | None,
    officer_key: Path | None,
    kind: VaultKeyKind | None,
    **place: Any,
) -> None:
    """Put a lost or damaged vault key back.

    From a recovery file or a safe copy; or with the officer's private key, which opens every data key and wraps it
    under a new vault key. It is kept as it was before: a key that was under a passphrase asks for a new one. What lies
    in place is kept beside it as vault.key.damaged.
    """
    from bss_mfg.workspace.vault_keys import recover as put_back
    from bss_mfg.workspace.vault_keys import recover_by_officer

    if (source is None) == (officer_key is None):
        raise click.UsageError("Name a recovery file, or --officer-key.")
    wanted = _Place(kind, **place).chosen()
    with app.workspace.open_ledger(app.actor) as ledger:
        if source:
            done = put_back(app.workspace, ledger, source, app.ask, wanted, app.patience)
            say(f"OK: vault key {done.id} is back, kept {KEPT[done.kind]}")
        elif officer_key:
            done = recover_by_officer(app.workspace, ledger, officer_key, app.ask, wanted, app.patience)
            say(
                f"OK: a new vault key, kept {KEPT[done.kind]}; "
                f"{count_words(done.batches, 'batch', 'batches')} wrapped under it. {_to_keep(done.kind)}"
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
        print_text(officer.fingerprint)
        say(f"OK: {count_words(count, 'batch', 'batches')} sealed to this officer too, and all to come")
    else:
        say("OK: sealed to nobody but the vault")
