"""station init, update, check, pair; ledger publish."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bss_mfg.cli.common import App, json_option, pass_app, print_json, print_text, say, shown_path
from bss_mfg.cli.pair import pair
from bss_mfg.core.text import count_words, printable_name

if TYPE_CHECKING:
    from bss_mfg.workspace.station_folder import UpdatedFiles


@click.group()
def station() -> None:
    """Make a station's own folder, keep its files as published; pair boxes with devices."""


station.add_command(pair)


@station.command(
    epilog="Example: bss-mfg station init --name press-2 --ledger postgresql://press2@db.example.com/ledger"
)
@click.argument("folder", type=click.Path(path_type=Path), required=False)
@click.option("--name", required=True, help="The station's name in the history; FOLDER is called so, too, if left out.")
@click.option("--ledger", "url", required=True, metavar="URL", help="The ledger: postgresql://USER@HOST/DATABASE.")
@click.option("--flasher", is_flag=True, help="It flashes: make its own key pair, and register the public key.")
@pass_app
def init(app: App, folder: Path | None, name: str, url: str, flasher: bool) -> None:
    """Make the folder of a station that works with a ledger on a server.

    Fetches the files that were published there (`ledger publish`): products, specs, templates, printers. It gets no
    vault key: a station that issues or releases keys needs one, and the key folder. --operator says who works there,
    unless a command says otherwise. A flasher needs neither of these: keys come sealed to it (`program --claim`).
    """
    from bss_mfg.core.files import require_safe_name
    from bss_mfg.programming.flasher_key import FILE, register_flasher
    from bss_mfg.workspace.actor import check_name
    from bss_mfg.workspace.station_folder import NewStation, make_station
    from bss_mfg.workspace.workspace import environment

    name = check_name(name, "--name")
    root = folder or Path(require_safe_name(name, "folder's name"))
    new, actor = NewStation(root, name, app.operator, url), replace(app.find_actor().actor, station=name)
    workspace, files = make_station(
        new, actor, environment(), (lambda root, ledger: register_flasher(root, ledger, name)) if flasher else None
    )
    say(f"OK: station {name} made in {shown_path(workspace.root)} with {count_words(len(files.fetched), 'file')}")
    if flasher:
        say(f"Its private key is {shown_path(workspace.root / FILE)}: keep it there, and nowhere else")
    acts = app.find_actor(workspace.config()).station
    if acts.name != name:
        say(f"Note: in the history it is {acts.name}, as {acts.source} says: take the name out there")


@station.command(epilog="Example: bss-mfg station update")
@click.option("--set-aside", is_flag=True, help="Keep files that were edited here beside the published ones.")
@json_option
@pass_app
def update(app: App, set_aside: bool, as_json: bool) -> None:
    """Fetch the files that were published for all stations.

    Older versions are replaced. Files that were edited here, or are of this station alone, are refused (exit 4), unless
    they are to be set aside; printers with names of their own stay.
    """
    from bss_mfg.workspace.station_folder import update_station

    with app.workspace.open_ledger(app.actor) as ledger:
        done = update_station(app.workspace, ledger, set_aside=set_aside)
    if as_json:
        print_json({"fetched": done.fetched, "removed": done.removed, "set_aside": done.set_aside})
    _say_updated(done)


def _say_updated(done: UpdatedFiles) -> None:
    for path in done.removed:
        say(f"Removed: {printable_name(path)}")
    for path in done.fetched:
        say(f"Fetched: {printable_name(path)}")
    for path in done.set_aside:
        say(f"Set aside: {printable_name(path)}")
    say("OK: the files here are as published")


@station.command(epilog="Example: bss-mfg station check")
@json_option
@pass_app
@click.pass_context
def check(ctx: click.Context, app: App, as_json: bool) -> None:
    """Compare this workspace's files with the published ones. Exit 1 where one differs."""
    from bss_mfg.workspace.publishing import workspace_differences

    with app.workspace.open_ledger(app.actor) as ledger:
        published = ledger.published.current()
        found = workspace_differences(app.workspace, ledger)
    if as_json:
        print_json(
            {
                "published": len(published.files),
                "event": published.event or None,
                "differences": [{"file": one.path, "kind": one.kind} for one in found],
            }
        )
    else:
        for one in found:
            print_text(str(one))
    if found:
        say(f"{count_words(len(found), 'file')} not as published; `bss-mfg station update` fetches what is")
        ctx.exit(1)
    say(
        f"OK: as published, {count_words(len(published.files), 'file')}"
        if published.files
        else "OK: nothing is published, so this workspace's own files count"
    )


@click.command(epilog="Example: bss-mfg ledger publish")
@click.option("--check", "only_check", is_flag=True, help="Only say what would change. Exit 1 where something would.")
@click.option("--take-back", is_flag=True, help="Also undo what others have published since: missing and older files.")
@json_option
@pass_app
@click.pass_context
def publish(ctx: click.Context, app: App, only_check: bool, take_back: bool, as_json: bool) -> None:
    """Publish this workspace's files for all stations: products, specs, templates, printers, time zone.

    From then on every station issues and draws with exactly these, or refuses (exit 4) until `station update` has
    fetched them. What was published before is kept. No private key is ever published. On a server it takes an admin.
    """
    from bss_mfg.label.template.loading import load_template
    from bss_mfg.workspace.publishing import publish as publish_files

    with app.workspace.open_ledger(app.actor) as ledger:
        done = publish_files(app.workspace, ledger, load_template, take_back=take_back, write=not only_check)
    if as_json:
        print_json({"files": done.files, "changed": done.changed, "withdrawn": done.withdrawn})
    else:
        for path in done.changed:
            print_text(f"changed    {printable_name(path)}")
        for path in done.withdrawn:
            print_text(f"withdrawn  {printable_name(path)}")
    files = count_words(done.files, "file")
    if not done.changes:
        say(f"OK: published already, {files}")
    elif only_check:
        say(f"Not published yet: {files}")
        ctx.exit(1)
    else:
        say(f"OK: published, {files}. Now bss-mfg station update at each station")
