"""Makes what the docs show of the program: docs/cli.md, docs/pictures/, the numbers of docs/performance.md, the events
in docs/formats/ledger.md, the languages in docs/formats/printer.md.

`--check` compares docs/cli.md and the pages in docs/formats/ only; each script that makes pictures has its own.
"""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import click

from bss_mfg.cli.main import cli
from bss_mfg.core.untrusted import LIMITS
from bss_mfg.ledger.events import event_table
from bss_mfg.printer_languages import LANGUAGES

HERE = Path(__file__).parent
PICTURES = ("terminal_pictures.py", "demo_cast.py", "page_pictures.py", "label_pictures.py", "template_pictures.py")
"""What makes docs/pictures; each takes `--check`, `--list` and names."""


def reference() -> str:
    """The CLI reference from the commands themselves."""
    parts = [
        "# Command line reference",
        "",
        "Made by `docs/make.py` from the program's own help; a test holds it current.",
        "",
        _usage("bss-mfg", cli),
    ]

    def walk(name: str, command: click.Command) -> None:
        if isinstance(command, click.Group):
            context = click.Context(command)
            for child in command.list_commands(context):
                inner = command.get_command(context, child)
                if inner is not None:
                    walk(f"{name} {child}", inner)
        else:
            parts.append(f"\n## {name}\n\n{_usage(name, command)}")

    walk("bss-mfg", cli)
    return "\n".join(parts) + "\n"


def _usage(name: str, command: click.Command) -> str:
    settings = {"max_content_width": 100, "terminal_width": 100, "help_option_names": ["-h", "--help"]}
    context = click.Context(command, info_name=name, **settings)  # type: ignore[arg-type]
    return f"```\n{command.get_help(context)}\n```"


def with_events(text: str) -> str:
    """The page of the ledger's format with the table of events from the records themselves."""
    return _with_table(text, "events", event_table())


def with_languages(text: str) -> str:
    """The page of printer files with the table of languages from their records."""
    lines = [
        "| `language` | what it is | file | `darkness` | `speed` | `tracking` | `gap` | `after` | `feed`, mm |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, facts in LANGUAGES.items():
        ranges = [f"{limits[0]:g} to {limits[1]:g}" if limits else "" for limits in (facts.darkness, facts.speed)]
        feed = f"{facts.feed[0]:g} to {facts.feed[1]:g}" if facts.feed else ""
        gap = "yes" if facts.gap else ""
        cells = (f"`{name}`", facts.title, f"`{facts.suffix}`", *ranges, ", ".join(facts.tracking), gap)
        lines.append("| " + " | ".join((*cells, ", ".join(facts.after), feed)) + " |")
    return _with_table(text, "languages", "\n".join(lines) + "\n")


def with_limits(text: str) -> str:
    """The security page with the table of what readers take, from the layer that holds it."""

    def size(count: int) -> str:
        power = (count.bit_length() - 1) // 10
        return f"{count >> 10 * power} {('bytes', 'KiB', 'MiB', 'GiB')[power]}"

    lines = ["", "| what is read | at most |", "|---|---|"]
    for one in LIMITS.values():
        parts = [size(one.size) if one.size else "any size, read as a stream"]
        parts += [f"{one.items:,} {one.item}"] if one.items else []
        parts += [f"{one.depth} deep"] if one.depth else []
        parts += [f"drawn with {size(one.memory)} of memory and {one.seconds} s of work"] if one.seconds else []
        lines.append(f"| {one.files} | {'; '.join(parts)} |")
    return _with_table(text, "limits", "\n".join(lines) + "\n\n")


def _with_table(text: str, name: str, table: str) -> str:
    """A page with a table between its marks."""
    before, mark, rest = text.partition(f"<!-- {name} -->\n")
    _, end, after = rest.partition(f"<!-- /{name} -->")
    return f"{before}{mark}{table}{end}{after}"


if __name__ == "__main__":
    path = HERE / "cli.md"
    tables = {
        HERE / "formats" / "ledger.md": with_events,
        HERE / "formats" / "printer.md": with_languages,
        HERE / "security.md": with_limits,
    }
    if "--check" in sys.argv:
        if path.read_text("utf-8") != reference():
            sys.exit("docs/cli.md is not current: run `make docs`")
        for page, fill in tables.items():
            if page.read_text("utf-8") != fill(page.read_text("utf-8")):
                sys.exit(f"docs/{page.relative_to(HERE)} is not current: run `make docs`")
    else:
        path.write_text(reference(), "utf-8")
        for page, fill in tables.items():
            page.write_text(fill(page.read_text("utf-8")), "utf-8")
        for script in PICTURES:
            subprocess.run([sys.executable, HERE / script], check=True)
        subprocess.run([sys.executable, HERE / "performance.py"], check=True)
        if find_spec("matplotlib"):
            subprocess.run([sys.executable, HERE / "performance_pictures.py"], check=True)
        else:
            print("performance-*.svg: no matplotlib here (pip install 'bss-mfg[bench]'), the old pictures stay")
