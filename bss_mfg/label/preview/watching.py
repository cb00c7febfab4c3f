"""What the preview page shows: a template drawn anew when its file, artwork beside it, or the product is saved."""

from __future__ import annotations

import contextlib
import datetime
import json
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bss_mfg.core.files import read_text
from bss_mfg.core.languages import COMMA, ENGLISH, Language, Phrase, joined, phrase
from bss_mfg.core.named_paths import existing_path_inside
from bss_mfg.core.toml_files import load_toml
from bss_mfg.errors import BssError
from bss_mfg.label.layout.design_check import CheckedDesign, Example
from bss_mfg.label.layout.findings import DesignFinding, shown_location
from bss_mfg.label.preview.preview import Preview, draw_preview
from bss_mfg.label.preview.scene import Picture
from bss_mfg.label.preview.whole_page import WholePage
from bss_mfg.label.template.loading import load_template
from bss_mfg.label.template.printer import Printer
from bss_mfg.workspace.template_files import files_named_by

_SETTLE = 0.06
"""A file that is being written is left alone until it has not changed for so many seconds."""


MEDIA_KINDS: Mapping[str, Phrase] = {"sheet": phrase("sheet"), "roll": phrase("roll")}
"""The kinds of media."""


@dataclass(frozen=True, slots=True)
class ExampleSource:
    """Whose labels the page shows: what reads the example, and the files that it is read from."""

    read: Callable[[], Example]
    files: Callable[[], Sequence[Path]] = tuple

    @classmethod
    def fixed(cls, example: Example) -> ExampleSource:
        """An example that stays as it is."""
        return cls(lambda: example)


@dataclass(frozen=True, slots=True)
class PageState:
    """What the page shows at one moment: its state as JSON, and the last picture that could be drawn."""

    state_json: bytes
    picture: bytes | None
    whole_page: WholePage | None = None


class TemplateWatcher:
    """Draws a template anew when it or its product changes.

    One thread calls `refresh`; others may read `page_state` and `whole_page_png` at any time.
    """

    def __init__(self, path: Path, printer: Printer, source: ExampleSource, language: Language = ENGLISH) -> None:
        self._path, self._printer, self._examples, self._language = path, printer, source, language
        self._drawing = threading.Lock()
        self._server_id = secrets.token_hex(4)
        self._version = 0
        self._beside: tuple[Path, ...] = ()
        self._seen: tuple[Any, ...] | None = None
        self._facts: dict[str, Any] = {"title": path.stem, "subject": "", "symbol": "", "media": ""}
        self._drawn: dict[str, Any] | None = None
        self.page_state = PageState(b"{}", None)

    def refresh(self) -> bool:
        """Draw again if a file has changed since the last call; whether one had."""
        if _stamps((self._path, *self._beside)) == self._seen:
            return False
        with self._drawing:  # the libraries that draw know no threads
            self._redraw()
        return True

    def whole_page_png(self) -> bytes | None:
        """The newest whole page's picture, drawn when it is asked for."""
        page = self.page_state.whole_page
        with self._drawing:
            return page.png if page else None

    def _redraw(self) -> None:
        self._wait_until_written()
        # Stamps come before content: what is saved while we draw is seen by the next call.
        own = _stamps((self._path,))
        self._beside = (*_named_files(self._path, self._beside), *self._examples.files())
        self._seen = own + _stamps(self._beside)
        self._version += 1
        picture, whole_page = self.page_state.picture, self.page_state.whole_page
        findings: list[dict[str, Any]] = []
        problem: dict[str, Any] | None = None
        try:
            template = load_template(self._path, way_out=phrase("Correct the file and save it."))
            example = self._examples.read()
            preview = draw_preview(template, self._printer, example, self._language)
            picture, whole_page = preview.render("svg"), WholePage.of(template, self._printer, example)
        except BssError as error:
            problem = self._problem(error)
            verdict = {"kind": "broken", "text": self._language.said("Can't be drawn")}
        except Exception as error:  # noqa: BLE001  (the page outlives whatever a drawing library raises)
            defect = phrase("a defect of bss-mfg ({kind})", kind=type(error).__name__)
            problem = self._problem(BssError(defect, way_out=phrase("Please report it, with this template.")))
            verdict = {"kind": "broken", "text": self._language.said("Can't be drawn")}
        else:
            self._facts = _facts(preview.design, self._language)
            self._drawn = {"version": self._version, "at": _clock(time.time()), "view": _view(preview)}
            self._drawn["page"] = whole_page.record()
            findings = [self._finding(number, item) for number, item in enumerate(preview.design.findings.items, 1)]
            verdict = _summary(preview.design, self._language)
        printer = self._printer
        state = {
            **self._facts,
            "run": self._server_id,
            "version": self._version,
            "name": self._path.stem,
            "file": str(self._path),
            "saved": _clock(_last_modified((self._path, *self._beside))),
            "printer": self._language.said(
                "{printer}, {across:.4g} x {down:.4g} dots/mm",
                printer=printer.name,
                across=printer.dots_per_mm_x,
                down=printer.dots_per_mm_y,
            ),
            "verdict": verdict,
            "findings": findings,
            "error": problem,
            "picture": self._drawn,
        }
        self.page_state = PageState(json.dumps(state).encode("ascii"), picture, whole_page)

    def _wait_until_written(self) -> None:
        before = _stamps((self._path, *self._beside))
        for _ in range(10):
            time.sleep(_SETTLE)
            after = _stamps((self._path, *self._beside))
            if after == before:
                return
            before = after

    def _finding(self, number: int, finding: DesignFinding) -> dict[str, Any]:
        return {
            "number": number,
            "severity": finding.severity,
            "what": self._language(finding.what),
            "where": self._short(shown_location(finding.where, self._language)),
            "way_out": self._language(finding.way_out),
        }

    def _problem(self, error: BssError) -> dict[str, Any]:
        where = shown_location(error.location, self._language) if error.file else error.where
        return {
            "what": self._language(error.what),
            "where": self._short(where),
            "problems": [self._short(self._language(text)) for text in error.problems],
            "way_out": self._language(error.way_out),
            "source": self._source(error),
        }

    def _short(self, text: str) -> str:
        """Places with the file's name alone: its folder is named at the top of the page."""
        for path in (self._path, *self._beside):
            text = text.replace(str(path), path.name)
        return text

    def _source(self, error: BssError) -> list[dict[str, Any]]:
        """The lines around the one that is wrong, of the template or the product."""
        at = error.line
        file = next((path for path in (self._path, *self._beside) if str(path) == error.file), None)
        if at is None or file is None:
            return []
        try:
            lines = read_text(file, "file").splitlines()
        except BssError:
            return []
        return [
            {"line": number, "text": lines[number - 1][:300], "here": number == at}
            for number in range(max(at - 2, 1), min(at + 2, len(lines)) + 1)
        ]


