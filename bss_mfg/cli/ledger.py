"""ledger, audit, history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bss_mfg.cli import suggestions
from bss_mfg.cli.common import App, json_option, pass_app, print_json, print_text, say, shown_path
from bss_mfg.cli.ledger_copies import adopt, compare
from bss_mfg.cli.parameters import WholeNumber
from bss_mfg.cli.progress import progress_bar
from bss_mfg.cli.station import publish
from bss_mfg.cli.unit_names import given_names
from bss_mfg.core.text import count_words, listing, one_or, printable_name

if TYPE_CHECKING:
    from bss_mfg.core.clock import TimeZone
    from bss_mfg.ledger.unit_history import ReadSession

_MOST_NAMED = 20
_LONG, _MANY_LINES = 1000, 4
"""Characters, and line ends, from which a value isn't shown: signed texts and signatures are for programs."""


@click.group()
def ledger() -> None:
    """Check, copy, compare and restore the ledger, and publish files in it."""


ledger.add_command(compare)
ledger.add_command(adopt)
ledger.add_command(publish)


@ledger.command(epilog="Example: bss-mfg ledger check")
@click.option("--keys", "ask_for_it", is_flag=True, help="Ask for the vault key's passphrase, to try it.")
@json_option
@pass_app
def check(app: App, ask_for_it: bool, as_json: bool) -> None:
    """Check the whole ledger: the database, the history's chain, every barcode string, every released key, and
    that the vault key opens every batch. Where the history's time runs backwards, a note says so.

    A vault key that is not at hand, or under a passphrase, is not tried, unless --keys asks for it. Exit 5 where
    something was damaged or changed, with what and where.
    """
    from bss_mfg.errors import InputError, LedgerError, MissingError
    from bss_mfg.workspace.vault_keys import check_keys

    ask = app.ask if ask_for_it else app.ask_file_only
    with app.workspace.open_ledger(app.actor) as opened:
        events = opened.check()
        seq, head = opened.history.head()
        twice = opened.identities.issued_twice(_MOST_NAMED)
        back, unbound = opened.steps_back(), opened.unbound_batches()
        at_home = not opened.home.trouble()
        try:
            keys, untried = check_keys(app.workspace, opened, ask, app.patience), "it asks for a passphrase (--keys)"
        except (InputError, MissingError) as error:
            keys, untried = None, f"{error.where}: {error.what}"
    if keys and keys.trouble:
        raise LedgerError(keys.trouble, where=opened.place.words, way_out=keys.way_out)
    if as_json:
        print_json(
            {
                "events": events,
                "head": f"{seq}:{head}",
                "issues_here": at_home,
                "keys_opened": keys.opened if keys else None,
                "keys_elsewhere": list(keys.keys.elsewhere) if keys else [],
                "key_files_unnamed": list(keys.unnamed_files) if keys else [],
                "issued_twice": [asdict(one) for one in twice],
                "unbound": unbound,
                "steps_back": len(back),
                "first_step_back": asdict(back[0]) if back else None,
            }
        )
    else:
        print_text(f"{seq}:{head}")
    tried = f"; the vault key opens {count_words(keys.opened, 'data key')}" if keys else ""
    say(f"OK: the ledger is intact, {count_words(events, 'event')}{tried}")
    if not keys:
        say(f"Note: the vault key was not tried: {untried}")
    if not at_home:
        say("Note: this ledger is a copy and issues nothing here; see `bss-mfg ledger adopt --help`")
    if keys and keys.keys.elsewhere:
        say(
            f"Note: the key folder here ({opened.place.key_folder}) has no file of "
            f"{count_words(len(keys.keys.elsewhere), 'data key')}: {listing(keys.keys.elsewhere)}. Check the ledger "
            "where it is, too: unless another station or a backup has it, it is lost"
        )
    if keys and keys.unnamed_files:
        say(
            f"Note: {count_words(len(keys.unnamed_files), 'file')} in the key folder ({opened.place.key_folder}) "
            f"{one_or(len(keys.unnamed_files), 'belongs', 'belong')} to no data key in force: "
            f"{listing(keys.unnamed_files)}. `bss-mfg retire BATCH` again destroys those of a retired batch, "
            "`bss-mfg vault rekey` those of earlier vault keys; any other is of another ledger or a batch that was "
            "never issued"
        )
    if unbound:
        few = listing(unbound, 5)
        say(
            f"Note: the history has no digests of {count_words(len(unbound), 'batch', 'batches')} of earlier versions "
            f"({few}): changed Device UUIDs, MACs and sealed keys are not found there"
        )
    if back:
        first = back[0]
        say(
            f"Note: event {first.seq:,} of {app.zone.shown(first.at)} follows one of {app.zone.shown(first.before)}: a "
            "station's clock was wrong. Their order is right all the same; reports by the hour go by the clock"
            + (f" ({len(back):,} such events in all)" if len(back) > 1 else "")
        )
    for one in twice:
        name, units = "MAC" if one.name == "mac" else one.name, listing(one.units)
        say(f"Note: the {name} {one.value} was issued twice, by an earlier version or as a spec allowed: {units}")


