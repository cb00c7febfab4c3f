"""What people mistype: a number out of range, a command with a letter wrong, a batch where a serial is wanted."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from bss_mfg.cli.main import COMMANDS
from bss_mfg.cli.parameters import Number, WholeNumber
from tests.helpers.commands import advised_in, run_cli
from tests.helpers.factory import Factory


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["batch", "create", "bulb", "--units", "0"], "0 is too small: give 1 to 10,000,000"),
        (["batch", "create", "bulb", "--units", "-3"], "-3 is too small: give 1 to 10,000,000"),
        (["batch", "create", "bulb", "--units", "10000001"], "10,000,001 is too large: give 1 to 10,000,000"),
        (["batch", "create", "bulb", "--units", "4.5"], "'4.5' is not a whole number: give 1 to 10,000,000"),
        (["run", "bulb", "--units", "0"], "0 is too small"),
        (["close", "A", "--in-hand", "-1"], "-1 is too small: give 0 or more"),
        (["labels", "A", "--copies", "0"], "0 is too small: give 1 to 100"),
        (["product", "add", "x", "--pid", "ebK3", "--public-key", "k", "--units-per-package", "0"], "0 is too small"),
        (["scan", "A", "--port", "x", "--baud", "0"], "0 is too small"),
        (["printer", "test-page", "zpl-203", "--width", "nan"], "nan is too small: give 20 to 500"),
    ],
)  # fmt: skip
def test_a_number_out_of_range_is_told_with_what_is_possible(
    printed_factory: Factory, command: list[str], said: str
) -> None:
    done = printed_factory.cli(*command)
    assert done.code == 2 and said in done.err


def every_option() -> Iterator[tuple[str, click.Parameter]]:
    def walk(name: str, command: click.Command) -> Iterator[tuple[str, click.Parameter]]:
        yield from ((name, parameter) for parameter in command.params)
        for inner, child in getattr(command, "commands", {}).items():
            yield from walk(f"{name} {inner}", child)

    for name, (place, _) in COMMANDS.items():
        module, _, function = place.partition(":")
        yield from walk(name, getattr(importlib.import_module(f"bss_mfg.cli.{module}"), function))


def test_every_number_has_limits() -> None:
    """click's own messages say `0 is not in the range 1<=x<=100`, and a bare int takes what makes no sense."""
    loose = [
        f"{name} {parameter.name}"
        for name, parameter in every_option()
        if isinstance(parameter.type, (type(click.INT), click.IntRange, click.FloatRange))
        and not isinstance(parameter.type, (WholeNumber, Number))
    ]
    assert loose == []


@pytest.mark.parametrize(
    ("command", "meant"),
    [
        (["verfy", "A"], "'verify'"),
        (["bacth", "list"], "'batch'"),
        (["batch", "lst"], "'list'"),
        (["manifest", "stauts", "A"], "'status'"),
        (["vault", "recovr"], "'recover'"),
        (["labels", "A", "--printr", "x"], "'--printer'"),
    ],
)
def test_a_letter_wrong_is_answered_with_what_it_may_have_been(
    printed_factory: Factory, command: list[str], meant: str
) -> None:
    done = printed_factory.cli(*command)
    assert done.code == 2 and "Did you mean" in done.err and meant in done.err


def test_a_batch_whose_name_is_nearly_a_commands_is_reached(printed: Factory) -> None:
    assert printed.cli("batch", "create", "bulb", "--units", 1, "--id", "states").code == 0
    refused = printed.cli("manifest", "states", "--out", "x/")
    assert refused.code == 2 and "`bss-mfg manifest make states`" in refused.err
    assert printed.cli("manifest", "make", "states", "--out", f"{printed.root}/upload/").code == 0


def test_a_batch_for_a_serial_and_a_serial_for_a_batch_are_told(printed_factory: Factory) -> None:
    cli, first, other = printed_factory.cli, "ebK300000001", "ebK300000025"
    for command in (("scrap", "A", "B", "--reason", "x"), ("labels", "A", "--only", "b"),
                    ("reprint", "A", "B", "--reason", "x"), ("ship", "A", "B", "--for", "x")):  # fmt: skip
        done = cli(*command)
        assert done.code == 3 and "B is a batch" in done.err, done.err
    for command in (("scrap", "A", other, "--reason", "x"), ("labels", "A", "--only", other)):
        done = cli(*command)
        assert done.code == 3 and "is a serial of batch B" in done.err, done.err
    for command in (("batch", "show", first), ("labels", first), ("scan", first), ("verify", first, ".")):
        done = cli(*command)
        assert done.code == 3 and "It is a serial of batch A: name the batch." in done.err, done.err
    assert "There is a batch A." in cli("batch", "show", "a").err
    assert "bulb is a product" in cli("batch", "show", "bulb").err
    assert " batch list`" in cli("batch", "show", "nothing").err


def test_a_batch_with_a_letter_wrong_is_named(printed: Factory) -> None:
    assert printed.cli("batch", "create", "bulb", "--units", 1, "--id", "lamp-trial").code == 0
    for typo in ("lamp-tral", "Lamp-Trail", "lamp_trial"):
        done = printed.cli("open", typo)
        assert done.code == 3 and "lamp-trial" in done.err, done.err
    assert "lamp-trial" not in printed.cli("open", "garden-hose").err


def test_what_an_error_advises_is_typed_as_it_stands(printed_factory: Factory, tmp_path: Path) -> None:
    """In the folder that the command was typed in, wherever the workspace is."""
    refused = run_cli("--workspace", printed_factory.root, "open", "nothing", cwd=tmp_path)
    (words,) = advised_in(refused.err, whole=True)
    assert run_cli(*words, cwd=tmp_path).code == 0


def test_a_name_with_a_letter_wrong_is_answered_with_what_it_may_have_been(printed_factory: Factory) -> None:
    cli = printed_factory.cli
    for command, meant in (
        (("run", "bulbs", "--units", 1), "'bulb'"),
        (("product", "show", "BULB"), "'bulb'"),
        (("labels", "A", "--template", "rol-50x30", "--again"), "'roll-50x30'"),
        (("labels", "A", "--printer", "zlp-203", "--again"), "'zpl-203'"),
        (("scrap", "A", "EBK300000001", "--reason", "x"), "ebK300000001 of batch A"),
        (("scrap", "A", "ebK3OOOOOOOl", "--reason", "x"), "ebK300000001 of batch A"),
    ):
        done = cli(*command)
        assert done.code == 3 and "Did you mean" in done.err and meant in done.err, done.err
    assert "Did you mean" not in cli("product", "show", "entirely-other").err


def test_a_batch_with_a_letter_wrong_is_answered_with_those_that_it_may_have_been(factory: Factory) -> None:
    factory.add(oob_bytes=16)
    factory.issue(1, "bulb-0001")
    assert "Did you mean 'bulb-0001'?" in factory.cli("batch", "show", "blub-0001").err


def test_what_a_message_advises_is_typed_as_it_stands(printed_factory: Factory, tmp_path: Path) -> None:
    """Advice of a command that did well, too."""
    done = run_cli("--workspace", printed_factory.root, "trends", cwd=tmp_path)
    (words,) = advised_in(done.err, whole=True)
    assert words[:2] == ["--workspace", str(printed_factory.root)], done.err
