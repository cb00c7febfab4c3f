"""Poor pictures of labels: right texts are never called wrong in them, and no wrong one passes without a word.

Labels are printed and scanned by a model: at resolutions from 150 to 600 dpi, in grey, as JPEG, in black and white (by a
threshold or dithered), blurred and noisy, as sheets, single labels of a roll, and labels of units. As a script:

    python -m tests.independent.content.poor_pictures [PICTURES] [SEED] [KIND]
"""

from __future__ import annotations

import io
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bss_mfg.imaging.geometry import apply_homography, homography
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
LABELS, DRAWN, PAD = 24, 600, 60
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
    dots = Image.fromarray(drawn).resize((round(width * dpi / DRAWN), round(height * dpi / DRAWN)), Image.Resampling.BOX)
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
    judged: Counter[tuple[str, str]] = field(default_factory=Counter)
    seen: Counter[tuple[str, str]] = field(default_factory=Counter)
    texts: int = 0

    def add(self, shot: Shot, content: LabelContent, texts: int, wrong: str | None) -> None:
        """A label and what was found of it."""
        said = "; ".join(fault.words for fault in content.faults if "text" in fault.fault.value)
        for key in (("mode", shot.mode), ("dpi", str(shot.dpi)), ("blur", str(shot.blur)), ("printer", shot.printer),
                    ("kind", shot.kind)):
            self.seen[key] += texts
            self.judged[key] += texts - content.not_judged
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

    def __post_init__(self) -> None:
        self._press = {
            kind: Press.of(self.factory, kind, each="unit" if kind == "unit" else "package") for kind in KINDS
        }
        self._drawn = lru_cache(maxsize=4)(self._draw)

    @classmethod
    def build(cls, root: Path) -> Bench:
        """All of them."""
        factory = make_factory(root)
        factory.add(oob_bytes=16)
        for kind, template in TEMPLATES.items():
            factory.issue(LABELS, kind)
            factory.label(kind, template)
        return cls(factory)

    def _draw(self, kind: str, page: int, wrong: float, seed: int) -> tuple[Grey, dict[int, str]]:
        random, spoilt = np.random.default_rng([seed, page]), {}

        def change(package: int, row: LabelRow) -> LabelRow:
            if random.random() < wrong:
                row, spoilt[package] = spoil(row, random)
            return row

        drawn = self._press[kind].page(page, DRAWN, change)
        if kind == "sheet":
            drawn = drawn[: round(150 * DRAWN / 25.4)]
        else:
            drawn = np.pad(drawn, PAD, constant_values=255)
        return drawn, spoilt

    def judge(self, shot: Shot, page: int, seed: int, tally: Tally) -> None:
        """Take a picture and judge its labels."""
        drawn, spoilt = self._drawn(shot.kind, page, shot.wrong, seed % 7)
        press = self._press[shot.kind]
        where = shot.map(drawn, seed, 0 if shot.kind == "sheet" else PAD)
        grey = shot.take(drawn, seed)
        for number, content, texts in self._contents(shot, press, page, grey, where, seed):
            tally.add(shot, content, texts, spoilt.get(number))

    def _contents(
        self, shot: Shot, press: Press, page: int, grey: Grey, where: Floats, seed: int
    ) -> Iterator[tuple[int, LabelContent, int]]:
        numbers = list(press.label_file.packages_on(page))
        boxes = press.label_file.symbol_boxes_on(page)
        if shot.kind == "sheet":
            numbers = numbers[:12]
        random = np.random.default_rng([seed, 2])
        with self.factory.ledger() as ledger:
            pages = WorkspaceLabels(self.factory.root).open(ledger)
            packages = {package.payload.encode(): package.number for package in ledger.packages.stream(shot.kind)}
            seen = {packages[read.data]: read.quad for read in read_page(grey) if read.data in packages and read.quad}
            for number, (x, y, width, height) in zip(numbers, boxes, strict=False):
                corners = np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]])
                quad = apply_homography(where, corners) + random.normal(0, 0.25, (4, 2))
                seen.setdefault(number, tuple(map(tuple, quad.tolist())))
            if shot.kind == "unit":
                expected = pages.labels(press.label_file, numbers, [0])
                x, y, width, height = boxes[0]
                corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
                to_pixels = homography(corners, seen[numbers[0]])
                (content,) = check_labels(grey, expected, [to_pixels])
                yield numbers[0], content, len(expected.labels[0].texts)
                return
            contents = ContentChecker(pages, ledger, shot.kind)
            reads = list(seen.items())
            frame = frame_from_reads(reads, [press.label_file], "") if len(reads) > 1 else None
            labels = [ReadLabel(number, quad, numbers.index(number) if frame else None) for number, quad in reads]
            for label, content in zip(labels, contents.check(grey, frame, labels).contents, strict=True):
                yield label.package, content, 5


def shots(count: int, seed: int, kinds: Sequence[str] = KINDS) -> Iterator[tuple[int, int, Shot]]:
    """Pictures of all sorts: their seed, page and how they are taken."""
    for at in range(count):
        random = np.random.default_rng([seed, at])
        kind = str(random.choice(kinds))
        page = 1 if kind == "sheet" else int(random.integers(LABELS)) + 1
        dpi = int(random.choice(DPIS))
        blur = float(random.choice(BLURS))
        yield at, page, Shot(
            kind,
            dpi,
            str(random.choice(MODES)),
            blur,
            float(random.choice(NOISES)),
            str(random.choice(PRINTERS, p=(0.5, 0.25, 0.25))),
            float(random.choice((0.0, 0.1, 0.5))) if kind == "sheet" else float(random.choice((0.0, 0.5))),
        )


def run(bench: Bench, wanted: Sequence[tuple[int, int, Shot]]) -> Tally:
    """All of some pictures."""
    tally = Tally()
    for at, page, shot in wanted:
        bench.judge(shot, page, at, tally)
    return tally


if __name__ == "__main__":
    import time

    wanted, seed = (int(text) for text in [*sys.argv[1:3], "300", "1"][:2])
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench.build(Path(folder) / "w")
        start = time.process_time()
        tally = run(bench, list(shots(wanted, seed, sys.argv[3:] or KINDS)))
        print(f"{time.process_time() - start:.1f} s")
        print(f"right {tally.right}, alarms {len(tally.alarms)}; wrong {tally.wrong}, found {tally.found}, told {tally.told}, silent {len(tally.silent)}")
        for key in sorted(tally.seen):
            print(key, f"{tally.judged[key] / max(tally.seen[key], 1):.2f} of {tally.seen[key]}")
        by = Counter()
        for line in tally.alarms:
            print("ALARM", line)
        for line in tally.silent:
            print("SILENT", line)
