"""What is set at a printer with each label file, and what of it a language can express."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bss_mfg.core.toml_files import quote
from bss_mfg.printer_languages import LANGUAGES, AfterLabel, Language, Tracking


@dataclass(frozen=True, slots=True)
class PrintSettings:
    """What is set at a printer with each label file; None: nothing is sent, the printer's own setting holds.

    `darkness` and `speed` in the language's own numbers; `gap_mm`: the gap's height or the black mark's thickness;
    `feed_mm`: fed after each label beyond the printer's own, to the tear bar.
    """

    darkness: int | None = None
    speed: float | None = None
    tracking: Tracking | None = None
    gap_mm: float | None = None
    after: AfterLabel | None = None
    feed_mm: float | None = None


PRINTER_DEFAULTS = PrintSettings()
"""Nothing is set: the printer's own settings hold."""


def check_setting(language: Language, name: str, value: Any) -> None:
    """`ValueError` where a language can't express a field of the printer file, or not this value."""
    facts = LANGUAGES[language]
    possible = getattr(facts, name)
    if not possible:
        raise ValueError(f"{language} can't express {name}: leave it out, and set it at the printer")
    if name in ("tracking", "after", "head_pins"):
        if value not in possible:
            raise ValueError(f"{language} knows {name} {_one_of(possible)}, not {value}")
    elif name != "gap" and not possible[0] <= value <= possible[1]:
        unit = {"speed": f" ({facts.speed_unit})", "feed": " mm"}.get(name, "")
        raise ValueError(f"{value:g} is outside {possible[0]:g} to {possible[1]:g}{unit}, what {language} knows")


def check_gap(gap: float, dots_per_mm: float) -> None:
    """`ValueError` for a gap or mark of less than a dot in feed direction: it would come to 0, which tells printers of
    TSPL and EPL2 that the media are continuous."""
    if gap * dots_per_mm < 1:
        raise ValueError(
            f"less than a dot of the printer, {1 / dots_per_mm:.3g} mm; for media without gaps or marks "
            'leave gap out, and set tracking = "continuous"'
        )


def check_together(language: Language, tracking: Tracking | None, gap: float | None, head_pins: int | None) -> None:
    """`ValueError` where a field is missing that another one needs."""
    facts = LANGUAGES[language]
    if facts.head_pins and head_pins is None:
        raise ValueError(f"{language} needs head_pins = {_one_of(facts.head_pins)}")
    if facts.gap and tracking in ("gap", "mark") and gap is None:
        raise ValueError(f'{language} needs gap, in mm, with tracking = "{tracking}"')
    if gap is not None and tracking not in ("gap", "mark"):
        raise ValueError('gap is for tracking = "gap" or "mark"')


def setting_lines(settings: PrintSettings) -> Iterator[str]:
    """The lines of a printer file that say what is set."""
    for name, value in asdict(settings).items():
        if value is not None:
            yield f"{name.removesuffix('_mm')} = {quote(value) if isinstance(value, str) else f'{value:g}'}"


def _one_of(values: Sequence[object]) -> str:
    return " or ".join(str(value) for value in values)
