"""Bars that were cut to half or a third of their height are named: of every template that comes along, of every kind of
bars, from above, from below and from both sides, on labels whose picture ends where they end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pytest
from numpy.typing import NDArray

from bss_mfg.core import resources
from bss_mfg.imaging.expected_content import MATRIX_KINDS, ExpectedCode, ExpectedLabels
from bss_mfg.imaging.label_content import ContentFault, check_labels
from bss_mfg.imaging.page_frame import frame_at_dpi
from bss_mfg.label.template.loading import load_template
from bss_mfg.label.template.symbol_elements import Bars, carries_payload
from bss_mfg.model import Rect
from tests.helpers.factory import Factory
from tests.helpers.pictures import Grey
from tests.helpers.wrong_labels import Press, ScanModel
from tests.independent.content.marks import DPI, expected_of, pixels

KINDS = [
    'kind = "ean-upc", text = "4006381333931", width = 42, height = 24',
    'kind = "ean-upc", text = "96385074", width = 30, height = 20',
    'kind = "ean-upc", text = "841667145075", caption = "above", width = 42, height = 18',
    'kind = "itf-14", width = 92, height = 22',
    'kind = "itf-14", bearer = "frame", width = 92, height = 24',
    'kind = "itf-14", bearer = "none", caption = "above", width = 92, height = 18',
    'kind = "gs1-128", width = 98, height = 16',
    'kind = "code-128", text = "{serial}", prefix = "SN ", width = 70, height = 14',
]
WIDTH, STEP, TOP = 100, 26, 40


def every_kind(turned: bool) -> str:
    """A label with bars of every kind up to its edges."""
    length = TOP + STEP * len(KINDS)
    elements = []
    for at, kind in enumerate(KINDS):
        down = TOP + STEP * at
        place = f"rotate = 90, x = {length - down - STEP + 1}, y = 1" if turned else f"x = 1, y = {down}"
        elements.append(f"  {{ {kind}, {place} }},")
    width, height = (length, WIDTH) if turned else (WIDTH, length)
    x = length - TOP + 1 if turned else 1
    mark = (x, 32, 38, 66) if turned else (32, 1, 66, 38)
    return "\n".join(
        [
            "format = 1",
            "element = [",
            f'  {{ kind = "data-matrix", x = {x}, y = 1, size = 28 }},',
            *elements,
            "]",
            "[sample]",
            *(f"{name} = {side}" for name, side in zip(("x", "y", "width", "height"), mark, strict=True)),
            f'[media]\nkind = "roll"\nlabel_width = {width}\nlabel_height = {height}',
        ]
    )


def with_bars() -> Iterator[tuple[str, str, bool]]:
    """The templates that come along with bars on them: their name, what their labels are of, and whether the bars are
    the package's own symbol."""
    for path in sorted(resources.folder("templates").glob("*.toml")):
        definition = load_template(path).definition
        bars = [element for element in definition.element if isinstance(element, Bars)]
        if bars and path.stem != "logistic-105x148":  # its cartons are packed by scanning, and not drawn from a batch
            yield path.stem, definition.each, any(carries_payload(element) for element in bars)


SHIPPED = list(with_bars())
OWN = {f"every-kind-{name}": every_kind(turned) for name, turned in (("level", False), ("turned", True))}
LABELS = [*((name, each) for name, each, _ in SHIPPED), *((name, "package") for name in OWN)]
SCANNED = [(*label, dpi) for label in LABELS for dpi in (300, 600) if dpi == 300 or label[0] not in OWN]


@pytest.fixture(scope="module")
def factory(new_factory: Callable[[], Factory]) -> Factory:
    made = new_factory()
    made.add(oob_bytes=16, upc="841667145075")
    made.add("sensor", spec="amazon-1d-code128", serial="SN{n:08}", upc="841667145075")
    for name, text in OWN.items():
        (made.root / "templates" / f"{name}.toml").write_text(text)
    own_symbol = {name for name, _, is_own in SHIPPED if is_own}
    for name, _ in LABELS:
        made.issue(12, name, "sensor" if name in own_symbol else "bulb")
        made.label(name, name)
    return made


@dataclass(frozen=True)
class Label:
    """The first label of a page, alone: its drawing ends where it ends."""

    drawn: Grey
    expected: ExpectedLabels
    bars: list[ExpectedCode]
    matrix: NDArray[np.float64]
    """From mm of the page to pixels of its drawing."""

    @classmethod
    def of(cls, factory: Factory, template: str, each: str) -> Label:
        press = Press.of(factory, template, each=each)
        expected = expected_of(factory, press)
        label = expected.labels[0]
        rows, columns = pixels(label.area)
        matrix = frame_at_dpi(press.label_file, 1, DPI).matrix @ np.array(
            [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [-columns.start, -rows.start, 1.0]]
        )
        bars = [code for code in (*label.codes, label.bars) if code and code.kind not in MATRIX_KINDS]
        return cls(press.page()[rows, columns], replace(expected, labels=(label,)), bars, matrix)

    def faults(self, drawn: Grey, dpi: int) -> list[tuple[ContentFault, str]]:
        """What is said of its codes where it was drawn so."""
        matrix = self.matrix @ np.diag([dpi / DPI, dpi / DPI, 1.0])
        (found,) = check_labels(ScanModel(skew=0, dpi=dpi).scan(drawn, DPI), self.expected, [matrix])
        return sorted((item.fault, item.planned) for item in found.faults if "code" in item.fault.value)

    def cut(self, share: float, side: str) -> Grey:
        """A drawing in which so much of all bars is left, from one side or in the middle; what is beyond them on that
        side, such as bearer bars, is gone, too."""
        drawn = self.drawn.copy()
        label = self.expected.labels[0].area
        for code in self.bars:
            x, y, width, height = code.area
            area = drawn[pixels(Rect(x - label.x, y - label.y, width, height))]
            if width < height:
                area = area.T
            changes = np.count_nonzero(np.diff(area < 128, axis=1), axis=1)
            lines = np.flatnonzero(changes > 0.7 * changes.max())
            first, last = int(lines[0]), int(lines[-1]) + 1
            gone = round((last - first) * (1 - share))
            above, below = {"above": (gone, 0), "below": (0, gone), "both": (gone // 2, gone - gone // 2)}[side]
            if above:
                area[: first + above] = 255
            if below:
                area[last - below :] = 255
        return drawn


@pytest.mark.parametrize(("template", "each", "dpi"), SCANNED)
def test_bars_that_were_cut_are_named(factory: Factory, template: str, each: str, dpi: int) -> None:
    label = Label.of(factory, template, each)
    assert label.bars
    wanted = sorted((ContentFault.LOW_CODE, code.text) for code in label.bars)
    cuts = [(share, side) for share in (1 / 2, 1 / 3) for side in ("above", "below", "both")]
    assert {cut: label.faults(label.cut(*cut), dpi) for cut in cuts} == dict.fromkeys(cuts, wanted)


@pytest.mark.parametrize(("template", "each", "dpi"), SCANNED)
def test_bars_with_nearly_all_of_their_height_are_right(factory: Factory, template: str, each: str, dpi: int) -> None:
    """And those that lie a little beside their place."""
    label = Label.of(factory, template, each)
    assert label.faults(label.cut(0.93, "both"), dpi) == []
    assert label.faults(np.roll(label.drawn, (4, -4), (0, 1)), dpi) == []