@ledger.command(epilog="Example: bss-mfg ledger backup /media/backup/ledger-2026-11-24.db")
@click.argument("to", type=click.Path(path_type=Path))
@pass_app
def backup(app: App, to: Path) -> None:
    """Copy the ledger while others work with it, and check the copy.

    The copy holds OOB keys only sealed: keep the vault key elsewhere. Never overwrites (exit 4).
    """
    from bss_mfg.ledger.backup import backup as copy

    with app.workspace.open_ledger(app.actor) as opened:
        made = copy(opened, to)
    print_text(shown_path(to))
    holds = f"{count_words(made.units, 'unit')} in {count_words(made.batches, 'batch', 'batches')}"
    say(f"OK: {holds}; head {made.events}:{made.head}")


@ledger.command(epilog='Example: bss-mfg ledger restore backup.db --skip-serials 5000 --reason "disk failed"')
@click.argument("copy", type=click.Path(path_type=Path))
@click.option("--check", "only_check", is_flag=True, help="Only check the copy; change nothing.")
@click.option(
    "--skip-serials",
    type=WholeNumber(0),
    help="How many running numbers of each product to skip: at least as many as were issued since the copy was made.",
)
@click.option("--reason", help="Why, for the history.")
@pass_app
def restore(app: App, copy: Path, only_check: bool, skip_serials: int | None, reason: str | None) -> None:
    """Put a copy back where the ledger is lost or damaged.

    What was issued since the copy was made is forgotten: its labels and devices are out there, so its serial numbers
    must not be issued again. A damaged ledger is kept as ledger.db.damaged; a whole one is never replaced (exit 4).
    """
    from bss_mfg.ledger.backup import RestoreRequest, inspect_copy
    from bss_mfg.ledger.backup import restore as put_back
    from bss_mfg.workspace.vault_keys import other_key_in_place

    if only_check:
        found = inspect_copy(copy)
    else:
        if skip_serials is None or not reason:
            raise click.UsageError("Say --skip-serials and --reason (or --check, to look only).")
        request = RestoreRequest(copy, app.workspace.ledger_place.require_file(), skip_serials, reason)
        with app.workspace.exclusive_keys(app.patience):
            found, numbers = put_back(request, app.actor)
        for name, number in numbers.products.items():
            say(f"Note: {name} continues with running number {number:,}")
        with app.workspace.open_ledger(app.actor) as restored:
            if other := other_key_in_place(app.workspace, restored):
                say(
                    f"Warning: the copy is from before the vault key was changed: its keys need vault key "
                    f"{restored.settings.vault_id()}, {other} is in place. Put the key of its time back: "
                    "`bss-mfg vault recover FILE`."
                )
    print_text(f"{found.events}:{found.head}")
    done = "the copy is intact" if only_check else "restored"
    holds = f"{count_words(found.units, 'unit')} in {count_words(found.batches, 'batch', 'batches')}"
    say(f"OK: {done}: {holds}, {count_words(found.events, 'event')}")


