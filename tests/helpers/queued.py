"""Presses and their queues in tests: what is typed there, and which labels came out of a printer."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bss_mfg.label.printing.formats import split_formats
from tests.helpers.commands import Outcome
from tests.helpers.factory import Factory

WAYS = ("--template", "roll-50x30", "--printer", "zpl-203")


def prepared(factory: Factory, units: int = 60) -> Factory:
    """A factory with a batch B1."""
    factory.add(oob_bytes=16)
    factory.issue(units)
    return factory


def queue(factory: Factory, *more: object, press: str = "press-2", batch: str = "B1") -> Outcome:
    """Put labels into the queue of a press."""
    return factory.cli("labels", batch, *WAYS, "--queue", press, *more)


def press(factory: Factory, address: str, *more: object, typed: Iterable[str] = (), name: str = "press-2") -> Outcome:
    """A press that prints one entry, and what its operator types or scans."""
    stdin = "".join(f"{line}\n" for line in typed)
    return factory.cli("press", "--name", name, "--once", "--send", address, *more, stdin=stdin)


class WaitingPress:
    """A press that prints whatever comes, in a process of its own, until Ctrl-C."""

    def __init__(self, factory: Factory, address: str, name: str = "press-2") -> None:
        command = factory.command("press", "--name", name, "--send", address, "--json")
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def __enter__(self) -> WaitingPress:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()

    def ended(self) -> Any:
        """The next entry that ends."""
        assert self.process.stdout
        return json.loads(self.process.stdout.readline())

    def interrupt(self) -> int:
        """Ctrl-C; the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(120)


def shown(factory: Factory, number: int = 1) -> Any:
    """An entry of the queue."""
    return factory.cli("queue", "show", number, "--json").json


def serial(number: int) -> str:
    """The serial of a package of B1."""
    return f"ebK3{number:08}"


class KnownLabels:
    """The labels of B1 as they are printed: which of them came out."""

    def __init__(self, factory: Factory, folder: Path) -> None:
        other = factory.copied(folder)
        done = other.cli("labels", "B1", *WAYS, "--labels-per-file", 10_000)
        assert done.code == 0, done.err
        (file,) = (other.root / "batches" / "B1" / "labels").glob("*.zpl")
        formats = split_formats(file.read_bytes(), "zpl")
        self._numbers = {one.strip(): number for number, one in enumerate(formats, 1)}

    def numbers(self, received: bytes | Iterable[bytes]) -> list[int]:
        """The numbers of the whole labels among the bytes that a printer got, in their order."""
        data = received if isinstance(received, bytes) else b"".join(received)
        formats = (one.strip() for one in split_formats(data, "zpl"))
        return [self._numbers[one] for one in formats if one in self._numbers]
