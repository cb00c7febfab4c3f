"""What is typed for each picture of a terminal, and what was there before."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image
from terminal import Terminal

from bss_mfg.workspace.workspace import Workspace
from tests.helpers.factory import Factory, a_read
from tests.helpers.label_printer import NetworkPrinter
from tests.helpers.scans import cell, sheet

BATCH = "bulb-2026-11"
STATION_ROWS = 26


@dataclass(frozen=True)
class Story:
    """A picture: its title, and how what it shows comes about."""

    title: str
    play: Callable[[Terminal], None]
    columns: int
    rows: int


STORIES: dict[str, Story] = {}
Play = Callable[[Terminal], None]


def story(name: str, title: str, *, columns: int = 96, rows: int = 48) -> Callable[[Play], Play]:
    """Name a story."""

    def named(play: Play) -> Play:
        STORIES[name] = Story(title, play, columns, rows)
        return play

    return named


# --- what was there before ------------------------------------------------------------------------------------------


def product(terminal: Terminal, *more: str) -> None:
    """A workspace with a product, where all that follows is typed."""
    terminal.quiet(
        "bss-mfg init line",
        "bss-mfg --workspace line dev-key amazon",
        "bss-mfg --workspace line product add bulb --pid ebK3 --upc 841667145075 --title 'Mesh Bulb' "
        + " ".join(("--public-key line/dev-keys/amazon.public.pem", *more)),
    )
    terminal.folder /= "line"
    settings = terminal.folder / "bss-mfg.toml"
    settings.write_text(settings.read_text("utf-8").replace('station = ""', 'station = "line-1"'), "utf-8")


def labelled(terminal: Terminal, *batches: str, units: int = 48) -> Factory:
    """Batches with their labels."""
    product(terminal)
    for batch in batches or (BATCH,):
        terminal.quiet(
            f"bss-mfg batch create bulb --units {units} --id {batch}", f"bss-mfg labels {batch} --printer pdf-300"
        )
    return Factory(Workspace.find(str(terminal.folder), terminal.folder, {}))


def free_port() -> int:
    """A port of this computer that nobody has."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number: int = free.getsockname()[1]
    return number


def at_a_desk(terminal: Terminal, command: str, scanned: Sequence[str]) -> None:
    """A desk with a hand scanner: labels are scanned, one after the other is answered."""
    drawn = r"\r\n > \Z"
    with terminal.open(command) as program:
        program.until(drawn)
        for text in scanned:
            program.type(f"{text}\r")
            program.until(drawn)


# --- stories --------------------------------------------------------------------------------------------------------


@story("start", "bss-mfg start: the first labels, by questions")
def start(terminal: Terminal) -> None:
    with terminal.open("bss-mfg start") as program:
        for answer in ("", "bulb", "Mesh Bulb", "ebK3", "841667145075", "test", "", "", "24"):
            program.until(r": \Z")
            program.type(f"{answer}\r")
        program.until(r": \Z")


@story("batch", "A batch is issued, and its labels are made")
def batch(terminal: Terminal) -> None:
    product(terminal)
    terminal.type(f"bss-mfg batch create bulb --units 48 --id {BATCH}")
    terminal.type(f"bss-mfg labels {BATCH} --printer pdf-203")


@story("run", "A shift in one run")
def run(terminal: Terminal) -> None:
    product(terminal)
    terminal.type(f"bss-mfg run bulb --units 480 --id {BATCH}")


@story("refused", "Mistakes are refused, with the way out")
def refused(terminal: Terminal) -> None:
    labelled(terminal)
    terminal.type(f"bss-mfg labels {BATCH}", code=4)
    terminal.type("bss-mfg print bulb", code=2)
    terminal.type(f"bss-mfg close {BATCH} --in-hand 0", code=4)


@story("scan", "The station: a right label, in large letters", rows=STATION_ROWS)
def scan(terminal: Terminal) -> None:
    factory = labelled(terminal)
    at_a_desk(terminal, f"bss-mfg scan {BATCH}", factory.payloads(BATCH)[:12])


@story("scan-wrong", "The station: a label of another batch", rows=STATION_ROWS)
def scan_wrong(terminal: Terminal) -> None:
    factory = labelled(terminal, BATCH, "bulb-2026-12", units=24)
    scanned = [*factory.payloads(BATCH)[:12], factory.payloads("bulb-2026-12")[3]]
    at_a_desk(terminal, f"bss-mfg scan {BATCH}", scanned)


@story("verify", "A scanned sheet on which four labels are wrong", columns=100)
def verify(terminal: Terminal) -> None:
    factory = labelled(terminal, BATCH, "bulb-2026-12", units=24)
    page, other = sheet(factory, BATCH), sheet(factory, "bulb-2026-12")
    for source, there, here in ((page, 4, 8), (other, 6, 11)):
        page[cell(here)] = source[cell(there)]
    page[cell(14)] = 255
    rows, columns = cell(20)
    page[rows, columns][:, 80:86] = 255
    (terminal.folder / "scans").mkdir()
    Image.fromarray(np.ascontiguousarray(page)).save(terminal.folder / "scans" / "sheet-1.png", dpi=(300, 300))
    terminal.type(f"bss-mfg verify {BATCH} scans --grade --report report.html", code=1)


@story("preflight", "Preflight: a label that will not print, and what would help")
def preflight(terminal: Terminal) -> None:
    product(terminal)
    terminal.quiet("bss-mfg template copy minimal my-label")
    path = terminal.folder / "templates" / "my-label.toml"
    path.write_text(re.sub(r"(?m)^size = 2\d.*", "size = 12", path.read_text("utf-8"), count=1), "utf-8")
    terminal.type("bss-mfg preflight bulb --template my-label --printer zpl-203", code=1)


@story("pack", "The packing table: a carton is full", rows=STATION_ROWS)
def pack(terminal: Terminal) -> None:
    factory = labelled(terminal)
    with factory.ledger() as ledger:
        ledger.reads.record(BATCH, [a_read(number) for number in range(1, 49)])
    at_a_desk(terminal, "bss-mfg pack --carton 6 --pallet 4", factory.payloads(BATCH)[:12])


@story("pack-refused", "The packing table: a box that was not verified", rows=STATION_ROWS)
def pack_refused(terminal: Terminal) -> None:
    factory = labelled(terminal)
    with factory.ledger() as ledger:
        ledger.reads.record(BATCH, [a_read(number) for number in range(1, 9)])
    at_a_desk(terminal, "bss-mfg pack --carton 6 --pallet 4", factory.payloads(BATCH)[:9])


@story("press", "A press prints what waits for it")
def press(terminal: Terminal) -> None:
    labelled(terminal)
    with NetworkPrinter() as printer:
        terminal.type(f"bss-mfg labels {BATCH} --queue press-2 --printer zpl-203 --template roll-50x30 --again")
        terminal.type(f"bss-mfg press --name press-2 --once --send {printer.address}")


@story("device", "Devices on air, and one that proves its key", columns=108)
def device(terminal: Terminal) -> None:
    labelled(terminal)
    units = " ".join(f"ebK3{number:08}" for number in (1, 2, 3))
    command = f"bss-mfg device simulate {BATCH} {units} --port {free_port()}"
    with terminal.open(command, shown=False) as devices:
        radio = re.findall(r"tcp-client:[\d.]+:\d+", devices.until(r"tcp-client:[\d.:]+\s"))[0]
        terminal.type(f"bss-mfg device scan --batch {BATCH} --seconds 10 --radio {radio}")
        terminal.type(f"bss-mfg device check {BATCH} ebK300000001 --radio {radio}")
