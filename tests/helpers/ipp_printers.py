"""Printers that speak IPP and were not written here: CUPS' virtual printer `ippeveprinter`, and `cupsd` itself with a
queue that writes into a file. Each runs on loopback for as long as a `with` lasts."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.helpers.pace import PATIENCE

RAW = "application/vnd.cups-raw,application/octet-stream"
PRINTS_AT_ONCE = 'cat "$1" >> "$OUT"; echo "ATTR: job-impressions-completed=1" >&2'


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class _Server:
    """A program that listens on a port of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self._log = folder / "log"

    def command(self) -> list[str]:
        raise NotImplementedError

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self.command(), stdout=log, stderr=log, start_new_session=True,
                env={**os.environ, "OUT": str(self.folder / "out"), "HOME": str(self.folder)},
            )  # fmt: skip
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.02)
            else:
                return self
        raise AssertionError(self._log.read_text("utf-8", "replace")[-2000:])

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(5)

    @property
    def out(self) -> bytes:
        """What came out of the printer."""
        path = self.folder / "out"
        return path.read_bytes() if path.exists() else b""


class VirtualPrinter(_Server):
    """`ippeveprinter`. `prints`: a line of shell that prints the file $1 to $OUT; what it says on stderr changes the
    printer (`STATE: +media-empty`) and the job (`ATTR: job-impressions-completed=2`). It wants a D-Bus to be there."""

    def __init__(self, folder: Path, prints: str = PRINTS_AT_ONCE, formats: str = f"application/pdf,{RAW}") -> None:
        super().__init__(folder)
        self._formats = formats
        self.address = f"ipp://127.0.0.1:{self.port}/ipp/print"
        (folder / "spool").mkdir()
        script = folder / "prints"
        script.write_text(f"#!/bin/sh\n{prints}\n")
        script.chmod(0o755)

    def command(self) -> list[str]:
        printer = (
            'DBUS_SYSTEM_BUS_ADDRESS="$DBUS_SESSION_BUS_ADDRESS" exec ippeveprinter -r off -n localhost '
            f'-p {self.port} -d "$1/spool" -c "$1/prints" -f {self._formats} virtual'
        )
        return ["dbus-run-session", "--", "sh", "-c", printer, "sh", str(self.folder)]


class Cups(_Server):
    """`cupsd` with one raw queue. Its backend appends what it gets to a file; `prints` is a line of shell that does
    something else with the file $6, and may say on stderr how the printer is."""

    def __init__(self, folder: Path, prints: str = 'cat "$6" >> "$OUT"') -> None:
        super().__init__(folder)
        self.queue = "labels"
        self.address = f"cups://127.0.0.1:{self.port}/{self.queue}"
        for name in ("etc", "cache", "state", "spool", "tmp", "bin", "bin/backend"):
            (folder / name).mkdir()
        for room in Path("/usr/lib/cups").iterdir():
            if room.name != "backend":
                (folder / "bin" / room.name).symlink_to(room)
        backend = folder / "bin" / "backend" / "catch"
        backend.write_text(f"#!/bin/sh\nOUT='{folder / 'out'}'\n{prints}\n")
        backend.chmod(0o700)  # so cupsd runs it as its own user
        where = {
            "ServerRoot": "etc",
            "CacheDir": "cache",
            "StateDir": "state",
            "RequestRoot": "spool",
            "TempDir": "tmp",
        }
        where |= {"ServerBin": "bin", "ErrorLog": "errors", "AccessLog": "access", "PageLog": "pages"}
        files = [f"{key} {folder / name}" for key, name in {**where, "Printcap": "printcap"}.items()]
        (folder / "etc" / "cups-files.conf").write_text("\n".join([*files, "SystemGroup root", ""]))
        (folder / "etc" / "cupsd.conf").write_text(
            f"Listen 127.0.0.1:{self.port}\nBrowsing Off\nDefaultAuthType None\nLogLevel info\n"
            "<Location />\n  Order allow,deny\n  Allow all\n</Location>\n"
            "<Policy default>\n  <Limit All>\n    Order deny,allow\n  </Limit>\n</Policy>\n"
        )

    def command(self) -> list[str]:
        etc = self.folder / "etc"
        return ["/usr/sbin/cupsd", "-f", "-c", str(etc / "cupsd.conf"), "-s", str(etc / "cups-files.conf")]

    def __enter__(self) -> Self:
        super().__enter__()
        self.admin("lpadmin", "-p", self.queue, "-E", "-v", "catch:/", "-m", "raw")
        return self

    def admin(self, program: str, *arguments: str) -> None:
        """Run a program of CUPS on this server."""
        path = next(folder for folder in ("/usr/sbin", "/usr/bin") if (Path(folder) / program).exists())
        command = [f"{path}/{program}", "-h", f"127.0.0.1:{self.port}", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 0, done.stderr
