"""The sheet that explains a spec, as one self-contained HTML page without scripts. The template escapes all text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.resources import files
from typing import NamedTuple

from markupsafe import Markup

from bss_mfg.core.text import count_words
from bss_mfg.payload.confirmation import ConfirmationState
from bss_mfg.payload.sealed_pieces import RSA_BITS, PieceKind
from bss_mfg.report.html_report import environment, join_texts
from bss_mfg.report.spec_sheet import FRAME_WORDS, MODULE_MM, QUIET_MODULES, Span, SpecSheet, named, needs_rsa
from bss_mfg.symbol import Matrix

GENERATOR = "bss-mfg spec explain"
_GENERATOR_TAG = Markup('<meta name="generator" content="{}">').format(GENERATOR)
ROW = 16
"""Bytes in a row of a dump."""
CLASSES = {
    PieceKind.POINT: "k-point", PieceKind.WRAPPED_KEY: "k-wrapped", PieceKind.OOB: "k-oob", PieceKind.UUID: "k-uuid",
    PieceKind.COUNT: "k-count", PieceKind.PRODUCT: "k-product",
}  # fmt: skip


class _Cell(NamedTuple):
    """A byte of a dump; `number` at the beginning of a row, `is_first` at that of a piece."""

    number: int | None
    text: str
    tone: str
    is_first: bool


def spec_sheet_html(sheet: SpecSheet, version: str) -> Iterator[bytes]:
    """The page, in blocks."""
    room = files("bss_mfg.report")
    style = "".join(room.joinpath(name).read_text("utf-8") for name in ("page.css", "spec_sheet.css"))
    allowed = sheet.state in (ConfirmationState.NOT_NEEDED, ConfirmationState.CONFIRMED)
    texts = (
        environment()
        .get_template("spec_sheet.html.jinja")
        .generate(
            generator_tag=_GENERATOR_TAG,
            style=Markup(style),  # noqa: S704  (files of this package)
            sheet=sheet,
            state_tone="good" if allowed else "warn",
            symbol=_symbol(sheet.matrix) if sheet.matrix else "",
            version=version,
            counted=count_words,
            cells=_cells,
            tone=_tone,
            named=named,
            frame_words=FRAME_WORDS,
            bytes=lambda spans: sum(span.size for span in spans),
            module_mm=MODULE_MM,
            quiet=QUIET_MODULES,
            rsa=RSA_BITS if needs_rsa(sheet) else 0,
        )
    )
    return (block.encode("utf-8", "backslashreplace") for block in join_texts(texts))


def _tone(span: Span) -> str:
    kind = span.piece.kind
    even = " even" if span.piece.unit and span.piece.unit % 2 == 0 else ""
    return CLASSES.get(kind, f"k-{kind.value.lower()}") + even


def _cells(spans: Sequence[Span]) -> Iterator[_Cell]:
    at = 0
    for span in spans:
        for index, byte in enumerate(span.piece.data):
            yield _Cell(None if at % ROW else at, f"{byte:02x}", _tone(span), index == 0)
            at += 1


def _symbol(matrix: Matrix) -> Markup:
    """The symbol with its quiet zone, a path for each row's dark runs."""
    quiet = 2
    side = matrix.size + 2 * quiet
    starts, lengths = matrix.dark_runs()
    runs = zip(starts.tolist(), lengths.tolist(), strict=True)
    path = "".join(
        f"M{quiet + start % (matrix.columns + 1)} {quiet + start // (matrix.columns + 1)}h{length}v1h-{length}z"
        for start, length in runs
    )
    return Markup(
        '<svg viewBox="0 0 {0} {0}" role="img" aria-label="Data Matrix" shape-rendering="crispEdges">'
        '<path d="{1}" fill="#000"/></svg>'
    ).format(side, path)
