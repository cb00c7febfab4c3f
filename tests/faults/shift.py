"""`python -m tests.faults.shift --units 20000`: twenty stations live a shift on PostgreSQL, each a process that may be
killed at any moment, and so may the server; then the books are balanced."""

from __future__ import annotations

import argparse
import contextlib
import itertools
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.shift_account import DONE, Account, Notebook, Reader
from tests.faults.shift_balance import balance
from tests.faults.shift_desks import Desk, Flasher, Office, Packer, Returns, Scanner, Scrapper, Shipper, Site
from tests.faults.shift_press import Printing, run_printers
from tests.helpers.commands import run_cli
from tests.helpers.factory import Factory, make_factory
from tests.helpers.postgres import OWNER, Server
from tests.helpers.postgres import server as running_server

DESKS: tuple[type[Desk], ...] = (Office, Printing, Flasher, Scanner, Packer, Scrapper, Shipper, Returns)
ROLES = {"flash": "keys", "scan": "qa"}
"""What desks may do; all others are operators."""
HAVE_KEYS = ("office", "flash")
STANDSTILL_S = 240
"""A shift in which nobody writes anything down for so long has failed."""
STARTS = ("-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_wal_size=1GB", "-c", "max_connections=100")


@dataclass
class Shift:
    """A shift while it runs: its processes, and what was killed."""

    site: Site
    server: Server
    kill_every_s: float
    running: dict[str, int] = field(default_factory=dict)
    kills: Counter[str] = field(default_factory=Counter)
    account: Account = field(default_factory=Account)
    _chance: random.Random = field(default_factory=lambda: random.Random(21))

    def live(self) -> None:
        """From the first batch to the last pallet."""
        self._readers = [Reader(self.site.notes, desk.kind) for desk in DESKS]
        foreman = Notebook(self.site.notes, "foreman-1")
        printers = in_child(lambda: run_printers(self.site), self.site.folder / "printers.error")
        try:
            wait_until(lambda: (self.site.folder / "printers are on").exists())
            for name in self.site.names:
                self._start(name)
            for call, is_done in ((1, self._first_boxes_are_done), (2, self._all_left_and_came_back)):
                self._work_until(is_done)
                while min(self.kills[name] for name in (*self.running, "server")) == 0:  # on a quick machine
                    self._kill()
                foreman.note(DONE, ("last call", call))
            self._work_until(self._all_is_shipped)
            (self.site.folder / "over").touch()
            for name, pid in self.running.items():
                self._require(name, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0)
            self.running.clear()
        finally:
            for pid in self.running.values():
                with contextlib.suppress(ProcessLookupError, ChildProcessError):  # one ended, and is why
                    os.kill(pid, signal.SIGKILL)
                    os.waitpid(pid, 0)
            (self.site.folder / "printers off").touch()
            os.waitpid(printers, 0)

    def _start(self, name: str) -> None:
        kind = next(desk for desk in DESKS if name.startswith(desk.kind))
        self.running[name] = in_child(lambda: kind(self.site, name).run(), self.site.folder / f"{name}.error")

    # --- how far it is ------------------------------------------------------------------------------------------------

    def _first_boxes_are_done(self) -> bool:
        return len(self.account.boxes("pack")) + len(self.account.of("scrap")) == self.site.boxes

    def _all_left_and_came_back(self) -> bool:
        again = [key for key in self.account.of("pack") if key[2] == 1]
        return self._is_shipped(1) and self._all_back() and len(again) == len(self.account.of("return"))

    def _all_is_shipped(self) -> bool:
        return self._is_shipped(2)

    def _is_shipped(self, call: int) -> bool:
        tables = [name for name in self.site.names if name.startswith("pack")]
        called = sum(key == (call,) for key in self.account.of("last call"))
        calls = [key for table in tables for key in self.account.in_order[table] if key == ("last call", call)]
        made = sum(len(self.account.pallets(table, self.site.carton, self.site.pallet)) for table in tables)
        return bool(called) and len(calls) == len(tables) and len(self.account.of("ship")) == made

    def _all_back(self) -> bool:
        return self.account.boxes("return") == self.account.coming_back

    # --- kills --------------------------------------------------------------------------------------------------------

    def _work_until(self, is_done: Callable[[], bool]) -> None:
        said, next_kill = time.monotonic(), time.monotonic() + self.kill_every_s
        while not is_done():
            time.sleep(0.1)
            for note in itertools.chain.from_iterable(reader.new() for reader in self._readers):
                self.account.add(note)
                said = time.monotonic()
            for name, pid in self.running.items():
                ended, status = os.waitpid(pid, os.WNOHANG)
                self._require(name, not ended, str(status))
            self._require("all", time.monotonic() - said < STANDSTILL_S, "nothing is done any more")
            if time.monotonic() > next_kill:
                self._kill()
                next_kill = time.monotonic() + self.kill_every_s * self._chance.uniform(0.5, 1.5)

    def _kill(self) -> None:
        """Kill the station that was killed least often, of all these one by chance; and once the server."""
        if not self.kills["server"] and len(self.account.of("scan")) > self.site.boxes // 3:
            self.kills["server"] += 1
            self.server.kill()
            self.server.start(STARTS)
            return
        least = min(self.kills[name] for name in self.running)
        name = self._chance.choice([name for name in self.running if self.kills[name] == least])
        self.kills[name] += 1
        os.kill(self.running[name], signal.SIGKILL)
        os.waitpid(self.running[name], 0)
        self._start(name)

    def _require(self, name: str, right: bool, what: str = "ended by itself") -> None:
        if not right:
            told = {path.stem: path.read_text()[-3000:] for path in self.site.folder.glob("*.error")}
            raise AssertionError(f"{name} {what}: { ({key: text for key, text in told.items() if text}) }")


