"""Somebody signs that a spec of the workspace is as Amazon's guide says."""

from __future__ import annotations

from collections.abc import Sequence

from bss_mfg.core import clock
from bss_mfg.core.files import make_folder, write_atomically
from bss_mfg.core.toml_files import quote
from bss_mfg.errors import InputError, RefusedError
from bss_mfg.ledger.events import SpecConfirmed
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.payload.confirmation import NewConfirmation, content_digest, with_confirmation
from bss_mfg.payload.free_lengths import ShownLengths, shown_lengths
from bss_mfg.payload.proving.prove import prove
from bss_mfg.payload.spec import SpecFile
from bss_mfg.workspace.spec_samples import LoadedSample, read_samples
from bss_mfg.workspace.workspace import Workspace


def confirm_spec(
    workspace: Workspace, ledger: Ledger, name: str, document: str = "", signed_for: Sequence[str] = ()
) -> SpecFile:
    """Write into a spec who confirms it now, and its digest, and keep the text; the spec as it is then. Without a
    `document` it is the one that it was compared with before. `signed_for` are the keys of the assumed fields that no
    sample proves, of a spec that has samples.

    `RefusedError` for a spec that comes with bss-mfg, `InputError` where no document is known, where a sample
    contradicts the spec, and where a field is neither proven nor signed for.
    """
    file = workspace.spec(name)
    if file.origin != "workspace":
        raise RefusedError(
            "comes with bss-mfg: what is confirmed is a copy of your own",
            where=f"spec {name}",
            way_out=f"Make one with `bss-mfg spec copy {name}`, correct it, and confirm that.",
        )
    signed = file.spec.confirmation
    document = document or (signed.document if signed else "")
    if not document:
        raise InputError(
            "no document was named", where=f"spec {name}", way_out="Say --document TEXT: title and version."
        )
    samples = read_samples(workspace.root / "specs", file.spec)
    shown = shown_lengths(file.spec, (one.sample for one in samples))
    options = "" if signed else f" --document {quote(document)}"
    proven, rest = _weigh(file, samples, shown, tuple(signed_for), options)
    sizes = {one.source: one.sizes for one in shown}
    new = NewConfirmation(ledger.actor.operator, workspace.zone.day(clock.now()), document, proven, rest, sizes)
    text, kept = with_confirmation(file, new).encode(), workspace.confirmed_spec_file(name)
    make_folder(kept.parent)
    write_atomically(kept, [text], replace=True)
    write_atomically(workspace.root / "specs" / f"{name}.toml", [text], replace=True)
    event = SpecConfirmed(
        spec=name,
        digest=content_digest(file),
        document=document,
        signed=list(rest) if file.sample_digests else None,
        samples=dict(file.sample_digests) or None,
    )
    ledger.history.append(None, event)
    return workspace.spec(name)


def _weigh(
    file: SpecFile,
    samples: Sequence[LoadedSample],
    shown: Sequence[ShownLengths],
    signed_for: tuple[str, ...],
    options: str,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The assumed fields that the samples prove, and those that are signed for by name: also fields that are proven of
    some lengths."""
    spec, where = file.spec, f"spec {file.spec.name}"
    again = f"`bss-mfg spec confirm {spec.name}{options}"
    if unknown := [key for key in signed_for if key not in spec.assumed]:
        raise InputError(
            f"{', '.join(unknown)} can't be signed for: assumed are {', '.join(spec.assumed) or 'no fields'}",
            where=where,
            way_out=f"Name assumed fields: {again} --sign KEY`.",
        )
    if not spec.samples.files:
        if signed_for:
            raise InputError(
                "it lists no samples, so a signature is for all assumed fields",
                where=where,
                way_out=f"Leave out --sign: {again}`; or list samples under [samples].",
            )
        return (), ()
    proof = prove(spec, samples)
    if faults := proof.faults:
        raise InputError(
            f"samples contradict it: {faults[0].sample}: {faults[0].what}",
            where=where,
            problems=[f"{fault.sample}: {fault.what}" for fault in faults[1:6]],
            way_out=f"Correct it, then look again: `bss-mfg spec check {spec.name}`.",
        )
    unproven = proof.unproven(spec.assumed)
    if missing := [key for key in unproven if key not in signed_for]:
        raise InputError(
            f"the samples do not prove {', '.join(missing)}",
            where=where,
            way_out=f"`bss-mfg spec check {spec.name}` says why. Add samples, or sign for them by name: {again} "
            f"{' '.join(f'--sign {key}' for key in unproven)}`.",
        )
    of_any_length = [one.key for one in shown if one.key in signed_for and one.key not in unproven]
    return tuple(key for key in spec.assumed if key not in unproven), (*unproven, *of_any_length)
