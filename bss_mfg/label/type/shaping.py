"""Shaping by HarfBuzz: from characters of one face, script and direction to glyphs in their places."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from bss_mfg.label.type.font_file import Face

DOTTED_CIRCLE = "\u25cc"


@dataclass(frozen=True, slots=True)
class Shaping:
    """What shaping depends on beyond face and text: script (ISO 15924), direction, language (BCP 47), and whether
    letters may join into ligatures."""

    script: str = "Latn"
    right_to_left: bool = False
    language: str = ""
    ligatures: bool = True

    @property
    def is_plain(self) -> bool:
        """Whether it is Latin from left to right, in whatever language."""
        return self.script == PLAIN.script and not self.right_to_left and self.ligatures


PLAIN = Shaping()


class GlyphRun(NamedTuple):
    """Glyphs of one face from left to right: `advances` and `offsets` (right, up) in font units. `clusters` says for
    each glyph which character of `text` it begins with."""

    face: Face
    text: str
    glyphs: tuple[int, ...]
    clusters: tuple[int, ...]
    advances: tuple[float, ...]
    offsets: tuple[tuple[int, int], ...] | None = None
    right_to_left: bool = False

    @property
    def width(self) -> float:
        """Advance of the whole, in em."""
        return sum(self.advances) / self.face.upem

    def placed(self) -> Iterator[tuple[int, float, float]]:
        """Each glyph with its origin, in em from the run's start: (glyph, right, up)."""
        upem, pen = self.face.upem, 0.0
        if self.offsets is None:
            for glyph, advance in zip(self.glyphs, self.advances, strict=True):
                yield glyph, pen / upem, 0.0
                pen += advance
            return
        for glyph, advance, (right, up) in zip(self.glyphs, self.advances, self.offsets, strict=True):
            yield glyph, (pen + right) / upem, up / upem
            pen += advance

    def cluster_ends(self) -> list[bool]:
        """For each glyph, whether it is the last of its cluster."""
        clusters = self.clusters
        return [at + 1 == len(clusters) or clusters[at + 1] != cluster for at, cluster in enumerate(clusters)]

    def cluster_texts(self) -> list[str]:
        """For each glyph that is the first of its cluster, the cluster's text; for the others nothing."""
        clusters, text = self.clusters, self.text
        starts = sorted(set(clusters))
        if not starts:  # marks of direction, soft hyphens and the like: nothing is drawn
            return []
        if len(starts) == len(text) == len(clusters):
            return [text[cluster] for cluster in clusters]
        ends = dict(zip(starts, [*starts[1:], len(text)], strict=True))
        return [
            text[cluster : ends[cluster]] if at == 0 or clusters[at - 1] != cluster else ""
            for at, cluster in enumerate(clusters)
        ]

    def part(self, start: int, end: int) -> GlyphRun:
        """Some of the glyphs, with the whole text."""
        return self._replace(
            glyphs=self.glyphs[start:end],
            clusters=self.clusters[start:end],
            advances=self.advances[start:end],
            offsets=self.offsets and self.offsets[start:end],
        )

    def spaced(self, em: float) -> GlyphRun:
        """With room of so many em after each cluster."""
        extra = em * self.face.upem
        ends = self.cluster_ends()
        return self._replace(
            advances=tuple([one + extra if end else one for one, end in zip(self.advances, ends, strict=True)])
        )


def shape(face: Face, text: str, how: Shaping = PLAIN, start: int = 0, end: int | None = None) -> GlyphRun:
    """The glyphs of `text[start:end]`; what stands around it is context for letters that join."""
    end = len(text) if end is None else end
    buffer = _shaped(face, text, how, start, end)
    positions = [one.position for one in buffer.glyph_positions or ()]
    glyphs, clusters = [], []
    for one in buffer.glyph_infos:
        glyphs.append(one.codepoint)
        clusters.append(one.cluster - start)
    right, up, advances, _ = zip(*positions, strict=True) if positions else ((), (), (), ())
    moved = any(right) or any(up)
    return GlyphRun(
        face,
        text[start:end],
        tuple(glyphs),
        tuple(clusters),
        advances,
        tuple(zip(right, up, strict=True)) if moved else None,
        how.right_to_left,
    )


def advances_of(face: Face, text: str, how: Shaping = PLAIN) -> list[int]:
    """How far each glyph of a text moves the pen, in font units."""
    return [one.x_advance for one in _shaped(face, text, how, 0, len(text)).glyph_positions]


def _shaped(face: Face, text: str, how: Shaping, start: int, end: int) -> Any:
    """HarfBuzz's buffer."""
    hb = face.hb
    buffer: Any = hb.Buffer()
    buffer.add_str(text, start, end - start)
    buffer.direction = "rtl" if how.right_to_left else "ltr"
    buffer.script = how.script
    if how.language:
        buffer.language = how.language
    if not text.isascii():
        buffer.flags = hb.BufferFlags.REMOVE_DEFAULT_IGNORABLES
    hb.shape(face.hb_font, buffer, None if how.ligatures else {"liga": False, "clig": False})
    return buffer
