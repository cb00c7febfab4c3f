"""Layers of a PDF (optional content, ISO 32000-1, 8.11): what is switched off is taken out of the artwork, so that no
viewer and no printer can show it.

Only what paints is taken out: positions, colours and clips that a hidden part sets count for what follows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bss_mfg.label.template.artwork_errors import NotDrawableError
from bss_mfg.label.template.pdf_streams import TEXTS, iter_streams

PATHS = ("f", "F", "f*", "S", "s", "B", "B*", "b", "b*")
INVISIBLE = 3
"""The text rendering mode that moves on and paints nothing."""


@dataclass(frozen=True, slots=True)
class LayerState:
    """Which layers are off, as the file is opened and as it is printed."""

    off: frozenset[tuple[int, int]]
    all_off: bool
    on: frozenset[tuple[int, int]]

    @classmethod
    def of(cls, document: Any) -> LayerState:
        """The layers of a document. `NotDrawableError` names a layer that screens show and printers don't, or the other
        way round."""
        properties = document.Root.get("/OCProperties")
        if properties is None:
            return cls(frozenset(), False, frozenset())
        config = properties.get("/D", {})
        state = cls(
            frozenset(layer.objgen for layer in config.get("/OFF", [])),
            str(config.get("/BaseState", "/ON")) == "/OFF",
            frozenset(layer.objgen for layer in config.get("/ON", [])),
        )
        for usage in config.get("/AS", []):
            if str(usage.get("/Event")) != "/Print":
                continue
            for layer in usage.get("/OCGs", []):
                wanted = layer.get("/Usage", {}).get("/Print", {}).get("/PrintState")
                if wanted is not None and (str(wanted) == "/ON") != state.shows_layer(layer):
                    raise NotDrawableError(
                        f"its layer {str(layer.get('/Name', ''))!r} is {'hidden' if str(wanted) == '/ON' else 'shown'} "
                        "on the screen and not so in print; delete it, or make it the same"
                    )
        return state

    def shows_layer(self, layer: Any) -> bool:
        """Whether a layer (OCG) is on."""
        if self.all_off:
            return layer.objgen in self.on
        return layer.objgen not in self.off

    def shows(self, membership: Any) -> bool:
        """Whether what belongs to this layer, or to this combination of layers (OCMD), is shown."""
        if str(membership.get("/Type", "/OCG")) != "/OCMD":
            return self.shows_layer(membership)
        if "/VE" in membership:
            return self._holds(membership.VE)
        layers = membership.get("/OCGs")
        if layers is None:
            return True
        states = [self.shows_layer(layer) for layer in (layers if _is_array(layers) else [layers]) if _is_layer(layer)]
        if not states:
            return True
        policy = str(membership.get("/P", "/AnyOn"))
        return {
            "/AllOn": all(states),
            "/AnyOn": any(states),
            "/AnyOff": not all(states),
            "/AllOff": not any(states),
        }.get(policy, any(states))

    def _holds(self, expression: Any) -> bool:
        """A visibility expression (ISO 32000-1, table 99)."""
        if not _is_array(expression):
            return self.shows_layer(expression)
        parts = [self._holds(part) for part in list(expression)[1:]]
        operator = str(expression[0])
        return {"/And": all(parts), "/Or": any(parts), "/Not": not parts[0]}[operator]


def _is_array(thing: Any) -> bool:
    import pikepdf

    return isinstance(thing, pikepdf.Array)


def _is_layer(thing: Any) -> bool:
    import pikepdf

    return isinstance(thing, pikepdf.Dictionary)


def remove_hidden(document: Any, page: Any, state: LayerState) -> None:
    """Take what belongs to layers that are off out of the page and out of all it draws."""
    if "/OCProperties" not in document.Root:
        return
    done: set[tuple[int, int]] = set()
    for _, _, stream in list(iter_streams(page.obj)):
        if stream.objgen in done or stream.get("/Subtype") == "/Image":
            continue
        done.add(stream.objgen)
        stream.write(_without_hidden(stream, stream.get("/Resources", {}), state))
    page.obj.Contents = document.make_stream(_without_hidden(page, page.obj.get("/Resources", {}), state))


def _without_hidden(content: Any, resources: Any, state: LayerState) -> bytes:
    import pikepdf

    layers, objects = resources.get("/Properties", {}), resources.get("/XObject", {})
    kept: list[Any] = []
    open_marks: list[bool] = []  # of each marked part: whether it hides
    modes, mode = [], 0
    for instruction in pikepdf.parse_content_stream(content):
        operator = str(instruction.operator)
        operands = list(instruction.operands)
        if operator in ("BDC", "BMC"):
            open_marks.append(
                operator == "BDC" and str(operands[0]) == "/OC" and not _shown(operands[1], layers, state)
            )
            if operator == "BDC" and str(operands[0]) == "/OC":
                instruction = pikepdf.ContentStreamInstruction([pikepdf.Name.Layer], pikepdf.Operator("BMC"))
        elif operator == "EMC" and open_marks:
            open_marks.pop()
        elif operator == "q":
            modes.append(mode)
        elif operator == "Q" and modes:
            mode = modes.pop()
        elif operator == "Tr":
            mode = int(operands[0])
        if operator == "Do" and not _object_shown(objects.get(str(operands[0])), state):
            continue
        if any(open_marks):
            kept += _unpainted(instruction, operator, mode)
        else:
            kept.append(instruction)
    return bytes(pikepdf.unparse_content_stream(kept))


def _shown(operand: Any, layers: Any, state: LayerState) -> bool:
    layer = layers.get(str(operand)) if not _is_layer(operand) else operand
    return layer is None or state.shows(layer)


def _object_shown(thing: Any, state: LayerState) -> bool:
    return thing is None or "/OC" not in thing or state.shows(thing.OC)


def _unpainted(instruction: Any, operator: str, mode: int) -> list[Any]:
    """What stays of an instruction that is hidden."""
    import pikepdf

    if operator in ("Do", "sh", "INLINE IMAGE"):
        return []
    if operator in PATHS:
        return [pikepdf.ContentStreamInstruction([], pikepdf.Operator("n"))]
    if operator in TEXTS:

        def rendering(value: int) -> Any:
            return pikepdf.ContentStreamInstruction([value], pikepdf.Operator("Tr"))

        return [rendering(INVISIBLE), instruction, rendering(mode)]
    return [instruction]
