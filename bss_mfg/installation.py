"""How bss-mfg was installed here, and so how a package that lacks is added."""

from __future__ import annotations

BUNDLE = "bss-mfg bundle"
"""What a bundle says in the file INSTALLER of its metadata, where pip says `pip` (PEP 627)."""
IN_BUNDLES = frozenset({"age", "device", "forward", "heic", "keyring", "postgres", "serial"})
"""The extras that a bundle has inside."""
_MAKE_WHOLE = "This bundle is damaged: unpack its archive, or install its package, again."


def is_bundle() -> bool:
    """Whether this is a bundle, with its own Python and no pip; a Debian package is one."""
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        return (distribution("bss-mfg").read_text("INSTALLER") or "").strip() == BUNDLE
    except PackageNotFoundError:
        return False


def how_to_add(extra: str) -> str:
    """The way out where the packages of an extra lack, as a sentence."""
    command = f'`pip install "bss-mfg[{extra}]"`'
    if not is_bundle():
        return f"Install what it needs: {command}."
    if extra in IN_BUNDLES:
        return _MAKE_WHOLE
    return f"This bundle comes without it: do this on a computer where bss-mfg was installed by {command}."


def how_to_repair(package: str) -> str:
    """The way out where a package lacks, or is broken, that comes with every bss-mfg, as a sentence."""
    word = package if package.replace("-", "").isalnum() else f'"{package}"'  # Windows' shells know no single quotes
    return _MAKE_WHOLE if is_bundle() else f"Install it: `pip install --force-reinstall {word}`."
