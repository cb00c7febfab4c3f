"""A radio that hears only what is strong: what lies in a shield box, and not the next table's devices."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from bss_mfg.device.radio import Link, Radio, Sighting


@dataclass(frozen=True, slots=True)
class FlooredRadio:
    """A radio without what is weaker than `floor`, in dBm, or tells no strength."""

    radio: Radio
    floor: int

    async def scan(self, seconds: float, see: Callable[[Sighting], bool]) -> None:
        """Show `see` what is strong enough until it returns true or the time is over."""

        def see_strong(sighting: Sighting) -> bool:
            strong = sighting.signal is not None and sighting.signal >= self.floor
            return strong and see(sighting)

        await self.radio.scan(seconds, see_strong)

    def connect(self, sighting: Sighting, seconds: float) -> AbstractAsyncContextManager[Link]:
        """A link to a device that was seen."""
        return self.radio.connect(sighting, seconds)
