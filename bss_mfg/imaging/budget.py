"""How much work one page may cost beyond quick reading. Counted, never timed: a slow machine reads what a fast one
reads."""

from __future__ import annotations

from dataclasses import dataclass

FIT_COST = 2
"""What fitting a grid costs, in steps; one step is one search for a pattern near a place (`grid.best_shift`)."""

_STEPS_PER_LABEL, _LEAST_STEPS, _MOST_STEPS = 100, 2_400, 12_000
_SECOND_READS_PER_LABEL, _LEAST_SECOND_READS, _MOST_SECOND_READS = 2, 48, 120


@dataclass(frozen=True, slots=True)
class AttemptLimits:
    """What the attempts at a page may cost: `steps` (about 20 ms each) and `second_reads`, pictures that libdmtx is
    asked for (about a second each where it finds nothing)."""

    steps: int
    second_reads: int

    @classmethod
    def for_labels(cls, labels: int) -> AttemptLimits:
        """The limits of a page that holds so many labels: enough for all of them, wholly damaged, up to 100."""
        return cls(
            min(max(_STEPS_PER_LABEL * labels, _LEAST_STEPS), _MOST_STEPS),
            min(max(_SECOND_READS_PER_LABEL * labels, _LEAST_SECOND_READS), _MOST_SECOND_READS),
        )


class AttemptBudget:
    """What is left of the limits of one page.

    What can't be afforded is refused and counted in `refusals`; after that nothing is given, so that the order of the
    places alone decides which of them get their attempts.
    """

    def __init__(self, limits: AttemptLimits, parent: AttemptBudget | None = None) -> None:
        self._steps, self._second_reads, self._parent = limits.steps, limits.second_reads, parent
        self.refusals = 0

    def half(self) -> AttemptBudget:
        """A budget of half of what is left, which is taken from this one too."""
        return AttemptBudget(AttemptLimits(self._steps // 2, self._second_reads // 2), self)

    def take_steps(self, count: int) -> bool:
        """Whether so many steps are left; they are taken."""
        self._steps = self._subtract(self._steps, count)
        if self._steps < 0:
            return False
        if self._parent:
            self._parent.take_steps(count)
        return True

    def take_second_read(self) -> bool:
        """Whether the second reader may be asked once more; it is taken."""
        self._second_reads = self._subtract(self._second_reads, 1)
        if self._second_reads < 0:
            return False
        if self._parent:
            self._parent.take_second_read()
        return True

    def _subtract(self, left: int, count: int) -> int:
        """What is left after taking; -1 for ever where it is not enough."""
        if left < count:
            self.refusals += 1
            return -1
        return left - count
