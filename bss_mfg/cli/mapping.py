"""mapping check|fit: control log mappings held against a sample log of Amazon's guide, and made from one."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bss_mfg.cli import suggestions
from bss_mfg.cli.common import App, json_option, pass_app, print_json, print_table, print_text, say, shown_path
from bss_mfg.core.text import count_words

if TYPE_CHECKING:
    from bss_mfg.manifest.log_check import CheckedMember
    from bss_mfg.manifest.log_mapping import LogMapping
    from bss_mfg.manifest.log_reader import LogKind
    from bss_mfg.manifest.log_sample import KnownPackage, LogSample
    from bss_mfg.payload.spec import Spec

_ENDING = ".control-log.toml"


@click.group()
def mapping() -> None:
    """Check control log mappings by a sample log, and make them from one."""


units_option = click.option(
    "--units",
    "unit_files",
    multiple=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A sample file of the spec (.toml) with the devices whose logs these are. May be given more than once.",
)


@mapping.command(epilog="Example: bss-mfg mapping check amazon-bss-ob04 --sample guide.json --units guide.toml")
@click.argument("target", metavar="NAME|FILE", shell_complete=suggestions.specs)
@click.option(
    "--sample",
    "samples",
    multiple=True,
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A control log as the guide prints it (JSON). May be given more than once.",
)
@units_option
@click.option(
    "--spec",
    "spec_name",
    metavar="NAME",
    shell_complete=suggestions.specs,
    help="The spec of the string in --units (default: the mapping's).",
)
@json_option
@pass_app
@click.pass_context
def check(
    ctx: click.Context,
    app: App,
    target: str,
    samples: tuple[Path, ...],
    unit_files: tuple[Path, ...],
    spec_name: str | None,
    as_json: bool,
) -> None:
    """Hold what a mapping writes against a sample log, member by member: by its spec's name, or its file.

    With --units a member is proven where it has the value of its device; without, only its place and form are
    compared. Exit 1 if a member is missing, is not in the mapping, or has another value or form.
    """
    from bss_mfg.core.toml_files import load_toml, validate
    from bss_mfg.manifest.log_check import check_mapping, shown_by_samples
    from bss_mfg.manifest.log_mapping import LogMapping, load_mapping

    if target.endswith(".toml"):
        held = validate(load_toml(Path(target), "control log mapping"), LogMapping)
        name = Path(target).name.removesuffix(_ENDING).removesuffix(".toml")
    else:
        workspace = app.any_workspace
        held, name = load_mapping(target, workspace.root / "specs" if workspace else Path("specs")), target
    packages = _packages(unit_files, _spec(app, spec_name or name))
    checked = [(sample, check_mapping(held, sample, packages)) for sample in map(_log_sample, samples)]
    faults = sum(one.state.is_fault for _, members in checked for one in members)
    if as_json:
        print_json(
            {
                "mapping": held.name,
                "fine": not faults,
                "samples": [
                    {"file": sample.name, "envelope": sample.enveloped, "logs": len(sample.logs),
                     "members": [_record(one) for one in members]}
                    for sample, members in checked
                ],
            }
        )  # fmt: skip
    else:
        for sample, members in checked:
            _print_members(members)
            if not sample.enveloped:
                say(f"Note: {sample.name} has logs without their envelope; what is uploaded has controlLogs around.")
    if faults:
        say(f"WRONG: {count_words(faults, 'member')} of the sample and the mapping {held.name} contradict each other")
        ctx.exit(1)
    _conclude([one for _, members in checked for one in members], bool(packages))
    shown = shown_by_samples(held, [members for _, members in checked])
    if marked := _still_assumed(held, shown):
        say(f'Shown by the sample, and still marked assumed: {marked}. Write status = "confirmed" for them.')


@mapping.command(epilog="Example: bss-mfg mapping fit mine --sample guide.json --units guide.toml --out specs/")
@click.argument("name", metavar="SPEC", shell_complete=suggestions.specs)
@click.option(
    "--sample", "sample_file", required=True, metavar="FILE", type=click.Path(path_type=Path),
    help="A control log as the guide prints it (JSON).",
)  # fmt: skip
@units_option
@click.option(
    "--out", metavar="FILE|FOLDER", type=click.Path(path_type=Path),
    help="Write the mapping there, in a folder as SPEC.control-log.toml; nothing is overwritten (default: print it).",
)  # fmt: skip
@json_option
@pass_app
@click.pass_context
def fit(
    ctx: click.Context,
    app: App,
    name: str,
    sample_file: Path,
    unit_files: tuple[Path, ...],
    out: Path | None,
    as_json: bool,
) -> None:
    """Propose a mapping from a sample log and the devices in it: where each value stands, and how it is written.

    Known are the values of devices, package and product; everything else becomes a constant. A member is marked
    confirmed where the sample shows it, a constant where two logs have it, and else assumed. Exit 1 if the sample has a
    member that no mapping can write.
    """
    from bss_mfg.core.files import write_atomically
    from bss_mfg.core.folders import require_free_name
    from bss_mfg.manifest.log_fit import fit_mapping

    if not unit_files:
        raise click.UsageError("Say which devices are in the log: --units FILE, a sample file of the spec.")
    target = out / f"{name}{_ENDING}" if out and out.is_dir() else out
    if target:
        require_free_name(target)
    fitted = fit_mapping(_log_sample(sample_file), _packages(unit_files, _spec(app, name)), name)
    if target:
        write_atomically(target, [fitted.text.encode()])
    if as_json:
        print_json(
            {
                "mapping": fitted.mapping.model_dump(mode="json"),
                "members": [_record(one) for one in fitted.members],
                "unexplained": [
                    {"kind": one.kind, "path": one.path, "why": one.why} for one in fitted.unexplained
                ],
            }
        )  # fmt: skip
    elif not target:
        print_text(fitted.text, nl=False, exact=True)
    else:
        _print_members(fitted.members)
    for one in fitted.unexplained:
        say(f"UNEXPLAINED: {one.kind} {one.path}: {one.why}")
    if target:
        say(f"Mapping: {shown_path(target)}")
    if fitted.unexplained:
        ctx.exit(1)
    count = len(fitted.mapping.device) + len(fitted.mapping.bundle)
    say(f"OK: {count_words(count, 'member')} explained; compare them with the guide")
    if assumed := ", ".join(fitted.mapping.assumed):
        say(
            f"Note: assumed are {assumed}, since this sample does not show what another log has there. Give a "
            'sample with another device, or look them up in the guide and write status = "confirmed".'
        )


def _still_assumed(mapping: LogMapping, shown: Collection[tuple[LogKind, str]]) -> str:
    """The paths of entries that samples show, and that are marked assumed."""
    from bss_mfg.manifest.log_reader import LogKind

    kinds = ((LogKind.DEVICE, mapping.device), (LogKind.BUNDLE, mapping.bundle))
    entries = [(kind, one) for kind, listed in kinds for one in listed if one.status == "assumed"]
    return ", ".join(dict.fromkeys(one.path for kind, one in entries if (kind, one.path) in shown))


def _spec(app: App, name: str) -> Spec | None:
    """The spec of a mapping, which finds the encrypted field; None where there is none of that name."""
    from bss_mfg.payload.spec import packaged_spec
    from bss_mfg.payload.spec_names import packaged_names

    workspace = app.any_workspace
    if workspace and name in workspace.spec_names():
        return workspace.spec(name).spec
    return packaged_spec(name).spec if name in packaged_names() else None


def _log_sample(path: Path) -> LogSample:
    from bss_mfg.core.files import read_bytes
    from bss_mfg.manifest.log_sample import read_log_sample

    return read_log_sample(read_bytes(path, "sample log"), str(path))


def _packages(files: tuple[Path, ...], spec: Spec | None) -> list[KnownPackage]:
    from bss_mfg.core.files import read_text
    from bss_mfg.manifest.log_sample import known_package
    from bss_mfg.payload.spec_samples import sample_from_text

    return [known_package(sample_from_text(read_text(path, "sample file"), str(path)), spec) for path in files]


def _record(one: CheckedMember) -> dict[str, Any]:
    return {
        "log": one.log or None,
        "kind": one.kind,
        "path": one.path,
        "state": one.state,
        "source": one.source,
        "expected": one.expected,
        "found": one.found,
    }


def _print_members(members: tuple[CheckedMember, ...]) -> None:
    rows = [
        (one.state.upper(), str(one.log or "-"), one.kind, one.path or "(whole log)", _words(one)) for one in members
    ]
    print_table(rows, ("STATE", "LOG", "KIND", "MEMBER", "WHAT"))


def _words(one: CheckedMember) -> str:
    if one.state.is_fault and one.expected:
        return f"found {one.found or 'nothing'}, expected {one.expected}"
    return one.found if one.state.is_fault else one.source


def _conclude(members: list[CheckedMember], units_known: bool) -> None:
    from bss_mfg.manifest.log_check import MemberState

    counts = {state: sum(one.state is state for one in members) for state in MemberState}
    told = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    say(f"OK: {told}")
    if counts[MemberState.CONSISTENT] and not units_known:
        say("Whose values these are is not known: give the devices with --units.")
