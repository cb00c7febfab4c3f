"""Templates and printers by their names in a workspace."""

from __future__ import annotations

from bss_mfg.label.template.loading import LoadedTemplate, load_template
from bss_mfg.label.template.printer import Printer, find_printer
from bss_mfg.workspace.workspace import Workspace


def named_template(workspace: Workspace, name: str) -> LoadedTemplate:
    """A template of the workspace, or one that comes with bss-mfg, or the path of a .toml file."""
    return load_template(workspace.template_file(name))


def named_printer(workspace: Workspace, name: str) -> Printer:
    """A printer of the workspace, or a built-in one."""
    return find_printer(name, workspace.printer_file(name), workspace.printer_names())
