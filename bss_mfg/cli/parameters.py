"""What people type: numbers within limits, and commands with a letter wrong, answered in plain words."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

import click

from bss_mfg.core.inches import length_hint

NO_WORDS: Mapping[str, str] = {}


class Reason(click.types.StringParamType):
    """Why something is done, for the history: not blank."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The reason as it was given."""
        if not str(value).strip():
            self.fail("it is blank: say why.", param, ctx)
        return str(value)


class GradeLetter(click.types.StringParamType):
    """A least grade: a letter from A to D, or a number up to 4."""

    name = "grade"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The least overall grade."""
        from bss_mfg.imaging.grade_scale import least_grade

        if isinstance(value, float):
            return value
        least = least_grade(str(value))
        if least is None:
            self.fail(f"{value!r} isn't a grade: give A, B, C, D, or a number above 0 and up to 4.", param, ctx)
        return least


class WholeNumber(click.IntRange):
    """A whole number from `min` to `max`, both allowed; None: no limit."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number; a usage error says what is wrong with it and what is possible."""
        try:
            number = int(value)
        except (TypeError, ValueError):
            self.fail(f"{value!r} is not a whole number{_possible(self)}.", param, ctx)
        if fault := _outside(number, self):
            self.fail(f"{number:,} {fault}.", param, ctx)
        return number


class Number(click.FloatRange):
    """A number from `min` to `max`, both allowed; None: no limit."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number; a usage error says what is wrong with it and what is possible."""
        try:
            number = float(value)
        except (TypeError, ValueError):
            hint = length_hint(str(value))
            self.fail(f"{value!r} is not a number{f': {hint}' if hint else _possible(self)}.", param, ctx)
        if fault := _outside(number, self):
            self.fail(f"{number:,g} {fault}.", param, ctx)
        return number


def _outside(number: float, limits: click.IntRange | click.FloatRange) -> str:
    """How a number lies outside of its limits; empty where it doesn't. What is no number at all (NaN) does."""
    if limits.min is not None and not number >= limits.min:
        return f"is too small{_possible(limits)}"
    if limits.max is not None and not number <= limits.max:
        return f"is too large{_possible(limits)}"
    return ""


def _possible(limits: click.IntRange | click.FloatRange) -> str:
    low, high = limits.min, limits.max
    if low is not None and high is not None:
        return f": give {low:,} to {high:,}"
    return f": give {low:,} or more" if low is not None else ""


def refuse_unknown_command(
    name: str, known: Iterable[str], ctx: click.Context, default: str = "", other_words: Mapping[str, str] = NO_WORDS
) -> NoReturn:
    """The usage error for a command that is not there, with those that it may have meant: what `other_words` say of
    it, else those of a similar name; and what to type where it is an argument of the `default` one."""
    if instead := other_words.get(name.lower()):
        ctx.fail(f"There is no command {name!r}. {instead}")
    near = difflib.get_close_matches(name, list(known), n=3, cutoff=0.6)
    meant = f" Did you mean {' or '.join(repr(one) for one in near)}?" if near else ""
    batch = f" If it is a batch, type `{ctx.command_path} {default} {name}`." if default else ""
    ctx.fail(f"There is no command {name[:60]!r}.{meant}{batch}")