def in_child(act: Callable[[], None], told: Path) -> int:
    """Do something in a forked child; what it fails with goes into a file. The number of the child."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        act()
        code = 0
    except BaseException:  # noqa: BLE001  (told, and nothing of the parent is done here)
        told.write_text(traceback.format_exc())
    finally:
        os._exit(code)


def wait_until(is_true: Callable[[], bool], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < until
        time.sleep(0.02)


def prepared(site: Site, server: Server) -> Factory:
    """The office's ledger with a product, published, and a folder for each station, which has a user of its own."""
    site.notes.mkdir(parents=True)
    (site.folder / "stations").mkdir()
    factory = make_factory(site.folder / "head office", server.new_database("shift"))
    factory.add(oob_bytes=16, units_per_package=site.per_box)
    done = factory.cli("ledger", "publish")
    assert done.code == 0, done.err
    for name in site.names:
        kind, user = name.partition("-")[0], name.replace("-", "_")
        server.run(f"CREATE ROLE {user} LOGIN")
        shown = factory.cli("ledger", "grant", ROLES.get(kind, "operator"), "--to", user, "--show")
        with server.connect("shift", "admin") as administrator:
            administrator.execute(shown.out)
        url = factory.workspace.ledger_place.url.replace(f"{OWNER}@", f"{user}@")
        flashes = ["--flasher"] if kind == "flash" else []
        done = run_cli("station", "init", site.station(name), "--name", name, "--ledger", url, *flashes)
        assert done.code == 0, done.err
        if kind in HAVE_KEYS:
            shutil.copy(factory.root / "vault.key", site.station(name))
            settings = site.station(name) / "bss-mfg.toml"
            settings.write_text(f'{settings.read_text()}keys = "{factory.root / "keys"}"\n')
    return factory


@contextmanager
def lived(site: Site, kill_every_s: float) -> Iterator[tuple[Shift, Factory]]:
    """A shift that has been lived."""
    with running_server(STARTS) as server:
        factory = prepared(site, server)
        shift = Shift(site, server, kill_every_s)
        shift.live()
        yield shift, factory


def main() -> int:
    """Live a shift and balance its books; 1 where they don't."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.shift", description=__doc__)
    parser.add_argument("--units", type=int, default=20_000)
    parser.add_argument("--per-box", type=int, default=1, help="units in a box (default 1)")
    parser.add_argument("--batch", type=int, default=125, help="boxes of a batch (default 125)")
    parser.add_argument("--kill-every", type=float, default=2.0, help="seconds between two kills")
    given = parser.parse_args()
    begun = time.monotonic()

    def site(folder: Path) -> Site:
        return Site(folder, given.units // given.per_box, given.batch, given.per_box, claim=25 * given.per_box)

    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with (
        tempfile.TemporaryDirectory(prefix="shift-", dir=memory) as folder,
        lived(site(Path(folder)), given.kill_every) as (shift, factory),
    ):
        print(f"lived in {time.monotonic() - begun:.0f} s; killed: {dict(shift.kills)}, "
              f"{shift.account.troubles} times told of a ledger that was gone", flush=True)  # fmt: skip
        wrong = balance(shift.site, shift.account, factory)
    print("\n".join(wrong[:40]) or f"the books balance: {shift.account.summary}")
    print(f"{time.monotonic() - begun:.0f} s in all, {sum(os.times()[:4]):.0f} s of processors")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
