"""Templates as files: those that come with bss-mfg, those of a workspace where there is one, and what they name beside
themselves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bss_mfg.core import resources
from bss_mfg.core.files import already_exists_error, make_folder, read_bytes, require_safe_name, write_atomically
from bss_mfg.core.folders import is_named_so, require_free_name
from bss_mfg.core.named_paths import existing_path_inside, path_inside
from bss_mfg.core.text import did_you_mean
from bss_mfg.core.toml_files import load_toml
from bss_mfg.errors import InputError

MAX_FILE = 60 << 20
"""Bytes of a file that a template names."""
FILE_FIELDS = ("file", "profile")
"""Fields of a template that name a file, besides [fonts]."""


def template_names(own: Path | None) -> dict[str, str]:
    """All templates by name, with where each comes from; `own`: the workspace's folder of them, None without one."""
    found = {path.stem: "packaged" for path in resources.folder("templates").glob("*.toml")}
    if own:
        found.update((path.stem, "workspace") for path in own.glob("*.toml"))
    return dict(sorted(found.items()))


def template_file(name: str, own: Path | None) -> Path:
    """The file of a template: the workspace's own, or one that comes with bss-mfg, or a path to a .toml file."""
    if name.endswith(".toml") and Path(name).is_file():
        return Path(name)
    require_safe_name(name, "template name")
    for folder in (*([own] if own else []), resources.folder("templates")):
        if is_named_so(folder / f"{name}.toml"):
            return folder / f"{name}.toml"
    known = template_names(own)
    meant = did_you_mean(name, known) or f"Known: {', '.join(known)}. "
    raise InputError(f"there is no template {name!r}", way_out=f"{meant}Or give the path of a .toml file.")


def copy_template(source: Path, folder: Path, new_name: str) -> list[Path]:
    """Copy a template and what it names (artwork, fonts) into a folder; refuses to overwrite."""
    target = require_free_name(folder / f"{require_safe_name(new_name, 'template name')}.toml")
    document = load_toml(source, "template")
    copies: dict[Path, bytes] = {}
    for file in files_named_by(document.data):
        beside = existing_path_inside(source.parent, file, "file", source)
        copy = path_inside(folder, file, "file", source)
        if beside.is_file():
            copies[copy] = read_bytes(beside, "artwork", MAX_FILE)
            if copy.exists() and copies[copy] != read_bytes(copy, "artwork", MAX_FILE):
                raise already_exists_error(copy)
    written = [path for path in copies if not path.exists()]
    for path in written:
        make_folder(path.parent)
        write_atomically(path, [copies[path]])
    make_folder(folder)
    write_atomically(target, [document.text.encode()])
    return [target, *written]


def files_named_by(data: dict[str, Any]) -> list[str]:
    """The files that a template names, of elements, media and fonts, each once; it need not be a right template."""
    fonts = data.get("fonts")
    return [name for name in dict.fromkeys([*_named(data), *_texts(fonts)]) if name]


def _texts(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, (dict, list)):
        for item in node.values() if isinstance(node, dict) else node:
            yield from _texts(item)


def _named(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for name, value in node.items():
            if name in FILE_FIELDS and isinstance(value, str):
                yield value
            else:
                yield from _named(value)
    elif isinstance(node, list):
        for item in node:
            yield from _named(item)
