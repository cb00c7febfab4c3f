"""What the ink of texts covers: ascenders, accents and descenders reach beyond a text's place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bss_mfg.core.languages import Phrase, phrase
from bss_mfg.label.layout.checks import LabelAreas
from bss_mfg.label.layout.findings import DesignFindingKind, DesignFindings
from bss_mfg.label.layout.geometry import PlacedElement, is_inside, overlap
from bss_mfg.label.template.loading import LoadedTemplate
from bss_mfg.label.template.symbol_elements import SymbolElement
from bss_mfg.model import Rect


@dataclass(frozen=True, slots=True)
class InkRoom:
    """Where the ink of texts may be, in mm from the label's top left corner: on the label, inside `safe`, clear of the
    symbols (element from 0, kind, place with quiet zone) and of the SAMPLE mark."""

    areas: LabelAreas
    safe_mm: float
    symbols: tuple[tuple[int, str, Rect], ...]

    @classmethod
    def of(cls, template: LoadedTemplate, elements: Sequence[PlacedElement]) -> InkRoom:
        """The room on a template's label."""
        return cls(
            LabelAreas.of(template.definition),
            template.definition.media.safe,
            tuple(
                (item.index, item.element.kind, item.rect)
                for item in elements
                if isinstance(item.element, SymbolElement)
            ),
        )

    def is_clear(self, element: int, rect: Rect) -> bool:
        """Whether ink in a rectangle touches nothing that it may not touch."""
        sample = self.areas.sample_mark
        return (
            is_inside(rect, self.areas.safe)
            and not (sample and overlap(rect, sample))
            and not any(index != element and overlap(rect, symbol) for index, _, symbol in self.symbols)
        )

    def check(self, element: int, text: str, ink: Iterable[Rect], findings: DesignFindings) -> None:
        """Note where the ink of an element's text is that it may not be, once a kind."""
        known = {(item.kind, item.element_index) for item in findings.items}

        def is_new(kind: DesignFindingKind) -> bool:
            return (kind, element) not in known

        label, sample = self.areas.label, self.areas.sample_mark
        for rect in ink:
            shown: dict[str, object] = {"text": repr(text[:60]), "place": _place(rect)}
            for index, kind, symbol in self.symbols:
                if index != element and overlap(rect, symbol) and is_new(DesignFindingKind.ON_SYMBOL):
                    findings.error(
                        DesignFindingKind.ON_SYMBOL,
                        element,
                        phrase(
                            "the text {text} reaches onto the {kind} symbol or its quiet zone ({place}, with ascenders "
                            "and descenders)",
                            kind=kind,
                            **shown,
                        ),
                        phrase("Move one of them, or set a smaller size."),
                    )
                    return
            if not is_inside(rect, label) and is_new(DesignFindingKind.OUTSIDE_LABEL):
                findings.error(
                    DesignFindingKind.OUTSIDE_LABEL,
                    element,
                    phrase(
                        "the text {text} covers {place}, with ascenders and descenders, and reaches outside the label "
                        "of {width:g} x {height:g} mm",
                        width=label.width,
                        height=label.height,
                        **shown,
                    ),
                    phrase("Move it inwards, or set a smaller size."),
                )
                return
            if not is_inside(rect, self.areas.safe) and is_new(DesignFindingKind.NEAR_EDGE):
                findings.warning(
                    DesignFindingKind.NEAR_EDGE,
                    element,
                    phrase(
                        "is nearer than {safe:g} mm to the label's edge: a printer that is off by that cuts it",
                        safe=self.safe_mm,
                    ),
                    phrase("Move it inwards, or set safe in [media]."),
                )
            if sample and overlap(rect, sample) and is_new(DesignFindingKind.ON_SAMPLE_MARK):
                findings.warning(
                    DesignFindingKind.ON_SAMPLE_MARK,
                    element,
                    phrase("lies on the SAMPLE mark of development labels"),
                    phrase("Move one of them."),
                )


def _place(rect: Rect) -> Phrase:
    return phrase(
        "{x:.1f}, {y:.1f} to {right:.1f}, {bottom:.1f} mm", x=rect.x, y=rect.y, right=rect.right, bottom=rect.bottom
    )
