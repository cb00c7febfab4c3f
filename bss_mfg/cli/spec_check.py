"""spec check: a spec's shape, what samples out of a guide prove of it, and whether production may use it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bss_mfg.cli import suggestions
from bss_mfg.cli.common import App, json_option, pass_app, print_json, print_text, say
from bss_mfg.core.text import count_words, one_or

if TYPE_CHECKING:
    from bss_mfg.payload.proving.evidence import Fault, FieldProof, SpecProof
    from bss_mfg.payload.spec import Spec, SpecField, SpecFile
    from bss_mfg.payload.spec_samples import LoadedSample


@click.command(epilog="Example: bss-mfg spec check specs/mine.toml --sample guide.sample.toml")
@click.argument("target", metavar="NAME|FILE", shell_complete=suggestions.specs)
@click.option(
    "--sample",
    "sample_files",
    metavar="FILE",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A sample out of a guide, beside those that the spec lists. May be given more than once.",
)
@click.option(
    "--private-key",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The private key that opens the samples that name none.",
)
@json_option
@pass_app
@click.pass_context
def check(
    ctx: click.Context,
    app: App,
    target: str,
    sample_files: tuple[Path, ...],
    private_key: Path | None,
    as_json: bool,
) -> None:
    """Check a spec by name or file: its shape, its samples, and whether production may use it (exit 1 if not).

    Samples are taken apart, opened with their private key, compared with their units, rebuilt and sealed anew. Says of
    each field, and of each part of an encrypted one, whether a sample proves it, whether it is only consistent with
    them (and with what else), or untested. A sample that contradicts the spec is exit 1. No OOB key is shown.
    """
    from bss_mfg.payload.free_lengths import shown_lengths
    from bss_mfg.payload.proving.document import check_document
    from bss_mfg.payload.proving.prove import prove

    file, folder = spec_file_of(app, target)
    samples = _samples(file.spec, folder, sample_files, private_key)
    proof = prove(file.spec, samples)
    if as_json:
        print_json(check_document(file, proof, shown_lengths(file.spec, (one.sample for one in samples))))
    elif samples:
        _print_proof(file.spec, proof)
    else:
        print_fields(file.spec, {})
    for fault in proof.faults:
        say(f"CONTRADICTED: {_words(fault)}")
    if not samples and file.spec.assumed:
        say("NOTE: no sample is listed or given, so nothing is proven.")
    for result in proof.results:
        if result.unused:
            say(f"NOTE: {result.sample} tells {', '.join(result.unused)}, which the spec does not use")
    say_lengths(file, samples)
    may_produce = _may_produce(file, proof)
    if proof.faults:
        count = count_words(len(proof.faults), "contradiction")
        say(f"FAILED: {count}. Correct the spec or the sample: what a sample contradicts can't be signed.")
    if not may_produce or proof.faults:
        ctx.exit(1)


def spec_file_of(app: App, target: str) -> tuple[SpecFile, Path]:
    """A spec by its name, in the workspace or packaged, or by its file; and the folder that its samples lie in."""
    from dataclasses import replace

    from bss_mfg.core.toml_files import load_toml
    from bss_mfg.payload.spec import packaged_spec, spec_from_document
    from bss_mfg.workspace.spec_samples import sample_digests

    if target.endswith(".toml"):
        folder = Path(target).parent
        file = spec_from_document(load_toml(Path(target), "spec file"), target)
        return replace(file, sample_digests=sample_digests(folder, file.spec)), folder
    workspace = app.any_workspace
    if workspace is None:
        return packaged_spec(target), Path()
    return workspace.spec(target), workspace.root / "specs"


def _samples(spec: Spec, folder: Path, files: tuple[Path, ...], private_key: Path | None) -> list[LoadedSample]:
    from dataclasses import replace

    from bss_mfg.workspace.spec_samples import read_private_key, read_sample, read_samples

    found = [*read_samples(folder, spec), *(read_sample(path) for path in files)]
    if private_key is None:
        return found
    key = read_private_key(private_key)
    return [one if one.private_key else replace(one, private_key=key) for one in found]


def print_fields(spec: Spec, known: Mapping[str, str]) -> None:
    """The fields of a spec, a line each, and what insecure parts cost. `known`: how far assumed ones are known."""
    for field in spec.field:
        _print_field(spec, field, known.get(field.key, field.status))
    _print_warnings(spec)


def _print_field(spec: Spec, field: SpecField, known: str) -> None:
    how = _how(spec, field.key)
    print_text(f"{known:<16} {field.key:<6} {field.source}" + (f" {how}" if how else ""))


def _print_proof(spec: Spec, proof: SpecProof) -> None:
    """The fields of a spec, with what samples say of each."""
    for field, one in zip(spec.field, proof.fields, strict=True):
        _print_field(spec, field, one.evidence if field.status == "assumed" else field.status)
        _print_parts(one)
    print_text(f"{proof.string.evidence:<16} string")
    _print_parts(proof.string)
    _print_warnings(spec)


def say_lengths(file: SpecFile, samples: Sequence[LoadedSample]) -> None:
    """Which lengths the samples show, of values that may have others."""
    from bss_mfg.payload.free_lengths import shown_lengths
    from bss_mfg.payload.signatures import keys_signed

    signed = keys_signed(file)
    for one in shown_lengths(file.spec, (loaded.sample for loaded in samples)):
        open_words = "signed for by name" if one.key in signed else f"not proven (sign for them with --sign {one.key})"
        say(f"NOTE: {one.key}: the samples show {one.source} of {one.words} only; other lengths are {open_words}")


def _print_parts(one: FieldProof) -> None:
    from bss_mfg.payload.proving.evidence import Evidence

    proven = [part.name for part in one.parts if part.evidence is Evidence.PROVEN]
    if whole := [name for name in proven if not _is_member(name)]:
        members = [part.name for part in one.parts if _is_member(part.name)]
        shown = len([name for name in members if name in proven])
        print_text(
            f"{'':<17} proven: {', '.join(whole)}"
            + (f"; {shown} of {len(members)} members of these" if members else "")
        )
    for evidence, also in ((Evidence.CONSISTENT, "also fits"), (Evidence.UNTESTED, "no sample tells it from")):
        for part in one.parts:
            if part.evidence is evidence:
                print_text(f"{'':<17} {evidence}: {part.name} ({also}: {_few(part.left)})")


def _is_member(name: str) -> bool:
    """Whether a part is a member of a scheme or layout: `scheme.kdf.hash`, `plaintext[1].format`."""
    return name.startswith(("scheme.", "layout.", "plaintext["))


def _few(names: tuple[str, ...], most: int = 4) -> str:
    more = f", {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _words(fault: Fault) -> str:
    place = ", ".join(filter(None, (fault.sample, fault.key, f"unit {fault.unit}" if fault.unit else "")))
    shown = (
        "" if fault.expected is None or fault.found is None else f" (expected {fault.expected}, found {fault.found})"
    )
    return f"{place}: {fault.what}{shown}"


def _how(spec: Spec, key: str) -> str:
    from bss_mfg.payload.schemes.descriptions import summary

    field = next(one for one in spec.field if one.key == key)
    return field.suite or (summary(field.scheme) if field.scheme else "")


def _print_warnings(spec: Spec) -> None:
    from bss_mfg.payload.schemes.descriptions import warnings

    for field in spec.field:
        for cost in warnings(field.scheme) if field.scheme else ():
            say(f"WARNING: {field.key}: {cost}")


def _may_produce(file: SpecFile, proof: SpecProof) -> bool:
    """Say whether production may use a spec, and what it lacks."""
    from bss_mfg.payload.confirmation import ConfirmationState, changed_samples, changes, confirmation_state, unsigned
    from bss_mfg.payload.signatures import earlier_signatures

    found, state, ok = file.spec, confirmation_state(file), "" if proof.faults else "OK: "
    if state is ConfirmationState.NOT_NEEDED:
        say(f"{ok}every field is published")
        return True
    signed = found.confirmation
    by = f"by {signed.by} on {signed.on} with {signed.document}" if signed else ""
    if state is ConfirmationState.CONFIRMED:
        names = [f"{one.key} (by {one.by.by} on {one.by.on})" for one in earlier_signatures(file)]
        by_name = f"; signed for by name: {', '.join(names)}" if names else ""
        say(f"{ok}confirmed {by}{by_name}")
        return True
    for change in [*changes(file), *(f"the sample {name}" for name in changed_samples(file) if signed)]:
        say(f"CHANGED: {change}")
    before = earlier_signatures(file)
    held = [one.key for one in before if one.holds]
    missing = [key for key in proof.unproven(found.assumed) if key not in held] if found.samples.files else []
    open_ = missing if found.samples.files else found.assumed
    why = {
        ConfirmationState.NONE: f"{', '.join(open_)} {one_or(len(open_), 'is an assumption', 'are assumptions')}"
        if open_
        else "every assumption is proven by the samples, and nobody has signed yet",
        ConfirmationState.BY_HAND: f"confirmed {by}, but nothing says what it was like then",
        ConfirmationState.CHANGED: f"confirmed {by}, and changed since",
        ConfirmationState.IN_PART: f"confirmed {by}, but neither proven nor signed for: {', '.join(unsigned(file))}",
    }
    say(f"NOT CONFIRMED: {why[state]}; production products refuse this spec.")
    for one in before:
        if not one.holds:
            say(f"LAPSED: {one.lapse}")
    if proof.faults:
        return False
    by_name = "".join(f" --sign {key}" for key in missing)
    say(f"Compare it with Amazon's guide, then sign: `bss-mfg spec confirm {found.name} --document TEXT{by_name}`.")
    return False
