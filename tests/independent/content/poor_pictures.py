"""Poor pictures of labels: right texts are never called wrong in them, and no wrong one passes without a word.

Labels are printed and scanned by a model: at resolutions from 150 to 600 dpi, in grey, as JPEG, in black and white (by
a threshold or dithered), blurred and noisy, as sheets, single labels of a roll, and labels of units. As a script:

    python -m tests.independent.content.poor_pictures [PICTURES] [SEED] [KIND]
"""

from __future__ import annotations

import io
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image

from bss_mfg.imaging.geometry import Quad, apply_homography, homography
from bss_mfg.imaging.label_content import LabelContent, check_labels
from bss_mfg.imaging.page_frame import frame_from_reads
from bss_mfg.imaging.zxing_reader import read_page
from bss_mfg.label.expected import WorkspaceLabels
from bss_mfg.label.layout.label_rows import LabelRow
from bss_mfg.verify.label_contents import ContentChecker, ReadLabel
from tests.helpers.factory import Factory, make_factory
from tests.helpers.pictures import Grey
from tests.helpers.wrong_labels import Press, ScanModel
from tests.independent.content.text_count import spoil

Floats = NDArray[np.float64]
DPIS = (150, 200, 240, 300, 400, 600)
MODES = ("grey", "jpeg", "light", "middle", "dark", "dither")
BLURS = (0.0, 0.5, 1.0, 1.6, 2.3, 3.0)
NOISES = (0.0, 2.0, 5.0, 10.0)
KINDS = ("sheet", "roll", "unit")
TEMPLATES = {"sheet": "sheet-a4-24", "roll": "roll-50x30", "unit": "device-30x20"}
PRINTERS = ("fine", "300", "203")
LABELS, ON_SHEET, DRAWN, PAD = 24, 12, 600, 60
_THRESHOLDS = {"light": 90, "middle": 128, "dark": 170}


@dataclass(frozen=True)
class Shot:
    """How a picture is taken."""

    kind: str
    dpi: int
    mode: str
    blur: float
    noise: float
    printer: str
    wrong: float

    @property
    def is_fair(self) -> bool:
        """Whether its texts should be judged: nothing about it is poor."""
        return self.mode in ("grey", "jpeg") and self.dpi >= 300 and self.blur <= 1.0 and self.printer == "fine"

    def model(self, seed: int) -> ScanModel:
        """The scanner."""
        random = np.random.default_rng([seed, 1])
        return ScanModel(
            self.blur,
            self.noise,
            random.uniform(-1.0, 1.0),
            random.uniform(0.85, 1.0),
            random.uniform(0, 40),
            self.dpi,
        )

    def map(self, drawn: Grey, seed: int, pad: int) -> Floats:
        """From mm of the page to pixels."""
        model = self.model(seed)
        scale, angle = DRAWN / self.dpi, np.radians(model.skew)
        cosine, sine = np.cos(angle) * scale, np.sin(angle) * scale
        height, width = drawn.shape
        across, down = round(width / scale), round(height / scale)
        x, y = np.random.default_rng(seed).uniform(-3, 3, 2)
        left = width / 2 - cosine * across / 2 - sine * down / 2 + x
        top = height / 2 + sine * across / 2 - cosine * down / 2 + y
        to_drawn = np.array([[cosine, sine, left], [-sine, cosine, top], [0, 0, 1]])
        mm = np.array([[DRAWN / 25.4, 0, pad], [0, DRAWN / 25.4, pad], [0, 0, 1]])
        return (np.linalg.inv(to_drawn) @ mm).T

    def take(self, drawn: Grey, seed: int) -> Grey:
        """A picture of a page that was drawn at `DRAWN` dpi."""
        grey = self.model(seed).scan(printed(drawn, self.printer), DRAWN, seed)
        return saved(grey, self.mode)


def printed(drawn: Grey, printer: str) -> Grey:
    """A page as a printer of so many dpi makes dots of it."""
    if printer == "fine":
        return drawn
    height, width = drawn.shape
    dpi = int(printer)
    dots = Image.fromarray(drawn).resize(
        (round(width * dpi / DRAWN), round(height * dpi / DRAWN)), Image.Resampling.BOX
    )
    black = dots.point(lambda level: 255 * (level >= 128))
    return np.asarray(black.resize((width, height), Image.Resampling.NEAREST))


def saved(grey: Grey, mode: str) -> Grey:
    """A picture as a scanner's setting saves it."""
    image = Image.fromarray(grey)
    if mode == "jpeg":
        data = io.BytesIO()
        image.save(data, "JPEG", quality=75)
        return np.asarray(Image.open(data))
    if mode in _THRESHOLDS:
        return np.where(grey < _THRESHOLDS[mode], 0, 255).astype(np.uint8)
    return np.asarray(image.convert("1").convert("L")) if mode == "dither" else grey


@dataclass
class Tally:
    """Labels by what was said of them."""

    right: int = 0
    alarms: list[str] = field(default_factory=list)
    wrong: int = 0
    found: int = 0
    told: int = 0
    silent: list[str] = field(default_factory=list)
    seen: int = 0
    judged: int = 0

    def add(self, shot: Shot, content: LabelContent, texts: int, wrong: str | None) -> None:
        """A label, and what was found of its texts."""
        said = "; ".join(fault.words for fault in content.faults if "text" in fault.fault.value)
        if shot.is_fair:
            self.seen += texts
            self.judged += texts - content.not_judged
        if wrong is None:
            self.right += 1
            self.alarms += [f"{said} ({shot})"] if said else []
            return
        self.wrong += 1
        self.found += bool(said)
        if not said:
            told = content.not_judged or content.doubtful
            self.told += bool(told)
            self.silent += [] if told else [f"{wrong} ({shot})"]


