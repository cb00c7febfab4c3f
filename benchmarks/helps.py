"""`python -m benchmarks.helps`: the work of `--help` of every command next to a bare `import click`, in turns."""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import click

from benchmarks.common import Target, target_table

LIMIT = 3.0
BARE = (sys.executable, "-c", "import click")


@dataclass(frozen=True)
class Help:
    """The least processor seconds of a command's help, and of the bare import measured between its runs."""

    command: str
    seconds: float
    bare: float

    @property
    def ratio(self) -> float:
        """How many times the bare import."""
        return self.seconds / self.bare


def commands() -> Iterator[tuple[str, ...]]:
    """The words of the program itself, of every group and of every command."""
    from bss_mfg.cli.main import cli

    def walk(command: click.Command, words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        yield words
        if isinstance(command, click.Group):
            context = click.Context(command)
            for name in command.list_commands(context):
                inner = command.get_command(context, name)
                assert inner is not None
                yield from walk(inner, (*words, name))

    yield from walk(cli, ())


def seconds_of(command: tuple[str, ...]) -> float:
    """The processor time of a process: on a busy machine, waiting for a processor is none of it."""
    before = _processor_seconds()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return _processor_seconds() - before


def _processor_seconds() -> float:
    """Of all ended processes of this one."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measure(words: tuple[str, ...], runs: int) -> Help:
    """A command's help and the bare import in turns; the least of each, as a busy moment only ever adds."""
    own, bare = [], []
    for _ in range(runs):
        own.append(seconds_of((sys.executable, "-m", "bss_mfg", *words, "--help")))
        bare.append(seconds_of(BARE))
    return Help(" ".join(("bss-mfg", *words)), min(own), min(bare))


def measure_all(runs: int) -> list[Help]:
    """All of them. A command that seems too slow is measured again, longer: most often the machine was busy."""
    found = [measure(words, runs) for words in commands()]
    for more in (3, 9):
        found = [measure(tuple(one.command.split()[1:]), more * runs) if one.ratio > LIMIT else one for one in found]
    return found


def targets(found: list[Help]) -> list[Target]:
    """The slowest of all commands must do."""
    slowest = max(found, key=lambda item: item.ratio)
    return [Target(f"--help of the slowest of {len(found)} commands ({slowest.command}) / import click",
                   slowest.ratio, LIMIT, at_most=True)]  # fmt: skip


def main() -> int:
    """Measure and print; 1 if a command misses the target."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.helps", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="runs of each command (default 5)")
    given = parser.parse_args()
    found = measure_all(given.runs)
    for one in found:
        own, bare = one.seconds * 1000, one.bare * 1000
        print(f"{one.command:34} {own:5.0f} ms  {bare:5.0f} ms  x {one.ratio:.2f}")
    checked = targets(found)
    print(target_table(checked))
    return int(any(target.met is False for target in checked))


if __name__ == "__main__":
    sys.exit(main())
