"""Codes with a text of the designer's: what each text becomes, how large it is drawn, and of which parts."""

from __future__ import annotations

from dataclasses import dataclass

from bss_mfg import barcodes, gs1
from bss_mfg.label.layout.code_parts import BEARER_MODULES, EncodedText, draw_code
from bss_mfg.label.layout.code_sizes import check_code_size
from bss_mfg.label.layout.findings import DesignFindings
from bss_mfg.label.layout.geometry import PlacedElement
from bss_mfg.label.layout.page_grid import PageGrid
from bss_mfg.label.layout.symbol_fit import SymbolPlan, SymbolRoom, fit_symbol
from bss_mfg.label.template.expressions import CompiledText, Condition, Values
from bss_mfg.label.template.printer import Printer
from bss_mfg.label.template.symbol_elements import (
    Bars,
    Code128,
    DataMatrixText,
    EanUpc,
    Gs1DataMatrix,
    Gs1DigitalLink,
    Gs1128,
    Itf14,
    MatrixSymbol,
    TextCode,
)
from bss_mfg.model import Rect
from bss_mfg.symbol import Matrix

LIGHT_MARGINS = {8: (7, 7), 12: (9, 9), 13: (11, 7)}
"""Modules kept free before and after a retail code of so many digits (GS1 General Specifications, 5.2.3.4)."""


@dataclass(frozen=True, slots=True)
class VariableSlot:
    """What changes from label to label at one place: its text, its condition, the unit (from 0) that it is about."""

    text: CompiledText
    when: Condition | None
    unit: int | None

    @property
    def names(self) -> frozenset[str]:
        """The values that it depends on."""
        return self.text.names | ({self.when.name} if self.when else frozenset())

    def is_constant(self, constants: Values) -> bool:
        """Whether it is the same on every label where these values are."""
        return self.unit is None and self.names <= constants.keys()


@dataclass(frozen=True, slots=True)
class CodeCaption(CompiledText):
    """The plain text of bars: what they encode, as their standard has it printed."""

    element: Bars

    def fill(self, values: Values) -> str:
        """The text of one label; what can't be encoded stays as it is, and is found where the code is made."""
        text = CompiledText.fill(self, values)
        element = self.element
        try:
            if isinstance(element, Itf14):
                text = gs1.carton_gtin(text, element.indicator)
            elif isinstance(element, Gs1128):
                text = gs1.element_text(gs1.read_element_string(text))
        except ValueError:
            pass
        return element.prefix + text if text else ""


@dataclass(frozen=True, slots=True)
class CodePlan:
    """A code: drawn in `area` (mm on the label, caption excluded) once its modules are known. `modules_below` is what
    bars leave to the digits between their guard bars, in modules."""

    placed_element: PlacedElement
    slot: VariableSlot
    area: Rect
    modules_below: float = 0.0

    @property
    def rotate(self) -> int:
        """Quarter turns clockwise, in degrees."""
        return self._element.rotate

    @property
    def _element(self) -> TextCode:
        element = self.placed_element.element
        assert isinstance(element, TextCode)  # noqa: S101  (for the type checker)
        return element

    def matrix(self, text: str) -> Matrix:
        """The modules of a text, before rotation."""
        element = self._element
        if isinstance(element, Code128):
            return barcodes.code_128(text)
        if isinstance(element, EanUpc):
            return barcodes.retail_code(text)
        if isinstance(element, Itf14):
            return barcodes.itf_14(text, element.indicator)[1]
        if isinstance(element, Gs1128):
            return barcodes.gs1_128(text)[1]
        if isinstance(element, Gs1DataMatrix):
            return barcodes.gs1_data_matrix(text)
        if isinstance(element, DataMatrixText):
            return barcodes.data_matrix_of_text(text, element.shape)
        if isinstance(element, Gs1DigitalLink):
            return barcodes.digital_link(text, element.level)
        return barcodes.qr(text, element.level)

    def encode(self, text: str) -> EncodedText:
        """A text as modules; `InputError` where it can't be encoded."""
        return EncodedText(text, self.matrix(text), *self._quiet_zones(len(text)))

    def _quiet_zones(self, characters: int) -> tuple[int, int]:
        element = self._element
        quiet = element.quiet_zone
        if isinstance(element, EanUpc) and element.has_digits_between_guards:
            before, after = LIGHT_MARGINS.get(characters, (quiet, quiet))
            return max(before, quiet), max(after, quiet)
        if isinstance(element, Itf14) and element.bearer == "frame":
            quiet += BEARER_MODULES
        return quiet, quiet

    def fit(self, encoded: EncodedText, grid: PageGrid, findings: DesignFindings) -> SymbolPlan:
        """How a text's modules are drawn: the largest that fit the area."""
        return fit_symbol(self._room(encoded), grid, findings)

    def check(self, encoded: EncodedText, grid: PageGrid, findings: DesignFindings) -> None:
        """Note what is wrong with how a text is drawn: too large for its area, or not as its standard wants it."""
        room = self._room(encoded)
        plan = fit_symbol(room, grid, findings)
        check_code_size(self._element, encoded.text, room, plan, grid.printer, findings)

    def _room(self, encoded: EncodedText) -> SymbolRoom:
        element, matrix = self._element, encoded.matrix
        return SymbolRoom(
            self.placed_element.index,
            self.area,
            matrix.columns,
            matrix.rows,
            element.x_dimension,
            encoded.quiet_zone,
            element.rotate,
            encoded.quiet_after,
            self.modules_below,
            element.anchor if isinstance(element, MatrixSymbol) else "center",
        )

    def draw(self, encoded: EncodedText, plan: SymbolPlan, printer: Printer) -> list[tuple[SymbolPlan, Matrix]]:
        """The parts of a code that was fitted, turned as they are printed."""
        return draw_code(self._element, encoded, plan, printer)
