"""Whether a spec is confirmed as it is now: a confirmation is tied to what was compared by its digest."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import date
from enum import StrEnum
from typing import Any

from bss_mfg.core.toml_files import parse_toml, quote
from bss_mfg.core.toml_lines import line_numbers
from bss_mfg.errors import InputError
from bss_mfg.payload.signing import Signature
from bss_mfg.payload.spec import SpecFile

_TABLE = "confirmation"


class ConfirmationState(StrEnum):
    """How far production may rely on a spec."""

    NOT_NEEDED = "not needed"
    """Every field is published."""
    NONE = "no"
    BY_HAND = "by hand"
    """Somebody signed, and what the spec was then is not known."""
    CHANGED = "changed"
    """It was changed after it was confirmed."""
    IN_PART = "in part"
    """Fields are assumed that neither a sample proved nor somebody signed for by name."""
    CONFIRMED = "yes"

    @property
    def allows_production(self) -> bool:
        """Whether a production product can be issued with it."""
        return self in (ConfirmationState.NOT_NEEDED, ConfirmationState.CONFIRMED)


@dataclass(frozen=True, slots=True)
class NewConfirmation:
    """Who compared a spec with Amazon's guide, when, and with which document; of one with samples, which of the assumed
    fields these prove, which are signed for by name, and how long the samples' values are, by source. `earlier`: whose
    those of the signatures are that were given before."""

    by: str
    on: date
    document: str
    proven: tuple[str, ...] = ()
    signed: tuple[str, ...] = ()
    lengths: Mapping[str, tuple[int, ...]] = dataclass_field(default_factory=dict)
    earlier: Mapping[str, Signature] = dataclass_field(default_factory=dict)


def content_digest(file: SpecFile) -> str:
    """SHA-256 (hex) of what a spec says, its confirmation apart: of the parsed file as JSON with sorted keys and
    without blanks, so that comments and layout don't count. Files keep it: it must never change."""
    return digest_of(spec_content(file.text))


def confirmation_state(file: SpecFile) -> ConfirmationState:
    """Whether a spec is confirmed as it is now."""
    signed = file.spec.confirmation
    if signed and signed.digest:
        if signed.digest != content_digest(file) or changed_samples(file):
            return ConfirmationState.CHANGED
        return ConfirmationState.IN_PART if unsigned(file) else ConfirmationState.CONFIRMED
    if not file.spec.assumed:
        return ConfirmationState.NOT_NEEDED
    return ConfirmationState.BY_HAND if signed else ConfirmationState.NONE


def changed_samples(file: SpecFile) -> list[str]:
    """The sample files of a spec that are not as they were when it was confirmed."""
    signed = file.spec.confirmation
    kept = signed.samples if signed else {}
    return [
        name for name in file.spec.samples.files if not kept.get(name) or kept[name] != file.sample_digests.get(name)
    ]


def unsigned(file: SpecFile) -> list[str]:
    """The assumed fields of a confirmed spec with samples that these did not prove and nobody signed for by name."""
    spec, signed = file.spec, file.spec.confirmation
    if signed is None or not spec.samples.files:
        return []
    return [key for key in spec.assumed if key not in (*signed.proven, *signed.signed)]


def require_confirmed(file: SpecFile) -> None:
    """Refuse a spec whose assumed fields nobody compared with Amazon's guide as they are (for production)."""
    state, spec, signed = confirmation_state(file), file.spec, file.spec.confirmation
    where, again = f"spec {spec.name}", f"`bss-mfg spec confirm {spec.name}`"
    if state is ConfirmationState.NONE:
        copied = file.origin == "workspace"
        correct = "Correct it" if copied else f"Copy it with `bss-mfg spec copy {spec.name}`, correct the copy"
        raise InputError(
            f"fields {', '.join(spec.assumed)} are assumptions that nobody has confirmed, so a production "
            "product can't be issued with it",
            where=where,
            way_out=f"{correct} from Amazon's Provisionee Manufacturing Guide, and sign: "
            f"`bss-mfg spec confirm {spec.name} --document TEXT`.",
        )
    if state is ConfirmationState.BY_HAND and signed:
        raise InputError(
            f"it was confirmed by {signed.by} on {signed.on}, but nothing says what it was like then, so a production "
            "product can't be issued with it",
            where=where,
            way_out=f"Compare it with {signed.document} once more, then tie the confirmation to it: {again}.",
        )
    if state is ConfirmationState.IN_PART:
        missing = unsigned(file)
        raise InputError(
            f"fields {', '.join(missing)} are assumptions that no sample proves and nobody signed for, so a production "
            "product can't be issued with it",
            where=where,
            way_out="Give it more samples, or sign for them by name: `bss-mfg spec confirm "
            f"{spec.name} {' '.join(f'--sign {key}' for key in missing)}`.",
        )
    if state is ConfirmationState.CHANGED and signed:
        raise InputError(
            f"it was changed after {signed.by} confirmed it on {signed.on}, so a production product can't be issued "
            "with it",
            where=where,
            problems=[*changes(file), *(f"the sample {name} is another file" for name in changed_samples(file))][:8],
            way_out=f"Put it back as it was; or compare it with Amazon's guide again, then {again}.",
        )


