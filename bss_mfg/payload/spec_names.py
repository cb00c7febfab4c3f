"""The names of the specs that come with bss-mfg, without what reads a spec."""

from __future__ import annotations

from importlib import resources

SAMPLE_SUFFIX = ".sample.toml"
"""How the name of a sample ends that lies among the specs."""
MAPPING_SUFFIX = ".control-log.toml"
"""How that of a spec's mapping of control logs does."""


def packaged_names() -> list[str]:
    """Names of the specs that come with bss-mfg."""
    folder = resources.files("bss_mfg.payload") / "specs"
    return sorted(
        item.name.removesuffix(".toml")
        for item in folder.iterdir()
        if item.name.endswith(".toml") and not item.name.endswith((MAPPING_SUFFIX, SAMPLE_SUFFIX))
    )