@dataclass
class Bench:
    """A factory with labels of each kind."""

    factory: Factory
    presses: dict[str, Press]

    @classmethod
    def build(cls, root: Path) -> Bench:
        """All of them."""
        factory = make_factory(root)
        factory.add(oob_bytes=16)
        for kind, template in TEMPLATES.items():
            factory.issue(LABELS, kind)
            factory.label(kind, template)
        scopes = {kind: "unit" if kind == "unit" else "package" for kind in KINDS}
        return cls(factory, {kind: Press.of(factory, kind, each=each) for kind, each in scopes.items()})

    def draw(self, kind: str, page: int, wrong: float, seed: int) -> tuple[Grey, dict[int, str]]:
        """A page, a share of its labels misspelt, and what was done to them by number."""
        random = np.random.default_rng([seed, page])
        spoilt: dict[int, str] = {}

        def change(package: int, row: LabelRow) -> LabelRow:
            if random.random() < wrong:
                row, spoilt[package] = spoil(row, random)
            return row

        drawn = self.presses[kind].page(page, DRAWN, change)
        upper = drawn[: round(150 * DRAWN / 25.4)]
        return (upper if kind == "sheet" else np.pad(drawn, PAD, constant_values=255)), spoilt

    def judge(self, shot: Shot, page: int, seed: int, tally: Tally) -> None:
        """Take a picture and judge its labels."""
        drawn, spoilt = self.draw(shot.kind, page, shot.wrong, seed)
        press = self.presses[shot.kind]
        where = shot.map(drawn, seed, 0 if shot.kind == "sheet" else PAD)
        grey = shot.take(drawn, seed)
        for number, content, texts in self._contents(shot, press, page, grey, where, seed):
            tally.add(shot, content, texts, spoilt.get(number))

    def _contents(
        self, shot: Shot, press: Press, page: int, grey: Grey, where: Floats, seed: int
    ) -> Iterator[tuple[int, LabelContent, int]]:
        """What is found of each label, with how many texts are on it."""
        numbers = list(press.label_file.packages_on(page))[:ON_SHEET]
        random = np.random.default_rng([seed, 2])
        boxes = {
            number: [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
            for number, (x, y, width, height) in zip(numbers, press.label_file.symbol_boxes_on(page), strict=False)
        }
        # What quick reading misses stronger means find, about so exactly.
        quads = {number: _quad(apply_homography(where, np.array(box)), random) for number, box in boxes.items()}
        with self.factory.ledger() as ledger:
            pages = WorkspaceLabels(self.factory.root).open(ledger)
            expected = pages.labels(press.label_file, numbers, range(len(numbers)))
            assert not isinstance(expected, str)
            texts = len(expected.labels[0].texts)
            if shot.kind == "unit":
                (number,) = numbers
                to_pixels = homography(boxes[number], quads[number])
                assert to_pixels is not None
                yield number, check_labels(grey, expected, [to_pixels])[0], texts
                return
            packages = {package.payload.encode(): package.number for package in ledger.packages.stream(shot.kind)}
            quads |= {packages[read.data]: read.quad for read in read_page(grey) if read.data in packages and read.quad}
            frame = frame_from_reads(list(quads.items()), [press.label_file], "") if len(quads) > 1 else None
            labels = [
                ReadLabel(number, quad, numbers.index(number) if frame else None) for number, quad in quads.items()
            ]
            found = ContentChecker(pages, ledger, shot.kind).check(grey, frame, labels).contents
            for label, content in zip(labels, found, strict=True):
                yield label.package, content, texts


def _quad(corners: Floats, random: Generator) -> Quad:
    a, b, c, d = (corners + random.normal(0, 0.25, (4, 2))).tolist()
    return ((a[0], a[1]), (b[0], b[1]), (c[0], c[1]), (d[0], d[1]))


def shots(count: int, seed: int, kinds: Sequence[str] = KINDS) -> Iterator[tuple[int, int, Shot]]:
    """Pictures of all sorts: their seed, page and how they are taken."""
    for at in range(count):
        random = np.random.default_rng([seed, at])
        kind = str(random.choice(kinds))
        page = 1 if kind == "sheet" else int(random.integers(LABELS)) + 1
        dpi = int(random.choice(DPIS))
        blur = float(random.choice(BLURS))
        yield (
            at,
            page,
            Shot(
                kind,
                dpi,
                str(random.choice(MODES)),
                blur,
                float(random.choice(NOISES)),
                str(random.choice(PRINTERS, p=(0.5, 0.25, 0.25))),
                float(random.choice((0.0, 0.1, 0.5))) if kind == "sheet" else float(random.choice((0.0, 0.5))),
            ),
        )


def run(bench: Bench, wanted: Sequence[tuple[int, int, Shot]]) -> Tally:
    """All of some pictures."""
    tally = Tally()
    for at, page, shot in wanted:
        bench.judge(shot, page, at, tally)
    return tally


if __name__ == "__main__":
    wanted, seed = (int(text) for text in [*sys.argv[1:3], "300", "1"][:2])
    with tempfile.TemporaryDirectory() as folder:
        print(run(Bench.build(Path(folder) / "w"), list(shots(wanted, seed, sys.argv[3:] or KINDS))))
