"""The labels of a label file as they were to be printed: drawn once more from the same template, facts and ledger rows,
with what is where on them.

`verify` asks for them through a protocol of its own, so it need not know how labels are drawn. What can't be drawn as
it was (the template or its artwork was changed since, or is not there any more) is not judged, and it is said why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from bss_mfg.core.units import MM_PER_INCH, POINTS_PER_INCH
from bss_mfg.errors import BssError
from bss_mfg.imaging.expected_content import Drawing, ExpectedLabels
from bss_mfg.label.code_search import find_labels
from bss_mfg.label.expected_places import ExpectedPlaces
from bss_mfg.label.from_workspace import DEFAULT_PRINTER, named_printer
from bss_mfg.label.layout.file_content import LabelFileContent
from bss_mfg.label.layout.label_rows import LabelRow, RowMaker
from bss_mfg.label.layout.page_layout import PageLayout, lay_out
from bss_mfg.label.layout.symbol_size import batch_symbol_size
from bss_mfg.label.template.loading import LoadedTemplate, load_template, template_from_text
from bss_mfg.label.template.printer import Printer
from bss_mfg.ledger.events import LabelFileEvent
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.model import Batch, FillOrder, LabelFile
from bss_mfg.workspace.product_fields import facts_in
from bss_mfg.workspace.workspace import Workspace

if TYPE_CHECKING:
    from bss_mfg.imaging.geometry import Grey

DRAWN_DPI = 300
_AROUND_MM = 3.0
"""Of paper around a drawing: as far as anything is compared with what is beside it."""
CHANGED = "the template has changed since these labels were made"
_NOT_DRAWN = "these labels can't be drawn as they were made: "


@dataclass(frozen=True, slots=True)
class WorkspaceLabels:
    """Labels as a workspace draws them; fit to travel to another process. What is found out of a label file once counts
    for all pages that are compared by the same one of these, for it is told apart by its `run`."""

    root: Path
    run: str = field(default_factory=lambda: uuid4().hex)

    def open(self, ledger: Ledger) -> LabelDrawer:
        """What draws the labels of a ledger's label files."""
        return LabelDrawer(self.root, ledger, _drawings_of(self))


class LabelDrawer:
    """Draws labels of label files again, page by page."""

    def __init__(self, root: Path, ledger: Ledger, drawings: dict[tuple[str, str], _Drawing]) -> None:
        """`drawings`: by batch and SHA-256 those of files that are known; others are added."""
        self._root, self._ledger, self._drawings = root, ledger, drawings
        self._not_drawn: dict[tuple[str, str], str] = {}
        self._events: dict[str, dict[tuple[str, str], LabelFileEvent]] = {}

    def labels(
        self, label_file: LabelFile, numbers: Sequence[int], places: Sequence[int], modules: bool = False
    ) -> ExpectedLabels | str:
        """Labels of a file by their numbers, each in a place (from 0) of its page; or why they can't be judged, in
        words. `modules`: codes are told with where their modules lie."""
        drawing = self._known_drawing(label_file)
        return drawing if isinstance(drawing, str) else drawing.labels(self._ledger, numbers, places, modules)

    def find(self, label_file: LabelFile, texts: Sequence[str]) -> dict[str, int]:
        """Of codes' texts those that one label alone of a file's kind has, with its number."""
        drawing = self._known_drawing(label_file)
        return {} if isinstance(drawing, str) else find_labels(drawing.maker, self._ledger, texts)

    def _known_drawing(self, label_file: LabelFile) -> _Drawing | str:
        key = (label_file.batch, label_file.sha256)
        if known := self._drawings.get(key) or self._not_drawn.get(key):
            return known
        try:
            found = self._drawing(label_file)
        except BssError as error:
            found = f"{_NOT_DRAWN}{error}"
        if isinstance(found, str):
            self._not_drawn[key] = found
        else:
            self._drawings[key] = found
        return found

    def _drawing(self, label_file: LabelFile) -> _Drawing | str:
        if label_file.each == "batch":
            return "a label for the whole batch is not compared"
        event = self._event(label_file)
        if event is None:
            return f"{_NOT_DRAWN}the history does not say how"
        workspace = Workspace.find(str(self._root), self._root, {})
        template = self._template(workspace, event.template, label_file.template_digest)
        if template is None:
            return CHANGED
        batch = self._ledger.batches.get(label_file.batch)
        batch = replace(batch, facts=facts_in(batch.facts, event.language))
        printer = named_printer(workspace, event.printer or DEFAULT_PRINTER)
        drawing = _drawing(_Making.of(str(self._root), template, printer, batch, event.order, label_file.each))
        if drawing.maker.layout.symbol_boxes() != label_file.symbol_boxes:
            return f"the printer {printer.name} has changed since these labels were made"
        return drawing

    def _event(self, label_file: LabelFile) -> LabelFileEvent | None:
        if label_file.batch not in self._events:
            self._events[label_file.batch] = {
                (made.file.file, made.file.sha256): made.event
                for made in self._ledger.prints.made_files(label_file.batch)
            }
        return self._events[label_file.batch].get((label_file.file, label_file.sha256))

    def _template(self, workspace: Workspace, name: str, digest: str) -> LoadedTemplate | None:
        """The template as it was: as it is by now, or with the text that the ledger keeps; None where its artwork or
        fonts were changed, too."""
        try:
            path = workspace.template_file(name)
        except BssError:
            path = workspace.templates_folder / f"{name}.toml"
        for text in (None, self._ledger.prints.template_text(digest)):
            try:
                template = load_template(path) if text is None else template_from_text(text, path)
            except BssError:
                continue
            if template.digest == digest:
                return template
        return None


