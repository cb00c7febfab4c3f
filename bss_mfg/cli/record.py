"""record verify|verifier."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from bss_mfg.cli.common import json_option, print_json, print_text, say
from bss_mfg.core.text import count_words, printable_name


@click.group()
def record() -> None:
    """Verify records that others made, with no workspace."""


@record.command(epilog="Example: bss-mfg record verify record.zip --key @site-key.txt --against checkpoint.txt")
@click.argument("file", metavar="RECORD", type=click.Path(path_type=Path))
@click.option("--key", metavar="KEY", help="The site's key (NAME+HASH+KEY, or @FILE), from elsewhere than the record.")
@click.option(
    "--against", type=click.Path(path_type=Path), metavar="FILE", help="A checkpoint or a record from before."
)
@click.option(
    "--witness", "witnesses", multiple=True, metavar="KEY", help="A witness who must have signed. Repeatable."
)
@click.option("--files", type=click.Path(path_type=Path), metavar="DIR", help="The folder with the files of the batch.")
@click.option(
    "--authority",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A PEM file of a time-stamping authority that must have stamped it.",
)
@json_option
@click.pass_context
def verify(
    ctx: click.Context,
    file: Path,
    key: str | None,
    against: Path | None,
    witnesses: tuple[str, ...],
    files: Path | None,
    authority: Path | None,
    as_json: bool,
) -> None:
    """Verify a record of `ledger prove`, and say what it proves.

    Without --key the record's own key is used: then it proves that nothing was changed since it was signed, not who
    signed it. --against finds a history that was cut, forked, or put back from a copy. Exit 1 where
    something is wrong, with its kind.
    """
    from bss_mfg.errors import InputError
    from bss_mfg.records.record_file import open_record
    from bss_mfg.records.timestamps import read_authorities
    from bss_mfg.records.verification import Asked, each_word, verify_record
    from bss_mfg.records.witnesses import given_key, old_checkpoint

    if files is not None and not files.is_dir():
        raise InputError("isn't a folder", where=files, way_out="Name the folder that holds the batch's files.")
    asked = Asked(
        key=given_key(key, "--key") if key else None,
        against=old_checkpoint(against) if against else None,
        witnesses=tuple(given_key(one, "--witness") for one in witnesses),
        files=files,
        authorities=read_authorities(authority) if authority else (),
    )
    with open_record(file) as opened:
        found = verify_record(opened, asked)
    if as_json:
        print_json(
            {
                "batch": found.batch,
                "origin": found.checkpoint.origin,
                "size": found.checkpoint.size,
                "root": found.checkpoint.root.hex(),
                "key": str(found.key),
                "key_known": found.key_known,
                "events": found.events,
                "earlier_checkpoints": found.earlier,
                "witnesses": found.witnesses,
                "files_compared": found.files,
                "timestamp": asdict(found.timestamp) if found.timestamp else None,
                "summary": found.summary,
                "findings": [
                    {"kind": one.kind, "event": one.event, "file": one.file, "what": one.what} for one in found.findings
                ],
            }
        )
    else:
        for one in found.findings:
            print_text(f"{one.kind}: {printable_name(one.what)}")
        if not found.findings:
            for words in each_word(found):
                print_text(printable_name(words))
    if not found.key_known:
        say(f"Note: the key was taken from the record: compare it with the one that the site gave you: {found.key}")
    if found.findings:
        say(f"WRONG: {count_words(len(found.findings), 'finding')}")
        ctx.exit(1)
    say("OK: the record holds")


@record.command(epilog="Example: bss-mfg record verifier > verify_record.py")
def verifier() -> None:
    """Print a program that verifies records and needs only Python and `cryptography`.

    One file, written apart from bss-mfg: for whoever would rather read what verifies.
    """
    from importlib.resources import files as packaged

    print_text(packaged("bss_mfg.records").joinpath("verify_record.py").read_text("utf-8"), nl=False, exact=True)
