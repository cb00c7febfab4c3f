"""The command `bss-mfg`: global options, lazily loaded commands, errors to exit codes.

Rules of this interface: results on stdout, messages on stderr; exit 0 only if everything asked for was done; an error
names what, where and the way out; no traceback without --debug; nothing half-written is left.
"""

from __future__ import annotations

import importlib
import io
import logging
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bss_mfg.cli import end
from bss_mfg.cli.broken_lines import fitted
from bss_mfg.cli.common import ASKED_BY_SHELL, App, say, typed_here
from bss_mfg.cli.language_option import global_language_option
from bss_mfg.cli.operator_option import operator_option, with_operator
from bss_mfg.cli.other_words import OTHER_WORDS
from bss_mfg.cli.parameters import refuse_unknown_command
from bss_mfg.cli.streams import patient_streams
from bss_mfg.cli.suggestions import folders
from bss_mfg.cli.terminal import terminal_of, toned
from bss_mfg.core.process_memory import no_core_dumps
from bss_mfg.core.text import for_terminal
from bss_mfg.errors import BssError, from_os_error
from bss_mfg.version import __version__

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

_log = logging.getLogger(__name__)

COMMANDS: dict[str, tuple[str, str]] = {
    "start": (
        "first_batch:start",
        "Ask what the first labels of a factory need, and make them.",
    ),
    "init": ("workspace:init", "Make a workspace."),
    "dev-key": ("product:dev_key", "Make a key pair that stands in for Amazon's, for development."),
    "product": ("product:product", "Add, list and show products; accept a new key."),
    "spec": ("spec:spec", "List, show, explain, fit, copy, check and confirm barcode specs."),
    "mapping": ("mapping:mapping", "Check control log mappings by a sample log, and make them from one."),
    "run": ("run:run", "Issue a batch, make and verify its labels, and write its control logs, in one go."),
    "batch": ("batch:batch", "Issue units; list and show batches."),
    "labels": ("labels:labels", "Make the labels of a batch: PDF, a label printer's language, or PNG."),
    "reprint": ("labels:reprint", "Print single labels once more, with a reason."),
    "press": ("press:press", "Print what waits in a press's queue, and pause at the end of a roll."),
    "queue": ("queue:queue", "Show what waits for presses, move it or take it out."),
    "preflight": ("design:preflight", "Check that a product's labels will print, before they are issued."),
    "template": ("design:template", "List, copy and preview label templates."),
    "media": ("design:media", "List the sheets and rolls that templates can use."),
    "printer": ("printer:printer", "List, add and calibrate printers."),
    "verify": ("verify:verify", "Read printed labels back and compare them with the ledger."),
    "sample": ("sample:sample", "Draw the packages of a batch to check: ISO 2859-1, single sampling, level II."),
    "grades": ("grades:grades", "Bring in a print verifier's grades, and compare ours with them."),
    "trends": ("trends:trends", "Compare faults and grades over batches, printers, days and places."),
    "scan": ("scan:scan", "Check labels with a hand scanner, as a keyboard or on a serial port, or with phones."),
    "board": ("board:board", "Show the line on a page: batches, stations, failures, what waits."),
    "report": ("report:report", "Report what a shift made, or what batches yielded, as a file."),
    "open": ("open:open_", "Open what a batch has: in the system's viewer, or in the browser."),
    "inspect": ("inspect:inspect", "Explain any barcode, field by field."),
    "scrap": ("lifecycle:scrap", "Scrap units permanently."),
    "replace": ("lifecycle:replace", "Issue new units in the places of scrapped ones."),
    "pack": ("pack:pack", "Scan boxes into cartons, and put cartons on pallets."),
    "carton": ("pallet:carton", "List, show and reopen cartons that were packed by scanning."),
    "pallet": ("pallet:pallet", "List, show and reopen pallets of such cartons."),
    "returns": ("returns:returns", "Look up any label of any batch by scanning, say where it went, and take it back."),
    "ship": ("lifecycle:ship", "Mark packages as shipped, or as returned."),
    "close": ("lifecycle:close", "Close a batch: printed = verified + scrapped + in hand, by packages."),
    "retire": ("lifecycle:retire", "Destroy the OOB keys of a batch permanently."),
    "manifest": ("manifest:manifest", "Make and upload control logs, and track what became of them."),
    "table": ("table:table", "Write the units of a batch as a table: CSV, JSON lines, XLSX or Parquet."),
    "program": ("program:program", "Write the OOB keys of a batch for the line's flasher, or check what it read back."),
    "flash": ("flash:flash", "Record what flashers say of units, and show what they claimed."),
    "device": ("device:device", "See devices on air, and let them prove their keys."),
    "reconcile": (
        "reconcile:reconcile",
        "Prove that programming files, labels and control logs agree with the ledger.",
    ),
    "import-issued": ("lifecycle:import_issued_", "Bring in identities that were issued before bss-mfg, or elsewhere."),
    "policy": ("policy:policy", "Say which acts two persons have to sign, and who they are."),
    "vault": ("vault:vault", "Show, change, export or recover the vault key."),
    "station": (
        "station:station",
        "Make a station's own folder, keep its files as published; pair boxes with devices.",
    ),
    "history": ("ledger:history", "Show everything that ever happened to a unit or a batch."),
    "events": ("events:events", "Print the events of all batches as JSON lines, from a point on."),
    "forward": ("events:forward", "Send events to a webhook or an MQTT broker as they happen."),
    "watch-orders": ("orders:watch_orders", "Carry out the orders that other systems put into a folder."),
    "ledger": ("ledger:ledger", "Check, copy, compare and restore the ledger, and publish files in it."),
    "audit": ("ledger:audit", "Prove that the history is unchanged."),
    "record": ("record:record", "Verify records that others made, with no workspace."),
    "checkpoint": ("checkpoint:checkpoint", "Sign the history, so that others can tell whether it was rewritten."),
    "schema": ("design:schema", "Print the JSON Schema of a file that people edit."),
    "doctor": ("workspace:doctor", "Check this machine, and say how to fix what is missing."),
    "demo": ("workspace:demo", "Take the sample batches through the whole line."),
    "completion": ("completion:completion", "Print the script for the Tab key of bash, zsh, fish or PowerShell."),
}
"""Command -> (module:function, short help). Kept here so that --help imports no command."""


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, function = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(f"bss_mfg.cli.{module}"), function)
        return with_operator(cmd_name, command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and not args[0].startswith("-") and not ctx.resilient_parsing:
            refuse_unknown_command(args[0], COMMANDS, ctx, other_words=OTHER_WORDS)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        begun = time.monotonic()
        try:
            result = super().invoke(ctx)
        except click.exceptions.Exit as ended:
            _log.info("ended with exit code %s after %.2f s", ended.exit_code, time.monotonic() - begun)
            raise
        except BrokenPipeError as error:  # of no standard stream; click would end with 1, and say nothing
            raise from_os_error(error, "working") from error
        except BaseException as error:
            # Only our own errors are quoted: another's words could hold anything.
            reason = str(error) if isinstance(error, BssError) else type(error).__name__
            _log.info("ended after %.2f s: %s", time.monotonic() - begun, reason)
            if isinstance(error, BssError) and (told := typed_here(ctx.ensure_object(App), error)) is not error:
                raise told from error
            raise
        _log.info("ended with exit code 0 after %.2f s", time.monotonic() - begun)
        return result

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Names of commands, without importing them, and options."""
        from click.shell_completion import CompletionItem

        begun = {name: words for name, (_, words) in COMMANDS.items() if name.startswith(incomplete)}
        found = [CompletionItem(name, help=words) for name, words in begun.items()]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(
    cls=LazyGroup,
    params=[operator_option(), global_language_option()],
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example: bss-mfg --workspace factory batch create bulb --units 480 --id bulb-2026-11",
)
@click.option(
    "--workspace",
    "workspace_option",
    metavar="DIR",
    shell_complete=folders,
    help="The workspace (default: this folder or the nearest parent that is one).",
)
@click.option("--debug", is_flag=True, help="Show a traceback with errors.")
@click.option("--verbose", is_flag=True, help="Log to stderr what is done: files, transactions, processes, times.")
@click.option(
    "--log-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Append the same log, with more detail, to a file.",
)
@click.version_option(__version__, prog_name="bss-mfg")
@click.pass_context
def cli(ctx: click.Context, workspace_option: str | None, debug: bool, verbose: bool, log_file: Path | None) -> None:
    """Credentials, labels, verification and manifests for Amazon Bluetooth Simple Setup.

    Exit codes: 0 done; 1 the check found something wrong; 2 usage; 3 bad input or configuration; 4 refused, would
    overwrite or issue again; 5 ledger conflict or busy; 6 something is missing on this machine; 70 a defect of
    bss-mfg; 130 interrupted.
    """
    app = ctx.ensure_object(App)  # --operator has put its name there
    app.workspace_option, app.debug = workspace_option, debug
    if verbose or log_file:
        from bss_mfg.core.log import LogSettings, logging_to

        ctx.with_resource(logging_to(LogSettings(verbose, log_file)))
        _log.info("bss-mfg %s: %s", __version__, ctx.invoked_subcommand)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    os.umask(0o077)
    no_core_dumps()
    _break_as_interrupt()
    with patient_streams():
        code = _run(sys.argv[1:] if arguments is None else arguments)
    end(code)


def _run(given: list[str]) -> int:
    """Run a command; its errors become messages and exit codes."""
    if asked := os.environ.get(ASKED_BY_SHELL):
        from bss_mfg.cli.completion import answer

        return answer(cli, asked)
    debug = "--debug" in given
    try:
        code: Any = cli.main(given, prog_name="bss-mfg", standalone_mode=False)
    except BssError as error:
        _print_error(str(error), debug)
        code = error.exit_code
    except click.exceptions.Exit as error:
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted. Run the same command again to continue.", err=True)
        code = 130
    except click.ClickException as error:
        told = io.StringIO()
        error.show(told)
        # It quotes what was typed, or what a shell made of it.
        shown = terminal_of(sys.stderr)
        lines = fitted(for_terminal(told.getvalue()), shown.width if shown else 0).split("\n")
        click.echo("\n".join(toned(line, shown) for line in lines), err=True, nl=False)
        code = error.exit_code
    except OSError as error:
        plain = from_os_error(error, "working")
        _print_error(str(plain), debug)
        code = plain.exit_code
    except MemoryError:
        _print_error("Out of memory. Close other programs, or work in smaller batches.", debug)
        code = 6
    except Exception as error:  # noqa: BLE001  (the last resort: no traceback reaches an operator)
        name = type(error).__name__
        _print_error(f"A defect of bss-mfg ({name}). Please report it with the output of `bss-mfg --debug ...`.", debug)
        code = 70
    return code if isinstance(code, int) else 0


def _break_as_interrupt() -> None:
    """Ctrl-Break, and a console's end of a task, end a command as Ctrl-C does: by default Windows kills the process."""
    if sys.platform == "win32" and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGBREAK, signal.default_int_handler)


def _print_error(text: str, debug: bool) -> None:
    if debug:
        import traceback

        traceback.print_exc()
    say(f"Error: {text}")
