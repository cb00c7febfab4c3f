"""Somebody signs that a spec of the workspace is as Amazon's guide says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bss_mfg.core import clock
from bss_mfg.core.files import make_folder, write_atomically
from bss_mfg.core.toml_files import quote
from bss_mfg.errors import InputError, RefusedError
from bss_mfg.ledger.approvals import Consent
from bss_mfg.ledger.events import SpecConfirmed
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.policies import Act
from bss_mfg.payload.confirmation import NewConfirmation, content_digest, with_confirmation
from bss_mfg.payload.free_lengths import shown_lengths
from bss_mfg.payload.proving.prove import prove
from bss_mfg.payload.signatures import EarlierSignature, earlier_signatures
from bss_mfg.payload.spec import SpecFile
from bss_mfg.workspace.spec_samples import LoadedSample, read_samples
from bss_mfg.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class ConfirmedSpec:
    """A spec as it was confirmed, and the signatures by name that no longer hold and were not given anew."""

    file: SpecFile
    lapsed: tuple[EarlierSignature, ...] = ()


def confirm_spec(
    workspace: Workspace,
    ledger: Ledger,
    name: str,
    document: str = "",
    signed_for: Sequence[str] = (),
    consent: Consent = None,
) -> ConfirmedSpec:
    """Write into a spec who confirms it now, and its digest, and keep the text. Without a `document` it is the one that
    it was compared with before. `signed_for` are the keys of the assumed fields that no sample proves, of a spec that
    has samples; signatures that were given before hold until what they are for changes.

    `RefusedError` for a spec that comes with bss-mfg, and where two persons have to sign it, without a `consent` of
    theirs; `InputError` where no document is known, where a sample contradicts the spec, and where a field is neither
    proven nor signed for.
    """
    file = workspace.spec(name)
    if file.origin != "workspace":
        raise RefusedError(
            "comes with bss-mfg: what is confirmed is a copy of your own",
            where=f"spec {name}",
            way_out=f"Make one with `bss-mfg spec copy {name}`, correct it, and confirm that.",
        )
    signed = file.spec.confirmation
    options = "" if signed and not document else f" --document {quote(document)}"
    document = document or (signed.document if signed else "")
    if not document:
        raise InputError(
            "no document was named", where=f"spec {name}", way_out="Say --document TEXT: title and version."
        )
    samples = read_samples(workspace.root / "specs", file.spec)
    shown = shown_lengths(file.spec, (one.sample for one in samples))
    before = [one for one in earlier_signatures(file, document) if one.key not in signed_for]
    kept_keys = {one.key: one.by for one in before if one.holds and one.key in file.spec.assumed}
    proven = _weigh(file, samples, before, tuple(signed_for), options)
    new = NewConfirmation(
        by=ledger.actor.operator,
        on=workspace.zone.day(clock.now()),
        document=document,
        proven=proven,
        signed=tuple(key for key in file.spec.assumed if key in signed_for or key in kept_keys),
        lengths={one.source: one.sizes for one in shown},
        earlier=kept_keys,
    )
    text, kept = with_confirmation(file, new).encode(), workspace.confirmed_spec_file(name)
    event = SpecConfirmed(
        spec=name,
        digest=content_digest(file),
        document=document,
        signed=[key for key in new.signed if key not in kept_keys] if file.sample_digests else None,
        kept=list(kept_keys) or None,
        samples=dict(file.sample_digests) or None,
    )
    with ledger.transaction():
        event = ledger.two_persons.require(Act.SPEC_CONFIRM, None, event, consent)
        ledger.history.append(None, event)
        make_folder(kept.parent)
        write_atomically(kept, [text], replace=True)
        write_atomically(workspace.root / "specs" / f"{name}.toml", [text], replace=True)
    ledger.two_persons.note(event)
    return ConfirmedSpec(workspace.spec(name), tuple(one for one in before if not one.holds))


def _weigh(
    file: SpecFile,
    samples: Sequence[LoadedSample],
    before: Sequence[EarlierSignature],
    signed_for: tuple[str, ...],
    options: str,
) -> tuple[str, ...]:
    """The assumed fields that the samples prove. `before`: earlier signatures that were not given anew."""
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
        return ()
    proof = prove(spec, samples)
    if faults := proof.faults:
        raise InputError(
            f"samples contradict it: {faults[0].sample}: {faults[0].what}",
            where=where,
            problems=[f"{fault.sample}: {fault.what}" for fault in faults[1:6]],
            way_out=f"Correct it, then look again: `bss-mfg spec check {spec.name}`.",
        )
    unproven = proof.unproven(spec.assumed)
    held = {one.key for one in before if one.holds}
    if missing := [key for key in unproven if key not in signed_for and key not in held]:
        raise InputError(
            f"the samples do not prove {', '.join(missing)}",
            where=where,
            problems=[one.lapse for one in before if one.key in missing],
            way_out=f"`bss-mfg spec check {spec.name}` says why. Add samples, or sign for them by name: {again} "
            f"{' '.join(f'--sign {key}' for key in dict.fromkeys((*signed_for, *missing)))}`.",
        )
    return tuple(key for key in spec.assumed if key not in unproven)