def _stamps(paths: Sequence[Path]) -> tuple[Any, ...]:
    """What changes when a file is saved."""
    stamps: list[Any] = []
    for path in paths:
        try:
            status = path.stat()
        except OSError:
            stamps.append((path, None))
        else:
            stamps.append((path, status.st_mtime_ns, status.st_size, status.st_ino))
    return tuple(stamps)


def _named_files(path: Path, before: tuple[Path, ...]) -> tuple[Path, ...]:
    """Artwork and fonts that a template names beside itself, there or not; those of `before` if it can't be parsed."""
    try:
        data = load_toml(path, "template").data
    except (BssError, ValueError, RecursionError):
        return before
    found = []
    for name in sorted(files_named_by(data)):
        with contextlib.suppress(BssError):  # what leads out of the folder is told when the template is loaded
            found.append(existing_path_inside(path.parent, name, "file", path))
    return tuple(found)


def _last_modified(paths: Sequence[Path]) -> float:
    times = [0.0]
    for path in paths:
        with contextlib.suppress(OSError):
            times.append(path.stat().st_mtime)
    return max(times) or time.time()


def _clock(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds).strftime("%H:%M:%S")


def _facts(design: CheckedDesign, language: Language) -> dict[str, Any]:
    layout = design.layout
    template, plan = layout.template, layout.symbol
    media = template.definition.media
    return {
        "title": template.definition.title or template.name,
        "subject": language(design.example.title),
        "media": language.said(
            "{width:g} x {height:g} mm, {medium}",
            width=media.label_width,
            height=media.label_height,
            medium=media.use or MEDIA_KINDS[media.kind],
        ),
        "symbol": language.said(
            "{columns} x {rows} modules of {size:.3f} mm",
            columns=plan.columns,
            rows=plan.rows,
            size=layout.x_dimension_mm,
        )
        if plan
        else "",
    }


def _summary(design: CheckedDesign, language: Language) -> dict[str, str]:
    errors, warnings = len(design.findings.errors), len(design.findings.warnings)
    prints = phrase("{count} will not print", count=errors) if errors else phrase("Prints")
    look = phrase("{count} to look at", count=warnings) if warnings else ""
    return {
        "kind": "bad" if errors else "look" if warnings else "good",
        "text": language(joined(COMMA, (prints, look))),
    }


def _view(preview: Preview) -> dict[str, float]:
    """The part of the picture that holds the labels with their rulers, in mm: the page has the rest as text."""
    scene, media = preview.scene, preview.design.layout.template.definition.media
    _, y, _, height = next(item.rect for item in scene.items if isinstance(item, Picture))
    bleed = media.bleed * height / media.label_height
    top, bottom = max(y - bleed - 14.4, 0.0), min(y + height + bleed + 6, scene.height)
    return {"width": scene.width, "height": scene.height, "top": top, "bottom": bottom}