def changes(file: SpecFile) -> list[str]:
    """What a spec says otherwise than the text that was confirmed; nothing where that is not known."""
    signed = file.spec.confirmation
    if file.confirmed_text is None or signed is None:
        return []
    try:
        kept = spec_content(file.confirmed_text)
    except InputError:
        return []
    if digest_of(kept) != signed.digest:
        return []
    before, after = dict(_flat(kept)), dict(_flat(spec_content(file.text)))
    names = [*after, *(name for name in before if name not in after)]
    return [
        f"{name} is {after.get(name, 'left out')}, it was {before.get(name, 'left out')}"
        for name in names
        if before.get(name) != after.get(name)
    ]


def with_confirmation(file: SpecFile, new: NewConfirmation) -> str:
    """The text of a spec with a new confirmation at its end, in the place of an older one. `InputError` where that is
    not written as a table."""
    rest = _without_confirmation(file)
    lines = [
        f"[{_TABLE}]  # written by `bss-mfg spec confirm`; a change above this line needs another",
        f"by = {quote(new.by)}",
        f"on = {new.on.isoformat()}",
        f"document = {quote(new.document)}",
        f'digest = "{content_digest(file)}"',
    ]
    if file.spec.samples.files:
        digests = (f"{quote(name)} = {quote(file.sample_digests[name])}" for name in file.spec.samples.files)
        lines += [f"proven = {_listed(new.proven)}", f"signed = {_listed(new.signed)}"]
        if new.earlier:
            whose = (
                (key, f"{{ by = {quote(one.by)}, on = {one.on.isoformat()} }}") for key, one in new.earlier.items()
            )
            lines += [f"earlier = {{ {', '.join(f'{key} = {them}' for key, them in whose)} }}"]
        if new.lengths:
            sizes = (f"{quote(source)} = [{', '.join(map(str, some))}]" for source, some in new.lengths.items())
            lines += [f"lengths = {{ {', '.join(sizes)} }}"]
        lines += [f"samples = {{ {', '.join(digests)} }}"]
    text = rest.rstrip() + "\n\n" + "\n".join(lines) + "\n"
    if spec_content(text) != spec_content(file.text):
        raise _unknown_form(file)
    return text


def _listed(keys: Iterable[str]) -> str:
    return f"[{', '.join(map(quote, keys))}]"


def _without_confirmation(file: SpecFile) -> str:
    """The text of a spec without its confirmation, the comments before the next table apart."""
    lines = file.text.splitlines(keepends=True)
    number = line_numbers(file.text).get((_TABLE,))
    if number is None:
        return file.text
    first = number - 1
    if not re.match(rf"\s*\[\s*{_TABLE}\s*\]", lines[first]):
        raise _unknown_form(file)
    behind = next((at for at in range(first + 1, len(lines)) if lines[at].lstrip().startswith("[")), len(lines))
    while behind < len(lines) and re.fullmatch(r"\s*(#.*)?\s*", lines[behind - 1]):
        behind -= 1
    return "".join([*lines[:first], *lines[behind:]])


def _unknown_form(file: SpecFile) -> InputError:
    return InputError(
        "its confirmation is written in a way that can't be replaced",
        where=f"spec {file.spec.name}",
        way_out="Delete it from the file, and type the command again with --document. Nothing was written.",
    )


def spec_content(text: str) -> dict[str, Any]:
    """What the text of a spec says, its confirmation apart."""
    return {name: value for name, value in parse_toml(text, "spec").data.items() if name != _TABLE}


def digest_of(content: Mapping[str, Any]) -> str:
    """The digest of what a spec says, as `content_digest` has it."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _flat(content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(what, its value) of all that a spec says; a field's values are named by its key."""
    for name, value in content.items():
        if name != "field":
            yield name, json.dumps(value, default=str)
            continue
        yield "the order of fields", " ".join(str(field.get("key")) for field in value)
        for field in value:
            for part, its in field.items():
                if part != "key":
                    yield f"{part} of {field.get('key')}", json.dumps(its, default=str)[:200]
