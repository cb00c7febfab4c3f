"""What a search has tried, and how near it came."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import NamedTuple


class Stage(IntEnum):
    """How far the nearest attempt came; each is beyond the one in front of it."""

    NOTHING = 0
    DECODED = 1
    """The text is bytes in some encoding."""
    LENGTHS_FIT = 2
    """The key's kind and the lengths fit a family of schemes."""
    OTHER_KEY = 3
    """A public key on another curve than the private key's stands in it."""
    POINT_READ = 4
    """A public key on the private key's curve stands in it."""
    KEY_UNWRAPPED = 5
    """RSA gave something that is a content key or a padded text."""
    OPENED = 6
    """It was decrypted, and its tag, MAC or padding is right, or values of the units stand in it."""
    VALUES_FOUND = 7
    """Decrypted, with some values of the units in it, but not laid out in a way that is known."""


class Space(Enum):
    """The parts of the space of schemes, in the order in which they are searched."""

    USUAL = "usual"
    RARE = "rare"
    JOINING = "joining"
    """The readings of all fields put together to specs."""


class ValueOf(NamedTuple):
    """A value of a unit (from 1) of a sample, by its source."""

    sample: str
    unit: int
    source: str


Places = tuple[tuple[int, ...], ...]
"""Of each sample: which unit (from 0) stands in each place."""


@dataclass(frozen=True, slots=True)
class NearMiss:
    """How near an attempt came, of which field, and what is known of it; `detail` never holds a secret. `stands`: the
    units' values that stand in what was opened; `opened`: the names of the samples of which all was opened; `places`:
    by the names of samples, which unit (from 0) stands in each place of what was opened; `other_order`: nothing else is
    wrong than the order in which the units stand."""

    stage: Stage
    key: str
    detail: str
    stands: frozenset[ValueOf] = frozenset()
    opened: frozenset[str] = frozenset()
    places: tuple[tuple[str, tuple[int, ...]], ...] = ()
    other_order: bool = False


@dataclass(frozen=True, slots=True)
class Trial:
    """What is being tried: of which field, in which part of the space, and how many combinations were tried before."""

    key: str
    space: Space
    tried: int


def _nobody(trial: Trial) -> None:
    """Nobody watches."""


@dataclass(slots=True)
class Tally:
    """The count of combinations that were tried, and the nearest miss of each field. `tell` hears of every few hundred
    combinations what is being tried."""

    tried: int = 0
    nearest: dict[str, NearMiss] = field(default_factory=dict)
    tell: Callable[[Trial], None] = _nobody

    def at(self, key: str, space: Space) -> None:
        """Say what is tried next."""
        self.tell(Trial(key, space, self.tried))

    def came(self, stage: Stage, key: str, detail: str) -> None:
        """Remember how near an attempt came, if it came nearer than those before."""
        self.note(NearMiss(stage, key, detail))

    def note(self, miss: NearMiss) -> None:
        """Remember an attempt, if it came nearer than those before."""
        before = self.nearest.get(miss.key)
        if before is None or miss.stage > before.stage:
            self.nearest[miss.key] = miss

    @property
    def misses(self) -> tuple[NearMiss, ...]:
        """The nearest of each field, the nearest of all first."""
        return tuple(sorted(self.nearest.values(), key=lambda miss: -miss.stage))

    def count(self) -> None:
        """One combination more."""
        self.tried += 1
