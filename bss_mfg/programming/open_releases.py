"""Releases that were begun and cut off: in words, with the command that goes on, and what they left on disk."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bss_mfg.core.files import leftover_files, leftover_of
from bss_mfg.core.text import count_words
from bss_mfg.ledger.releases import Release
from bss_mfg.programming.format import Format
from bss_mfg.programming.release_place import SEALED_SUFFIX, find_place, is_meant_as_folder, quoted


def release_text(release: Release) -> str:
    """A release in words: what, since when, and where its files are, or are not."""
    target = release.target
    return f"{target.format} of {count_words(release.count, 'unit')} to {target.path}, since {release.at}"


def release_command(release: Release) -> str:
    """The command that goes on with a release, as it is typed."""
    target = release.target
    place = quoted(target.path) + ("/" if target.each == "unit" else "")
    words = [f"bss-mfg program {release.batch} --format {target.format} --out {place}"]
    words += ["--layout FILE"] if target.layout else []
    words += [f"--to {recipient}" for recipient in target.sealed_to]
    words += ["--again --reason TEXT"] if target.reason is not None else []
    return " ".join(words)


def seals_to(releases: Iterable[Release], out: str, form: Format, named: tuple[str, ...]) -> tuple[str, ...]:
    """Whom a release to `out` is sealed to where nothing is said: who the settings name. But what was begun in clear to
    this place, and cut off, is completed in clear."""
    if not named or out.lower().endswith(SEALED_SUFFIX):
        return named
    place = find_place(Path(out), form, sealed=False, folder=is_meant_as_folder(out))
    begun = (one.target for one in releases if not one.target.sealed_to and one.target.format == form.name)
    return () if any(map(place.is_of, begun)) else named


def half_written(releases: Iterable[Release]) -> list[Path]:
    """What cut-off releases left half-written beside their files; it may hold keys."""
    found: dict[Path, None] = {}
    for release in releases:
        if release.target.each == "unit":
            found |= dict.fromkeys(leftover_files(release.target.path, deep=False))
        elif left := leftover_of(release.target.path):
            found[left] = None
    return list(found)
