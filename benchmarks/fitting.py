"""`python -m benchmarks.fitting`: what `spec fit` tries in a second, next to bare openings by the library, in one run.

The sample is of one unit and sealed to another key, so that nothing ends the search: all that is usual is tried, with
`--whole` the whole space.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import uuid
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from benchmarks.common import Target, target_table
from bss_mfg.model import Secret, Unit
from bss_mfg.payload.build import PayloadBuilder
from bss_mfg.payload.fitting.fit import FitRequest, fit
from bss_mfg.payload.fitting.known import known_sample
from bss_mfg.payload.product_keys import load_private_key, load_public_key, new_development_key
from bss_mfg.payload.spec import packaged_spec
from bss_mfg.payload.spec_samples import SampleUnit, SpecSample

COMBINATIONS, SECONDS = 100_000, 60.0
BARE = 20_000
SHARE = 0.15
"""Of the rate of bare openings: the least that will do. Each costs cutting and counting as well."""


@dataclass(frozen=True)
class Searched:
    """A search that found nothing, and the rate of bare openings before and behind it."""

    tried: int
    seconds: float
    bare: float

    @property
    def rate(self) -> float:
        """Combinations a second."""
        return self.tried / self.seconds

    @property
    def targets(self) -> list[Target]:
        """What is asked of it."""
        return [
            Target("combinations that were tried", self.tried, COMBINATIONS),
            Target(f"seconds for {COMBINATIONS:,} of them", COMBINATIONS / self.rate, SECONDS, at_most=True),
            Target("combinations a second / bare openings", self.rate / self.bare, SHARE),
        ]  # fmt: skip


def bare_rate() -> float:
    """Openings of AES-GCM that fail, a second, with one key."""
    engine, sealed = AESGCM(os.urandom(16)), os.urandom(48)
    begun = time.perf_counter()
    for _ in range(BARE):
        try:
            engine.decrypt(sealed[:12], sealed, b"")
        except InvalidTag:
            continue
    return BARE / (time.perf_counter() - begun)


def search(*, rare: bool) -> Searched:
    """A sample to another key."""
    public = load_public_key(new_development_key("p256")[1], "benchmark")
    private = load_private_key(new_development_key("p256")[0], "benchmark")
    unit = Unit(1, "SN1", uuid.uuid4(), key=Secret(os.urandom(16)))
    text = PayloadBuilder(packaged_spec("amazon-bss-ob04").spec, {"pid": "ebK3"}, public).build([unit])
    sample = SpecSample("benchmark", "", text, (SampleUnit(uuid=unit.uuid, oob=unit.key),), {"pid": "ebK3"})
    before = bare_rate()
    report = fit(FitRequest((known_sample(sample, private),), rare=rare))
    return Searched(report.tried, report.seconds, (before + bare_rate()) / 2)


def main() -> int:
    """Measure and print; 1 if a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fitting", description=__doc__)
    parser.add_argument("--whole", action="store_true", help="the whole space: some minutes")
    found = search(rare=parser.parse_args().whole)
    print(f"{found.tried:,} combinations in {found.seconds:.1f} s, {found.rate:,.0f}/s; bare {found.bare:,.0f}/s")
    print(target_table(found.targets))
    return int(any(target.met is False for target in found.targets))


if __name__ == "__main__":
    sys.exit(main())
