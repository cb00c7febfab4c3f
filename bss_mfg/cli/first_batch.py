"""start: asks what a first batch needs, shows the commands that make it, and runs them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeVar

import click

from bss_mfg.cli import suggestions
from bss_mfg.cli.broken_lines import fitted
from bss_mfg.cli.common import App, pass_app, print_text, say, shown_path, typed
from bss_mfg.cli.parameters import WholeNumber
from bss_mfg.cli.terminal import terminal_of
from bss_mfg.core.text import count_words

if TYPE_CHECKING:
    from bss_mfg.label.template.printer import Printer
    from bss_mfg.pipeline.first_batch import Design, FirstBatch, NewProduct
    from bss_mfg.workspace.product import LoadedProduct
    from bss_mfg.workspace.workspace import Workspace

Answer = TypeVar("Answer")
_TITLE = "Its name for people, on labels"


@click.command(
    epilog="Example: bss-mfg start --folder factory --product bulb --title Bulb --pid ebK3 --code 841667145075 "
    "--test-key --printer pdf-300 --template sheet-a4-24 --units 24"
)
@click.option("--folder", metavar="DIR", shell_complete=suggestions.folders, help="The factory's folder; made if new.")
@click.option("--product", metavar="NAME", shell_complete=suggestions.products, help="The product's short name.")
@click.option("--title", help="The product's name for people, printed on labels.")
@click.option("--pid", help="Amazon's product id, 4 letters or digits; case matters.")
@click.option("--code", metavar="DIGITS", help="UPC (12 digits) or EAN (8 or 13) on the package.")
@click.option("--public-key", metavar="FILE", type=click.Path(), help="The product public key that Amazon issued.")
@click.option("--test-key", is_flag=True, help="Instead of it: a key made here, for a trial.")
@click.option("--printer", shell_complete=suggestions.printers, help="A printer (`bss-mfg printer list`).")
@click.option("--template", shell_complete=suggestions.templates, help="Label template by name.")
@click.option("--units", type=WholeNumber(1, 10_000), help="How many units in the first batch.")
@click.option("--id", "batch_id", help="The batch's id (default: the product's name with -trial or -first).")
@click.option("--plan", "plan_only", is_flag=True, help="Only show the commands; make nothing.")
@pass_app
@click.pass_context
def start(
    ctx: click.Context,
    app: App,
    folder: str | None,
    product: str | None,
    title: str | None,
    pid: str | None,
    code: str | None,
    public_key: str | None,
    test_key: bool,
    printer: str | None,
    template: str | None,
    units: int | None,
    batch_id: str | None,
    plan_only: bool,
) -> None:
    """Ask what the first labels of a factory need, and make them.

    Nothing is made before all is answered and you agree. Then it runs commands that you could type yourself, and shows
    each. What an option answers is not asked; without a terminal every question needs its option. After an interruption
    it says how to go on, and makes nothing twice. All labels say SAMPLE: units for customers are made with `run`, once
    the product is set to production. With --test-key they are a trial: Amazon can't read their barcodes.

    Exit codes: 0 labels made, and read back right if a file can be; 1 a label is wrong; 2 an option is missing; 3 an
    answer is wrong; 4 there is something else of that name; 130 interrupted.
    """
    if test_key and public_key:
        raise click.UsageError("--test-key contradicts --public-key.")
    said = {
        "folder": folder, "product": product, "title": title, "pid": pid, "code": code, "public_key": public_key,
        "printer": printer, "template": template, "units": units,
    }  # fmt: skip
    asking = _Asking(app, {name: str(value) for name, value in said.items() if value is not None}, batch_id, test_key)
    try:
        plan = _ask_all(asking)
        _show_plan(app, plan)
        if plan_only:
            return
        if asking.asked and not click.confirm("Make this", default=True, err=True):
            raise click.Abort
    except (click.Abort, KeyboardInterrupt):
        say(f"\nNothing was made. `{asking.typed()}` continues from here.")
        raise click.exceptions.Exit(130) from None
    _run_all(ctx, app, plan, asking)
    _say_what_is_next(ctx, app, plan, shows=asking.asked)


@dataclass
class _Asking:
    """Questions, each answered by an option or at the terminal. `answers` are those so far, by option."""

    app: App
    given: Mapping[str, str]
    batch: str | None
    test_key: bool
    answers: dict[str, str] = field(default_factory=dict)
    asked: bool = False
    """Whether anything was asked."""

    def ask(
        self, name: str, text: str, check: Callable[[str], Answer], default: str | None = None,
        choices: Mapping[str, str] | None = None,
    ) -> Answer:  # fmt: skip
        """One answer, checked. A wrong one at the terminal is told and asked again; in an option it is an error."""
        from bss_mfg.errors import BssError

        if name in self.given:
            found = check(self.given[name])
            self.answers[name] = self.given[name]
            return found
        self.require_terminal([name])
        self.asked = True
        listed = list(choices or ())
        for number, choice in enumerate(listed, 1):
            say(f"  {number}  {choice:<16} {(choices or {})[choice]}")

        def value(said: str) -> tuple[str, Answer]:
            chosen = said.strip() or default or ""
            if not chosen:
                raise click.BadParameter("This needs an answer; Ctrl-C ends.")
            if listed and chosen.isdecimal():
                if not 0 < int(chosen) <= len(listed):
                    raise click.BadParameter(f"The list goes from 1 to {len(listed)}.")
                chosen = listed[int(chosen) - 1]
            try:
                return chosen, check(chosen)
            except BssError as error:
                raise click.BadParameter(_after_error(str(error))) from None

        chosen, found = click.prompt(text, default=default, value_proc=value, err=True)
        self.answers[name] = chosen
        return found

    def require_terminal(self, names: list[str]) -> None:
        """A usage error that names the options that are missing where nobody can be asked."""
        missing = [f"--{name.replace('_', '-')}" for name in names if name not in self.given]
        if missing and not _at_terminal():
            given = ", ".join(missing).replace("--public-key", "--public-key or --test-key")
            raise click.UsageError(f"There is no terminal to ask at: give {given}.")

    def typed(self) -> str:
        """The command with all answers so far."""
        words = [part for name, value in self.answers.items() for part in (f"--{name.replace('_', '-')}", value)]
        words += ["--test-key"] if self.test_key else []
        words += ["--id", self.batch] if self.batch else []
        return typed(App(operator=self.app.operator), "start", *words)


def _ask_all(asking: _Asking) -> FirstBatch:
    """All answers; nothing is made."""
    from bss_mfg.core.files import require_safe_name
    from bss_mfg.pipeline import first_batch as first

    folder, workspace = _ask_folder(asking)
    if "product" not in asking.given:
        _require_rest(asking, is_known=False)
    if "product" not in asking.given and workspace and workspace.product_names():
        say(f"Products here: {', '.join(workspace.product_names())}")
    product = asking.ask("product", "Short name of the product, as in bulb", first.check_product)
    found = first.known_product(workspace, product)
    _require_rest(asking, found is not None)
    new = _ask_product(asking, workspace, product, found)
    printer = asking.ask(
        "printer", "Printer: a number or a name", lambda name: first.check_printer(workspace, name),
        next(iter(first.PRINTERS)),
        first.printer_titles(workspace),
    )  # fmt: skip
    design = _ask_design(asking, workspace, product, new, printer)
    new, template = design.new, design.template
    units = asking.ask("units", "Units in the first batch", _whole_number, str(first.usual_units(workspace, template)))
    is_trial = first.is_trial(workspace, found, new)
    batch = require_safe_name(asking.batch or first.batch_name(product, is_trial), "batch id")
    plan = first.FirstBatch(folder, product, new, printer.name, template, units, is_trial, batch)
    _refuse_other_batch(asking, workspace, plan)
    return plan


def _ask_design(
    asking: _Asking, workspace: Workspace | None, product: str, new: NewProduct | None, printer: Printer
) -> Design:
    """The template; where labels with it can't be drawn, another one or another title is asked for."""
    from bss_mfg.errors import InputError
    from bss_mfg.pipeline import first_batch as first

    usual, titles = first.usual_template(printer), first.template_titles(workspace, printer)

    def check(name: str) -> str:
        return first.check_template(workspace, name, printer)

    template = asking.ask("template", "Labels: a number or a template's name", check, usual, titles)
    while True:
        design = first.Design(workspace, product, new, template, printer)
        try:
            design.check()
        except InputError as error:
            at_fault = "title" if design.fails_by_its_title() else "template"
            if at_fault in asking.given or not _at_terminal():
                raise
            say(f"Error: {error}")
        else:
            return design
        if new and at_fault == "title":
            new = replace(new, title=asking.ask("title", _TITLE, first.check_title))
        else:
            template = asking.ask("template", "Labels: a number or a template's name", check, None, titles)