@ledger.command(epilog="Example: bss-mfg ledger move --to postgresql://factory@db.example.com/ledger")
@click.option(
    "--to",
    required=True,
    metavar="URL|ledger.db",
    help="The PostgreSQL database, postgresql://USER@HOST/DATABASE; or back: ledger.db.",
)
@pass_app
def move(app: App, to: str) -> None:
    """Move the ledger from its file into a database on a server, for several stations, or back into its file.

    Every row is compared before the other one counts, and what the ledger was moved from takes nothing any more. Into a
    database, the file is kept as ledger.db.moved. Back takes an admin, and the key folder with all keys, which are
    destroyed there. Run it again after an interruption.
    """
    from bss_mfg.workspace.ledger_move import move_to_file, move_to_server

    back = "://" not in to
    with progress_bar("ledger: move") as bar:
        if back:
            moved = move_to_file(app.workspace, Path(to), app.actor, bar)
        else:
            moved = move_to_server(app.workspace, to, app.actor, bar)
    with app.workspace.open_ledger(app.actor) as opened:
        seq, head = opened.history.head()
    print_text(f"{seq}:{head}")
    if moved is None:
        say("OK: the ledger is there already")
        return
    say(f"OK: moved, {count_words(moved.rows, 'row')} compared, {count_words(moved.events, 'event')}")
    if back:
        say("Note: nobody can write to the database any more. Copies of the key folder still hold the keys, wrapped.")
    else:
        say("Note: keep the file ledger.db.moved only as long as you would keep a backup: it holds the keys, sealed.")


@ledger.command(epilog="Example: bss-mfg ledger prove bulb-2026-11 --out record.zip")
@click.argument("batch", shell_complete=suggestions.batches)
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="FILE", help="The record, a ZIP file.")
@pass_app
@click.pass_context
def prove(ctx: click.Context, app: App, batch: str, out: Path) -> None:
    """Write a batch's record, which others can check without a workspace: its events, the proofs that a signed
    checkpoint covers them, the SHA-256 of its files, and what was verified.

    It holds no key and no barcode string. It is verified at once; exit 1 where the history was rewritten, with what is
    wrong. `record verify` does the same anywhere. Never overwrites (exit 4).
    """
    from bss_mfg.records.proving import make_record
    from bss_mfg.records.record_file import open_record
    from bss_mfg.records.site_key import open_site_key
    from bss_mfg.records.verification import Asked, verify_record

    with app.workspace.open_ledger(app.actor) as opened:
        opened.batches.number(batch)
        key = open_site_key(app.workspace, opened, app.ask, app.patience)
        newest = opened.checkpoints.sign(key, "asked")
        made = make_record(opened, batch, out, newest, key)
    with open_record(out) as record:
        found = verify_record(record, Asked(key=newest.key))
    print_text(shown_path(out))
    for one in found.findings:
        say(f"{one.kind}: {one.what}")
    if found.findings:
        say(f"WRONG: the record tells {count_words(len(found.findings), 'finding')} of this ledger")
        ctx.exit(1)
    say(f"OK: {count_words(made.events, 'event')} of {made.size:,}, {count_words(made.files, 'file')}")


@ledger.command(epilog="Example: bss-mfg ledger grant operator --to press2")
@click.argument("role", type=click.Choice(["operator", "qa", "keys", "admin"]), required=False)
@click.option("--to", "user", metavar="USER", help="The user of the database who gets the role.")
@click.option("--show", is_flag=True, help="Print the SQL instead, for whoever looks after the server.")
@pass_app
def grant(app: App, role: str | None, user: str | None, show: bool) -> None:
    """Let a user of the database work with the ledger on a server, in a role that the database itself enforces.

    operator: issue, print, verify, scan, ship. qa: verify, inspect, read. keys: release keys, retire, change the
    vault key; no other role reads sealed keys. admin: owns the tables. A user may have several. Without ROLE, the roles
    are made or their rights renewed, as after an upgrade. Needs an admin of the ledger who may make roles (CREATEROLE).
    """
    from bss_mfg.ledger.server import grant_role, roles_script

    if bool(role) != bool(user):
        raise click.UsageError("Say both, ROLE and --to USER, or neither.")
    place = app.workspace.ledger_place
    with app.workspace.open_ledger(app.actor):
        pass  # one of an earlier version is up to date then: rights are those on the tables of this one
    if show:
        print_text(roles_script(place, role, user), nl=False, exact=True)
        return
    rules = grant_role(place, role, user, app.actor)
    say(f"OK: {user} has the role {role}" if role else "OK: the roles have their rights")
    if rules and role != "admin":
        say(f"Note: {user} is an admin of the ledger, whom no other role restricts")


@click.group()
def audit() -> None:
    """Prove that the history is unchanged."""


