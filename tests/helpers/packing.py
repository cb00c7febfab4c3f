"""A packing hall: verified boxes of several batches, and tables that pack them."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

from bss_mfg.label.from_workspace import named_printer, named_template
from bss_mfg.label.packing_label import PackingLabel
from bss_mfg.ledger.ledger import Ledger
from bss_mfg.ledger.packing_records import NewLogisticUnit
from bss_mfg.model import Actor
from bss_mfg.station.closing import PackingSetup
from bss_mfg.station.packing import PackingTable
from tests.helpers.factory import Factory, a_read

PREFIX = "39506000"


def verify_all(factory: Factory, *batches: str) -> None:
    """The printed labels of all boxes are read right."""
    with factory.ledger() as ledger:
        for batch in batches:
            packages = ledger.batches.get(batch).packages
            ledger.reads.record(batch, [a_read(number) for number in range(1, packages + 1)])


def hall(factory: Factory, boxes: int = 6) -> Factory:
    """Batches A and B of one product, and C of another, all verified."""
    factory.add(oob_bytes=16)
    factory.add("plug", pid="pL7x", oob_bytes=16, serial="MP{n:08}", fields={"market": "EU"})
    for batch, product in (("A", "bulb"), ("B", "bulb"), ("C", "plug")):
        factory.issue(boxes, batch, product)
    verify_all(factory, "A", "B", "C")
    return factory


def at(factory: Factory, station: str) -> Ledger:
    """The ledger as a table opens it."""
    return factory.workspace.open_ledger(Actor("packer", station, "test"))


def table(factory: Factory, ledger: Ledger, size: int = 2, pallet: int | None = 2, **more: Any) -> PackingTable:
    """A table, for cartons and pallets of these sizes."""
    label = PackingLabel(named_template(factory.workspace, "logistic-105x148"), named_printer(None, "pdf-300"))
    setup = PackingSetup(
        NewLogisticUnit(size, PREFIX),
        NewLogisticUnit(pallet, PREFIX, more.pop("mixed", False)) if pallet else None,
        label,
        label,
        factory.root / "packing",
        **{name: more.pop(name) for name in ("send", "address") if name in more},
    )
    return PackingTable(ledger, setup, **more)


def in_fork(act: Callable[[], None]) -> int:
    """Do something in a forked child; the number of the child."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        act()
        code = 0
    finally:
        os._exit(code)


def ended(child: int) -> int:
    """Wait for a child: its exit code, or minus the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def killed_at(factory: Factory, station: str, moment: int, act: Callable[[Ledger], None]) -> bool:
    """Do something at a station in a process that is killed before its statement number `moment` to the database,
    counted from 0; whether it was, and had not ended before."""

    def doomed() -> None:
        with at(factory, station) as ledger:
            database, left = ledger._db, [moment]
            for name in ("execute", "rows", "many"):
                door = getattr(type(database), name)

                def counted(self: Any, *arguments: Any, door: Any = door, **named: Any) -> Any:
                    if left[0] == 0:
                        os.kill(os.getpid(), signal.SIGKILL)
                    left[0] -= 1
                    return door(self, *arguments, **named)

                setattr(type(database), name, counted)
            act(ledger)

    return ended(in_fork(doomed)) == -signal.SIGKILL