def _refuse_other_batch(asking: _Asking, workspace: Workspace | None, plan: FirstBatch) -> None:
    from bss_mfg.errors import RefusedError
    from bss_mfg.pipeline import first_batch as first

    try:
        first.refuse_other_batch(workspace, plan)
    except RefusedError as error:
        if workspace:
            asking.batch = first.free_batch(workspace, plan.batch)
        error.way_out = f"`{asking.typed()}` makes another."
        raise


def _ask_folder(asking: _Asking) -> tuple[Path, Workspace | None]:
    from bss_mfg.pipeline.first_batch import check_folder, is_workspace

    here = asking.app.any_workspace
    if here and "folder" not in asking.given:
        asking.answers["folder"] = shown_path(here.root)
        return Path(shown_path(here.root)), here
    if "folder" not in asking.given and _at_terminal():
        say("This makes a factory's folder and its first labels.\nEnter takes what is in [brackets]; Ctrl-C ends.\n")
    if "folder" not in asking.given:
        _require_rest(asking, is_known=False, first=("folder", "product"))
    folder = asking.ask("folder", "Folder of the factory", check_folder, "factory")
    return folder, App(str(folder)).workspace if is_workspace(folder) else None


def _require_rest(asking: _Asking, is_known: bool, first: tuple[str, ...] = ("product",)) -> None:
    """Without a terminal all options that are missing are named at once; `is_known`: the workspace has the product."""
    names = [*first, "printer", "template", "units"]
    if not is_known:
        names[len(first) : len(first)] = ["title", "pid", "code", *([] if asking.test_key else ["public_key"])]
    asking.require_terminal(names)


