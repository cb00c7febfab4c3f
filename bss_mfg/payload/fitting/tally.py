"""What a search has tried, and how near it came."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum


class Stage(IntEnum):
    """How far the nearest attempt came; each is beyond the one in front of it."""

    NOTHING = 0
    DECODED = 1
    """The text is bytes in some encoding."""
    LENGTHS_FIT = 2
    """The key's kind and the lengths fit a family of schemes."""
    POINT_READ = 3
    """A public key on the private key's curve stands in it."""
    KEY_UNWRAPPED = 4
    """RSA gave something that is a content key or a padded text."""
    OPENED = 5
    """It was decrypted, and its tag, MAC or padding is right, or values of the units stand in it."""
    VALUES_FOUND = 6
    """Decrypted, with some values of the units in it, but not laid out in a way that is known."""


@dataclass(frozen=True, slots=True)
class NearMiss:
    """How near an attempt came, of which field, and what is known of it; `detail` never holds a secret."""

    stage: Stage
    key: str
    detail: str


@dataclass(slots=True)
class Tally:
    """The count of combinations that were tried, and the nearest miss of each field."""

    tried: int = 0
    nearest: dict[str, NearMiss] = field(default_factory=dict)

    def came(self, stage: Stage, key: str, detail: str) -> None:
        """Remember how near an attempt came, if it came nearer than those before."""
        before = self.nearest.get(key)
        if before is None or stage > before.stage:
            self.nearest[key] = NearMiss(stage, key, detail)

    @property
    def best(self) -> NearMiss | None:
        """The nearest of all fields."""
        return max(self.nearest.values(), key=lambda miss: miss.stage, default=None)

    def count(self) -> None:
        """One combination more."""
        self.tried += 1
