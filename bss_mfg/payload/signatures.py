"""Signatures by name for fields of a confirmed spec: each holds until what it was given for changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bss_mfg.errors import InputError
from bss_mfg.payload.confirmation import content_digest, digest_of, spec_content
from bss_mfg.payload.signing import Signature
from bss_mfg.payload.spec import SpecFile

_NOT_SIGNED = ("title", "name", "format", "samples", "field")
"""What a spec says of itself, and its other fields: no signature for a field is for these."""


@dataclass(frozen=True, slots=True)
class EarlierSignature:
    """A signature for the field `key` that a spec's confirmation has. `changes`: what it was given for and is otherwise
    now; empty where it holds."""

    key: str
    by: Signature
    changes: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether the field is as it was signed for."""
        return not self.changes

    @property
    def lapse(self) -> str:
        """Why it no longer holds, in words."""
        return f"{self.by.by} signed for {self.key} on {self.by.on}; since then: {'; '.join(self.changes)}"


def earlier_signatures(file: SpecFile, document: str = "") -> tuple[EarlierSignature, ...]:
    """The signatures by name of a spec's confirmation, and whether they hold: a signature is for a field but its note,
    for how the string is put together, and for the document (that of the confirmation, if none is given here)."""
    signed = file.spec.confirmation
    if signed is None:
        return ()
    other = (f"it was for {signed.document}",) if document and document != signed.document else ()
    before, now = _confirmed_content(file), spec_content(file.text)
    found = []
    for key in signed.signed:
        if before is None:
            changes: tuple[str, ...] = ("nothing says what the spec was like then",)
        else:
            changes = tuple(_changes(_signed_for(before, key), _signed_for(now, key), key))
        by = signed.earlier.get(key) or Signature(by=signed.by, on=signed.on)
        found.append(EarlierSignature(key, by, (*other, *changes)))
    return tuple(found)


def keys_signed(file: SpecFile) -> frozenset[str]:
    """The fields that are signed for by name, and are as they were then."""
    return frozenset(one.key for one in earlier_signatures(file) if one.holds)


def _confirmed_content(file: SpecFile) -> Mapping[str, Any] | None:
    """What the spec said when it was confirmed; None where nobody knows."""
    signed = file.spec.confirmation
    if signed is None or signed.digest is None:
        return None
    if signed.digest == content_digest(file):
        return spec_content(file.text)
    try:
        kept = spec_content(file.confirmed_text or "")
    except InputError:
        return None
    return kept if digest_of(kept) == signed.digest else None


def _signed_for(content: Mapping[str, Any], key: str) -> dict[str, Any]:
    field: Mapping[str, Any] = next((one for one in content.get("field", ()) if one.get("key") == key), {})
    whole = {name: value for name, value in content.items() if name not in _NOT_SIGNED}
    return {**whole, **{f"{name} of {key}": value for name, value in field.items() if name != "note"}}


def _changes(before: Mapping[str, Any], now: Mapping[str, Any], key: str) -> Iterator[str]:
    if f"key of {key}" in before and f"key of {key}" not in now:
        yield f"there is no field {key}"
        return
    for name in dict.fromkeys((*before, *now)):
        if before.get(name) != now.get(name):
            was, is_now = (str(one[name])[:80] if name in one else "left out" for one in (before, now))
            yield f"{name} is {is_now}, it was {was}"