def _ask_product(
    asking: _Asking, workspace: Workspace | None, name: str, found: LoadedProduct | None
) -> NewProduct | None:
    """What a new product needs; None where the workspace has it, and nothing else was said of it."""
    from bss_mfg.pipeline import first_batch as first

    if found:
        said = {key: asking.given.get(key, "") for key in ("title", "pid", "code", "public_key")}
        key = first.check_key(said["public_key"]) if said["public_key"] else None
        first.refuse_other(found, first.NewProduct(said["title"], said["pid"], said["code"], key))
        if asking.test_key and not first.is_trial(workspace, found, None):
            raise click.UsageError(f"{name} was added with another key: leave --test-key out, or name another product.")
        asking.answers.update({key: value for key, value in said.items() if value})
        return None
    title = asking.ask("title", _TITLE, first.check_title, name)
    pid = asking.ask("pid", "Amazon's product id, 4 letters or digits (for a trial any, as ebK3)", first.check_pid)
    code = asking.ask("code", "UPC or EAN on the package (for a trial any, as 841667145075)", first.check_code)
    return first.NewProduct(title, pid, code, None if asking.test_key else _ask_key(asking))


def _ask_key(asking: _Asking) -> Path | None:
    """Amazon's key, or None for a test key."""
    from bss_mfg.pipeline.first_batch import check_key

    if "public_key" not in asking.given:
        say("Without Amazon's key a test key can stand in: the labels are a trial then, which Amazon can't read.")

    def check(text: str) -> Path | None:
        return None if text.lower() == "test" else check_key(text)

    key = asking.ask("public_key", "File of Amazon's public key, or test", check, "test")
    if key is None:
        asking.test_key = True
        del asking.answers["public_key"]
    return key


def _after_error(text: str) -> str:
    """A message in lines that are right behind `Error: `, which click writes."""
    shown = terminal_of(sys.stderr)
    return fitted(f"Error: {text}", shown.width if shown else 0).removeprefix("Error: ")


def _at_terminal() -> bool:
    """Whether somebody can be asked."""
    return sys.stdin.isatty()


