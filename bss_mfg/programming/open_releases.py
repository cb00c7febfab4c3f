"""Releases that were begun and cut off: in words, with the command that goes on, and what they left on disk."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bss_mfg.core.files import leftover_files, leftover_of
from bss_mfg.core.text import count_words
from bss_mfg.ledger.releases import Release
from bss_mfg.programming.release_place import quoted


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


def half_written(releases: Iterable[Release]) -> list[Path]:
    """What cut-off releases left half-written beside their files; it may hold keys."""
    found: dict[Path, None] = {}
    for release in releases:
        if release.target.each == "unit":
            found |= dict.fromkeys(leftover_files(release.target.path, deep=False))
        elif left := leftover_of(release.target.path):
            found[left] = None
    return list(found)
