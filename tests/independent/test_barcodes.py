"""Retail and carton codes against BWIPP (Barcode Writer in Pure PostScript), which nobody here wrote."""

from __future__ import annotations

import numpy as np
import pytest

from bss_mfg.barcodes import guard_bars, itf_14, retail_code
from tests.needs import needs

SCALE = 4
"""Pixels of a module in BWIPP's pictures."""
CODES = {"ean13": ["9506000134352", "4006381333931"], "upca": ["036000291452"], "ean8": ["96385074"]}


def drawn_by_bwipp(kind: str, text: str, **options: bool) -> np.ndarray:
    """A picture of BWIPP's, True = black."""
    treepoem = pytest.importorskip("treepoem")
    picture = treepoem.generate_barcode(kind, text, options=options, scale=SCALE)
    return np.asarray(picture.convert("L")) < 128


def bars_of(row: np.ndarray) -> list[tuple[int, int]]:
    """Where the bars of a row of pixels begin, from the first one on, and how wide they are, in modules."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], row, [False]]).astype(int)))
    starts, ends = edges[::2], edges[1::2]
    return [
        (round((start - starts[0]) / SCALE), round((end - start) / SCALE))
        for start, end in zip(starts, ends, strict=True)
    ]


@needs("gs")
@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in CODES.items() for text in texts])
def test_bars_and_long_guard_bars_are_those_of_bwipp(kind: str, text: str) -> None:
    ours, guards = retail_code(text), guard_bars(retail_code(text), len(text))
    plain = drawn_by_bwipp(kind, text)
    assert bars_of(ours.bits()[0].repeat(SCALE)) == bars_of(plain[plain.shape[0] // 2])
    with_text = drawn_by_bwipp(kind, text, includetext=True)
    columns = np.flatnonzero(with_text[: with_text.shape[0] // 2].any(axis=0))
    left = columns[0]
    # The bars end together but for the long ones; what lies below a short bar is a digit.
    middle = {
        start: _first_gap(with_text[:, left + round((start + 0.5) * SCALE)])
        for start, _ in bars_of(ours.bits()[0].repeat(SCALE))
    }
    short = min(middle.values())
    long = {start for start, end in middle.items() if end > short + 2 * SCALE}
    assert long == {start for start, _ in bars_of(guards.bits()[0].repeat(SCALE))}
    reach = {round((middle[start] - short) / SCALE) for start in long}
    assert reach == {5}


def _first_gap(column: np.ndarray) -> int:
    """The first light pixel below a bar."""
    top = int(column.argmax())
    return top + int((~column[top:]).argmax()) if (~column[top:]).any() else len(column)


@needs("gs")
def test_an_itf_14_has_bwipps_narrow_and_wide_bars() -> None:
    digits, ours = itf_14("9506000134352", 1)
    assert digits == "19506000134359"
    theirs = drawn_by_bwipp("itf14", digits, includetext=False)
    row = theirs[theirs.shape[0] // 2]
    bars = [width for _, width in bars_of(row)][1:-1]  # without the frame's own sides
    wide = [width > 1 for width in bars]
    assert wide == [width > 1 for _, width in bars_of(ours.bits()[0].repeat(SCALE))]