def _whole_number(text: str) -> int:
    from bss_mfg.errors import InputError

    if not text.isdecimal() or not 0 < int(text) <= 10_000:
        raise InputError(f"{text[:20]!r} isn't a number from 1 to 10,000")
    return int(text)


def _show_plan(app: App, plan: FirstBatch) -> None:
    say("\nThese commands make it:\n")
    for words in plan.commands():
        say(f"  {_line(app, plan, words)}")
    say("")
    if plan.is_trial:
        say("TRIAL: with a test key, Amazon can't read these barcodes.")
        say("Never ship these units, and upload no control log of them.")
    else:
        say("Every label says SAMPLE, as the product is in development: not for customers.")


def _line(app: App, plan: FirstBatch, words: tuple[str, ...]) -> str:
    workspace = None if words[0] == "init" else str(plan.folder)
    return typed(App(workspace, operator=app.operator), *words)


def _run_all(ctx: click.Context, app: App, plan: FirstBatch, asking: _Asking) -> None:
    """Run each command as if it were typed."""
    from bss_mfg.errors import BssError

    root = ctx.find_root().command
    for words in plan.commands():
        say(f"\n$ {_line(app, plan, words)}")
        workspace = [] if words[0] == "init" else ["--workspace", str(plan.folder)]
        try:
            code = root.main([*workspace, *words, *_operator(app)], prog_name="bss-mfg", standalone_mode=False)
        except (click.Abort, KeyboardInterrupt):
            _end(asking, 130)
        except BssError as error:
            told = copy(error)
            told.way_out = f"{error.way_out} Once that is put right, `{asking.typed()}` continues.".strip()
            raise told from error
        if code:
            _end(asking, code)


def _run_to_look(ctx: click.Context, app: App, plan: FirstBatch) -> None:
    """Open the labels; where that can't be, all is made nevertheless."""
    from bss_mfg.errors import BssError

    words = ("open", plan.batch)
    say(f"\n$ {_line(app, plan, words)}")
    try:
        ctx.find_root().command.main(
            ["--workspace", str(plan.folder), *words], prog_name="bss-mfg", standalone_mode=False
        )
    except BssError as error:
        say(str(error))


def _end(asking: _Asking, code: int) -> NoReturn:
    say(f"`{asking.typed()}` continues from here; nothing is made twice.")
    raise click.exceptions.Exit(code)


def _operator(app: App) -> list[str]:
    return ["--operator", app.operator] if app.operator else []


def _say_what_is_next(ctx: click.Context, app: App, plan: FirstBatch, *, shows: bool) -> None:
    """Where the labels are and what to do with them; `shows`: somebody is there to look at them."""
    from bss_mfg.pipeline.first_batch import check_printer, is_read_back

    here = App(str(plan.folder))
    printer = check_printer(here.workspace, plan.printer)
    read_back = is_read_back(printer)
    with here.workspace.open_ledger(here.actor) as ledger:
        from bss_mfg.workspace.batch_outputs import Output, outputs

        (sheet, *_) = outputs(here.workspace, ledger, plan.batch, Output.SHEET)
        labels = count_words(ledger.batches.get(plan.batch).packages, "label")
    if shows and read_back:
        _run_to_look(ctx, app, plan)
    else:
        print_text(shown_path(sheet))
    look = f"  {'See it again:' if shows else 'Look at it:  '} {_line(app, plan, ('open', plan.batch))}\n"
    send = _line(app, plan, ("labels", plan.batch, "--again", "--send", "tcp://ADDRESS:9100"))
    print_it = "Print it at 100 %, without scaling." if read_back else f"Print it:     {send}"
    say(
        "\nNext:\n"
        f"{look if read_back else ''}"
        f"  {print_it}\n"
        f"  Scan a label: {_line(app, plan, ('scan', plan.batch))}\n"
        f"  Or pictures:  {_line(app, plan, ('verify', plan.batch, 'PICTURES', '--report', 'report.html'))}\n"
    )
    say(
        "TRIAL units: never ship them, and upload no control log of them."
        if plan.is_trial
        else "Labels say SAMPLE: not for customers."
    )
    what = "read back right" if read_back else "made; only what is printed can be read"
    say(f"OK: {plan.batch}: {labels} {what}")
