"""`python -m tests.faults.move_kills --units 1000000`: a large ledger is moved from its file into PostgreSQL and back,
and killed at many moments; the same command goes on, and every row is as before."""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bss_mfg.ledger.schema_tables import tables
from bss_mfg.workspace.workspace import Workspace
from tests.helpers.factory import Factory, make_factory
from tests.helpers.postgres import Server
from tests.helpers.postgres import server as running_server
from tests.independent.postgresql.moves import own

_AT_END = 0.2
"""The share of the kills that come in the last `_LAST` of the time: where the copy is committed, its source frozen."""
_LAST = 0.03
_NOT_COMPARED = ("wrapped_key", "recovery_key")
"""Of a data key the database has the name of its file."""
_ROWS = 10_000


@dataclass(frozen=True)
class Way:
    """How a ledger went one way: seconds of the move that nobody disturbed; how often it was killed on the way, and how
    many moves had ended before their moment came."""

    seconds: float
    killed: int
    ended: int


def digest_of(factory: Factory) -> str:
    """SHA-256 of all rows, wherever the ledger lies."""
    found = hashlib.sha256()
    with factory.database() as database:
        for table in tables():
            columns = ", ".join(f"{one} IS NULL" if one in _NOT_COMPARED[:1] else one
                                for one in table.columns if one not in _NOT_COMPARED[1:])  # fmt: skip
            cursor = database.execute(
                f"SELECT {columns} FROM {table.name} WHERE {own(table.name)} ORDER BY {', '.join(table.key)}"  # noqa: S608
            )
            while rows := cursor.fetchmany(_ROWS):
                for row in rows:
                    found.update(repr([int(one) if isinstance(one, bool) else one for one in row]).encode())
    return found.hexdigest()


def here(factory: Factory) -> Factory:
    """A workspace as its files say now."""
    return Factory(Workspace.find(str(factory.root), factory.root, {}))


def moments(count: int, seconds: float) -> list[float]:
    """Moments of a move at which it is killed, in order: all over it, and more at its end."""
    chance, late = random.Random(21), max(1, round(count * _AT_END))
    all_over = [(at + chance.random()) / (count - late) for at in range(count - late)]
    return sorted(seconds * at for at in [*all_over, *(1 - _LAST * chance.random() for _ in range(late))])


def move(factory: Factory, to: str, kill_after_s: float | None = None) -> int:
    """The exit code of a move; negative where it was killed."""
    with subprocess.Popen(
        factory.command("ledger", "move", "--to", to), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as moving:
        with contextlib.suppress(subprocess.TimeoutExpired):
            moving.communicate(timeout=kill_after_s)
            return moving.returncode
        moving.send_signal(signal.SIGKILL)
    return moving.returncode


def went(factory: Factory, server: Server, *, back: bool, count: int) -> Way:
    """Move a ledger, undisturbed and to and fro again; then killed `count` times, and gone on with."""
    names = iter(f"moved_{back}_{number}" for number in range(1 << 30))

    def target() -> str:
        return "ledger.db" if back else server.new_database(next(names))

    def return_again() -> None:
        assert move(here(factory), server.new_database(next(names)) if back else "ledger.db") == 0

    begun = time.perf_counter()
    assert move(factory, target()) == 0
    seconds = time.perf_counter() - begun
    return_again()
    to, killed, ended = target(), 0, 0
    for moment in moments(count, seconds):
        code = move(here(factory), to, moment)
        assert code in (0, -signal.SIGKILL), (moment, code)
        asked = here(factory).cli("batch", "list")
        assert asked.code == 0 or (asked.code == 5 and " ledger move --to " in asked.err), (moment, asked.err)
        killed += code != 0
        if code == 0 and bool(here(factory).workspace.ledger_place.url) != back:
            ended += 1
            if ended + killed < count:
                return_again()
                to = target()
        print(f"{'back' if back else 'there'}: {killed} killed, {ended} had ended; {moment:.1f} of {seconds:.1f} s",
              file=sys.stderr, flush=True)  # fmt: skip
    if bool(here(factory).workspace.ledger_place.url) == back:
        assert move(here(factory), to) == 0
    return Way(seconds, killed, ended)


def main() -> int:
    """Move it, and print what became of it; 1 where a row is not as before."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.move_kills", description=__doc__)
    parser.add_argument("--units", type=int, default=1_000_000)
    parser.add_argument("--batches", type=int, default=10)
    parser.add_argument("--moments", type=int, default=30, help="how often each way is killed (default 30)")
    given = parser.parse_args()
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(prefix="moves-", dir=memory) as folder, running_server() as server:
        factory = make_factory(Path(folder) / "w")
        factory.add(oob_bytes=16)
        for number in range(given.batches):
            factory.issue(given.units // given.batches, f"B{number + 1:02}")
        digests = [digest_of(factory)]
        for back in (False, True):
            way = went(here(factory), server, back=back, count=given.moments)
            digests.append(digest_of(here(factory)))
            words = f"{given.units:,} units moved {'back' if back else 'there'}"
            print(f"{words}: {way}; digest {digests[-1][:16]}", flush=True)
        checked = here(factory).process("ledger", "check")
        print(f"ledger check: {checked.code}; {'all rows are as before' if len({*digests}) == 1 else digests}")
    return int(checked.code != 0 or len({*digests}) != 1)


if __name__ == "__main__":
    sys.exit(main())
