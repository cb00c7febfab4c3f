"""policy set|show."""

from __future__ import annotations

from pathlib import Path

import click

from bss_mfg.cli.approval_options import ApprovalOptions, approval_options
from bss_mfg.cli.common import App, json_option, pass_app, print_json, print_text, say
from bss_mfg.core.text import count_words, listing


@click.group()
def policy() -> None:
    """Say which acts two persons have to sign, and who they are."""


@policy.command("set", epilog="Example: bss-mfg policy set two-persons.toml --request policy.txt")
@click.argument("file", type=click.Path(path_type=Path))
@approval_options
@pass_app
def set_(app: App, file: Path, approval: ApprovalOptions) -> None:
    """Let two persons sign what FILE names, from now on.

    FILE is TOML: the acts (keys release, retire, repin, spec confirm, reopen), and each person's public SSH key. It is
    kept in the ledger's history. Two persons of the policy in force sign its change; the first one is signed by two of
    its own persons. See docs/two-persons.md.
    """
    from bss_mfg.workspace.policy_file import load_policy

    wanted = load_policy(file)
    with app.workspace.open_ledger(app.actor) as ledger, approval.consent() as consent:
        changed = ledger.two_persons.set_policy(wanted, consent)
    acts = listing(sorted(wanted.acts)) or "no act"
    if changed:
        say(f"OK: two of {count_words(len(wanted.persons), 'person')} have to sign: {acts}")
    else:
        say(f"OK: this is the policy in force; nothing was changed. Two have to sign: {acts}")


@policy.command(epilog="Example: bss-mfg policy show")
@json_option
@pass_app
def show(app: App, as_json: bool) -> None:
    """Show which acts two persons have to sign, and their keys."""
    from bss_mfg.workspace.policy_file import policy_text

    with app.workspace.open_ledger(app.actor) as ledger:
        found, lost = ledger.two_persons.in_force(), ledger.two_persons.lost()
    if as_json:
        print_json(
            {
                "policy": found.policy.digest if found else None,
                "event": found.event if found else None,
                "two_persons": sorted(found.policy.acts) if found else [],
                "persons": {name: key.fingerprint for name, key in found.policy.persons.items()} if found else {},
                "lost": lost is not None,
            }
        )
    elif found:
        print_text(policy_text(found.policy), nl=False)
    if lost:
        say("WARNING: this policy was in force here, and this ledger doesn't know it. What can be signed is refused.")
        if not as_json:
            print_text(policy_text(lost.policy), nl=False)
    elif not found:
        say("Note: there is no policy of two persons. `bss-mfg policy set FILE` sets one.")
