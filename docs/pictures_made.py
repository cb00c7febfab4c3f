"""Pictures are put into docs/pictures, or (`--check`) compared with those that are there.

An SVG is text, and compared as such. A picture of pixels that is drawn by what comes with bss-mfg is compared block by
block, so that another version's antialiasing is no change and a changed character is one. A page in a browser is set in
the machine's fonts: it carries what it says in its PNG, and that is compared.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from difflib import ndiff
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from bss_mfg.core import clock
from tests.helpers.repeatable import RepeatableSource

HERE = Path(__file__).parent
BEGIN = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
"""The moment of all pictures."""
BLOCK, TOLERANCE = 8, 40
"""Side of a block in pixels, and how much its mean grey may differ."""
WORDS = "Words"


@contextmanager
def repeatable(name: str, moment: datetime = BEGIN) -> Iterator[None]:
    """Random numbers are the same for the same name, and the clock stands."""
    with pytest.MonkeyPatch.context() as patch:
        source = RepeatableSource("pictures")
        source.install(patch)
        with source.of(name), mock.patch.object(clock, "now", lambda: moment.strftime("%Y-%m-%dT%H:%M:%SZ")):
            yield


class Gallery:
    """A folder of pictures; with `check` nothing is written, and `close` ends with the names of those that are old."""

    def __init__(self, folder: Path, names: list[str], *, check: bool) -> None:
        self.folder, self._names, self._check = folder, names, check
        self._old: list[str] = []

    def wants(self, name: str) -> bool:
        """Whether a picture is to be made: all, or those that were named."""
        return not self._names or name in self._names

    def text(self, name: str, text: str) -> None:
        """A picture that is text."""
        path = self.folder / name
        if not self._check:
            path.write_text(text, "utf-8", newline="\n")
        elif (old := path.read_text("utf-8") if path.is_file() else "") != text:
            self._old.append(name)
            _tell_difference(name, old, text)

    def image(self, name: str, image: Image.Image, *, colours: int, words: str | None = None) -> None:
        """A picture of pixels, of a page with its words."""
        path = self.folder / name
        if not self._check:
            info = PngInfo()
            if words is not None:
                info.add_itxt(WORDS, words, zip=True)
            shown = image.convert("RGB").convert("P", palette=Image.Palette.ADAPTIVE, colors=colours)
            shown.save(path, optimize=True, pnginfo=info)
        elif not path.is_file() or not _is_same(Image.open(path), image, words):
            self._old.append(name)

    def close(self) -> None:
        """The end."""
        if self._old:
            sys.exit(f"not current: {', '.join(sorted(self._old))}; run `make docs`")


def _tell_difference(name: str, old: str, new: str) -> None:
    """Say in which lines two texts differ first, without their tags."""
    lines = ndiff(*(re.sub(r"<[^>]*>", "|", text).splitlines() for text in (old, new)))
    for line in [line for line in lines if line[0] in "+-"][:10]:
        print(f"{name}: {line[:300]}", file=sys.stderr)


def _is_same(old: Image.Image, new: Image.Image, words: str | None) -> bool:
    old.load()
    if words is not None:
        return getattr(old, "text", {}).get(WORDS) == words
    return old.size == new.size and bool((np.abs(_blocks(old) - _blocks(new)) <= TOLERANCE).all())


def _blocks(image: Image.Image) -> np.ndarray:
    grey = np.asarray(image.convert("L"), float)
    rows, columns = (-(-side // BLOCK) for side in grey.shape)
    padded = np.pad(grey, ((0, rows * BLOCK - grey.shape[0]), (0, columns * BLOCK - grey.shape[1])), mode="edge")
    return padded.reshape(rows, BLOCK, columns, BLOCK).mean(axis=(1, 3))


def opened(arguments: list[str], pictures: Mapping[str, object]) -> Gallery | None:
    """What a script's arguments ask for; `--list` prints the names alone."""
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", metavar="NAME", choices=[*pictures, []])
    parser.add_argument("--check", action="store_true", help="compare, and write nothing")
    parser.add_argument("--folder", type=Path, default=HERE / "pictures")
    parser.add_argument("--list", action="store_true", help="print the names")
    given = parser.parse_args(arguments)
    if given.list:
        print("\n".join(pictures))
        return None
    return Gallery(given.folder, given.names, check=given.check)
