"""checkpoint key|sign|show|add|cosign|timestamp."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bss_mfg.cli.common import App, json_option, pass_app, print_json, print_text, say, shown_path
from bss_mfg.core.text import count_words, printable_name

if TYPE_CHECKING:
    from bss_mfg.ledger.checkpoints import StoredCheckpoint


@click.group()
def checkpoint() -> None:
    """Sign the history, so that others can tell whether it was rewritten."""


@checkpoint.command(epilog="Example: bss-mfg checkpoint key --name factory.example/line-1")
@click.option("--name", default="", help="Its name, by which others know this ledger (default: made of its id).")
@json_option
@pass_app
def key(app: App, name: str, as_json: bool) -> None:
    """Make the site's key, which signs checkpoints, and print its public part.

    It is made once and kept in the ledger, under the vault key. Its public part goes into site-key.txt: give it to
    whoever is to check records, by another way than the records. From then on a checkpoint is signed after each close,
    shipment and export, and each day.
    """
    from bss_mfg.records.site_key import make_site_key

    with app.workspace.open_ledger(app.actor) as ledger:
        made = make_site_key(app.workspace, ledger, name, app.ask, app.patience)
        newest = ledger.checkpoints.newest()
    if as_json:
        print_json({"name": made.name, "key": str(made), "checkpoint": _record(newest) if newest else None})
    else:
        print_text(str(made), exact=True)
    say(f"OK: the key is in {shown_path(app.workspace.site_key_file)}, too; checkpoints are signed with it")


@checkpoint.command(epilog="Example: bss-mfg checkpoint sign > checkpoint.txt")
@json_option
@pass_app
def sign(app: App, as_json: bool) -> None:
    """Sign a checkpoint of the history as it is now, and print it.

    Where nothing happened since the newest one, that one is printed. Keep it where nobody who can write here can
    write: with the customer, at another site, on paper.
    """
    from bss_mfg.records.site_key import sign as sign_now

    with app.workspace.open_ledger(app.actor) as ledger:
        signed = sign_now(app.workspace, ledger, "asked", app.ask, app.patience)
        newest = ledger.checkpoints.newest()
    _print(newest or signed, as_json)


@checkpoint.command(epilog="Example: bss-mfg checkpoint show")
@click.option("--all", "every", is_flag=True, help="All checkpoints, the oldest first.")
@json_option
@pass_app
def show(app: App, every: bool, as_json: bool) -> None:
    """Print the newest checkpoint as it was signed, with witnesses' signatures."""
    with app.workspace.open_ledger(app.actor) as ledger:
        found = ledger.checkpoints.all() if every else list(filter(None, [ledger.checkpoints.newest()]))
        due = ledger.checkpoints.due()
    if as_json:
        print_json({"checkpoints": [_record(one) for one in found], "due": due})
    else:
        print_text("\n".join(str(one.note) for one in found), nl=False, exact=True)
    if not found:
        say("Note: this ledger has no checkpoint. `bss-mfg checkpoint key` makes a key that signs some.")
    elif due:
        say(f"Note: a checkpoint is due ({due}). `bss-mfg checkpoint sign` signs it.")


@checkpoint.command(epilog="Example: bss-mfg checkpoint add checkpoint-signed.txt --witness customer.example+2f..+BL..")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--witness",
    "witnesses",
    multiple=True,
    required=True,
    metavar="KEY",
    help="The witness's key (NAME+HASH+KEY). Repeatable.",
)
@pass_app
def add(app: App, file: Path, witnesses: tuple[str, ...]) -> None:
    """Take in a checkpoint of this ledger that a witness signed, too.

    Its signatures are verified and kept, and travel with each record. FILE is the checkpoint as the witness gave it
    back.
    """
    from bss_mfg.records.witnesses import add_cosignatures

    with app.workspace.open_ledger(app.actor) as ledger:
        added = add_cosignatures(ledger, file, witnesses)
    say(f"OK: {count_words(added, 'signature')} added" if added else "OK: the signatures are there already")


