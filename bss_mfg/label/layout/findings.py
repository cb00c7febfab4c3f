"""What is wrong with a label: found, named by element, and either refused or drawn where it happens."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal

from bss_mfg.core.languages import Language, Phrase
from bss_mfg.errors import InputError, Location
from bss_mfg.label.template.loading import LoadedTemplate

Severity = Literal["error", "warning"]


class DesignFindingKind(StrEnum):
    """What a finding is about."""

    NO_SAMPLE_AREA = "no sample area"
    OUTSIDE_LABEL = "outside label"
    NEAR_EDGE = "near edge"
    SAMPLE_TOO_SMALL = "sample too small"
    ON_SAMPLE_MARK = "on sample mark"
    ON_SYMBOL = "on symbol"
    OVERLAP = "overlap"
    UNSEEN_TEXT = "unseen text"
    PRINTS_WHITE = "prints white"
    MEDIA_TOO_WIDE = "media too wide"
    OTHER_MEDIA_LOADED = "other media loaded"
    IN_MARGIN = "in margin"
    ON_NEIGHBOUR = "on neighbour"
    LOW_CONTRAST = "low contrast"
    COARSE_PICTURE = "coarse picture"
    BLANK_ARTWORK = "blank artwork"
    SVG_AS_PIXELS = "svg as pixels"
    OTHER_SYMBOLOGY = "other symbology"
    EMPTY_X_DIMENSION = "empty x-dimension"
    MODULES_TOO_SMALL = "modules too small"
    NO_BAR_HEIGHT = "no bar height"
    OFF_MEDIA = "off media"
    MODULES_NOT_SQUARE = "modules not square"
    CODE_SIZE = "code size"
    LOW_BARS = "low bars"
    NOT_ENCODABLE = "not encodable"
    SSCC_TWICE = "sscc twice"
    UNKNOWN_FIELD = "unknown field"
    NO_GLYPH = "no glyph"
    SCRIPT_NOT_SHAPED = "script not shaped"
    TEXT_TOO_WIDE = "text too wide"
    TINY_LABEL = "tiny label"
    TOO_MANY_LINES = "too many lines"


@dataclass(frozen=True, slots=True)
class DesignFinding:
    """One finding: `element_index` counts from 0; None is the label as a whole."""

    kind: DesignFindingKind
    severity: Severity
    element_index: int | None
    what: Phrase
    way_out: Phrase
    where: Location

    def __str__(self) -> str:
        """The finding as a line for people."""
        return f"{self.where}: {self.what}. {self.way_out}"

    def shown(self, language: Language) -> str:
        """The same in a language."""
        where = shown_location(self.where, language)
        return language.said("{where}: {what}. {way_out}", where=where, what=self.what, way_out=self.way_out)


def shown_location(where: Location, language: Language) -> str:
    """A place in a file as its text is, in a language."""
    plain = replace(where, line=None, row=None, key="")
    line = "" if where.line is None else language.said("line {number}", number=where.line)
    return ", ".join(filter(None, (str(plain), line, where.key)))


class DesignFindings:
    """Collects findings; `refuse` raises the errors among them as one `InputError`."""

    def __init__(self, template: LoadedTemplate) -> None:
        self._template = template
        self.items: list[DesignFinding] = []

    def error(
        self, kind: DesignFindingKind, element: int | None, what: Phrase, way_out: Phrase, field: str | None = None
    ) -> None:
        """Note something that can't be printed."""
        self._add(DesignFinding(kind, "error", element, what, way_out, self._location(element, field)))

    def warning(self, kind: DesignFindingKind, element: int | None, what: Phrase, way_out: Phrase) -> None:
        """Note something that can be printed but is not good."""
        self._add(DesignFinding(kind, "warning", element, what, way_out, self._location(element, None)))

    def _location(self, element: int | None, field: str | None) -> Location:
        if element is not None:
            return self._template.locate(element, field)
        return self._template.document.locate((field,) if field else ())

    def _add(self, finding: DesignFinding) -> None:
        if finding not in self.items:
            self.items.append(finding)

    @property
    def errors(self) -> list[DesignFinding]:
        """What can't be printed."""
        return [item for item in self.items if item.severity == "error"]

    @property
    def warnings(self) -> list[DesignFinding]:
        """What can be printed but is not good."""
        return [item for item in self.items if item.severity == "warning"]

    def refuse(self) -> None:
        """Raise the errors, if there are any: the first in full, the others listed."""
        if self.items and (errors := self.errors):
            first, *others = errors
            raise InputError(
                first.what,
                where=first.where,
                problems=[f"also {item.where}: {item.what}" for item in others[:5]],
                way_out=first.way_out,
            )
