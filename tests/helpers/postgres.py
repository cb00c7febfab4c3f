"""A PostgreSQL server of the tests' own: a cluster in a temporary folder, on a Unix socket, as an unprivileged user."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, urlsplit

if TYPE_CHECKING:
    import psycopg

ACCOUNT = "postgres"
"""Who runs the server where the tests are root: PostgreSQL refuses to."""
OWNER = "factory"
"""The role that owns the ledgers."""
_FAST = ("-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_wal_size=256MB", "-c", "shared_buffers=32MB")
"""Settings of a server whose data may be lost with the machine."""


def programs() -> Path | None:
    """The folder of PostgreSQL's own programs: the newest that is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    here = shutil.which("initdb")
    return found[-1].parent if found else Path(here).resolve().parent if here else None


@dataclass(frozen=True)
class Server:
    """A running server."""

    folder: Path
    """With the socket, and the data in `data/`."""
    port: int = 5432
    """Also part of the socket's name."""

    def url(self, database: str, user: str = OWNER) -> str:
        """A database as bss-mfg names it."""
        return f"postgresql://{user}@/{database}?host={quote(str(self.folder), safe='')}&port={self.port}"

    def connect(self, database: str = "postgres", user: str = OWNER) -> psycopg.Connection[Any]:
        """A connection of nobody but the test."""
        import psycopg

        return psycopg.connect(self.url(database, user), autocommit=True)

    def run(self, *statements: str) -> None:
        """Run statements as the server's administrator."""
        with self.connect(user="admin") as admin:
            for statement in statements:
                admin.execute(statement)

    def new_database(self, name: str, template: str = "") -> str:
        """A new database of the owner, its URL; as another is where that is named."""
        self.run(f'CREATE DATABASE "{name}" OWNER {OWNER} TEMPLATE "{template or "template0"}" STRATEGY file_copy')
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Drop a database, whoever is connected to it."""
        self.run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def control(self, *arguments: str) -> None:
        """Run pg_ctl."""
        data, log = self.folder / "data", self.folder / "log"
        _as_account([_program("pg_ctl"), "-D", str(data), "-l", str(log), "-w", "-t", "60", *arguments])

    def kill(self) -> None:
        """Kill -9 of all of its processes, as far as they are of this cluster."""
        first = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        os.kill(first, signal.SIGSTOP)  # it begins none meanwhile
        family = [first, *_children(first)]
        for pid in family:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        while any(map(_is_there, family)):
            time.sleep(0.01)

    def start(self, options: Sequence[str] = _FAST) -> None:
        """Start it; it listens on its socket alone."""
        words = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={self.folder}", "-p", str(self.port)]
        words += options
        self.control("-o", " ".join(words), "start")


def free_port() -> int:
    """A port of this computer that nobody listens at."""
    with contextlib.closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def copied_database(url: str) -> str:
    """A copy of a database to which nobody is connected; its URL."""
    running, name = _named(url)
    return running.new_database(f"copy_{uuid.uuid4().hex}", template=name)


def drop_database(url: str) -> None:
    """Drop a database, whoever is connected to it."""
    running, name = _named(url)
    running.drop_database(name)


def _named(url: str) -> tuple[Server, str]:
    parts = urlsplit(url)
    said = parse_qs(parts.query)
    return Server(Path(said["host"][0]), int(said["port"][0])), parts.path.strip("/")


class Opened:
    """A ledger's database as the tests change it: statements as SQLite takes them."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection

    def execute(self, statement: str, values: Sequence[object] = ()) -> psycopg.Cursor[Any]:
        """Run a statement."""
        from bss_mfg.ledger.postgresql_sql import translated

        return self.connection.execute(translated(statement), tuple(values))  # type: ignore[arg-type]

    def commit(self) -> None:
        """Each statement is committed."""


@contextmanager
def opened(url: str, *, unguarded: bool = False) -> Iterator[Opened]:
    """The database of a ledger, without bss-mfg, and without its triggers as only an administrator can."""
    import psycopg

    more: dict[str, Any] = {"user": "admin"} if unguarded else {}
    options = "-c search_path=bss_mfg" + (" -c session_replication_role=replica" if unguarded else "")
    with psycopg.connect(url, autocommit=True, options=options, **more) as connection:
        yield Opened(connection)


@contextmanager
def server(options: Sequence[str] = _FAST, port: int = 5432, *, on_disk: bool = False) -> Iterator[Server]:
    """A server that ends with the block; nothing of it is left. Its files lie in memory where there is room, or, where
    a benchmark syncs them, on disk."""
    has_room = Path("/dev/shm").is_dir() and shutil.disk_usage("/dev/shm").free > 2 << 30
    memory = "/dev/shm" if has_room and not on_disk else "/tmp"
    with tempfile.TemporaryDirectory(prefix="bss-pg-", dir=memory) as name:  # a socket's path may have 107 characters
        folder = Path(name)
        if os.geteuid() == 0:
            import pwd  # not on Windows

            account = pwd.getpwnam(ACCOUNT)
            os.chown(folder, account.pw_uid, account.pw_gid)
        folder.chmod(0o755)
        data = folder / "data"
        _as_account(
            [_program("initdb"), "-D", str(data), "-U", "admin", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N"]
        )
        running = Server(folder, port)
        running.start(options)
        try:
            running.run(f"CREATE ROLE {OWNER} LOGIN")
            yield running
        finally:
            running.control("-m", "immediate", "stop")


def _children(parent: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, ValueError, IndexError):
            if entry.name.isdigit() and int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(entry.name))
    return found


def _is_there(pid: int) -> bool:
    """Whether a process is there, though it may be dead: PostgreSQL does not start while one of before is."""
    return Path(f"/proc/{pid}").exists()


def _program(name: str) -> str:
    folder = programs()
    assert folder, "PostgreSQL is not installed"
    return str(folder / name)


def _as_account(command: Sequence[str]) -> None:
    user = {"user": ACCOUNT, "group": ACCOUNT, "extra_groups": ()} if os.geteuid() == 0 else {}
    done = subprocess.run(
        command, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        check=False, env={**os.environ, "LC_ALL": "C.UTF-8"}, **user,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