@checkpoint.command(epilog="Example: bss-mfg checkpoint cosign record.zip --key @their-key.txt > signed.txt")
@click.argument("file", metavar="CHECKPOINT|RECORD", type=click.Path(path_type=Path))
@click.option("--key", required=True, metavar="KEY", help="The key of the other site (NAME+HASH+KEY, or @FILE).")
@pass_app
def cosign(app: App, file: Path, key: str) -> None:
    """Sign another ledger's checkpoint as a witness, with this site's key, and print it.

    The first one of a ledger is taken as it is; each later one comes in a record, which proves that it continues the
    one before. Exit 4 where it doesn't.
    """
    from bss_mfg.records.site_key import open_site_key
    from bss_mfg.records.witnesses import cosign as sign_theirs
    from bss_mfg.records.witnesses import given_key
    from bss_mfg.transparency.signed_note import KeyType

    theirs = given_key(key, "--key")
    with app.workspace.open_ledger(app.actor) as ledger:
        own = open_site_key(app.workspace, ledger, app.ask, app.patience)
        note = sign_theirs(ledger, file, theirs, own)
    print_text(str(note), nl=False, exact=True)
    say(f"OK: signed as a witness. They check it with the key {own.verifier_key(KeyType.COSIGNATURE)}")


@checkpoint.command(epilog="Example: bss-mfg checkpoint timestamp --request checkpoint.tsq")
@click.option(
    "--request", "request_file", type=click.Path(path_type=Path), metavar="FILE", help="Write a request for one."
)
@click.option(
    "--answer", type=click.Path(path_type=Path), metavar="FILE", help="Take in what the authority answered to it."
)
@click.option(
    "--authority", type=click.Path(path_type=Path), metavar="FILE", help="A PEM file of its root certificate."
)
@pass_app
def timestamp(app: App, request_file: Path | None, answer: Path | None, authority: Path | None) -> None:
    """Have an authority sign when a checkpoint was there (RFC 3161).

    With --request the newest checkpoint's digest is written for an authority: send it from any computer with a network.
    With --answer its timestamp is verified and kept. That of the newest stamped checkpoint goes with each record.
    """
    if (request_file is None) == (answer is None) or (answer is None) != (authority is None):
        raise click.UsageError("give --request, or --answer and --authority")
    from bss_mfg.core.files import write_atomically
    from bss_mfg.errors import MissingError
    from bss_mfg.records.timestamps import add_timestamp, request

    with app.workspace.open_ledger(app.actor) as ledger:
        if answer and authority:
            stamped = add_timestamp(ledger, answer, authority)
            events = count_words(stamped.size, "event")
            say(f"OK: the checkpoint of {events} was there at {stamped.at}, says {printable_name(stamped.authority)}")
            return
        newest = ledger.checkpoints.newest()
        if newest is None:
            raise MissingError("this ledger has no checkpoint", way_out="Make a key: `bss-mfg checkpoint key`.")
    assert request_file is not None  # noqa: S101  (else there is an answer)
    write_atomically(request_file, [request(newest.checkpoint)])
    say(f"OK: {shown_path(request_file)} goes to the authority, which learns a digest and nothing else")


def sign_due(app: App) -> None:
    """After a command that changed something: sign a checkpoint where one is due, and say where none could be."""
    from bss_mfg.errors import BssError
    from bss_mfg.records.site_key import sign_if_due

    try:
        with app.workspace.open_ledger(app.actor) as ledger:
            done = sign_if_due(app.workspace, ledger, app.ask_file_only)
    except BssError as error:
        say(f"Note: no checkpoint was signed: {error.what}")
        return
    if done and not done.signed:
        say(f"Note: no checkpoint was signed, though one is due: {done.trouble}. `bss-mfg checkpoint sign` signs it.")


def _print(found: StoredCheckpoint, as_json: bool) -> None:
    if as_json:
        print_json(_record(found))
    else:
        print_text(str(found.note), nl=False, exact=True)
    say(f"OK: {count_words(found.checkpoint.size, 'event')}, signed by {found.key.name}")


def _record(found: StoredCheckpoint) -> dict[str, Any]:
    return {
        "event": found.event,
        "at": found.at,
        "origin": found.checkpoint.origin,
        "size": found.checkpoint.size,
        "root": found.checkpoint.root.hex(),
        "key": str(found.key),
        "cause": found.cause,
        "note": str(found.note),
        "signed_by": [one.name for one in found.note.signatures],
    }
