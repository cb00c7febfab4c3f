"""Whether what labels say fits: their texts and codes, row by row."""

from __future__ import annotations

from collections.abc import Set

from bss_mfg.core.languages import as_phrase
from bss_mfg.errors import InputError
from bss_mfg.label.layout.codes import CodePlan
from bss_mfg.label.layout.findings import DesignFindingKind, DesignFindings
from bss_mfg.label.layout.geometry import place_elements
from bss_mfg.label.layout.ink import InkRoom
from bss_mfg.label.layout.label_rows import LabelRow
from bss_mfg.label.layout.page_layout import PageLayout
from bss_mfg.label.layout.texts import TextChecker, check_text
from bss_mfg.label.layout.texts_on_artwork import TextsOnArtwork


class RowChecker:
    """Checks the rows of one layout. It remembers which sizes of codes it has checked: labels share a few."""

    def __init__(self, layout: PageLayout, findings: DesignFindings) -> None:
        self._layout, self._findings = layout, findings
        self._checked_sizes: set[tuple[int, int, int, int]] = set()
        self._room = InkRoom.of(layout.template, place_elements(layout.template, layout.units_per_package))
        self._texts = [TextChecker(layout.template, plan, findings, self._room) for _, plan in layout.texts]
        self._on_artwork = TextsOnArtwork(layout, findings)

    def check_fixed_texts(self) -> None:
        """Note what is wrong with texts that are the same on every label."""
        for plan, text in self._layout.fixed_texts:
            check_text(self._layout.template, plan, text, self._findings, self._room)

    def check(self, row: LabelRow, skip_texts_of: Set[int | None] = frozenset()) -> None:
        """Note what is wrong with the texts and codes of one label, but for the texts of some elements."""
        layout = self._layout
        for checker, text in zip(self._texts, row.texts, strict=True):
            if text and checker.plan.element_index not in skip_texts_of:
                checker.check(text)
        for number, (code, text) in enumerate(zip(layout.codes, row.codes, strict=True)):
            if text:
                self._check_code(number, code, text)
        self._on_artwork.check(row)

    def check_other_conditions(self, row: LabelRow) -> None:
        """Note what would be wrong with the texts of a label on others, on which other conditions hold."""
        self._on_artwork.check(row, all_conditions=True)

    def _check_code(self, number: int, code: CodePlan, text: str) -> None:
        try:
            encoded = code.encode(text)
        except InputError as error:
            self._findings.error(
                DesignFindingKind.NOT_ENCODABLE,
                code.placed_element.index,
                as_phrase(error.what),
                as_phrase(error.way_out),
                "text",
            )
            return
        size = (number, encoded.matrix.columns, encoded.matrix.rows, encoded.quiet_zone)
        if size not in self._checked_sizes:
            self._checked_sizes.add(size)
            code.check(encoded, self._layout.grid, self._findings)
