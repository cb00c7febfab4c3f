"""How far `spec fit` is: a search that nothing ends takes minutes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from bss_mfg.cli.common import say
from bss_mfg.cli.progress import ProgressLine
from bss_mfg.cli.progress_words import duration_words

if TYPE_CHECKING:
    from bss_mfg.payload.fitting.fit import FitRequest
    from bss_mfg.payload.fitting.report import FitReport
    from bss_mfg.payload.fitting.tally import Tally, Trial

_SAY_SECONDS = 60.0
"""Where there is no terminal a line is written so often."""


def watched_fit(request: FitRequest) -> FitReport:
    """The search with its progress on stderr; after a Ctrl-C how near it came, and `StoppedError`."""
    from bss_mfg.cli.spec_fit_report import print_misses
    from bss_mfg.errors import StoppedError
    from bss_mfg.payload.fitting.fit import fit
    from bss_mfg.payload.fitting.tally import Tally

    tally = Tally()
    display = _Display(tally)
    tally.tell = display.tell
    try:
        return fit(request, tally)
    except KeyboardInterrupt:
        display.close()
        print_misses(tally.misses)
        raise StoppedError(
            f"stopped after {tally.tried:,} combinations, {display.seconds:.1f} s; nothing explains the samples so far",
            way_out="The same command searches from the beginning; --usual searches a small part of it, in seconds.",
        ) from None
    finally:
        display.close()


class _Display:
    """A line that is drawn over on a terminal, elsewhere one a minute; and a word where the usual is exhausted."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._line = ProgressLine()
        self._begun = self._said = time.monotonic()
        self._exhausted: set[str] = set()

    @property
    def seconds(self) -> float:
        """Since it began."""
        return time.monotonic() - self._begun

    def tell(self, trial: Trial) -> None:
        """That is tried next."""
        from bss_mfg.payload.fitting.tally import Space

        if trial.space is Space.RARE and trial.key not in self._exhausted:
            self._exhausted.add(trial.key)
            self._nothing_usual(trial)
        if self._line.due(0, 1):
            self._line.draw(self._words(trial))
        elif not self._line.live and time.monotonic() - self._said >= _SAY_SECONDS:
            self._said = time.monotonic()
            say(self._words(trial))

    def close(self) -> None:
        """Go to the next line."""
        self._line.end()

    def _words(self, trial: Trial) -> str:
        what = f"{trial.key}: {trial.space.value}" if trial.key else trial.space.value
        return f"{what}: {trial.tried:,} combinations, {duration_words(self.seconds)}"

    def _nothing_usual(self, trial: Trial) -> None:
        from bss_mfg.payload.fitting.tally import Stage

        miss = self._tally.nearest.get(trial.key)
        self._line.end()
        if miss and miss.stage > Stage.POINT_READ:
            told = f"it opened, and was not understood ({miss.detail})"
        else:
            told = (
                "nothing usual opens it. Most often the test key is another sample's, or a context is missing (--info)"
            )
        say(f"{trial.key}: {told}. {trial.tried:,} combinations, {duration_words(self.seconds)}.")
        say("    What is rare is searched now, which takes minutes; Ctrl-C ends it and says how near it came.")
