"""Whether texts can be seen on the paper and the filled boxes that they lie on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bss_mfg.core.languages import Phrase, phrase
from bss_mfg.label.layout.black_or_white import prints_black
from bss_mfg.label.layout.conditions import telling_values
from bss_mfg.label.layout.contrast import reflectance
from bss_mfg.label.layout.findings import DesignFindingKind, DesignFindings
from bss_mfg.label.layout.geometry import PlacedElement, overlap
from bss_mfg.label.layout.panels import grounds
from bss_mfg.label.template.expressions import compile_condition, compile_text
from bss_mfg.label.template.printer import Printer
from bss_mfg.label.template.shape_elements import Box, Image
from bss_mfg.label.template.text_element import TextElement

VISIBLE = 0.1
"""Difference in reflectance that a text needs from its ground."""


def check_text_shows(
    at: int, element: TextElement, elements: Sequence[PlacedElement], printer: Printer, findings: DesignFindings
) -> None:
    """A text differs from its ground: on PDF printers in reflectance, on printers of black dots in black and white. On
    artwork it depends on where in its place a text is: that is judged label by label (`texts_on_artwork`)."""
    item = elements[at]
    under = grounds(at, elements)
    lowest = max((number for number in under if not elements[number].element.when), default=0)
    if any(isinstance(other.element, Image) and overlap(other.rect, item.rect) for other in elements[lowest:at]):
        return
    for ground, when in _possible_grounds(element, [elements[number] for number in under]):
        if printer.language == "pdf":
            if abs(reflectance(element.color) - reflectance(ground)) < VISIBLE:
                findings.warning(
                    DesignFindingKind.UNSEEN_TEXT,
                    item.index,
                    phrase(
                        "a text in {color} can hardly be seen on {ground}{when}",
                        color=element.color,
                        ground=ground,
                        when=when,
                    ),
                    phrase("Change one of the colours."),
                )
                return
        elif prints_black(element.color) == prints_black(ground):
            colours: dict[str, object] = {"color": element.color, "ground": ground, "when": when}
            findings.error(
                DesignFindingKind.UNSEEN_TEXT,
                item.index,
                phrase("a text in {color} on {ground} is black on black at a printer of black dots{when}", **colours)
                if prints_black(element.color)
                else phrase(
                    "a text in {color} on {ground} is white on white at a printer of black dots{when}", **colours
                ),
                phrase(
                    "Change one of the colours: what is darker than half is printed, all else is left white. Or give "
                    "the text the panel's `when`."
                )
                if when
                else phrase("Change one of the colours: what is darker than half is printed, all else is left white."),
                "color",
            )
            return


def _possible_grounds(text: TextElement, panels: Sequence[PlacedElement]) -> Iterator[tuple[str, str | Phrase]]:
    """The colours that a text is on, by which of the panels under it are drawn together with it, and in words when
    that is. What different names say is taken as independent."""
    conditions = [compile_condition(item.element.when) for item in panels if item.element.when]
    own = [compile_condition(text.when)] if text.when else []
    values = {one.name: telling_values(one.name, [*conditions, *own]) for one in [*conditions, *own]}
    for one in own:
        values[one.name] = [value for value in values[one.name] if one.holds({one.name: value})]
    tokens = compile_text(text.text).tokens
    if len(tokens) == 1 and not isinstance(tokens[0], str):  # an empty value is no text
        name = tokens[0][0]
        values = {**values, name: [value for value in values.get(name, []) if value != ""]}
    left_off = False
    for item in reversed(panels):
        panel = item.element
        assert isinstance(panel, Box)  # noqa: S101  (for the type checker)
        if not panel.when:
            yield panel.color, phrase(" where no other panel is drawn under it") if left_off else ""
            return
        one = compile_condition(panel.when)
        drawn = [value for value in values[one.name] if one.holds({one.name: value})]
        values[one.name] = [value for value in values[one.name] if value not in drawn]
        if drawn:
            always = not values[one.name] and not left_off
            yield (
                panel.color,
                "" if always else phrase(" where {condition} (the panel's `when`)", condition=panel.when),
            )
            if not values[one.name]:
                return  # on every label that has none of those above
            left_off = True
    yield "#ffffff", phrase(" where no panel is drawn under it") if left_off else ""
