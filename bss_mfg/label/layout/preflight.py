"""Before 10,000 labels: does the longest payload fit this template on this printer, and what would the next size do?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bss_mfg.core.languages import phrase
from bss_mfg.errors import InputError
from bss_mfg.label.layout.contrast import contrast
from bss_mfg.label.layout.design_check import CheckedDesign
from bss_mfg.label.layout.findings import DesignFindingKind, DesignFindings
from bss_mfg.label.layout.geometry import place_elements
from bss_mfg.label.layout.page_layout import PageLayout, lay_out
from bss_mfg.label.layout.texts import TextPlan
from bss_mfg.label.template.symbol_elements import DataMatrix
from bss_mfg.label.type.markup import without_switches
from bss_mfg.symbol import SQUARE_SIZES, data_matrix


@dataclass(frozen=True, slots=True)
class SymbolFacts:
    """A Data Matrix as it would be printed, rounded as it is reported: modules to 0.1 µm, other lengths to 1 µm,
    contrast to 1 %."""

    modules: int
    module_dots_x: int
    module_dots_y: int
    module_x_mm: float
    module_y_mm: float
    width_mm: float
    height_mm: float
    quiet_zone_mm: float
    room_mm: float
    contrast: float
    characters_to_spare: int


@dataclass(frozen=True, slots=True)
class PrintedText:
    """A text as it comes out: its element (from 0), its font, the template's and the printed size in points, and on
    how many lines it is."""

    element_index: int
    text: str
    font: str
    size: float
    printed_size: float
    lines: int


@dataclass(frozen=True, slots=True)
class NextSize:
    """What the next larger Data Matrix would be: `modules` a side (0: there is none), and either the dots and mm of a
    module or why it would not print."""

    modules: int = 0
    module_dots_x: int = 0
    module_x_mm: float = 0.0
    problem: str = ""

    def __str__(self) -> str:
        """The fact as a line for people."""
        if not self.modules:
            return "this is the largest Data Matrix"
        if self.problem:
            return f"{self.modules}x{self.modules} modules would not print: {self.problem}"
        return (
            f"{self.modules}x{self.modules} modules would have {self.module_dots_x} dots ({self.module_x_mm:.3f} mm) "
            "each"
        )


@dataclass(frozen=True, slots=True)
class Preflight:
    """The outcome: the checked design, and facts of its symbol and of the next size (None where a label has none)."""

    design: CheckedDesign
    symbol: SymbolFacts | None
    next_size: NextSize | None

    @property
    def prints(self) -> bool:
        """Whether everything will print."""
        return not self.design.findings.errors

    def record(self) -> dict[str, Any]:
        """As plain data, for `--json`."""
        layout, findings = self.design.layout, self.design.findings
        printer, media = layout.printer.as_printed(), layout.template.definition.media
        return {
            "prints": self.prints,
            "subject": self.design.example.title,
            "template": layout.template.name,
            "printer": {
                "name": printer.name,
                "language": printer.language,
                "dots_per_mm": [round(printer.dots_per_mm_x, 4), round(printer.dots_per_mm_y, 4)],
            },
            "media": {
                "name": media.use,
                "label_mm": [media.label_width, media.label_height],
                "labels_per_page": len(layout.places),
            },
            "payload_characters": self.design.example.longest_payload,
            "symbol": None
            if self.symbol is None
            else {
                "modules": self.symbol.modules,
                "dots_per_module": [self.symbol.module_dots_x, self.symbol.module_dots_y],
                "module_mm": [self.symbol.module_x_mm, self.symbol.module_y_mm],
                "size_mm": [self.symbol.width_mm, self.symbol.height_mm],
                "quiet_zone_mm": self.symbol.quiet_zone_mm,
                "room_mm": self.symbol.room_mm,
                "contrast": self.symbol.contrast,
                "characters_to_spare": self.symbol.characters_to_spare,
            },
            "next_size": str(self.next_size or ""),
            "texts": [
                {
                    "element": text.element_index + 1,
                    "text": text.text,
                    "font": text.font,
                    "size": text.size,
                    "printed_size": text.printed_size,
                    "lines": text.lines,
                }
                for text in self.texts()
            ],
            "findings": [
                {"severity": item.severity, "where": str(item.where), "what": item.what, "way_out": item.way_out}
                for item in findings.items
            ],
        }

    def texts(self) -> list[PrintedText]:
        """How the longest case's texts come out, in the elements' order."""
        layout = self.design.layout
        row = self.design.rows["longest"]
        pairs = list(layout.fixed_texts)
        pairs += [(plan, text) for (_, plan), text in zip(layout.texts, row.texts, strict=True) if text]
        return [
            _printed_text(layout, plan, text) for plan, text in sorted(pairs, key=lambda pair: pair[0].element_index)
        ]


def _printed_text(layout: PageLayout, plan: TextPlan, text: str) -> PrintedText:
    style = plan.style
    size, lines = plan.fit(text, layout.template.font(style.font))
    fonts = style.font if isinstance(style.font, str) else ", ".join(style.font)
    return PrintedText(plan.element_index, without_switches(text), fonts, style.size, size, len(lines))


def preflight(design: CheckedDesign) -> Preflight:
    """Facts and findings of an example that was laid out."""
    layout = design.layout
    plan = layout.symbol
    if plan is None:
        return Preflight(design, None, None)
    printer = layout.printer
    elements = place_elements(layout.template, design.example.batch.units_per_package)
    element = next(item for item in elements if isinstance(item.element, DataMatrix))
    module_x = plan.module_dots_x / printer.scaled_dots_per_mm_x
    module_y = plan.module_dots_y / printer.scaled_dots_per_mm_y
    facts = SymbolFacts(
        modules=plan.columns,
        module_dots_x=plan.module_dots_x,
        module_dots_y=plan.module_dots_y,
        module_x_mm=round(module_x, 4),
        module_y_mm=round(module_y, 4),
        width_mm=round(plan.columns * plan.module_dots_x / printer.scaled_dots_per_mm_x, 3),
        height_mm=round(plan.rows * plan.module_dots_y / printer.scaled_dots_per_mm_y, 3),
        quiet_zone_mm=round(plan.quiet_zone * plan.module_dots_x / printer.scaled_dots_per_mm_x, 3),
        room_mm=element.rect.width,
        contrast=round(contrast(layout.template, element, elements, printer), 2),
        characters_to_spare=_characters_to_spare(design),
    )
    if abs(module_x - module_y) > 1e-9:
        design.findings.warning(
            DesignFindingKind.MODULES_NOT_SQUARE,
            element.index,
            phrase(
                "modules are {width:.4f} x {height:.4f} mm: the nearest to square that whole dots of {across:.4g} x "
                "{down:.4g} dots/mm give",
                width=module_x,
                height=module_y,
                across=printer.dots_per_mm_x,
                down=printer.dots_per_mm_y,
            ),
            phrase("A difference of up to one dot needs no action."),
        )
    return Preflight(design, facts, _next_size(design))


def _characters_to_spare(design: CheckedDesign) -> int:
    """How many more characters the longest payload may have in a symbol of this size."""
    text = design.example.cases["longest"].payload
    low, high = 0, 2000
    while low < high:
        middle = (low + high + 1) // 2
        try:
            data_matrix((text + "aZ9" * (middle // 3 + 1))[: len(text) + middle].encode(), design.example.modules)
            low = middle
        except InputError:
            high = middle - 1
    return low


def _next_size(design: CheckedDesign) -> NextSize:
    """What the next symbol size would mean."""
    larger = next((size for size in SQUARE_SIZES if size > design.example.modules), None)
    if larger is None:
        return NextSize()
    layout, batch = design.layout, design.example.batch
    findings = DesignFindings(layout.template)
    printer = layout.printer.as_printed()
    plan = lay_out(layout.template, printer, larger, batch.stage, batch.units_per_package, findings).symbol
    # What is wrong with today's size, too, does not come with the next one.
    new = [finding for finding in findings.errors if finding not in design.findings.items]
    if new or plan is None:
        return NextSize(larger, problem=new[0].what if new else "it has no place")
    return NextSize(larger, plan.module_dots_x, plan.module_dots_x / layout.printer.scaled_dots_per_mm_x)