@lru_cache(maxsize=2)
def _drawings_of(_labels: WorkspaceLabels) -> dict[tuple[str, str], _Drawing]:
    """Where the drawings of one run are kept, from task to task: to look for a template, and whether it is as it was,
    takes half as long as to compare a small label."""
    return {}


@dataclass(frozen=True, slots=True)
class _Making:
    """All that says how labels are made."""

    key: tuple[object, ...]
    template: LoadedTemplate = field(compare=False)
    printer: Printer
    batch: Batch = field(compare=False)
    order: FillOrder
    each: str

    @classmethod
    def of(
        cls, root: str, template: LoadedTemplate, printer: Printer, batch: Batch, order: FillOrder, each: str
    ) -> _Making:
        """How a template's labels are made of a batch."""
        facts = tuple(sorted(batch.facts.items()))
        key = (root, template.digest, batch.id, batch.created_at, batch.packages, batch.key_fingerprint, facts)
        return cls(key, template, printer, batch, order, each)


@lru_cache(maxsize=3)
def _drawing(making: _Making) -> _Drawing:
    """How labels are drawn, kept from file to file: to find it out takes longer than to read a page."""
    template, batch = making.template, making.batch
    modules = batch_symbol_size(batch) if making.each == "package" else 0
    layout = lay_out(template, making.printer, modules, batch.stage, batch.units_per_package, order=making.order)
    return _Drawing(RowMaker(layout, batch))


class _Drawing:
    """How the labels of some files are drawn."""

    def __init__(self, maker: RowMaker) -> None:
        self.maker = maker
        self._places = {modules: ExpectedPlaces(maker.layout, modules) for modules in (False, True)}
        self._first: Drawing | None = None

    def labels(
        self, ledger: Ledger, numbers: Sequence[int], places: Sequence[int], modules: bool
    ) -> ExpectedLabels | str:
        """Some labels in their places; words where their texts can't be drawn."""
        distinct = sorted(set(numbers))
        try:
            rows = dict(zip(distinct, self.maker.rows(ledger, distinct), strict=True))
            if self._first is None:  # the same whichever are asked for
                (row,) = self.maker.rows(ledger, [1])
                self._first = draw(self.maker.layout, 1, row)
            label = self._places[modules].label
            labels = tuple(label(number, at, rows[number]) for number, at in zip(numbers, places, strict=True))
        except BssError as error:
            return f"{_NOT_DRAWN}{error}"
        return ExpectedLabels(labels, self._first)


def draw(layout: PageLayout, number: int, row: LabelRow) -> Drawing:
    """A label at the first place of its page."""
    import numpy as np

    red, grey = _pictures(LabelFileContent("", layout, (row,), 1, "mask"))
    around, scale = round(_AROUND_MM * DRAWN_DPI / MM_PER_INCH), DRAWN_DPI / MM_PER_INCH
    to_pixels = np.array([[scale, 0.0, 0.0], [0.0, scale, 0.0], [around, around, 1.0]])
    red, grey = (np.pad(light, around, constant_values=255) for light in (red, grey))
    return Drawing(red, grey, to_pixels, ExpectedPlaces(layout).label(number, 0, row))


def _pictures(content: LabelFileContent) -> tuple[Grey, Grey]:
    """The first page of a label file in red and in grey light: a PDF through pdfium, else the printer's own dots."""
    import numpy as np
    from PIL import Image

    if content.layout.printer.language == "pdf":
        import pypdfium2

        from bss_mfg.label.render.pdf import render_pdf
        from bss_mfg.label.render.pdf_finish import finish_pdf

        document = pypdfium2.PdfDocument(finish_pdf(render_pdf(content), content))
        pixels = document[0].render(scale=DRAWN_DPI / POINTS_PER_INCH, rev_byteorder=True).to_numpy()[..., :3]
        drawn = Image.fromarray(np.array(pixels))
        document.close()
        return np.asarray(drawn.getchannel("R")), np.asarray(drawn.convert("L"))
    from bss_mfg.label.render.turned_pages import turned_pages

    dots = next(turned_pages(content))
    size = [round(side * DRAWN_DPI / MM_PER_INCH) for side in content.layout.grid.page_mm]
    how = Image.Resampling.BOX if dots.shape[1] >= size[0] else Image.Resampling.BILINEAR
    grey = np.asarray(Image.fromarray(np.where(dots, 0, 255).astype(np.uint8)).resize((size[0], size[1]), how))
    return grey, grey