@audit.command("verify", epilog="Example: bss-mfg audit verify --against 1042:9f0c33aa71e0b2c4")
@click.option("--against", metavar="HEAD", help="A head from a traveller or a manifest: NUMBER:DIGEST.")
@json_option
@pass_app
def verify_history(app: App, against: str | None, as_json: bool) -> None:
    """Walk the hash chain of the history; any changed, removed or swapped event is found.

    With --against, also that this ledger continues from a head that was printed or exported before. Exit 5 if not.
    """
    from bss_mfg.ledger.backup import check_head

    with app.workspace.open_ledger(app.actor) as opened:
        events = opened.history.verify()
        seq, head = opened.history.head()
        since = check_head(opened, against) if against else None
    if as_json:
        print_json({"events": events, "head": f"{seq}:{head}", "against": since})
    else:
        print_text(f"{seq}:{head}")
    say(
        f"OK: {count_words(events, 'event')}, an unbroken chain"
        + (f" that continues from event {since:,}" if since is not None else "")
    )


@click.command(epilog="Example: bss-mfg history ebK300000001")
@click.argument("what", metavar="UNIT|BATCH", shell_complete=suggestions.serials_and_batches)
@click.option("--all", "every", is_flag=True, help="Of a batch: every read, not a line for each file and session.")
@json_option
@pass_app
def history(app: App, what: str, every: bool, as_json: bool) -> None:
    """Show everything that ever happened to a unit or a batch.

    When, who, at which station, with which version of the program. The reads of a batch are counted, a line for each
    file or session of a hand scanner; --all and --json have every read. Of an identity that was issued before bss-mfg:
    its import. A UNIT is named by its serial, its Device UUID or its package's scanned barcode; - reads such names from
    standard input, @FILE from a file, one a line.
    """
    from bss_mfg.ledger.event_kind import EventKind
    from bss_mfg.ledger.unit_history import ReadSession, in_sessions
    from bss_mfg.programming.open_releases import release_text
    from bss_mfg.station.answers import is_fault
    from bss_mfg.verify.unit_names import history_of_named

    with app.workspace.open_ledger(app.actor, to_look=True) as opened:
        if wrong := opened.schema_error():
            say(f"Note: this may not be what happened. {wrong}")
        events = history_of_named(opened, [name.text for name in given_names([what])])
        if as_json:
            print_json([event.record for event in events])
            return
        count, sessions, zone = 0, 0, app.zone
        is_batch = opened.batches.request_digest(what) is not None
        imports, cut_off = [], []
        open_releases = {release.number: release for release in opened.releases.open()}
        for item in in_sessions(events, is_fault) if is_batch and not every else events:
            if isinstance(item, ReadSession) and item.reads > 1:
                count, sessions = count + item.reads, sessions + 1
                print_text(_session_line(item, zone))
                continue
            event = item.first if isinstance(item, ReadSession) else item
            count += 1
            print_text(_event_line(event.record, zone))
            if event.kind == EventKind.IDENTITIES_IMPORTED:
                imports.append(event.data)
            if event.seq in open_releases:
                cut_off.append(open_releases[event.seq])
    for data in imports:
        say(f"Note: it was issued before bss-mfg, and imported from {data['file']} for {data['product']}")
    for release in cut_off:
        say(f"Note: a release was not completed, its keys count as released: {release_text(release)}")
    say(f"OK: {count_words(count, 'event')}" + ("; --all shows every read" if sessions else ""))


def _session_line(session: ReadSession, zone: TimeZone) -> str:
    first = session.first
    who, file = f"{first.data['operator']}@{first.data['station']}", first.data.get("file") or ""
    wrong = f", {session.wrong:,} wrong" if session.wrong else ""
    until = f", until {zone.shown(session.last_at)}" if session.last_at != first.at else ""
    what = f"{count_words(session.reads, 'read')}{wrong}, {file}{until}"
    return f"{first.seq:>8}  {zone.shown(first.at)}  {first.batch or ''}  {first.kind}  {who}  {what}"


def _in_a_line(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_in_a_line, value))
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_in_a_line(one)}" for key, one in value.items())
    text = str(value)
    return (
        f"[{count_words(len(text), 'character')}: --json]"
        if len(text) >= _LONG or text.count("\n") >= _MANY_LINES
        else text
    )


def _event_line(event: Mapping[str, Any], zone: TimeZone) -> str:
    who = f"{event['operator']}@{event['station']}"
    left = ("seq", "at", "kind", "batch", "operator", "station", "version")
    more = ", ".join(
        printable_name(f"{key} {_in_a_line(value)}")
        for key, value in event.items()
        if key not in left and value not in (None, "", [])
    )
    return f"{event['seq']:>8}  {zone.shown(event['at'])}  {event['batch'] or ''}  {event['kind']}  {who}  {more}"
