"""How much work one page may cost beyond quick reading. Counted, never timed: a slow machine reads what a fast one
reads."""

from __future__ import annotations

from dataclasses import dataclass

ENHANCE_COST, FIT_COST, LOOK_COST = 8, 7, 4
"""What reading a symbol in its enhanced pictures costs, fitting a grid, and looking whichever way round one lies, in
steps; one step is one search for a pattern near a place (`fitting.best_shift`), about 5 ms."""
STEPS, SECOND_READS = 1_650, 24
"""What a page may cost with a patience of 1, whatever it shows: about 8 s, and 5 s of libdmtx."""


@dataclass(frozen=True, slots=True)
class AttemptLimits:
    """What the attempts at a page may cost: `steps` (about 5 ms each) and `second_reads`, pictures that libdmtx is
    asked for (about 200 ms each where it finds nothing)."""

    steps: int
    second_reads: int

    @classmethod
    def for_patience(cls, patience: int = 1) -> AttemptLimits:
        """The limits of a page, so many times as much as usual."""
        return cls(STEPS * patience, SECOND_READS * patience)


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

    def part(self, steps: int) -> AttemptBudget:
        """A budget of so many steps at most, which are taken from this one too."""
        return AttemptBudget(AttemptLimits(min(steps, max(self._steps, 0)), 0), self)

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
