"""events, forward: the history for other systems."""

from __future__ import annotations

import difflib
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bss_mfg.cli import suggestions
from bss_mfg.cli.common import App, pass_app, print_text, say, shown_path
from bss_mfg.cli.parameters import Number
from bss_mfg.cli.streams import reader_left
from bss_mfg.core.text import count_words
from bss_mfg.ledger.event_kind import EventKind

if TYPE_CHECKING:
    from bss_mfg.integration.event_feed import EventSource, Piece, Position
    from bss_mfg.integration.receivers import Credentials, Receiver, ReceiverAddress


class KindOfEvent(click.types.StringParamType):
    """A kind of event, with spaces or hyphens between its words."""

    name = "kind"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The kind as the history has it."""
        kind = str(value).replace("-", " ").lower()
        if kind not in list(EventKind):
            self._refuse(str(value), kind, param, ctx)
        return kind

    def _refuse(self, given: str, kind: str, param: click.Parameter | None, ctx: click.Context | None) -> None:
        near = difflib.get_close_matches(kind, list(EventKind), n=3, cutoff=0.5)
        meant = f" Did you mean {' or '.join(one.replace(' ', '-') for one in near)}?" if near else ""
        self.fail(f"there are no events of the kind {given[:60]!a}.{meant}", param, ctx)


def _choice_options(command: Any) -> Any:
    command = click.option(
        "--batch", metavar="BATCH", default="", shell_complete=suggestions.batches, help="Only events of this batch."
    )(command)
    return click.option(
        "--kind",
        "kinds",
        type=KindOfEvent(),
        metavar="KIND",
        multiple=True,
        help="Only events of this kind, as batch-issued; can be given several times (docs/formats/ledger.md).",
    )(command)


@click.command(epilog="Example: bss-mfg events --since 1204 --follow")
@click.option(
    "--since", metavar="SEQ", default="0", help="Only events after this one (SEQ or SEQ:DIGEST; default: all)."
)
@click.option("--follow", is_flag=True, help="Print events as they happen, too, until Ctrl-C.")
@_choice_options
@pass_app
def events(app: App, since: str, follow: bool, kinds: tuple[str, ...], batch: str) -> None:
    """Print the events of all batches as JSON lines, from a point on.

    One event a line, in order; `seq` counts without a gap. A reader that keeps the `seq` of its last line, and asks for
    what came --since, gets each event once, on whatever day it asks. With SEQ:DIGEST (`event_digest` of that line) a
    history that was restored or exchanged meanwhile is told: exit 5.
    """
    from bss_mfg.integration.event_feed import Position

    after, source, count = Position.parse(since), _source(app, kinds, batch), 0
    try:
        for piece in source.pieces(after):
            if not _print_events(piece):
                return
            after, count = piece.position, count + len(piece.events)
        if follow:
            _follow(source, after)
    except KeyboardInterrupt:
        if not follow:
            raise
        say("Ended. What comes later: --since with the `seq` of the last line.")
        return
    if not follow:
        say(f"OK: {count_words(count, 'event')}; the next ones: --since {after}")


def _print_events(piece: Piece) -> bool:
    """Print events; whether somebody still reads."""
    if piece.events:
        from bss_mfg.integration.event_documents import event_line

        print_text("\n".join(map(event_line, piece.events)))
    return not reader_left()


def _follow(source: EventSource, after: Position) -> None:
    """Print what comes, until nobody reads; a ledger that is away is waited for."""
    from bss_mfg.integration.event_feed import POLL_S, Absence

    absence = Absence(say)
    while True:
        time.sleep(POLL_S)
        piece = absence.outlast(lambda: source.look(after))  # noqa: B023  (called at once)
        if not _print_events(piece):
            return
        after = piece.position


@click.command(epilog="Example: bss-mfg forward https://erp.example/hooks/bss --secret-file erp.secret")
@click.argument("receiver", metavar="ADDRESS")
@click.option("--name", help="By which name it is known how far this receiver is (default: its host).")
@click.option(
    "--since", metavar="SEQ", help="Begin after this event (default: where it stopped; a new receiver gets all)."
)
@click.option("--once", is_flag=True, help="Send what there is, and end.")
@click.option(
    "--give-up",
    type=Number(0, 86_400),
    metavar="SECONDS",
    help="End with exit 6 where an event isn't taken for so long (default: with --once 60, else never).",
)
@click.option(
    "--secret-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="What signs events to a webhook (made where there is none), or the password of --user.",
)
@click.option("--user", metavar="NAME", default="", help="The user of an MQTT broker.")
@click.option(
    "--authority",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="PEM file of the authority behind the receiver's certificate (default: the system's).",
)
@click.option("--clear", is_flag=True, help="Allow a receiver on another computer without TLS.")
@_choice_options
@pass_app
def forward(
    app: App,
    receiver: str,
    name: str | None,
    since: str | None,
    once: bool,
    give_up: float | None,
    secret_file: Path | None,
    user: str,
    authority: Path | None,
    clear: bool,
    kinds: tuple[str, ...],
    batch: str,
) -> None:
    """Send events to a webhook or an MQTT broker as they happen.

    Each event is a CloudEvent: a POST to https://HOST/PATH, signed as Standard Webhooks says, or a message to
    mqtts://HOST/TOPIC at QoS 1. A receiver that doesn't take one is tried again, so an event may come twice: by its
    `id` the receiver knows. How far each receiver is, is kept; the same command continues. Events hold no key.
    """
    from bss_mfg.integration.event_feed import START, Position
    from bss_mfg.integration.forwarding import DeliveryRecord, Forwarder, Persistence
    from bss_mfg.integration.receivers import ReceiverAddress

    address = ReceiverAddress.parse(receiver, clear=clear)
    credentials = _credentials(address, secret_file, user, authority)
    source = _source(app, kinds, batch)
    record = DeliveryRecord.of(app.workspace.root, name or address.name, address.place)
    persistence = Persistence(60.0 if give_up is None and once else give_up, wait=time.sleep, tell=say)
    with app.workspace.open_ledger(app.actor) as ledger:
        ledger_id = ledger.settings.ledger_id()
    with record.held():
        before = record.read()
        after = Position.parse(since) if since is not None else before or START
        opened = _receiver(address, credentials, ledger_id)
        forwarder = Forwarder(source, opened, record, persistence)
        try:
            if not once:
                say(f"Events after {after.seq:,} go to {address.place}, as they happen. Ctrl-C ends it.")
                forwarder.follow(after)
            count, after = forwarder.send_all(after)
        except KeyboardInterrupt:
            say("Ended. The same command continues.")
            return
        finally:
            opened.close()
    say(f"OK: {count_words(count, 'event')} taken by {address.place}; it has all up to event {after.seq:,}")


def _source(app: App, kinds: tuple[str, ...], batch: str) -> EventSource:
    from bss_mfg.integration.event_feed import EventChoice, EventSource

    if batch:
        with app.workspace.open_ledger(app.actor) as ledger:
            batch = ledger.batches.get(batch).id
    return EventSource(lambda: app.workspace.open_ledger(app.actor), EventChoice(kinds, batch))


def _credentials(address: ReceiverAddress, file: Path | None, user: str, authority: Path | None) -> Credentials:
    from bss_mfg.integration.receivers import Credentials, new_signing_secret, read_secret

    if address.is_mqtt:
        if bool(user) != bool(file):
            raise click.UsageError("--user and --secret-file go together: the file holds that user's password.")
        return Credentials(read_secret(file) if file else None, user, authority)
    if user:
        raise click.UsageError("--user is for MQTT brokers; a webhook is shown a signature (--secret-file).")
    if file is None:
        raise click.UsageError("A webhook needs --secret-file FILE: it is made where there is none.")
    if not file.exists():
        new_signing_secret(file)
        say(f"Made {shown_path(file)}: give the receiver what it holds, by a way that nobody else reads.")
    return Credentials(read_secret(file), authority=authority)


def _receiver(address: ReceiverAddress, credentials: Credentials, ledger_id: str) -> Receiver:
    from bss_mfg.errors import MissingError
    from bss_mfg.installation import how_to_add

    try:
        if address.is_mqtt:
            from bss_mfg.integration.mqtt import MqttBroker

            return MqttBroker(address, credentials, ledger_id)
        from bss_mfg.integration.webhook import Webhook

        return Webhook(address, credentials, ledger_id)
    except ImportError:
        raise MissingError("what sends events is not installed", way_out=how_to_add("forward")) from None
