"""init, doctor, demo."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bss_mfg.cli.common import (
    App,
    json_option,
    pass_app,
    print_details,
    print_json,
    print_table,
    print_text,
    print_words,
    say,
    shown_path,
)
from bss_mfg.cli.progress import progress_bar
from bss_mfg.core.text import count_words

if TYPE_CHECKING:
    from bss_mfg.demo import ProvenDevice
    from bss_mfg.doctor import Check
    from bss_mfg.reconcile.reconciliation import Reconciliation
    from bss_mfg.workspace.vault_key_lines import VaultKeyKind


@click.command(epilog="Example: bss-mfg init factory")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--vault",
    "kind",
    type=click.Choice(["file", "passphrase", "keyring"]),
    help="How the vault key is kept: in a file (the default), under a passphrase, in the system's keyring.",
)
@click.option(
    "--group", default="", metavar="NAME", help="Share it with a group of this system: all members work in it."
)
@click.option(
    "--ledger",
    default="",
    metavar="URL",
    help="Keep the ledger in a PostgreSQL database, postgresql://USER@HOST/DATABASE (default: a file in FOLDER).",
)
@pass_app
def init(app: App, folder: Path, kind: VaultKeyKind | None, group: str, ledger: str) -> None:
    """Make a workspace.

    Creates FOLDER with its settings, ledger and vault key. Keep a copy of vault.key in a safe place: without it no OOB
    key of this workspace can ever be read again. A vault key that lies there already is used only if
    BSS_MFG_VAULT_KEY_FILE names it. A group's vault key is best kept under a passphrase (--vault): a plain one is its
    owner's alone. The password of a database server is never part of its URL: it lies in a password file (~/.pgpass).
    """
    from bss_mfg.workspace.workspace import Workspace, environment

    workspace = Workspace.create(folder, app.find_actor().actor, environment(), kind, app.ask, group, ledger)
    say(f"OK: workspace made in {shown_path(workspace.root)}")
    say(
        "Now run `bss-mfg vault export-recovery FILE` and keep that file apart from this computer."
        if kind == "keyring"
        else f"Now copy {shown_path(workspace.vault_file)} to a safe place, apart from the workspace."
    )
    if group and kind != "passphrase":
        say(
            f"Note: only you can issue batches and release keys; the others of {group} can do the rest. For all: "
            "`bss-mfg vault rekey --to passphrase`, or `bss-mfg init DIR --vault passphrase`."
        )


@click.command(epilog="Example: bss-mfg doctor")
@json_option
@pass_app
@click.pass_context
def doctor(ctx: click.Context, app: App, as_json: bool) -> None:
    """Check this machine, and say how to fix what is missing.

    In a workspace, also check its ledger (SQLite's own check, the history's hash chain, and the barcode strings of all
    batches against what was issued), its vault key, and what killed commands left. Exit 6 if something that bss-mfg
    can't work without is missing, the ledger is damaged, or the vault key is not the ledger's.
    """
    from bss_mfg.doctor import Level, check_machine

    checks = [*check_machine(), *_actor_checks(app), *_workspace_checks(app)]
    if as_json:
        print_json([{"name": c.name, "level": c.level, "found": c.found, "fix": c.fix} for c in checks])
    else:
        rows = [(c.level.upper(), c.name, c.found + (f"  -> {c.fix}" if c.fix else "")) for c in checks]
        print_table(rows, ("LEVEL", "WHAT", "FOUND"))
    if any(check.level is Level.FAULT for check in checks):
        ctx.exit(6)


def _actor_checks(app: App) -> list[Check]:
    """Who acts here, and where each name comes from."""
    from bss_mfg.doctor import Check, Level, check_actor
    from bss_mfg.errors import BssError

    try:
        config = app.workspace.config()
    except BssError:  # none here, or a broken one: that is another check's
        config = None
    try:
        return check_actor(app.find_actor(config))
    except BssError as error:
        return [Check("station", Level.FAULT, f"{error.where}: {error.what}", error.way_out)]


def _workspace_checks(app: App) -> list[Check]:
    from bss_mfg.doctor import (
        Check,
        Level,
        check_demands,
        check_group,
        check_ledger,
        check_left_over,
        check_releases,
        check_vault,
        check_vault_files,
    )
    from bss_mfg.errors import BssError, NoWorkspaceError
    from bss_mfg.workspace.vault_keys import vault_status

    try:
        workspace = app.workspace
    except NoWorkspaceError:
        return []
    except BssError as error:
        if app.workspace_option:
            raise
        return [Check("workspace", Level.FAULT, f"{error.where}: {error.what}", error.way_out)]
    try:
        with workspace.open_ledger(app.actor) as ledger:
            vault = vault_status(workspace, ledger, app.ask_file_only, app.patience)
            found = [
                check_ledger(ledger),
                check_vault(vault),
                *check_vault_files(vault),
                *check_demands(vault, workspace),
            ]
            group = workspace.config().group
            shared = [check_group(workspace.root, group)] if group else []
            return [*found, *shared, check_releases(ledger), check_left_over(workspace.root)]
    except BssError as error:
        return [
            Check("ledger", Level.FAULT, f"{error.where}: {error.what}" if error.where else error.what, error.way_out)
        ]


@click.command(epilog="Example: bss-mfg demo --out /tmp/line")
@click.option("--out", type=click.Path(path_type=Path), help="Folder to make (default: bss-mfg-demo, numbered).")
@click.option("--samples", type=click.Path(path_type=Path), help="Folder of samples (default: those of bss-mfg).")
@pass_app
@click.pass_context
def demo(ctx: click.Context, app: App, out: Path | None, samples: Path | None) -> None:
    """Take the sample batches through the whole line.

    Makes a workspace with development keys, issues each sample, makes its labels, reads them back, writes manifest,
    programming data and report, and proves that they agree. In the end a simulated device proves its key, as
    `device check` has a real one do; that needs no Bluetooth.
    """
    from bss_mfg.core.resources import folder
    from bss_mfg.demo import run_demo

    root = out or _free_folder("bss-mfg-demo")
    results = run_demo(samples or folder("sample_batches"), root, app.find_actor().actor, progress_bar)
    for ran in results:
        counts = ran.verification.counts
        verdict = "OK" if ran.right else "WRONG"
        print_text()
        print_words(f"{verdict}: {ran.name}")
        print_details(
            [
                ("units", f"{ran.units:,}"),
                (
                    "labels",
                    f"{ran.labels:,} on {count_words(ran.pages, 'page')}, {counts['matched']:,} read back and right",
                ),
                ("agreement", _agreement(ran.reconciliation)),
                ("devices", _proofs(ran.devices)),
                *[(name, shown_path(path)) for name, path in ran.files.items()],
                ("seconds", ", ".join(f"{name} {seconds:.2f}" for name, seconds in ran.seconds.items())),
            ]
        )
    print_text(f"\nThe workspace is {shown_path(root)}; look at a sheet and its report first.")
    if not all(ran.right for ran in results):
        ctx.exit(1)


def _agreement(outcome: Reconciliation) -> str:
    """What was compared with the ledger, and the first difference."""
    kinds = ", ".join(f"{account.kind} of {account.compared:,}" for account in outcome.comparisons)
    if outcome.agrees:
        return f"{kinds}: all as in the ledger"
    first = next(iter(outcome.differences), None)
    return (
        f"{count_words(outcome.difference_count, 'difference')}; {first.unit} {first.file}: {first.what}"
        if first
        else "nothing read"
    )


def _proofs(devices: Sequence[ProvenDevice]) -> str:
    """What each simulated device has shown."""
    from bss_mfg.station.device_words import check_words

    named = (f"{one.serial}: {'PROVEN' if one.found.passed else 'FAILED'}: {check_words(one.found)}" for one in devices)
    return f"simulated, {'; '.join(named)}"


def _free_folder(name: str) -> Path:
    """`name`, or with a number behind it where that is taken."""
    number, path = 1, Path(name)
    while path.exists():
        number += 1
        path = Path(f"{name}-{number}")
    return path
